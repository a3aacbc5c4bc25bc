"""Growth that slows down may end by itself. A slope less than the one before is known as well as three levels are."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import TYPE_CHECKING

from gctail.detectors.load import dot

if TYPE_CHECKING:
    from gctail.detectors.history import History

SLOWING_ERROR, HALVES_NOISE = 0.08, 1.4
"""How well the ratio of two halves is known: by itself, and for each MiB of noise over the rise of the older half."""
FEWEST_OF_A_HALF = 6
LOGISTIC = 0.55
"""The scale of a logistic curve with the spread of a normal one."""


def gets_there(younger: float, older: float, age_s: float, head_mib: float, noise_mib: float) -> float:
    """How likely growth that slows down gets as far as `head_mib`: the exponential through both halves.

    What one half has of the other's rise is known as well as three levels are, which lie apart by the noise and by
    what waves of the load leave.
    """
    rise = younger * age_s / 2
    needed = head_mib / (head_mib + rise)
    error = SLOWING_ERROR + HALVES_NOISE * noise_mib / max(older * age_s / 2, noise_mib)
    return min(1.0, 2.0 / (1.0 + exp((needed - younger / older) / (LOGISTIC * error))))


def ripple(history: History, onset_s: float, middle_s: float) -> float:
    """How far levels lie from two parabolas, one before and one after the middle (MiB, root mean square).

    Waves of the load last longer than from one block to the next, so neighbours do not tell how far they reach.
    """
    begin, middle = history.at(onset_s), history.at(middle_s)
    squares, free = 0.0, 0
    for first, last in ((begin, middle), (middle, len(history))):
        if last - first >= FEWEST_OF_A_HALF:
            squares += _squares_off(history.time_s[first:last], history.low[first:last])
            free += last - first - 3
    return sqrt(squares / free) if free else 0.0


def _squares_off(times: Sequence[float], lows: Sequence[float]) -> float:
    """The sum of squares that a parabola leaves."""
    line, rest = _centred(times), _centred(lows)
    bend = _without(_centred([x * x for x in line]), line)
    rest = _without(_without(rest, line), bend)
    return dot(rest, rest)


def _centred(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _without(values: list[float], other: list[float]) -> list[float]:
    """What of `values` does not go along with `other`."""
    own = dot(other, other)
    share = dot(values, other) / own if own > 0.0 else 0.0
    return [value - share * each for value, each in zip(values, other, strict=True)]
