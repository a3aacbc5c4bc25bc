"""The past of one process in about a hundred blocks, fine for the last minutes and coarse for the first days."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

CAPACITY = 128
KEPT = 88
FINEST_GROWTH = 0.06
FEWEST_OF_A_RANGE = 4


class View(NamedTuple):
    """Columns of some of the history, oldest first: time (s), level (MiB), allocation clock (MiB), MiB/s allocated."""

    time_s: list[float]
    low: list[float]
    allocated: list[float]
    rate: list[float]


class History:
    """Blocks whose width is at most a fixed share of their age (an exponential histogram), so memory is O(log age).

    Columns of equal length, oldest first: when the block ended, the mean time of its collections (s), the level that is
    rarely undercut (MiB), the highest level (MiB), and the allocation clock: MiB allocated from process start to its
    end. Values are kept to three decimals, finer than a trace prints, which keeps the saved form small; arrays of
    doubles take a quarter of the room of lists.
    """

    __slots__ = ("allocated", "end_s", "high", "low", "time_s")

    def __init__(self) -> None:
        self.end_s: array[float] = array("d")
        self.time_s: array[float] = array("d")
        self.low: array[float] = array("d")
        self.high: array[float] = array("d")
        self.allocated: array[float] = array("d")

    def __len__(self) -> int:
        return len(self.end_s)

    def add(self, end_s: float, time_s: float, low: float, high: float, allocated: float) -> None:
        """Append the newest block; when there are too many, join old neighbours."""
        self.end_s.append(round(end_s, 3))
        self.time_s.append(round(time_s, 3))
        self.low.append(round(low, 3))
        self.high.append(round(high, 3))
        self.allocated.append(round(allocated, 3))
        if len(self.end_s) > CAPACITY:
            self._thin()

    def _thin(self) -> None:
        """Join neighbours with growing tolerance until few enough are left."""
        growth = FINEST_GROWTH
        while len(self.end_s) > KEPT:
            self._join(growth)
            growth *= 1.3

    def _join(self, growth: float) -> None:
        """One pass from old to new: neighbours become one where they are narrower than `growth` times their age."""
        ends, now_s = self.end_s, self.end_s[-1]
        kept = History()
        started_s = 0.0
        index, count = 0, len(ends)
        while index < count:
            last = index
            if index + 1 < count and ends[index + 1] - started_s <= growth * (now_s - ends[index + 1]):
                last = index + 1
            kept._take(self, index, last, started_s)
            started_s = ends[last]
            index = last + 1
        self.end_s, self.time_s, self.low = kept.end_s, kept.time_s, kept.low
        self.high, self.allocated = kept.high, kept.allocated

    def _take(self, other: History, first: int, last: int, started_s: float) -> None:
        """Append block `first` of `other`, or `first` and `last` joined, each weighed by how long it lasted."""
        share = 0.0
        if last > first:
            before = max(other.end_s[first] - started_s, 1e-6)
            after = max(other.end_s[last] - other.end_s[first], 1e-6)
            share = before / (before + after)

        def mean(column: array[float]) -> float:
            return round(share * column[first] + (1.0 - share) * column[last], 3) if share else column[last]

        self.end_s.append(other.end_s[last])
        self.time_s.append(mean(other.time_s))
        self.low.append(mean(other.low))
        self.high.append(max(other.high[first], other.high[last]))
        self.allocated.append(other.allocated[last])

    def at(self, time_s: float) -> int:
        """Index of the first block whose collections lie at or after `time_s`, at most the last block."""
        return min(bisect_left(self.time_s, time_s), len(self.time_s) - 1)

    def after(self, time_s: float) -> int:
        """How many blocks lie after that time (s)."""
        return len(self.time_s) - bisect_right(self.time_s, time_s)

    def lower(self, since_s: float, level: float, last: int) -> None:
        """Let the blocks since then, but for so many of the last ones, have been no higher than `level` (MiB)."""
        for at in range(bisect_left(self.time_s, since_s), len(self.low) - last):
            self.low[at] = min(self.low[at], round(level, 3))

    def chosen(self, places: list[int]) -> History:
        """These blocks alone."""
        chosen = History()
        for name in self.__slots__:
            column = getattr(self, name)
            setattr(chosen, name, array("d", [column[at] for at in places]))
        return chosen

    def level(self, time_s: float) -> float:
        """The low level near `time_s`: the mean of up to three blocks around it (MiB)."""
        times = self.time_s
        index = bisect_left(times, time_s)
        if index == len(times):
            index -= 1
        near = self.low[index - 1 if index else 0 : index + 2]
        return sum(near) / len(near)

    def pace(self, begin_s: float, end_s: float) -> float:
        """MiB allocated per second between two times; 0 where no time lies between them."""
        before, after = self._clock_at(begin_s), self._clock_at(end_s)
        return (after - before) / (end_s - begin_s) if end_s > begin_s else 0.0

    def _clock_at(self, time_s: float) -> float:
        """The allocation clock (MiB) at that time: straight between ends of blocks, none before the process began."""
        ends_s, ends = self.end_s, self.allocated
        after = bisect_left(ends_s, time_s)
        if after == len(ends_s):
            return ends[-1]
        begin_s, began = (ends_s[after - 1], ends[after - 1]) if after else (0.0, 0.0)
        return began + (ends[after] - began) * (time_s - begin_s) / max(ends_s[after] - begin_s, 1e-6)

    def range_after(self, share: float) -> tuple[float, float, float] | None:
        """Since when (s), and the lowest and highest level (MiB), once this share of the time seen is over."""
        if len(self) < FEWEST_OF_A_RANGE:
            return None
        first = bisect_left(self.time_s, self.time_s[0] + share * (self.time_s[-1] - self.time_s[0]))
        return self.time_s[first], min(self.low[first:]), max(self.high[first:])

    def last_below(self, level: float, from_s: float) -> float:
        """When the low level was last at or below `level` (s), not before `from_s`."""
        lows = self.low[bisect_right(self.time_s, from_s) :]
        for back, low in enumerate(reversed(lows), 1):
            if low <= level:
                return self.time_s[-back]
        return from_s

    def since(self, start_s: float, growth: float = 0.08) -> View:
        """The blocks that ended after `start_s`, the last one at least, joined to be `growth` of their age wide."""
        ends_s = self.end_s
        first = min(bisect_left(ends_s, start_s), len(ends_s) - 1)
        now_s = ends_s[-1]
        view = View([], [], [], [])
        index = len(ends_s) - 1
        while index >= first:
            oldest, width_s = index, (now_s - ends_s[index]) * (1.0 + growth)
            while oldest > first and now_s - ends_s[oldest - 1] < width_s:
                oldest -= 1
            self._show(view, oldest, index)
            index = oldest - 1
        for column in view:
            column.reverse()
        return view

    def recent(self, view: View, share: float) -> list[float]:
        """What was allocated within a share of the view's time, up to each of its blocks (MiB)."""
        width_s = share * (view.time_s[-1] - view.time_s[0])
        begins = [t - width_s for t in view.time_s]
        return [mib - clock for mib, clock in zip(view.allocated, self._clocks_at(begins), strict=True)]

    def _clocks_at(self, times_s: list[float]) -> list[float]:
        """The allocation clock (MiB) at these times: straight between ends of blocks, before the first as after it."""
        ends_s, ends, last = self.end_s.tolist(), self.allocated.tolist(), len(self.end_s) - 1
        clocks: list[float] = []
        for time_s in times_s:
            after = bisect_left(ends_s, time_s, 1, last)
            pace = (ends[after] - ends[after - 1]) / max(ends_s[after] - ends_s[after - 1], 1e-6)
            clocks.append(ends[after] - pace * (ends_s[after] - time_s))
        return clocks

    def _show(self, view: View, oldest: int, newest: int) -> None:
        """Add blocks `oldest` to `newest` to `view` as one."""
        begin_s = self.end_s[oldest - 1] if oldest else 0.0
        allocated = self.allocated[oldest - 1] if oldest else 0.0
        width_s = max(self.end_s[newest] - begin_s, 1e-6)
        if oldest == newest:
            time_s, low = self.time_s[newest], self.low[newest]
        else:
            time_s, low, before_s = 0.0, 0.0, begin_s
            for index in range(oldest, newest + 1):
                weight = max(self.end_s[index] - before_s, 1e-6) / width_s
                before_s = self.end_s[index]
                time_s += weight * self.time_s[index]
                low += weight * self.low[index]
        rate = max(0.0, self.allocated[newest] - allocated) / width_s
        view.time_s.append(time_s)
        view.low.append(low)
        view.allocated.append(allocated + rate * (time_s - begin_s))
        view.rate.append(rate)

    def state(self) -> dict[str, Any]:
        """The columns as plain lists."""
        return {name: list(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> History:
        """The history that `state` was taken from."""
        history = cls()
        for name in cls.__slots__:
            setattr(history, name, array("d", state[name]))
        return history
