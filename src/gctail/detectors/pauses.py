"""Pauses far beyond this service's habit: the world stood still for longer than anybody expects of Go."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from gctail.amounts import pause
from gctail.detectors.values import Block, Carryover, Signal, Surroundings

if TYPE_CHECKING:
    from river.stats import RollingQuantile

WINDOW = 100
FEWEST = 30
FACTOR = 10.0
HARMLESS_MS = 10.0
"""A pause this short hurts nobody, however unusual it is."""
QUIET_S = 60.0


class PauseSpike:
    """Speaks when a pause is ten times what nine of ten blocks of collections stay under, and long enough to hurt."""

    kind = "pause-spike"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._pauses: array[float] = array("d")
        self._habit: RollingQuantile | None = None
        self._told_s: float | None = None

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Judge the block's longest pause by the habit, then learn it."""
        del surroundings
        pauses = [row.pause_ms for row in block.rows]
        longest_ms = max(pauses)
        worst = block.rows[pauses.index(longest_ms)]
        found = self._judge(longest_ms, worst.number, worst.clock_s) if longest_ms >= HARMLESS_MS else []
        self._pauses.append(round(longest_ms, 4))
        del self._pauses[:-WINDOW]
        if self._habit is not None:
            self._habit.update(self._pauses[-1])
        return found

    def _judge(self, pause_ms: float, number: int, clock_s: float) -> list[Signal]:
        """One pause that is long in itself."""
        if len(self._pauses) < FEWEST or (self._told_s is not None and clock_s - self._told_s < QUIET_S):
            return []
        usual = self._usual()
        if pause_ms < FACTOR * usual:
            return []
        self._told_s = round(clock_s, 3)
        return [
            Signal(
                self.kind,
                "warning" if pause_ms >= 100.0 else "info",
                f"gc {number} stopped the world for {pause(pause_ms)}; nine of ten times it is under {pause(usual)}",
                {"pause_ms": round(pause_ms, 4), "usual_ms": round(usual, 4), "cycle": number},
            ),
        ]

    def _usual(self) -> float:
        """What nine of ten stay under. river is loaded here, when a pause has been long: it takes 0.2 s and 29 MiB."""
        if self._habit is None:
            from river.stats import RollingQuantile

            self._habit = RollingQuantile(0.9, WINDOW)
            for pause_ms in self._pauses:
                self._habit.update(pause_ms)
        return float(self._habit.get() or 0.0)

    def state(self) -> dict[str, Any]:
        """Plain data: the window itself, from which river's model is made again."""
        return {"pauses": list(self._pauses), "told_s": self._told_s}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._pauses, self._told_s, self._habit = array("d", state["pauses"]), state["told_s"], None
