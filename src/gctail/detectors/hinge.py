"""Where did the growth begin, how does it go on, will it stop: one regression over all onsets and shapes at once.

The levels of about sixty blocks, whose widths grow with their age, are fitted by `level = c + b*load + s*f(x - onset)`
for every onset and three families of f: linear in time, linear in the allocation clock (MiB allocated, the load that
the trace itself knows), and saturating, 1 - exp(-x/tau) for a ladder of tau. Every fit costs O(1) because the sums over
"everything after the onset" are suffix sums; the fits are weighed by their residuals as a BIC would weigh them.
The method and its figures are described in bench/detection/RESULTS.md.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple

LADDER = (0.06, 0.12, 0.25, 0.5, 1.0, 2.0)
"""Time constants of the saturating family as shares of the age of what is fitted."""
FEWEST_BLOCKS = 6
EFFECTIVE_SHARE = 0.5
"""How many independent points a block is worth: neighbours share their noise."""
PRIOR_WALL, PRIOR_ALLOCATION, PRIOR_SATURATING = 0.25, 0.25, 0.5


class Curve(NamedTuple):
    """One way the growth may go: its share of belief, onset (s), rise so far (MiB), rate now (MiB/s), what it may still
    rise (MiB, None without bound) and, where it saturates, its time constant (s)."""

    weight: float
    family: str
    onset_s: float
    rise_mib: float
    rate_mib_per_s: float
    remaining_mib: float | None
    tau_s: float | None


class Fit(NamedTuple):
    """All curves worth keeping, the belief that nothing grows, the share of variance the load alone explains."""

    curves: tuple[Curve, ...]
    flat: float
    load_share: float
    load_rise_mib: float
    residual_mib: float


class _Sums:
    """Suffix sums of a function of the blocks: after block k, sum of f, f*f, f*y, f*z."""

    __slots__ = ("f", "ff", "fy", "fz", "n", "y", "z")

    def __init__(self, f: list[float], y: list[float], z: list[float]) -> None:
        size = len(f)
        self.n = size
        for name, values in (
            ("f", f),
            ("ff", [a * a for a in f]),
            ("fy", [a * b for a, b in zip(f, y, strict=True)]),
            ("fz", [a * b for a, b in zip(f, z, strict=True)]),
            ("y", y),
            ("z", z),
        ):
            sums = [0.0] * (size + 1)
            total = 0.0
            for index in range(size - 1, -1, -1):
                total += values[index]
                sums[index] = total
            setattr(self, name, sums)


class _Null:
    """The model without growth: intercept and load, with a ridge on the load so that a trend is not mistaken for it."""

    __slots__ = ("load", "mean", "n", "rss", "sz", "szz", "total", "zy")

    def __init__(self, y: list[float], z: list[float]) -> None:
        self.n = len(y)
        self.mean = sum(y) / self.n
        self.sz = sum(z)
        self.szz = sum(a * a for a in z) - self.sz * self.sz / self.n + 0.02 * self.n
        self.total = sum((a - self.mean) ** 2 for a in y)
        self.zy = sum(a * (b - self.mean) for a, b in zip(z, y, strict=True))
        self.load = max(0.0, self.zy / self.szz)
        self.rss = self.total - self.load * (2 * self.zy - self.load * self.szz)

    def project(self, f: float, ff: float, fy: float, fz: float) -> tuple[float, float]:
        """Residual sums of f: with itself and with the levels, after intercept and load are taken out.

        The levels come centred, so `fy` needs no intercept; a load that would lower the level is left out.
        """
        own = ff - f * f / self.n
        if self.load <= 0.0:
            return own, fy
        cross = fz - f * self.sz / self.n
        return own - cross * cross / self.szz, fy - cross * self.zy / self.szz


def fit(times_s: list[float], allocated: list[float], levels: list[float], loads: list[float], noise_mib: float) -> Fit:
    """Weigh every onset and shape for these blocks (oldest first); an empty fit where there are too few."""
    count = len(levels)
    age_s = times_s[-1] - times_s[0] if count else 0.0
    if count < FEWEST_BLOCKS or age_s <= 0.0:
        return Fit((), 1.0, 0.0, 0.0, noise_mib)
    null = _Null(levels, loads)
    centred = [a - null.mean for a in levels]
    floor = count * max(noise_mib * noise_mib, 0.12)
    candidates: list[tuple[float, str, int, float, float]] = []
    onsets = range(max(1, count - 3))
    half = EFFECTIVE_SHARE * count / 2
    penalty = 1.5 * log(count)

    def weigh(own: float, against: float, prior: float, family: str, onset: int, tau_s: float) -> None:
        if own > 1e-12 and against > 0.0:
            rss = max(null.rss - against * against / own, 0.0) + floor
            candidates.append((prior - half * log(rss) - penalty, family, onset, against / own, tau_s))

    for family, xs, mass in (("time", times_s, PRIOR_WALL), ("allocation", allocated, PRIOR_ALLOCATION)):
        scaled, unit = _scaled(xs)
        if unit <= 0.0:
            continue
        sums = _Sums(scaled, centred, loads)
        prior = log(mass / len(onsets))
        for onset in onsets:
            x0, n = scaled[onset], count - onset
            f = sums.f[onset] - n * x0
            ff = sums.ff[onset] - 2 * x0 * sums.f[onset] + n * x0 * x0
            fy = sums.fy[onset] - x0 * sums.y[onset]
            fz = sums.fz[onset] - x0 * sums.z[onset]
            weigh(*null.project(f, ff, fy, fz), prior, family, onset, 0.0)
    prior = log(PRIOR_SATURATING / len(LADDER) / len(onsets))
    for share in LADDER:
        tau_s = share * age_s
        decay = [exp(-(t - times_s[0]) / tau_s) for t in times_s]
        sums = _Sums(decay, centred, loads)
        for onset in onsets:
            if times_s[-1] - times_s[onset] < 0.7 * tau_s:
                break
            e, n = 1.0 / decay[onset], count - onset
            s1 = sums.f[onset] * e
            f = n - s1
            ff = n - 2 * s1 + sums.ff[onset] * e * e
            fy = sums.y[onset] - sums.fy[onset] * e
            fz = sums.z[onset] - sums.fz[onset] * e
            weigh(*null.project(f, ff, fy, fz), prior, "saturating", onset, tau_s)
    return _posterior(candidates, null, floor, half, times_s, allocated)


def _scaled(values: list[float]) -> tuple[list[float], float]:
    """Values moved and scaled to 0 … 1, which keeps the sums well conditioned, and the unit that was taken out."""
    unit = values[-1] - values[0]
    return ([(v - values[0]) / unit for v in values], unit) if unit > 0.0 else (values, 0.0)


def _posterior(
    candidates: list[tuple[float, str, int, float, float]],
    null: _Null,
    floor: float,
    half: float,
    times_s: list[float],
    allocated: list[float],
) -> Fit:
    """Turn log evidence into weights and coefficients into curves; what weighs below 0.1 % is dropped."""
    flat = -half * log(null.rss + floor)
    best = max([flat, *(c[0] for c in candidates)])
    total = exp(flat - best) + sum(exp(c[0] - best) for c in candidates)
    now_s = times_s[-1]
    pace = _recent_pace(times_s, allocated)
    curves: list[Curve] = []
    for evidence, family, onset, slope, tau_s in candidates:
        weight = exp(evidence - best) / total
        if weight < 1e-3:
            continue
        onset_s = times_s[onset]
        if family == "saturating":
            left = slope * exp(-(now_s - onset_s) / tau_s)
            curves.append(Curve(weight, family, onset_s, slope - left, left / tau_s, left, tau_s))
            continue
        xs = times_s if family == "time" else allocated
        unit = xs[-1] - xs[0]
        rate = slope / unit * (1.0 if family == "time" else pace)
        curves.append(Curve(weight, family, onset_s, slope * (xs[-1] - xs[onset]) / unit, rate, None, None))
    explained = 1.0 - null.rss / null.total if null.total > 0.0 else 0.0
    residual = sqrt(max(null.rss, 0.0) / null.n)
    return Fit(tuple(curves), exp(flat - best) / total, max(0.0, explained), null.load, residual)


def _recent_pace(times_s: list[float], allocated: list[float]) -> float:
    """MiB allocated per second over the younger half of the time."""
    middle_s = (times_s[0] + times_s[-1]) / 2
    index = next(i for i, t in enumerate(times_s) if t >= middle_s)
    index = min(index, len(times_s) - 2)
    width_s = times_s[-1] - times_s[index]
    return max(0.0, (allocated[-1] - allocated[index]) / width_s) if width_s > 0.0 else 0.0
