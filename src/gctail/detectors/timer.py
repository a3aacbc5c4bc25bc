"""Somebody calls runtime.GC() or debug.FreeOSMemory() on a timer."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any

from gctail.detectors.values import Block, Carryover, Signal, Surroundings

KEPT = 9
FEWEST = 6
REGULAR_SHARE = 0.1


class ForcedOnTimer:
    """Speaks once when forced collections come at even intervals: each stops the world and takes CPU for nothing.

    `(forced)` on a gctrace line is a call by the program; the runtime's own collection after two quiet minutes has a
    line of its own, `GC forced`, and is not meant here.
    """

    kind = "forced-collections-on-a-timer"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._clocks: list[float] = []
        self._told = False

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the forced collections of each block."""
        del surroundings
        clocks = [round(row.clock_s, 3) for row in block.rows if row.forced]
        if self._told or not clocks:
            return []
        self._clocks = [*self._clocks, *clocks][-KEPT:]
        if len(self._clocks) <= FEWEST:
            return []
        gaps = [later - earlier for earlier, later in pairwise(self._clocks)]
        usual = median(gaps)
        even = sum(1 for gap in gaps if abs(gap - usual) <= REGULAR_SHARE * usual + 0.01)
        if usual < 0.05 or even < 0.75 * len(gaps):
            return []
        self._told = True
        return [
            Signal(
                self.kind,
                "info",
                f"the program forces a collection every {usual:.3g} s or so (runtime.GC or debug.FreeOSMemory)",
                {"interval_s": round(usual, 3), "collections": len(self._clocks)},
            ),
        ]

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"clocks": list(self._clocks), "told": self._told}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._clocks, self._told = list(state["clocks"]), state["told"]
