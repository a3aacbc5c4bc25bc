"""Heap samples of one process as if they were its collections, so that the models which judge gctrace judge them too.

HeapAlloc includes garbage: it is a saw-tooth between the live heap and the goal. What lives is told by three things,
the best first: what the last collection marked, where the program says so; the goal, which the pacer sets to
live * (1 + GOGC / 100) (go/src/runtime/mgcpacer.go), unless a memory limit holds it down; and the lowest HeapAlloc of
the last collections, which is what is left where the goal cannot be believed.
"""

from __future__ import annotations

from statistics import fmean, pstdev
from typing import Any, TypeVar

from msgspec import Struct, convert, field, to_builtins

from gctail.records import GcCycle, HeapSample

DEFAULT_GOGC = 100.0
WINDOW = 32
"""Collections whose lowest HeapAlloc counts where the goal may be held down. More: samples that always fall on the same
side of the saw-tooth deceive less, and a heap that outgrows its goal is followed later."""
WINDOW_WITHOUT_GOAL = 12
"""The same where nothing but HeapAlloc is known: there growth must be followed sooner."""
LEAST_WINDOW = 3
"""The same where there are several samples to each collection: every tooth of the saw shows its foot then."""
EVEN, MOST_RISES = 0.25, 8
"""Rises from sample to sample that spread by less than this share of their mean: one tooth is climbed in steps."""
FLOOR_SHARE = 0.85
"""Of the lowest HeapAlloc of a window so much surely lives: samples fall anywhere on the saw-tooth's slope, and the
lowest of 32 still lies a few percent above its foot."""
LEAST_GOAL_MIB = 16.0
"""A smaller goal may be the least there is, 4 MiB * GOGC / 100, and says nothing about what lives."""
FEW = 3
"""A heap below the default share of its goal means a higher GOGC only where it was there more than once or twice: a
collection that runs while a map doubles counts what is garbage a moment later."""
SCANNED_STACK_SHARE = 1 / 3
"""A trace's "MB stacks" is what was scanned, 2.5 to 3.7 times less than StackInuse."""
TELLS_LIMIT = frozenset(("prometheus", "runtime-metrics"))
"""Sources that give GOMEMLIMIT beside GOGC: without one, nothing holds the goal down."""
FALL_SHARE = 0.9
"""HeapAlloc below so much of what it was: there was a collection between (where nothing else tells)."""
MOST_SILENT = 8
"""Samples that only rose, after which their lowest is taken for a collection: there surely was one."""
_Number = TypeVar("_Number", int, float)
MOST_MIB = float(1 << 38)
"""Of a heap and of a goal: beyond it there is none (GOGC=off)."""


class SampleSeries(Struct):
    """The collections of one process, as far as its samples show them. Constant size; all of it is plain data."""

    number: int = 0
    """Collections handed out. Not NumGC: between two samples there may be many, and none of them was lost."""
    first_s: float | None = None
    uptime_s: float | None = None
    timed: bool = True
    """Whether the first sample had a time: then all collections have one, else none."""
    number_before: int | None = None
    gc_before_s: float | None = None
    start_before_s: float | None = None
    pause_total_before_ms: float | None = None
    next_goal_before_mib: float | None = None
    live_before_mib: float | None = None
    heap_before_mib: float | None = None
    lowest_mib: float | None = None
    """The lowest HeapAlloc since the last collection …"""
    silent: int = 0
    """… and how many samples that is."""
    lows: list[float] = field(default_factory=list)
    rises: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    """How many samples there were to each of the last collections: 1 / 3 where one sample showed three."""
    shares: list[float] = field(default_factory=list)
    """The least shares of the goal that HeapAlloc ever had. They never rise again: that would look like growth."""

    def observe(self, sample: HeapSample, time_s: float | None = None) -> GcCycle | None:
        """The collection that this sample is the first to show; None where there was none since the sample before.

        `time_s` is Unix time, None where the log has none: the sample's own is taken then, if it has one.
        """
        time_s = sample.time_s if time_s is None else time_s
        heap_mib = sample.heap_alloc_mib if sample.heap_alloc_mib is not None else sample.heap_live_mib
        if heap_mib is None or not 0 <= heap_mib < MOST_MIB:
            return None
        if self._is_another_process(sample):
            self._begin_again()
        self._clock(sample, time_s)
        cycle = self._cycle(sample, heap_mib) if self._collected(sample, heap_mib) else None
        self._remember(sample, heap_mib, collected=cycle is not None)
        return cycle

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        told: dict[str, Any] = to_builtins(self)
        return told

    @classmethod
    def restore(cls, state: dict[str, Any]) -> SampleSeries:
        """The series that `state` was taken of."""
        return convert(state, cls)

    # -- processes and time

    def _is_another_process(self, sample: HeapSample) -> bool:
        """NumGC or the sum of the pauses fell, or the process began at another time."""
        if sample.number is not None and self.number_before is not None:
            return sample.number < self.number_before
        if sample.start_s is not None and self.start_before_s is not None:
            return abs(sample.start_s - self.start_before_s) > 1.0
        before_ms = self.pause_total_before_ms
        return sample.pause_total_ms is not None and before_ms is not None and sample.pause_total_ms < 0.5 * before_ms

    def _begin_again(self) -> None:
        fresh = SampleSeries()
        for name in self.__struct_fields__:
            setattr(self, name, getattr(fresh, name))

    def _clock(self, sample: HeapSample, time_s: float | None) -> None:
        """Seconds since the process began or, where it does not say, since its first sample. Never runs backwards."""
        if self.heap_before_mib is None:
            self.timed = time_s is not None
        if time_s is None or not self.timed:
            return
        if self.first_s is None:
            start_s = sample.start_s
            self.first_s = start_s if start_s is not None and start_s <= time_s else time_s
        self.uptime_s = max(self.uptime_s or 0.0, time_s - self.first_s)

    # -- collections

    def _collected(self, sample: HeapSample, heap_mib: float) -> bool:
        """Whether there was a collection between the sample before and this one."""
        if sample.number is not None:
            return self._counted(sample, sample.number, heap_mib)
        if sample.last_gc_s is not None:
            return sample.last_gc_s != self.gc_before_s
        if sample.heap_live_mib is not None:
            return sample.heap_live_mib != self.live_before_mib
        if sample.next_goal_mib is not None and sample.next_goal_mib != self.next_goal_before_mib:
            return True
        return self._settled(heap_mib)

    def _counted(self, sample: HeapSample, number: int, heap_mib: float) -> bool:
        """The same where NumGC is given.

        With nothing but HeapAlloc beside it only low samples count, once they are rarer than collections: they lie
        anywhere on the saw-tooth's slope.
        """
        before = self.number_before
        if number in {0, before}:
            return False
        if before is None or number == before + 1 or sample.next_goal_mib is not None:
            return True
        return sample.heap_live_mib is not None or self._settled(heap_mib)

    def _settled(self, heap_mib: float) -> bool:
        """A collection as far as HeapAlloc alone shows one."""
        return self._fell(heap_mib) or self.silent >= MOST_SILENT

    def _fell(self, heap_mib: float) -> bool:
        return self.heap_before_mib is not None and heap_mib < FALL_SHARE * self.heap_before_mib

    def _cycle(self, sample: HeapSample, heap_mib: float) -> GcCycle:
        marked = int(self._live(sample, heap_mib))
        start = max(marked, int(heap_mib if self.heap_before_mib is None else self.heap_before_mib))
        goal_mib, stacks_mib = self.next_goal_before_mib, sample.stacks_mib
        self.number += 1
        return GcCycle(
            number=self.number,
            uptime_s=None if self.uptime_s is None else round(self.uptime_s, 3),
            gc_cpu_percent=None if sample.gc_cpu_fraction is None else int(100 * sample.gc_cpu_fraction),
            clock_ms=(self._pause_ms(sample), 0.0, 0.0),
            cpu_ms=(),
            heap_start_mib=start,
            heap_end_mib=start,
            heap_marked_mib=marked,
            goal_mib=None if goal_mib is None or goal_mib > MOST_MIB else int(goal_mib),
            stacks_mib=None if stacks_mib is None else int(stacks_mib * SCANNED_STACK_SHARE),
            globals_mib=None if stacks_mib is None else 0,
            procs=1,
            forced=False,
            leak_check=False,
            go="sampled",
            objects=sample.objects,
            goroutines=sample.goroutines,
        )

    def _pause_ms(self, sample: HeapSample) -> float:
        """The mean pause of the collections since the sample before."""
        before_ms, number = self.pause_total_before_ms, sample.number
        if sample.pause_total_ms is None or before_ms is None or number is None:
            return 0.0
        return round(max(0.0, sample.pause_total_ms - before_ms) / max(1, number - (self.number_before or 0)), 6)

    # -- what lives

    def _live(self, sample: HeapSample, heap_mib: float) -> float:
        """The live heap after the last collection (MiB)."""
        if sample.heap_live_mib is not None:
            return sample.heap_live_mib
        goal_mib = sample.next_goal_mib
        if goal_mib is None or not 0 < goal_mib < MOST_MIB or sample.gogc_percent == -1.0:
            return self._envelope(heap_mib)
        self.lows = [*self.lows, heap_mib][-WINDOW:]
        told = sample.gogc_percent is not None and sample.memory_limit_mib is None and sample.source in TELLS_LIMIT
        floor_mib = 0.0 if told else self._floor()
        return min(heap_mib, max(self._of_goal(sample, heap_mib, goal_mib), floor_mib))

    def _envelope(self, heap_mib: float) -> float:
        """The lowest HeapAlloc of the last few collections."""
        lowest_mib = self.lowest_mib
        foot_mib = heap_mib if lowest_mib is None or self._fell(heap_mib) else min(heap_mib, lowest_mib)
        self.lows = [*self.lows, foot_mib][-WINDOW_WITHOUT_GOAL:]
        return min(self.lows[-self._window() :])

    def _window(self) -> int:
        """The last collections whose lowest HeapAlloc counts: as many as a dozen samples show."""
        rises, gaps = self.rises, self.gaps
        if self.number_before is None and (len(rises) < MOST_RISES or pstdev(rises) > EVEN * fmean(rises)):
            return WINDOW_WITHOUT_GOAL
        samples = fmean(gaps) if len(gaps) >= LEAST_WINDOW else 1.0
        return max(LEAST_WINDOW, min(WINDOW_WITHOUT_GOAL, round(WINDOW_WITHOUT_GOAL / samples)))

    def _floor(self) -> float:
        """What surely lives, given what so many collections left; 0 while they are few."""
        return FLOOR_SHARE * min(self.lows) if len(self.lows) >= WINDOW else 0.0

    def _of_goal(self, sample: HeapSample, heap_mib: float, goal_mib: float) -> float:
        """The part of the goal that lives: by GOGC or its default, but never more than was seen to be there."""
        gogc = DEFAULT_GOGC if sample.gogc_percent is None else sample.gogc_percent
        roots_mib = (sample.stacks_mib or 0.0) * SCANNED_STACK_SHARE
        heap_goal_mib = max(0.0, goal_mib - roots_mib * gogc / 100)
        share = 1 / (1 + gogc / 100)
        if sample.gogc_percent is None:
            if heap_goal_mib > LEAST_GOAL_MIB:
                self.shares = sorted((*self.shares, heap_mib / heap_goal_mib))[:FEW]
            if len(self.shares) == FEW:
                share = min(share, self.shares[-1])
        return heap_goal_mib * share

    def _remember(self, sample: HeapSample, heap_mib: float, *, collected: bool) -> None:
        if collected:
            more = 1 if sample.number is None or self.number_before is None else sample.number - self.number_before
            self.gaps = [*self.gaps, (self.silent + 1) / max(1, more)][-MOST_RISES:]
        elif self.heap_before_mib is not None and heap_mib > self.heap_before_mib:
            self.rises = [*self.rises, heap_mib - self.heap_before_mib][-MOST_RISES:]
        self.lowest_mib = heap_mib if collected or self.lowest_mib is None else min(self.lowest_mib, heap_mib)
        self.silent = 0 if collected else self.silent + 1
        self.heap_before_mib = heap_mib
        self.number_before = _newer(sample.number, self.number_before)
        self.gc_before_s = _newer(sample.last_gc_s, self.gc_before_s)
        self.start_before_s = _newer(sample.start_s, self.start_before_s)
        self.pause_total_before_ms = _newer(sample.pause_total_ms, self.pause_total_before_ms)
        self.next_goal_before_mib = _newer(sample.next_goal_mib, self.next_goal_before_mib)
        self.live_before_mib = _newer(sample.heap_live_mib, self.live_before_mib)


def _newer(now: _Number | None, before: _Number | None) -> _Number | None:
    return before if now is None else now
