"""Level changes that are no growth: a spike that goes away, a step that stays."""

from __future__ import annotations

from statistics import median
from typing import Any

from gctail.detectors.values import Block, Carryover, Signal, Surroundings

WINDOW = 12
FEWEST = 8
RISE = 0.5
SMALLEST_MIB = 8.0
STAYS = 10


class Spikes:
    """Speaks when the level leaves its habit by half of itself at once: a spike when it returns, a step when it stays.

    The habit is the median of a dozen blocks, and must be steady itself; a level that climbs is the business of growth.
    """

    kind = "spike"
    kinds = ("spike", "step")

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._habit: list[float] = []
        self._away: list[float] = []
        self._since: list[float] = []  # clock, cycle

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the level after each block; judge it by the habit before it becomes part of it."""
        usual = median(self._habit) if len(self._habit) >= FEWEST else None
        least = max(SMALLEST_MIB, 8 * surroundings.noise, RISE * (usual or 0.0))
        if usual is None or max(self._habit) - min(self._habit) > 0.5 * least:
            self._learn(block.low)
            self._away, self._since = [], []
            return []
        if block.low < usual + least:
            return self._returned(block, usual)
        if not self._away:
            self._since = [round(block.rows[0].clock_s, 3), block.rows[0].number]
        self._away.append(round(block.low, 3))
        return self._stayed(usual) if len(self._away) >= STAYS else []

    def _returned(self, block: Block, usual: float) -> list[Signal]:
        """Back to the habit: where it was away, that was a spike."""
        away, self._away = self._away, []
        self._learn(block.low)
        if not away:
            return []
        clock_s, number = self._since
        return [
            Signal(
                "spike",
                "info",
                f"from gc {number:.0f} the heap rose to {max(away):.0f} MiB and fell back to {block.low:.0f} MiB after "
                f"{block.end_s - clock_s:.3g} s",
                {
                    "peak_mib": max(away),
                    "usual_mib": usual,
                    "cycle": int(number),
                    "seconds": round(block.end_s - clock_s, 3),
                },
            ),
        ]

    def _stayed(self, usual: float) -> list[Signal]:
        """Away for long: where the new level is steady it is a step, otherwise growth; either is the new habit."""
        away, self._away = self._away, []
        self._habit = away
        level = median(away)
        if max(away[2:]) - min(away[2:]) > 0.25 * (level - usual):
            return []
        number = self._since[1]
        return [
            Signal(
                "step",
                "info",
                f"at gc {number:.0f} the heap stepped from {usual:.0f} to {level:.0f} MiB and stays there",
                {"from_mib": usual, "to_mib": level, "cycle": int(number)},
            ),
        ]

    def _learn(self, low: float) -> None:
        self._habit = [*self._habit[-(WINDOW - 1) :], round(low, 3)]

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"habit": list(self._habit), "away": list(self._away), "since": list(self._since)}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._habit, self._away, self._since = list(state["habit"]), list(state["away"]), list(state["since"])
