"""How a value has changed: over a window, for `growth`, and since the start of the process, for `since_start`."""

from __future__ import annotations

from collections import deque
from typing import Any

from gctail.rules.windows.window import BUCKETS


class Trail:
    """The course of a value, for `growth`: of each bucket the first and the last point.

    Between two collections the value is taken to change evenly. While the process is younger than the window, the
    window begins with its first collection.
    """

    __slots__ = ("_before", "_buckets", "_now", "_width_s", "_window_s")

    def __init__(self, window_s: float) -> None:
        self._window_s, self._width_s = window_s, window_s / BUCKETS
        self._buckets: deque[list[float]] = deque()  # number, first time, first value, last time, last value
        self._before: tuple[float, float] | None = None
        self._now: float | None = None

    def observe(self, clock_s: float, value: float | None) -> None:
        """One more point, at its time."""
        self._now = value
        if value is None:
            return
        number = clock_s // self._width_s
        buckets = self._buckets
        if buckets and buckets[-1][0] == number:
            buckets[-1][3:] = clock_s, value
        else:
            self._forget(number)
            buckets.append([number, clock_s, value, clock_s, value])

    def growth(self, clock_s: float) -> float | None:
        """The value of the last collection less that at the beginning of the window."""
        if self._now is None:
            return None
        self._forget(clock_s // self._width_s)
        return self._now - self._at_begin(clock_s - self._window_s)

    def _forget(self, number: float) -> None:
        buckets = self._buckets
        while buckets and buckets[0][0] <= number - BUCKETS:
            *_, time_s, value = buckets.popleft()
            self._before = time_s, value

    def _at_begin(self, begin_s: float) -> float:
        before, buckets = self._before, self._buckets
        if before is None:
            return buckets[0][2]
        if not buckets or before[0] >= begin_s:
            return before[1]
        _, time_s, value, *_ = buckets[0]
        return before[1] + (value - before[1]) * (begin_s - before[0]) / (time_s - before[0])

    def state(self) -> list[Any]:
        """Plain data."""
        return [[list(each) for each in self._buckets], list(self._before) if self._before else None, self._now]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        buckets, before, self._now = state
        self._buckets = deque(list(each) for each in buckets)
        self._before = (before[0], before[1]) if before else None


class Beginning:
    """The first value that was known, for `since_start`."""

    __slots__ = ("_first", "_now")

    def __init__(self, _window_s: float = 0.0) -> None:
        self._first: float | None = None
        self._now: float | None = None

    def observe(self, _clock_s: float, value: float | None) -> None:
        """The value now."""
        self._now = value
        self._first = value if self._first is None else self._first

    def change(self, _clock_s: float) -> float | None:
        """The value now less the first one."""
        return None if self._now is None or self._first is None else self._now - self._first

    def state(self) -> list[Any]:
        """Plain data."""
        return [self._first, self._now]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        self._first, self._now = state
