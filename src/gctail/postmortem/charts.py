"""What there is to draw: the course of the process as columns, the levels that matter, the forecast as an area."""

from __future__ import annotations

from gctail.postmortem.certificate import Band, Foretold, LimitLine, Memory, Series
from gctail.traces import Bin

MOST_ROWS = 1024
STEPS = 16
POINT_OF_NO_RETURN = "live heap from which no collection comes in time"


def series(bins: list[Bin]) -> Series:
    """The bins of a trace as columns."""
    rows = bins[-MOST_ROWS:]
    return Series(
        number=tuple(each.number for each in rows),
        collections=tuple(each.collections for each in rows),
        uptime_s=tuple(each.uptime_s for each in rows),
        time_s=tuple(each.time_s for each in rows),
        offset=tuple(each.offset for each in rows),
        heap_start_mib=tuple(each.heap_start_mib for each in rows),
        heap_end_mib=tuple(each.heap_end_mib for each in rows),
        live_low_mib=tuple(each.live_low_mib for each in rows),
        live_high_mib=tuple(each.live_high_mib for each in rows),
        goal_mib=tuple(each.goal_mib for each in rows),
        stacks_mib=tuple(each.stacks_mib for each in rows),
        globals_mib=tuple(each.globals_mib for each in rows),
        pause_max_ms=tuple(round(each.pause_max_ms, 4) for each in rows),
        pause_mean_ms=tuple(round(each.pause_sum_ms / each.collections, 4) for each in rows),
        alloc_rate_mib_per_s=tuple(_rounded(each.alloc_rate_mib_per_s) for each in rows),
        gc_cpu_share=tuple(_rounded(each.gc_cpu_share) for each in rows),
        forced=tuple(each.forced for each in rows),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def limits(memory: Memory, gogc: float | None) -> tuple[LimitLine, ...]:
    """Levels to draw, highest first."""
    lines = []
    if memory.limit_mib is not None:
        lines.append(LimitLine("container limit", memory.limit_mib))
        if memory.gomemlimit_mib is None and gogc:
            fatal = memory.limit_mib / (1 + gogc / 100)
            lines.append(LimitLine(POINT_OF_NO_RETURN, round(fatal, 1)))
    if memory.gomemlimit_mib is not None:
        lines.append(LimitLine("GOMEMLIMIT (inferred)", round(memory.gomemlimit_mib, 1)))
    return tuple(sorted(lines, key=lambda line: -line.mib))


def band(
    foretold: Foretold | None, live_mib: float | None, rate: float | None, end_uptime_s: float | None
) -> Band | None:
    """The forecast of the first warning: from the level and rate of that moment on, with its 80 % interval."""
    if foretold is None or foretold.uptime_s is None or not foretold.seconds or live_mib is None or not rate:
        return None
    begin_s, until_s = foretold.uptime_s, max(end_uptime_s or 0.0, foretold.uptime_s + foretold.seconds)
    distance = rate * foretold.seconds
    fast = distance / foretold.low if foretold.low else rate * 1.5
    slow = distance / foretold.high if foretold.high else 0.0
    times = [begin_s + (until_s - begin_s) * at / STEPS for at in range(STEPS + 1)]
    return Band(
        tuple(round(each, 3) for each in times),
        *(tuple(round(live_mib + pace * (each - begin_s), 2) for each in times) for pace in (slow, rate, fast)),
    )
