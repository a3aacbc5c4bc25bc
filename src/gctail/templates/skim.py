"""Lines that there is no time to read closely: counted by what is left of them without digits.

Ten times as fast as reading, and it says of nearly every line which template it is of. So counts stay whole however
little is read, and the lines of a rare template are all read: it is the sampling that depends on the template, not on
the hour. Of the frequent ones only some lines are read; their keys are taken out by name (`watch`), or estimated. Words
that tell lines of one template apart (`tenant=acme`) stand in the shape, so that the lines of each are counted, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import compress, repeat
from operator import is_
from typing import NamedTuple

from gctail.templates.catalog import Catalog
from gctail.templates.lines import Lines
from gctail.templates.parts import FORGET, Parts
from gctail.templates.routes import Routes, address_in, name_of
from gctail.templates.slots import METHODS
from gctail.templates.tally import Tally
from gctail.templates.watch import its_turn, value_of, watch

MOST_SHAPES = 4096
MOST_NEW = 64
"""Shapes of a block that are looked at for the first time; where there are more, hardly a line is like another."""


class Skimmed(NamedTuple):
    """What became of a block: lines that were counted, bytes read closely after all, whether too much was strange."""

    lines: int
    read_bytes: int
    strange: bool


class Shape(NamedTuple):
    """What is known of all lines of a shape: their template, and which value they have where there are only a few."""

    tally: Tally
    values: tuple[tuple[Parts | Routes, bytes], ...]

    def tell(self, lines: int) -> None:
        """So many such lines were counted."""
        for parts, value in self.values:
            if parts.apart:
                parts.tell(value, lines)


class Skim:
    """Which template lines are of, by their shapes. A cache: without it everything is found again, the same way."""

    def __init__(self, catalog: Catalog, lines: Lines) -> None:
        self._catalog, self._lines = catalog, lines
        self._known: dict[int, Shape] = {}
        self._version = 0

    def read(self, block: bytes, wrapper: str | None, now_s: float, rare_lines: float) -> Skimmed:
        """Count the lines of a block, and read those of templates that had no more than `rare_lines` so far."""
        self._refresh()
        text = _Block(block, wrapper, now_s)
        found, strange = self._found(text)
        wanted: dict[bytes, Tally] = {}
        turns: dict[int, bool] = {}
        counted = text.learnt
        for shape, known, count in found:
            tally = known.tally
            is_rare = tally.total <= rare_lines
            if id(tally) not in turns:
                turns[id(tally)] = is_rare or its_turn(tally)
            if turns[id(tally)]:
                wanted[shape] = tally
            else:
                tally.count_unread(count, now_s)
                counted += count
            if not is_rare:
                known.tell(count)
        if not wanted:
            return Skimmed(counted, 0, strange)
        rare, others = _sorted_out(text.lines, text.shapes, wanted, rare_lines)
        for tally, theirs in others:
            watch(tally, theirs, now_s)
            tally.count_unread(len(theirs), now_s)
            counted += len(theirs)
        read = b"\n".join(rare)
        if rare:
            self._lines.read(read, wrapper, now_s)
        return Skimmed(counted + len(rare), len(read), strange)

    def _found(self, text: _Block) -> tuple[list[tuple[bytes, Shape, int]], bool]:
        """The shapes of a block, what is known of each, and how many lines it has; and whether too many are new."""
        counts = Counter(text.shapes)
        del counts[b""]
        found, news, version = [], 0, self._version
        for shape, count in counts.items():
            known = self._known.get(hash(shape))
            if known is not None:
                found.append((shape, known, count))
                continue
            news += 1
            if news <= MOST_NEW and (known := self._learn(shape, text)) is not None:
                found.append((shape, known, count - 1))
        if version != self._version:  # templates were merged meanwhile
            found = [(shape, self._alive(known, text), count) for shape, known, count in found]
        return found, news > MOST_NEW

    def _alive(self, known: Shape, text: _Block) -> Shape:
        """The same, or what its template has become part of."""
        tally = known.tally
        if self._catalog.tallies.get((tally.level, tally.words)) is tally:
            return known
        return Shape(self._catalog.find(tally.level, tally.words, tally.example, text.now_s), ())

    def _refresh(self) -> None:
        """Forget all shapes where templates were merged, and where there are too many."""
        if self._version != self._catalog.version or len(self._known) > MOST_SHAPES:
            self._version = self._catalog.version
            self._known.clear()

    def _learn(self, shape: bytes, text: _Block) -> Shape | None:
        """Read the first line of a shape closely: its template is that of all, and so are words that vary little."""
        first = text.shapes.index(shape)
        line = text.lines[first]
        tally = self._lines.template(line, text.wrapper, text.now_s)
        self._refresh()
        if tally is None:
            return None
        text.shapes[first] = b""
        text.learnt += 1
        known = self._known[hash(shape)] = Shape(tally, tuple(_values(tally, line)))
        return known


class _Block:
    """Lines that are not read, and their shapes; most blocks are not taken apart."""

    def __init__(self, block: bytes, wrapper: str | None, now_s: float) -> None:
        self.block, self.wrapper, self.now_s = block, wrapper, now_s
        self.shapes = block.translate(None, FORGET).split(b"\n")
        self.learnt = 0
        """Lines that were read because their shape was new; their shapes are empty."""

    @cached_property
    def lines(self) -> list[bytes]:
        """Each line of the block."""
        return self.block.split(b"\n")


def _values(tally: Tally, line: bytes) -> Iterator[tuple[Parts | Routes, bytes]]:
    """The values that a line has in the slots with only a few; empty where it has no such field."""
    for slot in tally.slots.values():
        if slot.parts is not None and len(slot.parts.now) > 1 and (value := value_of(slot.name, line)) is not None:
            yield slot.parts, value
        if slot.routes is not None and (address := value_of(slot.name, line) or address_in(line)):
            yield slot.routes, name_of(address, _method(tally, line))


def _method(tally: Tally, line: bytes) -> bytes | None:
    """What stands beside an address, where the template has a field for it."""
    name = next((each for each in METHODS if each in tally.slots), None)
    return value_of(name, line) if name is not None else None


def _sorted_out(
    lines: list[bytes], shapes: list[bytes], wanted: dict[bytes, Tally], rare_lines: float
) -> tuple[list[bytes], list[tuple[Tally, list[bytes]]]]:
    """The lines of rare templates, and those of others, template by template; in the order in which they came."""
    owners = [*map(wanted.get, shapes)]
    rare: list[bytes] = []
    if any(tally.total <= rare_lines for tally in wanted.values()):
        rare = [line for line, tally in zip(lines, owners, strict=True) if tally and tally.total <= rare_lines]
    others = [tally for tally in dict.fromkeys(filter(None, owners)) if tally.total > rare_lines]
    return rare, [(tally, [*compress(lines, map(is_, owners, repeat(tally)))]) for tally in others]
