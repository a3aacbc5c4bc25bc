"""First passage: how far the heap is from the level at which the process dies, and how long the way is.

Without GOMEMLIMIT a process dies when its heap *goal* meets the container's limit, because it may allocate up to the
goal before anything is collected: goal = live + (live + stacks + globals) * GOGC/100 (mgcpacer.go, `commit`). With
GOMEMLIMIT the runtime collects ever more often instead, and the live heap itself can climb to the limit.
"""

from __future__ import annotations

from math import erfc, exp, pi, sqrt

from gctail.records import Forecast

OVERHEAD_SHARE = 0.04
"""Of the limit: what the runtime's own structures, fragmentation and the binary take (3 to 8 % measured)."""
ASSUMED_MULTIPLE = 1.8
ASSUMED_STEP = 1.33
"""Without a known limit a service is taken to have this many times the memory it settled at."""

LATER = ((0.3, 0.9), (0.5, 0.955), (0.65, 1.02), (0.8, 0.923), (0.92, 0.887))
"""By D/(D+T): factors on T at which half of the ends lay, on the tuning parts of bench/detection."""
INTERVALS = (
    (0.15, 0.35, 0.9, 2.2),
    (0.3, 0.42, 0.83, 1.2),
    (0.5, 0.48, 0.93, 1.44),
    (0.65, 0.5, 0.96, 1.58),
    (0.8, 0.57, 1.09, 2.2),
    (1.01, 0.37, 1.0, 2.7),
)
"""By D/(D+T) of all that, the death included: factors below, at and above which one, five and nine in ten ends lay.

On the same tuning parts, and with twice their weight on 28 Go services that others wrote and the kernel killed. Of ends
so far off that they fall under the first line none was seen: it is a guess."""
SPARE = 0.03
"""Of the fatal level: by so much more a process lives on; of 13 small Go services that the
kernel killed at their control group's limit, the last heap was 0.96 to 1.1 of it: not all of a heap is ever touched."""
SHORTEST_SHARE = 0.2
"""The lower end of a forecast is hardly ever a smaller share of it."""
LAST_CYCLE = 0.75
"""Of the time of one cycle: so much passes between the fatal level and the death of the same services."""
SLACK = 0.042
"""Of the fatal level: how far it may lie from where the process really dies. Of 45 services that the kernel killed half
were beyond it for their last tenth, one in ten by 0.15; simulated ones die within 0.03 of it."""
FURTHEST = 6.0
"""Deviations beyond which nothing changes any more."""


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


def interval(
    limit_mib: float, seconds: float | None, age_s: float, beyond_s: float = 0.0, near_s: float | None = None
) -> Forecast:
    """The forecast with its 80 % interval, corrected by how earlier forecasts with the same D/(D+T) turned out.

    `seconds` lead to the fatal level; `beyond_s` is what `beyond` says of the time from there to the death, `near_s`
    what `last_stretch` says of all the time, where the process is nearly there.
    """
    if seconds is None:
        return Forecast(round(limit_mib, 3), None, None, None)
    share, (nearly, last) = survival(age_s, seconds), LATER[-1]
    if share < nearly or near_s is None:
        expected_s = seconds * next((factor for bound, factor in LATER if share < bound), last) + beyond_s
    else:
        expected_s = near_s
    share = survival(age_s, expected_s)
    low, middle, high = next(rest for bound, *rest in INTERVALS if share < bound)
    return Forecast(
        limit_mib=round(limit_mib, 3),
        seconds=round(expected_s * middle, 3),
        low=round(expected_s * low, 3),
        high=round(expected_s * high, 3),
    )


def last_stretch(fatal: float, room_mib: float, rate_mib_per_s: float, last_cycle_s: float) -> float | None:
    """Seconds to the death of a process near its fatal level (MiB), or beyond it (`room_mib` < 0); None without a rate.

    The true level lies about the fatal one as a normal variable with a deviation of `SLACK`, and above where the
    process lives: the further it has come without dying, the less is left (the mean of a normal cut off below).
    """
    if rate_mib_per_s <= 0.0:
        return None
    far = max(room_mib / (SLACK * fatal), -FURTHEST)
    density, above = exp(-far * far / 2) / sqrt(2 * pi), erfc(-far / sqrt(2)) / 2
    return SLACK * fatal / rate_mib_per_s * (far + density / above) + last_cycle_s


def beyond(fatal: float, rate_mib_per_s: float, last_cycle_s: float) -> float:
    """Seconds that a process lives on beyond its fatal level (MiB).

    It dies when it has allocated what is left of the limit, which takes `last_cycle_s`; and the level itself is known
    no better than `SPARE` says.
    """
    spare_s = fatal / rate_mib_per_s if rate_mib_per_s > 0.0 else 0.0
    return SPARE * spare_s + LAST_CYCLE * last_cycle_s
