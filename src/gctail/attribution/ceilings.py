"""Something that fills up to a size that the log declares: `entries=310 capacity=4096`, `12/500`, `segments left=40`.

A cache that fills looks like a leak until it is full, unless it says where that is; so does a start that loads a
journal, unless it counts down. Where the heap follows such a size, and what is missing to its ceiling fits into the
room that there is, the growth ends by itself.
"""

from __future__ import annotations

import re
from itertools import permutations
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from gctail.attribution.names import COUNTERS, SIZES, is_the_heap, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gctail.templates.courses import Courses, Slot, Template

    Floats = NDArray[np.float64]

CEILINGS = frozenset({"cap", "capacity", "max", "maximum", "limit", "of", "bound", "maxsize", "maxentries", "maxlen"})
LEFT = frozenset({"left", "remaining", "remain", "todo"})
LEAST_DONE = 0.2
"""Of what was left at first: what has counted down by less may be a date far off."""
FEWEST_BINS = 8
FOLLOWS = 0.95
"""Correlation of the heap with a size that holds it."""
HELD = 1.5
"""So many times the live heap cannot have been held in it from the start: such a number only counts up."""
NEARLY = 0.98
"""Of its ceiling: what is fuller is full, and its lines and the heap tell what it does then."""
SPARE = 0.8
"""Of the room: what fills no more of it leaves room for all else."""
_PAIR = re.compile(r"<\*>\s*(?:/|of|out of)\s*<\*>")
_SIZE = re.compile(rf"\b(?:{'|'.join(sorted(SIZES))})\s*:?\s*<\*>")
_OF_MEMORY = frozenset({"heap", "mem", "memory", "rss", "alloc", "memlimit", "gomemlimit", "swap"})


class Ceiling(Struct, frozen=True):
    """What the heap follows has come so far on its way to its ceiling, and needs `left_mib` for the rest."""

    share: float
    left_mib: float
    message: str


def ceiling(courses: Courses, onset_s: float, room_mib: float) -> Ceiling | None:
    """The size that the heap has followed since the onset up to a ceiling within the room; None where there is none."""
    uptime_s, live = (np.asarray(column, float) for column in (courses.uptime_s, courses.live_mean_mib))
    begin = int(np.searchsorted(uptime_s, onset_s))
    if uptime_s.size - begin < FEWEST_BINS:
        return None
    for template in courses.templates:
        for size, top, full in _declared(template):
            found = _fills(size[begin:], top, full, uptime_s[begin:], live[begin:])
            if found is not None and found[1] <= SPARE * room_mib:
                return Ceiling(found[0], found[1], template.message)
    return None


def _declared(template: Template) -> Iterator[tuple[Floats, float, float]]:
    """The sizes of a kind of line with their ceilings: what never changes, under such a name or behind `/` or `of`.

    Or what was left at first, of what is done of it. Last, from where on it is full.
    """
    if _OF_MEMORY & frozenset(words(template.text)):
        return
    numbers = [slot for slot in template.slots if slot.last]
    for slot in numbers:
        done = _done(slot)
        if done is not None:
            yield *done, inf  # where nothing is left all is done
    paired = _PAIR.search(template.text) is not None
    in_prose = paired or _SIZE.search(template.text) is not None
    for one, other in permutations(numbers, 2):
        top = _constant(other)
        if top is None or not (_is_ceiling(other.name) or (paired and not one.name and not other.name)):
            continue
        if (one.name or in_prose) and not is_the_heap(one.name) and not (frozenset(words(one.name)) & COUNTERS):
            yield np.asarray(one.last, float), top, NEARLY * top


def _done(slot: Slot) -> tuple[Floats, float] | None:
    """How much is done of what counts down to nothing, and all there was to do; None for what does not."""
    if not LEFT & frozenset(words(slot.name)):
        return None
    left = np.asarray(slot.last, float)
    known = left[np.isfinite(left)]
    if known.size < FEWEST_BINS or known[-1] < 0.0 or np.diff(known).max() > 0.0:
        return None
    return (known[0] - left, float(known[0])) if known[-1] <= (1.0 - LEAST_DONE) * known[0] else None


def _is_ceiling(name: str) -> bool:
    return bool(CEILINGS & frozenset(words(name))) or words(name)[:1] == ("max",)


def _constant(slot: Slot) -> float | None:
    """The one number that it always was."""
    known = [number for number in slot.last if number == number]  # noqa: PLR0124 - NaN is not itself
    return known[0] if len(known) >= FEWEST_BINS and known[0] > 0.0 and min(known) == max(known) else None


def _fills(sizes: Floats, top: float, full: float, uptime_s: Floats, live: Floats) -> tuple[float, float] | None:
    """How full it is, and the MiB that are missing, where the heap follows it and it still fills."""
    known = np.isfinite(sizes)
    if known.sum() < FEWEST_BINS:
        return None
    level = np.interp(uptime_s, uptime_s[known], sizes[known])
    rise, grown = level[-1] - level[0], live[-1] - live[0]
    if rise <= 0.0 or grown <= 0.0 or np.nanmax(sizes) > top or level[-1] >= full:
        return None
    mib_each = np.polyfit(level, live, 1)[0]
    if np.corrcoef(level, live)[0, 1] < FOLLOWS or mib_each * level[0] > HELD * live[0]:
        return None
    return float(level[-1] / top), float(mib_each * (top - level[-1]))
