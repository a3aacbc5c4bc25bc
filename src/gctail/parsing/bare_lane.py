"""The quick lane: lines without a wrapper, of which only those are looked at that the runtime may have written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gctail.parsing import glances
from gctail.parsing.burst import Bursts
from gctail.parsing.formats import Formats
from gctail.parsing.gctrace import MODERN, cycle_from_groups
from gctail.parsing.heads import MUCH_BYTES
from gctail.parsing.hindsight import Hindsight
from gctail.parsing.reading import INTERESTING, NEIGHBOUR_EVERY, NEIGHBOURS
from gctail.parsing.streams import Streams
from gctail.parsing.window import Window
from gctail.parsing.wrappers import Unwrapper
from gctail.records import Passage, Sighting

RECENT_BYTES = 2048
"""Application text before a torn line that shows how the lines of this log begin."""

PROBES, PROBES_LATER = 16, 3
"""Lines of a buffer that are tried for a wrapper: at first, and when there was none in the first `MUCH_BYTES`."""

GC = re.compile(MODERN + rb"\r?+(?=\n)")


class BareLane:
    """Stops where the runtime may have written, and hands on what lies between as passages.

    `formats` are the wrappers that may begin in it, None where none may.
    """

    def __init__(
        self, window: Window, streams: Streams, hindsight: Hindsight, unwrapper: Unwrapper, formats: Formats | None
    ) -> None:
        self.last_number = 0
        self.old_style = False
        """Collections are those before Go 1.5, without an uptime."""
        self._window, self._finder, self._hindsight = window, window.finder, hindsight
        self._buffer, self._view = window.buffer, window.view
        self._streams, self._reader, self._events = streams, streams.bare, streams.events
        self._unwrapper, self._formats = unwrapper, formats
        self._bursts = Bursts(streams.service, streams.origin)
        self._cycles_here = 0
        self._shown = (0, 0)  # the last passage, where it is still in the buffer

    def read(self, at: int, end: int) -> tuple[int, bool]:
        """The lines from `at` to `end`. Where it stopped: at `end`, or where a wrapper begins; and if that is thin."""
        if self._reader.busy:
            begun, at = at, self._closely(at, end)
            self._finder.count(begun, at)
        until = self._first_wrapped(at, end)
        thin = self._scan(at, until)
        return (until, False) if thin is None else (thin, True)

    def show_recent(self) -> None:
        """Give the reader the end of the last passage, from which it learns how lines begin here."""
        start, end = self._shown
        if end:
            self._reader.recent = bytes(self._view[max(start, end - RECENT_BYTES) : end])
            self._shown = (0, 0)

    def glued(self, start: int, end: int) -> int | None:
        """The start of a line of this passage that has a collection in its middle, or a sample of the heap."""
        return glances.glued(self._window, start, end, samples=self._seeks_samples, old_style=self.old_style)

    @property
    def _seeks_samples(self) -> bool:
        """Programs that print no gctrace may tell their heap otherwise: looked for until there is a collection.

        The search halves the speed, so it ends where much has been read and none was found.
        """
        return not self.last_number and (self._window.bytes_read < MUCH_BYTES or self._reader.samples_seen > 0)

    def _first_wrapped(self, at: int, end: int) -> int:
        """Where in these lines a wrapper begins; from there on lines are unwrapped."""
        if self._formats is None:
            return end
        probes = PROBES if self._window.bytes_read < MUCH_BYTES else PROBES_LATER
        return glances.first_wrapped(self._window, self._formats, at, end, probes)

    def _scan(self, at: int, end: int) -> int | None:
        """Returns the start of a line of JSON from which on lines are to be unwrapped, None where there is none."""
        buffer, intact, find = self._buffer, GC.match, self._buffer.find
        passage = at
        seeks = self.old_style or self._seeks_samples
        for line in (*self._finder.find(at, end), end):
            if line < passage:
                continue  # read closely already
            while seeks or find(b"@", passage, line) >= 0:
                glued = self.glued(passage, line)
                if glued is None:
                    break
                self._passage(passage, glued)
                passage = self._closely(glued, end)
                if passage == glued:
                    return self._recount(passage, end)
            if line < passage or line == end:
                continue
            match = intact(buffer, line, end)
            if match is not None:
                self._passage(passage, line)
                self._intact(match.groups(), line, passage)
                passage = self._more(match.end() + 1, end)
            elif INTERESTING.match(buffer, line, buffer.find(b"\n", line, end)):
                begun = glances.report_start(self._window, passage, line)
                self._passage(passage, begun)
                passage = self._closely(begun, end)
                if passage == begun:
                    return self._recount(passage, end)
        self._passage(passage, end)
        return None

    def _recount(self, at: int, end: int) -> int:
        """These lines are going to be unwrapped and counted again."""
        self._finder.lines -= self._buffer.count(b"\n", at, end)
        return at

    def _intact(self, groups: Sequence[bytes | None], line: int, passage: int) -> None:
        """A collection whole on its line: the quick way, with the neighbour's time stamp now and then."""
        streams, reader = self._streams, self._reader
        cycle = cycle_from_groups(groups)
        number = cycle.number
        if number <= self.last_number:
            self._hindsight.look_back(line)
            self._cycles_here = 0
        self.last_number = number
        self._cycles_here += 1
        near_s = None
        if line > passage and (self._cycles_here < NEIGHBOURS or number % NEIGHBOUR_EVERY == 0):
            near_s = glances.neighbour_s(self._window, line, self._unwrapper.year)
        reader.next_number, reader.procs = number + 1, cycle.procs
        offset = self._window.base + line
        self._events.append(Sighting(cycle, streams.service, streams.origin, offset, near_s=near_s))

    def _more(self, line: int, end: int) -> int:
        """The collections of the same process that stand right under one: together where they are many."""
        burst, until = self._bursts.find(self._buffer, line, end, self._window.base, self.last_number)
        if burst is not None:
            self.last_number = burst.last
            self._cycles_here += len(burst)
            self._reader.next_number, self._reader.procs = burst.last + 1, burst.columns.procs[-1]
            self._events.append(burst)
        return until

    def _passage(self, start: int, end: int) -> None:
        if start < end:
            streams = self._streams
            if self._reader.lines:
                self._reader.end_passage()
            self._shown = (start, end)
            streams.bare_bytes += end - start
            text, offset = self._view[start:end], self._window.base + start
            self._events.append(Passage(text, streams.service, streams.origin, offset))

    def _closely(self, at: int, end: int) -> int:
        """Lines from `at`, one by one, while what they began is open. Returns the start of the next line.

        That is `at` itself where nothing is open and it is a line of JSON in which the runtime's text stands.
        """
        reader, buffer, base = self._reader, self._buffer, self._window.base
        self.show_recent()
        while at < end:
            newline = buffer.find(b"\n", at, end)
            line = bytes(self._view[at:newline])
            if line.endswith(b"\r"):
                line = line[:-1]
            if line[:1] == b"{" and not reader.busy and self._peels(line):
                return at
            reader.feed(line, base + at)
            at = newline + 1
            if not reader.busy:
                break
        reader.end_passage()
        if not self.old_style and self._events:
            last = self._events[-1]
            self.old_style = isinstance(last, Sighting) and getattr(last.record, "uptime_s", 0.0) is None
        return at

    def _peels(self, line: bytes) -> bool:
        """A line of JSON without any claim of its own holds the runtime's text: from here on look into such lines."""
        return self._formats is not None and bool(self._unwrapper.unwrap(line))
