"""Looks into a window of lines: what stands where. Nothing is read on, and nothing is remembered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gctail.parsing.kernel import KernelReader
from gctail.parsing.metrics import find_sample
from gctail.parsing.times import LOOK_INTO_BYTES, find_time

if TYPE_CHECKING:
    from gctail.parsing.formats import Formats
    from gctail.parsing.window import Window

INVOKED_BYTES = 1 << 14
"""How far before a kernel's report stands who asked for memory."""

_KERNEL = re.compile(rb"[ \t>]*+" + KernelReader.START)
_AT = re.compile(rb"@\d++\.\d{3}s ")
_OLD_GLUED = re.compile(rb"gc\d++\(\d++\): \d")


def line_at(window: Window, line: int, end: int) -> bytes:
    """The line that begins there, without its newline."""
    return bytes(window.view[line : window.buffer.find(b"\n", line, end)])


def neighbour_s(window: Window, line: int, year: int | None) -> float | None:
    """The time stamp (Unix time) of the line before; `year` completes one that has none."""
    before = window.buffer.rfind(b"\n", 0, line - 1)
    if before < 0:
        return None
    found = find_time(bytes(window.view[before + 1 : min(line - 1, before + LOOK_INTO_BYTES)]), year)
    return found[0] if found is not None else None


def glued(window: Window, start: int, end: int, *, samples: bool, old_style: bool) -> int | None:
    """The start of a line of this passage that has a collection in its middle; or a sample of the heap, if sought.

    `old_style` collections are those before Go 1.5, without an uptime.
    """
    buffer = window.buffer
    sample = find_sample(buffer, start, end) if samples and start < end else None
    until = end if sample is None else sample
    at = buffer.find(b"@", start, until)
    found = _AT.search(buffer, at, until) if at >= 0 else None
    if found is None and old_style:
        found = _OLD_GLUED.search(buffer, start, end)
    if found is None:
        return sample
    return buffer.rfind(b"\n", start - 1, found.start()) + 1


def report_start(window: Window, passage: int, line: int) -> int:
    """Where a kernel's report without a prefix begins: with who asked for memory, whose name may be any word."""
    buffer = window.buffer
    if _KERNEL.match(buffer, line) is None:
        return line
    at = buffer.rfind(b" invoked oom-killer: gfp_mask=", max(passage, line - INVOKED_BYTES), line)
    return buffer.rfind(b"\n", 0, at) + 1 if at >= 0 else line


def first_wrapped(window: Window, formats: Formats, at: int, end: int, probes: int) -> int:
    """Where in these lines a wrapper begins: a sample of them is tried, and where one is wrapped, all before it."""
    buffer, sniff = window.buffer, formats.sniff
    step = max(1, (end - at) // probes)
    tried = at
    while tried < end:
        if sniff(line_at(window, tried, end)) is not None:
            line = at
            while line < tried and sniff(line_at(window, line, end)) is None:
                line = buffer.find(b"\n", line, end) + 1
            return line
        tried = buffer.find(b"\n", min(tried + step, end) - 1, end) + 1 or end
    return end
