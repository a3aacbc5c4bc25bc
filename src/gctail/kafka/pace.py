"""How much to take on at a time: so much that it takes about as long as it should, on whatever machine it is."""

from __future__ import annotations

from msgspec import Struct


class Pace(Struct):
    """`size` is what to take on next, in whatever it is counted: less after it took long, more after it was quick."""

    wanted_s: float
    least: int
    most: int
    size: int

    def took(self, amount: int, seconds: float) -> None:
        """That much took so long. It at most halves or doubles; what was less than `size`, and quick, says nothing."""
        if amount < self.size and seconds <= self.wanted_s:
            return
        fitting = int(amount * self.wanted_s / max(seconds, 1e-6))
        self.size = min(self.most, max(self.least, min(max(fitting, self.size // 2), self.size * 2)))
