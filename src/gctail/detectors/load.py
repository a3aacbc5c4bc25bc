"""What the level owes to the load: steps of the one on steps of the other."""

from __future__ import annotations

from itertools import pairwise
from operator import mul
from typing import NamedTuple

LOAD_RIDGE = 0.05


class Load(NamedTuple):
    """What the level owes to the load.

    MiB per unit of relative allocation rate, how far the usual peak of the load lies above the load now (MiB of level),
    and the share of the level's variance it explains.
    """

    mib: float
    peak_mib: float
    share: float


def load_of(times_s: list[float], levels: list[float], loads: list[float]) -> Load:
    """Regress steps of the level on steps of the load and on the time they took: what grows by itself is no load."""
    dy = [b - a for a, b in pairwise(levels)]
    dz = [b - a for a, b in pairwise(loads)]
    span_s = times_s[-1] - times_s[0]
    dt = [(b - a) / span_s for a, b in pairwise(times_s)] if span_s > 0.0 else [0.0] * len(dy)
    clip = 6 * sorted([abs(d) for d in dy])[len(dy) // 2] + 1.0
    dy = [max(-clip, min(clip, d)) for d in dy]
    zz, tt, zt = dot(dz, dz) + LOAD_RIDGE, dot(dt, dt), dot(dz, dt)
    own = zz - zt * zt / tt if tt > 0.0 else zz
    follows = dot(dy, dz) - (dot(dy, dt) * zt / tt if tt > 0.0 else 0.0)
    mib = max(0.0, follows / own) if own > 1e-3 * LOAD_RIDGE else 0.0
    mean = sum(levels) / len(levels)
    total = sum([(y - mean) ** 2 for y in levels])
    usual = sum(loads) / len(loads)
    rest = sum([(y - mean - mib * (z - usual)) ** 2 for y, z in zip(levels, loads, strict=True)])
    return Load(mib, mib * above_now(loads), max(0.0, 1.0 - rest / total) if total > 0.0 else 0.0)


def above_now(loads: list[float]) -> float:
    """How far the usual peak of a load lies above the load now, at least 0."""
    return max(0.0, sorted(loads)[int(0.95 * (len(loads) - 1))] - loads[-1])


def dot(a: list[float], b: list[float]) -> float:
    """The sum of products."""
    total: float = sum(map(mul, a, b))
    return total
