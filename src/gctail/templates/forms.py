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
_VARIABLE = re.compile(rb'(?<=[\s=(\[:,])(?<!msg=)"[^"\n]*+"|(?<==)(?!")(?<!level=)[^\s,;)]*+|[^\s\d="]*+\d[^\s="]*+')


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


class Forms:
    """The forms that the texts of one mine have. A cache: without it everything is found again, the same way."""

    def __init__(self, catalog: Catalog, take: Callable[[bytes, str | None], Sketch]) -> None:
        self.catalog, self.take = catalog, take
        self.count = 0
        """Groups of texts that looked alike so far; each costs much more than one text more in it."""
        self._forms: dict[int, Form] = {}
        self._varied: defaultdict[tuple[str | None, int, bytes], list[Form]] = defaultdict(list)
        self._version = 0

    def read(self, texts: list[bytes], level: str | None, now_s: float) -> Iterator[Alike]:
        """Texts, none of them empty, sorted by form. `level` is what is known of it beforehand."""
        keys = b"\n".join(texts).translate(None, _FORGET).split(b"\n")
        alike: defaultdict[bytes, list[int]] = defaultdict(list)
        for place, key in enumerate(keys):
            alike[key].append(place)
        self.count += len(alike)
        unknown: list[int] = []
        for key, places in alike.items():
            form = self._known(hash((key, level)))
            if form is None:
                unknown += places
            else:
                yield from self._read_alike(form, places, texts, now_s)
        if unknown:
            yield from self._read_unknown(unknown, keys, texts, level, now_s)

    def _read_unknown(
        self, unknown: list[int], keys: list[bytes], texts: list[bytes], level: str | None, now_s: float
    ) -> Iterator[Alike]:
        masked = _VARIABLE.sub(b"0", b"\n".join(texts[place] for place in unknown)).split(b"\n")
        alike: defaultdict[bytes, list[int]] = defaultdict(list)
        for key, place in zip(masked, unknown, strict=True):
            alike[key].append(place)
        for key, places in alike.items():
            name, first = hash((key, level, 2)), places[0]
            form = self._known(name) or self._varying(texts[first], level) or self._form(texts[first], level, now_s)
            yield from self._read_alike(form, places, texts, now_s)
            self._known(name)  # forgets all where templates were merged
            self._forms[name] = self._forms[hash((keys[first], level))] = form

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
            form = self._form(texts[place], level, now_s)
            yield Alike(form, [place], [(reading.value,) for reading in form.slots])

    def _known(self, name: int) -> Form | None:
        if self._version != self.catalog.version or len(self._forms) > MOST_FORMS:
            self._forms, self._version = {}, self.catalog.version
            self._varied.clear()
        return self._forms.get(name)

    def _form(self, text: bytes, level: str | None, now_s: float) -> Form:
        """The form of a text; a long one is known by its beginning."""
        taken = self.take(text[:MOST_BYTES], level)
        tally = self.catalog.find(taken.level, taken.shape, text, now_s)
        slots, source = readings(taken.parts, tally.wild)
        if len(text) > MOST_BYTES:
            source = source[:-1] + b".*$"
        form = Form(tally, slots, source)
        if tally.wild:
            self._known(0)
            varied = self._varied[_outline(text, level)]
            if len(varied) < MOST_VARIED and all(source != other.source for other in varied):
                varied.append(form)
        return form

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
