"""How the processes of one service ended, as far as somebody said so."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from gctail.epochs import Epoch, without_stacks
from gctail.parsing.causes import KILLED_FOR_MEMORY
from gctail.records import Death, Sighting, Verdict

MOST_DEATHS_KEPT = 64


class Deaths(deque[Sighting]):
    """The last deaths that were told of a service, each once."""

    def __init__(self, deaths: Iterable[Sighting] = ()) -> None:
        super().__init__(deaths, MOST_DEATHS_KEPT)

    def have(self, sighting: Sighting, death: Death) -> bool:
        """Whether the same death was told before: of the same pid, or at the same place."""
        for other in self:
            known = other.record
            if not isinstance(known, Death):
                continue
            pid = death.details.get("pid")
            if pid is not None and pid == known.details.get("pid") and death.source == known.source:
                return True
            if death.text == known.text and sighting.offset == other.offset and sighting.origin == other.origin:
                return True
        return False

    def state(self) -> list[dict[str, Any]]:
        """Plain data, for JSON; stacks are not kept."""
        kept: list[dict[str, Any]] = msgspec.to_builtins(without_stacks(self))
        return kept

    @classmethod
    def restore(cls, state: list[dict[str, Any]]) -> Deaths:
        """The deaths that `state` was taken of."""
        return cls(msgspec.convert(state, list[Sighting]))


def outside_heap(epoch: Epoch, verdict: Verdict) -> Verdict:
    """The verdict, corrected where a process was killed for memory that its Go heap did not hold.

    The runtime keeps up to the goal, and by 5 to 15 % more for what is not heap (memoryLimitHeapGoal in
    go/src/runtime/mgcpacer.go); less than half of what the kernel counted is no explanation.
    """
    death = next((each.record for each in epoch.deaths if isinstance(each.record, Death)), None)
    if verdict.leak or epoch.last is None or death is None or death.cause not in KILLED_FOR_MEMORY:
        return verdict
    known = [death.details.get(name) for name in ("anon_rss_kib", "limit_kib")]
    held_mib = next((kib / 1024 for kib in known if isinstance(kib, int | float)), None)
    derived = epoch.last_derived
    next_goal_mib = (derived.next_goal_mib if derived is not None else None) or 2 * epoch.last.heap_live_mib
    heap_mib = max(epoch.last.heap_end_mib, epoch.last.goal_mib or 0, next_goal_mib) + 3 * (epoch.last.stacks_mib or 0)
    if held_mib is None or heap_mib > 0.5 * held_mib:
        return verdict
    why = f"the kernel counted {held_mib:.0f} MiB, and the Go heap could not be more than {heap_mib:.0f} MiB"
    return replace(verdict, kind="outside-heap", why=(why, *verdict.why))
