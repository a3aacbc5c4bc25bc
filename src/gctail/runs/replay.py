"""What another GOGC or GOMEMLIMIT would have done: the course of a process, run again through a model of Go's pacer.

What a program keeps and how fast it allocates does not depend on when it is collected, so both are taken from the log,
as functions of time. When it is collected follows from the pacer's arithmetic, and what a collection costs from a line
fitted to what the collections in the log cost (CPU seconds against MiB marked). Source: `commit`, `heapGoalInternal`,
`memoryLimitHeapGoal` and `trigger` in go/src/runtime/mgcpacer.go (Go 1.19 to 1.27), `gcCPULimiterState` in mgclimit.go.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median

from msgspec import Struct

from gctail.golang.pacer import LEAST_HEAP_MIB
from gctail.traces import Bin

BACKGROUND = 0.25
"""Of the processors, what marking in the background may use (`gcBackgroundUtilization`)."""
LIMITER = 0.5
"""Of the processors, the most that collecting may use before it gives way to the program (mgclimit.go)."""
LEAST_TRIGGER = 0.7
"""Of the way from what was marked to the goal, where a collection starts at the earliest (`trigger`)."""
HEADROOM = 0.03
"""Of the limit's goal, what is left free below it (`memoryLimitHeapGoalHeadroomPercent`), at least 1 MiB."""
OVERHEAD = 0.04
"""Of the heap, what the runtime keeps beside it: span and mark metadata, and spans that are not full. Measured."""
MOST_COLLECTIONS = 200_000
"""Of one replay; a setting that needs more collects without a pause."""


class Setting(Struct, frozen=True):
    """GOGC in percent, None for off; GOMEMLIMIT in MiB, None for none."""

    gogc: float | None
    memory_limit_mib: float | None = None


class Outcome(Struct, frozen=True):
    """What one setting comes to over the time that the log covers."""

    setting: Setting
    collections: int
    collections_per_min: float
    gc_cpu_percent: float
    """Of all processors, the share that collecting takes; marking on idle ones left out, as in the log."""
    peak_heap_mib: float
    """The highest heap: garbage that is not collected yet included."""
    peak_total_mib: float
    """The same with stacks, globals and what the runtime keeps beside the heap: what the limit is held against."""
    over_limit_at_s: float | None
    """Seconds of uptime at which that first exceeds the limit that was asked about; None: never in this log."""
    starved: bool
    """Collecting takes half of all processors: the program hardly gets on (a death spiral)."""


class Course(Struct, frozen=True):
    """A process as the model needs it: over time, what is live, what has been allocated, and what marking costs."""

    times_s: list[float]
    live_mib: list[float]
    allocated_mib: list[float]
    """All that was allocated since the first time."""
    roots_mib: list[float]
    """Stacks and globals."""
    procs: int
    cost_fixed_s: float
    """CPU seconds of a collection that marks nothing."""
    cost_per_mib_s: float
    runway: float
    """MiB of the goal that are left when a collection starts, for each MiB that it marks; the median."""

    @property
    def span_s(self) -> float:
        """The time that it covers."""
        return self.times_s[-1] - self.times_s[0]

    def at(self, time_s: float) -> tuple[float, float, float]:
        """Live, allocated since the beginning, and roots at a time, all in MiB, between what is known linearly."""
        after = min(max(bisect_right(self.times_s, time_s), 1), len(self.times_s) - 1)
        before_s, after_s = self.times_s[after - 1], self.times_s[after]
        part = (time_s - before_s) / (after_s - before_s)
        live, allocated, roots = (
            values[after - 1] + part * (values[after] - values[after - 1])
            for values in (self.live_mib, self.allocated_mib, self.roots_mib)
        )
        return live, allocated, roots

    def when_allocated(self, mib: float) -> float | None:
        """The time at which so much has been allocated; None: not in this log."""
        if mib > self.allocated_mib[-1]:
            return None
        after = min(max(bisect_right(self.allocated_mib, mib), 1), len(self.times_s) - 1)
        low, high = self.allocated_mib[after - 1], self.allocated_mib[after]
        part = (mib - low) / (high - low) if high > low else 1.0
        return self.times_s[after - 1] + part * (self.times_s[after] - self.times_s[after - 1])

    def cost_s(self, marked_mib: float) -> float:
        """CPU seconds of a collection that marks so much."""
        return self.cost_fixed_s + self.cost_per_mib_s * marked_mib


def course_of(bins: Sequence[Bin], procs: int) -> Course | None:
    """The course of a process from its trace; None where the log is too short, or says no uptime."""
    known = [each for each in bins if each.uptime_s is not None]
    rising = [each for before, each in pairwise(known) if (each.uptime_s or 0.0) > (before.uptime_s or 0.0)]
    told = known[:1] + rising
    if len(told) < 3 or len(known) < len(bins):
        return None
    allocated = list(accumulate((each.allocated_mib for each in told[1:]), initial=0.0))
    if allocated[-1] <= 0:
        return None
    fixed_s, per_mib_s = _costs(told, max(1, procs))
    return Course(
        [each.uptime_s or 0.0 for each in told],
        [(each.live_low_mib + each.live_high_mib) / 2 + 0.5 for each in told],
        allocated,
        [float((each.stacks_mib or 0) + (each.globals_mib or 0)) for each in told],
        max(1, procs),
        fixed_s,
        per_mib_s,
        _runway(told),
    )


def _runway(bins: Sequence[Bin]) -> float:
    """How early collections start: what is left to the goal then, for each MiB that is marked."""
    ratios = [
        max(0, each.goal_mib - each.heap_start_mib) / (each.live_high_mib + 1)
        for each in bins
        if each.goal_mib is not None and each.live_high_mib >= LEAST_HEAP_MIB
    ]
    return median(ratios) if ratios else 0.1


def _costs(bins: Sequence[Bin], procs: int) -> tuple[float, float]:
    """CPU seconds of a collection: those that do not depend on the heap, and those of each MiB marked.

    Least squares over the bins, weighted by their collections; a fixed part below 0 is none. Where all collections
    marked about the same, the two cannot be told apart, and all is put down to the heap.
    """
    points = [
        (each.collections, (each.live_low_mib + each.live_high_mib) / 2 + 0.5, each.busy_s * procs / each.collections)
        for each in bins
        if each.span_s > 0
    ]
    weight = sum(count for count, _, _ in points) or 1
    heap = sum(count * mib for count, mib, _ in points) / weight
    cost = sum(count * cpu_s for count, _, cpu_s in points) / weight
    spread = sum(count * (mib - heap) ** 2 for count, mib, _ in points) / weight
    together = sum(count * (mib - heap) * (cpu_s - cost) for count, mib, cpu_s in points) / weight
    if spread > 0.04 * heap**2:
        slope = max(0.0, together / spread)
        fixed = cost - slope * heap
        if fixed >= 0:
            return fixed, slope
    return 0.0, cost / heap if heap > 0 else 0.0


def replay(course: Course, setting: Setting, limit_mib: float | None = None) -> Outcome:
    """One setting, from the beginning of the log to its end; `limit_mib` is the container's limit."""
    now_s, end_s = course.times_s[0], course.times_s[-1]
    collections, cpu_s, peak, peak_total = 0, 0.0, 0.0, 0.0
    over_s: float | None = None
    while collections < MOST_COLLECTIONS:
        live, allocated, roots = course.at(now_s)
        cost_s = course.cost_s(live)
        lasts_s = cost_s / (BACKGROUND * course.procs)
        rate = _rate_after(course, now_s)
        early = course.runway * (live + roots)
        marked = live + min(rate * lasts_s, early)  # what is allocated while marking survives
        goal = _goal(setting, marked, roots)
        runway = min(early, (1 - LEAST_TRIGGER) * (goal - marked))
        next_s = course.when_allocated(allocated + goal - runway - live)
        least_s = now_s + cost_s / (LIMITER * course.procs)
        reached = goal if next_s is not None else min(goal, live + course.allocated_mib[-1] - allocated)
        if next_s is not None and next_s < least_s:
            next_s = least_s
            reached = max(goal, marked + course.at(least_s)[1] - allocated)
        peak = max(peak, reached)
        total = reached * (1 + OVERHEAD) + roots
        peak_total = max(peak_total, total)
        if limit_mib is not None and over_s is None and total > limit_mib:
            over_s = next_s if next_s is not None else end_s
        if next_s is None or next_s >= end_s:
            break
        collections += 1
        cpu_s += cost_s
        now_s = max(next_s, now_s + 1e-6)
    share = cpu_s / (course.span_s * course.procs)
    return Outcome(
        setting, collections, 60 * collections / course.span_s, 100 * share, peak, peak_total, over_s,
        share > 0.75 * LIMITER or collections >= MOST_COLLECTIONS,
    )  # fmt: skip


def _rate_after(course: Course, time_s: float) -> float:
    """MiB allocated a second, from a time on."""
    after = min(max(bisect_right(course.times_s, time_s), 1), len(course.times_s) - 1)
    span_s = course.times_s[after] - course.times_s[after - 1]
    return (course.allocated_mib[after] - course.allocated_mib[after - 1]) / span_s


def _goal(setting: Setting, marked_mib: float, roots_mib: float) -> float:
    """The heap at which the next collection is to have ended."""
    goal = float("inf")
    if setting.gogc is not None:
        percent = setting.gogc / 100
        goal = max(marked_mib + (marked_mib + roots_mib) * percent, 4 * percent)
    if setting.memory_limit_mib is not None:
        room = (setting.memory_limit_mib - roots_mib) / (1 + OVERHEAD)
        goal = min(goal, room - max(HEADROOM * room, 1.0))
    return max(goal, marked_mib)
