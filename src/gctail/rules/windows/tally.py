"""How much a counter has grown, for `errors(1m)` and `rate`."""

from __future__ import annotations

from collections import deque
from typing import Any

from gctail.rules.windows.window import BUCKETS

LEAST_RATE_S = 10.0
"""A rate is taken over at least so long (or its window): the first second of a log says little about its rates."""


class Tally:
    """A counter, for `errors(1m)` and `rate`: of each bucket the last total. What happens, happens when it is seen."""

    __slots__ = ("_before", "_buckets", "_first_s", "_now", "_width_s", "_window_s")

    def __init__(self, window_s: float) -> None:
        self._window_s, self._width_s = window_s, window_s / BUCKETS
        self._buckets: deque[list[float]] = deque()  # number, total
        self._first_s: float | None = None
        self._before = self._now = 0.0

    def observe(self, clock_s: float, value: float | None) -> None:
        """The total now; the first one is not news, since nobody knows how old it is."""
        if value is None or value == self._now:
            self._first_s = clock_s if self._first_s is None else self._first_s
            return
        if self._first_s is None:
            self._first_s, self._before, self._now = clock_s, value, value
            return
        number, self._now = clock_s // self._width_s, value
        buckets = self._buckets
        if buckets and buckets[-1][0] == number:
            buckets[-1][1] = value
        else:
            self._forget(number)
            buckets.append([number, value])

    def increase(self, clock_s: float) -> float:
        """How much the total has grown within the window; a total that was put right may have fallen: 0."""
        self._forget(clock_s // self._width_s)
        return max(0.0, self._now - self._before)

    def rate(self, clock_s: float) -> float:
        """The increase per second of the window, or of what has been seen of it."""
        seen_s = max(LEAST_RATE_S, clock_s - (clock_s if self._first_s is None else self._first_s))
        return self.increase(clock_s) / min(self._window_s, seen_s)

    def _forget(self, number: float) -> None:
        buckets = self._buckets
        while buckets and buckets[0][0] <= number - BUCKETS:
            self._before = buckets.popleft()[1]

    def state(self) -> list[Any]:
        """Plain data."""
        return [[list(each) for each in self._buckets], self._first_s, self._before, self._now]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        buckets, self._first_s, self._before, self._now = state
        self._buckets = deque(list(each) for each in buckets)
