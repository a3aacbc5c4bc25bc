"""Sizes and durations as people write them: `2GiB`, `1.5G`, `90s`, `1h30m`. The grammar is written in pyparsing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyparsing import ParserElement

_MIB = float(1 << 20)
# Kubernetes writes Ki, Mi, Gi for 1024 and k, M, G for 1000; people mean MiB with MB as often as not, and so does Go's
# runtime. We keep to the letter: an `i` is a power of two, its absence a power of ten.
_SIZE_BYTES = {
    "": 1.0,
    **{prefix: 1000.0**power for power, prefix in enumerate("kmgtp", 1)},
    **{prefix + "i": 1024.0**power for power, prefix in enumerate("kmgtp", 1)},
}
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # the micro sign, which Go prints
    "\u03bcs": 1e-6,  # the Greek letter, which Go reads as well
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}


_GREATEST = 1e300


def parse_size(text: str) -> float:
    """MiB of a human size: `2GiB`, `512MiB`, `2Gi`, `1.5G`, `1e9`, or plain bytes.

    An `i` means powers of 1024, without it powers of 1000, as Kubernetes has it. Raises ValueError with a sentence.
    """
    number, unit = _read(text, _size_grammar(), "size", "512MiB, 2GiB, 1.5G or 1000000000")
    return _measured(text, float(number) * _SIZE_BYTES[str(unit)] / _MIB)


def parse_duration(text: str) -> float:
    """Seconds of a human or Go duration: `90s`, `5m`, `1h30m`, `2d`, `1h2m3.5s`; a bare number is seconds.

    Raises ValueError with a sentence.
    """
    tokens = _read(text, _duration_grammar(), "duration", "90s, 5m, 1h30m or 2d")
    if len(tokens) == 1:
        return _measured(text, float(tokens[0]))
    parts = zip(tokens[::2], tokens[1::2], strict=True)
    return _measured(text, sum(float(number) * _SECONDS[str(unit)] for number, unit in parts))


def _measured(text: str, value: float) -> float:
    """The value, where it is one that can be counted with."""
    if value > _GREATEST:
        raise ValueError(f'"{text}" is beyond all measure')
    return value


def _read(text: str, grammar: ParserElement, what: str, example: str) -> list[str]:
    from pyparsing import ParseBaseException

    try:
        return list(grammar.parse_string(text, parse_all=True))
    except ParseBaseException as error:
        msg = f'"{text}" is no {what}: it stops making sense at column {error.column}; write for example {example}'
        raise ValueError(msg) from None


@cache
def _size_grammar() -> ParserElement:
    from pyparsing import Opt, Regex

    number = Regex(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+")
    unit = Regex(r"[kmgtp]i?b?|b(?:ytes?)?", flags=2).set_parse_action(lambda found: found[0].lower().partition("b")[0])
    return number + Opt(unit, default="")


@cache
def _duration_grammar() -> ParserElement:
    from pyparsing import OneOrMore, Regex, StringEnd, one_of

    number = Regex(r"\d+(?:\.\d+)?|\.\d+")
    return number + StringEnd() | OneOrMore(number - one_of(list(_SECONDS)))  # `-`: the column is that of the unit
