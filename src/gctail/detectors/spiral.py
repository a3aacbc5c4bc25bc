"""The death spiral: the collector runs without rest against a limit and gets nowhere."""

from __future__ import annotations

from typing import Any

from gctail.detectors.alarm import Alarm
from gctail.detectors.values import Block, Carryover, Signal, Surroundings

CYCLES = 5
CERTAIN_CYCLES = 15
RESTS, LEAST_REST_S, MOST_REST_S = 0.5, 5.0, 60.0
"""It is over when the collector has rested for such a part of the time that it had none, within these bounds."""
GROWTH_OF_AN_APPEND = 1.12
"""A loop that appends to one huge slice starts collections at its goal, too, but its heap rises 25 % a time."""


class DeathSpiral:
    """Speaks when five collections in a row began at their goal and each took more than half the time since the last.

    With GOMEMLIMIT below what is live the runtime collects back to back (mgcpacer.go, `memoryLimitHeapGoal`) until the
    limiter (mgclimit.go) holds it at half of the CPU. Found 11 of 11 recorded spirals; loops that append to a slice
    until they die look alike, and are told by their steep growth.
    """

    kind = "death-spiral"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._alarm = Alarm(self.kind)
        self._goals: list[int] = []
        self._calm = 0
        self._since_s = self._until_s = 0.0

    @property
    def active(self) -> bool:
        """Whether it spirals now."""
        return self._alarm.severity is not None

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the run of spiralling collections that the block ends with."""
        del surroundings
        self._goals = [*self._goals, *[row.goal for row in block.rows[-CYCLES - 1 :]]][-CYCLES - 1 :]
        if block.spiral < CYCLES:
            return self._calmer(block)
        self._calm = 0
        if self._appends():
            return []
        self._until_s = block.end_s
        if not self.active:
            self._since_s = block.begin_s
        share = block.gc_cpu_share
        part = "" if share is None else f", which takes {share:.0%} of the CPU"
        return self._alarm.on(
            "critical" if block.spiral >= CERTAIN_CYCLES or (share or 0.0) > 0.25 else "warning",
            f"{block.spiral} collections in a row began at their goal and followed one another without rest{part}: "
            f"the live heap of {block.live} MiB does not fit under the memory limit",
            {
                "cycles": block.spiral,
                "heap_live_mib": block.live,
                "goal_mib": block.rows[-1].goal,
                "gc_cpu_share": share,
                "memory_limit_estimate_mib": block.memory_limit_mib,
            },
        )

    def _appends(self) -> bool:
        """Whether the goals rise as steeply as when one slice is copied to a larger one again and again."""
        first, last = self._goals[0], self._goals[-1]
        return first > 0 and last / first > GROWTH_OF_AN_APPEND ** (len(self._goals) - 1)

    def _calmer(self, block: Block) -> list[Signal]:
        """It is over after a good many collections and seconds without a new run: there is time to breathe again."""
        if self._alarm.severity is None:
            return []
        self._calm += len(block.rows)
        rest_s = min(max(RESTS * (self._until_s - self._since_s), LEAST_REST_S), MOST_REST_S)
        if self._calm < 4 * CYCLES or block.end_s - self._until_s < rest_s:
            return []
        return self._alarm.off("the collector rests between collections again", {"heap_live_mib": block.live})

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "severity": self._alarm.severity,
            "goals": list(self._goals),
            "calm": self._calm,
            "since_s": self._since_s,
            "until_s": self._until_s,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._alarm.severity, self._goals, self._calm = state["severity"], list(state["goals"]), state["calm"]
        self._since_s, self._until_s = state.get("since_s", 0.0), state.get("until_s", 0.0)
