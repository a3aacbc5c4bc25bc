"""Where in a buffer of lines the runtime, a crash report or a kernel may have written: two ways with one meaning.

`Finder` looks only at how lines begin. The plain way is one compiled pattern (about 1.2 GB/s); once there is much to
read, numpy compares whole buffers at a time (about 2.2 GB/s, and the number of lines comes free) and finds a few lines
more. What is found is held to the exact patterns afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gctail.parsing.newlines import newlines

HEADS = (
    b"gc ", b"gc\n", b"gc\r", b"gcs", *(b"gc%d" % digit for digit in range(10)), b"GC forced", b"scvg", b"scav ",
    b"scan: ", b"forced scvg", b"pacer: ", b"SCHED ", b"init ", b"checkfinal", b"trace", b"end trace",
    b"panic: ", b"fatal", b"throw: ", b"runtime", b"goroutine ", b"SIG", b"[signal ", b"signal ", b"unexpected fault",
    b"Exception 0x", b"found next", b"non-Go code", b"**",
    b"# HELP go_", b"# TYPE go_", b"# HELP process_", b"# TYPE process_", b"# runtime.M", b"go_", b"process_",
    b"/gc/", b"/memory/c", b"/sched/", b"/cpu/classes/", b"/cgo/",
    b'"memstats"', b'"/gc/', b'"/memory/c',
    b"oom-kill:", b"oom_kill", b"oom_reaper: ", b"Out of memory", b"Memory cgroup ", b"Killed process ", b"Task in /",
    b"memory: usage ",
)  # fmt: skip
"""How every line begins that is read closely (behind what `THIN` takes)."""

THIN = rb"[ \t>\0]*+(?>(?:\x1b\[[\d;]*+m)*)(?>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?>\.\d++|) |)"
"""What may stand in front of a runtime line without saying anything: indentation, mail quoting, Go's log prefix."""

MUCH_BYTES = 8 << 20
"""From so much input on, the 70 ms that numpy takes to load are soon won back."""

SLACK_BYTES = 64
"""Bytes behind the end of the lines that may be looked at, whatever they are."""

STAMP_BYTES, MICROS_BYTES = 20, 27
"""Length of Go's log prefix, without and with microseconds: `2016/07/06 18:35:09 `."""


def _trie(words: Sequence[bytes]) -> bytes:
    """A pattern that takes exactly these words and decides byte by byte: twice as fast as a plain alternation."""
    if b"" in words:
        return b""
    firsts = sorted({word[:1] for word in words})
    branches = [re.escape(first) + _trie([word[1:] for word in words if word[:1] == first]) for first in firsts]
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


def head_pattern() -> bytes:
    """The source of a pattern for the beginning of any line in `HEADS`."""
    return _trie(HEADS)


_HEAD = head_pattern()
_FIND = re.compile(rb"\n(?:(?=" + _HEAD + rb")|(?=[ \t>\0\x1b\d])(?=" + THIN + _HEAD + rb"))")


class Finder:
    """Finds the lines that may matter, and counts all lines on the way."""

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer
        self.lines = 0
        self._vectors: _Vectors | None = None

    def load(self) -> None:
        """Much is to be read: compare whole buffers from now on."""
        if self._vectors is None:
            self._vectors = _Vectors(self.buffer)

    def find(self, start: int, end: int) -> list[int]:
        """The starts of lines in `start` to `end` that may matter; `start - 1` and `end - 1` hold newlines."""
        if self._vectors is not None:
            lines, found = self._vectors.find(start, end)
            self.lines += lines
            return found
        self.count(start, end)
        return [found.start() + 1 for found in _FIND.finditer(self.buffer, start - 1, end)]

    def count(self, start: int, end: int) -> None:
        """Count lines that are not looked through."""
        self.lines += newlines(self.buffer[start:end])


class _Vectors:
    """The same by numpy: the first four bytes behind every newline, looked up together."""

    def __init__(self, buffer: bytearray) -> None:
        import numpy as np

        self._numpy: Any = np
        self._bytes = np.frombuffer(buffer, np.uint8)
        pairs = np.zeros(1 << 16, bool)
        for head in HEADS:
            pairs[head[0] << 8 | head[1]] = True
        self._pairs = pairs.copy()
        for first in b" \t>\0\x1b":
            self._pairs[first << 8 : (first + 1) << 8] = True
        for first in b"0123456789":
            for second in b"0123456789":
                self._pairs[first << 8 | second] = True
        self._head_pairs = pairs

    def find(self, start: int, end: int) -> tuple[int, list[int]]:
        """How many lines there are, and the starts of those that may matter."""
        numpy, data = self._numpy, self._bytes
        starts = numpy.flatnonzero(data[start - 1 : end - 1] == 0x0A)
        starts += start
        at = starts[self._pairs[self._pair_at(starts)]]
        digits = (data[at] - 0x30) < 10  # bytes wrap around: what is below "0" is above 9 now
        if digits.any():
            at = at[~digits | self._stamped(at)]
        return len(starts), at.tolist()

    def _pair_at(self, at: Any) -> Any:  # noqa: ANN401  (numpy is not imported where types are)
        data = self._bytes
        return data[at].astype(self._numpy.uint16) << 8 | data[at + 1]

    def _stamped(self, at: Any) -> Any:  # noqa: ANN401
        """Behind a prefix of Go's log package, a line begins as the runtime's do."""
        slashed = self._bytes[at + 4] == 0x2F
        behind = [self._head_pairs[self._pair_at(at + size)] for size in (STAMP_BYTES, MICROS_BYTES)]
        return slashed & (behind[0] | behind[1] | (self._bytes[at + 19] == 0x2E))
