"""What the heap and the stacks of a process call for, held against its limit."""

from __future__ import annotations

from gctail.advice.facts import percent
from gctail.detectors.goroutines import REAL_PER_SCANNED


def told_by_heap(
    live_mib: float | None, goal_mib: float | None, stacks_mib: float | None, limit_mib: float | None
) -> dict[str, object]:
    """The facts of these sizes (MiB): what is live, the next goal, scanned stack, and the limit."""
    return {
        "limit_mib": limit_mib,
        "live_mib": live_mib,
        "next_goal_mib": goal_mib,
        "live_of_limit": percent(live_mib, limit_mib),
        "goal_of_limit": percent(goal_mib, limit_mib),
        "stacks_mib": stacks_mib,
        "stacks_in_use_mib": stacks_in_use(stacks_mib),
    }


def stacks_in_use(stacks_mib: float | None) -> float | None:
    """MiB of stack in use, of the MiB that the trace counts as scanned; None where it counts none."""
    return stacks_mib * REAL_PER_SCANNED if stacks_mib else None
