"""Many intact collections of one process that stand one under another: read together, column by column.

One pattern without groups takes the whole run, so each line is exactly as a runtime prints it. What is left when the
words between the numbers are struck out is JSON, and orjson reads that in a tenth of the time of twenty groups a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from msgspec import Struct

from gctail.parsing.gctrace import NO_GOAL_MIB
from gctail.records import GcCycle, Passage, Sighting

FEWEST = 64
"""Collections one under another that are handed on together."""
SHORTEST_BYTES, LONGEST_BYTES = 1 << 14, 1 << 20
"""How far is read at first; while all of it is one run, twice as far the next time."""

_WHOLE = rb"[0-9]{1,15}+"
_TIME = _WHOLE + rb"(?>\.[0-9]{1,9}+|)"
_CLOCK = _TIME + rb"\+" + _TIME + rb"\+" + _TIME + rb" ms clock, "
_CPU = _TIME + rb"\+" + _TIME + rb"/" + _TIME + rb"/" + _TIME + rb"\+" + _TIME + rb" ms cpu, "
_HEAP = _WHOLE + rb"->" + _WHOLE + rb"->" + _WHOLE + rb" MB, " + _WHOLE + rb" MB goal, "
_LINE = (
    rb"gc " + _WHOLE + rb" @[0-9]{1,12}+\.[0-9]{3}+s [0-9]{1,3}+%%: " + _CLOCK + _CPU + _HEAP
    + rb"%s" + _WHOLE + rb" P(?> \(forced\)|)\r?+\n"
)  # fmt: skip
_ROOTS = _WHOLE + rb" MB stacks, " + _WHOLE + rb" MB globals, "
_RUNS = tuple((re.compile(rb"(?>(?:" + _LINE % roots + rb")+)").match, bool(roots)) for roots in (_ROOTS, b""))
"""Lines of Go 1.18 and later, lines of 1.6 to 1.17: gctrace.MODERN without what is rare, and without groups."""
_NEXT = re.compile(rb"gc ([0-9]{1,15}+) @[^\n]*+\n")

_COMMAS = bytes.maketrans(b"@%+/>MP", b",,,,,,,")
_WORDS = bytes(set(range(256)) - set(b"0123456789.@%+/>MP"))
"""Struck out; of the rest one sign stands between two numbers, and becomes a comma."""


class Columns(Struct, frozen=True, gc=False):
    """What the lines of a burst say, line by line; sizes in MiB, times as printed: ms, whole ones without a point.

    `stacks_mib` and `globals_mib` are empty where the lines have none (before Go 1.18).
    """

    number: list[int]
    uptime_s: list[float]
    gc_cpu_percent: list[int]
    clock_ms: tuple[list[float], ...]
    cpu_ms: tuple[list[float], ...]
    heap_start_mib: list[int]
    heap_end_mib: list[int]
    heap_marked_mib: list[int]
    goal_mib: list[int]
    stacks_mib: list[int]
    globals_mib: list[int]
    procs: list[int]
    forced: list[bool]


class Burst(Struct, frozen=True, gc=False):
    """Collections with numbers that follow one another; `offset` of the first, and all of their `text`."""

    service: str
    origin: str
    offset: int
    text: bytes
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns.number)

    @property
    def last(self) -> int:
        """The number of the last collection."""
        return self.columns.number[-1]

    @property
    def go(self) -> str:
        """The versions of Go whose lines these are."""
        return "1.18+" if self.columns.stacks_mib else "1.6-1.17"

    def cycle(self, at: int) -> GcCycle:
        """One of the collections, as `gctrace.parse_gctrace` reads it."""
        columns = self.columns
        goal_mib, roots = columns.goal_mib[at], bool(columns.stacks_mib)
        return GcCycle(
            columns.number[at],
            columns.uptime_s[at],
            columns.gc_cpu_percent[at],
            tuple([float(column[at]) for column in columns.clock_ms]),
            tuple([float(column[at]) for column in columns.cpu_ms]),
            columns.heap_start_mib[at],
            columns.heap_end_mib[at],
            columns.heap_marked_mib[at],
            goal_mib if goal_mib < NO_GOAL_MIB else None,
            columns.stacks_mib[at] if roots else None,
            columns.globals_mib[at] if roots else None,
            columns.procs[at],
            forced=columns.forced[at],
            leak_check=False,
            go=self.go,
        )

    def sightings(self, begin: int = 0) -> Iterator[Sighting]:
        """Those from `begin` on, as if each had been read by itself."""
        before, *lines, _ = (b"\n" + self.text).rsplit(b"\n", len(self) - begin + 1)
        offset = self.offset + len(before)
        for at, line in enumerate(lines, begin):
            yield Sighting(self.cycle(at), self.service, self.origin, offset)
            offset += len(line) + 1

    def sighting(self, at: int) -> Sighting:
        """One of them."""
        return next(self.sightings(at))


Found = Sighting | Passage | Burst
"""What a scanner finds."""


def one_by_one(found: list[Found]) -> list[Sighting | Passage]:
    """The same without bursts."""
    events: list[Sighting | Passage] = []
    for each in found:
        if isinstance(each, Burst):
            events.extend(each.sightings())
        else:
            events.append(each)
    return events


class Bursts:
    """Finds bursts. `reach` bytes are read at once: a run that ends early must not have cost a whole buffer."""

    def __init__(self, service: str, origin: str) -> None:
        self.service, self.origin = service, origin
        self.reach = SHORTEST_BYTES

    def find(self, buffer: bytearray, start: int, end: int, base: int, number: int) -> tuple[Burst | None, int]:
        """The collections from `start` on that follow number `number`, where they are many, and where they end.

        `base` is the offset of the buffer in its input.
        """
        if not _are_many(buffer, start, end, number):
            return None, start
        for match, has_roots in _RUNS:
            run = match(buffer, start, min(end, start + self.reach))
            if run is not None:
                return self._take(run.group(), start, base, number, has_roots=has_roots)
        return None, start

    def _take(self, text: bytes, start: int, base: int, number: int, *, has_roots: bool) -> tuple[Burst | None, int]:
        flat, width = _numbers(text), 18 if has_roots else 16
        count = _following(flat[::width], number)
        if count * width == len(flat):
            self.reach = min(2 * self.reach, LONGEST_BYTES)
        else:
            self.reach = SHORTEST_BYTES
            text = b"\n".join([*text.split(b"\n", count)[:count], b""])
        if count < FEWEST:
            return None, start
        columns = [flat[at : count * width : width] for at in range(width)]
        found = Columns(
            *(columns[0], columns[1], columns[2], tuple(columns[3:6]), tuple(columns[6:11])),
            *(columns[11], columns[12], columns[13], columns[14]),
            *(columns[15] if has_roots else [], columns[16] if has_roots else []),
            *(columns[-1], _forced(text, count)),
        )
        return Burst(self.service, self.origin, base + start, text, found), start + len(text)


def _are_many(buffer: bytearray, start: int, end: int, number: int) -> bool:
    """Whether enough lines follow that begin like the next collections."""
    follows = _NEXT.scanner(buffer, start, end).match  # type: ignore[attr-defined]
    for expected in range(number + 1, number + 1 + FEWEST):
        line = follows()
        if line is None or int(line[1]) != expected:
            return False
    return True


def _numbers(text: bytes) -> list[Any]:
    """All numbers of these lines; none where one is written as no JSON number is (007)."""
    numbers = text.replace(b"s ", b"@").translate(_COMMAS, _WORDS)
    try:
        found: list[Any] = orjson.loads(b"[" + numbers[:-1] + b"]")
    except orjson.JSONDecodeError:
        return []
    return found


def _following(numbers: list[int], before: int) -> int:
    """How many of these are, from the first on, the numbers after `before`."""
    expected = [*range(before + 1, before + 1 + len(numbers))]
    if numbers == expected:
        return len(numbers)
    return next(at for at, (one, other) in enumerate(zip(numbers, expected, strict=True)) if one != other)


def _forced(text: bytes, count: int) -> list[bool]:
    """Of each line whether the program asked for the collection."""
    return [b"(" in line for line in text.split(b"\n")[:count]] if b"(" in text else [False] * count
