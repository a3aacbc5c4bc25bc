"""The climb of one process: when its live heap first stood at each height. It is what the next run is held against."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

MOST_POINTS = 24
FINEST_MIB = 0.5
LATELY = 0.15
BEGUN_S = 1.0
"""After so long a process has loaded what it needs to begin."""


class Climb:
    """New highs of the level, evenly spread over its height: (age in seconds, MiB), at most `MOST_POINTS`.

    `begin` is the level when the process had begun, `top` the highest one.
    """

    __slots__ = ("ages_s", "begin", "levels", "step", "top")

    def __init__(self) -> None:
        self.ages_s: list[float] = []
        self.levels: list[float] = []
        self.step = FINEST_MIB
        self.begin: float | None = None
        self.top = 0.0

    def follow(self, now_s: float, level: float) -> None:
        """The level (MiB) at this age (s)."""
        if self.begin is None and now_s >= BEGUN_S:
            self.begin = round(level, 3)
        if level <= self.top and self.levels:
            return
        if not self.levels or level >= self.levels[-1] + self.step:
            self.ages_s.append(round(now_s, 3))
            self.levels.append(round(level, 3))
            if len(self.levels) > MOST_POINTS:
                self._thin()
        self.top = round(level, 3)

    def goes_on(self, now_s: float) -> bool:
        """Whether it set a new high lately."""
        return bool(self.ages_s) and now_s - self.ages_s[-1] <= LATELY * now_s

    def _thin(self) -> None:
        """Keep points twice as far apart, the first always."""
        self.step *= 2.0
        ages_s, levels = self.ages_s[:1], self.levels[:1]
        for age_s, level in zip(self.ages_s[1:], self.levels[1:], strict=True):
            if level >= levels[-1] + self.step:
                ages_s.append(age_s)
                levels.append(level)
        self.ages_s, self.levels = ages_s, levels

    def state(self) -> list[Any]:
        """Plain data."""
        return [self.ages_s, self.levels, self.step, self.begin, self.top]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        ages_s, levels, self.step, self.begin, self.top = state
        self.ages_s, self.levels = list(ages_s), list(levels)


def age_at(ages_s: Sequence[float], levels: Sequence[float], level: float) -> float:
    """How old (s) the process was when it first stood so high (MiB); straight between points, and not beyond them."""
    at = bisect_left(levels, level)
    if at == 0 or at == len(levels):
        return ages_s[min(at, len(levels) - 1)]
    share = (level - levels[at - 1]) / (levels[at] - levels[at - 1])
    return ages_s[at - 1] + share * (ages_s[at] - ages_s[at - 1])
