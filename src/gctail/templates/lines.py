"""Lines of text, read in bulk: those that differ in numbers only are read together, by one pattern.

What is left of a line without its digits and hexadecimal letters tells which form it has; the first line of a form is
taken apart with care (`mask`), and a pattern made of it reads the others. The pattern holds all fixed text, so a line
that got among them by accident does not match, and is taken apart by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gctail.templates.catalog import Catalog, Tally
from gctail.templates.mask import MOST_BYTES, Reading, compiled, readings, sketch

MOST_FORMS = 1024
ENOUGH = 4
"""Lines of one form from which on a pattern is worth its compilation."""
_FORGET = b"0123456789abcdefABCDEF"


class Form:
    """Lines that are alike but for the values of their slots."""

    __slots__ = ("lines", "pattern", "slots", "source", "tally")

    def __init__(self, tally: Tally, slots: Sequence[Reading], source: bytes) -> None:
        self.tally, self.slots, self.source = tally, slots, source
        self.pattern: re.Pattern[bytes] | None = None
        self.lines = 0


class Lines:
    """Reads lines of text into a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._forms: dict[int, Form] = {}
        self._version = 0

    def read(self, lines: list[bytes], now_s: float) -> None:
        """Take in lines, in order; empty ones say nothing."""
        keys = b"\n".join(lines).translate(None, _FORGET).split(b"\n")
        alike: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for key, line in zip(keys, lines, strict=True):
            alike[key].append(line)
        for key, group in alike.items():
            if key or any(group):
                self._read_alike(hash(key), group, now_s)

    def _read_alike(self, key: int, lines: list[bytes], now_s: float) -> None:
        form = self._known(key)
        if form is None and len(lines) >= ENOUGH:
            form = self._form(lines[0], now_s)
            if self._version != self.catalog.version:  # templates were merged: it may have other slots now
                form = self._form(lines[0], now_s)
        if form is None or form.lines + len(lines) < ENOUGH:
            for line in lines:
                form = self._read_one(line, now_s) or form
        elif len(found := self._pattern(form).findall(b"\n".join(lines))) == len(lines):
            _fill(form, found, now_s)
        else:
            self._read_unlike(form, lines, now_s)
        if form is not None:
            form.lines += len(lines)
            self._known(key)  # forgets all where templates were merged
            self._forms[key] = form

    def _known(self, key: int) -> Form | None:
        if self._version != self.catalog.version or len(self._forms) > MOST_FORMS:
            self._forms, self._version = {}, self.catalog.version
        return self._forms.get(key)

    def _pattern(self, form: Form) -> re.Pattern[bytes]:
        if form.pattern is None:
            form.pattern = compiled(form.source)
        return form.pattern

    def _read_unlike(self, form: Form, lines: list[bytes], now_s: float) -> None:
        """Some of these lines have another form."""
        pattern = self._pattern(form)
        found: list[Any] = []
        others = []
        for line in lines:
            match = pattern.fullmatch(line)
            if match is None:
                others.append(line)
            else:
                found.append(match.groups() if len(form.slots) != 1 else match[1])
        if found:
            _fill(form, found, now_s)
        for line in others:
            self._read_one(line, now_s)

    def _form(self, line: bytes, now_s: float) -> Form:
        """The form of a line. Long lines are known by their beginning."""
        taken = sketch(line[:MOST_BYTES])
        tally = self.catalog.find(taken.level, taken.shape, line, now_s)
        slots, source = readings(taken.parts, tally.wild)
        if len(line) > MOST_BYTES:
            source = source[:-1] + b".*$"
        return Form(tally, slots, source)

    def _read_one(self, line: bytes, now_s: float) -> Form | None:
        if not line.strip():
            return None
        form = self._form(line, now_s)
        form.tally.add(1, now_s)
        for key, slot, value in form.slots:
            form.tally.fill(key, slot.name, slot.kind, [value], now_s)
        return form


def _fill(form: Form, found: list[Any], now_s: float) -> None:
    """Count lines whose slots were read."""
    tally, slots = form.tally, form.slots
    tally.add(len(found), now_s)
    columns = [found] if len(slots) == 1 else zip(*found, strict=True) if slots else []
    for (key, slot, _), column in zip(slots, columns, strict=True):
        tally.fill(key, slot.name, slot.kind, column, now_s)
