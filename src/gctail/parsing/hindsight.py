"""When a process has ended: whether anybody said how, in the text before, which was not read closely."""

from __future__ import annotations

from gctail.parsing.kills import kills_in
from gctail.parsing.reading import GLUED
from gctail.parsing.reports import Reporters
from gctail.parsing.streams import Streams
from gctail.parsing.window import TAIL_BYTES, Window
from gctail.parsing.wrappers import Unwrapper
from gctail.records import Sighting

SAVED_TAIL_BYTES = 1 << 12


class Hindsight:
    """The last text of one input, at most `tail_bytes` of it, and up to where it was looked through for deaths."""

    def __init__(
        self, window: Window, tail_bytes: int, streams: Streams, unwrapper: Unwrapper, reporters: Reporters
    ) -> None:
        self.tail = b""
        self._asked = 0  # offset up to which reports of deaths were looked for
        self._window, self._tail_bytes = window, tail_bytes
        self._streams, self._unwrapper, self._reporters = streams, unwrapper, reporters

    def keep(self, start: int, end: int) -> None:
        """These whole lines of the window are going to be dropped."""
        keep = self._tail_bytes
        self.tail = (self.tail + bytes(self._window.view[max(start, end - keep) : end]))[-keep:]

    def look_back(self, end: int) -> None:
        """A process has ended before `end` of the window."""
        window = self._window
        unasked = max(0, window.base + end - self._asked)
        self._asked = window.base + end
        text = (self.tail + bytes(window.view[1:end]))[-min(TAIL_BYTES, unasked) :] if unasked else b""
        if text:
            self.find(text, window.base + end - len(text))

    def unasked_tail(self) -> bytes:
        """As much of the last text as nobody has looked through, at the end of the input."""
        unasked = max(0, self._window.position - self._asked)
        return self.tail[max(0, len(self.tail) - unasked) :]

    def find(self, text: bytes, offset: int) -> None:
        """Deaths that somebody reports in this text; one after which the process collected is none."""
        streams = self._streams
        for death in self._reporters.find(text):
            where = max(0, text.find(death.text.encode()))
            if GLUED.search(text, where) is None:
                streams.events.append(Sighting(death, streams.service, streams.origin, offset + where, lines=0))
        if self._unwrapper.name is None:  # a wrapper gives up the kernel's lines one by one
            for where, death in kills_in(text):
                streams.events.append(Sighting(death, "kernel", streams.origin, offset + where, lines=0))

    def state(self) -> bytes:
        """The last text that nobody has looked through, at the last whole line."""
        unasked = max(0, self._window.lines_end - self._asked)
        return self.tail[-min(SAVED_TAIL_BYTES, unasked) :] if unasked else b""

    def resume(self, tail: bytes, offset: int) -> None:
        """Go on at `offset`, where `state` gave this tail."""
        self.tail, self._asked = tail, offset - len(tail)
