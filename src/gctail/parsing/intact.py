"""Lines of the runtime that stand whole on one line, and those that are whole enough."""

from __future__ import annotations

import re

from gctail.parsing.gctrace import NotGctrace, parse_gctrace, read_gctrace
from gctail.parsing.layouts import CERTAIN
from gctail.parsing.runtime import parse_runtime
from gctail.records import GcCycle, Record


def parse_record(text: bytes) -> Record | None:
    """Any intact line of the runtime that stands on one line of its own."""
    return parse_gctrace(text) or parse_runtime(text)


def read_record(text: bytes) -> GcCycle | None:
    """A collection that only the grammar can read: a later Go's, or one with blanks that no runtime prints."""
    if not CERTAIN.match(text) or not text.startswith(b"gc"):
        return None
    try:
        return read_gctrace(text.decode("utf-8", "replace"))
    except NotGctrace:
        return None


def complete(text: bytes, procs: int | None) -> GcCycle | None:
    """A collection whose line was cut off behind the sizes of its heap, which is all that is kept of such a line.

    What Go before 1.5 printed behind `objects` is not kept anyway. Behind the goal stand sizes of roots that are None
    where they were cut, and P, for which `procs` of the collection before is taken.
    """
    old = re.match(rb"(gc\d+\(\d+\): .* \(\d+-\d+\))(?: objects(, \d+ goroutines)?)?", text)
    if old is not None:
        sweeps = b", 0/0/0 sweeps" if b" us, " in old[1] else b""
        rest = b" objects" + (old[2] or b"") + sweeps + b", 0(0) handoff, 0(0) steal, 0/0/0 yields"
        return parse_gctrace(old[1] + rest)
    new = re.match(rb"gc \d+ @.* MB goal,(?: \d+ MB stacks, \d+ MB globals,)?", text)
    return parse_gctrace(new[0] + b" %d P" % procs) if new is not None and procs else None
