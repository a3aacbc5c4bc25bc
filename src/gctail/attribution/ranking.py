"""Ranks the candidates: which columns the live heap follows, and which of them can be told from trend and traffic.

Two questions are asked of each column, both over the bins from some time before the onset. *How well does it fit?* The
level of the heap is fitted to the column alone, and must not fit worse than to a straight line in time or to the total
of all lines, from the onset on. *Is that chance?* The same with time, traffic and two slow waves beside it: only what
ups and downs of the heap the column still explains counts. The first ranks, for a leak may be so even that nothing but
its trend speaks; the second gives the p-value, corrected for the number of columns (Bonferroni; a fifth of the chance
of an error is for the many columns of single values, so that they hardly weaken the others). Beside the fit a rank
depends on what the line says of itself (`hints`), and on when it came first.

A line that came before the onset, without any growth, is innocent, unless it began to keep something at the onset:
each column is also tried as if it had begun there, which costs `LATE` and a doubled p-value. What is kept for an event
may come in the time after it (a channel that fills up when its reader has gone): each is also tried with a lag, which
costs `LAGGED` and proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from gctail.attribution.columns import LEVEL, Table, missing, running
from gctail.attribution.regression import fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FEWEST_BINS = 6
BEFORE_ONSET = 0.5
"""The window begins at this part of the onset."""
SLOW_WAVES = 2
LATE, LAGGED = 3.0, 5.0
LAG = 0.05
"""Of the time from the first bin to the last."""
AT_ONCE = 0.01
"""What is proven without a lag has none."""
PROOF_WEIGHT = 0.5
FIT_WEIGHT, SHARE_WEIGHT, FIRST_WEIGHT = 0.5, 0.5, 0.5
"""What a log-likelihood counts, beside hints: of noise that is not quite what it is taken for, it is too sure."""
REGULAR_LINES = 0.8
"""Whatever never is further from a straight line in time than this comes by a clock."""
FEWEST_REGULAR = 10
SMOOTHED_BINS = 5
EARLY = 0.1
"""Of the time: a line that comes first before is not known to be new."""
LARGE_MIB, TOO_LARGE = 0.25, 0.8
"""For each time that what one line keeps is e times larger than this: few lines keep as much."""
HELD = 1.5
"""So many times the live heap cannot have been held in it, however badly a slope is known."""


class Window(Struct, frozen=True):
    """The bins that count: end of each (s), live heap there (MiB), lines until there, lines/s around there.

    `begin` is the first of them, `before` how many of them lie before the onset, at `onset_s`.
    """

    begin: int
    before: int
    onset_s: float
    uptime_s: Floats
    live_mib: Floats
    traffic: Floats
    rate: Floats
    held: Floats
    """What is under way, bins x columns, where lines tell so."""

    @property
    def growth_mib(self) -> float:
        """How far the live heap has grown, its ends over a few bins, beside what fewer requests hold no longer."""
        first, last = slice(3), slice(-SMOOTHED_BINS, None)
        steady = self.steady
        held_mib = self.held_mib(self.uptime_s)
        fewer = np.maximum(steady[first].mean(0) - steady[last].mean(0), 0.0)
        return float(self.live_mib[last].mean() - self.live_mib[first].mean() + held_mib @ fewer)

    def held_mib(self, growing: Floats) -> Floats:
        """MiB for each unit of what is `steady`, beside something that grows."""
        terms = np.column_stack([self.steady, growing])
        found: Floats = np.maximum(np.linalg.lstsq(terms, self.live_mib, rcond=None)[0][:-1], 0.0)
        return found

    @property
    def steady(self) -> Floats:
        """What moves the level of a heap that keeps nothing: a constant, and what requests hold while they run."""
        return np.column_stack([np.ones_like(self.rate), self.rate, self.held])

    @property
    def trends(self) -> Floats:
        """What any line of the log would follow: time, and the traffic of all lines."""
        return np.column_stack([self.uptime_s, self.traffic])

    @property
    def thorough(self) -> Floats:
        """All that a column must explain more than to be proven: the above, and slow waves."""
        span = np.pi * (self.uptime_s - self.uptime_s[0]) / max(self.uptime_s[-1] - self.uptime_s[0], 1e-9)
        waves = [np.cos(number * span) for number in range(1, SLOW_WAVES + 1)]
        return np.column_stack([self.steady, self.trends, *waves])

    def since_onset(self, columns: Floats) -> Floats:
        """Columns (bins x columns) as if they had begun at the onset."""
        late: Floats = np.maximum(columns - columns[max(self.before - 1, 0)], 0.0)
        return late

    def behind(self, columns: Floats) -> Floats:
        """Columns (bins x columns) as they were some time ago; before the first bin they stood still."""
        ago_s = self.uptime_s - LAG * (self.uptime_s[-1] - self.uptime_s[0])
        then: Floats = np.empty_like(columns)
        for at in range(columns.shape[1]):
            then[:, at] = np.interp(ago_s, self.uptime_s, columns[:, at])
        return then


class Ranked(Struct, frozen=True):
    """All candidates: each as the column that fits best, from its own beginning, from the onset on, or with a lag.

    `lead` over time and traffic, `over_time` alone, and `gain` with what is proven, are log-likelihoods; they rank by
    `score`, the log of the odds against a cause that goes on evenly and writes no line; `slope` is MiB per unit, `mib`
    the growth that goes along.
    """

    values: Floats
    gain: Floats
    lead: Floats
    over_time: Floats
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
    before = max(int(np.searchsorted(uptime_s, onset_s)) - begin, 0)
    nothing = np.zeros((uptime_s.size - begin, 0))
    return Window(begin, before, onset_s, uptime_s[begin:], live[begin:], traffic[begin:], rate[begin:], nothing)


def rank(seen: Window, columns: Table, hints: Floats, appeared: Floats, events: Floats) -> Ranked:
    """Ask both questions of every candidate; `hints` are what its line says of itself, in log-likelihood.

    `appeared` is the chance that it came first so near the onset by accident, `events` how many lines of it came.
    """
    own, late, lagged = columns.values, seen.since_onset(columns.values), seen.behind(columns.values)
    trends = np.column_stack([seen.trends, seen.since_onset(seen.trends)])
    count = own.shape[1]
    values = np.column_stack([own, late, lagged])
    alone = fits(seen.live_mib, seen.steady, np.column_stack([values, trends]))
    fit, trend = np.split(alone.likelihood, [3 * count])
    fit = fit - np.repeat([0.0, LATE, LAGGED], count)
    even = trend[:2].max()
    lead = fit - np.repeat([even, max(even, trend[2:].max()), even], count)
    over_time = fit - max(float(trend[0]), float(trend[2]) - LATE)
    fit = fit - even
    proofs = [
        fits(seen.live_mib, seen.thorough, own),
        fits(seen.live_mib, np.column_stack([seen.thorough, trends[:, 2:]]), late),
    ]
    nothing = {"gain": np.zeros(count), "p_value": np.ones(count), "slope": np.zeros(count)}
    proof, chance, proven = (
        np.concatenate([*(getattr(each, name) for each in proofs), none]) for name, none in nothing.items()
    )
    slope = np.where(np.tile(too_large(seen, columns, alone.slope[:count]), 3), 0.0, alone.slope[: 3 * count])
    mib = slope * (values[-1] - values[0])
    share = np.clip(mib / max(seen.growth_mib, 1e-3), 0.01, 100.0)
    gain = fit + PROOF_WEIGHT * np.where(proven > 0, proof, 0.0)
    large = np.log(np.maximum(mib / np.tile(np.maximum(events, 1.0), 3) / LARGE_MIB, 1.0))
    said = np.tile(hints - FIRST_WEIGHT * np.log(appeared), 3) - TOO_LARGE * large
    score = np.where(slope > 0, FIT_WEIGHT * over_time - SHARE_WEIGHT * np.abs(np.log(share)) + said, -np.inf)
    tries = np.tile(columns.tries * (1 if seen.before <= 1 else 2), 3)
    p_value = np.minimum(1.0, np.where((slope > 0) & (proven > 0), chance, 1.0) * tries)
    p_value = np.minimum(p_value, np.where(slope > 0, np.minimum(2.0 * np.tile(appeared, 3), 1.0), 1.0))
    proven_at_once = p_value.reshape(3, count)[:2].min(0) < AT_ONCE
    choice = score.reshape(3, count) - np.where(proven_at_once, [[0.0], [0.0], [np.inf]], 0.0)
    best = np.arange(count) + count * choice.argmax(0)
    found = (each[..., best] for each in (values, gain, lead, over_time, score, p_value, slope, mib))
    return Ranked(*found)


def regular(seen: Window, values: Floats) -> Flags:
    """Columns that go up by the clock, as a heartbeat does: that they are rare says nothing."""
    line = np.column_stack([np.ones_like(seen.uptime_s), seen.uptime_s])
    basis = np.linalg.qr(line)[0]
    rest = values - basis @ (basis.T @ values)
    found: Flags = (np.abs(rest).max(0) < REGULAR_LINES) & (values[-1] - values[0] >= FEWEST_REGULAR)
    return found


def appearance(courses: Courses, onset_s: float) -> Floats:
    """For each template, the chance that its first line comes so near the onset though it has nothing to do with it.

    That is the share of time that is as near, for each template that came so late. 1 where all was there from the
    start. A time is known to a bin, and of a line that comes twice a minute to half a minute.
    """
    uptime_s = np.asarray(courses.uptime_s, float)
    first_s = np.array([each.first_uptime_s for each in courses.templates])
    totals = np.array([each.total for each in courses.templates], float)
    begin_s, end_s = first_s.min(initial=uptime_s[0]), uptime_s[-1]
    apart_s = np.maximum(end_s - first_s, 0.0) / np.maximum(totals - 1.0, 1.0)
    late = first_s - begin_s > np.maximum(EARLY * (end_s - begin_s), apart_s)
    at = min(int(np.searchsorted(uptime_s, onset_s)), uptime_s.size - 1)
    bin_s = uptime_s[at] - uptime_s[max(at - 1, 0)]
    near_s = np.maximum(np.abs(first_s - onset_s), np.maximum(bin_s, apart_s))
    chance: Floats = np.where(late, np.minimum(2.0 * late.sum() * near_s / max(end_s - begin_s, 1e-9), 1.0), 1.0)
    return chance


def too_large(seen: Window, columns: Table, slope: Floats) -> Flags:
    """Levels that, at so many MiB each, were more than the whole heap from the start: such a number only counts up.

    `order=100001`, then 100002, grows as evenly as a size does.
    """
    levels = np.array([each.kind == LEVEL for each in columns.candidates])
    found: Flags = levels & (columns.values[0] * slope > HELD * seen.live_mib[0])
    return found


def _smooth(values: Floats) -> Floats:
    """The running mean over a few bins."""
    padded = np.pad(values, SMOOTHED_BINS // 2, mode="edge")
    smooth: Floats = np.convolve(padded, np.full(SMOOTHED_BINS, 1 / SMOOTHED_BINS), mode="valid")
    return smooth
