"""The next goal is at the limit: the process may allocate past its limit before anything is collected again."""

from __future__ import annotations

from typing import Any

from gctail.detectors.alarm import Alarm
from gctail.detectors.passage import AT_LIMIT
from gctail.detectors.values import Block, Carryover, Signal, Surroundings

CLEAR_SHARE = 0.9


def at_or_over(goal_mib: float, limit_mib: float) -> str:
    """Where a goal lies that the limit does not leave room for."""
    return "over the limit" if goal_mib >= limit_mib else "at the limit"


class NextGoal:
    """Speaks when live + (live + stacks + globals) * GOGC/100 is all that the limit leaves (mgcpacer.go, `commit`).

    The goal is known one collection ahead, so this comes before the process is killed, however fast it grew. A process
    that allocates so little that it is collected by the timer, long before its goal, is in no such danger.
    """

    kind = "next-goal-over-limit"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._alarm = Alarm(self.kind)

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Compare the goal that the block's last collection sets with the limit."""
        limit, goal = surroundings.limit_mib, block.reach_mib
        if limit is None or goal is None:
            return []
        if block.memory_limit_mib is not None:  # GOMEMLIMIT collects sooner, as long as that can help
            goal = min(goal, max(block.memory_limit_mib, float(block.live)))
        evidence = {
            "next_goal_mib": round(goal, 1),
            "limit_mib": round(limit, 1),
            "heap_live_mib": block.live,
            "gogc": block.gogc,
            "cycle": block.rows[-1].number,
        }
        if goal >= AT_LIMIT * limit:
            due = "the next collection is due at" if goal == block.next_goal_mib else "before the next one it may be"
            return self._alarm.on(
                "critical",
                f"after gc {block.rows[-1].number} the live heap is {block.live} MiB, so {due} "
                f"{goal:.0f} MiB, {at_or_over(goal, limit)} of {limit:.0f} MiB: "
                "no further collection may come before the end",
                evidence,
            )
        if goal < CLEAR_SHARE * limit:
            return self._alarm.off(
                f"the next collection is due at {goal:.0f} MiB again, under {limit:.0f} MiB", evidence
            )
        return []

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"severity": self._alarm.severity}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._alarm.severity = state["severity"]
