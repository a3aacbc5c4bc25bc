"""The wrappers of data/wrappers.toml: read, proven by their samples, and put in the order that the samples imply."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from gctail.errors import UsageError
from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.times import parse_time
from gctail.parsing.wrapper_json import RecordReader, Shape, name_of, parse_record, pid_of, split_lines, stream_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "wrappers.toml"

_GROUPS = ("time", "stream", "service", "pod", "container", "pid", "more")
_GROUP_NAME = re.compile(r"\(\?P<\w+>")
_MACRO = re.compile(r"%\{(\w+)\}")
_NOT_JSON: Any = object()


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """A line and what its wrapper must find in it; `in_force` says that the line alone does not convince."""

    line: str
    text: str
    service: str | None = None
    stream: str | None = None
    time: str | None = None
    partial: bool = False
    pid: int | None = None
    in_force: bool = False


class Definition(Struct, frozen=True, forbid_unknown_fields=True):
    """One [[wrapper]] of the file, whose head explains the keys."""

    name: str
    about: str
    sample: list[Sample]
    url: str = ""
    heads: list[str] = []
    fast: str = ""
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


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    plain_keys: list[str]
    patterns: dict[str, str]
    wrapper: list[Definition]


class Head:
    """A compiled head: matches what stands before the text, and knows which of its groups say what."""

    def __init__(self, source: str) -> None:
        """Raise re.error where `source` is no pattern."""
        self.source = source
        self.match = re.compile(source.encode(), re.DOTALL).match
        index = re.compile(source.encode(), re.DOTALL).groupindex
        self.time, self.stream, self.service, self.pod, self.container, self.pid, self.more = (
            index.get(name, 0) for name in _GROUPS
        )


class Wrapper:
    """One way of wrapping a line. It is a function of the line: what a file has taught is kept by the Unwrapper."""

    def __init__(self, definition: Definition, patterns: Mapping[str, str]) -> None:
        """Raise UsageError where a pattern of the definition cannot be read."""
        self.definition = definition
        self.name = definition.name
        self.thin = definition.thin
        self.evidence = definition.evidence
        self.is_json = definition.json is not None and not definition.heads
        self.by_newline = definition.json is not None and bool(definition.json.unterminated)
        try:
            self.heads = [Head(expand(head, patterns)) for head in definition.heads]
            self.reader = RecordReader(definition.json) if definition.json else None
            self.within = re.compile(definition.within or ".*")
            self._fast = re.compile(definition.fast.encode(), re.DOTALL).fullmatch if definition.fast else None
            self._convinces = re.compile(expand("%{evidence}", patterns).encode()).match
        except (re.error, KeyError) as problem:
            msg = f'{FILE}: wrapper "{self.name}": {problem}'
            raise UsageError(msg) from problem

    def take(self, line: bytes, record: Any = _NOT_JSON, *, year: int | None = None) -> Sequence[Entry] | None:
        """The entries of the line, or None where it has another form. `record` is the line as JSON, where known."""
        if self._fast and (entry := self._take_fast(line)):
            return (entry,)
        if self.is_json and self.reader:
            if record is _NOT_JSON:
                record = parse_record(line) if line.lstrip(b" \t")[:1] == b"{" else None
            return self.reader.entries(record, thin=self.thin)
        for head in self.heads:
            if found := head.match(line):
                return self._after(head, found, line, year)
        return None

    def take_first(self, line: bytes, record: Any = _NOT_JSON, *, year: int | None = None) -> Sequence[Entry] | None:
        """What `take` gives, but only where the line convinces by itself: for a wrapper that is not in force yet."""
        taken = self.take(line, record, year=year)
        if taken and self.evidence and not self._convinces(taken[0].text):
            return None
        return taken

    def _take_fast(self, line: bytes) -> Entry | None:
        """A docker line of the common shape. Escapes are rare: the newline at the end, and \\u003e in a gctrace line."""
        found = self._fast(line) if self._fast else None
        if found is None:
            return None
        raw, stream, stamp = found.group("text", "stream", "time")
        slash = raw.find(b"\\")
        if slash == len(raw) - 2 and raw[-1:] == b"n":
            text, partial = raw[:-2], False
        elif slash < 0:
            text, partial = raw, True
        else:
            whole = parse_record(b'"' + raw + b'"')
            if not isinstance(whole, str):
                return None
            text = whole.encode("utf-8", "replace")
            text, partial = (text[:-1], False) if text[-1:] == b"\n" else (text, True)
        if b"\n" in text:
            return None
        return Entry(text, None, "stderr" if stream == b"stderr" else "stdout", seconds_of(stamp), partial)

    def _after(self, head: Head, found: re.Match[bytes], line: bytes, year: int | None) -> Sequence[Entry] | None:
        entry = Entry(
            line[found.end() :],
            _service(head, found) or self.definition.service,
            stream_of(found[head.stream].decode()) if head.stream and found[head.stream] else None,
            seconds_of(found[head.time], year) if head.time and found[head.time] else None,
            bool(head.more) and found[head.more] == b"P",
            self.thin,
            pid_of(found[head.pid].decode()) if head.pid and found[head.pid] else None,
        )
        if self.reader:
            return self._record_after(entry)
        text = entry.text
        if self.definition.unescape and text.startswith(b"#011"):
            return (msgspec.structs.replace(entry, text=b"\t" + text[4:]),)
        if self.definition.quoted:
            return _quoted(entry)
        return (entry,)

    def _record_after(self, outer: Entry) -> Sequence[Entry] | None:
        """The entries of a record that stands behind a head; what it does not say, the head may."""
        tail = self.definition.tail.encode()
        if not outer.text.endswith(tail) or self.reader is None:
            return None
        found = self.reader.entries(parse_record(outer.text[: len(outer.text) - len(tail)]))
        return found and [combined(inner, outer) for inner in found]


class Formats(Struct, frozen=True):
    """All wrappers, thin ones last, each tried before those that are more general than it."""

    wrappers: tuple[Wrapper, ...]
    sniff_source: bytes
    runtime_source: bytes
    strict_source: bytes


@lru_cache(maxsize=1)
def formats() -> Formats:
    """The wrappers that come with gctail, read once from the package's own data."""
    return read_formats((resources.files("gctail.data") / FILE).read_bytes())


def read_formats(toml: bytes) -> Formats:
    """The wrappers of a file, in order. Raises UsageError that names the place where something is wrong."""
    try:
        file = msgspec.toml.decode(toml, type=File)
    except (msgspec.DecodeError, msgspec.ValidationError) as problem:
        msg = f"{FILE}: {problem}"
        raise UsageError(msg) from problem
    named = {definition.name: Wrapper(definition, file.patterns) for definition in file.wrapper}
    if len(named) < len(file.wrapper):
        names = [definition.name for definition in file.wrapper]
        msg = f'{FILE}: two wrappers are named "{next(name for name in names if names.count(name) > 1)}"'
        raise UsageError(msg)
    for wrapper in named.values():
        _check(wrapper)
    firm = _ordered([wrapper for wrapper in named.values() if not wrapper.thin])
    thin = _ordered([wrapper for wrapper in named.values() if wrapper.thin])
    return Formats(
        wrappers=(*firm, *thin),
        sniff_source=_sniff_source(firm, file),
        runtime_source=expand("%{runtime}", file.patterns).encode(),
        strict_source=expand("%{strict}", file.patterns).encode(),
    )


def expand(source: str, patterns: Mapping[str, str]) -> str:
    """`source` with every %{name} replaced. Raises KeyError where there is no such name."""
    while found := _MACRO.search(source):
        source = source[: found.start()] + patterns[found[1]] + source[found.end() :]
    return source


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
    )


def _service(head: Head, found: re.Match[bytes]) -> str | None:
    parts = [found[group] for group in (head.pod, head.container) if group and found[group]]
    if not parts and head.service and found[head.service]:
        parts = [found[head.service]]
    return name_of(b"/".join(parts).decode("utf-8", "replace")) if parts else None


def _quoted(entry: Entry) -> Sequence[Entry] | None:
    """The text of a quoted logfmt value; Go's %q writes nearly what JSON writes."""
    found = re.match(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', entry.text, re.DOTALL)
    text = parse_record(found[0]) if found else None
    if not isinstance(text, str):
        return None
    return split_lines(msgspec.structs.replace(entry, text=text.rstrip("\n").encode("utf-8", "replace")))


def _check(wrapper: Wrapper) -> None:
    """Hold a wrapper to its own samples."""
    if not wrapper.definition.sample:
        msg = f'{FILE}: wrapper "{wrapper.name}" has no sample: add a line that it takes'
        raise UsageError(msg)
    for number, sample in enumerate(wrapper.definition.sample, 1):
        place = f'{FILE}: wrapper "{wrapper.name}", sample {number}'
        taken = wrapper.take(sample.line.encode())
        if not taken:
            msg = f"{place}: its own wrapper does not take it"
            raise UsageError(msg)
        if wrapper.definition.fields:
            continue
        found, wanted = to_the_millisecond(taken[0]), expected(sample, thin=wrapper.thin)
        if found != wanted:
            msg = f"{place}: found {found!r}, and the sample says {wanted!r}"
            raise UsageError(msg)


def expected(sample: Sample, *, thin: bool = False) -> Entry:
    """The entry that a sample promises, its time to the millisecond."""
    time_s = parse_time(sample.time) if sample.time else None
    return to_the_millisecond(
        Entry(sample.text.encode(), sample.service, sample.stream, time_s, sample.partial, thin, sample.pid)
    )


def to_the_millisecond(entry: Entry) -> Entry:
    """The entry with its time rounded, for comparing: a double holds today's seconds to a quarter of a microsecond."""
    return msgspec.structs.replace(entry, time_s=None if entry.time_s is None else round(entry.time_s, 3))


def _ordered(wrappers: list[Wrapper]) -> list[Wrapper]:
    """The wrappers with each before all that take one of its samples; otherwise as they stand in the file."""
    later: dict[str, dict[str, int]] = {wrapper.name: {} for wrapper in wrappers}
    for wrapper in wrappers:
        for number, sample in enumerate(wrapper.definition.sample, 1):
            line = sample.line.encode()
            record = parse_record(line) if line[:1] == b"{" else None
            for other in wrappers:
                if other is not wrapper and other.take(line, record):
                    later[wrapper.name].setdefault(other.name, number)
    order: list[Wrapper] = []
    left = list(wrappers)
    while left:
        names = {wrapper.name for wrapper in left}
        first = next((one for one in left if not any(one.name in later[name] for name in names)), None)
        if first is None:
            raise UsageError(_cycle(later, names))
        order.append(first)
        left.remove(first)
    return order


def _cycle(later: dict[str, dict[str, int]], names: set[str]) -> str:
    """Say which wrappers take each other's samples."""
    trail = [min(names)]
    while True:
        # every wrapper left has one that must come before it: walk back until we meet somebody again
        name = min(name for name in names if trail[-1] in later[name])
        if name in trail:
            ring = [name, *reversed(trail[trail.index(name) :])]
            break
        trail.append(name)
    steps = [
        f'"{after}" takes sample {later[before][after]} of "{before}"'
        for before, after in zip(ring, ring[1:], strict=False)
    ]
    return f"{FILE}: these wrappers take each other's samples: {', '.join(steps)}. Make one of them stricter."


def _sniff_source(wrappers: Sequence[Wrapper], file: File) -> bytes:
    """One pattern for the start of any line that a firm wrapper takes as a first line.

    Heads that begin with the time stamp share it, so that a stamped line of an application is measured once; each
    other alternative begins with a literal or a class, which sre tests before anything else (3 ns each).
    """
    stamp = expand("%{iso}", file.patterns)
    stamped, others = [], [_json_source(wrappers, file)]
    for wrapper in wrappers:
        for head in wrapper.heads:
            source = _GROUP_NAME.sub("(?:", head.source)
            if wrapper.evidence:
                source += "(?=" + expand("%{evidence}", file.patterns) + ")"
            if source.startswith(f"(?:{stamp})"):
                stamped.append(source[len(stamp) + 4 :])
            else:
                others.append(source)
    return f"(?:{'|'.join(others)}|{stamp}(?:{'|'.join(stamped)}))".encode()


def _json_source(wrappers: Sequence[Wrapper], file: File) -> str:
    """The start of a JSON record: a telling key, perhaps after keys that every logger writes."""
    plain, shapes = set(file.plain_keys), [wrapper.reader.shape for wrapper in wrappers if wrapper.reader]
    telling = {key for shape in shapes for key in shape.known_by()} - plain
    names = sorted(key for key in telling if not re.fullmatch(r"_{0,2}[A-Z][A-Z0-9_]*", key))  # those are journald's
    string = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
    value = rf"(?:{string}|[-+.\deE]++|true|false|null|\{{[^{{}}\n]*+\}}|\[[^\[\]\n]*+\])"
    skipped = f'(?:{"|".join(map(re.escape, sorted(plain)))})" *+: *+{value} *+, *+"'
    return rf'\{{ *+"(?:{skipped})*+(?:_{{0,2}}+[A-Z][A-Z0-9_]*+|{"|".join(map(re.escape, names))})"'
