"""GOGC was changed while the process ran: the goal moves against the live heap, although nothing leaks."""

from __future__ import annotations

from statistics import median
from typing import Any

from gctail.detectors.values import Block, Carryover, Signal, Surroundings

WINDOW = 5
CHANGE = 1.35
LEAST = 8.0
"""Nobody sets less; a goal this close to the live heap is the memory limit at work."""
USUAL = (25, 50, 75, 100, 150, 200, 300, 400, 500, 800, 1000)


class GogcChanged:
    """Speaks when GOGC, inferred from goal and live heap, settles at another value (debug.SetGCPercent, a tuner).

    The estimate of one collection is rough in a small heap, so the median of five blocks is compared, and the change
    must be by a third.
    """

    kind = "gogc-changed"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._settled: float | None = None
        self._recent: list[float] = []

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the estimate after each block."""
        del surroundings
        if block.gogc is None or block.limit_bound or block.spiral or block.gogc < LEAST or block.live < 20:
            return []
        self._recent = [*self._recent[-(WINDOW - 1) :], round(block.gogc, 1)]
        if len(self._recent) < WINDOW:
            return []
        now = median(self._recent)
        agreed = max(self._recent) <= 1.15 * now and min(self._recent) >= now / 1.15
        if self._settled is None:
            self._settled = now if agreed else None
            return []
        ratio = max(now, 1.0) / max(self._settled, 1.0)
        if not agreed or 1 / CHANGE < ratio < CHANGE:
            return []
        before, self._settled = self._settled, now
        return [
            Signal(
                self.kind,
                "info",
                f"GOGC went from about {_usual(before)} to about {_usual(now)}: the heap may now grow to "
                f"{1 + now / 100:.2g} times what is live before it is collected",
                {"gogc_before": before, "gogc": now, "cycle": block.rows[-1].number},
            ),
        ]

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"settled": self._settled, "recent": list(self._recent)}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._settled, self._recent = state["settled"], list(state["recent"])


def _usual(estimate: float) -> int:
    """The estimate, or the value people set that it must be."""
    near = min(USUAL, key=lambda value: abs(value - estimate))
    return near if abs(near - estimate) <= 0.06 * near else round(estimate)
