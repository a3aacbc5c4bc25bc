"""The regression over a history: what the level owes to the load is taken out, the rest is fitted."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from gctail.detectors.hinge import Fit, fit
from gctail.detectors.history import History

LOAD_RIDGE = 0.05
HELD = (0.02, 0.04, 0.08)
"""How long a load may hold what it allocates, as shares of the age of what is fitted."""


class Load(NamedTuple):
    """What the level owes to the load.

    MiB per unit of relative allocation rate, how far the usual peak of the load lies above the load now (MiB of level),
    and the share of the level's variance it explains.
    """

    mib: float
    peak_mib: float
    share: float


class Regression(NamedTuple):
    """The curves through the levels without their load, and that load."""

    fit: Fit
    load: Load


def regression(history: History, noise_mib: float, since_s: float = 0.0) -> Regression:
    """The regression over the history since then, with what follows the allocation rate taken out of the levels."""
    view = history.since(since_s)
    usual = sum(view.rate) / len(view.rate) if view.rate else 0.0
    if usual <= 0.0 or len(view.low) < 4:
        return Regression(fit(view.time_s, view.allocated, view.low, noise_mib), Load(0.0, 0.0, 0.0))
    recent = [history.recent(view, share) for share in HELD]
    loads = [min(rate / usual - 1.0, 4.0) for rate in view.rate]
    load = _load(view.time_s, view.low, loads)
    levels = [level - load.mib * z for level, z in zip(view.low, loads, strict=True)]
    return Regression(fit(view.time_s, view.allocated, levels, noise_mib, recent), load)


def _load(times_s: list[float], levels: list[float], loads: list[float]) -> Load:
    """Regress steps of the level on steps of the load and on the time they took: what grows by itself is no load."""
    dy = [b - a for a, b in pairwise(levels)]
    dz = [b - a for a, b in pairwise(loads)]
    span_s = times_s[-1] - times_s[0]
    dt = [(b - a) / span_s for a, b in pairwise(times_s)] if span_s > 0.0 else [0.0] * len(dy)
    clip = 6 * sorted([abs(d) for d in dy])[len(dy) // 2] + 1.0
    dy = [max(-clip, min(clip, d)) for d in dy]
    zz, tt, zt = _dot(dz, dz) + LOAD_RIDGE, _dot(dt, dt), _dot(dz, dt)
    own = zz - zt * zt / tt if tt > 0.0 else zz
    follows = _dot(dy, dz) - (_dot(dy, dt) * zt / tt if tt > 0.0 else 0.0)
    mib = max(0.0, follows / own) if own > 1e-3 * LOAD_RIDGE else 0.0
    mean = sum(levels) / len(levels)
    total = sum([(y - mean) ** 2 for y in levels])
    usual = sum(loads) / len(loads)
    rest = sum([(y - mean - mib * (z - usual)) ** 2 for y, z in zip(levels, loads, strict=True)])
    peak = sorted(loads)[int(0.95 * (len(loads) - 1))]
    return Load(mib, max(0.0, mib * (peak - loads[-1])), max(0.0, 1.0 - rest / total) if total > 0.0 else 0.0)


def _dot(a: list[float], b: list[float]) -> float:
    """The sum of products."""
    return sum([x * y for x, y in zip(a, b, strict=True)])
