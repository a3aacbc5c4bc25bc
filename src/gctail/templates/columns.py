"""Lines of JSON, read in bulk: all of them are parsed at once, and each field of lines that are alike is one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import orjson

from gctail.parsing.drafts import (
    CALLER,
    ROLES,
    TOLD_BY,
    attributes,
    body_text,
    late_time,
    level_reader,
    normal_level,
    time_in,
)
from gctail.parsing.newlines import newlines
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

ReadLevel = Callable[[object], str | None]
Columnar = dict[str, list[Any]]
"""Objects with the same fields: for each field its values."""


class Layout:
    """Which fields of a line play a role: told by their names, and by the values that the first such line has."""

    __slots__ = ("fields", "level", "message", "read_level")

    def __init__(self, found: dict[str, Any]) -> None:
        roles: dict[str, str] = {}
        read_level = self.read_level = level_reader(found)
        for name, value in found.items():
            role = ROLES.get(name)
            if role and role not in roles and _PLAYS[role](value, read_level):
                roles[role] = name
        if "message" not in roles and (told := next((name for name in TOLD_BY if body_text(found.get(name))), None)):
            roles["message"] = told
        if "level" not in roles and normal_level(level_of(found.get("log"))) is not None:
            roles["level"] = "log"
        if "time" not in roles and (late := late_time(found)):
            roles["time"] = late
        self.message, self.level = roles.get("message"), roles.get("level")
        given = frozenset(roles.values())
        self.fields = [name for name in found if name not in given][:MOST_SLOTS]


_PLAYS: dict[str, Callable[[Any, ReadLevel], bool]] = {
    "message": lambda value, _: isinstance(value, str),
    # a number may be the level of one line, and say nothing in the next (`"level":0`, `"level":1`)
    "level": lambda value, read_level: read_level(value) is not None or (value.__class__ is int and 0 <= value < 10),
    "time": lambda value, _: time_in(value) is not None,
    "caller": lambda value, _: (
        isinstance(value, dict) or (isinstance(value, str) and CALLER.fullmatch(value) is not None)
    ),
}  # fmt: skip


class Columns:
    """Reads lines of JSON into a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.forms = Forms(catalog, sketch_message, lines=False)

    def read_block(self, block: bytes, now_s: float, templates: list[Tally]) -> bool:
        """Take in whole lines; whether all of them were JSON objects. If not, nothing was taken in."""
        text = block.removesuffix(b"\n")
        objects = _all_parsed(text.replace(b"\n", b","), newlines(text) + 1)
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
        for columns, lines in _alike(objects, self.catalog.lines):
            layout = Layout({name: column[0] for name, column in columns.items()})
            for tally, places, when in self._read_alike(layout, columns, lines, now_s):
                tally.add(len(places), now_s)
                templates.append(tally)
                same = columns if places.__class__ is range else _at(places, columns)
                when = when._replace(beside=same)  # noqa: PLW2901
                for name in layout.fields:
                    for at, route in _fill(tally, name, same[name], when).items():
                        route.exemplify(_written(objects, written(), same, at))
                if not tally.example:
                    tally.example = _written(objects, written(), same, 0)[:MOST_EXAMPLE_BYTES]
        self.catalog.lines += len(objects)

    def _read_alike(
        self, layout: Layout, columns: Columnar, lines: Sequence[int], now_s: float
    ) -> Iterator[tuple[Tally, Sequence[int], When]]:
        """Objects with the same fields, by template: their places, and where they stand.

        Where all are of one template the places are a range. The slots in their messages are filled.
        """
        for (shouted, silent), spoken in _spoken(layout, columns, len(lines)).items():
            level = layout.read_level(shouted)
            if silent:
                words = tuple(name.encode("utf-8", "replace") + b"=" + HOLE for name in sorted(layout.fields))
                when = When(now_s, lines[spoken[""][-1]], lines[spoken[""][0]])
                yield self.catalog.find(level, words[:MOST_WORDS] or (HOLE,), b"", now_s), spoken[""], when
                continue
            said = list(spoken)
            messages = [" ".join(each[:MOST_MESSAGE].split("\n")).encode("utf-8", "replace") for each in said]
            for form, places, values in self.forms.read(messages, level, now_s):
                when = When(now_s, lines[spoken[said[places[-1]]][-1]], lines[spoken[said[places[0]]][0]])
                for (key, slot, _), column in zip(form.slots, values, strict=True):
                    told = [value for place, value in zip(places, column, strict=True) for _ in spoken[said[place]]]
                    form.tally.fill(key, slot.name, slot.kind, told, when)
                first = spoken[said[places[0]]]
                if len(places) > 1:
                    first = [*first, *chain.from_iterable(spoken[said[place]] for place in places[1:])]
                yield form.tally, first, when


def _alike(objects: list[dict[str, Any]], begin: int) -> Iterator[tuple[Columnar, list[int]]]:
    """A column for each field of objects that have the same fields in the same order, and where they stand."""
    flat: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    lines: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    fields = [*map(tuple, objects)]
    for _ in map(list.extend, map(flat.__getitem__, fields), map(dict.values, objects)):
        pass
    for _ in map(list.append, map(lines.__getitem__, fields), range(begin, begin + len(fields))):
        pass
    for names, values in flat.items():
        yield {name: values[at :: len(names)] for at, name in enumerate(names)}, lines[names]


def level_of(value: object) -> object:
    """A level as it stands there, or within an object: `"log":{"level":"debug"}`, as Elastic's schema has it."""
    return value.get("level") if isinstance(value, dict) else value


def _spoken(layout: Layout, columns: Columnar, rows: int) -> dict[tuple[Any, bool], dict[str, Sequence[int]]]:
    """The places of objects, by level and whether they say nothing, then by message."""
    said = columns[layout.message] if layout.message is not None else [""] * rows
    shouted = columns[layout.level] if layout.level is not None else [None] * rows
    words, loud = said[0], shouted[0]
    if words.__class__ is str and loud.__class__ in _SURE and said.count(words) == shouted.count(loud) == rows:
        silent = not words or words.isspace()  # most lines with the same fields say the same
        return {(loud, silent): {"" if silent else words: range(rows)}}
    if not (set(map(type, said)) == {str} and set(map(type, shouted)) <= _LEVEL_KINDS):  # hardly ever
        said = [body_text(each) or str(each) for each in said]
        shouted = [loud if isinstance(loud, (str, int)) else None for loud in map(level_of, shouted)]
    spoken: defaultdict[tuple[Any, Any], list[int]] = defaultdict(list)
    for place, key in enumerate(zip(said, shouted, strict=True)):
        spoken[key].append(place)
    by_level: defaultdict[tuple[Any, bool], dict[str, Sequence[int]]] = defaultdict(dict)
    for (words, loud), places in spoken.items():
        silent = not words or words.isspace()
        told = by_level[loud, silent]
        text = "" if silent else words
        told[text] = [*told[text], *places] if text in told else places
    return by_level


def _at(places: Sequence[int], columns: Columnar) -> Columnar:
    """The values in these places."""
    return {name: [column[place] for place in places] for name, column in columns.items()}


def _written(objects: list[dict[str, Any]], lines: list[bytes], columns: Columnar, place: int) -> bytes:
    """How the first of these objects that has the values in this place was written."""
    looked_for = [(name, column[place]) for name, column in columns.items()]
    both = zip(objects, lines, strict=False)  # a newline ends the last one
    return next(line for found, line in both if [*found.items()] == looked_for)


_LEVEL_KINDS = frozenset({str, int, type(None)})
_SURE = _LEVEL_KINDS - {int}
"""Whatever is equal to one of these is of its kind, too; 1 is equal to true."""


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
    if dict in kinds:
        return _fill_groups(tally, f"{name}.", column, when, depth)
    if list in kinds:
        listed = [attributes(value) if value.__class__ is list else None for value in column]
        return _fill_groups(tally, "", listed, when, depth)
    waiting: dict[int, Route] = {}
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


def _fill_groups(tally: Tally, prefix: str, column: Sequence[Any], when: When, depth: int) -> dict[int, Route]:
    """Hand the fields of objects to their slots, as `_fill` does, where they are objects."""
    groups = [value for value in column if value.__class__ is dict]
    names = list(dict.fromkeys(name for group in groups for name in group))[:MOST_SLOTS]
    inners = {name: [group.get(name) for group in groups] for name in names if depth < MOST_DEPTH}
    waiting: dict[int, Route] = {}
    for name, values in inners.items():
        waiting |= _fill(tally, f"{prefix}{name}"[:128], values, when._replace(beside=inners), depth + 1)
    return waiting if len(groups) == len(column) else {}
