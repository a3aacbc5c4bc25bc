"""All wrappers that are known: gctail's own (data/wrappers.toml), and before them those of a user's file.

A file is proven by its samples, and they imply the order: a wrapper that takes another's samples is tried later.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gctail.data import shipped
from gctail.errors import UsageError
from gctail.parsing.backtracking import refused
from gctail.parsing.toml import decoded
from gctail.parsing.wrapper_formats import Definition, Wrapper, expand, expected, to_the_millisecond
from gctail.parsing.wrapper_json import RecordReader, parse_record
from gctail.parsing.wrapper_patterns import Shared, sniff_source, thin_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gctail.parsing.entry import Entry

    Matcher = Callable[[bytes], re.Match[bytes] | None]

FILE = "wrappers.toml"
MOST_OWN = 100
"""Wrappers of a user's own."""


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The file that comes with gctail; its head explains it."""

    plain_keys: list[str]
    own_keys: list[str]
    shared: list[str]
    patterns: dict[str, str]
    wrapper: list[Definition]


class OwnFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the user's: wrappers as gctail's own are written, which may use the patterns of those."""

    wrapper: list[Definition]
    patterns: dict[str, str] = {}


class Formats:
    """Wrappers in the order in which they are tried, those that are not thin first.

    What many lines are searched for is compiled when it is first asked for: importing this reads no file.
    """

    def __init__(self, wrappers: Sequence[Wrapper], known: Shared) -> None:
        """Raise UsageError where a head begins in a way that cannot be searched for."""
        self.wrappers = tuple(wrappers)
        self.known = known
        self.thin = tuple(wrapper for wrapper in wrappers if wrapper.thin)
        self.sniff_source = sniff_source([wrapper for wrapper in wrappers if not wrapper.thin], known)

    def named(self, name: str | None) -> Wrapper:
        """The wrapper of this name. Raises UsageError where there is none."""
        for wrapper in self.wrappers:
            if wrapper.name == name:
                return wrapper
        known = ", ".join(wrapper.name for wrapper in self.wrappers)
        raise UsageError(f'no wrapper is called "{name}"; there are none, {known}')

    def sniff(self, line: bytes) -> str | None:
        """The name of the wrapper that takes this line, never a thin one; None costs about 0.4 us."""
        found = next(self.takers(line, None), None)
        return found[0].name if found else None

    def takers(self, line: bytes, year: int | None) -> Iterator[tuple[Wrapper, Sequence[Entry]]]:
        """The wrappers, in order, that this line convinces, with its entries; never a thin one."""
        if not self.sniff_start(line):
            return
        record = parse_record(line) if line[:1] == b"{" else None
        for wrapper in self.wrappers:
            if wrapper.thin:
                return
            if wrapper.is_json and record is None:
                continue
            taken = wrapper.take_first(line, record, year=year)
            if taken:
                yield wrapper, taken

    @cached_property
    def plain_json(self) -> RecordReader:
        """Reads JSON that says nothing of who wrote it: an application's own, or a plain wrapper's."""
        *_, last = [wrapper.reader for wrapper in self.thin if wrapper.reader is not None]  # the most general one
        return last

    @cached_property
    def sniff_start(self) -> Matcher:
        """Matches a line that a wrapper may take."""
        return re.compile(self.sniff_source, re.DOTALL).match

    @cached_property
    def more_inside(self) -> Matcher:
        """Matches a text inside a wrapper if there can be anything more to take off: most leave here, after 0.4 us."""
        return re.compile(b"(?:%b|%b)" % (self.sniff_source, self._thin_around("strict")), re.DOTALL).match

    @cached_property
    def thin_runtime(self) -> Matcher:
        """Matches a line in whose thin wrappers stands what may be the runtime's."""
        return re.compile(self._thin_around("runtime"), re.DOTALL).match

    @cached_property
    def thin_strict(self) -> Matcher:
        """The same where it is the runtime's for certain."""
        return re.compile(self._thin_around("strict"), re.DOTALL).match

    @cached_property
    def runtime_start(self) -> Matcher:
        """Matches what may be the runtime's."""
        return re.compile(expand("%{runtime}", self.known.patterns).encode()).match

    @cached_property
    def strict_start(self) -> Matcher:
        """Matches what is the runtime's for certain."""
        return re.compile(expand("%{strict}", self.known.patterns).encode()).match

    def _thin_around(self, name: str) -> bytes:
        return thin_source(self.thin, expand(f"%{{{name}}}", self.known.patterns))


@lru_cache(maxsize=1)
def formats() -> Formats:
    """The wrappers that come with gctail, read once from the package's own data."""
    return read_formats(shipped(FILE))


def read_formats(toml: bytes) -> Formats:
    """The wrappers of a file like gctail's own. Raises UsageError that names the place where something is wrong."""
    try:
        file = decoded(toml, File)
        known = Shared(file.plain_keys, file.own_keys, file.shared, file.patterns)
        return Formats(_proven(file.wrapper, known), known)
    except UsageError as problem:
        raise UsageError(f"{FILE}: {problem}") from problem


def with_own(toml: bytes) -> Formats:
    """Gctail's wrappers, and before them those of a user's file; raises UsageError where one of these cannot be used.

    Whatever the file holds, no line makes one of its patterns hang (backtracking.py).
    """
    shipped = formats()
    file = _own_file(toml)
    names = {wrapper.name for wrapper in shipped.wrappers} | {"none"}
    for definition in file.wrapper:
        if definition.name in names:
            raise UsageError(f'wrapper "{definition.name}": gctail brings one of this name; give yours another')
        _refuse_slow(definition, shipped.known.patterns | file.patterns)
    known = msgspec.structs.replace(shipped.known, patterns=shipped.known.patterns | file.patterns)
    own = _proven(file.wrapper, known)
    firm, thin = ([each for each in (*own, *shipped.wrappers) if each.thin == thin] for thin in (False, True))
    made = Formats([*firm, *thin], known)
    for wrapper in own:
        _check_found(wrapper, made)
    return made


def shadowed(made: Formats) -> list[str]:
    """Sentences about wrappers of a user's that take samples of gctail's own, and so stand in their way."""
    shipped = formats().wrappers
    names = {wrapper.name for wrapper in shipped}
    told = []
    for own in (wrapper for wrapper in made.wrappers if wrapper.name not in names):
        taken = [each.name for each in shipped if each.thin == own.thin and _takes_sample(own, each)]
        if taken:
            told.append(f'wrapper "{own.name}" is tried first, and takes lines of {", ".join(taken)} as well')
    return told


def _takes_sample(own: Wrapper, other: Wrapper) -> bool:
    return any(own.take_first(sample.line.encode()) for sample in other.definition.sample if not sample.in_force)


def _own_file(toml: bytes) -> OwnFile:
    file = decoded(toml, OwnFile)
    if len(file.wrapper) > MOST_OWN:
        raise UsageError(f"{len(file.wrapper)} wrappers; a file has at most {MOST_OWN}")
    for name in file.patterns:
        if name in formats().known.patterns:
            raise UsageError(f"pattern %{{{name}}}: gctail brings one of this name; give yours another")
    return file


def _refuse_slow(definition: Definition, patterns: dict[str, str]) -> None:
    """Raise UsageError where one of the patterns could be tried for ever."""
    shape = definition.json
    conditions = [condition for either in shape.needs for condition in either] if shape else []
    inside = [condition.partition("=")[2] for condition in (*conditions, *(shape.partial if shape else ()))]
    sources = [*definition.heads, definition.within, *inside, *((shape.skip_service,) if shape else ())]
    for source in sources:
        try:
            why = refused(expand(source, patterns))
        except (re.error, KeyError, ValueError):
            continue  # making the wrapper says so, with the place
        if why is not None:
            raise UsageError(f'wrapper "{definition.name}": {source}: {why}')


def _check_found(wrapper: Wrapper, made: Formats) -> None:
    """Hold a user's wrapper to its samples the whole way: the search finds them, and nobody before it takes them."""
    for number, sample in enumerate(wrapper.definition.sample, 1):
        if wrapper.thin or sample.in_force:
            continue
        found = made.sniff(sample.line.encode())
        if found != wrapper.name:
            why = "nothing in it tells that it is wrapped" if found is None else f'"{found}" takes it first'
            raise UsageError(
                f'wrapper "{wrapper.name}", sample {number}: {why}; a JSON record needs a key that applications do not '
                "write, a line with evidence = true runtime output behind the head"
            )


def _proven(definitions: Sequence[Definition], known: Shared) -> list[Wrapper]:
    """The wrappers, each held to its own samples, in the order that the samples imply; thin ones last."""
    made = [Wrapper(definition, known.patterns) for definition in definitions]
    names = [wrapper.name for wrapper in made]
    for wrapper in made:
        if names.count(wrapper.name) > 1:
            raise UsageError(f'two wrappers are named "{wrapper.name}"')
        _check(wrapper)
    firm, thin = ([wrapper for wrapper in made if wrapper.thin == thin] for thin in (False, True))
    return [*_ordered(firm), *_ordered(thin)]


def _check(wrapper: Wrapper) -> None:
    """Hold a wrapper to its own samples."""
    if not wrapper.definition.sample:
        raise UsageError(f'wrapper "{wrapper.name}" has no sample: add a line that it takes')
    for number, sample in enumerate(wrapper.definition.sample, 1):
        place = f'wrapper "{wrapper.name}", sample {number}'
        taken = wrapper.take(sample.line.encode())
        if not taken:
            raise UsageError(f"{place}: its own wrapper does not take it")
        if wrapper.definition.fields:
            continue
        found, wanted = to_the_millisecond(taken[0]), expected(sample, thin=wrapper.thin)
        if found != wanted:
            raise UsageError(f"{place}: {_difference(found, wanted)}")


def _difference(found: Entry, wanted: Entry) -> str:
    """The first thing that a sample says otherwise than its wrapper."""
    names = [name for name in found.__struct_fields__ if getattr(found, name) != getattr(wanted, name)]
    return f"{names[0]} is {getattr(found, names[0])!r}, and the sample says {getattr(wanted, names[0])!r}"


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
    return f"these wrappers take each other's samples: {', '.join(steps)}. Make one of them stricter."
