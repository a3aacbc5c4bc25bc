"""Goroutines that pile up: the stacks grow, and grow with the memory."""

from __future__ import annotations

from typing import Any

from gctail.detectors.alarm import Alarm
from gctail.detectors.values import Block, Carryover, Signal, Surroundings

SMALLEST_MIB = 4
GROWTH = 2.0
FEWEST_RISES = 4
REAL_PER_SCANNED = 3.0
"""Stack in use per stack scanned: 2.5 to 3.7 measured with 100 000 blocked goroutines."""


class GoroutineGrowth:
    """Speaks when the "MB stacks" of the trace (since Go 1.18) doubles in several small rises without coming back.

    A blocked goroutine keeps its stack (2 KiB and more) and what it refers to; the trace tells the scanned part of the
    stacks only, so what they really take is about three times as much.
    """

    kind = "goroutine-growth"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._alarm = Alarm(self.kind)
        self._base: int | None = None
        self._since_s = 0.0
        self._peak = 0
        self._rises = 0

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the stacks after each block."""
        del surroundings
        stacks = block.stacks_mib
        if self._base is None or stacks <= self._base:
            self._begin(stacks, block.end_s)
        elif stacks > self._peak:
            self._peak, self._rises = stacks, self._rises + 1
        elif stacks < self._peak - max(2, 0.35 * (self._peak - self._base)):
            self._begin(stacks, block.end_s)
            return self._alarm.off(f"stacks are down to {stacks} MiB", {"stacks_mib": stacks})
        if stacks < SMALLEST_MIB or self._rises < FEWEST_RISES or stacks < GROWTH * max(self._base or 0, 1):
            return []
        lasted_s = block.end_s - self._since_s
        return self._alarm.on(
            "warning",
            f"goroutine stacks grew from {self._base} to {stacks} MiB in {lasted_s:.0f} s without coming back; "
            f"in use are about {REAL_PER_SCANNED * stacks:.0f} MiB, since the trace counts scanned stack only",
            {"stacks_from_mib": self._base, "stacks_mib": stacks, "seconds": round(lasted_s, 3), "rises": self._rises},
        )

    def _begin(self, stacks: int, now_s: float) -> None:
        self._base, self._peak, self._rises, self._since_s = stacks, stacks, 0, now_s

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "severity": self._alarm.severity,
            "base": self._base,
            "since_s": self._since_s,
            "peak": self._peak,
            "rises": self._rises,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._alarm.severity, self._base, self._since_s = state["severity"], state["base"], state["since_s"]
        self._peak, self._rises = state["peak"], state["rises"]
