"""The moments of a value, for `min`, `max`, `avg`, `over` and `slope`."""

from __future__ import annotations

from typing import Any

from gctail.rules.windows.window import BUCKETS

LEAST_SPREAD = 0.125
"""Standard deviation of the times, of the window: less (the collections of about half of a window) gives no slope."""

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
