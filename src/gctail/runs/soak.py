"""How much the live heap grew over a run, how sure that is, and how small a growth the run could have shown at all.

The run without its warm-up is cut into blocks of equal time, and a straight line is fitted to their mean live heaps.
The heap of one block resembles that of the block before it, so the error of the slope is widened by what the residuals
remember (the variance of a mean of an AR(1) process: (1 + r) / (1 - r)), and its degrees of freedom are cut down alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from msgspec import Struct

from gctail.traces import Bin

BLOCKS = 24
LEAST_BLOCKS = 6
"""Fewer say nothing about how much the heap wavers."""
SURE, POWER = 0.95, 0.8
GRAIN_MIB = sqrt(1 / 12)
"""The runtime prints whole MiB, cut off: the error of one reading is spread evenly over 1 MiB."""
WARM_UP = 0.2
"""Of a run, how much is left out where nobody says how long the warm-up takes."""


class Slope(Struct, frozen=True):
    """Growth of the live heap in MiB/s."""

    rate: float
    low: float
    """With 95 % it grows at least so fast."""
    high: float
    """With 95 % it grows at most so fast."""
    detectable: float
    """A growth as fast as this would have been seen with 80 %; a slower one mostly not."""
    from_s: float
    """Uptime at which the warm-up was over."""
    span_s: float
    collections: int

    def seconds_to_show(self, rate: float) -> float:
        """How long a run would have to be, after its warm-up, to show that growth: the error falls with time ** 1.5."""
        return float(self.span_s * max(1.0, self.detectable / rate) ** (2 / 3))


def slope_of(bins: Sequence[Bin], warm_up_s: float | None = None) -> Slope | None:
    """The growth after the warm-up; None where too few collections are left to say."""
    from scipy.special import stdtrit

    points = [(each.uptime_s, (each.live_low_mib + each.live_high_mib) / 2, each) for each in bins]
    known = [(at, live, each) for at, live, each in points if at is not None]
    if not known:
        return None
    first_s, last_s = known[0][0], known[-1][0]
    from_s = first_s + (WARM_UP * (last_s - first_s) if warm_up_s is None else warm_up_s)
    span_s = last_s - from_s
    late = [(at, live, each) for at, live, each in known if at >= from_s]
    count = sum(each.collections for _, _, each in late)
    blocks = min(BLOCKS, len(late) // 2)
    if blocks < LEAST_BLOCKS or span_s <= 0:
        return None
    gathered: list[list[tuple[float, float, int]]] = [[] for _ in range(blocks)]
    for at, live, each in late:
        gathered[min(blocks - 1, int(blocks * (at - from_s) / span_s))].append((at, live, each.collections))
    full = [block for block in gathered if block]
    if len(full) < LEAST_BLOCKS:
        return None
    times, lives = zip(*map(_mean, full), strict=True)
    rate, error, freedom = _line(times, lives, count / len(full))
    reach = float(stdtrit(freedom, SURE)) * error
    seen = (float(stdtrit(freedom, SURE)) + float(stdtrit(freedom, POWER))) * error
    return Slope(rate, rate - reach, rate + reach, seen, from_s, span_s, count)


def _mean(block: list[tuple[float, float, int]]) -> tuple[float, float]:
    weight = sum(count for _, _, count in block)
    return sum(at * count for at, _, count in block) / weight, sum(live * count for _, live, count in block) / weight


def _line(times: Sequence[float], lives: Sequence[float], readings: float) -> tuple[float, float, float]:
    """Slope, its standard error, and the degrees of freedom that are left; a block is the mean of so many readings."""
    count = len(times)
    middle, level = sum(times) / count, sum(lives) / count
    spread = sum((at - middle) ** 2 for at in times)
    rate = sum((at - middle) * (live - level) for at, live in zip(times, lives, strict=True)) / spread
    left = [live - level - rate * (at - middle) for at, live in zip(times, lives, strict=True)]
    variance = max(sum(each**2 for each in left) / (count - 2), GRAIN_MIB**2 / readings)
    widened = memory_of(left)
    return rate, sqrt(variance * widened / spread), max(1.0, count / widened - 2)


def memory_of(left: Sequence[float]) -> float:
    """By what the variance of a mean grows because each residual resembles the one before it; at least 1."""
    together = sum(one * other for one, other in pairwise(left))
    remembered = min(0.9, max(0.0, together / (sum(each**2 for each in left) or 1.0)))
    return (1 + remembered) / (1 - remembered)
