"""Keys that other lines knew long before: what is filed under them now was not new by then.

Of 140 drones all report their place within the first seconds; that `battery low` is said of ever more of them tells how
often it is said, and not that something is kept for each.
"""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from gctail.templates.courses import Courses, Slot

FEWEST = 6
"""Keys that both lines are asked about."""
NEARLY_ALL = 0.8
MOST_LINES = 64
"""Lines that are asked, those that came most: what is known for long is what many lines tell."""
LONG_S, LONG_SHARE = 5.0, 0.05
"""Seconds, or that part of all the time: what belongs to one piece of work is said within it."""


class Sample(NamedTuple):
    """The keys of a slot with the lowest hashes, up to the `highest`: below that it has all that it saw."""

    template: int
    first_s: dict[str, float]
    highest: float
    begin_s: float


class Known:
    """The samples of keys of all slots: of one name, or where a text gives none, of one type."""

    def __init__(self, courses: Courses) -> None:
        self.long_s = max(LONG_S, LONG_SHARE * (courses.uptime_s[-1] - courses.uptime_s[0]))
        self.samples: defaultdict[str, list[Sample]] = defaultdict(list)
        most = sorted(range(len(courses.templates)), key=lambda at: -courses.templates[at].total)
        for at in most:
            for slot in courses.templates[at].slots if not courses.templates[at].route else ():
                name = called(slot)
                if name and len(slot.keys) >= FEWEST and len(self.samples[name]) < MOST_LINES:
                    self.samples[name].append(self._sample(at, slot))

    def _sample(self, at: int, slot: Slot) -> Sample:
        """What is known for long was there some time after the first."""
        first_s = {key.text: key.first_uptime_s for key in slot.keys}
        highest = max(map(hash_of, first_s)) if slot.distinct > len(slot.keys) else inf
        return Sample(at, first_s, highest, min(first_s.values()) + self.long_s)

    def before(self, template: int, slot: Slot) -> bool:
        """Whether nearly all keys of this slot came long before in one that is called the same, of another line."""
        others = [each for each in self.samples.get(called(slot), ()) if each.template != template]
        if not others or len(slot.keys) < FEWEST:
            return False
        keys = [(key.text, key.first_uptime_s, hash_of(key.text)) for key in slot.keys]
        return any(self._knew(other, keys) for other in others)

    def _knew(self, other: Sample, keys: list[tuple[str, float, int]]) -> bool:
        """Of keys with their first time and their hash, those are asked about that the other sample would hold."""
        asked = [(text, at_s) for text, at_s, hashed in keys if at_s > other.begin_s and hashed <= other.highest]
        earlier = sum(other.first_s.get(text, at_s) < at_s - self.long_s for text, at_s in asked)
        return len(asked) >= FEWEST and earlier >= NEARLY_ALL * len(asked)


def called(slot: Slot) -> str:
    """What to look for the keys of a slot under: its name, or where it has none, its type.

    Empty where its keys are mere numbers without a name, of which any two slots have some in common.
    """
    return slot.name.rpartition(".")[2] or (f"#{slot.type}" if slot.type != "int" else "")


def hash_of(text: str) -> int:
    """What a sample of keys is drawn by (`templates.distinct`)."""
    return crc32(text.encode("utf-8", "replace"))
