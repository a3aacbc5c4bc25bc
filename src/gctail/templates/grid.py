"""Time in a bounded number of bins: when all are full, neighbours are merged and cover twice as many collections.

A bin closes with a collection, for only then the live heap is known. All courses of a mine are kept on one grid.

Where a heap does not fit under its limit, thousands of collections come in a moment in which hardly anything is said or
kept: bins of so many collections alone would tell of that moment and of nothing before it, at the grain of whole MiB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import isnan, nan
from typing import Any

MOST_BINS = 128
ABSENT = nan
LEAST_PART = 1 / 256
"""Once bins were merged, one closes when it has so much of all the time or of all the text.

Where collections are spaced evenly, a bin has twice as much of the time, or more.
"""


class Course:
    """One number per bin: a sum, a level (the first or the last one counts), or a lowest. 4 bytes a bin.

    A course is as long as it has been written; what is missing at its end is `empty`.
    """

    __slots__ = ("kind", "values")

    def __init__(self, kind: str, values: Iterable[float | None] = ()) -> None:
        """`kind` is "sum", "first", "last" or "lowest"."""
        self.kind = kind
        self.values = array("f", [ABSENT if value is None else value for value in values])

    @property
    def empty(self) -> float:
        """What stands in a bin in which nothing was said."""
        return 0.0 if self.kind == "sum" else ABSENT

    def put(self, place: int, value: float) -> None:
        """Set the number of a bin, or add to it where it is a sum that is there already."""
        values = self.values
        if len(values) == place:
            values.append(value)
        elif len(values) < place:
            values.extend([self.empty] * (place + 1 - len(values)))
            values[place] = value
        elif self.kind == "sum":
            values[place] += value
        else:
            values[place] = self._merged(values[place], value)

    def take(self, other: Course) -> None:
        """Take in another course of the same kind, bin by bin."""
        for place, value in enumerate(other.values):
            if not isnan(value) and value != self.empty:
                self.put(place, value)

    def halve(self) -> None:
        """Merge neighbours."""
        values = list(self.values)
        if len(values) % 2:
            values.append(self.empty)
        self.values = array("f", map(self._merged, values[::2], values[1::2]))

    def whole(self, bins: int) -> list[float]:
        """The numbers of all bins."""
        return [*self.values[:bins], *[self.empty] * (bins - len(self.values))]

    def state(self) -> list[float | None]:
        """The numbers, for JSON."""
        return [None if isnan(value) else value for value in self.values]

    def _merged(self, earlier: float, later: float) -> float:
        if self.kind == "sum":
            return earlier + later
        if isnan(earlier) or isnan(later):
            return earlier if isnan(later) else later
        return {"first": earlier, "last": later}.get(self.kind, min(earlier, later))


_KINDS = {
    "uptime_s": "last", "live_mib": "last", "live_low_mib": "lowest", "live_sum_mib": "sum", "collections": "sum",
    "lines": "sum", "read": "sum",
}  # fmt: skip


class Grid:
    """The bins of one mine: when each closed, what the live heap was, how many lines came and how many were read."""

    def __init__(self, most_bins: int = MOST_BINS) -> None:
        self.most_bins = most_bins
        self.bins = 0
        """Closed ones; it is also the place of the open one."""
        self.collections_per_bin = 1
        self.courses = {name: Course(kind) for name, kind in _KINDS.items()}
        self.open = dict.fromkeys(_KINDS, 0.0)
        self.last_uptime_s = 0.0

    def tick(self, uptime_s: float, live_mib: float, text_part: float) -> bool:
        """A collection; whether it closes the bin, which has that part (0 to 1) of all the text so far."""
        now = self.open
        self.last_uptime_s = now["uptime_s"] = uptime_s
        now["live_low_mib"] = min(live_mib, now["live_low_mib"]) if now["collections"] else live_mib
        now["live_mib"] = live_mib
        now["live_sum_mib"] += live_mib
        now["collections"] += 1
        if now["collections"] < self.collections_per_bin:
            return False
        slim = uptime_s - self.closed_s < LEAST_PART * uptime_s and text_part < LEAST_PART
        return not (slim and self.collections_per_bin > 1)

    def close(self) -> None:
        """The bin is complete: a new one is opened."""
        for name, course in self.courses.items():
            course.put(self.bins, self.open[name])
        self.open = dict.fromkeys(_KINDS, 0.0)
        self.bins += 1

    @property
    def closed_s(self) -> float:
        """When the last bin closed, which is when the open one began; of the first one nobody knows that."""
        return self.courses["uptime_s"].values[-1] if self.bins else self.last_uptime_s

    @property
    def full(self) -> bool:
        """It is time to merge neighbours."""
        return self.bins >= self.most_bins

    def halve(self) -> None:
        """Merge neighbours; whoever keeps courses on this grid does the same."""
        for course in self.courses.values():
            course.halve()
        self.bins = (self.bins + 1) // 2
        self.collections_per_bin *= 2

    def whole(self, name: str) -> list[float]:
        """A course over all closed bins."""
        return self.courses[name].whole(self.bins)

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "most_bins": self.most_bins,
            "bins": self.bins,
            "collections_per_bin": self.collections_per_bin,
            "courses": {name: course.state() for name, course in self.courses.items()},
            "open": self.open,
            "last_uptime_s": self.last_uptime_s,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Grid:
        """The grid that `state` was taken of."""
        grid = cls(state["most_bins"])
        grid.bins, grid.collections_per_bin = state["bins"], state["collections_per_bin"]
        grid.courses = {name: Course(kind, state["courses"][name]) for name, kind in _KINDS.items()}
        grid.open, grid.last_uptime_s = dict(state["open"]), state["last_uptime_s"]
        return grid
