"""Lines that take back what others bring, told by their keys and not by their words: `hold_placed`, `hold_released`.

Each line of both has a key of its own, and what one of them names the other had named before. Of each slot the keys
with the lowest hashes are known, so of two slots the same ones are.

This tells who keeps what, and not whether anything is kept for ever: of what is open for very different times (most for
seconds, some for a minute) a part seems to stay, so the judge is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from gctail.attribution.known import called, hash_of

if TYPE_CHECKING:
    from gctail.templates.courses import Courses, Slot

OF_ITS_OWN = 0.9
"""Of the lines, so many different keys, as far as their number is known; so many of the sample came but once."""
FEWEST, FEWEST_LATER, MOST_UNKNOWN = 8, 3, 0.1
"""Keys that both lines are asked about; those that came later for certain (a time is known to a collection); and the
share of them that the first line may not know: they came before anybody listened."""
MOST_LINES = 64
"""Lines that are held against one another, those that came most."""


class Named(NamedTuple):
    """The keys of one template: of which, when each came first (s), and below which hash all of them are known."""

    template: int
    total: int
    first_s: dict[str, float]
    highest: float


def takers(courses: Courses) -> Iterator[tuple[int, int]]:
    """Places of templates: what brings something, and what is said of a part of the same later."""
    lines = sorted(range(len(courses.templates)), key=lambda at: -courses.templates[at].total)[:MOST_LINES]
    named: dict[str, list[Named]] = {}
    for at in lines:
        template = courses.templates[at]
        for slot in template.slots if not template.route else ():
            if called(slot) and len(slot.keys) >= FEWEST and _is_new_each_time(slot, template.total):
                named.setdefault(called(slot), []).append(_named(at, template.total, slot))
    yield from dict.fromkeys(_among(named.values()))


def _is_new_each_time(slot: Slot, lines: int) -> bool:
    return slot.once >= OF_ITS_OWN and slot.distinct >= OF_ITS_OWN * lines


def _named(at: int, total: int, slot: Slot) -> Named:
    first_s = {key.text: key.first_uptime_s for key in slot.keys}
    return Named(at, total, first_s, max(map(hash_of, first_s)) if slot.distinct > len(slot.keys) else inf)


def _among(named: Iterable[list[Named]]) -> Iterator[tuple[int, int]]:
    for alike in named:
        for brings in alike:
            for takes in alike:
                if brings.template != takes.template and _takes_back(brings, takes):
                    yield brings.template, takes.template


def _takes_back(brings: Named, takes: Named) -> bool:
    """Whether what one names the other had named before, and of some of it more than a moment before."""
    asked = [(text, at_s) for text, at_s in takes.first_s.items() if hash_of(text) <= brings.highest]
    known = [(at_s, brings.first_s[text]) for text, at_s in asked if text in brings.first_s]
    return (
        len(asked) >= FEWEST
        and takes.total <= brings.total
        and len(known) >= (1.0 - MOST_UNKNOWN) * len(asked)
        and all(before_s <= at_s for at_s, before_s in known)
        and sum(before_s < at_s for at_s, before_s in known) >= FEWEST_LATER
    )
