"""A faster way to read many lines of one form: what has always been the same is text, a plain word is nothing else.

It takes some of the lines that the form's own pattern takes, and finds the same in them: only values are simplified
that end with their word, so that nothing that follows can change how far they reach. Where lines are not as usual the
form's own pattern reads them, and what was no plain word there is left as general as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gctail.templates.mask import CAPTURES

ENOUGH = 64
"""Lines read at once from which on what they have in common is worth a pattern."""
MOST_TIMES = 4
"""A pattern is made anew; what changes more often is read as it is."""
_VALUE = CAPTURES["value"]
_GROUP = re.compile(re.escape(_VALUE) + rb"(?=\\ |\$\Z)")
_PLAIN = rb'([^\s,;&"()\[\]{}]*+)'
_ONE_WORD = re.compile(_PLAIN)

Column = Sequence[bytes]


class Shortcut:
    """Learns from lines of one form, and reads others."""

    __slots__ = ("_fixed", "_pattern", "_slots", "_source", "_times", "_uneven")

    def __init__(self, source: bytes, captures: Sequence[str]) -> None:
        """`source` is that of the form's pattern, and `captures` says for each of its groups what it captures."""
        ends_well = [
            _GROUP.match(source, found.start()) is not None for found in re.finditer(re.escape(_VALUE), source)
        ]
        values = [at for at, capture in enumerate(captures) if capture == "value"]
        self._source = source
        self._slots = [at for at, good in zip(values, ends_well, strict=True) if good]
        self._uneven: set[int] = set()
        """Slots that were no plain word once."""
        self._fixed: dict[int, bytes] | None = None
        self._pattern: re.Pattern[bytes] | None = None
        self._times = 0 if self._slots else MOST_TIMES

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
        size = len(fixed) + self._pattern.groups
        return [[fixed[at]] * lines if at in fixed else next(rest) for at in range(size)]

    def learn(self, columns: Sequence[Column]) -> None:
        """These lines were read by the form's own pattern."""
        if self._pattern is not None or self._times >= MOST_TIMES or len(columns[0]) < ENOUGH:
            return
        self._times += 1
        known, self._fixed = self._fixed, {}
        pieces: dict[int, bytes] = {}
        for at in self._slots:
            column = columns[at]
            first = column[0]
            if column.count(first) == len(column) and (known is None or known.get(at) == first):
                self._fixed[at], pieces[at] = first, re.escape(first)
            elif at not in self._uneven and all(map(_ONE_WORD.fullmatch, column)):
                pieces[at] = _PLAIN
            else:
                self._uneven.add(at)
                pieces[at] = _VALUE
        order = iter(self._slots)
        self._pattern = re.compile(_GROUP.sub(lambda _: pieces[next(order)], self._source))
