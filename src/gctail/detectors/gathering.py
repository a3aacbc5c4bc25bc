"""Gathers collections into blocks: the only work that is done for every collection."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub
from typing import Any

from msgspec.structs import astuple

from gctail.detectors.passage import AT_LIMIT
from gctail.detectors.values import STACK_WEIGHT, Block, Moment, Row, Stretch

LARGEST_BLOCK = 128
LONGEST_BLOCK_S = 300.0
SHORT_MARKING_MIB = 0.75
LONG_MARKING_MIB = 2.25
MARKING_SPAN_MIB = LONG_MARKING_MIB - SHORT_MARKING_MIB
SPIRAL_CYCLES = 5
FIRST_CYCLES = 3
"""A log whose first collection has a higher number begins in mid-life: its times count from there."""
HUGE_MIB = 1 << 40
FOREVER_S = 1e11
"""A heap or a clock beyond these (an exbibyte, three thousand years) was never printed by a runtime."""


def lean(marking_mib: float) -> float:
    """How much of what is allocated while marking a level leaves out, where that is usually so much (MiB)."""
    return min(max((marking_mib - SHORT_MARKING_MIB) / MARKING_SPAN_MIB, 0.0), 1.0)


class Gathering:
    """The open block.

    It is complete at one collection while there are few, at 128 when there are many, after five minutes, or at once
    when something is urgent: the next goal has come to the limit, or the collector has begun to chase itself.
    """

    __slots__ = (
        "_begin_s",
        "_clock_s",
        "_last",
        "_limit_mib",
        "_marking",
        "_over",
        "_rows",
        "_size",
        "_spiral",
        "allocated",
        "collections",
        "level",
        "origin_s",
    )

    def __init__(self, limit_mib: float | None) -> None:
        self.limit(limit_mib)
        self._rows: list[Row] = []
        self._size = 1
        self._begin_s = 0.0
        self._clock_s = 0.0
        self._marking = 0.0
        self._spiral = 0
        self._over = False
        self._last: tuple[Any, ...] = (0, None, None, None, False, None)
        self.allocated = 0.0
        self.collections = 0
        self.level = 0.0  # of the last collection: live heap and weighed stacks, MiB
        self.origin_s = 0.0

    def limit(self, limit_mib: float | None) -> None:
        """The container's limit is this from now on; None where nobody knows."""
        self._limit_mib = AT_LIMIT * limit_mib if limit_mib is not None else float("inf")

    def add(self, moment: Moment) -> Block | None:
        """Take one collection in; the block, where this one completes it."""
        cycle, derived = moment.cycle, moment.derived
        marked = cycle.heap_marked_mib
        if marked is None:  # Go 1.3 and 1.4
            marked = cycle.heap_live_mib
        stacks = cycle.stacks_mib or 0
        complete = self.take(
            moment.clock_s,
            cycle.number,
            cycle.heap_start_mib,
            cycle.heap_end_mib,
            marked,
            cycle.goal_mib or 0,
            stacks,
            derived.pause_ms,
            sum(cycle.clock_ms),
            derived.interval_s,
            derived.allocated_mib,
            derived.next_goal_mib,
            forced=cycle.forced,
        )
        self.note(
            stacks,
            derived.gc_cpu_share,
            derived.next_goal_mib,
            derived.gogc_estimate,
            derived.memory_limit_estimate_mib,
            limit_bound=derived.limit_bound,
        )
        return self.close() if complete else None

    def take(  # noqa: PLR0913, PLR0917 - what a line tells; a value for each collection would cost as much as this
        self,
        clock_s: float,
        number: int,
        start: int,
        end: int,
        marked: int,
        goal: int,
        stacks: int,
        pause_ms: float,
        wall_ms: float,
        interval_s: float | None,
        allocated: int | None,
        following: float | None,
        *,
        forced: bool,
    ) -> bool:
        """The same without a `Moment`; whether the block is complete. Then `note` what else it says."""
        (live,), (level,) = self._levels((end - start,), (marked,), (stacks,))
        if not self._clock_s <= clock_s < FOREVER_S or start + marked + goal + stacks > HUGE_MIB:
            if start + marked + goal + stacks > HUGE_MIB:
                return False
            clock_s = self._clock_s
        if not self.collections and number > FIRST_CYCLES:
            self.origin_s = clock_s
        self._clock_s = clock_s
        clock_s -= self.origin_s
        if start >= goal > 0 and interval_s is not None and interval_s < 0.002 * wall_ms:
            self._spiral += 1  # more than half of the time since the last collection went into this one
        elif self._spiral:
            self._spiral = 0
        if allocated is not None and allocated > 0.0:
            self.allocated += allocated
        rows = self._rows
        self.level = level
        rows.append(Row(clock_s, number, level, live, start, goal, pause_ms, forced))
        self.collections += 1
        was_over = self._over
        over = self._over = following is not None and following >= self._limit_mib
        return self.is_complete or (over and not was_over) or (self._spiral > 0 and self._spiral % SPIRAL_CYCLES == 0)

    def _levels(
        self, markings: Sequence[int], marked: Sequence[int], stacks: Sequence[int]
    ) -> tuple[list[int], list[float]]:
        """Of each collection the live heap, and the level by which it is judged: with weighed stacks (MiB)."""
        usual, lives, levels = self._marking, list[int](), list[float]()
        for marking, held, scanned in zip(markings, marked, stacks, strict=False):
            usual += 0.05 * (marking - usual)
            if usual > SHORT_MARKING_MIB and marking > 0:
                # where marking is long R = H2 - (H1 - H0) is the quieter one, where it is short H2: lean
                gone = min(marking, held)
                lives.append(held - gone)
                levels.append(held - lean(usual) * gone + STACK_WEIGHT * scanned)
            else:
                lives.append(held)
                levels.append(held + STACK_WEIGHT * scanned)
        self._marking = usual
        return lives, levels

    @property
    def room(self) -> int:
        """How many collections the open block still takes."""
        return self._size - len(self._rows)

    @property
    def is_complete(self) -> bool:
        """Whether the open block has all its collections, or its time is over."""
        rows = self._rows
        return len(rows) >= self._size or (bool(rows) and rows[-1].clock_s - self._begin_s >= LONGEST_BLOCK_S)

    def calm(self, run: Stretch) -> int:
        """How many collections of a stretch `take_calm` may have: all, or those up to one that completes the block.

        None at all where something is out of the ordinary: a clock that falls back, a collector that may chase itself,
        a goal near the limit, a heap that no runtime has.
        """
        clocks_s = run.clocks_s
        largest = max(run.starts) + max(run.marked) + max(run.goals) + max(run.stacks)
        ordered = self._clock_s <= clocks_s[0] and clocks_s[-1] < FOREVER_S and clocks_s == sorted(clocks_s)
        if not ordered or not self.collections or self._over or largest > HUGE_MIB or run.is_pressed(self._limit_mib):
            return 0
        origin_s, begin_s = self.origin_s, self._begin_s
        if clocks_s[-1] - origin_s - begin_s < LONGEST_BLOCK_S:
            return len(clocks_s)
        late = (at for at, clock_s in enumerate(clocks_s, 1) if clock_s - origin_s - begin_s >= LONGEST_BLOCK_S)
        return next(late, len(clocks_s))

    def take_calm(self, run: Stretch, count: int) -> None:
        """`take` for each of the first `count` collections of a calm stretch."""
        clocks_s = run.clocks_s[:count]
        if self.origin_s:
            clocks_s = [clock_s - self.origin_s for clock_s in clocks_s]
        lives, levels = self._levels(run.markings[:count], run.marked, run.stacks)
        numbers = range(run.first, run.first + count)
        self._rows += map(Row, clocks_s, numbers, levels, lives, run.starts, run.goals, run.pauses_ms, run.forced)
        grown = map(sub, run.starts[:count], [run.marked_before, *run.marked])
        self.allocated += sum([mib for mib in grown if mib > 0])
        self.collections += count
        self._clock_s, self._spiral, self.level = run.clocks_s[count - 1], 0, levels[-1]

    def note(  # noqa: PLR0913 - what a block says of its last collection
        self,
        stacks: int,
        gc_cpu_share: float | None,
        next_goal_mib: float | None,
        gogc: float | None,
        memory_limit_mib: float | None,
        *,
        limit_bound: bool,
    ) -> None:
        """Keep what a block says of its last collection."""
        self._last = (stacks, gc_cpu_share, next_goal_mib, gogc, limit_bound, memory_limit_mib)

    def close(self) -> Block | None:
        """The block as it is, and a new one begun; None where it is empty."""
        block = self.peek()
        if block is None:
            return None
        self._rows = []
        self._begin_s = block.end_s
        self._size = min(LARGEST_BLOCK, 1 + self.collections // 150)
        return block

    def peek(self) -> Block | None:
        """The block as it is, left open."""
        rows = self._rows
        if not rows:
            return None
        levels = sorted([row.level for row in rows])
        stacks, share, following, gogc, bound, soft = self._last
        return Block(
            rows=tuple(rows),
            begin_s=self._begin_s,
            time_s=sum([row.clock_s for row in rows]) / len(rows),
            low=levels[(len(levels) - 1) // 4],
            high=levels[-1],
            peak=max([row.start for row in rows]) + self._marking,  # what is allocated while marking comes on top
            marking_mib=self._marking,
            allocated=self.allocated,
            stacks_mib=stacks,
            spiral=self._spiral,
            gc_cpu_share=share,
            next_goal_mib=following,
            gogc=gogc,
            limit_bound=bound,
            memory_limit_mib=soft,
        )

    @property
    def idle_since_s(self) -> float | None:
        """When the open block's last collection was; None where it is empty."""
        return self._rows[-1].clock_s if self._rows else None

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rows": [list(astuple(row)) for row in self._rows],
            "size": self._size,
            "begin_s": self._begin_s,
            "clock_s": self._clock_s,
            "marking": self._marking,
            "spiral": self._spiral,
            "over": self._over,
            "last": list(self._last),
            "allocated": self.allocated,
            "collections": self.collections,
            "origin_s": self.origin_s,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._rows = [Row(*row) for row in state["rows"]]
        self._clock_s, self._over = state["clock_s"], state["over"]
        self._size, self._begin_s, self._marking = state["size"], state["begin_s"], state["marking"]
        self._spiral, self._last = state["spiral"], tuple(state["last"])
        self.allocated, self.collections = state["allocated"], state["collections"]
        self.origin_s = state["origin_s"]
