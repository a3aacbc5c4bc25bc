"""Ranks the candidates: which columns the live heap follows, and which of them can be told from trend and traffic.

Two questions are asked of each column, both over the bins from a little before the onset. *How well does it fit?* The
level of the heap is fitted to the column alone, and must not fit worse than to a straight line in time or to the total
of all lines. *Is that chance?* The same with time, traffic and two slow waves beside it: only what ups and downs of the
heap the column still explains counts. The first ranks, for a leak may be so even that nothing but its trend speaks; the
second gives the p-value, corrected for the number of columns (Bonferroni).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from gctail.attribution.columns import KEYS, LEVEL, SUM, Table, missing, running
from gctail.attribution.regression import fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]

FEWEST_BINS = 16
BEFORE_ONSET = 0.8
"""The window begins at this part of the onset: a line that came before the growth did, without any, is innocent."""
SLOW_WAVES = 2
PRIOR = {LEVEL: 2.0, KEYS: 0.7, SUM: -0.5}
"""In log-likelihood: a number that is the size of what grows is better evidence than keys, those than lines."""
PROOF_WEIGHT = 0.5
SMOOTHED_BINS = 5


class Window(Struct, frozen=True):
    """The bins that count: end of each (s), live heap there (MiB), lines until there, lines/s around there."""

    begin: int
    uptime_s: Floats
    live_mib: Floats
    traffic: Floats
    rate: Floats

    @property
    def growth_mib(self) -> float:
        """How far the live heap has grown, its ends taken over a few bins."""
        return float(self.live_mib[-SMOOTHED_BINS:].mean() - self.live_mib[:3].mean())

    @property
    def steady(self) -> Floats:
        """What moves the level of a heap that keeps nothing: a constant, and what requests hold while they run."""
        return np.column_stack([np.ones_like(self.rate), self.rate])

    @property
    def thorough(self) -> Floats:
        """The same, and all that any line of the log would follow: time, traffic, slow waves."""
        span = np.pi * (self.uptime_s - self.uptime_s[0]) / max(self.uptime_s[-1] - self.uptime_s[0], 1e-9)
        waves = [np.cos(number * span) for number in range(1, SLOW_WAVES + 1)]
        return np.column_stack([self.steady, self.uptime_s, self.traffic, *waves])


class Ranked(Struct, frozen=True):
    """All columns: their log-likelihood, its `lead` over time and traffic, `score` by which they rank, chance, slope."""

    gain: Floats
    lead: Floats
    score: Floats
    p_value: Floats
    slope: Floats
    mib: Floats


def window(courses: Courses, onset_s: float) -> Window | None:
    """The bins from a little before the onset; None where there are too few."""
    uptime_s = np.asarray(courses.uptime_s, float)
    if uptime_s.size < FEWEST_BINS:
        return None
    begin = int(np.searchsorted(uptime_s, BEFORE_ONSET * onset_s)) - 1
    begin = min(max(begin, 0), uptime_s.size - FEWEST_BINS)
    traffic = running(courses.lines, missing(courses))
    spans = np.maximum(np.gradient(uptime_s), 1e-6)
    rate = _smooth(np.gradient(traffic) / spans)
    live = np.asarray(courses.live_mean_mib, float)
    return Window(begin, uptime_s[begin:], live[begin:], traffic[begin:], rate[begin:])


def rank(seen: Window, columns: Table) -> Ranked:
    """Ask both questions of every column."""
    values = columns.values
    rivals = np.column_stack([values, seen.uptime_s, seen.traffic])
    alone = fits(seen.live_mib, seen.steady, rivals)
    proof = fits(seen.live_mib, seen.thorough, values)
    lead = alone.likelihood[:-2] - max(alone.likelihood[-2:])
    slope = alone.slope[:-2]
    mib = slope * (values[-1] - values[0])
    share = np.clip(mib / max(seen.growth_mib, 1e-3), 0.01, 100.0)
    prior = np.array([PRIOR.get(each.kind, 0.0) for each in columns.candidates])
    proven = np.where(proof.slope > 0, proof.gain, 0.0)
    score = lead + PROOF_WEIGHT * proven - np.abs(np.log(share)) + prior
    chance = np.where((slope > 0) & (proof.slope > 0), proof.p_value, 1.0)
    score = np.where(slope > 0, score, -np.inf)
    return Ranked(lead + proven, lead, score, np.minimum(1.0, chance * len(columns.candidates)), slope, mib)


def _smooth(values: Floats) -> Floats:
    """The running mean over a few bins."""
    padded = np.pad(values, SMOOTHED_BINS // 2, mode="edge")
    smooth: Floats = np.convolve(padded, np.full(SMOOTHED_BINS, 1 / SMOOTHED_BINS), mode="valid")
    return smooth
