"""The candidates: everything in the log that has a running total or a level, as columns over the bins of its courses.

A column is what the live heap would look like if each line, each new key or each unit of a number kept so many bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, structs

from gctail.attribution.answered import endings
from gctail.attribution.names import is_a_code, is_a_size, is_the_heap, reports_the_heap
from gctail.attribution.opposites import pairs
from gctail.attribution.takers import takers
from gctail.attribution.under_way import comes_and_goes, gauges, takes_its_time, under_way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gctail.templates.courses import Courses, Slot, Template

    Floats = NDArray[np.float64]

FEWEST_MOVES = 4
"""A column that moves in fewer bins than this says nothing about a course."""
FEWEST_KEYS = 8
"""A slot with fewer values is a word of the program's, not a key."""
LEAST_RISE = 0.5
"""Rank correlation of a level with time: a number that goes up and down at random is no size of what grows."""
LARGEST = 1e15
"""No size of anything in memory is larger; a log may print any number."""
MOST_COLUMNS = 4096
MOST_GAUGES = 64
FOR_PARTS = 0.2
"""Of the chance that an innocent line is proven by accident, so much is that of single values."""
EVERY_LINE = 0.97
"""Of the lines of a template; the number of keys is known to about 1 %."""
MOST_OF_IT = 0.95
"""Lines with a value, or of a route, that nearly all of them have are all of them."""
COUNTS = 0.9
"""Of the times that a number is seen again, so often at least it is no lower."""
NUMBERED_OFF = 0.02
"""Of all lines: the number of a line is off by what came of a bin after it was printed."""

NO_KIN: Mapping[int, int] = MappingProxyType({})
LINES, KEYS, SUM, LEVEL = "lines", "keys", "sum", "level"


class Candidate(Struct, frozen=True):
    """One column: of which template (its place in the courses), what of it, and of which slot.

    With a `value`, of those lines alone in which the slot has it; with `less`, the lines of that one are taken off.
    """

    template: int
    kind: str
    slot: int | None = None
    value: str = ""
    less: Candidate | None = None

    @property
    def is_part(self) -> bool:
        """Those lines of a template that have one value; not what is there of them less others."""
        return bool(self.value) and self.less is None


class Table(Struct, frozen=True):
    """All candidates, and `values`: bins x candidates, running totals or levels at the end of each bin.

    `kin` is the family of each template that has one; `loads` (bins x columns) are what comes and goes; `ended` are the
    templates that bring something which ends, each with those that tell so; `in_time` is what of `loads` is open for
    its time only, each with the template that brings it.
    """

    candidates: tuple[Candidate, ...]
    values: Floats
    kin: Mapping[int, int]
    loads: Floats
    ended: Mapping[int, tuple[int, ...]]
    in_time: tuple[tuple[int, Floats], ...] = ()

    @property
    def tries(self) -> Floats:
        """What the p-value of each is multiplied by: so many chances there were to fit by accident.

        Where parts of lines are tried, which may be many, they share `FOR_PARTS` of the chance of an error.
        """
        parts = np.array([each.is_part for each in self.candidates], bool)
        if not parts.any():
            return np.full(parts.size, float(parts.size))
        found: Floats = np.where(parts, parts.sum() / FOR_PARTS, (~parts).sum() / (1.0 - FOR_PARTS))
        return found


def table(courses: Courses, begin: int, kin: Mapping[int, int] = NO_KIN, *, closely: bool = False) -> Table:
    """The candidates that move in the bins from `begin` on; those of the most frequent templates where many do.

    For whom asks `closely` numbers stand as of when they were told, and who takes back what others bring is told by
    keys, too. The judge does not: what is open closely follows a load that rises, and it would call that a leak.
    """
    missing_share = missing(courses)
    found: list[tuple[Candidate, Floats]] = []
    order = sorted(range(len(courses.templates)), key=lambda at: -courses.templates[at].total)
    for at in order:
        if len(found) >= MOST_COLUMNS:
            break
        found += [
            (candidate, values[begin:])
            for candidate, values in _of(at, courses, kin, missing_share, closely=closely)
            if np.count_nonzero(np.diff(values[begin:])) >= FEWEST_MOVES
        ]
    uptime_s = np.asarray(courses.uptime_s, float)[begin:]
    loads = [*gauges(courses, begin)][:MOST_GAUGES]
    ended = endings(courses, begin)
    for came, ends in ended.items():
        brought, *taken = (running(courses.templates[at].count, missing_share)[begin:] for at in (came, *ends))
        held = brought - sum(taken)
        if comes_and_goes(held, brought, uptime_s):
            loads.append(held)
    in_time: list[tuple[int, Floats]] = []
    for each in balances(found, courses, takers(courses) if closely else ())[: MOST_COLUMNS - len(found)]:
        held = each.brought - each.taken
        leaves = takes_its_time(held, each.brought, uptime_s)
        if leaves:
            in_time.append((each.brings.template, held))
        if leaves or comes_and_goes(held, each.brought, uptime_s):
            loads.append(held)
        if not leaves and not under_way(held, each.brought, uptime_s):  # how much of it is kept
            found.append((structs.replace(each.brings, less=each.takes), held))
    values, beside = (
        np.column_stack(each) if each else np.zeros((uptime_s.size, 0))
        for each in ([values for _, values in found], loads)
    )
    return Table(tuple(candidate for candidate, _ in found), values, kin, beside, ended, tuple(in_time))


class Balance(Struct, frozen=True):
    """Lines that bring something, those that take it back, and the running totals of both."""

    brings: Candidate
    takes: Candidate
    brought: Floats
    taken: Floats


def balances(
    found: list[tuple[Candidate, Floats]], courses: Courses, by_keys: Iterable[tuple[int, int]]
) -> list[Balance]:
    """What comes and goes, told by two kinds of lines: by their words, or templates that are told `by_keys`."""
    lines = [item for item in found if item[0].kind == LINES]
    said = [(each.template, courses.templates[each.template].message, each.value) for each, _ in lines]
    whole = {each.template: at for at, (each, _) in enumerate(lines) if not each.value}
    more = ((whole[one], whole[other]) for one, other in by_keys if one in whole and other in whole)
    both = ((lines[one], lines[other]) for one, other in dict.fromkeys((*pairs(said), *more)))
    return [Balance(brings, takes, brought, taken) for (brings, brought), (takes, taken) in both]


def lines_of(courses: Courses, candidate: Candidate) -> list[float]:
    """How many lines of it came in each bin."""
    template = courses.templates[candidate.template]
    if candidate.slot is not None and candidate.value:
        parts = template.slots[candidate.slot].parts
        return next(part.count for part in parts if part.value == candidate.value)
    return template.count


def arrivals(slot: Slot, template: Template) -> list[float]:
    """How many keys came in each bin; where every line brings a new one, as many as lines.

    Keys are estimated and lines are counted: the error of an estimate would follow some ups and downs by accident.
    """
    return template.count if slot.distinct >= EVERY_LINE * template.total else slot.new_keys


def missing(courses: Courses) -> Floats:
    """The share of each bin that, on the mean over its collections, is not there yet: 0 with one, a half with many."""
    share: Floats = 0.5 - 0.5 / np.maximum(np.asarray(courses.collections, float), 1.0)
    return share


def running(counts: list[float], missing_share: Floats) -> Floats:
    """The running total as it was on the mean at the collections of each bin."""
    each = np.asarray(counts, float)
    total: Floats = np.cumsum(each) - missing_share * each
    return total


def _of(
    at: int, courses: Courses, kin: Mapping[int, int], missing_share: Floats, *, closely: bool
) -> Iterator[tuple[Candidate, Floats]]:
    """The candidates of one template."""
    template = courses.templates[at]
    if reports_the_heap(template.example, len(template.slots)):
        return
    yield Candidate(at, LINES), running(template.count, missing_share)
    for place, slot in enumerate(template.slots):
        if is_the_heap(slot.name):
            continue
        for part in slot.parts:
            if sum(part.count) < MOST_OF_IT * template.total:
                yield Candidate(at, LINES, place, part.value), running(part.count, missing_share)
        levels = [*_levels(slot, courses.uptime_s, closely=closely)] if slot.last else []
        if levels and numbers_lines(slot, at, courses, kin):
            continue
        for level in levels:
            yield Candidate(at, LEVEL, place), level - missing_share * np.diff(level, prepend=level[0])
        if slot.new_keys and slot.distinct >= FEWEST_KEYS and not levels:  # a number that rises is no key
            yield Candidate(at, KEYS, place), running(arrivals(slot, template), missing_share)
        if (
            slot.sums
            and slot.type != "duration"
            and not is_a_code(slot.name)
            and min(slot.sums) >= 0.0
            and max(slot.sums) < LARGEST
        ):
            yield Candidate(at, SUM, place), running(slot.sums, missing_share)


def numbers_lines(slot: Slot, at: int, courses: Courses, kin: Mapping[int, int]) -> bool:
    """Whether a number of a template goes up by one with each line of all, or of its family: it is that line's number.

    Where it does so with the lines of its template alone, each may as well have brought one more of something.
    """
    last, own = np.asarray(slot.last, float), np.asarray(courses.templates[at].count, float)
    known = np.isfinite(last)
    level = last[known]
    for counted in {tuple(courses.lines), tuple(courses.templates[kin.get(at, at)].count)}:
        lines = np.cumsum(counted)[known]
        lines += level[0] - lines[0]
        if own.sum() < MOST_OF_IT * sum(counted) and np.abs(level - lines).max() <= NUMBERED_OFF * np.ptp(lines):
            return True
    return False


def counts_up(slot: Slot) -> bool:
    """Whether its numbers only count: they hardly ever fall, and no name says that they are sizes."""
    known = np.asarray(slot.last, float)
    known = known[np.isfinite(known)]
    return known.size >= FEWEST_MOVES and not is_a_size(slot.name) and bool(np.mean(np.diff(known) >= 0.0) >= COUNTS)


def course_of(slot: Slot, uptime_s: Sequence[float]) -> Floats:
    """The number of a slot at the end of each bin, if it went on evenly from each time that it was told to the next.

    After the last time it goes on as in as much time before, and the other way round before the first: not below 0,
    where it never was.
    """
    ends_s, (when_s, told) = np.asarray(uptime_s, float), np.array(slot.told).T
    later_s, sooner_s = np.maximum(ends_s - when_s[-1], 0.0), np.maximum(when_s[0] - ends_s, 0.0)
    after = told[-1] - np.interp(when_s[-1] - later_s, when_s, told)
    before = told[0] - np.interp(when_s[0] + sooner_s, when_s, told)
    found: Floats = np.maximum(np.interp(ends_s, when_s, told) + after + before, min(told.min(), 0.0))
    return found


def _levels(slot: Slot, uptime_s: Sequence[float], *, closely: bool) -> Iterator[Floats]:
    """The level in each bin, where it rises.

    Where none was printed it may not have changed, or, where only some changes are logged, have gone on evenly. A state
    of an older program does not know when a number was told.
    """
    last = np.asarray(slot.last, float)
    known = np.flatnonzero(np.isfinite(last))
    if known.size < FEWEST_MOVES:
        return
    printed = last[known]
    if np.abs(printed).max() >= LARGEST:
        return
    ranks = np.argsort(np.argsort(printed, kind="stable"), kind="stable")
    if printed[-1] <= printed[0] or np.corrcoef(ranks, np.arange(known.size))[0, 1] < LEAST_RISE:
        return
    bins = np.arange(last.size)
    yield course_of(slot, uptime_s) if closely and slot.told else np.interp(bins, known, printed)
    if known.size < last.size:
        yield printed[np.maximum(np.searchsorted(known, bins, side="right") - 1, 0)]
