"""What the first suspect of the log calls for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gctail.attribution.wording import named, proven, said

MANY_KEYS = 100
"""A slot with more values than this is one whose values may each leave something behind."""


def told_by_suspect(suspects: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What the first suspect tells; nothing where nobody is suspected."""
    if not suspects:
        return {}
    first = suspects[0]
    share, slot = first.get("share"), first.get("slot")
    return {
        "suspect": said(first),
        "suspect_percent": 100 * share if isinstance(share, int | float) else None,
        "suspect_proven": proven(first.get("p_value")),
        "slot": named(str(slot), str(first.get("template") or "")) if slot else None,
        "distinct": first.get("distinct"),
        "many_keys": bool(slot) and (first.get("distinct") or 0) > MANY_KEYS,
        "field": first.get("field"),
    }
