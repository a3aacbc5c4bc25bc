"""Keys that other lines knew long before: what is filed under them now was not new by then.

Of 140 drones all report their place within the first seconds; that `battery low` is said of ever more of them tells how
often it is said, and not that something is kept for each.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
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


class Known:
    """The samples of keys of all slots: of one name, or where a text gives none, of one type."""

    def __init__(self, courses: Courses) -> None:
        self.long_s = max(LONG_S, LONG_SHARE * (courses.uptime_s[-1] - courses.uptime_s[0]))
        self.samples: defaultdict[str, list[tuple[int, Slot]]] = defaultdict(list)
        most = sorted(range(len(courses.templates)), key=lambda at: -courses.templates[at].total)
        for at in most:
            for slot in courses.templates[at].slots if not courses.templates[at].route else ():
                called = _called(slot)
                if called and len(slot.keys) >= FEWEST and len(self.samples[called]) < MOST_LINES:
                    self.samples[called].append((at, slot))

    def before(self, template: int, slot: Slot) -> bool:
        """Whether nearly all keys of this slot came long before in one that is called the same, of another line."""
        others = self.samples.get(_called(slot), ())
        return any(at != template and self._knew(other, slot) for at, other in others)

    def _knew(self, other: Slot, slot: Slot) -> bool:
        """Both samples are the keys with the lowest hashes: below the highest of the other's it has all that it saw."""
        first_s = {key.text: key.first_uptime_s for key in other.keys}
        whole = other.distinct <= len(other.keys)
        highest = max(_hash(text) for text in first_s)
        begin_s = min(first_s.values()) + self.long_s  # before that nothing can have been known for long
        asked = [key for key in slot.keys if key.first_uptime_s > begin_s and (whole or _hash(key.text) <= highest)]
        earlier = sum(first_s.get(key.text, key.first_uptime_s) < key.first_uptime_s - self.long_s for key in asked)
        return len(asked) >= FEWEST and earlier >= NEARLY_ALL * len(asked)


def _called(slot: Slot) -> str:
    """Empty where it has no name and its keys are mere numbers, of which any two slots have some in common."""
    return slot.name.rpartition(".")[2] or (f"#{slot.type}" if slot.type != "int" else "")


def _hash(text: str) -> int:
    return crc32(text.encode("utf-8", "replace"))
