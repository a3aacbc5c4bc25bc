"""Where did the growth begin, how does it go on, will it stop: one regression over all onsets and shapes at once.

The levels of some sixty blocks, whose widths grow with their age, are fitted by `level = c + s * f(x - onset)` for
every onset and four families of f: linear in time, linear in the allocation clock (MiB allocated, the load that the
trace itself knows), accelerating (a parabola in time), and saturating, 1 - exp(-x/tau) for a ladder of tau. Two more
have no onset: what grew in a line until it was full, for every end of that, and what was allocated within the last
moments, which is what a load holds. Every fit costs O(1), because the sums over "everything after the onset" are suffix
sums; the fits are weighed by their residuals as a BIC would weigh them.
The method and its figures are described in bench/detection/RESULTS.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp, inf, log
from typing import NamedTuple

LADDER = (0.06, 0.12, 0.25, 0.5, 1.0, 2.0)
"""Time constants of the saturating family as shares of the age of what is fitted."""
FEWEST_BLOCKS = 6
EFFECTIVE_SHARE = 0.5
"""How many independent points a block is worth: neighbours share their noise."""
PRIOR = {"time": 0.22, "allocation": 0.22, "accelerating": 0.08, "saturating": 0.3, "full": 0.06, "load": 0.5}
"""Belief before anything is seen, not normed: growth that ends is as likely as growth that does not, and what the load
explains needs no other explanation."""
LATEST_FULL = 0.92
"""What is full has been so for the rest of the time: a saw, too, stands still for a moment when it has come down."""
LEAST_BASE = 0.05
USUAL_SWING = 5.0
"""How many times its least a load usually is at its most."""
LEAST_WEIGHT = 1e-3
LOG_BENEATH = log(0.5)
"""Growth beneath a load is half as likely as growth without one."""
LEAST_OWN = 0.05
"""A curve that is the load itself but for this share cannot be told from it."""


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
    beneath: bool = False
    """It grows beneath a load: what the load holds was fitted beside it."""


class Fit(NamedTuple):
    """All curves worth keeping, the belief that nothing grows, and that it grows with the allocation rate alone.

    `held_mib` is what the load beside the curves holds, per unit of it, by the likeliest curve that has one.
    """

    curves: tuple[Curve, ...]
    flat: float
    load: float = 0.0
    held_mib: float = 0.0

    @property
    def by_work(self) -> float:
        """How likely what grows does so with what is allocated, and not with time: a share of the curves."""
        grown = sum([curve.weight for curve in self.curves])
        return sum([c.weight for c in self.curves if c.family == "allocation"]) / grown if grown > 0.0 else 0.0


_Candidate = tuple[float, str, int, float, float, bool]
"""A fit before it is weighed: log evidence, family, block of the onset, slope in the family's own unit, tau (s), load.

There are hundreds to a fit, of which most weigh nothing: a plain tuple is made in a fifth of the time of a named one.
"""

_Sums = tuple[float, float]
"""Of a curve f over all blocks: the sums of f and of its square."""
_Products = Callable[[list[float], list[float]], list[float]]
"""The sums of f times a column, for every onset; given the column and its suffix sums."""


class _Levels:
    """The centred levels, and how a candidate's evidence follows from its sums.

    `beside` is a load that may be fitted beside every curve, centred and of length one.
    """

    __slots__ = (
        "after",
        "beneath",
        "beside",
        "candidates",
        "centred",
        "count",
        "flat",
        "floor",
        "half",
        "held",
        "mean",
        "penalty",
        "rss",
    )

    def __init__(self, levels: list[float], noise_mib: float, beside: list[float] | None, effective: float) -> None:
        self.count = len(levels)
        self.mean = mean = sum(levels) / self.count
        self.centred = [level - mean for level in levels]
        self.after = suffix(self.centred)
        self.rss = sum([level * level for level in self.centred])
        self.floor = self.count * max(noise_mib * noise_mib, 0.12)
        self.half = effective * self.count / 2
        self.penalty = 1.5 * log(self.count)
        self.flat = -self.half * log(self.rss + self.floor)
        self.candidates: list[_Candidate] = []
        self.beside, self.beneath = beside, (-inf, 0.0)
        self.held = sum([z * y for z, y in zip(beside, self.centred, strict=True)]) if beside is not None else 0.0

    def weigh(self, prior: float, family: str, curves: list[_Sums], products: _Products, tau_s: float = 0.0) -> None:
        """Fit the curves of a family, one for each onset; those that would have to fall are none."""
        count, all_rss, floor, half, penalty = self.count, self.rss, self.floor, self.half, self.penalty
        add = self.candidates.append
        risen = products(self.centred, self.after)
        for onset, ((f, ff), fy) in enumerate(zip(curves, risen, strict=True)):
            if fy > 0.0 and (own := ff - f * f / count) > 1e-12:
                rss = all_rss - fy * fy / own
                evidence = prior - half * log(rss + floor if rss > 0.0 else floor) - penalty
                add((evidence, family, onset, fy / own, tau_s, False))
        if self.beside is None or family == "full":  # what stands still beneath a load does not grow there
            return
        prior += LOG_BENEATH - 0.5 * log(count)
        held, left_rss = self.held, all_rss - self.held * self.held
        for onset, ((f, ff), all_fy, fz) in enumerate(
            zip(curves, risen, products(self.beside, suffix(self.beside)), strict=True)
        ):
            alone = ff - f * f / count
            own, fy = alone - fz * fz, all_fy - fz * held
            if fy <= 0.0 or own <= LEAST_OWN * alone or held * own <= fy * fz:
                continue  # the curve would fall, or is the load itself, or the load would be less than nothing
            rss = left_rss - fy * fy / own
            evidence = prior - half * log(rss + floor if rss > 0.0 else floor) - penalty
            add((evidence, family, onset, fy / own, tau_s, True))
            if evidence > self.beneath[0]:
                self.beneath = evidence, held - fy / own * fz

    def weigh_load(self, prior: float, slope: float, explained: float) -> None:
        """A load alone, which explains so much of the squares."""
        evidence = prior - self.half * log(max(self.rss - explained, 0.0) + self.floor) - self.penalty
        self.candidates.append((evidence, "load", 0, slope, 0.0, False))


def suffix(values: list[float]) -> list[float]:
    """Sums from each place to the end."""
    values.reverse()
    sums = [*accumulate(values)]
    values.reverse()
    sums.reverse()
    return sums


def fit(  # noqa: PLR0913, PLR0917 - what is fitted, and what is known of it
    times_s: list[float],
    allocated: list[float],
    levels: list[float],
    noise_mib: float,
    recent: Sequence[list[float]] = (),
    beside: list[float] | None = None,
    effective: float = EFFECTIVE_SHARE,
) -> Fit:
    """Weigh every onset and shape for these blocks (oldest first); nothing but flat where there are too few.

    `allocated` is MiB since the process started; `recent`, for some lengths of time, MiB within it before each block.
    `beside` is a load that may be fitted beside every curve, centred and of length one; `effective` is how many
    independent points a block is worth.
    """
    count = len(levels)
    age_s = times_s[-1] - times_s[0] if count else 0.0
    if count < FEWEST_BLOCKS or age_s < 1e-3:
        return Fit((), 1.0)
    found = _Levels(levels, noise_mib, beside, effective)
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
    _fit_full(found, scaled)
    return _posterior(found, times_s, allocated)


def _fit_straight(found: _Levels, family: str, xs: list[float]) -> None:
    """f = x - x0 after every onset x0."""
    sums = suffix(xs), suffix([x * x for x in xs])
    onsets = max(1, found.count - 3)
    curves = [
        (sx - n * x0, sxx - 2 * x0 * sx + n * x0 * x0)
        for x0, n, sx, sxx in zip(xs[:onsets], range(found.count, 0, -1), *sums, strict=False)
    ]

    def products(column: list[float], afters: list[float]) -> list[float]:
        by_x = suffix([x * y for x, y in zip(xs, column, strict=True)])
        return [each - x0 * after for x0, each, after in zip(xs[:onsets], by_x, afters, strict=False)]

    found.weigh(log(PRIOR[family] / onsets), family, curves, products)


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
    if own > 1e-12 and fy > 0.0 and found.mean - fy / own * f / found.count > LEAST_BASE * found.mean:
        found.weigh_load(log(max(prior, LEAST_WEIGHT)), fy / own, fy * fy / own)


def _fit_parabola(found: _Levels, xs: list[float]) -> None:
    """f = (x - x0)^2 after every onset x0."""
    squares = [x * x for x in xs]
    cubes = [x * q for x, q in zip(xs, squares, strict=True)]
    sums = suffix(xs), suffix(squares), suffix(cubes), suffix([q * q for q in squares])
    onsets = max(1, found.count - 5)
    curves = [
        (s2 - 2 * a * s1 + n * a * a, s4 - 4 * a * s3 + 6 * a * a * s2 - 4 * a**3 * s1 + n * a**4)
        for a, n, s1, s2, s3, s4 in zip(xs[:onsets], range(found.count, 0, -1), *sums, strict=False)
    ]

    def products(column: list[float], afters: list[float]) -> list[float]:
        by_x = suffix([x * y for x, y in zip(xs, column, strict=True)])
        by_square = suffix([q * y for q, y in zip(squares, column, strict=True)])
        return [
            square - 2 * a * each + a * a * after
            for a, each, square, after in zip(xs[:onsets], by_x, by_square, afters, strict=False)
        ]

    found.weigh(log(PRIOR["accelerating"] / onsets), "accelerating", curves, products)


def _fit_saturating(found: _Levels, xs: list[float], tau: float) -> None:
    """f = 1 - exp(-(x - x0)/tau) after every onset x0 that lies most of a tau back."""
    decay = [exp(-x / tau) for x in xs]
    sums = suffix(decay), suffix([d * d for d in decay])
    last, least = xs[-1], 0.7 * tau
    onsets = next((at for at, x0 in enumerate(xs) if last - x0 < least), found.count)
    onsets = min(onsets, found.count - 3)
    curves = [
        (n - (gone := s1 * (e := 1.0 / d)), n - 2 * gone + s2 * e * e)
        for d, n, s1, s2 in zip(decay[:onsets], range(found.count, 0, -1), *sums, strict=False)
    ]

    def products(column: list[float], afters: list[float]) -> list[float]:
        by_decay = suffix([d * y for d, y in zip(decay, column, strict=True)])
        return [after - each / d for d, each, after in zip(decay[:onsets], by_decay, afters, strict=False)]

    prior = log(PRIOR["saturating"] / len(LADDER) / max(1, found.count - 3))
    found.weigh(prior, "saturating", curves, products, tau)


def _fit_full(found: _Levels, xs: list[float]) -> None:
    """f = min(x, x1) for every end x1 of a filling: a bounded cache to which each request adds."""
    ends = bisect_right(xs, LATEST_FULL)
    sums = accumulate(xs, initial=0.0), accumulate([x * x for x in xs], initial=0.0)
    curves = [
        (sx + n * x1, sxx + n * x1 * x1)
        for x1, n, sx, sxx in zip(xs[:ends], range(found.count, 0, -1), *sums, strict=False)
    ]

    def products(column: list[float], afters: list[float]) -> list[float]:
        by_x = accumulate([x * y for x, y in zip(xs, column, strict=True)], initial=0.0)
        return [filling + x1 * after for x1, filling, after in zip(xs[:ends], by_x, afters, strict=False)]

    found.weigh(log(PRIOR["full"] / ends), "full", curves, products)


def _posterior(found: _Levels, times_s: list[float], allocated: list[float]) -> Fit:
    """Turn log evidence into weights and coefficients into curves; what weighs next to nothing is dropped."""
    best = max([found.flat, *[evidence for evidence, *_ in found.candidates]])
    shares = [exp(candidate[0] - best) for candidate in found.candidates]
    flat = exp(found.flat - best)
    total = flat + sum(shares)
    age_s, pace = times_s[-1] - times_s[0], recent_pace(times_s, allocated)
    curves: list[Curve] = []
    load = 0.0
    for share, candidate in zip(shares, found.candidates, strict=True):
        weight = share / total
        if candidate[1] == "load":
            load += weight
        elif weight >= LEAST_WEIGHT:
            curves.append(_curve(candidate, weight, times_s, allocated, age_s, pace))
    return Fit(tuple(curves), flat / total, load, found.beneath[1])


def _curve(  # noqa: PLR0913, PLR0917 - a fit and its units
    candidate: _Candidate,
    weight: float,
    times_s: list[float],
    allocated: list[float],
    age_s: float,
    pace: float,
) -> Curve:
    """A candidate in MiB and seconds."""
    _, family, onset, slope, tau, beneath = candidate
    onset_s = times_s[onset]
    x = (times_s[-1] - onset_s) / age_s
    if family == "saturating":
        left = slope * exp(-x / tau)
        tau_s = tau * age_s
        return Curve(weight, family, onset_s, slope - left, left / tau_s, left, tau_s, beneath)
    if family == "full":  # here the place is that of its end
        return Curve(weight, family, times_s[0], slope * (onset_s - times_s[0]) / age_s, 0.0, 0.0, 0.0, beneath)
    if family == "accelerating":
        return Curve(weight, family, onset_s, slope * x * x, 2 * slope * x / age_s, None, None, beneath)
    if family == "time":
        return Curve(weight, family, onset_s, slope * x, slope / age_s, None, None, beneath)
    worked = allocated[-1] - allocated[0]
    done = (allocated[-1] - allocated[onset]) / worked
    return Curve(weight, family, onset_s, slope * done, slope * pace / worked, None, None, beneath)


def recent_pace(times_s: list[float], allocated: list[float]) -> float:
    """MiB allocated per second over the younger half of the time."""
    middle_s = (times_s[0] + times_s[-1]) / 2
    index = min(next(i for i, t in enumerate(times_s) if t >= middle_s), len(times_s) - 2)
    width_s = times_s[-1] - times_s[index]
    return max(0.0, (allocated[-1] - allocated[index]) / width_s) if width_s > 0.0 else 0.0
