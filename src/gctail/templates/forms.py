"""Texts read in bulk: those that differ in numbers only are read together, by one pattern.

What is left of a text without its digits and hexadecimal letters tells which form it has; where that was never seen,
what is left without values, quoted texts, and words with digits in them. The first text of a form is taken apart with
care (`sketch`), and a pattern made of it reads the others. The pattern holds all fixed text, so a text that got among
them by accident does not match, and is taken apart by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from gctail.templates.catalog import Catalog
from gctail.templates.parts import FORGET
from gctail.templates.pattern import Reading, Source, compiled, readings
from gctail.templates.shortcut import ENOUGH as ENOUGH_TO_LEARN
from gctail.templates.shortcut import Shortcut
from gctail.templates.sketch import MOST_BYTES, Sketch
from gctail.templates.slots import METHODS, NOTHING
from gctail.templates.tally import Tally

MOST_FORMS = 1024
ENOUGH = 4
"""Texts of one form from which on a pattern is worth its compilation."""
MOST_VARIED = 8
"""Forms that begin with the same word and are as long, and have a word that varies; and those that look like one."""
# `user="Ann Lee" took=3ms id 7f3a`, but not `msg="request processed"`
_VARIABLE = re.compile(
    rb'(?<=[\s=(\[:,])(?<!msg=)"[^"\n]*+"|(?<==)(?!")(?<!level=)[^\s,;)]*+|(?<![^\s="])[^\s\d="]*+\d[^\s="]*+'
)


class Form:
    """Texts that are alike but for the values of their slots."""

    __slots__ = ("methods", "others", "pattern", "shortcut", "slots", "source", "tally", "texts")

    def __init__(self, tally: Tally, slots: Sequence[Reading], source: Source) -> None:
        self.tally, self.slots, self.source = tally, slots, source
        self.methods = {reading.slot.name: at for at, reading in enumerate(slots) if reading.slot.name in METHODS}
        self.pattern: re.Pattern[bytes] | None = None
        self.shortcut: Shortcut | None = None
        self.texts = 0
        self.others: tuple[Form, ...] = ()
        """Those of texts that looked as if they had this one."""

    def of(self, text: bytes) -> Form | None:
        """Which of these a text has that looks as if it had this one."""
        return next((form for form in (self, *self.others) if form.pattern and form.pattern.fullmatch(text)), None)

    def columns(self, text: bytes, lines: int) -> Sequence[Sequence[bytes]] | None:
        """A column of values for each slot of so many lines; None where they are not all of this form."""
        if self.shortcut is None and self.slots and lines >= ENOUGH_TO_LEARN:
            self.shortcut = Shortcut(self.source)
        columns = self.shortcut.read(text, lines) if self.shortcut is not None else None
        if columns is not None:
            return columns
        pattern = self.pattern = self.pattern or compiled(self.source.general)
        found: list[Any] = pattern.findall(text)
        if len(found) != lines:
            return None
        columns = _columns(found, len(self.slots))
        if self.shortcut is not None:
            self.shortcut.learn(columns)
        return columns

    def named(self, columns: Sequence[Sequence[bytes]]) -> Mapping[str, Sequence[bytes]]:
        """The columns whose slot is called a method: what stands beside an address."""
        if not self.methods:
            return NOTHING
        return {name: columns[at] for name, at in self.methods.items()}


class Alike(NamedTuple):
    """Texts of one form: their places among all that were read, and a column of values for each slot."""

    form: Form
    places: list[int]
    columns: Sequence[Sequence[bytes]]


class _Texts(NamedTuple):
    """What is read at once: texts, the level that is known of all of them beforehand, and seconds of uptime."""

    texts: list[bytes]
    level: str | None
    now_s: float

    def at(self, places: list[int]) -> list[bytes]:
        """The texts in these places."""
        texts = self.texts
        return [texts[place] for place in places]


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
        self._named: dict[int, Form] = {}  # by the hash of what is left of its texts
        self._sources: dict[tuple[Source, str | None], Form] = {}
        self._varied: defaultdict[tuple[str | None, int, bytes], list[Form]] = defaultdict(list)
        self._version = 0

    def read(self, texts: list[bytes], level: str | None, now_s: float) -> Iterator[Alike]:
        """All texts that are not blank, by form. `level` is what is known of it beforehand."""
        batch = _Texts(texts, level, now_s)
        self._refresh()
        keys = b"\n".join(texts).translate(None, FORGET).split(b"\n")
        alike = _alike(keys)
        self.count += len(alike)
        known, unknown = _Groups(), []
        for key, places in alike.items():
            form = self._named.get(hash((key, batch.level)))
            if form is not None:
                known.add(form, places)
            elif key.strip() or batch.texts[places[0]].strip():
                unknown += places
        yield from self._read_groups(known, batch)
        if unknown:
            yield from self._read_unknown(unknown, keys, batch)

    def _read_unknown(self, unknown: list[int], keys: list[bytes], batch: _Texts) -> Iterator[Alike]:
        """Texts that are new without their numbers: most are known by what is left without any value."""
        unknown.sort()
        masked = _VARIABLE.sub(b"0", b"\n".join(batch.at(unknown))).split(b"\n")
        known, new = _Groups(), []
        for key, at in _alike(masked).items():
            places = [unknown[each] for each in at]
            names = hash((key, batch.level, "masked")), hash((keys[places[0]], batch.level))
            form = self._named.get(names[0]) or self._varying(batch.texts[places[0]], batch.level)
            if form is None:
                new.append((names, places))
                continue
            known.add(form, places)
            own = form.of(batch.texts[places[0]])
            if own and len(self._named) < MOST_FORMS // 2:  # a word that varies without end is not learnt by heart
                self._named.update(zip(names, (form, own), strict=True))
        yield from self._read_groups(known, batch)
        for names, places in new:
            form = yield from self._read_new(places, batch)
            self._named.update(dict.fromkeys(names, form))

    def _read_new(self, places: list[int], batch: _Texts) -> Generator[Alike, None, Form]:
        """Texts of a form that is new; a word that varies may have come to be known meanwhile."""
        first = batch.texts[places[0]]
        form = self._varying(first, batch.level)
        if form is None:
            form, values = self._form(first, batch)
            yield Alike(form, places[:1], [(value,) for value in values])
            places = places[1:]
        if places:
            yield from self._read_alike(form, places, batch)
        return form

    def _read_groups(self, groups: _Groups, batch: _Texts) -> Iterator[Alike]:
        """Texts whose forms are known: all of one form together, in the order in which they came."""
        version = self.catalog.version
        for form, parts in groups.found.values():
            places = parts[0] if len(parts) == 1 else sorted(chain.from_iterable(parts))
            if self.catalog.version != version:  # templates were merged meanwhile
                form, _ = self._form(batch.texts[places[0]], batch)  # noqa: PLW2901
            yield from self._read_alike(form, places, batch)

    def _read_alike(self, form: Form, places: list[int], batch: _Texts) -> Iterator[Alike]:
        """Texts that look as if they had this form: some may have one of its others, or one that is new."""
        for each in (form, *form.others):
            places = yield from self._read_form(each, places, batch)
            if not places:
                return
        while places:
            own, values = self._form(batch.texts[places[0]], batch)
            yield Alike(own, places[:1], [(value,) for value in values])
            places = places[1:]
            if own is not form and own not in form.others and len(form.others) < MOST_VARIED:
                form.others += (own,)
            own.texts += 1
            if places and own.texts == ENOUGH:
                places = yield from self._read_form(own, places, batch)

    def _read_form(self, form: Form, places: list[int], batch: _Texts) -> Generator[Alike, None, list[int]]:
        """Those of these texts that have this form; the places of the others."""
        form.texts += len(places)
        if form.pattern is None and form.texts < ENOUGH:
            return places
        columns = form.columns(b"\n".join(batch.at(places)), len(places))
        if columns is not None:
            yield Alike(form, places, columns)
            return []
        pattern = form.pattern = form.pattern or compiled(form.source.general)
        matches = {place: match for place in places if (match := pattern.fullmatch(batch.texts[place]))}
        if matches:
            yield Alike(form, list(matches), list(zip(*[match.groups() for match in matches.values()], strict=True)))
        return [place for place in places if place not in matches]

    def _refresh(self) -> None:
        """Forget all forms where templates were merged, and where there are too many."""
        if self._version != self.catalog.version or max(len(self._named), len(self._sources)) > MOST_FORMS:
            self._version = self.catalog.version
            self._named.clear()
            self._sources.clear()
            self._varied.clear()

    def _form(self, text: bytes, batch: _Texts) -> tuple[Form, list[bytes]]:
        """The form of a text, and the values of its slots there; a long text is known by its beginning."""
        taken = self.take(text[:MOST_BYTES], batch.level)
        tally = self.catalog.find(taken.level, taken.shape, text if self.lines else b"", batch.now_s)
        slots, source = readings(taken.parts, tally.wild)
        if len(text) > MOST_BYTES:
            source = source.open
        self._refresh()
        form = self._sources.get((source, taken.level))
        if form is None:
            form = self._sources[source, taken.level] = Form(tally, slots, source)
            if tally.wild:
                varied = self._varied[_outline(text, batch.level)]
                if len(varied) < MOST_VARIED:
                    varied.append(form)
        return form, [reading.value for reading in slots]

    def _varying(self, text: bytes, level: str | None) -> Form | None:
        """The form of a text that is new only because of a word that varies in its template."""
        for form in self._varied.get(_outline(text, level), ()) if self._varied else ():
            form.pattern = form.pattern or compiled(form.source.general)
            if form.pattern.fullmatch(text):
                return form
        return None


def _alike(keys: list[bytes]) -> dict[bytes, list[int]]:
    """The places of each key."""
    alike: defaultdict[bytes, list[int]] = defaultdict(list)
    for _ in map(list.append, map(alike.__getitem__, keys), count()):
        pass  # half the time of a loop that does it
    return alike


def _outline(text: bytes, level: str | None) -> tuple[str | None, int, bytes]:
    """What texts have in common that differ in a word: level, number of words, and the first one without numbers."""
    words = text.split()
    return level, len(words), words[0].translate(None, FORGET) if words else b""


def _columns(found: list[Any], slots: int) -> Sequence[Sequence[bytes]]:
    """What a pattern found, by its groups instead of by line."""
    if slots > 1:
        return list(zip(*found, strict=True))
    return [found] if slots else []
