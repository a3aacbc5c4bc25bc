"""The wrappers of data/wrappers.toml: read, proven by their samples, and put in the order that the samples imply."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gctail.errors import UsageError
from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.times import parse_time
from gctail.parsing.wrapper_json import RecordReader, Shape, name_of, parse_record, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "wrappers.toml"

_GROUPS = ("time", "stream", "service", "pod", "container", "pid", "more")
_GROUP_NAME = re.compile(r"\(\?P<\w+>")
_FIRST_ATOM = re.compile(r"(?:\(\?P<\w+>)?(\[\^?\]?(?:\\.|[^\]\\])*+\]|\\x[0-9a-f]{2}|\\[d{\[@]|[\w <@])")
_LETTER = r"[A-Za-z\x80-\xff]"
_MACRO = re.compile(r"%\{(\w+)\}")
_STREAMS = {b"stdout": "stdout", b"stderr": "stderr", b"OUT": "stdout", b"ERR": "stderr"}
_NOT_JSON = object()


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
    own_keys: list[str]
    shared: list[str]
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
        except (re.error, KeyError) as problem:
            msg = f'{FILE}: wrapper "{self.name}": {problem}'
            raise UsageError(msg) from problem

    @property
    def before_text(self) -> bytes | None:
        """Source of a pattern for all that stands between a newline and the text, for searching a buffer in bulk.

        None where the text has no fixed place. A JSON string holds it escaped: the arrows of a gctrace line are not
        there as they are printed.
        """
        if self.definition.fields or (self.is_json and self.name != "docker-json"):
            return None
        sources = [_GROUP_NAME.sub("(?:", head.source) for head in self.heads] or [r'\{"log":"']
        return f"(?:{'|'.join(sources)})".encode()

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


class Formats(Struct, frozen=True):
    """All wrappers, thin ones last, each tried before those that are more general than it."""

    wrappers: tuple[Wrapper, ...]
    sniff_source: bytes
    thin_runtime_source: bytes
    thin_strict_source: bytes
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
        thin_runtime_source=_thin_source(thin, expand("%{runtime}", file.patterns)),
        thin_strict_source=_thin_source(thin, expand("%{strict}", file.patterns)),
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
    said = (*found.groups(), None)
    parts = [part for part in (said[head.pod], said[head.container]) if part] or [said[head.service] or b""]
    return name_of(b"/".join(parts).decode("utf-8", "replace"))


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
    steps = [f'"{after}" takes sample {later[before][after]} of "{before}"' for before, after in pairwise(ring)]
    return f"{FILE}: these wrappers take each other's samples: {', '.join(steps)}. Make one of them stricter."


def _sniff_source(wrappers: Sequence[Wrapper], file: File) -> bytes:
    """One pattern for the start of any line that a firm wrapper takes as a first line.

    The first byte picks the alternatives, and these share what they begin with: an application's line leaves after
    0.1 to 0.3 us, whatever the number of wrappers.
    """
    evidence = "(?=" + expand("%{evidence}", file.patterns) + ")"
    shared = [*(expand(file.patterns[name], file.patterns) for name in file.shared), " "]
    sources: dict[str, list[str]] = {"digit": [], "letter": [], "other": []}
    for wrapper in wrappers:
        for head in wrapper.heads:
            source = _GROUP_NAME.sub("(?:", head.source) + (evidence if wrapper.evidence else "")
            for kind in _first_kinds(wrapper.name, head.source):
                sources[kind].append(source)
    digit, letter, other = (_factored(some, shared) for some in sources.values())
    text = f"(?={_LETTER})(?:{letter})|(?!{_LETTER})(?:{other})"
    return rf"(?:{_json_source(wrappers, file)}|(?!\{{)(?:(?=\d)(?:{digit})|(?!\d)(?:{text})))".encode()


def _first_kinds(name: str, head: str) -> set[str]:
    """With what a line that `head` takes begins: a digit, a letter, or something else."""
    atom = _FIRST_ATOM.match(head)
    if atom is None:
        msg = f'{FILE}: wrapper "{name}": a head begins with a literal, a class or \\d, not with {head[:20]}'
        raise UsageError(msg)
    begins = re.compile(atom[1].encode(), re.DOTALL).match
    kinds = {"digit": rb"\d", "letter": _LETTER.encode(), "other": rb"[^0-9{]"}
    first = [bytes([byte]) for byte in range(256) if begins(bytes([byte]))]
    found = {kind for kind, pattern in kinds.items() if any(re.match(pattern, byte, re.DOTALL) for byte in first)}
    return found if any(not re.match(rb"[0-9{]|" + _LETTER.encode(), byte) for byte in first) else found - {"other"}


def _factored(sources: list[str], shared: list[str]) -> str:
    """The alternatives as one pattern, in which those that begin with a shared pattern stand behind it together."""
    if not shared or not sources:
        return "|".join(sources) or "(?!)"
    inside, outside = [], []
    for source in sources:
        if source.startswith(shared[0]) and source[len(shared[0]) :][:1] not in tuple("{*+?"):
            inside.append(source[len(shared[0]) :])
        elif source.startswith("(?:" + shared[0]):  # its group goes on behind it
            inside.append(("(?:" + source[len(shared[0]) + 3 :]).removeprefix("(?:)"))
        else:
            outside.append(source)
    rest = [_factored(outside, shared[1:])] if outside else []
    if not inside:
        return rest[0]
    return "|".join([f"{shared[0]}(?:{_factored(inside, shared[1:])})", *rest])


def _json_source(wrappers: Sequence[Wrapper], file: File) -> str:
    """The start of a JSON record: a telling key, perhaps after keys that every logger writes."""
    plain, shapes = set(file.plain_keys), [wrapper.reader.shape for wrapper in wrappers if wrapper.reader]
    telling = {key for shape in shapes for key in shape.known_by()} - plain - set(file.own_keys)
    names = {key for key in telling if not re.fullmatch(r"_{0,2}[A-Z][A-Z0-9_]*", key)}  # those are journald's
    string = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
    value = rf"(?:{string}|[-+.\deE]++|true|false|null|\{{[^{{}}\n]*+\}}|\[[^\[\]\n]*+\])"
    own = f'(?!{_trie(set(file.own_keys))}")'
    return (
        rf'\{{ *+"(?:{own}{_trie(plain)}" *+: *+{value} *+, *+")*+{own}'
        rf'(?:_{{0,2}}[A-Z][A-Z0-9_]*+"|{_trie(names)}")'
    )


def _thin_source(wrappers: Sequence[Wrapper], runtime: str) -> bytes:
    """What a line looks like in whose thin wrappers, up to 4 of them, something stands that matches `runtime`."""
    heads = {True: "", False: ""}
    for quoted in heads:
        heads[quoted] = "|".join(
            _GROUP_NAME.sub("(?:", head.source)
            for wrapper in wrappers
            for head in wrapper.heads
            if wrapper.definition.quoted == quoted
        )
    keys = _trie({path for wrapper in wrappers if wrapper.reader for path in wrapper.reader.shape.text}) + '"'
    string = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
    pair = rf'(?!"{keys}){string} *+: *+(?:{string}|[-+.\w]++|\{{[^{{}}\n]*+\}}|\[[^\[\]\n]*+\]) *+, *+'
    record = rf'\{{ *+(?:{pair})*+"{keys} *+: *+"'
    inside = rf'{record}|(?:{heads[True]})"'
    return f"(?:{inside}|(?:{heads[False]}){{1,4}}(?:{inside})?+)(?={runtime})".encode()


def _trie(words: set[str]) -> str:
    """A pattern for any of the words that looks at each character once."""
    if words == {""}:
        return ""
    branches = [
        re.escape(first) + _trie({word[1:] for word in words if word[:1] == first})
        for first in sorted({word[:1] for word in words if word})
    ]
    return f"(?:{'|'.join(branches)}{'|' if '' in words else ''})"
