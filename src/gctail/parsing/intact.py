"""Lines of the runtime that stand whole on one line, and those that are whole enough."""

from __future__ import annotations

import re

from gctail.parsing.gctrace import Misfit, parse_gctrace, read_gctrace
from gctail.parsing.layouts import CERTAIN
from gctail.parsing.runtime import parse_runtime, read_runtime
from gctail.records import GcCycle, Record


def parse_record(text: bytes) -> Record | None:
    """Any intact line of the runtime that stands on one line of its own."""
    return parse_gctrace(text) or parse_runtime(text)


def read_record(text: bytes) -> Record | None:
    """A line that only a grammar can read: a collection of a later Go, or a line with blanks that no runtime prints."""
    if not CERTAIN.match(text):
        return None
    try:
        return _by_grammar(text.decode("utf-8", "replace"))
    except Misfit:
        return None


def misfit_column(text: str) -> int | None:
    """Where a line that begins like the runtime's stops making sense, from 0; None where it makes sense to its end."""
    try:
        _by_grammar(text)
    except Misfit as misfit:
        return misfit.column
    return None


def _by_grammar(text: str) -> Record:
    return read_gctrace(text) if text.startswith("gc") else read_runtime(text)


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
