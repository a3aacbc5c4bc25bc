"""The course of one process, kept in bounded memory for whoever draws it: charts, tables, live views.

A trace holds bins of consecutive collections. When it has twice as many bins as were asked for, neighbours are merged
and each bin covers twice as many collections from then on, so the whole course stays visible, with its peaks and
troughs, however long it gets. About 1 us a collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from gctail.golang.pacer import Derived
from gctail.records import GcCycle


class Bin(Struct, gc=False):
    """Some consecutive collections. Sizes in MiB, as the runtime truncates them; `None` where the log does not say."""

    uptime_s: float | None
    """Of the first of them."""
    time_s: float | None
    """Unix time of the first of them."""
    offset: int
    """Where the first of them stands in its input, in bytes."""
    number: int
    """The runtime's number of the first of them."""
    collections: int
    heap_start_mib: int
    """The highest heap at the start of a collection."""
    heap_end_mib: int
    """The highest heap at the end of marking."""
    live_low_mib: int
    live_high_mib: int
    goal_mib: int | None
    """The last one."""
    stacks_mib: int | None
    """The highest."""
    globals_mib: int | None
    """The highest."""
    pause_max_ms: float
    pause_sum_ms: float
    allocated_mib: float
    """From the start of the collection before the first, to the start of the last."""
    busy_s: float
    """CPU share of the collector times seconds, summed; divided by `span_s` it is the mean share."""
    span_s: float
    """The seconds that `allocated_mib` and `busy_s` are about."""
    forced: int
    """How many of them the program asked for."""

    def merge(self, later: Bin) -> None:
        """Take in the collections that came right after these."""
        self.collections += later.collections
        self.heap_start_mib = max(self.heap_start_mib, later.heap_start_mib)
        self.heap_end_mib = max(self.heap_end_mib, later.heap_end_mib)
        self.live_low_mib = min(self.live_low_mib, later.live_low_mib)
        self.live_high_mib = max(self.live_high_mib, later.live_high_mib)
        if later.goal_mib is not None:
            self.goal_mib = later.goal_mib
        self.stacks_mib = _highest(self.stacks_mib, later.stacks_mib)
        self.globals_mib = _highest(self.globals_mib, later.globals_mib)
        self.pause_max_ms = max(self.pause_max_ms, later.pause_max_ms)
        self.pause_sum_ms += later.pause_sum_ms
        self.allocated_mib += later.allocated_mib
        self.busy_s += later.busy_s
        self.span_s += later.span_s
        self.forced += later.forced

    @property
    def alloc_rate_mib_per_s(self) -> float | None:
        """Allocation over the time that these collections cover."""
        return self.allocated_mib / self.span_s if self.span_s > 0 else None

    @property
    def gc_cpu_share(self) -> float | None:
        """Mean share of the processors' time that went into collecting, 0 to 1."""
        return self.busy_s / self.span_s if self.span_s > 0 else None


class Trace:
    """The course of one process in at most twice `points` bins, oldest first."""

    __slots__ = ("_bins", "_points", "_width", "pauses")

    def __init__(self, points: int) -> None:
        self._points = max(8, points)
        self._width = 1  # collections that a bin covers
        self._bins: list[Bin] = []
        self.pauses: tuple[int, float] = (0, 0.0)
        """How many collections there were, and their pauses in ms, summed."""

    def add(self, cycle: GcCycle, derived: Derived, time_s: float | None, offset: int) -> None:
        """One more collection."""
        live = cycle.heap_live_mib
        pause_ms = cycle.pause_ms
        span_s = derived.interval_s or 0.0
        new = Bin(
            cycle.uptime_s, time_s, offset, cycle.number, 1,
            cycle.heap_start_mib, cycle.heap_end_mib, live, live, cycle.goal_mib, cycle.stacks_mib, cycle.globals_mib,
            pause_ms, pause_ms,
            (derived.alloc_rate_mib_per_s or 0.0) * span_s, (derived.gc_cpu_share or 0.0) * span_s, span_s,
            int(cycle.forced),
        )  # fmt: skip
        count, sum_ms = self.pauses
        self.pauses = (count + 1, sum_ms + pause_ms)
        bins = self._bins
        if bins and bins[-1].collections < self._width:
            bins[-1].merge(new)
            return
        if len(bins) >= 2 * self._points:
            self._halve()
        bins.append(new)

    def bins(self) -> list[Bin]:
        """What has been so far; the caller must not change it."""
        return self._bins

    def _halve(self) -> None:
        """Merge neighbours: half as many bins, each twice as wide."""
        bins = self._bins
        for first, second in zip(bins[::2], bins[1::2], strict=False):
            first.merge(second)
        del bins[1::2]
        self._width *= 2

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {"points": self._points, "width": self._width, "bins": [list(astuple(each)) for each in self._bins]}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Trace:
        """The trace that `state` was taken of."""
        trace = cls(state["points"])
        trace._width = state["width"]
        trace._bins = bins = [Bin(*each) for each in state["bins"]]
        trace.pauses = (sum(each.collections for each in bins), sum(each.pause_sum_ms for each in bins))
        return trace


def end_s(bins: Sequence[Bin]) -> float:
    """How old the process was, in seconds, at the start of the last bin whose uptime is known; 0 where none is."""
    return next((each.uptime_s for each in reversed(bins) if each.uptime_s is not None), 0.0)


def _highest(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)
