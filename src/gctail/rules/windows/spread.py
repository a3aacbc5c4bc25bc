"""How a value is distributed, for `quantile`."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import ceil, isfinite, log
from typing import Any

from gctail.rules.windows.window import BUCKETS


class Spread:
    """How a value is distributed, for `quantile`: counts in steps of 5 %, so that the answer is 2.5 % off at most.

    Below 1e-6 (a microsecond, a byte) everything is 0, and beyond 1e9 everything is that.
    """

    __slots__ = ("_buckets", "_counts", "_held", "_n", "_steps", "_width_s", "_window_s")

    _STEP = log(1.05)
    _SMALLEST, _LARGEST = 1e-6, 1e9
    _ORIGIN = 300  # steps are numbered from 1 on, those of negative values from -1 down

    def __init__(self, window_s: float) -> None:
        self._window_s, self._width_s = window_s, window_s / BUCKETS
        self._buckets: deque[tuple[float, dict[int, int]]] = deque()
        self._counts: dict[int, int] = {}
        self._steps: list[int] = []
        self._n = 0
        self._held: tuple[float, float] | None = None

    def observe(self, clock_s: float, value: float | None) -> None:
        """Learn the collection before; hold this one back, which is judged first."""
        if self._held is not None:
            self._learn(*self._held)
        self._held = None if value is None else (clock_s, value)

    def quantile(self, clock_s: float, share: float) -> float | None:
        """The smallest value that at least this share of the collections before did not exceed."""
        self._forget(clock_s // self._width_s)
        if not self._n:
            return None
        wanted, passed = max(1, ceil(share * self._n - 1e-9)), 0
        for step in self._steps:
            passed += self._counts[step]
            if passed >= wanted:
                return self._middle(step)
        return None

    def _step_of(self, value: float) -> int:
        size = min(abs(value), self._LARGEST) if isfinite(value) else self._LARGEST
        if size < self._SMALLEST:
            return 0
        step = ceil(log(size) / self._STEP) + self._ORIGIN
        return step if value > 0 else -step

    def _middle(self, step: int) -> float:
        if not step:
            return 0.0
        size = 2.0 * 1.05 ** (abs(step) - self._ORIGIN) / 2.05
        return size if step > 0 else -size

    def _learn(self, clock_s: float, value: float) -> None:
        number, step = clock_s // self._width_s, self._step_of(value)
        if not self._buckets or self._buckets[-1][0] != number:
            self._forget(number)
            self._buckets.append((number, {}))
        counts = self._buckets[-1][1]
        counts[step] = counts.get(step, 0) + 1
        self._add(step, 1)

    def _add(self, step: int, times: int) -> None:
        before = self._counts.get(step, 0)
        self._n += times
        self._counts[step] = before + times
        if not before:
            insort(self._steps, step)
        elif before + times == 0:
            del self._counts[step], self._steps[bisect_left(self._steps, step)]

    def _forget(self, number: float) -> None:
        buckets = self._buckets
        while buckets and buckets[0][0] <= number - BUCKETS:
            for step, times in buckets.popleft()[1].items():
                self._add(step, -times)

    def state(self) -> list[Any]:
        """Plain data."""
        buckets = [[number, [list(pair) for pair in counts.items()]] for number, counts in self._buckets]
        return [buckets, list(self._held) if self._held else None]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        buckets, held = state
        self._buckets = deque((number, {int(step): times for step, times in pairs}) for number, pairs in buckets)
        self._counts, self._steps, self._n = {}, [], 0
        for _, counts in self._buckets:
            for step, times in counts.items():
                self._add(step, times)
        self._held = (held[0], held[1]) if held else None
