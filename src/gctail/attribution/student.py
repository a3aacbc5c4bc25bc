"""The tail of Student's t: how likely chance alone goes so far. scipy has it, too, and takes half a second to load."""

from __future__ import annotations

from math import lgamma
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_STEPS = 200
PRECISE = 1e-12
TINY = 1e-300


def tail(t: Floats, degrees: int) -> Floats:
    """The chance of a value above each `t`, with so many degrees of freedom; to ten digits, however small it is.

    I_x(a, 1/2) / 2 with a = degrees/2 and x = degrees / (degrees + t*t) (DLMF 8.17, Abramowitz and Stegun 26.7.1).
    """
    a, b = degrees / 2, 0.5
    squares = t * t
    x, rest = degrees / (degrees + squares), squares / (degrees + squares)
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    front = np.exp(a * np.log(np.maximum(x, TINY)) + b * np.log(np.maximum(rest, TINY)) + scale)
    near = x < (a + 1) / (a + b + 2)
    beyond = np.where(
        near,
        front * _fraction(a, b, np.where(near, x, 0.0)) / a,
        1.0 - front * _fraction(b, a, np.where(near, 0.0, rest)) / b,
    )
    chance: Floats = np.where(t >= 0, beyond / 2, 1.0 - beyond / 2)
    return chance


def _fraction(a: float, b: float, x: Floats) -> Floats:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method."""
    numerator = np.ones_like(x)
    denominator = 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1))
    found: Floats = denominator.copy()
    for step in range(1, MOST_STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            denominator = 1.0 / _not_zero(1.0 + term * denominator)
            numerator = _not_zero(1.0 + term / numerator)
            change = denominator * numerator
            found *= change
        if np.abs(change - 1.0).max() < PRECISE:
            break
    return found


def _not_zero(values: Floats) -> Floats:
    safe: Floats = np.where(np.abs(values) < TINY, TINY, values)
    return safe
