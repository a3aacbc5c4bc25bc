"""Sizes, times and rates that a person gives on the command line: `512MiB`, `90s`, `5MiB/h`."""

from __future__ import annotations

from gctail.errors import UsageError


def size_above_0(text: str) -> float:
    """MiB. Raises ValueError with a sentence."""
    from gctail.parsing.quantities import parse_size

    mib = parse_size(text)
    if mib <= 0.0:
        raise ValueError(f'"{text}" is nothing; write for example 512MiB or 2GiB')
    return mib


def size_option(option: str, text: str) -> float:
    """MiB. Raises `UsageError` where the text is no size, or none at all."""
    try:
        return size_above_0(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def duration_option(option: str, text: str) -> float:
    """Seconds. Raises `UsageError` where the text is no duration."""
    from gctail.parsing.quantities import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def rate_option(option: str, text: str) -> float:
    """MiB/s of `5MiB/h`. Raises `UsageError` where the text is no size per time."""
    size, slash, per = text.partition("/")
    seconds = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "day": 86400.0}.get(per.strip())
    if not slash or seconds is None:
        raise UsageError(f"{option} {text}: no size per time; write it like 5MiB/h, 100KiB/min or 1GiB/d")
    from gctail.parsing.quantities import parse_size

    try:
        return parse_size(size.strip()) / seconds
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error
