"""Lines of JSON, read in bulk: all of them are parsed at once, and each field of lines that are alike is one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from gctail.parsing.drafts import ROLES, normal_level
from gctail.templates.catalog import Catalog, Tally
from gctail.templates.mask import MOST_SLOTS, kind_of, readings, sketch_message

MOST_JSON_BYTES = 1 << 16
"""Longer lines are read as text, at their beginning."""
MOST_DEPTH = 3
MOST_MESSAGE = 2048


class Layout:
    """The names that the fields of a line have, in their order: which of them play a role."""

    __slots__ = ("fields", "level", "message", "names")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        roles: dict[str, str] = {}
        for name in names:
            roles.setdefault(ROLES.get(name, ""), name)
        self.message, self.level = roles.get("message"), roles.get("level")
        given = set(roles.values()) - {roles.get("")}
        self.fields = [name for name in names if name not in given][:MOST_SLOTS]


class Columns:
    """Reads lines of JSON into a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def read(self, lines: list[bytes], now_s: float) -> list[bytes]:
        """Take in JSON objects, in order, and hand back the lines that are none."""
        objects, others = _parsed(lines)
        alike: defaultdict[tuple[str, ...], list[tuple[dict[str, Any], bytes]]] = defaultdict(list)
        for found, line in objects:
            alike[tuple(found)].append((found, line))
        for names, group in alike.items():
            self._read_alike(Layout(names), group, now_s)
        return others

    def _read_alike(self, layout: Layout, group: list[tuple[dict[str, Any], bytes]], now_s: float) -> None:
        message, level = layout.message, layout.level
        spoken: defaultdict[tuple[str, str], list[tuple[dict[str, Any], bytes]]] = defaultdict(list)
        for each in group:
            found = each[0]
            said, shouted = found[message] if message else "", found[level] if level else ""
            spoken[said if said.__class__ is str else "", shouted if shouted.__class__ is str else str(shouted)].append(
                each
            )
        for (said, shouted), lines in spoken.items():
            self._read_spoken(layout, said, normal_level(shouted) if shouted else None, lines, now_s)

    def _read_spoken(
        self, layout: Layout, said: str, level: str | None, lines: list[tuple[dict[str, Any], bytes]], now_s: float
    ) -> None:
        taken = sketch_message(said[:MOST_MESSAGE].encode("utf-8", "replace"), level)
        words = taken.shape or tuple(f"{name}=".encode() + b"\0" for name in sorted(layout.fields))
        tally = self.catalog.find(level, words, lines[0][1], now_s)
        tally.add(len(lines), now_s)
        for key, slot, value in readings(taken.parts, tally.wild)[0]:
            tally.fill(key, slot.name, slot.kind, [value] * len(lines), now_s)
        for name in layout.fields:
            _fill(tally, name, [found[name] for found, _ in lines], now_s)


def _parsed(lines: list[bytes]) -> tuple[list[tuple[dict[str, Any], bytes]], list[bytes]]:
    """Lines with the objects that they hold, and lines that hold none."""
    try:
        objects = orjson.loads(b"[" + b",".join(lines) + b"]")
        if len(objects) == len(lines) and all(found.__class__ is dict for found in objects):
            return list(zip(objects, lines, strict=True)), []
    except ValueError:
        pass
    read, others = [], []
    for line in lines:
        try:
            found = orjson.loads(line) if len(line) <= MOST_JSON_BYTES else None
        except ValueError:
            found = None
        if isinstance(found, dict):
            read.append((found, line))
        else:
            others.append(line)
    return read, others


def _fill(tally: Tally, name: str, column: Sequence[Any], now_s: float, depth: int = 0) -> None:
    """Hand one field of some lines to its slot; groups are columns of their own, with a dot in their names."""
    values = [value for value in column if value is not None]
    if not values:
        return
    first = values[0]
    if first.__class__ is dict:
        groups = [value for value in values if value.__class__ is dict]
        inner_names = list(dict.fromkeys(inner for group in groups for inner in group))[:MOST_SLOTS]
        for inner in inner_names if depth < MOST_DEPTH else ():
            _fill(tally, f"{name}.{inner}"[:128], [group.get(inner) for group in groups], now_s, depth + 1)
        return
    slot = tally.slots.get(name)
    if first.__class__ is str:
        texts = [value.encode("utf-8", "replace") for value in values if value.__class__ is str]
        tally.fill(name, name, slot.kind if slot else kind_of(texts[0]), texts, now_s)
    elif first.__class__ in {int, float}:
        numbers = [value for value in values if value.__class__ in {int, float}]
        tally.fill(name, name, "number", numbers, now_s)
    elif first.__class__ is bool:
        tally.fill(name, name, "word", [value for value in values if value.__class__ is bool], now_s)
