"""A faster way to read many lines of one form: what has always been the same is text, a plain number nothing else.

It takes some of the lines that the form's own pattern takes, and finds the same in them: only values are simplified
behind which something stands that can be no part of them, so that nothing that follows can change how far they reach.
Where lines are not as usual the form's own pattern reads them, and what was no plain number or word there is left as
general as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import dropwhile

from gctail.templates.mask import CAPTURES, WORD
from gctail.templates.pattern import Source, compiled

ENOUGH = 64
"""Lines read at once from which on what they have in common is worth a pattern."""
MOST_TIMES = 4
"""A pattern is made anew; what changes more often is read as it is."""
_WORD_END = re.compile(rb"\\ |\$\Z")
_END = re.compile(rb'\\[ ()\[\]]|[",;/]|\$\Z')
_ID_END = re.compile(rb'\\[ ()\[\].]|[",;/:]|\$\Z')
_QUOTED = rb'("[^"\\\n]*+")'
_FOUR = rb"(\d{1,3}+\.\d{1,3}+\.\d{1,3}+\.\d{1,3}+"
_SIMPLER: dict[str, tuple[re.Pattern[bytes], tuple[bytes, ...]]] = {
    "value": (_WORD_END, (rb"(" + WORD + rb")", _QUOTED)),
    "word": (_WORD_END, ()),
    "quoted": (_END, (_QUOTED,)),
    "number": (_END, (rb"(\d++)", rb"(\d++\.\d++)")),
    "duration": (_END, (rb"([\d.]++[mnu]?s)",)),
    "ip": (_END, (_FOUR + rb")", _FOUR + rb":\d{1,5}+)")),
    "hex": (_ID_END, (rb"([0-9a-f]++)",)),
    "id": (_ID_END, (rb"([A-Za-z_-]{0,64}+\d[\w#@~-]*+)",)),
}
"""What ends a value, and how its pattern may be simplified: each takes a part of what `CAPTURES` takes."""

Column = Sequence[bytes]


class Shortcut:
    """Learns from lines of one form, and reads others."""

    __slots__ = ("_fixed", "_pattern", "_simpler", "_source", "_times")

    def __init__(self, source: Source) -> None:
        """`source` is that of the form's own pattern."""
        self._source = source
        self._simpler = {
            at: _SIMPLER[capture][1]
            for at, (capture, behind) in enumerate(zip(source.captures, source.fixed[1:], strict=True))
            if capture in _SIMPLER and _SIMPLER[capture][0].match(behind)
        }
        """What each slot that may be simplified can still be read by."""
        self._fixed: dict[int, bytes] | None = None
        self._pattern: re.Pattern[bytes] | None = None
        self._times = 0 if self._simpler else MOST_TIMES

    def read(self, text: bytes, lines: int) -> Sequence[Column] | None:
        """The columns of so many lines; None where not all of them are as usual."""
        if self._pattern is None:
            return None
        found = self._pattern.findall(text)
        if len(found) != lines:
            self._pattern = None
            return None
        fixed = self._fixed or {}
        rest = iter(zip(*found, strict=True) if self._pattern.groups > 1 else [found])
        return [[fixed[at]] * lines if at in fixed else next(rest) for at in range(len(self._source.captures))]

    def learn(self, columns: Sequence[Column]) -> None:
        """These lines were read by the form's own pattern."""
        if self._pattern is not None or self._times >= MOST_TIMES or len(columns[0]) < ENOUGH:
            return
        self._times += 1
        known, self._fixed = self._fixed, {}
        groups = [CAPTURES[capture] for capture in self._source.captures]
        for at, simpler in self._simpler.items():
            column = columns[at]
            first = column[0]
            if column.count(first) == len(column) and (known is None or known.get(at) == first):
                self._fixed[at], groups[at] = first, re.escape(first)
            else:
                self._simpler[at] = left = tuple(dropwhile(partial(_unfit, column), simpler))
                groups[at] = left[0] if left else groups[at]
        self._pattern = re.compile(self._source.reading(groups))


def _unfit(column: Column, source: bytes) -> bool:
    """Whether some of these are not of this kind."""
    return not all(map(compiled(source).fullmatch, column))
