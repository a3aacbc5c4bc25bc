"""First passage: how far the heap is from the level at which the process dies, and how long the way is.

Without GOMEMLIMIT a process dies when its heap *goal* meets the container's limit, because it may allocate up to the
goal before anything is collected: goal = live + (live + stacks + globals) * GOGC/100 (mgcpacer.go, `commit`). With
GOMEMLIMIT the runtime collects ever more often instead, and the live heap itself can climb to the limit.
"""

from __future__ import annotations

OVERHEAD_SHARE = 0.04
"""Of the limit: what the runtime's own structures, fragmentation and the binary take (3 to 8 % measured)."""
AT_LIMIT = 0.976
"""Of the limit: half of those that touch all their memory were killed before a collection with so high a goal."""
ASSUMED_MULTIPLE = 1.8
ASSUMED_STEP = 1.33
"""Without a known limit a service is taken to have this many times the memory it settled at."""


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
