"""First passage: how far the heap is from the level at which the process dies, and how long the way is.

Without GOMEMLIMIT a process dies when its heap *goal* meets the container's limit, because it may allocate up to the
goal before anything is collected: goal = live + (live + stacks + globals) * GOGC/100 (mgcpacer.go, `commit`). With
GOMEMLIMIT the runtime collects ever more often instead, and the live heap itself can climb to the limit.
"""

from __future__ import annotations

from gctail.records import Forecast

OVERHEAD_SHARE = 0.04
"""Of the limit: what the runtime's own structures, fragmentation and the binary take (3 to 8 % measured)."""
ASSUMED_MULTIPLE = 1.8
ASSUMED_STEP = 1.33
"""Without a known limit a service is taken to have this many times the memory it settled at."""

INTERVALS = (
    (0.1, 0.15, 0.5, 1.6),
    (0.2, 0.3, 0.84, 1.4),
    (0.3, 0.5, 1.0, 1.85),
    (0.5, 0.5, 0.97, 1.75),
    (0.6, 0.35, 0.9, 1.8),
    (0.8, 0.57, 1.05, 1.9),
    (0.9, 0.65, 1.0, 2.2),
    (0.96, 0.95, 1.5, 2.8),
    (1.01, 1.5, 4.0, None),
)
"""By D/(D+T): factors on T below, at and above which one, five and nine in ten ends lay, on the tuning parts of
bench/detection, simulated and recorded. At the very limit nobody can say how long it goes on: there is no upper end."""


def fatal_level(
    limit_mib: float,
    gogc: float | None,
    memory_limit_mib: float | None,
    *,
    limit_bound: bool,
) -> float:
    """The live heap (with weighed stacks, MiB) at which the process cannot go on under `limit_mib`."""
    usable = limit_mib * (1.0 - OVERHEAD_SHARE)
    if limit_bound or memory_limit_mib is not None:
        soft = memory_limit_mib if memory_limit_mib is not None else limit_mib
        return min(usable, soft * (1.0 - OVERHEAD_SHARE)) if soft > 0 else usable
    share = 1.0 if gogc is None else min(max(gogc / 100.0, 0.05), 10.0)
    return usable / (1.0 + share)


def assumed_level(base_mib: float, level: float) -> float:
    """A fatal level (MiB) where no limit is known: twice the settled level, at least a third more than now."""
    return max(ASSUMED_MULTIPLE * max(base_mib, 4.0), ASSUMED_STEP * level)


def survival(age_s: float, left_s: float | None) -> float:
    """How likely growth of age D lasts another T: D/(D+T), the scale-free prior; 0 where it ends before."""
    if left_s is None:
        return 0.0
    return age_s / (age_s + left_s) if age_s > 0.0 else 0.0


def interval(limit_mib: float, seconds: float | None, age_s: float) -> Forecast:
    """The forecast with its 80 % interval, corrected by how earlier forecasts with the same D/(D+T) turned out."""
    if seconds is None:
        return Forecast(round(limit_mib, 3), None, None, None)
    share = survival(age_s, seconds)
    low, middle, high = next(factors for bound, *factors in INTERVALS if share < bound)
    return Forecast(
        limit_mib=round(limit_mib, 3),
        seconds=round(seconds * (middle or 1.0), 3),
        low=round(seconds * (low or 0.0), 3),
        high=None if high is None else round(seconds * high, 3),
    )
