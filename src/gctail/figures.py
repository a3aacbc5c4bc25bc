"""What a stretch of a process's course comes to, in the figures that people compare: heap, allocation, CPU, pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from gctail.traces import Bin


class Figure(Struct, frozen=True):
    """One figure; `of` gives None where the stretch does not say."""

    name: str
    unit: str
    of: Callable[[Sequence[Bin]], float | None]


def _mean_live(bins: Sequence[Bin]) -> float | None:
    count = sum(each.collections for each in bins)
    total = sum(each.collections * (each.live_low_mib + each.live_high_mib) / 2 for each in bins)
    return total / count if count else None


def _highest(bins: Sequence[Bin]) -> float | None:
    return float(max((each.heap_end_mib for each in bins), default=0)) or None


def _stacks(bins: Sequence[Bin]) -> float | None:
    known = [each.stacks_mib for each in bins if each.stacks_mib is not None]
    return float(max(known)) if known else None


def _allocation(bins: Sequence[Bin]) -> float | None:
    return _per_second(bins, sum(each.allocated_mib for each in bins))


def _collections(bins: Sequence[Bin]) -> float | None:
    return _per_second(bins, 60.0 * sum(each.collections for each in bins))


def _collector(bins: Sequence[Bin]) -> float | None:
    return _per_second(bins, 100.0 * sum(each.busy_s for each in bins))


def _mean_pause(bins: Sequence[Bin]) -> float | None:
    count = sum(each.collections for each in bins)
    return sum(each.pause_sum_ms for each in bins) / count if count else None


def _longest_pause(bins: Sequence[Bin]) -> float | None:
    return max((each.pause_max_ms for each in bins), default=None)


def _per_second(bins: Sequence[Bin], amount: float) -> float | None:
    span_s = sum(each.span_s for each in bins)
    return amount / span_s if span_s else None


FIGURES = (
    Figure("live heap", "MiB", _mean_live),
    Figure("highest heap", "MiB", _highest),
    Figure("stacks", "MiB", _stacks),
    Figure("allocation", "MiB/s", _allocation),
    Figure("collections", "a minute", _collections),
    Figure("collector's CPU", "%", _collector),
    Figure("mean pause", "ms", _mean_pause),
    Figure("longest pause", "ms", _longest_pause),
)
"""More is worse for every one of them, all else being equal."""
