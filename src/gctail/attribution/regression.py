"""Fits a course to a column: `level = what else moves it + b * column + noise`, where noise remembers its neighbour.

The live heap is the running total of what is kept, so levels are fitted to running totals, and not differences to
counts: a difference of one bin drowns in what requests hold for a moment. But two running totals that have nothing to
do with each other look alike (Granger and Newbold 1974, "Spurious regressions in econometrics"), and the cure is to let
the noise be autoregressive: e[i] = phi * e[i-1] + white. At phi = 1 differences are fitted after all. For each column
that phi is taken under which the data are most likely (Prais and Winsten 1954, over a grid).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from gctail.attribution.student import tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PHIS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.87, 0.95, 1.0)
LEAST_FIRST_WEIGHT = 1e-4
"""At phi = 1 the first point says nothing about the noise; so much of it is kept that a level stays a level."""
LEFT_OUT = 2
"""Evidence must not rest on so few bins: the p-value is taken without those that speak most for the column."""
COLLINEAR = 1e-9
AS_LIKELY = 2.0
"""Log-likelihood: under each phi that is so nearly the likeliest, chance must be as unlikely (a 95 % interval)."""


class Fits(Struct, frozen=True):
    """One value for each column: gain in log-likelihood over no column, slope, and the chance of a slope as good."""

    gain: Floats
    likelihood: Floats
    slope: Floats
    p_value: Floats


def fits(course: Floats, others: Floats, columns: Floats) -> Fits:
    """Each column by itself beside all of `others` (bins x terms), which are there in every fit."""
    bins, count = columns.shape
    best, slope = np.full(count, -np.inf), np.zeros(count)
    likelihoods, parts = np.empty((len(PHIS), count)), np.empty((len(PHIS), count))
    without = -np.inf
    for at, phi in enumerate(PHIS):
        weight = 0.5 * np.log(max(1.0 - phi * phi, LEAST_FIRST_WEIGHT))
        basis = np.linalg.qr(whitened(others, phi))[0]
        left, moved = _rest(whitened(course[:, None], phi), basis)[:, 0], whitened(columns, phi)
        rest = _rest(moved, basis)
        squares = (rest * rest).sum(0)
        told = squares > COLLINEAR * np.maximum((moved * moved).sum(0), 1e-30)
        slopes = np.where(told, rest.T @ left / np.where(told, squares, 1.0), 0.0)
        total = max(float(left @ left), 1e-12)
        remains = np.maximum(total - slopes * slopes * squares, 1e-12 * total)
        without = max(without, weight - bins / 2 * np.log(total / bins))
        likelihoods[at] = weight - bins / 2 * np.log(remains / bins)
        parts[at] = np.where(told, reliable(rest, left), -1.0)
        better = likelihoods[at] > best
        best, slope = np.where(better, likelihoods[at], best), np.where(better, slopes, slope)
    # How much the noise remembers is not known better than this: the chance is that of the worst case.
    part = np.where(likelihoods > best - AS_LIKELY, parts, 1.0).min(0)
    return Fits(best - without, best, slope, by_chance(part, bins - others.shape[1] - 1 - LEFT_OUT))


def reliable(rest: Floats, left: Floats) -> Floats:
    """The correlation of the course with each column, without the bins that speak most for it."""
    products = rest * left[:, None]
    out, across = np.argpartition(-products, LEFT_OUT, axis=0)[:LEFT_OUT], np.arange(rest.shape[1])
    whole, total = (rest * rest).sum(0), left @ left
    squares = whole - (rest[out, across] ** 2).sum(0)
    product = products.sum(0) - products[out, across].sum(0)
    remains = total - (left[out] ** 2).sum(0)
    known = (squares > COLLINEAR * whole) & (remains > COLLINEAR * total)
    found: Floats = np.where(known, product / np.sqrt(np.where(known, squares * remains, 1.0)), 0.0)
    return found


def by_chance(correlation: Floats, degrees: int) -> Floats:
    """How likely chance alone gives as high a correlation (Student's t)."""
    if degrees < 1:
        return np.ones_like(correlation)
    return tail(correlation * np.sqrt(degrees / np.maximum(1.0 - correlation * correlation, 1e-12)), degrees)


def whitened(columns: Floats, phi: float) -> Floats:
    """Columns (bins x columns) as they are fitted where noise remembers `phi` of its neighbour."""
    white = columns.copy()
    white[1:] -= phi * columns[:-1]
    white[0] *= np.sqrt(max(1.0 - phi * phi, LEAST_FIRST_WEIGHT))
    return white


def _rest(columns: Floats, basis: Floats) -> Floats:
    """What of the columns the basis does not explain."""
    rest: Floats = columns - basis @ (basis.T @ columns)
    return rest
