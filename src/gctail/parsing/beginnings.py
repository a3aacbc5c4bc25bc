"""How the lines of one log begin: what tells a torn line's fragment from the application's line behind it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from gctail.parsing.intact import parse_record
from gctail.parsing.layouts import START

LIKELY = 2.5

TIME_AT_START = re.compile(
    rb"[\[<(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d:\d\d:\d\d|[IWEF]\d{4} \d\d:|1\d{9}(?!\d))"
    rb"|\{\"|(?:time|ts|t|level|lvl)="
)


class Beginnings:
    """How lines of this log begin: first bytes, digits as 0, letters as a, with counts. At most 256 of them."""

    WIDTH = 12

    def __init__(self) -> None:
        self.seen: Counter[bytes] = Counter()
        self.runs: Counter[bytes] = Counter()

    def learn(self, lines: Iterable[bytes]) -> None:
        """Count the beginnings of whole application lines."""
        for line in lines:
            if line:
                self.seen[_shape_of(line)] += 1
                self.runs[_runs_of(line)] += 1
        if len(self.seen) > 256:
            self.seen = Counter(dict(self.seen.most_common(64)))
        if len(self.runs) > 256:
            self.runs = Counter(dict(self.runs.most_common(64)))

    def likeness(self, line: bytes) -> float:
        """How much this looks like the beginning of a line of this log: 0 (not at all) to 4."""
        if not line:
            return 0.0
        known = self.seen.get(_shape_of(line), 0)
        if known > 1:
            return 4.0
        if TIME_AT_START.match(line):
            return 3.0
        if START.match(line) and parse_record(line) is not None:
            return 4.0
        if known or self.runs.get(_runs_of(line), 0) > 2:  # an address, a counter: numbers whose length varies
            return LIKELY
        return 1.5 if not line[:1].isdigit() and line[:1] not in b".+/-%,:)> " else 0.0

    def likely_in(self, line: bytes, until: int) -> list[int]:
        """Where in the first `until` bytes a line of this log may begin."""
        firsts = {shape[:1] for shape in self.seen} | {b"0", b"{", b"["}
        shape = line[: until + self.WIDTH].translate(_AS_SHAPE)
        return [at for at in range(1, until) if shape[at : at + 1] in firsts and self.likeness(line[at:]) >= LIKELY]


_AS_SHAPE = bytes(
    0x30 if 0x30 <= code <= 0x39 else 0x61 if chr(code).isalpha() and code < 0x80 else code for code in range(256)
)


def _shape_of(line: bytes) -> bytes:
    return line[: Beginnings.WIDTH].translate(_AS_SHAPE)


_DIGITS = re.compile(rb"0+")


def _runs_of(line: bytes) -> bytes:
    """The beginning with every number as one 0: `10.0.19.111 - - [` and `192.168.1.7 - - [` begin alike."""
    return _DIGITS.sub(b"0", line[:24].translate(_AS_SHAPE))[:10]
