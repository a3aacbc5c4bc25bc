"""Wrappers that are JSON records: where in the record the text, the service, the stream and the time lie."""

from __future__ import annotations

import json
import math
import re
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.times import epoch_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCKER_CUT_BYTES = 16 * 1024  # where Docker cuts a long line: daemon/logger/copier.go, defaultBufSize

_STREAMS = {"stdout": "stdout", "stderr": "stderr", "3": "stderr", "6": "stdout", "OUT": "stdout", "ERR": "stderr"}
MOST_STEPS = 12
MOST_KEYS = 64
"""Sets of keys of which it is known where to look; beyond they are found again."""
_OF_THE_COLLECTOR = re.compile(r"log\.|(?:logtag|stream|time)\Z")
"""Attributes that whoever read a line from a file gave it."""
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
    given: str = ""
    first: list[str] = []

    def known_by(self) -> set[str]:
        """The top-level keys by which a record of this shape may be known."""
        paths = [condition.partition("=")[0] for either in self.needs for condition in either]
        return {path.partition(".")[0] for path in paths} | set(paths) | set(self.first)


class Path:
    """A dotted path into JSON. Keys with dots of their own are found as they stand.

    In a list a number is a place, and a name finds OpenTelemetry's `{"key": name, "value": {…}}`, or else what the
    first element has under it.
    """

    __slots__ = ("_splits", "whole")

    def __init__(self, path: str) -> None:
        """Raise ValueError where it has too many steps: each may be taken with the next, which doubles the ways."""
        self.whole = path
        parts = path.split(".")
        if len(parts) > MOST_STEPS:
            raise ValueError(f"{path}: a path has at most {MOST_STEPS} steps")
        self._splits = [(".".join(parts[:at]), Path(".".join(parts[at:]))) for at in range(1, len(parts))]

    def find(self, value: object) -> object:
        """What lies there, None where nothing does."""
        if isinstance(value, dict):
            if self.whole in value:
                return value[self.whole]
            for head, rest in self._splits:
                inner = value.get(head)
                if inner is not None and (found := rest.find(inner)) is not None:
                    return found
            return None
        return self._find_in_list(value) if isinstance(value, list) else None

    def find_in(self, scopes: tuple[object, ...]) -> object:
        """What lies there in the innermost of the places that has it."""
        for scope in scopes:
            found = self.find(scope)
            if found is not None:
                return found
        return None

    def _find_in_list(self, values: list[object]) -> object:
        if self.whole.isdigit():
            place = int(self.whole)
            return values[place] if place < len(values) else None
        for item in values[:256]:
            if isinstance(item, dict) and item.get("key") == self.whole:
                value = item.get("value")
                return next(iter(value.values()), None) if isinstance(value, dict) else value
        return self.find(values[0]) if values and isinstance(values[0], dict) else None

    def leads_into(self, keys: frozenset[str]) -> bool:
        """Whether anything can lie there in a record with these keys."""
        return self.whole in keys or any(head in keys for head, _ in self._splits)


class Condition:
    """`path`: something is there; `path=pattern`: and it is a text, number or truth value that reads so."""

    __slots__ = ("_pattern", "path")

    def __init__(self, text: str) -> None:
        """Raise re.error where the pattern is none."""
        path, equals, pattern = text.partition("=")
        self.path = Path(path)
        self._pattern = re.compile(pattern) if equals else None

    def holds_with(self, keys: frozenset[str]) -> bool:
        """Whether it holds in all records with these keys."""
        return self._pattern is None and self.path.whole in keys

    def holds(self, record: object) -> bool:
        """Whether it does; a key whose value is null is there."""
        if self._pattern is None:
            return self.path.find(record) is not None or (isinstance(record, dict) and self.path.whole in record)
        value = self.path.find(record)
        if isinstance(value, bool):
            value = "true" if value else "false"
        return isinstance(value, str | int) and bool(self._pattern.fullmatch(str(value)[:256]))


class _Paths:
    """Where the parts of an entry may lie."""

    def __init__(self, shape: Shape) -> None:
        """Raise re.error where a pattern of the shape is none."""
        self.needs = [[Condition(text) for text in either] for either in shape.needs]
        self.partial = [Condition(text) for text in shape.partial]
        self.text, self.time = _paths(shape.text), _paths(shape.time)
        self.stream, self.pid = _paths(shape.stream), _paths(shape.pid)
        self.services = [_paths(paths) for paths in shape.service]

    def into(self, keys: frozenset[str]) -> _Paths:
        """Those of them that lead anywhere in records with these keys, in which nothing else is looked at."""
        some = copy(self)
        open_needs = [either for either in self.needs if not any(one.holds_with(keys) for one in either)]
        some.needs = [[one for one in either if one.path.leads_into(keys)] for either in open_needs]
        some.partial = [one for one in self.partial if one.path.leads_into(keys)]
        some.text, some.time, some.stream, some.pid = (
            [path for path in paths if path.leads_into(keys)] for paths in (self.text, self.time, self.stream, self.pid)
        )
        some.services = [[path for path in paths if path.leads_into(keys)] for paths in self.services]
        some.services = [paths for paths in some.services if paths]
        return some


class RecordReader:
    """Reads records of one shape."""

    def __init__(self, shape: Shape) -> None:
        """Raise re.error where a pattern of the shape is none."""
        self.shape = shape
        self._all = _Paths(shape)
        self._only, self._never = frozenset(shape.only), frozenset(shape.never)
        self._skip_service = re.compile(shape.skip_service or r"(?!)")
        self._ways = [_paths(way.split(".")) if way else [] for way in shape.each]
        self._own = Path(shape.own) if shape.own else None
        self._given = Path(shape.given) if shape.given else None
        self._by_keys: dict[int, _Paths | None] = {}
        # Docker's own three keys, by far the most frequent record of all
        self._three = (shape.text[0], shape.stream[0], shape.time[0]) if shape.unterminated == "goes on" else None

    def entries(self, record: object, *, thin: bool = False) -> Sequence[Entry] | None:
        """The entries of `record`, or None where it is of another shape. Never raises, whatever the record holds."""
        if not isinstance(record, dict):
            return None
        if self._three and len(record) == len(self._three) and (entry := self._entry_of_three(record, *self._three)):
            return (entry,)
        paths = self._of_keys(record)
        if paths is None or not all(any(one.holds(record) for one in either) for either in paths.needs):
            return None
        if not self._ways:
            return self._read((record,), paths, thin=thin)
        for way in self._ways:
            found = [
                entry for scopes in _walk((record,), way) for entry in self._read(scopes, self._all, thin=thin) or ()
            ]
            if found:
                return found
        return None

    def _of_keys(self, record: dict[str, object]) -> _Paths | None:
        """Where to look in records with the keys of this one; None where such records are of another shape."""
        keys, known = hash((*record,)), self._by_keys
        if keys not in known:
            if len(known) >= MOST_KEYS:
                known.clear()
            there = frozenset(record)
            fits = (not self._only or self._only >= there) and not self._never & there
            known[keys] = self._all if fits else None
        elif known[keys] is self._all:  # they come again, so that it is worth the while
            known[keys] = self._all.into(frozenset(record))
        return known[keys]

    def service_of(self, record: object) -> str | None:
        """The service that `record` names, whatever else is in it."""
        return self._find_service((record,), self._all.services)

    def _entry_of_three(self, record: dict[str, object], text_key: str, stream_key: str, time_key: str) -> Entry | None:
        """What the long way reads as well, at a tenth of the price; None leaves it to the long way."""
        text, stream, stamp = record.get(text_key), record.get(stream_key), record.get(time_key)
        if type(text) is not str or type(stamp) is not str or stream not in ("stderr", "stdout"):
            return None
        line = _encoded(text)
        ended = line[-1:] == b"\n"
        if ended:
            line = line[:-1]
        return None if b"\n" in line else Entry(line, None, str(stream), seconds_of(_encoded(stamp[:80])), not ended)

    def _read(self, scopes: tuple[object, ...], paths: _Paths, *, thin: bool) -> Sequence[Entry] | None:
        found = self._find_text(scopes, paths.text)
        if found is None:
            return None
        ended = found[-1:] == b"\n"
        text = found[:-1] if ended else found
        entry = Entry(
            text,
            self._find_service(scopes, paths.services),
            stream_of(_first(scopes, paths.stream)),
            _seconds(scopes, paths.time),
            self._goes_on(scopes, text, paths.partial, ended=ended),
            thin,
            pid_of(_first(scopes, paths.pid)),
            self._with_fields(scopes[0]) if self._given and b"\n" not in text else None,
        )
        return split_lines(entry) if b"\n" in text else (entry,)

    def _with_fields(self, record: object) -> bytes | None:
        """The whole record as JSON, where the program gave it fields beside its text."""
        given = self._given.find(record) if self._given else None
        if not isinstance(given, list) or not isinstance(record, dict):
            return None
        keys = (one.get("key") for one in given[:256] if isinstance(one, dict))
        return (
            _packed(record) if any(isinstance(key, str) and not _OF_THE_COLLECTOR.match(key) for key in keys) else None
        )

    def _find_text(self, scopes: tuple[object, ...], paths: list[Path]) -> bytes | None:
        for path in paths:
            found = path.find_in(scopes)
            if found is None and not (isinstance(scopes[0], dict) and path.whole in scopes[0]):
                continue
            if self._own and path.whole.startswith(self._own.whole + "."):
                siblings = self._own.find_in(scopes)
                if isinstance(siblings, dict) and len(siblings) > 1:
                    found = siblings
            text = bytes_of(found)
            if text is not None:
                return text
        return None

    def _find_service(self, scopes: tuple[object, ...], services: list[list[Path]]) -> str | None:
        for paths in services:
            names = [name for path in paths if (name := name_of(path.find_in(scopes)))]
            if names and not self._skip_service.fullmatch(service := "/".join(names)):
                return service
        return None

    def _goes_on(self, scopes: tuple[object, ...], text: bytes, partial: list[Condition], *, ended: bool) -> bool:
        if any(condition.holds(scope) for condition in partial for scope in scopes):
            return True
        rule = self.shape.unterminated
        return bool(rule) and not ended and (rule == "goes on" or len(text) >= DOCKER_CUT_BYTES)


def parse_record(line: bytes) -> object:
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


def bytes_of(value: object) -> bytes | None:
    """The text that a JSON value stands for: a string, journald's list of bytes, an object that was a JSON line."""
    match value:
        case str():
            return _encoded(value)
        case None:
            return b""
        case [str() as first, *_]:  # a field that a journal entry has twice
            return _encoded(first)
        case list() | dict():
            return _packed(value)
        case int() | float():  # stern writes a line that is valid JSON as it stands: `"message": 1`
            return str(value).lower().encode()[:64]
    return None


def _packed(value: list[object] | dict[str, object]) -> bytes | None:
    try:
        return orjson.dumps(value) if isinstance(value, dict) else bytes(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError):
        return None


def name_of(value: object) -> str | None:
    """A name that can stand for a service: without colours and control characters."""
    return _clean(value[:512]) or None if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _clean(name: str) -> str:
    return _CONTROL.sub("", name)


def stream_of(value: object) -> str | None:
    """`stdout` or `stderr`, also out of journald's priorities and the name of a Google log; None for all else."""
    if isinstance(value, int):
        value = str(value) if 0 <= value <= 9 else ""
    if not isinstance(value, str):
        return None
    stream = _STREAMS.get(value)
    return stream if stream or len(value) <= 6 else _STREAMS.get(value[-6:])


def pid_of(value: object) -> int | None:
    """A process id, from a number or its digits."""
    if isinstance(value, str) and 0 < len(value) <= 10 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32 else None


def number_seconds(value: object) -> float | None:
    """Unix seconds of a time in JSON: text, or a number of seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        return seconds_of(value[:80].encode("utf-8", "replace"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < 1e20 or math.isnan(value):
        return None
    text = f"{value:.6f}" if isinstance(value, float) else str(value)
    return epoch_seconds(float(text))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _paths(paths: list[str]) -> list[Path]:
    return [Path(path) for path in paths]


def _first(scopes: tuple[object, ...], paths: list[Path]) -> object:
    for path in paths:
        found = path.find_in(scopes)
        if found is not None:
            return found
    return None


def _seconds(scopes: tuple[object, ...], paths: list[Path]) -> float | None:
    for path in paths:
        value = path.find_in(scopes)
        if value is not None and (seconds := number_seconds(value)) is not None:
            return seconds
    return None


def _walk(scopes: tuple[object, ...], steps: list[Path]) -> Iterator[tuple[object, ...]]:
    """Every place that `steps` lead to, innermost first, with all that lies around it."""
    if not steps:
        yield scopes
        return
    inner = steps[0].find(scopes[0])
    for element in inner if isinstance(inner, list) else [inner]:
        if element is not None:
            yield from _walk((element, *scopes), steps[1:])
