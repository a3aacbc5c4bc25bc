"""Where reading begins in a file that nobody has read before: at its last lines, or at a time."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator

from gctail.parsing.times import find_time

Start = Callable[[int], int]
"""The position to begin at in the file behind a descriptor."""

BLOCK_BYTES = 1 << 16
STAMP_BYTES = 4096
"""So much of a line is searched for its time stamp."""


def at_last_lines(lines: int) -> Start:
    """Before the last `lines` that are there; an unfinished one counts, and 0 is the end."""
    return lambda descriptor: _lines_back(descriptor, os.fstat(descriptor).st_size, lines)


def at_time(since_s: float) -> Start:
    """At the first line of this Unix time or later; at the end where all are older.

    Times in a log rise, so a few blocks tell where to look. Lines without a time belong to the one before them, and a
    log without any is read from its beginning: nobody knows how old it is.
    """
    return lambda descriptor: _first_since(descriptor, os.fstat(descriptor).st_size, since_s)


def _lines_back(descriptor: int, size: int, lines: int) -> int:
    if not lines:
        return size
    end = size
    found = -1 if size and os.pread(descriptor, 1, size - 1) == b"\n" else 0
    while end:
        start = max(0, end - BLOCK_BYTES)
        block = os.pread(descriptor, end - start, start)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            found += 1
            if found == lines:
                return start + at + 1
        end = start
    return 0


def _first_since(descriptor: int, size: int, since_s: float) -> int:
    year = time.gmtime(os.fstat(descriptor).st_mtime).tm_year  # which syslog and klog leave out
    older, newer = 0, size  # the first line with a time behind `older` may be older, and none behind `newer` is
    while newer - older > BLOCK_BYTES:
        middle = (older + newer) // 2
        begin, time_s = next(_stamps(descriptor, middle, newer, year), (newer, math.inf))
        if time_s < since_s:
            older = begin
        else:
            newer = middle
    stamped = older > 0
    for begin, time_s in _stamps(descriptor, older, size, year):
        if time_s >= since_s:
            return begin
        stamped = True
    return size if stamped else 0


def _stamps(descriptor: int, start: int, end: int, year: int) -> Iterator[tuple[int, float]]:
    """The lines with a time that begin behind `start` and before `end`: where they begin, and their times."""
    if start > 0 and os.pread(descriptor, 1, start - 1) != b"\n":
        start += len(os.pread(descriptor, BLOCK_BYTES, start).partition(b"\n")[0]) + 1
    rest, at = b"", start
    while at - len(rest) < end and (block := os.pread(descriptor, BLOCK_BYTES, at)):
        *lines, rest = (rest + block).split(b"\n")
        begin = at + len(block) - len(rest) - sum(map(len, lines)) - len(lines)
        at += len(block)
        for line in lines:
            found = find_time(line[:STAMP_BYTES], year)
            if found is not None and begin < end:
                yield begin, found[0]
            begin += len(line) + 1
