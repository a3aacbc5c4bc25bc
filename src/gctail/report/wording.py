"""Numbers as people read them: with units, three significant digits, and "–" where the log does not say."""

from __future__ import annotations

from datetime import UTC, datetime

from gctail.amounts import duration, size

NONE = "–"


def mib(value: float | None) -> str:
    """A size, as `amounts.size` says it."""
    return NONE if value is None else size(value)


def number(value: float | None, unit: str = "") -> str:
    """A figure with its unit, rounded to what can be read."""
    if value is None:
        return NONE
    if value == int(value) and abs(value) < 1e15:
        digits = f"{int(value):,}"
    elif abs(value) >= 100:
        digits = f"{value:,.0f}"
    else:
        digits = f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def share(value: float | None) -> str:
    """A part of one, in percent; what is not quite all is not called all."""
    if value is None:
        return NONE
    if 0.99 < value < 1:
        return "> 99%"
    return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.1%}"


def span(seconds: float | None) -> str:
    """A time that passed, as `amounts.duration` says it."""
    return NONE if seconds is None else duration(seconds)


def utc(time_s: float | None) -> str:
    """A moment, to the millisecond: `2026-11-23 08:52:40.733`."""
    if time_s is None:
        return NONE
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    except (OverflowError, ValueError, OSError):
        return NONE


def clock(time_s: float | None) -> str:
    """The time of day: `08:52:40`."""
    return utc(time_s)[11:19] or NONE


def iso(time_s: float | None) -> str | None:
    """For machines: the `datetime` of a time element."""
    told = utc(time_s)
    return None if told == NONE else told.replace(" ", "T") + "Z"
