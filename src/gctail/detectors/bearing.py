"""Where a judge stands: the age of its process, the envelope of its levels, and how far these are from death."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from gctail.detectors.passage import assumed_level, fatal_level
from gctail.detectors.values import Block

BASE_SHARE = 0.15
"""Of its age: after so much a process has settled."""
SPREAD_QUANTILE = 0.95
KEPT = 0.5
"""Of the rise that the log spoke of: of less than that it has told nothing."""
PEAK_SHARE = 0.985
"""Of its goal: so high is the heap when a collection ends that the goal asked for, usually."""
LEARNED, MOST_REACHED = 0.1, 1.15
"""How much each block tells of that for this process, and how much more than its goal it can be at most."""
CALM, CALM_S = 2.0, 600.0
"""A process is collected by the timer alone when it has been so for as long as it lived before, and some minutes: a
service that is busy by day has its goals tomorrow again."""
LIVED_THROUGH = 0.9
"""Of the room above a level: what came and went before did not need more of it, for the process lives."""


class Bearing(Struct):
    """Where a judge stands: the age of the process (s), the envelope of its levels (MiB), its limits.

    `spread` is how far the highest level of a block usually lies above its low one, `base` the level after the first
    seventh of the time, `top` the highest low level; `belief` is in a leak, `alone` what it was before others
    were heard, `settled` what of it an alarm heeds, and `likely` what it is worth as a probability; `ended` is what
    killed the process, where memory did; `log_belief` is what the log said of the growth to `log_mib` when it was last
    asked, and counts `log_weight`. The last collection left `live_mib` and set `next_goal_mib` (None: not known); the
    heap was `peak_mib` at most. The last collection that the timer did not ask for was at `busy_s`; where that is long
    ago, `gogc` (percent) is how far the heap goes above what is live by the timer, and not by its goal; `asked_gogc` is
    what was set. Collections that the goal asked for end at `reached` times their goal; while they mark, `marking_mib`
    are allocated.
    """

    now_s: float = 0.0
    spread: float = 0.0
    base: float = 0.0
    top: float = 0.0
    belief: float = 0.0
    settled: float = 0.0
    likely: float = 0.0
    alone: float = 0.0
    stacks_least: int | None = None
    stacks: int = 0
    gogc: float | None = None
    bound: bool = False
    soft_mib: float | None = None
    ended: str | None = None
    log_weight: float = 0.0
    log_belief: float = 0.0
    log_mib: float = 0.0
    live_mib: float = 0.0
    peak_mib: float = 0.0
    next_goal_mib: float | None = None
    busy_s: float = 0.0
    asked_gogc: float | None = None
    reached: float = PEAK_SHARE
    marking_mib: float = 0.0

    @property
    def holds_back(self) -> bool:
        """Whether GOMEMLIMIT keeps the goal down, so that the live heap itself climbs to the end."""
        return self.bound or self.soft_mib is not None

    @property
    def stacks_grown_mib(self) -> int:
        """How far the stacks have risen above their least."""
        return self.stacks - (self.stacks_least or 0)

    def follow(self, block: Block, base: float, noise_mib: float) -> None:
        """Take a block into the envelope, and what it says of the limits; `base` is the settled level now (MiB)."""
        self.base = base
        self.top = max(self.top, block.low)
        self.live_mib, self.next_goal_mib = float(block.live), block.reach_mib
        self.peak_mib = max(self.peak_mib, round(block.peak, 3))
        above = block.high - block.low - self.spread
        step = 0.05 * max(self.spread, noise_mib)
        self.spread = max(0.0, self.spread + step * (SPREAD_QUANTILE - (above <= 0)))
        self.stacks = block.stacks_mib
        self.stacks_least = block.stacks_mib if self.stacks_least is None else min(self.stacks_least, block.stacks_mib)
        self.bound = block.limit_bound
        by_timer_mib = block.by_timer_mib
        if by_timer_mib is None:
            self.busy_s = block.end_s
        if (reached := block.of_its_goal) is not None:
            self.reached = round(self.reached + LEARNED * (min(reached, MOST_REACHED) - self.reached), 6)
        self.marking_mib = round(block.marking_mib, 3)
        if block.gogc is not None:
            self.gogc = self.asked_gogc = block.gogc
            if by_timer_mib is not None and block.end_s > CALM * self.busy_s + CALM_S:
                self.gogc = min(block.gogc, 100.0 * by_timer_mib / max(block.live, 1))
        if block.memory_limit_mib is not None:
            self.soft_mib = block.memory_limit_mib

    def heeding(self, probability: float, level: float) -> float:
        """The belief at this level (MiB), with what the log has said of a growth that is not lost since."""
        if level - self.base < KEPT * (self.log_mib - self.base):
            return probability
        return (1.0 - self.log_weight) * probability + self.log_weight * self.log_belief


class Room(NamedTuple):
    """How much room is above a level, a live heap with weighed stacks: to the limit, to where others died, or assumed.

    `limit_mib` is the container's limit, where it was told, `deaths_mib` are the levels of earlier deaths;
    `passing_mib` is how far above the level the heap goes again and again, for moments.
    """

    limit_mib: float | None
    deaths_mib: tuple[float, ...]
    bearing: Bearing
    level_mib: float
    passing_mib: float = 0.0

    @property
    def is_known(self) -> bool:
        """The container's limit was told, or GOMEMLIMIT or an earlier death tells one."""
        return self.limit_mib is not None or self.bearing.soft_mib is not None or bool(self.deaths_mib)

    @property
    def told_by(self) -> str:
        """Who tells the limit, in the order in which `fatal_mib` asks."""
        if self.limit_mib is not None:
            return "given"
        return "earlier-death" if self.deaths_mib else "gomemlimit"

    @property
    def fatal_mib(self) -> float:
        """The level at which the process dies: by the limit, by what killed it before, or assumed."""
        bearing = self.bearing
        if bearing.ended is not None:
            return self.level_mib
        if self.limit_mib is not None:
            return fatal_level(self.limit_mib, bearing.gogc, bearing.soft_mib, limit_bound=bearing.bound)
        if self.deaths_mib:
            return max(self.deaths_mib[-1], 1.02 * self.level_mib)
        if bearing.soft_mib is not None:
            return fatal_level(bearing.soft_mib, bearing.gogc, bearing.soft_mib, limit_bound=bearing.bound)
        return self._assumed_mib

    @property
    def head_mib(self) -> float:
        """How far the upper envelope of the level is from death; 0 where it is beyond."""
        left = max(self.fatal_mib - self.level_mib - self.bearing.spread, 0.0)
        return left - min(self.passing_mib, LIVED_THROUGH * left) if self.is_known else left

    @property
    def near_mib(self) -> float:
        """How far this growth has to go on to be called a leak: to its end, or to twice the settled level.

        A container with much room does not make growth harmless: it would only be told later.
        """
        if self.bearing.ended is not None:
            return self.head_mib
        return min(self.head_mib, max(self._assumed_mib - self.level_mib - self.bearing.spread, 0.0))

    @property
    def is_limit_near(self) -> bool:
        """Growth is asked to last to a limit that is known, and not to an assumed end before it."""
        return self.is_known and self.near_mib >= self.head_mib

    @property
    def _assumed_mib(self) -> float:
        return assumed_level(self.bearing.base, self.level_mib)
