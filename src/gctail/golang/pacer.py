"""What the pacer was aiming at: rates, shares, GOGC and GOMEMLIMIT, from nothing but gctrace lines.

The heap goal follows from what the cycle before marked (M), from the roots (stacks K and globals B, since Go 1.18) and
from GOGC: M + (M + K + B) * GOGC / 100; in 1.5 to 1.7 the reachable heap R stands for M. All of it is printed, in
truncated MiB, so each cycle gives an interval for GOGC, and the cycles together give GOGC. A goal that stays below what
GOGC asks is held down by GOMEMLIMIT. Source: `commit` and `memoryLimitHeapGoal` in go/src/runtime/mgcpacer.go (before
1.18: `gcSetTriggerRatio` in mgc.go).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from gctail.records import GcCycle

FULL_LOOKS, GLANCES = 512, 32

LEAST_HEAP_MIB = 4
"""From this live heap on the goal is never its minimum, 4 MiB * GOGC / 100, whatever GOGC is."""

ANY_PERCENT = 1e9
"""No GOGC is higher: stands for infinity where state has to be plain JSON."""


class Derived(Struct, frozen=True, gc=False):
    """What one collection says about the process, given those before it. None: not known (yet)."""

    heap_live_mib: int
    """R = H2 - (H1 - H0), see `GcCycle.heap_live_mib`."""
    pause_ms: float
    interval_s: float | None = None
    """From the start of the cycle before to the start of this one; None after a lost line."""
    allocated_mib: int | None = None
    """Between the end of the cycle before and the start of this one: H0 less the H2 before."""
    alloc_rate_mib_per_s: float | None = None
    """All that was allocated from the start of the cycle before to the start of this one, while marking included."""
    gc_cpu_share: float | None = None
    """Of P times the time from the end of the cycle before to the end of this one; marking on idle Ps left out."""
    mark_share: float | None = None
    """Of the same time, how much a collection was under way: from 0.5 on the collector hardly rests."""
    assist_share: float | None = None
    """Of the CPU time of the collection, how much allocating goroutines had to give."""
    headroom_mib: int | None = None
    """The goal less the heap at the end of marking; negative where allocation outran it."""
    next_goal_mib: float | None = None
    """What GOGC will ask of the next cycle; a memory limit may hold the goal lower."""
    gogc_estimate: float | None = None
    overshoot: bool = False
    """One allocation bigger than the room that was left started this cycle: a map or slice that doubles."""
    limit_bound: bool = False
    """The goal is held below what GOGC asks: GOMEMLIMIT is at work."""
    memory_limit_estimate_mib: float | None = None

    @property
    def due_mib(self) -> float | None:
        """Heap at which the next collection is due: what GOGC asks for, or the memory limit where that is less."""
        if self.next_goal_mib is None or self.memory_limit_estimate_mib is None:
            return self.next_goal_mib
        return min(self.next_goal_mib, max(self.memory_limit_estimate_mib, float(self.heap_live_mib)))


class Gogc(Struct):
    """A running estimate of GOGC: the interval that nearly all cycles agree upon, in percent.

    Cycles that disagree gather behind a rival interval. When that has more votes than the estimate, or enough of them,
    the program has set another GOGC; but a goal that is too low may be the memory limit's doing, for which the implied
    GOGC falls as the heap grows, so a lower rival must also hold while the heap changes.
    """

    percent: float | None = None
    """The estimate; None until three cycles agree on something narrow enough to be of use."""
    low: float = 0.0
    high: float = ANY_PERCENT
    votes: int = 0
    rival_low: float = 0.0
    rival_high: float = ANY_PERCENT
    rival_votes: int = 0
    rival_heap_mib: int = 0

    def learn(self, low: float, high: float, heap_mib: int) -> None:
        """One more cycle, whose goal is explained by a GOGC between `low` and `high`."""
        if low <= self.high and high >= self.low:
            self.votes += 1
            self.rival_votes = 0
            if low > self.low or high < self.high or self.votes == 3:
                self.low, self.high = max(low, self.low), min(high, self.high)
                self.percent = self._estimate()
        elif self.rival_votes and low <= self.rival_high and high >= self.rival_low:
            self.rival_low, self.rival_high = max(low, self.rival_low), min(high, self.rival_high)
            self.rival_votes += 1
            self._perhaps_replace(heap_mib)
        else:
            self.rival_low, self.rival_high, self.rival_votes, self.rival_heap_mib = low, high, 1, heap_mib

    def cap(self, high: float) -> None:
        """One more cycle, whose goal may have been raised by something else: GOGC is not above `high`."""
        if self.low <= high < self.high:
            self.high = high
            self.percent = self._estimate()

    def _perhaps_replace(self, heap_mib: int) -> None:
        lower = self.rival_high < self.low
        steady = abs(heap_mib - self.rival_heap_mib) < 0.2 * self.rival_heap_mib
        if self.rival_votes <= min(self.votes, 8) or (lower and steady and self.votes >= 3):
            return
        self.low, self.high, self.votes = self.rival_low, self.rival_high, self.rival_votes
        self.rival_votes = 0
        self.percent = self._estimate()

    def _estimate(self) -> float | None:
        """The default if it may be that, or else the roundest number in the middle: people set those."""
        width, middle = self.high - self.low, (self.low + self.high) / 2
        if self.votes < 3 or width > 0.5 * middle:
            return None
        if self.low <= 100 <= self.high:
            return 100.0
        reach = width / 2 if width < 0.15 * middle else width / 4
        for step in (100, 50, 25, 10, 5):
            round_number = round(middle / step) * step
            if abs(round_number - middle) <= reach and round_number > 0:
                return float(round_number)
        return float(round(middle))


class Limit(Struct):
    """What the goals that a memory limit held down say about it."""

    goal_mib: float = 0.0
    """Smoothed goal of the cycles that were held down and still had room."""
    cycles: int = 0
    plateau_mib: int = 0
    """A goal that does not move …"""
    plateau_cycles: int = 0
    least_mib: int = 0
    most_mib: int = 0
    """… while the marked heap does, between these two."""

    def stands_still(self, goal_mib: int, marked_mib: int) -> bool:
        """Whether the goal has not followed the heap: under any GOGC it would have, as far as the heap, or farther."""
        if abs(goal_mib - self.plateau_mib) > 1 + 0.01 * self.plateau_mib:
            self.plateau_mib, self.plateau_cycles = goal_mib, 0
            self.least_mib = self.most_mib = marked_mib
        self.plateau_cycles += 1
        if marked_mib < self.least_mib:
            self.least_mib = marked_mib
        elif marked_mib > self.most_mib:
            self.most_mib = marked_mib
        if self.most_mib - self.least_mib <= 4 + 0.03 * goal_mib:
            return False
        if self.cycles == 0:
            self.goal_mib, self.cycles = float(self.plateau_mib), self.plateau_cycles - 1
        return True

    def learn(self, goal_mib: int) -> None:
        """One more goal that the limit held down, but not so far that it would be the marked heap itself."""
        self.cycles += 1
        self.goal_mib += (goal_mib - self.goal_mib) / min(self.cycles, 8)

    @property
    def mib(self) -> float | None:
        """The limit: goal / 0.97 and what is not heap, 5 MiB and 4 % (runs with limits of 60, 100 and 1000 MiB).

        Go 1.19 and 1.20 leave 1 MiB instead of 3 %; the line does not tell them from 1.21, so theirs is read 2 % high.
        """
        return None if self.cycles < 2 else self.goal_mib / 0.97 + 5 + 0.04 * self.goal_mib


class PacerView(Struct):
    """One process as its collections show it: `observe` each of them, in order. Constant size, constant time."""

    number: int = 0
    start_s: float | None = None
    end_s: float | None = None
    marked_mib: int = 0
    live_mib: int = 0
    marking_mib: int = 0
    gogc: Gogc = field(default_factory=Gogc)
    gogc_of_reachable: Gogc = field(default_factory=Gogc)
    limit: Limit = field(default_factory=Limit)
    last_gogc: float | None = None
    last_bound: bool = False
    last_limit_mib: float | None = None

    def observe(self, cycle: GcCycle, time_s: float | None = None) -> Derived:
        """What `cycle` says; `time_s` is the time of its line, for Go 1.0 to 1.4, which print none."""
        cpu_ms, goal_mib = cycle.cpu_ms, cycle.goal_mib
        start_s = time_s if cycle.uptime_s is None else cycle.uptime_s
        wall_s = sum(cycle.clock_ms) / 1000
        gc_cpu_s = (sum(cpu_ms) - cpu_ms[-2]) / 1000 if cpu_ms else None  # without marking on idle Ps
        end_s = None if start_s is None else start_s + wall_s
        interval_s = elapsed_s = allocated_mib = None
        overshoot = limit_bound = False
        if cycle.number == self.number + 1 and self.number:
            interval_s, elapsed_s = _elapsed_s(self.start_s, start_s), _elapsed_s(self.end_s, end_s)
            allocated_mib = self._allocated_mib(cycle)
            if goal_mib is not None:
                overshoot, limit_bound = self._judge(cycle, goal_mib)
        rate = None if allocated_mib is None or interval_s is None else (allocated_mib + self.marking_mib) / interval_s
        self._remember(cycle, start_s, end_s)
        gogc = self._gogc(cycle.go).percent
        self.last_gogc, self.last_bound, self.last_limit_mib = gogc, limit_bound, self.limit.mib
        return Derived(
            self.live_mib,
            cycle.pause_ms,
            interval_s,
            allocated_mib,
            rate,
            None if elapsed_s is None or gc_cpu_s is None else _share(gc_cpu_s, (cycle.procs or 1) * elapsed_s),
            None if elapsed_s is None else _share(wall_s, elapsed_s),
            cpu_ms[-4] / 1000 / gc_cpu_s if gc_cpu_s else None,
            None if goal_mib is None else goal_mib - cycle.heap_end_mib,
            self.asked_next_mib((cycle.stacks_mib or 0) + (cycle.globals_mib or 0), cycle.go),
            gogc,
            overshoot,
            limit_bound,
            self.limit.mib,
        )

    def glance(self, cycle: GcCycle, time_s: float | None = None) -> Derived:
        """What `cycle` says, for who sees very many.

        After `FULL_LOOKS` of them GOGC and the limit are learned from one in `GLANCES` only, and the shares of CPU
        time, which nobody asks of every single collection, are left out between.
        """
        number, start_s, marked_mib = cycle.number, cycle.uptime_s, cycle.heap_marked_mib
        known = number == self.number + 1 and number > FULL_LOOKS and number % GLANCES != 0
        if not known or start_s is None or marked_mib is None or self.start_s is None:
            return self.observe(cycle, time_s)
        interval_s = start_s - self.start_s
        allocated_mib = cycle.heap_start_mib - self.marked_mib
        marking_mib = cycle.heap_end_mib - cycle.heap_start_mib
        live_mib = marked_mib - marking_mib if marking_mib > 0 else marked_mib
        self.number, self.start_s, self.end_s = number, start_s, start_s + sum(cycle.clock_ms) / 1000
        self.marked_mib, self.live_mib = marked_mib, max(0, live_mib)
        self.marking_mib = max(0, marking_mib)
        gogc = self.last_gogc
        return Derived(
            self.live_mib,
            cycle.pause_ms,
            interval_s if interval_s > 0 else None,
            max(0, allocated_mib),
            next_goal_mib=self.asked_next_mib((cycle.stacks_mib or 0) + (cycle.globals_mib or 0), cycle.go),
            gogc_estimate=gogc,
            limit_bound=self.last_bound,
            memory_limit_estimate_mib=self.last_limit_mib,
        )

    def pass_by(self, count: int, start_s: float, wall_ms: float, marked_mib: int, marking_mib: int) -> None:
        """So many collections went by that nobody looked at; of the last one what the next is compared with."""
        self.number += count
        self.start_s, self.end_s = start_s, start_s + wall_ms / 1000
        self.marked_mib, self.marking_mib = marked_mib, max(0, marking_mib)
        self.live_mib = max(0, marked_mib - self.marking_mib)

    def asked_next_mib(self, roots_mib: int, go: str) -> float | None:
        """What GOGC asks of the cycle after the last one that was seen, which had these roots; None without a GOGC."""
        if self.last_gogc is None:
            return None
        heap_mib = self.live_mib if self._gogc(go) is self.gogc_of_reachable else self.marked_mib
        return next_goal_mib(heap_mib, roots_mib, self.last_gogc)

    def state(self) -> dict[str, Any]:
        """All that is remembered, as plain data."""
        state: dict[str, Any] = msgspec.to_builtins(self)
        return state

    @classmethod
    def restore(cls, state: dict[str, Any]) -> PacerView:
        """The view that `state` was taken of."""
        return msgspec.convert(state, cls)

    def _allocated_mib(self, cycle: GcCycle) -> int:
        left_mib = cycle.heap_prev_live_mib  # Go 1.3 and 1.4 print what the cycle before left alive
        allocated_mib = cycle.heap_start_mib - (self.marked_mib if left_mib is None else left_mib)
        return max(0, allocated_mib)

    def _gogc(self, go: str) -> Gogc:
        """GOGC counts from the marked heap, in 1.5 to 1.7 from the reachable one: lines up to 1.17 leave it open."""
        marked, reachable = self.gogc, self.gogc_of_reachable
        if go == "1.5" or (go == "1.6-1.17" and reachable.votes > 1 + 1.25 * marked.votes):
            return reachable
        return marked

    def _judge(self, cycle: GcCycle, goal_mib: int) -> tuple[bool, bool]:
        """Whether the cycle overshot, and whether the limit held its goal down; and learn from the goal after that."""
        heap = self.marked_mib
        if cycle.forced or cycle.leak_check or heap < LEAST_HEAP_MIB:
            return False, False
        gogc, since_1_18 = self._gogc(cycle.go), cycle.stacks_mib is not None
        roots = (cycle.stacks_mib or 0) + (cycle.globals_mib or 0)
        overshoot = _overshoots(cycle, gogc, heap + 1, roots)
        limit_bound = since_1_18 and not overshoot and self._is_held_down(goal_mib, gogc, roots)
        if limit_bound and goal_mib > heap:
            self.limit.learn(goal_mib)
        if not overshoot and not (since_1_18 and cycle.heap_start_mib >= goal_mib):
            self._learn(cycle, goal_mib, roots)
        return overshoot, limit_bound

    def _is_held_down(self, goal_mib: int, gogc: Gogc, roots_mib: int) -> bool:
        """By a good 3 % below what GOGC asks, or down to the marked heap itself, or unmoved while the heap moves."""
        heap = self.marked_mib
        unmoved = self.limit.stands_still(goal_mib, heap)
        if gogc.percent is None:
            return goal_mib <= heap or unmoved
        return goal_mib + 1 < 0.97 * (heap + (heap + roots_mib) * min(gogc.percent, gogc.low) / 100)

    def _learn(self, cycle: GcCycle, goal_mib: int, roots_mib: int) -> None:
        """From the goal, the interval of GOGC that explains it, all sizes being truncated to MiB.

        Up to Go 1.17 a goal is never less than 1 MiB above the start, so such a one only says what GOGC is at most.
        """
        marked, reachable = self.marked_mib, self.live_mib
        if cycle.stacks_mib is not None:
            low = 100 * (goal_mib - marked - 1) / (marked + 1 + roots_mib + 2)
            self.gogc.learn(low, 100 * (goal_mib + 1 - marked) / (marked + roots_mib), marked)
            return
        raised = cycle.go != "1.5" and cycle.heap_start_mib >= goal_mib - 1
        bases = (self.gogc, marked, marked + 1), (self.gogc_of_reachable, reachable - 2, reachable + 2)
        for gogc, least, most in bases:
            if least <= 0:
                continue
            high = 100 * (goal_mib + 1 - least) / least
            if raised:
                gogc.cap(high)
            else:
                gogc.learn(100 * (goal_mib - most) / most, high, least)

    def _remember(self, cycle: GcCycle, start_s: float | None, end_s: float | None) -> None:
        self.number, self.start_s, self.end_s = cycle.number, start_s, end_s
        self.live_mib = cycle.heap_live_mib
        self.marked_mib = self.live_mib if cycle.heap_marked_mib is None else cycle.heap_marked_mib
        self.marking_mib = max(0, cycle.heap_end_mib - cycle.heap_start_mib)


def next_goal_mib(heap_mib: float, roots_mib: int, gogc: float) -> float:
    """What GOGC (percent) asks of the cycle after one that left `heap_mib` marked."""
    return max(heap_mib + (heap_mib + roots_mib) * gogc / 100, 4 * gogc / 100)


def _elapsed_s(before_s: float | None, now_s: float | None) -> float | None:
    """None where either is unknown, or no time has passed."""
    return None if before_s is None or now_s is None or now_s <= before_s else now_s - before_s


def _share(part_s: float, whole_s: float) -> float:
    """At most 1: times are truncated to ms, so that short ones may not add up."""
    return part_s / whole_s if part_s < whole_s else 1.0


def _overshoots(cycle: GcCycle, gogc: Gogc, heap_mib: int, roots_mib: int) -> bool:
    """Whether the cycle started a good 3 % beyond any goal that GOGC can have asked for, counting from `heap_mib`.

    The printed goal does not tell: after an overshoot it is the heap at the start in most versions. But before GOGC is
    known, it must at least look like that, and GOGC is taken to be 100.
    """
    start_mib, goal_mib = cycle.heap_start_mib, cycle.goal_mib or 0
    if gogc.percent is not None:
        return start_mib >= 1.03 * (heap_mib + (heap_mib + roots_mib + 2) * gogc.high / 100)
    beyond = start_mib > goal_mib if cycle.go == "1.5" else start_mib >= goal_mib - (cycle.stacks_mib is None)
    return beyond and start_mib >= 2 * heap_mib + roots_mib + 2
