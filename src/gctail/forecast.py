"""When the memory will be gone, in words and in clock time.

The arithmetic is `gctail.detectors.passage`: how far it is to the level at which the process dies, how fast the heap
goes there, and how such forecasts turned out before. Here a forecast becomes something to read, to plan with, and to
compare with another limit.
"""

from __future__ import annotations

from msgspec import Struct

from gctail.amounts import duration
from gctail.detectors.passage import beyond, fatal_level, interval, last_stretch
from gctail.records import Forecast, Verdict

__all__ = ["End", "end_of", "sentence", "under_limit"]


class End(Struct, frozen=True):
    """Unix times (s) between which the memory will be gone, eight times out of ten; `latest` None: perhaps never."""

    earliest: float
    likely: float
    latest: float | None


def end_of(forecast: Forecast, last_time_s: float) -> End | None:
    """The forecast on the clock, counted from the time of the last collection; None where no end is in sight."""
    if forecast.seconds is None or forecast.low is None:
        return None
    latest = None if forecast.high is None else last_time_s + forecast.high
    return End(last_time_s + forecast.low, last_time_s + forecast.seconds, latest)


def under_limit(verdict: Verdict, heap_live_mib: float, limit_mib: float, gogc: float | None = None) -> Forecast:
    """When the same growth would meet another memory limit (MiB), at the rate that the verdict found.

    `heap_live_mib` is the live heap now, `gogc` in percent (None: 100). Where the verdict found no growth: never.
    """
    rate, onset_s = verdict.rate_mib_per_s, verdict.onset_uptime_s
    if not verdict.leak or rate is None or rate <= 0.0 or onset_s is None:
        return Forecast(limit_mib, None, None, None)
    fatal = fatal_level(limit_mib, gogc, None, limit_bound=False)
    grown_for_s = max(1.0, heap_live_mib / rate)
    room_mib = fatal - heap_live_mib
    near_s = last_stretch(fatal, room_mib, rate, 0.0)
    return interval(limit_mib, max(0.0, room_mib) / rate, grown_for_s, beyond(fatal, rate, 0.0), near_s)


def sentence(forecast: Forecast) -> str:
    """The forecast in one sentence, without a full stop."""
    if forecast.seconds is None or forecast.low is None:
        return f"no end is in sight under {forecast.limit_mib:.0f} MiB"
    latest = "never" if forecast.high is None else duration(forecast.high)
    return (
        f"the memory of {forecast.limit_mib:.0f} MiB is gone in about {duration(forecast.seconds)} "
        f"(between {duration(forecast.low)} and {latest})"
    )
