"""Lines of JSON, read in bulk: all of them are parsed at once, and each field of lines that are alike is one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import orjson

from gctail.parsing.drafts import CALLER, ROLES, TOLD_BY, body_text, normal_level
from gctail.parsing.times import epoch_seconds, parse_time
from gctail.templates.catalog import Catalog
from gctail.templates.forms import Forms
from gctail.templates.mask import kind_of
from gctail.templates.routes import Route
from gctail.templates.sketch import HOLE, MOST_SLOTS, MOST_WORDS, sketch_message
from gctail.templates.slots import NOTHING, NUMBERS, When
from gctail.templates.tally import MOST_EXAMPLE_BYTES, Tally

MOST_JSON_BYTES = 1 << 16
"""Longer lines are read as text, at their beginning."""
MOST_DEPTH = 3
MOST_MESSAGE = 2048

Row = tuple[Any, ...]
"""The values of an object, without the names."""


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

    def read_block(self, block: bytes, now_s: float, templates: list[Tally]) -> bool:
        """Take in whole lines; whether all of them were JSON objects. If not, nothing was taken in."""
        lines = block.count(b"\n", 0, -1) + 1
        objects = _all_parsed(block.removesuffix(b"\n").replace(b"\n", b","), lines)
        if objects is not None:
            self._take(objects, lambda: block.split(b"\n"), now_s, templates)
        return objects is not None

    def read(self, lines: list[bytes], now_s: float, templates: list[Tally]) -> list[bytes]:
        """Take in JSON objects, in order, and hand back the lines that are none; `templates` gets theirs."""
        objects, kept, others = _parsed(lines)
        self._take(objects, lambda: kept, now_s, templates)
        return others

    def _take(
        self, objects: list[dict[str, Any]], written: Callable[[], list[bytes]], now_s: float, templates: list[Tally]
    ) -> None:
        """Objects in order, and how they were `written`."""
        alike: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
        for names, row in zip(map(tuple, objects), map(tuple, map(dict.values, objects)), strict=True):
            alike[names].append(row)
        for names, rows in alike.items():
            layout = Layout(dict(zip(names, rows[0], strict=True)))
            for tally, same, when in self._read_alike(layout, names, rows, now_s):
                tally.add(len(same), now_s)
                templates.append(tally)
                columns = dict(zip(names, zip(*same, strict=True), strict=True))
                when = when._replace(beside=columns)  # noqa: PLW2901
                for name in layout.fields:
                    for at, route in _fill(tally, name, columns[name], when).items():
                        route.exemplify(_written(objects, written(), names, same[at]))
                if not tally.example:
                    tally.example = _written(objects, written(), names, same[0])[:MOST_EXAMPLE_BYTES]
            self.catalog.lines += len(rows)

    def _read_alike(
        self, layout: Layout, names: tuple[str, ...], rows: list[Row], now_s: float
    ) -> Iterator[tuple[Tally, list[Row], When]]:
        """Objects with the same fields, by template, and where they stand; the slots in their messages are filled."""
        begin = self.catalog.lines
        for (shouted, silent), spoken in _spoken(layout, names, rows).items():
            level = normal_level(shouted)
            if silent:
                words = tuple(name.encode("utf-8", "replace") + b"=" + HOLE for name in sorted(layout.fields))
                yield (
                    self.catalog.find(level, words[:MOST_WORDS] or (HOLE,), b"", now_s),
                    spoken[""],
                    When(now_s, begin),
                )
                continue
            said = list(spoken)
            messages = [" ".join(each[:MOST_MESSAGE].split("\n")).encode("utf-8", "replace") for each in said]
            for form, places, columns in self.forms.read(messages, level, now_s):
                when = When(now_s, begin + places[-1])
                for (key, slot, _), column in zip(form.slots, columns, strict=True):
                    values = [value for place, value in zip(places, column, strict=True) for _ in spoken[said[place]]]
                    form.tally.fill(key, slot.name, slot.kind, values, when)
                same = spoken[said[places[0]]]
                yield form.tally, [*same, *chain.from_iterable(spoken[said[place]] for place in places[1:])], when


def _spoken(layout: Layout, names: tuple[str, ...], rows: list[Row]) -> dict[tuple[Any, bool], dict[str, list[Row]]]:
    """Objects with the same fields, by level and whether they say nothing, then by message."""
    said = _column(layout.message, names, rows) or [""] * len(rows)
    shouted = _column(layout.level, names, rows) or [None] * len(rows)
    if not (set(map(type, said)) == {str} and set(map(type, shouted)) <= _LEVEL_KINDS):  # hardly ever
        said = [body_text(each) or str(each) for each in said]
        shouted = [loud if isinstance(loud, (str, int)) else None for loud in shouted]
    if said.count(said[0]) == shouted.count(shouted[0]) == len(rows):  # most lines with the same fields say the same
        silent = not said[0] or said[0].isspace()
        return {(shouted[0], silent): {"" if silent else said[0]: rows}}
    spoken: defaultdict[tuple[Any, Any], list[Row]] = defaultdict(list)
    for key, row in zip(zip(said, shouted, strict=True), rows, strict=True):
        spoken[key].append(row)
    by_level: defaultdict[tuple[Any, bool], dict[str, list[Row]]] = defaultdict(dict)
    for (words, loud), same in spoken.items():
        silent = not words or words.isspace()
        by_level[loud, silent].setdefault("" if silent else words, []).extend(same)
    return by_level


def _written(objects: list[dict[str, Any]], lines: list[bytes], names: tuple[str, ...], row: Row) -> bytes:
    """How the first of these objects that has these values was written."""
    both = zip(objects, lines, strict=False)  # a newline ends the last one
    return next(line for found, line in both if _is(found, names, row))


def _is(found: dict[str, Any], names: tuple[str, ...], row: Row) -> bool:
    return tuple(found) == names and tuple(found.values()) == row


def _column(name: str | None, names: tuple[str, ...], rows: list[Row]) -> list[Any] | None:
    """The values of one field; None where there is no such field."""
    return list(map(itemgetter(names.index(name)), rows)) if name is not None else None


_LEVEL_KINDS = frozenset({str, int, type(None)})


def _all_parsed(text: bytes, lines: int) -> list[dict[str, Any]] | None:
    """The objects that so many lines hold, commas between them; None where they are not all objects."""
    try:
        objects: list[dict[str, Any]] = orjson.loads(b"[%b]" % text)
    except ValueError:
        return None
    return objects if len(objects) == lines and set(map(type, objects)) == {dict} else None


def _parsed(lines: list[bytes]) -> tuple[list[dict[str, Any]], list[bytes], list[bytes]]:
    """The objects that lines hold, these lines, and the lines that hold none."""
    parsed = _all_parsed(b",".join(lines), len(lines))
    if parsed is not None:
        return parsed, lines, []
    objects: list[dict[str, Any]] = []
    kept: list[bytes] = []
    others: list[bytes] = []
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


def _fill(tally: Tally, name: str, column: Sequence[Any], when: When, depth: int = 0) -> dict[int, Route]:
    """Hand one field of some lines to its slot; groups are columns of their own, with a dot in their names.

    Routes that wait for an example are handed back, by the place of it.
    """
    kinds = set(map(type, column))
    lines = len(column)
    if type(None) in kinds:
        column = [value for value in column if value is not None]
        kinds.discard(type(None))
    if not kinds:
        return {}
    waiting: dict[int, Route] = {}
    if dict in kinds:
        groups = [value for value in column if value.__class__ is dict]
        inner_names = list(dict.fromkeys(inner for group in groups for inner in group))[:MOST_SLOTS]
        inners = {inner: [group.get(inner) for group in groups] for inner in inner_names if depth < MOST_DEPTH}
        for inner, values in inners.items():
            waiting |= _fill(tally, f"{name}.{inner}"[:128], values, when._replace(beside=inners), depth + 1)
        return waiting if len(groups) == lines else {}
    if kinds <= {int, float}:
        tally.fill(name, name, "number", column, when)
    elif str in kinds:
        slot = tally.slots.get(name)
        texts = column if len(kinds) == 1 else [value for value in column if value.__class__ is str]
        kind = slot.kind if slot else kind_of(texts[0].encode("utf-8", "replace"))
        if kind in NUMBERS:
            tally.fill(name, name, kind, [text.encode("utf-8", "replace") for text in texts], when)
        elif len(texts) == lines:
            waiting = tally.fill(name, name, kind, texts, when)
        else:
            tally.fill(name, name, kind, texts, when._replace(beside=NOTHING))
    elif bool in kinds:
        tally.fill(name, name, "word", [value for value in column if value.__class__ is bool], when)
    return waiting
