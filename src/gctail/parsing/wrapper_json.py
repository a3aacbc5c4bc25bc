"""Wrappers that are JSON records: where in the record the text, the service, the stream and the time lie."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct

from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCKER_CUT_BYTES = 16 * 1024  # where Docker cuts a long line: daemon/logger/copier.go, defaultBufSize

_STREAMS = {"stdout": "stdout", "stderr": "stderr", "3": "stderr", "6": "stdout", "OUT": "stdout", "ERR": "stderr"}
_CONTROL = re.compile(r"\x1b\[[\d;]{0,16}m|[\x00-\x1f]")


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """The `json` table of a wrapper; data/wrappers.toml explains its keys."""

    text: list[str]
    time: list[str] = []
    stream: list[str] = []
    service: list[list[str]] = []
    skip_service: str = ""
    pid: list[str] = []
    each: list[str] = []
    needs: list[list[str]] = []
    never: list[str] = []
    only: list[str] = []
    partial: list[str] = []
    unterminated: str = ""
    own: str = ""
    first: list[str] = []

    def known_by(self) -> set[str]:
        """The top-level keys by which a record of this shape may be known."""
        paths = [condition.partition("=")[0] for either in self.needs for condition in either]
        return {path.partition(".")[0] for path in paths} | set(paths) | set(self.first)


class RecordReader:
    """Reads records of one shape."""

    def __init__(self, shape: Shape) -> None:
        """Raise re.error where a pattern of the shape is none."""
        self.shape = shape
        self._needs = [[_condition(text) for text in either] for either in shape.needs]
        self._partial = [_condition(text) for text in shape.partial]
        self._only = frozenset(shape.only)
        self._skip_service = re.compile(shape.skip_service or r"(?!)")

    def entries(self, record: Any, *, thin: bool = False) -> list[Entry] | None:
        """The entries of `record`, or None where it is of another shape. Never raises, whatever the record holds."""
        if not isinstance(record, dict) or not self._fits(record):
            return None
        if not self.shape.each:
            found = self._read((record,), thin=thin)
            return None if found is None else list(found)
        for way in self.shape.each:
            scopes = list(_walk((record,), way.split(".") if way else []))
            found = [entry for scope in scopes for entry in self._read(scope, thin=thin) or ()]
            if found:
                return found
        return None

    def _fits(self, record: dict[str, Any]) -> bool:
        if self._only and not self._only.issuperset(record):
            return False
        if any(key in record for key in self.shape.never):
            return False
        return all(any(_holds(record, *condition) for condition in either) for either in self._needs)

    def _read(self, scopes: tuple[Any, ...], *, thin: bool) -> Sequence[Entry] | None:
        found = self._text(scopes)
        if found is None:
            return None
        shape = self.shape
        text, ended = (found[:-1], True) if found.endswith(b"\n") else (found, False)
        return split_lines(
            Entry(
                text,
                self._service(scopes),
                stream_of(_first(scopes, shape.stream)),
                self._seconds(scopes),
                self._goes_on(scopes, text, ended=ended),
                thin,
                pid_of(_first(scopes, shape.pid)),
            )
        )

    def _text(self, scopes: tuple[Any, ...]) -> bytes | None:
        for path in self.shape.text:
            holder, found = _in_scopes(scopes, path)
            if not holder:
                continue
            own = self.shape.own
            if own and path.startswith(own + "."):
                siblings = _in_scopes(scopes, own)[1]
                if isinstance(siblings, dict) and len(siblings) > 1:
                    found = siblings
            text = bytes_of(found)
            if text is not None:
                return text
        return None

    def _service(self, scopes: tuple[Any, ...]) -> str | None:
        for paths in self.shape.service:
            names = [name for path in paths if (name := name_of(_in_scopes(scopes, path)[1]))]
            service = "/".join(names)
            if service and not self._skip_service.fullmatch(service):
                return service
        return None

    def _seconds(self, scopes: tuple[Any, ...]) -> float | None:
        for path in self.shape.time:
            seconds = number_seconds(_in_scopes(scopes, path)[1])
            if seconds is not None:
                return seconds
        return None

    def _goes_on(self, scopes: tuple[Any, ...], text: bytes, *, ended: bool) -> bool:
        for path, pattern in self._partial:
            holder, value = _in_scopes(scopes, path)
            if holder and _says(value, pattern):
                return True
        rule = self.shape.unterminated
        return bool(rule) and not ended and (rule == "goes on" or len(text) >= DOCKER_CUT_BYTES)


def parse_record(line: bytes) -> Any:
    """The JSON value that `line` is, None where it is none; bytes that are no UTF-8 come through as they are."""
    try:
        return orjson.loads(line)
    except ValueError:
        pass
    try:  # lone surrogates, raw control characters (stern's colours), bytes that are no UTF-8
        return json.loads(line.decode("utf-8", "surrogateescape"), strict=False)
    except (ValueError, RecursionError):
        return None


def split_lines(entry: Entry) -> Sequence[Entry]:
    """One entry a line: shippers glue the lines of a stack into one record."""
    if b"\n" not in entry.text:
        return (entry,)
    lines = entry.text.split(b"\n")
    last = len(lines) - 1
    return [
        Entry(line, entry.service, entry.stream, entry.time_s, entry.partial and at == last, entry.thin, entry.pid)
        for at, line in enumerate(lines)
    ]


def find(value: Any, path: str) -> Any:
    """What lies at a dotted path, None where nothing does. Keys with dots of their own are found as they stand.

    A number in the path is a place in a list; a name finds OpenTelemetry's `{"key": name, "value": {…}}`, or else what
    the first element has under it.
    """
    if isinstance(value, list):
        return _find_in_list(value, path)
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    dot = path.find(".")
    while dot >= 0:
        head = path[:dot]
        if head in value and (found := find(value[head], path[dot + 1 :])) is not None:
            return found
        dot = path.find(".", dot + 1)
    return None


def bytes_of(value: Any) -> bytes | None:
    """The text that a JSON value stands for: a string, journald's list of bytes, an object that was a JSON line."""
    if isinstance(value, str):
        return _encoded(value)
    if value is None:
        return b""
    if isinstance(value, list):
        try:
            return bytes(value)
        except (TypeError, ValueError, OverflowError):
            return _encoded(value[0]) if isinstance(value[0], str) else None
    if isinstance(value, dict):
        try:
            return orjson.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return None
    return str(value).lower().encode()[:64] if isinstance(value, int | float) else None  # stern: `"message": 1`


def name_of(value: Any) -> str | None:
    """A name that can stand for a service: without colours and control characters."""
    if not isinstance(value, str) or not value:
        return None
    return _CONTROL.sub("", value[:512]) or None


def stream_of(value: Any) -> str | None:
    """`stdout` or `stderr`, also out of journald's priorities and the name of a Google log; None for all else."""
    if isinstance(value, int):
        value = str(value) if 0 <= value <= 9 else ""  # noqa: PLR2004 - one digit
    if not isinstance(value, str):
        return None
    stream = _STREAMS.get(value)
    return stream if stream or len(value) <= 6 else _STREAMS.get(value[-6:])  # noqa: PLR2004 - projects/p/logs/stderr


def pid_of(value: Any) -> int | None:
    """A process id, from a number or its digits."""
    if isinstance(value, str) and 0 < len(value) <= 10 and value.isascii() and value.isdigit():  # noqa: PLR2004
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32 else None


def number_seconds(value: Any) -> float | None:
    """Unix seconds of a time in JSON: text, or a number of seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        return seconds_of(value[:80].encode("utf-8", "replace"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < 1e20 or math.isnan(value):
        return None
    return parse_time(f"{value:.6f}" if isinstance(value, float) else str(value))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _find_in_list(values: list[Any], path: str) -> Any:
    if path.isdigit():
        return values[int(path)] if len(path) < 4 and int(path) < len(values) else None  # noqa: PLR2004
    for item in values[:256]:
        if isinstance(item, dict) and item.get("key") == path:
            value = item.get("value")
            return next(iter(value.values()), None) if isinstance(value, dict) else value
    return find(values[0], path) if values and isinstance(values[0], dict) else None


def _walk(scopes: tuple[Any, ...], steps: list[str]) -> Iterator[tuple[Any, ...]]:
    """Every place that `steps` lead to, innermost first, with all that lies around it."""
    if not steps:
        yield scopes
        return
    inner = find(scopes[0], steps[0])
    for element in inner if isinstance(inner, list) else [inner]:
        if element is not None:
            yield from _walk((element, *scopes), steps[1:])


def _in_scopes(scopes: tuple[Any, ...], path: str) -> tuple[bool, Any]:
    """Whether the path leads somewhere, and what lies there: MESSAGE may be there and null."""
    for scope in scopes:
        found = find(scope, path)
        if found is not None or (isinstance(scope, dict) and path in scope):
            return True, found
    return False, None


def _first(scopes: tuple[Any, ...], paths: list[str]) -> Any:
    for path in paths:
        found = _in_scopes(scopes, path)[1]
        if found is not None:
            return found
    return None


def _condition(text: str) -> tuple[str, re.Pattern[str] | None]:
    path, equals, pattern = text.partition("=")
    return path, re.compile(pattern) if equals else None


def _holds(record: dict[str, Any], path: str, pattern: re.Pattern[str] | None) -> bool:
    if path in record:
        return _says(record[path], pattern)
    return (found := find(record, path)) is not None and _says(found, pattern)


def _says(value: Any, pattern: re.Pattern[str] | None) -> bool:
    if pattern is None:
        return True
    if isinstance(value, bool):
        value = "true" if value else "false"
    return isinstance(value, str | int) and bool(pattern.fullmatch(str(value)[:256]))
