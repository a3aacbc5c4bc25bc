"""What an application line says, and the draft on which it is put together: roles of fields, levels, bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct

from gctail.parsing.times import epoch_seconds, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

MAX_FIELDS = 64
MAX_KEY_CHARACTERS = 128
MAX_VALUE_CHARACTERS = 1024
MAX_MESSAGE_CHARACTERS = 16384
MAX_DEPTH = 8  # of groups in JSON; what lies deeper is kept as JSON text

Value = str | int | float | bool | None


class Message(Struct, frozen=True):
    """What one application line says.

    `level` is trace, debug, info, warn, error, fatal or panic; `time_s` is Unix time. `message` has neither of them: it
    is the `msg` of a structured line, the rest of a plain one. `fields` holds at most 64 values, text of at most 1024
    characters; groups are joined with dots. `format` is the shape by which the line was read: slog-text, slog-json,
    zap-json, zap-console, zerolog, logrus-json, logrus-text, logfmt, klog, glog, std-log, hclog, log15, gin, json or
    plain.
    """

    level: str | None
    time_s: float | None
    message: str
    fields: dict[str, Value]
    format: str
    caller: str | None = None


_LEVEL_NAMES = {
    "trace": "trace trac trc finest verbose",
    "debug": "debug debu dbug dbg fine",
    "info": "info inf information informational notice noti note i",
    "warn": "warn warning wrn w",
    "error": "error erro eror err severe e",
    "fatal": "fatal fata ftl critical crit alert emerg emergency f",
    "panic": "panic pani pnc dpanic",
}
_LEVELS = {name: level for level, names in _LEVEL_NAMES.items() for name in (names + " " + names.upper()).split()}
_PINO_LEVELS = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
SYSLOG_LEVELS = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
"""By their numbers: RFC 5424, section 6.2.1, and sd-daemon(3)."""
GELF = "short_message"
"""The field that every record of GELF has: https://go2docs.graylog.org, GELF Payload Specification, version 1.1."""
_SLOG_LEVEL = re.compile(r"(DEBUG|INFO|WARN|ERROR)([+-])\d{1,9}")


def normal_level(value: object) -> str | None:
    """Normalise a level; `DEBUG-4` and `INFO+2` are what slog calls levels between its own (log/slog/level.go).

    Of numbers, 0 is info and what lies below debug for zap, slog and logr's funcr (`"level":0`); 1 to 9 mean a warning
    for one and more detail for another, so they say nothing.
    """
    if isinstance(value, str):
        level = _LEVELS.get(value) or _LEVELS.get(value.strip("[]<>() ").lower())
        if level is None and (found := _SLOG_LEVEL.fullmatch(value)):
            return "trace" if found[0].startswith("DEBUG-") else _LEVELS[found[1]]
        return level
    if isinstance(value, int) and not isinstance(value, bool):
        return _PINO_LEVELS.get(value) if value > 0 else "debug" if value else "info"
    return None


def syslog_level(value: object) -> str | None:
    """The same of a field that holds a severity of syslog, as GELF's does; `normal_level` of what is no such number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(SYSLOG_LEVELS):
        return SYSLOG_LEVELS[value]
    return normal_level(value)


def level_reader(names: Container[str]) -> Callable[[object], str | None]:
    """What reads the level of an object with these fields: only GELF's (`short_message`) is one of syslog."""
    return syslog_level if GELF in names else normal_level


class Draft:
    """A message while it is being read: each field either plays a role or is kept, within the bounds."""

    __slots__ = ("caller", "fields", "keys", "level", "message", "read_level", "time_s")

    def __init__(self, read_level: Callable[[object], str | None] = normal_level) -> None:
        self.read_level = read_level
        self.level: str | None = None
        self.time_s: float | None = None
        self.message: str | None = None
        self.caller: str | None = None
        self.fields: dict[str, Value] = {}
        self.keys: dict[str, str] = {}  # role -> the key that played it, by which the logger is known

    def take(self, key: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Let a field play the role that its name suggests, if its value can; keep it otherwise."""
        role = ROLES.get(key)
        if role is None or role in self.keys or not _PLAY[role](self, value):
            self.keep(key, value)
        else:
            self.keys[role] = key

    def keep(self, key: str, value: Any, depth: int = 0) -> None:  # noqa: ANN401
        """Keep a value; groups become dotted keys, attributes fields, and other lists JSON text."""
        if len(self.fields) >= MAX_FIELDS:
            return
        if value.__class__ is list and (named := attributes(value)):
            for inner_key, inner in named.items():
                self.keep(inner_key, inner, depth)
            return
        if isinstance(value, str):
            self.fields[key[:MAX_KEY_CHARACTERS]] = value[:MAX_VALUE_CHARACTERS]
        elif value is None or isinstance(value, (int, float)):
            self.fields[key[:MAX_KEY_CHARACTERS]] = value
        elif isinstance(value, dict) and depth < MAX_DEPTH and value:
            for inner_key, inner in value.items():
                self.keep(f"{key[:MAX_KEY_CHARACTERS]}.{inner_key}", inner, depth + 1)
        else:
            self.fields[key[:MAX_KEY_CHARACTERS]] = _json_text(value)

    def done(self, form: str) -> Message:
        """Freeze it. A line without a message says what it is about in another field, or its error, if it has one."""
        if self.time_s is None and (late := late_time(self.fields)):
            self.time_s, self.keys["time"] = time_in(self.fields.pop(late)), late
        message = self.message
        if message is None:
            message = self._told()
        if message is None:
            error = self.fields.get("error", self.fields.get("err"))
            message = error if isinstance(error, str) else ""
        return Message(self.level, self.time_s, message[:MAX_MESSAGE_CHARACTERS], self.fields, form, self.caller)

    def _told(self) -> str | None:
        for key in _TOLD_KEYS:
            if isinstance(said := self.fields.get(key), str) and said:
                del self.fields[key]
                return said
        return None


def body_text(value: object) -> str | None:
    """The text of a field that may say what happened, as it is or as OpenTelemetry wraps it; None where it is none."""
    if isinstance(value, dict):
        value = next((value[inner] for inner in _BODIES if inner in value), None)
    return value if isinstance(value, str) else None


def attributes(value: list[Any]) -> dict[str, Any]:
    """Fields that are listed, as OpenTelemetry does: `[{"key":"size","value":{"intValue":"7"}}]`, or with capitals.

    `{}` where the list is of anything else. A value that is no scalar stays as it was written. Source: `KeyValue` and
    `AnyValue` in opentelemetry/proto/common/v1/common.proto; `stdout/stdoutlog/record.go` of its Go library.
    """
    found: dict[str, Any] = {}
    for each in value[:MAX_FIELDS]:
        if each.__class__ is not dict or len(each) != 2:
            return {}
        name, told = each.get("key", each.get("Key")), each.get("value", each.get("Value"))
        if not isinstance(name, str) or not isinstance(told, dict):
            return {}
        found[name] = told.get("Value") if "Type" in told else next(iter(told.values()), None)
    return found


def _json_text(value: object) -> str:
    try:
        text = orjson.dumps(value)[: 4 * MAX_VALUE_CHARACTERS]
    except TypeError:  # deeper than the 254 levels that orjson writes, though it reads 1024
        return "…"
    return text.decode("utf-8", "replace")[:MAX_VALUE_CHARACTERS]


def time_in(value: object) -> float | None:
    """Unix seconds of a field that may be a time: text, a number, or `{"seconds": …, "nanos": …}` as Google has it."""
    if isinstance(value, str):
        return parse_time(value) if len(value) < 64 else None
    if isinstance(value, dict) and isinstance(nanos := value.get("nanos"), int):
        seconds = time_in(value.get("seconds"))
        return seconds + nanos / 1e9 if seconds is not None else None
    return epoch_seconds(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def late_time(fields: Mapping[str, Any]) -> str | None:
    """The field that is the time of a line in which no other one is."""
    return next((name for name in _LATE_TIMES if time_in(fields.get(name)) is not None), None)


def _play_time(draft: Draft, value: object) -> bool:
    draft.time_s = time_in(value)
    return draft.time_s is not None


def _play_level(draft: Draft, value: object) -> bool:
    draft.level = draft.read_level(value)
    return draft.level is not None


def _play_message(draft: Draft, value: object) -> bool:
    if isinstance(value, str):
        draft.message = value
    elif isinstance(value, (int, float)):
        draft.message = str(value)
    return draft.message is not None


def _play_caller(draft: Draft, value: object) -> bool:
    if isinstance(value, dict) and isinstance(value.get("file"), str):  # slog's AddSource
        draft.caller = f"{value['file']}:{value.get('line', '?')}"[:MAX_VALUE_CHARACTERS]
    elif isinstance(value, str) and CALLER.fullmatch(value):
        draft.caller = value
    return draft.caller is not None


CALLER = re.compile(r"(?:[A-Za-z]:)?[^\s:]{1,512}+(?<=\.go):\d{1,9}")
_PLAY: dict[str, Callable[[Draft, Any], bool]] = {
    "time": _play_time,
    "level": _play_level,
    "message": _play_message,
    "caller": _play_caller,
}
_ROLE_KEYS = {
    "time": "time ts t timestamp @timestamp @t _time datetime asctime Time Timestamp T TS eventTime",
    "level": "level lvl severity @level @l loglevel log.level levelname Level Severity SeverityText severityText L l",
    "message": "msg message @message @m @mt short_message Message Msg M",
    "caller": "caller source file @caller C",
}
# OTLP's, and names that may mean something else as well
_LATE_TIMES = ("timeUnixNano", "observedTimeUnixNano", "date", "when")
TOLD_BY = ("Body", "body", "textPayload", "event", "eventName", "text", "log")
"""Fields that say what happened where no message does: OpenTelemetry's body, and events that are named."""
# of OpenTelemetry's exporters to a terminal (stdoutlog) and to OTLP JSON; and of events that are objects
_BODIES = ("Value", "stringValue", "message", "msg")
_TOLD_KEYS = tuple(key for name in TOLD_BY for key in (name, *(f"{name}.{inner}" for inner in _BODIES)))
ROLES = {key: role for role, keys in _ROLE_KEYS.items() for key in keys.split()}
