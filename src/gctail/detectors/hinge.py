"""Where did the growth begin, how does it go on, will it stop: one regression over all onsets and shapes at once.

The levels of some sixty blocks, whose widths grow with their age, are fitted by `level = c + s * f(x - onset)` for
every onset and four families of f: linear in time, linear in the allocation clock (MiB allocated, the load that the
trace itself knows), accelerating (a parabola in time), and saturating, 1 - exp(-x/tau) for a ladder of tau; a fifth has
no onset: what was allocated within the last moments, which is what a load holds. Every fit costs O(1), because the sums
over "everything after the onset" are suffix sums; the fits are weighed by their residuals as a BIC would weigh them.
The method and its figures are described in bench/detection/RESULTS.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import exp, log
from typing import NamedTuple

LADDER = (0.06, 0.12, 0.25, 0.5, 1.0, 2.0)
"""Time constants of the saturating family as shares of the age of what is fitted."""
FEWEST_BLOCKS = 6
EFFECTIVE_SHARE = 0.5
"""How many independent points a block is worth: neighbours share their noise."""
PRIOR = {"time": 0.22, "allocation": 0.22, "accelerating": 0.08, "saturating": 0.4, "load": 0.5}
"""Belief before anything is seen, not normed: growth that ends is as likely as growth that does not, and what the load
explains needs no other explanation."""
LEAST_BASE = 0.05
USUAL_SWING = 5.0
"""How many times its least a load usually is at its most."""
LEAST_WEIGHT = 1e-3


class Curve(NamedTuple):
    """One way the growth may go.

    Its share of belief, its family, when it began (s), how far it has risen (MiB) and how fast it rises now (MiB/s);
    what it may still rise (MiB) and its time constant (s) where it saturates.
    """

    weight: float
    family: str
    onset_s: float
    rise_mib: float
    rate_mib_per_s: float
    remaining_mib: float | None
    tau_s: float | None


class Fit(NamedTuple):
    """All curves worth keeping, the belief that nothing grows, and that it grows with the allocation rate alone."""

    curves: tuple[Curve, ...]
    flat: float
    load: float = 0.0


class _Candidate(NamedTuple):
    """A fit before it is weighed: log evidence, family, block of the onset, slope in the family's own unit, tau (s)."""

    evidence: float
    family: str
    onset: int
    slope: float
    tau_s: float


class _Levels:
    """The centred levels, and how a candidate's evidence follows from its sums."""

    __slots__ = ("after", "candidates", "centred", "count", "flat", "floor", "half", "mean", "penalty", "rss")

    def __init__(self, levels: list[float], noise_mib: float) -> None:
        self.count = len(levels)
        self.mean = sum(levels) / self.count
        self.centred = [level - self.mean for level in levels]
        self.after = suffix(self.centred)
        self.rss = sum([level * level for level in self.centred])
        self.floor = self.count * max(noise_mib * noise_mib, 0.12)
        self.half = EFFECTIVE_SHARE * self.count / 2
        self.penalty = 1.5 * log(self.count)
        self.flat = -self.half * log(self.rss + self.floor)
        self.candidates: list[_Candidate] = []

    def weigh(  # noqa: PLR0913, PLR0917 - the sums of a fit
        self,
        prior: float,
        family: str,
        onset: int,
        f: float,
        ff: float,
        fy: float,
        tau_s: float = 0.0,
    ) -> None:
        """Fit one curve from its sums: of f, of its square, and of f times the centred levels."""
        own = ff - f * f / self.count
        if own > 1e-12 and fy > 0.0:
            rss = max(self.rss - fy * fy / own, 0.0) + self.floor
            evidence = prior - self.half * log(rss) - self.penalty
            self.candidates.append(_Candidate(evidence, family, onset, fy / own, tau_s))


def suffix(values: list[float]) -> list[float]:
    """Sums from each place to the end."""
    sums = list(accumulate(reversed(values)))
    sums.reverse()
    return sums


def fit(
    times_s: list[float],
    allocated: list[float],
    levels: list[float],
    noise_mib: float,
    recent: Sequence[list[float]] = (),
) -> Fit:
    """Weigh every onset and shape for these blocks (oldest first); nothing but flat where there are too few.

    `allocated` is MiB since the process started; `recent`, for some lengths of time, MiB within it before each block.
    """
    count = len(levels)
    age_s = times_s[-1] - times_s[0] if count else 0.0
    if count < FEWEST_BLOCKS or age_s < 1e-3:
        return Fit((), 1.0)
    found = _Levels(levels, noise_mib)
    scaled = [(t - times_s[0]) / age_s for t in times_s]
    _fit_straight(found, "time", scaled)
    _fit_parabola(found, scaled)
    worked = allocated[-1] - allocated[0]
    if worked > 0.0:
        _fit_straight(found, "allocation", [(a - allocated[0]) / worked for a in allocated])
    for each in recent:
        _fit_load(found, each, PRIOR["load"] / len(recent))
    for share in LADDER:
        _fit_saturating(found, scaled, share)
    return _posterior(found, times_s, allocated)


def _fit_straight(found: _Levels, family: str, xs: list[float]) -> None:
    """f = x - x0 after every onset x0."""
    sx, sxx = suffix(xs), suffix([x * x for x in xs])
    sxy = suffix([x * y for x, y in zip(xs, found.centred, strict=True)])
    onsets = max(1, found.count - 3)
    prior = log(PRIOR[family] / onsets)
    for onset in range(onsets):
        x0, n = xs[onset], found.count - onset
        f = sx[onset] - n * x0
        ff = sxx[onset] - 2 * x0 * sx[onset] + n * x0 * x0
        found.weigh(prior, family, onset, f, ff, sxy[onset] - x0 * found.after[onset])


def _fit_load(found: _Levels, recent: list[float], prior: float) -> None:
    """f = what was allocated within the last moments: all of the level that is held for so long, and no longer.

    A load that swings more widely than loads do is less believed. Where nothing at all would be left without the load,
    the rate follows the heap and not the heap the rate: with collections at even distances it always does.
    """
    swing = max(recent) / max(min(recent), 1e-3)
    prior *= min(1.0, (USUAL_SWING / max(swing, 1.0)) ** 2)
    f, ff = sum(recent), sum([x * x for x in recent])
    fy = sum([x * y for x, y in zip(recent, found.centred, strict=True)])
    own = ff - f * f / found.count
    if own > 0.0 and found.mean - fy / own * f / found.count > LEAST_BASE * found.mean:
        found.weigh(log(max(prior, LEAST_WEIGHT)), "load", 0, f, ff, fy)


def _fit_parabola(found: _Levels, xs: list[float]) -> None:
    """f = (x - x0)^2 after every onset x0."""
    squares = [x * x for x in xs]
    s1, s2 = suffix(xs), suffix(squares)
    s3, s4 = suffix([x * q for x, q in zip(xs, squares, strict=True)]), suffix([q * q for q in squares])
    sxy = suffix([x * y for x, y in zip(xs, found.centred, strict=True)])
    sqy = suffix([q * y for q, y in zip(squares, found.centred, strict=True)])
    onsets = max(1, found.count - 5)
    prior = log(PRIOR["accelerating"] / onsets)
    for onset in range(onsets):
        a, n = xs[onset], found.count - onset
        f = s2[onset] - 2 * a * s1[onset] + n * a * a
        ff = s4[onset] - 4 * a * s3[onset] + 6 * a * a * s2[onset] - 4 * a**3 * s1[onset] + n * a**4
        fy = sqy[onset] - 2 * a * sxy[onset] + a * a * found.after[onset]
        found.weigh(prior, "accelerating", onset, f, ff, fy)


def _fit_saturating(found: _Levels, xs: list[float], tau: float) -> None:
    """f = 1 - exp(-(x - x0)/tau) after every onset x0 that lies most of a tau back."""
    decay = [exp(-x / tau) for x in xs]
    s1, s2 = suffix(decay), suffix([d * d for d in decay])
    sy = suffix([d * y for d, y in zip(decay, found.centred, strict=True)])
    prior = log(PRIOR["saturating"] / len(LADDER) / max(1, found.count - 3))
    for onset in range(found.count - 3):
        if xs[-1] - xs[onset] < 0.7 * tau:
            break
        e, n = 1.0 / decay[onset], found.count - onset
        gone = s1[onset] * e
        found.weigh(
            prior,
            "saturating",
            onset,
            n - gone,
            n - 2 * gone + s2[onset] * e * e,
            found.after[onset] - sy[onset] * e,
            tau,
        )


def _posterior(found: _Levels, times_s: list[float], allocated: list[float]) -> Fit:
    """Turn log evidence into weights and coefficients into curves; what weighs next to nothing is dropped."""
    best = max([found.flat, *[candidate.evidence for candidate in found.candidates]])
    total = exp(found.flat - best) + sum([exp(candidate.evidence - best) for candidate in found.candidates])
    age_s, pace = times_s[-1] - times_s[0], recent_pace(times_s, allocated)
    curves: list[Curve] = []
    load = 0.0
    for candidate in found.candidates:
        weight = exp(candidate.evidence - best) / total
        if candidate.family == "load":
            load += weight
        elif weight >= LEAST_WEIGHT:
            curves.append(_curve(candidate, weight, times_s, allocated, age_s, pace))
    return Fit(tuple(curves), exp(found.flat - best) / total, load)


def _curve(  # noqa: PLR0913, PLR0917 - a fit and its units
    candidate: _Candidate,
    weight: float,
    times_s: list[float],
    allocated: list[float],
    age_s: float,
    pace: float,
) -> Curve:
    """A candidate in MiB and seconds."""
    family, slope = candidate.family, candidate.slope
    onset_s = times_s[candidate.onset]
    x = (times_s[-1] - onset_s) / age_s
    if family == "saturating":
        left = slope * exp(-x / candidate.tau_s)
        tau_s = candidate.tau_s * age_s
        return Curve(weight, family, onset_s, slope - left, left / tau_s, left, tau_s)
    if family == "accelerating":
        return Curve(weight, family, onset_s, slope * x * x, 2 * slope * x / age_s, None, None)
    if family == "time":
        return Curve(weight, family, onset_s, slope * x, slope / age_s, None, None)
    worked = allocated[-1] - allocated[0]
    done = (allocated[-1] - allocated[candidate.onset]) / worked
    return Curve(weight, family, onset_s, slope * done, slope * pace / worked, None, None)


def recent_pace(times_s: list[float], allocated: list[float]) -> float:
    """MiB allocated per second over the younger half of the time."""
    middle_s = (times_s[0] + times_s[-1]) / 2
    index = min(next(i for i, t in enumerate(times_s) if t >= middle_s), len(times_s) - 2)
    width_s = times_s[-1] - times_s[index]
    return max(0.0, (allocated[-1] - allocated[index]) / width_s) if width_s > 0.0 else 0.0
