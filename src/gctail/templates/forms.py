"""Texts read in bulk: those that differ in numbers only are read together, by one pattern.

What is left of a text without its digits and hexadecimal letters tells which form it has; where that was never seen,
what is left without values, quoted texts, and words with digits in them. The first text of a form is taken apart with
care (`sketch`), and a pattern made of it reads the others. The pattern holds all fixed text, so a text that got among
them by accident does not match, and is taken apart by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from gctail.templates.catalog import Catalog, Tally
from gctail.templates.pattern import Reading, compiled, readings
from gctail.templates.sketch import MOST_BYTES, Sketch

MOST_FORMS = 1024
ENOUGH = 4
"""Texts of one form from which on a pattern is worth its compilation."""
MOST_VARIED = 8
"""Forms that begin with the same word and are as long, and have a word that varies."""
_FORGET = b"0123456789abcdefABCDEF"
# `user="Ann Lee" took=3ms id 7f3a`, but not `msg="request processed"`
_VARIABLE = re.compile(
    rb'(?<=[\s=(\[:,])(?<!msg=)"[^"\n]*+"|(?<==)(?!")(?<!level=)[^\s,;)]*+|(?<![^\s="])[^\s\d="]*+\d[^\s="]*+'
)


class Form:
    """Texts that are alike but for the values of their slots."""

    __slots__ = ("pattern", "slots", "source", "tally", "texts")

    def __init__(self, tally: Tally, slots: Sequence[Reading], source: bytes) -> None:
        self.tally, self.slots, self.source = tally, slots, source
        self.pattern: re.Pattern[bytes] | None = None
        self.texts = 0


class Alike(NamedTuple):
    """Texts of one form: their places among all that were read, and a column of values for each slot."""

    form: Form
    places: list[int]
    columns: Sequence[Sequence[bytes]]


class _Groups:
    """Places of texts, by form."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Form, list[list[int]]]] = {}

    def add(self, form: Form, places: list[int]) -> None:
        self.found.setdefault(id(form), (form, []))[1].append(places)


class Forms:
    """The forms that the texts of one mine have. A cache: without it everything is found again, the same way."""

    def __init__(self, catalog: Catalog, take: Callable[[bytes, str | None], Sketch], *, lines: bool) -> None:
        """`take` takes a text apart; `lines` says that texts are whole lines, and good examples."""
        self.catalog, self.take, self.lines = catalog, take, lines
        self.count = 0
        """Groups of texts that looked alike so far; each costs much more than one text more in it."""
        self._forms: dict[int, Form] = {}
        self._sources: dict[tuple[bytes, str | None], Form] = {}
        self._varied: defaultdict[tuple[str | None, int, bytes], list[Form]] = defaultdict(list)
        self._version = 0

    def read(self, texts: list[bytes], level: str | None, now_s: float) -> Iterator[Alike]:
        """Texts, none of them empty, sorted by form. `level` is what is known of it beforehand."""
        keys = b"\n".join(texts).translate(None, _FORGET).split(b"\n")
        alike: defaultdict[bytes, list[int]] = defaultdict(list)
        for place, key in enumerate(keys):
            alike[key].append(place)
        self.count += len(alike)
        known, unknown = _Groups(), []
        for key, places in alike.items():
            form = self._known(hash((key, level)))
            if form is not None:
                known.add(form, places)
            elif key.strip() or not texts[places[0]].isspace():
                unknown += places
        yield from self._read_groups(known, texts, level, now_s)
        if unknown:
            yield from self._read_unknown(unknown, keys, texts, level, now_s)

    def _read_unknown(
        self, unknown: list[int], keys: list[bytes], texts: list[bytes], level: str | None, now_s: float
    ) -> Iterator[Alike]:
        masked = _VARIABLE.sub(b"0", b"\n".join([texts[place] for place in unknown])).split(b"\n")
        alike: defaultdict[bytes, list[int]] = defaultdict(list)
        for key, place in zip(masked, unknown, strict=True):
            alike[key].append(place)
        known, new = _Groups(), []
        for key, places in alike.items():
            name, first = hash((key, level, 2)), places[0]
            form = self._known(name) or self._varying(texts[first], level)
            if form is None:
                new.append((name, places))
            else:
                known.add(form, places)
                if len(self._forms) < MOST_FORMS // 2:  # a word that varies without end is not learnt by heart
                    self._forms[name] = self._forms[hash((keys[first], level))] = form
        yield from self._read_groups(known, texts, level, now_s)
        for name, places in new:
            first, rest = places[0], places
            form = self._varying(texts[first], level)
            if form is None:
                form, values = self._form(texts[first], level, now_s)
                yield Alike(form, [first], [(value,) for value in values])
                rest = places[1:]
            if rest:
                yield from self._read_alike(form, rest, texts, now_s)
            self._known(name)  # forgets all where templates were merged
            self._forms[name] = self._forms[hash((keys[first], level))] = form

    def _read_groups(self, groups: _Groups, texts: list[bytes], level: str | None, now_s: float) -> Iterator[Alike]:
        """Texts whose forms are known: all of one form together, in the order in which they came."""
        version = self.catalog.version
        for form, parts in groups.found.values():
            places = parts[0] if len(parts) == 1 else sorted(chain.from_iterable(parts))
            if self.catalog.version != version:  # templates were merged meanwhile
                form, _ = self._form(texts[places[0]], level, now_s)  # noqa: PLW2901
            yield from self._read_alike(form, places, texts, now_s)

    def _read_alike(self, form: Form, places: list[int], texts: list[bytes], now_s: float) -> Iterator[Alike]:
        form.texts += len(places)
        if form.pattern is None:
            if form.texts < ENOUGH:
                yield from self._read_singly(places, texts, form.tally.level, now_s)
                return
            form.pattern = compiled(form.source)
        found: list[Any] = form.pattern.findall(b"\n".join([texts[place] for place in places]))
        if len(found) == len(places):
            yield Alike(form, places, _columns(found, len(form.slots)))
            return
        matches = [form.pattern.fullmatch(texts[place]) for place in places]
        found = [match.groups() for match in matches if match]
        if found:
            taken = [place for place, match in zip(places, matches, strict=True) if match]
            yield Alike(form, taken, list(zip(*found, strict=True)))
        others = [place for place, match in zip(places, matches, strict=True) if not match]
        yield from self._read_singly(others, texts, form.tally.level, now_s)

    def _read_singly(self, places: list[int], texts: list[bytes], level: str | None, now_s: float) -> Iterator[Alike]:
        for place in places:
            form, values = self._form(texts[place], level, now_s)
            yield Alike(form, [place], [(value,) for value in values])

    def _known(self, name: int) -> Form | None:
        if self._version != self.catalog.version or max(len(self._forms), len(self._sources)) > MOST_FORMS:
            self._forms, self._version = {}, self.catalog.version
            self._sources.clear()
            self._varied.clear()
        return self._forms.get(name)

    def _form(self, text: bytes, level: str | None, now_s: float) -> tuple[Form, list[bytes]]:
        """The form of a text, and the values of its slots there; a long text is known by its beginning."""
        taken = self.take(text[:MOST_BYTES], level)
        tally = self.catalog.find(taken.level, taken.shape, text if self.lines else b"", now_s)
        slots, source = readings(taken.parts, tally.wild)
        if len(text) > MOST_BYTES:
            source = source[:-1] + b".*$"
        self._known(0)
        form = self._sources.get((source, taken.level))
        if form is None:
            form = self._sources[source, taken.level] = Form(tally, slots, source)
            if tally.wild:
                varied = self._varied[_outline(text, level)]
                if len(varied) < MOST_VARIED:
                    varied.append(form)
        return form, [reading.value for reading in slots]

    def _varying(self, text: bytes, level: str | None) -> Form | None:
        """The form of a text that is new only because of a word that varies in its template."""
        for form in self._varied.get(_outline(text, level), ()) if self._varied else ():
            form.pattern = form.pattern or compiled(form.source)
            if form.pattern.fullmatch(text):
                return form
        return None


def _outline(text: bytes, level: str | None) -> tuple[str | None, int, bytes]:
    words = text.split()
    return level, len(words), words[0].translate(None, _FORGET) if words else b""


def _columns(found: list[Any], slots: int) -> Sequence[Sequence[bytes]]:
    if slots > 1:
        return list(zip(*found, strict=True))
    return [found] if slots else []
