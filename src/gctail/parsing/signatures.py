"""The sentences by which deaths are known: data/deaths.toml, read once."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from gctail.data import shipped

SOURCES = ("go", "kernel", "guard", "orchestrator", "shell")


_NUMBERS = frozenset((
    "pid", "uid", "exit_code", "errno", "threads", "limit", "index", "length", "score", "oom_score_adj",
    "invoker_oom_score_adj", "signal_number", "kills",
))  # fmt: skip
_UNITS_KIB = {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence by which a death is known: one section of data/deaths.toml, where the fields are explained."""

    name: str
    cause: str
    source: str
    about: str
    pattern: str
    samples: tuple[str, ...]
    confidence: float = 0.95
    inside: float | None = None
    needs: tuple[str, ...] = ()
    several_lines: bool = False
    alone: bool = False
    field: bool = False
    details: dict[str, Any] = {}


class Known(Struct, frozen=True):
    """A signature and its place in the file: the first that takes a line decides."""

    place: int
    signature: Signature

    @property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first needed: all of them take 100 ms, and most logs need none."""
        return _compiled(self.signature.pattern)

    def facts(self, found: re.Match[str]) -> dict[str, Any]:
        """What the named groups carry, numbers as numbers, with what the sentence implies."""
        told = dict(self.signature.details)
        for name, value in found.groupdict().items():
            if value is not None:
                key = name[:-2] if name[-2:] in {"_2", "_3", "_4", "_5"} else name
                told[key] = _number(value) if _is_number(key) else value
        return _sizes_in_kib(told)


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    signature: tuple[Signature, ...]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def signatures() -> tuple[Known, ...]:
    """All signatures, in the order of the file. Raises msgspec.ValidationError on a bad file."""
    text = shipped("deaths.toml")
    table = msgspec.toml.decode(text, type=_Table)
    return tuple(Known(place, signature) for place, signature in enumerate(table.signature))


@cache
def signatures_of(source: str) -> tuple[Known, ...]:
    """The signatures of one source, in the order of the file."""
    return tuple(known for known in signatures() if known.signature.source == source)


def recognise(text: str, source: str) -> tuple[Known, dict[str, Any]] | None:
    """The first signature of the source that takes the line from its start, with the facts that it carries."""
    for known in signatures_of(source):
        found = known.regex.match(text)
        if found is not None:
            return known, known.facts(found)
    return None


def _is_number(name: str) -> bool:
    return name in _NUMBERS or name.endswith(("_kib", "_mib", "_bytes"))


def _number(text: str) -> int | float | str:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def _sizes_in_kib(facts: dict[str, Any]) -> dict[str, Any]:
    """`limit` and `limit_unit`, which people write in any unit, as `limit_kib`; the same for `used`."""
    for name in ("limit", "used"):
        unit = facts.pop(f"{name}_unit", None)
        if unit is not None and isinstance(size := _number(str(facts.pop(name))), int | float):
            facts[f"{name}_kib"] = int(size * _UNITS_KIB[unit[0]])
    return facts
