"""The values of a variable as numbers in base units: seconds and bytes, whatever unit is printed behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import orjson

Value = bytes | str | int | float | bool | None
"""Of a variable in one line: as it is printed, or as JSON has it."""

_UNIT = re.compile(
    rb"(?:(?:[mun]|\xc2\xb5|\xce\xbc)?s|sec(?:ond)?s?|min(?:ute)?s?|h|hours?|[kKMGT]?i?B|[kmg]i?b|bytes|%|percent|cents"
    rb"|[km]?Wh?)[,;.:)\]]*"
)
"""Words behind a number that make it a measure: `within 451 ms`."""
_QUANTITY = re.compile(rb"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?) ?([A-Za-z%\xc2\xb5\xce\xbc]*)")
_SECONDS = {
    b"ns": 1e-9, b"us": 1e-6, b"\xc2\xb5s": 1e-6, b"\xce\xbcs": 1e-6, b"ms": 1e-3, b"s": 1.0, b"m": 60.0, b"h": 3600.0,
}  # fmt: skip
# Go programs that print sizes mean powers of 1024 with KB and MB as often as 1000 (go-humanize has both); the runtime
# itself means 1024. What matters here is that a course does not jump where the unit changes, and both agree on that.
_BYTES = {b"B": 1.0} | {
    prefix + suffix: 1024.0**power
    for power, letters in enumerate((b"kK", b"mM", b"gG", b"tT", b"pP"), 1)
    for prefix in (letters[:1], letters[1:])
    for suffix in (b"B", b"b", b"iB", b"i")
}
_NUMERIC = {int, float}


def _scale(unit: bytes) -> float | None:
    """What one of these is in seconds or bytes; None where it is no unit."""
    return 1.0 if unit in {b"", b"%"} else _SECONDS.get(unit) or _BYTES.get(unit)


@lru_cache(maxsize=4096)
def amount(text: bytes) -> float | None:
    """The number of a text in base units (seconds, bytes), or None where it is no amount: `1m3.5s` is 63.5."""
    total, at = 0.0, 0
    text = text.strip(b'"')
    while found := _QUANTITY.match(text, at):
        scale = _scale(found[2])
        if scale is None:
            return None
        total += float(found[1]) * scale
        at = found.end()
        if at == len(text):
            return total if isfinite(total) else None
    return None


class Numbers(NamedTuple):
    """Values as numbers, what one of them is worth in base units, and whether all of them are whole."""

    values: Sequence[float]
    scale: float
    whole: bool


def numbers_of(values: Sequence[Value]) -> Numbers | None:
    """All values as numbers; None where they are not all numbers."""
    if values[0].__class__ is not bytes:
        return _numbers_of(values, 1.0)
    texts: Sequence[bytes] = values  # type: ignore[assignment]
    joined = b",".join(texts)
    if joined[:1] == b'"' and joined.count(b'"') == 2 * len(texts) == 2 * joined.count(b'","') + 2:
        joined = joined[1:-1].replace(b'","', b",")
    found = _QUANTITY.fullmatch(texts[0].strip(b'"'))
    unit = found[2] if found else b""
    scale = _scale(unit)
    try:  # 5 times as fast as one by one; `007` is no number for JSON
        numbers = orjson.loads(b"[%b]" % (joined.replace(unit, b"") if unit else joined))
    except ValueError:
        numbers = []
    if len(numbers) == len(texts) and scale is not None and (read := _numbers_of(numbers, scale)):
        return read  # `[]` is JSON too, `1,2` in one value two numbers
    amounts = list(map(amount, texts))
    return None if None in amounts else Numbers(amounts, 1.0, whole=False)  # type: ignore[arg-type]


def _numbers_of(values: Sequence[Any], scale: float) -> Numbers | None:
    kinds = set(map(type, values))
    return Numbers(values, scale, kinds == {int}) if kinds <= _NUMERIC else None


def is_unit(word: bytes) -> bool:
    """Whether a word behind a number says of what it is an amount."""
    return _UNIT.fullmatch(word) is not None
