"""What is known of a suspect, in words. Text of the log stands in them as written: whoever shows it escapes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOBODY = "no log line explains the growth"
PROVEN = 0.05


def sentence(suspect: Mapping[str, Any]) -> str:
    """Why it is suspected: what grew with the heap, how surely, what is kept for each, and how much that explains."""
    share = f"explains {suspect['share']:.0%} of the growth".replace("%", " %")
    sure = f"r {suspect['correlation']:.2f}, {surely(suspect['p_value'])}"
    return f"{_grew(suspect)} ({sure}); {_kept(suspect)}; it {share}"


def _grew(suspect: Mapping[str, Any]) -> str:
    slot, field = called(suspect.get("slot"), "value"), called(suspect.get("field"), "field")
    match suspect["kind"]:
        case "level":
            return f"{field} grew with the heap"
        case "sum":
            return f"the sum of {field} grew with the heap"
        case "keys":
            return f"the heap grew with every new {slot}"
    only, less = suspect.get("only"), suspect.get("less")
    such = f"every such line with {only}" if only else "every such line"
    return f'the heap grew with {such}, less those that say "{less}"' if less else f"the heap grew with {such}"


def called(name: str | None, what: str) -> str:
    """A variable by its name; one that has none by its place among the `<*>` of the template: `value no. 2`."""
    if name is not None and name.startswith("#"):
        return f"value no. {name[1:]}"
    return f"{what} {name}" if what == "field" else str(name)


def proven(p_value: object) -> bool:
    """Whether chance alone would hardly bring it; also where no figure is given, as it was found in another way."""
    return not (isinstance(p_value, int | float) and p_value >= PROVEN)


def surely(p_value: float | None) -> str:
    """How likely chance alone would bring it, where that is small enough to prove something; empty for None."""
    if p_value is None:
        return ""
    if not proven(p_value):
        return "likely, not proven"
    return f"p {p_value:.0e}".replace("e-0", "e-") if p_value < 0.001 else f"p {p_value:.2g}"


def _kept(suspect: Mapping[str, Any]) -> str:
    kept = size(suspect["per_event_kib"])
    match suspect["kind"]:
        case "level":
            return f"{kept} kept per entry"
        case "sum":
            return f"{kept} kept for each unit of {called(suspect.get('field'), 'value')}"
        case "keys":
            return f"{kept} kept for each of {suspect['distinct']:,} values"
    held = suspect.get("held_share")
    left = f", of which {held:.0%} stay".replace("%", " %") if held is not None else ""
    return f"{kept} kept for each of {suspect['events']:,} lines{left}"


def size(kib: float) -> str:
    """A size in the unit in which it can be read."""
    if kib < 1.0:
        return f"{kib * 1024:.0f} bytes" if kib * 1024 >= 10 else f"{kib * 1024:.1f} bytes"
    return f"{kib:.3g} KiB" if kib < 1000 else f"{kib / 1024:.3g} MiB"
