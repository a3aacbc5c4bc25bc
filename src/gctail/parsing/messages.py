"""Application lines: level, time, message and fields of what Go's loggers write.

JSON (slog, zap, zerolog, logrus, hclog) and `key=value` (slog, logrus, logfmt, go-kit, log15) are read here, console
forms in consoles.py. What fits none is plain text, from which a time in front, a level and pairs are still read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from gctail.parsing.consoles import read_console, take_prose
from gctail.parsing.drafts import MAX_VALUE_CHARACTERS, ROLES, Draft, Message, level_reader
from gctail.parsing.pairs import bare_value, only_pairs, take_pairs, unquote, whole_message
from gctail.parsing.prefaces import preface_of
from gctail.parsing.text import plain
from gctail.parsing.times import find_time, year_of

if TYPE_CHECKING:
    from gctail.parsing.drafts import Value

__all__ = ["Message", "read_message", "time_of"]

HALF_A_YEAR_S = 183 * 86400
MAX_TEXT_BYTES = 65536  # of a line that is not JSON; what follows is not read
MAX_JSON_BYTES = 1 << 20  # a longer line is read as torn JSON, in its first MAX_TEXT_BYTES

_PAIR_AT_START = re.compile(rb"[\w@./-]{1,128}+=(?![=>~])")
_TORN_PAIR = re.compile(
    r'"([^"\\]{1,128}+)"\s*+:\s*+("[^"\\]*+(?>(?:\\.[^"\\]*+)*)(?:"|\\?\Z)|[\w.+-]{1,64}+)', re.DOTALL
)


def read_message(line: bytes, year: int | None = None) -> Message:
    """Read level, time, message and fields out of one line of a log. Never raises.

    `year` completes stamps that have none (klog, log15's console); without it their time is None.
    """
    line = plain(line).strip(b" \r\n")
    if line[:1] == b"{" and (message := _read_json(line) or _read_torn_json(line[:MAX_TEXT_BYTES])):
        return message
    line = line[:MAX_TEXT_BYTES]
    if _PAIR_AT_START.match(line) and (message := _read_logfmt(line)):
        return message
    return read_console(line, year) or _read_plain(line, year)


def time_of(line: str, near_s: float | None = None) -> float | None:
    """When a line of the application was written, in Unix seconds, as far as it says.

    A stamp without a year (klog, syslog) is completed by the moment `near_s` of the same log.
    """
    text = line[:4096].encode("utf-8", "replace")
    if near_s is None:
        return read_message(text).time_s
    year = year_of(near_s)
    found = read_message(text, year).time_s
    if found is None or abs(found - near_s) <= HALF_A_YEAR_S:
        return found
    return read_message(text, year + (1 if found < near_s else -1)).time_s  # about New Year, or a stamp with a year


def _read_json(line: bytes) -> Message | None:
    if len(line) > MAX_JSON_BYTES:
        return None
    try:
        found = orjson.loads(line)
    except ValueError:
        return _read_misencoded_json(line)
    draft = Draft(level_reader(found))
    for key, value in found.items():
        if value.__class__ is str and key not in ROLES and len(draft.fields) < 64 and len(key) <= 128:
            draft.fields[key] = value[:MAX_VALUE_CHARACTERS]
        else:
            draft.take(key, value)
    if draft.level is None and "v" in draft.fields and "ts" in found:  # k8s.io/component-base's JSON has no level
        draft.level = "error" if "err" in draft.fields else "info"
    elif draft.level is None and "@mt" in found and "@t" in found:  # CLEF, Serilog's form, says all levels but this
        draft.level = "info"
    return draft.done(_json_format(draft.keys, found))


def _read_misencoded_json(line: bytes) -> Message | None:
    """Replace invalid UTF-8 and read the rest; what is wrong with the JSON in another way is left to others."""
    repaired = line.decode("utf-8", "replace").encode()
    return _read_json(repaired) if repaired != line else None


def _read_torn_json(line: bytes) -> Message | None:
    """Read the strings and numbers of a JSON line that was cut, torn or written by hand."""
    found: dict[str, Value] = {}
    for key, written in _TORN_PAIR.findall(line.decode("utf-8", "replace")):
        found[key] = unquote(written) if written[0] == '"' else bare_value(written)
    draft = Draft(level_reader(found))
    for key, value in found.items():
        draft.take(key, value)
    return draft.done(_json_format(draft.keys, found)) if found else None


def _json_format(keys: dict[str, str], found: dict[str, Any]) -> str:
    """Tell whose JSON it is: the loggers differ in the names of their keys and in the case of their levels."""
    level, message, time = keys.get("level"), keys.get("message"), keys.get("time")
    if message == "msg" and level == "level":
        if time == "ts" or "stacktrace" in found or keys.get("caller") == "caller":
            return "zap-json"
        return "slog-json" if str(found[level])[:1].isupper() else "logrus-json"
    if message == "msg" and time == "ts":
        return "zap-json"
    if level == "level" and message in {"message", None} and time in {"time", None}:
        return "zerolog"
    return "hclog" if message == "@message" and level == "@level" else "json"


def _read_logfmt(line: bytes) -> Message | None:
    """`time=… level=INFO msg="…" key=value`: slog, logrus, go-kit, log15 and all others that write pairs only."""
    text = line.decode("utf-8", "replace")
    draft = Draft()
    take_pairs(draft, text)
    whole_message(draft, text)
    if not draft.keys and not only_pairs(text):
        return None  # prose that happens to begin with a pair
    return draft.done(_logfmt_format(draft.keys, text))


def _logfmt_format(keys: dict[str, str], text: str) -> str:
    """Tell slog, which shouts its levels and does not quote its time, from logrus, which does the opposite."""
    level, message, time = keys.get("level"), keys.get("message"), keys.get("time")
    if level == "lvl" and time == "t":
        return "log15"
    if level != "level" or message != "msg" or time not in {"time", None}:
        return "logfmt"
    first = text.find("level=") + len("level=")
    if text[first : first + 1].isupper():
        return "slog-text"
    return "logrus-text" if text.startswith(('time="', "level=")) else "logfmt"


def _read_plain(line: bytes, year: int | None) -> Message:
    draft = Draft()
    timed = False
    if stamp := find_time(line, year):
        draft.time_s, begin, end = stamp
        if preface_of(line).end < end and not line[:begin].strip(b" \t[(<\"'"):
            line, timed = line[end:].lstrip(b" \t])>\"'|-:,"), True
    take_prose(draft, line, timed=timed)
    return draft.done("plain")
