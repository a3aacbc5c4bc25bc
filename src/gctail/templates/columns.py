"""Lines of JSON, read in bulk: all of them are parsed at once, and each field of lines that are alike is one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

import orjson

from gctail.parsing.drafts import CALLER, ROLES, TOLD_BY, body_text, normal_level
from gctail.parsing.times import epoch_seconds, parse_time
from gctail.templates.catalog import Catalog
from gctail.templates.forms import Forms
from gctail.templates.mask import kind_of
from gctail.templates.sketch import HOLE, MOST_SLOTS, MOST_WORDS, sketch_message
from gctail.templates.slots import NUMBERS
from gctail.templates.tally import MOST_EXAMPLE_BYTES, Tally

MOST_JSON_BYTES = 1 << 16
"""Longer lines are read as text, at their beginning."""
MOST_DEPTH = 3
MOST_MESSAGE = 2048


class Layout:
    """Which fields of a line play a role: told by their names, and by the values that the first such line has."""

    __slots__ = ("fields", "level", "message")

    def __init__(self, found: dict[str, Any]) -> None:
        roles: dict[str, str] = {}
        for name, value in found.items():
            role = ROLES.get(name)
            if role and role not in roles and _PLAYS[role](value):
                roles[role] = name
        if "message" not in roles and (told := next((name for name in TOLD_BY if body_text(found.get(name))), None)):
            roles["message"] = told
        self.message, self.level = roles.get("message"), roles.get("level")
        given = frozenset(roles.values())
        self.fields = [name for name in found if name not in given][:MOST_SLOTS]


_PLAYS: dict[str, Callable[[Any], bool]] = {
    "message": lambda value: isinstance(value, str),
    "level": lambda value: normal_level(value) is not None,
    "time": lambda value: (
        parse_time(value) is not None if isinstance(value, str) and len(value) < 64
        else isinstance(value, (int, float)) and epoch_seconds(value) is not None
    ),
    "caller": lambda value: isinstance(value, dict) or (isinstance(value, str) and CALLER.fullmatch(value) is not None),
}  # fmt: skip


class Columns:
    """Reads lines of JSON into a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.forms = Forms(catalog, sketch_message, lines=False)

    def read(self, lines: list[bytes], now_s: float, templates: list[Tally]) -> list[bytes]:
        """Take in JSON objects, in order, and hand back the lines that are none; `templates` gets theirs."""
        objects, kept, others = _parsed(lines)
        alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for found in objects:
            alike[tuple(found)].append(found)
        for group in alike.values():
            layout = Layout(group[0])
            for tally, same in self._read_alike(layout, group, now_s):
                tally.add(len(same), now_s)
                templates.append(tally)
                for name in layout.fields:
                    _fill(tally, name, list(map(itemgetter(name), same)), now_s)
                if not tally.example:
                    line = next(line for found, line in zip(objects, kept, strict=True) if found is same[0])
                    tally.example = line[:MOST_EXAMPLE_BYTES]
        return others

    def _read_alike(
        self, layout: Layout, group: list[dict[str, Any]], now_s: float
    ) -> Iterator[tuple[Tally, list[dict[str, Any]]]]:
        """Objects with the same fields, by template; the slots in their messages are filled."""
        for (shouted, silent), spoken in _spoken(layout, group).items():
            level = normal_level(shouted)
            if silent:
                words = tuple(name.encode("utf-8", "replace") + b"=" + HOLE for name in sorted(layout.fields))
                yield self.catalog.find(level, words[:MOST_WORDS] or (HOLE,), b"", now_s), spoken[""]
                continue
            said = list(spoken)
            messages = [" ".join(each[:MOST_MESSAGE].split("\n")).encode("utf-8", "replace") for each in said]
            for form, places, columns in self.forms.read(messages, level, now_s):
                for (key, slot, _), column in zip(form.slots, columns, strict=True):
                    values = [value for place, value in zip(places, column, strict=True) for _ in spoken[said[place]]]
                    form.tally.fill(key, slot.name, slot.kind, values, now_s)
                yield form.tally, [found for place in places for found in spoken[said[place]]]


def _spoken(layout: Layout, group: list[dict[str, Any]]) -> dict[tuple[Any, bool], dict[str, list[dict[str, Any]]]]:
    """Objects with the same fields, by level and whether they say nothing, then by message."""
    spoken: defaultdict[tuple[Any, Any], list[dict[str, Any]]] = defaultdict(list)
    message, level = layout.message, layout.level
    said = list(map(itemgetter(message), group)) if message else [""] * len(group)
    shouted = list(map(itemgetter(level), group)) if level else [None] * len(group)
    if set(map(type, said)) != {str} or not set(map(type, shouted)) <= _LEVEL_KINDS:  # hardly ever
        said = [body_text(each) or str(each) for each in said]
        shouted = [loud if isinstance(loud, (str, int)) else None for loud in shouted]
    for key, found in zip(zip(said, shouted, strict=True), group, strict=True):
        spoken[key].append(found)
    by_level: defaultdict[tuple[Any, bool], dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for (said, shouted), same in spoken.items():
        silent = not said or said.isspace()
        by_level[shouted, silent].setdefault("" if silent else said, []).extend(same)
    return by_level


_LEVEL_KINDS = frozenset({str, int, type(None)})


def _parsed(lines: list[bytes]) -> tuple[list[dict[str, Any]], list[bytes], list[bytes]]:
    """The objects that lines hold, these lines, and the lines that hold none."""
    try:
        objects = orjson.loads(b"[%b]" % b",".join(lines))
        if len(objects) == len(lines) and set(map(type, objects)) == {dict}:
            return objects, lines, []
    except ValueError:
        pass
    objects, kept, others = [], [], []
    for line in lines:
        try:
            found = orjson.loads(line) if len(line) <= MOST_JSON_BYTES else None
        except ValueError:
            found = None
        if isinstance(found, dict):
            objects.append(found)
            kept.append(line)
        else:
            others.append(line)
    return objects, kept, others


def _fill(tally: Tally, name: str, column: list[Any], now_s: float, depth: int = 0) -> None:
    """Hand one field of some lines to its slot; groups are columns of their own, with a dot in their names."""
    kinds = set(map(type, column))
    if type(None) in kinds:
        column = [value for value in column if value is not None]
        kinds.discard(type(None))
    if not kinds:
        return
    if dict in kinds:
        groups = [value for value in column if value.__class__ is dict]
        inner_names = list(dict.fromkeys(inner for group in groups for inner in group))[:MOST_SLOTS]
        for inner in inner_names if depth < MOST_DEPTH else ():
            _fill(tally, f"{name}.{inner}"[:128], [group.get(inner) for group in groups], now_s, depth + 1)
    elif kinds <= {int, float}:
        tally.fill(name, name, "number", column, now_s)
    elif str in kinds:
        slot = tally.slots.get(name)
        texts = column if len(kinds) == 1 else [value for value in column if value.__class__ is str]
        kind = slot.kind if slot else kind_of(texts[0].encode("utf-8", "replace"))
        if kind in NUMBERS:
            tally.fill(name, name, kind, [text.encode("utf-8", "replace") for text in texts], now_s)
        else:
            tally.fill(name, name, kind, texts, now_s)
    elif bool in kinds:
        tally.fill(name, name, "word", [value for value in column if value.__class__ is bool], now_s)
