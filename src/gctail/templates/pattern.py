"""From one line of a form to all of them: the slots that its template has there, and a pattern that reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from gctail.templates.mask import CAPTURES, DIGITS, SPACE
from gctail.templates.sketch import Part, Slot


class Reading(NamedTuple):
    """One slot in one line: its key in the template, what it is, and its value there.

    A key is the name of the field; or the place of the word that the slot is in, and which hole of that word it is.
    """

    key: str
    slot: Slot
    value: bytes


class Source(NamedTuple):
    """A pattern that reads all lines of a form: sources of what stands before, between and behind the slots.

    For each slot `captures` names what captures it, in `mask.CAPTURES`.
    """

    fixed: tuple[bytes, ...]
    captures: tuple[str, ...]

    def reading(self, groups: Iterable[bytes]) -> bytes:
        """The source of the pattern where its slots are read by these."""
        before, *others = self.fixed
        return b"".join((before, *chain.from_iterable(zip(groups, others, strict=True))))

    @property
    def general(self) -> bytes:
        """The source of the pattern that takes all lines of the form."""
        return self.reading(map(CAPTURES.__getitem__, self.captures))

    @property
    def open(self) -> Source:
        """The same for lines that are longer than what was taken apart."""
        return self._replace(fixed=(*self.fixed[:-1], self.fixed[-1][:-1] + b".*$"))


def readings(parts: tuple[Part, ...], wild: frozenset[int]) -> tuple[list[Reading], Source]:
    """The slots of a line that was taken apart, and the pattern that reads all lines of its form.

    `wild` are the places of words in the message that are slots in themselves.
    """
    walk = _Walk(wild)
    for part in parts:
        walk.step(part)
    walk.source.append(b"$")
    walk.fixed.append(b"".join(walk.source))
    return walk.found, Source(tuple(walk.fixed), tuple(reading.slot.capture for reading in walk.found))


class _Walk:
    """From part to part and from word to word through one line."""

    def __init__(self, wild: frozenset[int]) -> None:
        self.wild = wild
        self.source: list[bytes] = [rb"(?m)^"]  # since the last slot
        self.fixed: list[bytes] = []
        self.found: list[Reading] = []
        self.word = self.inside = 0
        self.begun = False  # the word has a first piece

    def step(self, part: Part) -> None:
        """Take one part."""
        slot = part.slot
        if slot and slot.kind == "skip":
            self.source.append(CAPTURES[slot.capture].replace(b"(", b"(?:", 1))
        elif slot and part.hidden:
            self._capture(slot.name, slot, part.text)
        elif part.hidden:
            self.source.append(_literal(part.text))
        elif slot and self.word not in self.wild:
            self._capture(slot.name or f"{self.word}.{self.inside}", slot, part.text)
            self.inside += 1
            self.begun = True
        elif slot or self.wild:
            for piece in [part.text] if slot else SPACE.split(part.text):
                self._piece(piece)
        else:
            self.source.append(_literal(part.text))
            self._pass(part.text)

    def _pass(self, text: bytes) -> None:
        """Count the words of a fixed text."""
        words = text.split()
        if text[:1].isspace():
            self._next()
        if words:
            if len(words) > 1:
                self.word, self.inside = self.word + len(words) - 1, 0
            self.inside += len(DIGITS.findall(words[-1]))  # holes as well, of which nobody asks
            self.begun = True
            if text[-1:].isspace():
                self._next()

    def _next(self) -> None:
        self.word, self.inside, self.begun = self.word + self.begun, 0, False

    def _piece(self, piece: bytes) -> None:
        if piece.isspace():
            self._next()
            self.source.append(_literal(piece))
        elif piece and self.word not in self.wild:
            self.source.append(_literal(piece))
            self.inside += len(DIGITS.findall(piece))
            self.begun = True
        elif piece and not self.begun:
            self._capture(str(self.word), _WORD, piece)
            self.begun = True
        elif piece:  # more of a word that is a slot in itself
            self.found[-1] = self.found[-1]._replace(value=self.found[-1].value + piece)

    def _capture(self, key: str, slot: Slot, value: bytes) -> None:
        while any(reading.key == key for reading in self.found):
            key += "'"
        self.fixed.append(b"".join(self.source))
        self.source.clear()
        self.found.append(Reading(key, slot, value))


_WORD = Slot("word", "word", "")


@lru_cache(maxsize=2048)
def compiled(source: bytes) -> re.Pattern[bytes]:
    """A pattern; compiling takes 0.3 ms, and services of one kind write the same lines."""
    return re.compile(source)


@lru_cache(maxsize=4096)
def _literal(text: bytes) -> bytes:
    return _INNER.sub(rb"\\d++", DIGITS.sub(rb"\\d+", re.escape(text)))


_INNER = re.compile(rb"\\d\+(?=.)", re.DOTALL)
"""Digits before something else in the same text: the engine need not remember how many there were to give some back."""
