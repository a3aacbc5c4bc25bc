"""How often each of the few values of a slot came, over time: kinds of events, states, codes, tenants, routes.

Up to `MOST_VALUES` all are counted. A slot that has more at the end of a time bin keeps those that had come often by
then; one whose values are all rare, as keys are, keeps none. Of lines that are counted only (`skim`) the values are
told by their shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gctail.templates.grid import Course

MOST_VALUES = 12
MOST_CHOSEN = 8
OFTEN, RARE = 0.05, 0.02
"""Of all lines: what is chosen when there are too many values, and what is forgotten again later."""
ENOUGH = 200
"""Lines after which it is known that a value is rare."""
MOST_HELD = 256
"""Values within a bin; then those that are rare so far are forgotten."""
LONGEST = 64
FORGET = b"0123456789abcdefABCDEF"
"""What shapes of lines are without."""


class Parts:
    """The lines of a template, divided by the value that one slot has there."""

    __slots__ = ("_apart", "chosen", "courses", "crowded", "lines", "now", "told", "told_now", "totals")

    def __init__(self) -> None:
        self.courses: dict[bytes, Course] = {}
        self.totals: dict[bytes, int] = {}
        self.now: dict[bytes, int] = {}
        """Of the open bin."""
        self.lines = 0
        """Of all values."""
        self.chosen = False
        """There were too many values: others are counted by nobody."""
        self.crowded = False
        """So many that rare ones were forgotten before the bin was over."""
        self.told, self.told_now = Course("sum"), 0
        """Lines whose value is known though they were not read."""
        self._apart: bool | None = None

    def add(self, keys: Sequence[bytes], counts: Sequence[int]) -> None:
        """Values of lines that were read, and how often each came."""
        now, known = self.now, len(self.now)
        self.lines += sum(counts)
        if self.chosen:
            for key, count in zip(keys, counts, strict=True):
                if key in now:
                    now[key] += count
            return
        for key, count in zip(keys, counts, strict=True):
            now[key] = now.get(key, 0) + count
        if len(now) > known:
            self._apart = None
            if len(now) > MOST_HELD:
                self.crowded = True
                self._keep(self._often())

    def tell(self, value: bytes, lines: int) -> None:
        """So many lines that were not read have this value."""
        self.lines += lines
        self.told_now += lines
        if value in self.now:
            self.now[value] += lines

    def know(self, word: bytes, count: Course, read: Course, now: int, now_read: int) -> None:
        """The lines of a word that was a template of its own until now."""
        if self.chosen and word not in self.now:
            return
        for place, (lines, of_them) in enumerate(zip(count.values, read.whole(len(count.values)), strict=True)):
            if lines > of_them:
                self.told.put(place, lines - of_them)
        self.told_now += now - now_read
        self.lines += round(sum(count.values)) + now
        self.courses.setdefault(word, Course("sum")).take(count)
        self.totals[word] = self.totals.get(word, 0) + round(sum(count.values))
        self.now[word] = self.now.get(word, 0) + now
        self._apart = None

    @property
    def apart(self) -> bool:
        """Whether the values look different in the shapes of lines.

        Those that count up look alike without their digits, though not all of them may have come yet.
        """
        if self._apart is None:
            shapes = {value.translate(None, FORGET) for value in self.now}
            self._apart = len(shapes) == len(self.now) and not any(map(_has_digits, self.now))
        return self._apart

    @property
    def many(self) -> bool:
        """There are more than can all be counted."""
        held = self.now
        return self.chosen or self.crowded or len(held) > MOST_VALUES or any(len(value) > LONGEST for value in held)

    @property
    def any(self) -> bool:
        """Whether there is anything to count."""
        return bool(self.now) or not self.chosen

    def close(self, place: int) -> None:
        """The open bin is complete."""
        now, totals = self.now, self.totals
        for value, count in now.items():
            if count:
                course = self.courses.get(value)
                if course is None:
                    course = self.courses[value] = Course("sum")
                course.put(place, count)
                totals[value] = totals.get(value, 0) + count
                now[value] = 0
        if self.told_now:
            self.told.put(place, self.told_now)
            self.told_now = 0
        if not self.chosen and self.many:
            self.chosen = True
            self._keep(self._often()[:MOST_CHOSEN])

    def forget(self) -> None:
        """Whoever was chosen and turns out to be rare."""
        if self.chosen and self.lines >= ENOUGH:
            able = [value for value in self.now if self._total(value) >= RARE * self.lines]
            if len(able) < len(self.now):
                self._keep(able)

    def halve(self) -> None:
        """The grid has merged neighbours."""
        for course in (self.told, *self.courses.values()):
            course.halve()

    def take(self, other: Parts) -> None:
        """Those of another slot that turned out to be the same."""
        for value, count in other.now.items():
            self.now[value] = self.now.get(value, 0) + count
        for value, course in other.courses.items():
            self.courses.setdefault(value, Course("sum")).take(course)
            self.totals[value] = self.totals.get(value, 0) + other.totals[value]
        self.told.take(other.told)
        self.told_now += other.told_now
        self.lines += other.lines
        sure = [parts.now for parts in (self, other) if parts.chosen]
        self.chosen, self.crowded = bool(sure), self.crowded or other.crowded
        self._keep([value for value in self.now if all(value in each for each in sure)])

    def shown(self, lines: Sequence[float], read: Sequence[float]) -> dict[bytes, list[float]]:
        """Each value over time, of so many lines in each bin, of which some were read."""
        told = self.told.whole(len(lines))
        scale = [
            max(every / (some + more), 1.0) if some + more else 1.0
            for every, some, more in zip(lines, read, told, strict=True)
        ]
        return {
            value: [each * factor for each, factor in zip(course.whole(len(lines)), scale, strict=True)]
            for value, course in self.courses.items()
        }

    def _total(self, value: bytes) -> int:
        return self.totals.get(value, 0) + self.now[value]

    def _often(self) -> list[bytes]:
        """The values that came often so far, the most frequent first."""
        often = max(2.0, OFTEN * self.lines)
        able = [value for value in self.now if self._total(value) >= often and len(value) <= LONGEST]
        return sorted(able, key=lambda value: (-self._total(value), value))

    def _keep(self, values: Iterable[bytes]) -> None:
        self._apart = None
        self.now = {value: self.now[value] for value in values}
        self.courses = {value: course for value, course in self.courses.items() if value in self.now}
        self.totals = {value: total for value, total in self.totals.items() if value in self.now}

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "courses": {value.decode("latin-1"): course.state() for value, course in self.courses.items()},
            "totals": {value.decode("latin-1"): total for value, total in self.totals.items()},
            "now": {value.decode("latin-1"): count for value, count in self.now.items()},
            "lines": self.lines,
            "chosen": self.chosen,
            "crowded": self.crowded,
            "told": self.told.state(),
            "told_now": self.told_now,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Parts:
        """The parts that `state` was taken of."""
        parts = cls()
        parts.courses = {value.encode("latin-1"): Course("sum", course) for value, course in state["courses"].items()}
        parts.totals = {value.encode("latin-1"): total for value, total in state["totals"].items()}
        parts.now = {value.encode("latin-1"): count for value, count in state["now"].items()}
        parts.lines, parts.chosen, parts.crowded = state["lines"], state["chosen"], state["crowded"]
        parts.told, parts.told_now = Course("sum", state["told"]), state["told_now"]
        return parts


def _has_digits(value: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in value)
