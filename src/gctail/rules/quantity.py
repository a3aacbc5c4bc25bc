"""Quantities of the rule language: `2GiB`, `30s`, `25%`, `3`, and each of them per time, `10MB/min`."""

from __future__ import annotations

import re

from gctail.parsing.quantities import parse_duration, parse_size
from gctail.rules.units import DURATION, NUMBER, SHARE, SIZE, Unit
from gctail.rules.values import Quantity, RuleError, nearest

PER = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0}
PATTERN = (
    r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[A-Za-z0-9.µ\u03bc]*%?"
    rf"(?:/(?:{'|'.join(sorted(PER, key=len, reverse=True))})(?![\w(])(?!\s*\())?"
)
"""A number, letters of a unit, and a time to divide by, unless that is a name or a function."""

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|\u03bcs|ms|s|m|h|d|w))+")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "KB", "MB", "GB", "TB", "Mi", "Gi", "ms", "us", "s", "m", "h", "d", "w")
_MEANT = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "hr": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "week": "w", "weeks": "w", "M": "MiB", "G": "GiB",
    "mib": "MiB", "gib": "GiB", "percent": "%", "pct": "%",
}  # fmt: skip


def quantity(text: str, token: str, at: int) -> Quantity:
    """The quantity that `token` writes, which begins at character `at` of `text`. Raises RuleError."""
    amount, _, per = token.partition("/")
    value, unit = _amount(amount, text, at)
    if per:
        value, unit = value / PER[per], unit.per(DURATION)
    if not abs(value) < 1e300:
        raise RuleError(f"{token} is beyond all measure", text, at)
    return Quantity(token, value, unit, at)


def _amount(amount: str, text: str, at: int) -> tuple[float, Unit]:
    if _NUMBER.fullmatch(amount):
        return float(amount), NUMBER
    if amount[-1] == "%" and _NUMBER.fullmatch(amount[:-1]):
        return float(amount[:-1]) / 100, SHARE
    if _DURATION.fullmatch(amount):
        return parse_duration(amount), DURATION
    try:
        return parse_size(amount), SIZE
    except ValueError:
        raise RuleError(_unknown_unit(amount), text, at) from None


def _unknown_unit(amount: str) -> str:
    number = _NUMBER.match(amount)
    digits = number[0] if number else ""
    unit = amount[len(digits) :]
    close = _MEANT.get(unit) or nearest(unit, _UNITS, 0.5)
    said = f'there is no unit "{unit}"'
    if close:
        return f"{said}; did you mean {digits}{close}?"
    return f"{said}; write a size such as 512MiB, a duration such as 30s or 1h30m, a share such as 25%, or a number"
