"""Lines that there is no time to read closely: counted by what is left of them without digits.

Ten times as fast as reading, and it says of nearly every line which template it is of. So counts stay whole however
little is read, and the lines of a rare template are all read: it is the sampling that depends on the template, not on
the hour. Of the frequent ones only some lines are read; their keys are taken out by name (`watch`), or estimated.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress, repeat
from operator import is_
from typing import NamedTuple

from gctail.templates.catalog import Catalog
from gctail.templates.forms import FORGET
from gctail.templates.lines import Lines
from gctail.templates.tally import Tally
from gctail.templates.watch import its_turn, watch

MOST_SHAPES = 4096
MOST_NEW = 64
"""Shapes of a block that are looked at for the first time; where there are more, hardly a line is like another."""


class Skimmed(NamedTuple):
    """What became of a block: lines that were counted, bytes read closely after all, whether too much was strange."""

    lines: int
    read_bytes: int
    strange: bool


class Skim:
    """Which template lines are of, by their shapes. A cache: without it everything is found again, the same way."""

    def __init__(self, catalog: Catalog, lines: Lines) -> None:
        self._catalog, self._lines = catalog, lines
        self._known: dict[int, Tally] = {}
        self._version = 0

    def read(self, block: bytes, wrapper: str | None, now_s: float, rare_lines: float) -> Skimmed:
        """Count the lines of a block, and read those of templates that had no more than `rare_lines` so far."""
        self._refresh()
        shapes = block.translate(None, FORGET).split(b"\n")
        counts = Counter(shapes)
        del counts[b""]
        wanted: dict[bytes, Tally] = {}
        turns: dict[int, bool] = {}
        lines: list[bytes] = []  # most blocks are not taken apart
        counted, news = 0, 0
        for shape, count in counts.items():
            tally = self._known.get(hash(shape))
            if tally is None:
                news += 1
                if news > MOST_NEW:
                    continue
                first, lines = shapes.index(shape), lines or block.split(b"\n")
                tally = self._learn(shape, lines[first], wrapper, now_s)
                if tally is None:
                    continue
                count, shapes[first], counted = count - 1, b"", counted + 1  # noqa: PLW2901
            if id(tally) not in turns:
                turns[id(tally)] = tally.total <= rare_lines or its_turn(tally)
            if turns[id(tally)]:
                wanted[shape] = tally
            else:
                tally.count_unread(count, now_s)
                counted += count
        if not wanted:
            return Skimmed(counted, 0, news > MOST_NEW)
        rare, others = _sorted_out(lines or block.split(b"\n"), shapes, wanted, rare_lines)
        for tally, theirs in others:
            watch(tally, theirs, now_s)
            tally.count_unread(len(theirs), now_s)
            counted += len(theirs)
        read = b"\n".join(rare)
        if rare:
            self._lines.read(read, wrapper, now_s)
        return Skimmed(counted + len(rare), len(read), news > MOST_NEW)

    def _refresh(self) -> None:
        """Forget all shapes where templates were merged, and where there are too many."""
        if self._version != self._catalog.version or len(self._known) > MOST_SHAPES:
            self._version = self._catalog.version
            self._known.clear()

    def _learn(self, shape: bytes, line: bytes, wrapper: str | None, now_s: float) -> Tally | None:
        """Read the first line of a shape closely: its template is that of all."""
        tally = self._lines.template(line, wrapper, now_s)
        self._refresh()
        if tally is not None:
            self._known[hash(shape)] = tally
        return tally


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
