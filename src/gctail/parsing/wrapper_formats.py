"""One wrapper as its section of a TOML file defines it: what it takes off a line, and what it finds there."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gctail.errors import UsageError
from gctail.parsing.backtracking import what_is_wrong
from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.times import parse_time
from gctail.parsing.wrapper_heads import Heads
from gctail.parsing.wrapper_json import RecordReader, Shape, name_of, parse_record, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GROUPS = ("time", "stream", "service", "pod", "container", "pid", "more", "data")
_MACRO = re.compile(r"%\{(\w+)\}")
_STREAMS = {b"stdout": "stdout", b"stderr": "stderr", b"OUT": "stdout", b"ERR": "stderr"}
_NOT_JSON = object()
MOST_PATTERN_CHARACTERS = 100_000


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """A line and what its wrapper must find in it; `in_force` says that the line alone does not convince."""

    line: str
    text: str
    service: str | None = None
    stream: str | None = None
    time: str | None = None
    partial: bool = False
    pid: int | None = None
    data: str | None = None
    in_force: bool = False


class Definition(Struct, frozen=True, forbid_unknown_fields=True):
    """One [[wrapper]] of the file, whose head explains the keys."""

    name: str
    about: str
    sample: list[Sample]
    url: str = ""
    heads: list[str] = []
    json: Shape | None = None
    tail: str = ""
    service: str | None = None
    within: str = ""
    fields: list[str] = []
    evidence: bool = False
    time_only: bool = False
    thin: bool = False
    quoted: bool = False
    unescape: bool = False


class Head:
    """A compiled head: matches what stands before the text, and knows which of its groups say what."""

    def __init__(self, source: str) -> None:
        """Raise re.error where `source` is no pattern."""
        self.source = source
        self.match = re.compile(source.encode(), re.DOTALL).match
        index = re.compile(source.encode(), re.DOTALL).groupindex
        self.time, self.stream, self.service, self.pod, self.container, self.pid, self.more, self.data = (
            index.get(name, 0) - 1 for name in _GROUPS
        )
        self.named = self.service >= 0 or self.pod >= 0


class Wrapper:
    """One way of wrapping a line. It is a function of the line: what a file has taught is kept by the Unwrapper."""

    def __init__(self, definition: Definition, patterns: Mapping[str, str]) -> None:
        """Raise UsageError where a pattern of the definition cannot be read."""
        self.definition = definition
        self.name = definition.name
        self.thin = definition.thin
        self.evidence = definition.evidence
        self.is_json = definition.json is not None and not definition.heads
        self._plain = not (definition.json or definition.quoted or definition.unescape)
        self.by_newline = definition.json is not None and bool(definition.json.unterminated)
        try:
            self.heads = [Head(expand(head, patterns)) for head in definition.heads]
            self.reader = RecordReader(definition.json) if definition.json else None
            self.within = re.compile(definition.within or ".*")
            self._convinces = re.compile(expand("%{evidence}", patterns).encode()).match
        except (re.error, KeyError, ValueError) as problem:
            raise UsageError(f'wrapper "{self.name}": {_what(problem)}') from problem

    def take(self, line: bytes, record: object = _NOT_JSON, *, year: int | None = None) -> Sequence[Entry] | None:
        """The entries of the line, or None where it has another form. `record` is the line as JSON, where known."""
        if self.is_json and self.reader:
            if record is _NOT_JSON:
                record = parse_record(line) if line.lstrip(b" \t")[:1] == b"{" else None
            return self.reader.entries(record, thin=self.thin)
        for head in self.heads:
            if found := head.match(line):
                return self._after(head, found, line, year)
        return None

    def take_first(self, line: bytes, record: object = _NOT_JSON, *, year: int | None = None) -> Sequence[Entry] | None:
        """What `take` gives, but only where the line convinces by itself: for a wrapper that is not in force yet."""
        taken = self.take(line, record, year=year)
        if taken and self.evidence and not self._convinces(taken[0].text):
            return None
        return taken

    @cached_property
    def in_bulk(self) -> Heads | None:
        """The heads as one pattern, where cutting one off is all that this wrapper does."""
        definition, heads = self.definition, self.heads
        more = definition.json or definition.quoted or definition.fields or definition.thin
        if not heads or more or any(head.more >= 0 for head in heads) or len({head.named for head in heads}) > 1:
            return None
        try:
            return Heads([head.source for head in heads], but="#011" if definition.unescape else "")
        except re.error:
            return None  # a user's, that refers to its own groups

    def _after(self, head: Head, found: re.Match[bytes], line: bytes, year: int | None) -> Sequence[Entry] | None:
        said = (*found.groups(), None)  # a group that the head does not have is number -1
        stamp, stream, pid = said[head.time], said[head.stream], said[head.pid]
        entry = Entry(
            line[found.end() :],
            _service(head, found) if head.named else self.definition.service,
            _STREAMS.get(stream) if stream else None,
            seconds_of(stamp, year) if stamp else None,
            said[head.more] == b"P",
            self.thin,
            int(pid) if pid else None,
            said[head.data],
        )
        if self._plain:
            return (entry,)
        if self.reader:
            return self._record_after(entry)
        if self.definition.quoted:
            return _quoted(entry)
        return (msgspec.structs.replace(entry, text=b"\t" + entry.text[4:]) if entry.text[:4] == b"#011" else entry,)

    def _record_after(self, outer: Entry) -> Sequence[Entry] | None:
        """The entries of a record that stands behind a head; what it does not say, the head may."""
        tail = self.definition.tail.encode()
        if not outer.text.endswith(tail) or self.reader is None:
            return None
        found = self.reader.entries(parse_record(outer.text[: len(outer.text) - len(tail)]))
        return found and [combined(inner, outer) for inner in found]


def expand(source: str, patterns: Mapping[str, str]) -> str:
    """`source` with every %{name} replaced. Raises KeyError where there is none, ValueError where it never ends."""
    while found := _MACRO.search(source):
        source = source[: found.start()] + patterns[found[1]] + source[found.end() :]
        if len(source) > MOST_PATTERN_CHARACTERS:
            raise ValueError(f"with %{{{found[1]}}} it is longer than {MOST_PATTERN_CHARACTERS} characters")
    return source


def _what(problem: Exception) -> str:
    """What is wrong with a pattern, and at which place of it."""
    if isinstance(problem, re.error):
        return what_is_wrong(problem)
    if isinstance(problem, KeyError):
        return f"there is no pattern %{{{problem.args[0]}}}: give it in [patterns]"
    return str(problem)


def combined(inner: Entry, outer: Entry) -> Entry:
    """What two wrappers around one text say together: the inner one stood closer to the program and knows better."""
    return Entry(
        inner.text,
        outer.service if inner.service is None else inner.service,
        outer.stream if inner.stream is None else inner.stream,
        outer.time_s if inner.time_s is None else inner.time_s,
        inner.partial,
        inner.thin and outer.thin,
        outer.pid if inner.pid is None else inner.pid,
        inner.data or outer.data,
    )


def _service(head: Head, found: re.Match[bytes]) -> str | None:
    said = (*found.groups(), None)
    parts = [part for part in (said[head.pod], said[head.container]) if part] or [said[head.service] or b""]
    return name_of(b"/".join(parts).decode("utf-8", "replace"))


def _quoted(entry: Entry) -> Sequence[Entry] | None:
    """The text of a quoted logfmt value; Go's %q writes nearly what JSON writes."""
    found = re.match(rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"', entry.text, re.DOTALL)
    text = parse_record(found[0]) if found else None
    if not isinstance(text, str):
        return None
    return split_lines(msgspec.structs.replace(entry, text=text.rstrip("\n").encode("utf-8", "replace")))


def expected(sample: Sample, *, thin: bool = False) -> Entry:
    """The entry that a sample promises, its time to the millisecond."""
    time_s = parse_time(sample.time) if sample.time else None
    data = sample.data.encode() if sample.data else None
    return to_the_millisecond(
        Entry(sample.text.encode(), sample.service, sample.stream, time_s, sample.partial, thin, sample.pid, data)
    )


def to_the_millisecond(entry: Entry) -> Entry:
    """The entry with its time rounded, for comparing: a double holds today's seconds to a quarter of a microsecond."""
    return msgspec.structs.replace(entry, time_s=None if entry.time_s is None else round(entry.time_s, 3))
