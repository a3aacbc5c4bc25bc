"""What one part of the keys is: a time stamp, a counter, a random token, an ordinary id; judged over many keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

MOSTLY = 0.9
EARLIEST_S, LATEST_S = 1.0e9, 2.2e9
"""September 2001 and September 2039: what is read as a Unix time lies between them."""
NEAR_S = 2 * 86400.0
"""From the time of its line, where that is known."""
LONGEST = 19
"""Digits of a time in ns, and of what Snowflake and its like make: those rise as well, and are ids."""
UNITS = {10: ("s", 1.0), 13: ("ms", 1e3), 16: ("µs", 1e6), 19: ("ns", 1e9)}
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")

TIME, TOKEN, UUID, COUNTER, PORT = "time stamp", "random token", "UUID", "counter", "port"
FIXED, NUMBER, WORD, ADDRESS, EMAIL = "fixed", "number", "word", "address", "e-mail address"
VOLATILE = (TIME, TOKEN, UUID, COUNTER, PORT)
"""Kinds that are new by themselves with every request, the most telling first."""
ORDINARY = (EMAIL, NUMBER)
CAUSES = (*VOLATILE, *ORDINARY)


def kind_of(
    kind: str, values: Sequence[str], times_s: Sequence[float | None], *, of_address: bool = False
) -> tuple[str, str]:
    """The kind of a part, and what is special about it ("in ms").

    `kind` is that of its pieces, `values` are in the order in which the keys were first seen, `times_s` is the Unix
    time of each as far as it is known, and `of_address` says that an address and a colon stand before it.
    """
    different = set(values)
    if len(different) == 1:
        return FIXED, ""
    if kind == "number":
        return (PORT, "") if of_address else _number(values, times_s)
    if kind in {"hex", "token", "uuid"}:
        return _uuid(values) if kind == "uuid" else _token(values)
    return {"date": TIME, "ip": ADDRESS, "email": EMAIL}.get(kind, WORD), ""


def _uuid(values: Sequence[str]) -> tuple[str, str]:
    versions = {value[14] for value in values}
    return (UUID, "with the time in it") if versions <= {"1", "6", "7"} else (UUID, "")


def _number(values: Sequence[str], times_s: Sequence[float | None]) -> tuple[str, str]:
    numbers = [int(value) for value in values]
    rising = share_rising(numbers)
    unit = _unit(values, numbers, rising, times_s)
    if unit is not None:
        return TIME, f"in {unit}"
    if rising >= MOSTLY and len(set(values)) > 0.5 * len(values):
        return COUNTER, ""
    return NUMBER, ""


def _unit(values: Sequence[str], numbers: list[int], rising: float, times_s: Sequence[float | None]) -> str | None:
    """The unit in which the numbers are Unix times; None where they are none.

    Ten digits may be anything (telephone numbers), so seconds must rise or fit the clock of the log.
    """
    lengths = {len(value) for value in values[:256]}
    if len(lengths) != 1 or (length := lengths.pop()) not in UNITS:
        return None
    unit, scale = UNITS[length]
    inside = sum(EARLIEST_S <= number / scale <= LATEST_S for number in numbers)
    if inside < MOSTLY * len(numbers):
        return None
    pairs = [(number / scale, time_s) for number, time_s in zip(numbers, times_s, strict=False) if time_s is not None]
    fits = sum(abs(told_s - time_s) < NEAR_S for told_s, time_s in pairs)
    if length == LONGEST and pairs:
        return unit if fits >= MOSTLY * len(pairs) else None
    follows = rising >= MOSTLY or (bool(pairs) and fits >= MOSTLY * len(pairs))
    return unit if follows or length in {13, 16} else None


def share_rising(numbers: Sequence[int]) -> float:
    """How many of the numbers are larger than the one before, as a share."""
    if len(numbers) < 4:
        return 0.0
    return sum(one < other for one, other in pairwise(numbers)) / (len(numbers) - 1)


def _token(values: Sequence[str]) -> tuple[str, str]:
    if sum(_is_object_id(value) for value in values) >= MOSTLY * len(values):
        return TOKEN, "with the time in it"
    if sum(_ULID.fullmatch(value) is not None for value in values) >= MOSTLY * len(values):
        return TOKEN, "with the time in it"
    return TOKEN, ""


def _is_object_id(value: str) -> bool:
    """MongoDB's: 24 hexadecimal digits, the first eight of them Unix seconds."""
    return len(value) == 24 and EARLIEST_S <= _hexadecimal(value[:8]) <= LATEST_S


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
