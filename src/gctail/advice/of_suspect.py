"""What the first suspect of the log calls for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gctail.attribution.wording import beside, called, keyed, only_those, proven, said, values_of

LEVEL = "level"
"""The kind of a suspect whose number the heap follows: see `gctail.attribution.values`."""
MANY_KEYS = 100
"""A slot with more values than this is one whose values may each leave something behind."""
MANY_LINES = 100
"""What comes oftener than this is no rare path that keeps a step of the heap each time."""


def second(suspects: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The second cause, where two are at work at once, each of them proven; else None."""
    both = suspects[:2]
    if len(both) < 2 or beside(both)[1] != "and" or not all(proven(each.get("p_value")) for each in both):
        return None
    return both[1] if isinstance(both[1].get("share"), int | float) else None


def told_by_suspect(suspects: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What the first suspect tells; nothing where nobody is suspected."""
    if not suspects:
        return {}
    first = suspects[0]
    share, slot, held = first.get("share"), str(first.get("slot") or ""), first.get("held_share")
    template = str(first.get("template") or "")
    many_keys = bool(slot) and keyed(first) and (first.get("distinct") or 0) > MANY_KEYS
    other = second(suspects)
    counts = first.get("kind") == LEVEL and first.get("field") and not many_keys
    return {
        "suspect": f"{said(first)}, with {only}" if (only := only_those(first)) else said(first),
        "suspect_percent": 100 * share if isinstance(share, int | float) else None,
        "suspect_proven": proven(first.get("p_value")),
        "suspect_frequent": (first.get("events") or 0) > MANY_LINES,
        "slot": called(slot, "value", template) if slot else None,
        "slot_values": values_of(slot, template) if slot else None,
        "distinct": first.get("distinct"),
        "many_keys": many_keys,
        "suspect_counts": called(str(first["field"]), "number", template) if counts else None,
        "field": first.get("field"),
        "other_suspect": said(other) if other is not None else None,
        "other_percent": 100 * other["share"] if other is not None else None,
        "less": first.get("less") or None,
        "stay_percent": 100 * held if isinstance(held, int | float) else None,
    }
