"""What is remembered of a window of time: at most 64 buckets, whatever happens within it.

A bucket is a 64th of the window long and counted from the start of the process, so that the same log fills the same
buckets. A window reaches back from now to the beginning of its oldest bucket: the whole of its length, or up to one
bucket less. Every kind answers in constant time on average, and its state is plain data from which it goes on exactly.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import ceil, isfinite, log
from typing import Any, Protocol

BUCKETS = 64
LEAST_RATE_S = 10.0
"""A rate is taken over at least so long (or its window): the first second of a log says little about its rates."""
LEAST_SPREAD = 0.125
"""Standard deviation of the times, of the window: less (the collections of about half of a window) gives no slope."""


class Window(Protocol):
    """What the watch asks of every kind. `clock_s` never falls; `value` is None where it is not known."""

    def observe(self, clock_s: float, value: float | None) -> None:
        """One more collection, the one that is judged next."""

    def state(self) -> list[Any]:
        """Plain data."""

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""


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


Moments = tuple[float, float, float, float, float, float, float]
"""Of some points: how many, mean time, mean value, sums of squares and of products about the means, lowest, highest."""


def joined(one: Moments | None, other: Moments | None) -> Moments | None:
    """The moments of both together (Chan, Golub and LeVeque, 1979: stable however far the clock has run)."""
    if one is None or other is None:
        return other if one is None else one
    n1, t1, x1, tt1, tx1, low1, high1 = one
    n2, t2, x2, tt2, tx2, low2, high2 = other
    n, dt, dx = n1 + n2, t2 - t1, x2 - x1
    share, weight = n2 / n, n1 * n2 / n
    return (
        n,
        t1 + dt * share,
        x1 + dx * share,
        tt1 + tt2 + dt * dt * weight,
        tx1 + tx2 + dt * dx * weight,
        min(low2, low1),
        max(high2, high1),
    )


class Summary:
    """A value's moments, for `min`, `max` and `avg` of the collections before, and `slope` and `over` up to now.

    A queue of two stacks: `_front` holds the older buckets, each with the moments of all that are newer in the stack,
    `_back` the newer ones with their moments together; so nothing is ever subtracted, and nothing drifts.
    """

    __slots__ = ("_back", "_back_sum", "_front", "_held", "_open", "_width_s", "_window_s")

    def __init__(self, window_s: float) -> None:
        self._window_s, self._width_s = window_s, window_s / BUCKETS
        self._front: list[
            tuple[float, Moments, Moments]
        ] = []  # number, moments, with those of the newer ones; newest first
        self._back: list[tuple[float, Moments]] = []
        self._back_sum: Moments | None = None
        self._open: tuple[float, Moments] | None = None
        self._held: tuple[float, float] | None = None

    def observe(self, clock_s: float, value: float | None) -> None:
        """Learn the collection before; hold this one back, which is judged first."""
        if self._held is not None:
            self._learn(*self._held)
        self._held = None if value is None else (clock_s, value)

    def low(self, clock_s: float) -> float | None:
        """The lowest of the collections before."""
        moments = self._before(clock_s)
        return None if moments is None else moments[5]

    def high(self, clock_s: float) -> float | None:
        """The highest of the collections before."""
        moments = self._before(clock_s)
        return None if moments is None else moments[6]

    def mean(self, clock_s: float) -> float | None:
        """The mean of the collections before."""
        moments = self._before(clock_s)
        return None if moments is None else moments[2]

    def mean_with_now(self, clock_s: float) -> float | None:
        """The mean of the collections up to this one."""
        moments = self._with_now(clock_s)
        return None if moments is None else moments[2]

    def slope(self, clock_s: float) -> float | None:
        """Change per second, by least squares; None until there are three that spread over about half of the window."""
        moments = self._with_now(clock_s)
        if moments is None or moments[0] < 3 or moments[3] < moments[0] * (LEAST_SPREAD * self._window_s) ** 2:
            return None
        return moments[4] / moments[3]

    def _learn(self, clock_s: float, value: float) -> None:
        number = clock_s // self._width_s
        one: Moments = (1.0, clock_s, value, 0.0, 0.0, value, value)
        if self._open is not None:
            if self._open[0] == number:
                self._open = number, joined(self._open[1], one) or one
                return
            self._back.append(self._open)
            self._back_sum = joined(self._back_sum, self._open[1])
        self._open = number, one
        self._forget(number)

    def _before(self, clock_s: float) -> Moments | None:
        self._forget(clock_s // self._width_s)
        older = joined(self._front[-1][2] if self._front else None, self._back_sum)
        return joined(older, self._open[1] if self._open else None)

    def _with_now(self, clock_s: float) -> Moments | None:
        moments, held = self._before(clock_s), self._held
        if held is None or held[0] // self._width_s <= clock_s // self._width_s - BUCKETS:
            return moments
        return joined(moments, (1.0, *held, 0.0, 0.0, held[1], held[1]))

    def _forget(self, number: float) -> None:
        oldest = number - BUCKETS
        front = self._front
        while True:
            while front and front[-1][0] <= oldest:
                front.pop()
            if front or not self._back or self._back[0][0] > oldest:
                break
            self._turn()
        if self._open is not None and self._open[0] <= oldest:
            self._open = None

    def _turn(self) -> None:
        """Move the back to the empty front, the newest to the bottom."""
        for number, moments in reversed(self._back):
            self._front.append((number, moments, self._with_newer(moments)))
        self._back, self._back_sum = [], None

    def _with_newer(self, moments: Moments) -> Moments:
        return joined(moments, self._front[-1][2] if self._front else None) or moments

    def state(self) -> list[Any]:
        """Plain data; the sums are made anew from it, in the same order."""
        front = [[number, list(moments)] for number, moments, _ in self._front]
        back = [[number, list(moments)] for number, moments in self._back]
        opened = [self._open[0], list(self._open[1])] if self._open else None
        return [front, back, opened, list(self._held) if self._held else None]

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
        front, back, opened, held = state
        self._front, self._back, self._back_sum = [], [], None
        for number, moments in front:
            self._front.append((number, tuple(moments), self._with_newer(tuple(moments))))
        for number, moments in back:
            self._back.append((number, tuple(moments)))
            self._back_sum = joined(self._back_sum, tuple(moments))
        self._open = (opened[0], tuple(opened[1])) if opened else None
        self._held = (held[0], held[1]) if held else None


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
