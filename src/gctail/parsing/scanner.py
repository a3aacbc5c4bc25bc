"""The scan lane: finds in a stream of bytes the few places that matter, and passes the rest on unread.

One compiled pattern, anchored on the newline before a line, runs over a buffer of whole lines. What it does not stop
at is a *passage*: a span of application text that nobody has decoded or split. A collection that stands intact on its
line is parsed by the very match that found it (`bare_lane`); everything else that may be the runtime's is read closely,
line by line (`reading.LineReader`), until it is over. Lines inside a wrapper (docker, CRI, journald, …) are unwrapped
one by one (`wrapped_lane`). When a process has ended, the text before is asked whether anybody said how (`hindsight`).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from gctail.parsing.bare_lane import BareLane
from gctail.parsing.burst import Found, one_by_one
from gctail.parsing.heads import MUCH_BYTES
from gctail.parsing.hindsight import Hindsight
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.reading import Event
from gctail.parsing.streams import Streams
from gctail.parsing.window import BUFFER_BYTES, LINE_BYTES, Room, Window
from gctail.parsing.wrapped_lane import WrappedLane
from gctail.parsing.wrappers import Unwrapper
from gctail.records import Death, Passage, Sighting

LOCAL = "kernel-ctime"
"""The wrapper whose times are those of the machine, in a zone that it does not tell (`dmesg -T`)."""


class Scanner:
    """The bytes of one input, in; sightings and passages, out.

    Feed it through `space` and `filled` (no copy) or `feed` (one copy), take what it found with `take`, and call
    `flush` at the end. A passage's text is a view of the buffer: it is good until the next `filled` or `feed`.
    """

    def __init__(  # noqa: PLR0913  (what is known of an input, each with a default)
        self,
        origin: str,
        service: str,
        *,
        wrapper: str | None = None,
        year: int | None = None,
        every_line: bool = False,
        room: Room | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        """Thousands of scanners may share one `room`, where each gives it back with `release`.

        With `every_line` no wrapped line is passed on unread. Raises UsageError where there is no such wrapper.
        """
        room, lexicon = room or Room(), lexicon or Lexicon()
        self.origin, self.service = origin, service
        self.long_lines = 0
        self.notes: list[str] = []
        self._formats = lexicon.formats
        self._window = window = Window(room)
        self._unwrapper = unwrapper = Unwrapper(wrapper, year, lexicon.formats)
        self._streams = streams = Streams(service, origin, lexicon, self.notes)
        streams.year = streams.bare.year = year
        self._events = streams.events
        self._hindsight = Hindsight(window, room.tail_bytes, streams, unwrapper, lexicon.reporters)
        formats = lexicon.formats if wrapper is None else None
        self._bare = BareLane(window, streams, self._hindsight, unwrapper, formats)
        self._wrapped = WrappedLane(window, streams, unwrapper, self._bare.glued, every_line=every_line)
        self._wrapped.active = wrapper not in (None, "none")

    def space(self) -> memoryview:
        """Where the next bytes of the input may be read into: 256 KiB. Ends the loan of the passages taken before."""
        self._settle()
        return self._window.space()

    def feed(self, data: bytes | memoryview) -> None:
        """Bytes of the input, any number, cut anywhere."""
        data = memoryview(data)
        for start in range(0, len(data), BUFFER_BYTES):
            part = data[start : start + BUFFER_BYTES]
            self.space()[: len(part)] = part
            self.filled(len(part))

    def filled(self, count: int) -> None:
        """So many bytes have been put into `space`."""
        start, end = self._window.filled(count)
        if start < end:
            self._lines(start, end)
        overlong = self._window.overlong()
        if overlong is not None:
            self._overlong(*overlong)

    def release(self) -> None:
        """End the loan of all passages: until the next bytes come, other scanners may use the buffer."""
        self._settle()
        self._window.release()

    def open(self) -> set[str] | None:
        """The services of which something has begun and is not complete; None where it may be any of them."""
        return None if self._unwrapper.holding else self._streams.open()

    @property
    def services(self) -> set[str]:
        """Whose lines this input may hold: its own service, and those that its wrapper has named."""
        return self._streams.services

    @property
    def bytes_read(self) -> int:
        """How many bytes of the input have come."""
        return self._window.bytes_read

    @property
    def unfinished_bytes(self) -> int:
        """How much of a line has come whose end has not."""
        return self._window.unfinished_bytes

    @property
    def lines_read(self) -> int:
        """Lines of the input so far, the long ones included."""
        return self._window.finder.lines + self.long_lines

    def state(self) -> dict[str, Any]:
        """What is known of the input at the last whole line, as plain data, when nothing is `open`.

        A scanner that is to `resume` from it is fed what follows that line. Inside a line that is too long it is fed
        what comes next.
        """
        window = self._window
        return {
            "offset": window.lines_end,
            "bytes": window.bytes_read - window.unfinished_bytes,
            "lines": self.lines_read,
            "wrapped": self._wrapped.active,
            "thin": self._wrapped.thin,
            "skipping": window.skipping,
            "last_number": self._bare.last_number,
            "old_style": self._bare.old_style,
            "tail": self._hindsight.state(),
            "streams": self._streams.state(),
            "names": self._streams.names(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where another scanner of this input was; to be called before anything is fed."""
        window = self._window
        window.base, window.bytes_read, window.skipping = state["offset"] - 1, state["bytes"], state["skipping"]
        self._window.finder.lines = state["lines"]
        self._wrapped.active, self._wrapped.thin = state["wrapped"], state["thin"]
        self._bare.last_number, self._bare.old_style = state["last_number"], state["old_style"]
        self._hindsight.resume(state["tail"], state["offset"])
        self._streams.resume(state["streams"])
        if "names" in state:
            self._streams.resume_names(state["names"])

    def take(self) -> list[Event]:
        """What was found since the last call."""
        return one_by_one(self.take_bursts())

    def take_bursts(self) -> list[Found]:
        """The same, with collections that stand one under another left together: for who takes many at once."""
        events = self._events[:]
        self._events.clear()
        return [_of_no_zone(event) for event in events] if self._unwrapper.name == LOCAL else events

    def pause(self) -> None:
        """No bytes have come for a while: hand on what is complete, without giving up what is open."""
        self._streams.pause()

    def rest(self) -> None:
        """No bytes have come for so long that nothing open goes on: a crash report, a torn line, a block of lines."""
        self._wrapped.flush(self.bytes_read)
        self._streams.flush()

    def end_line(self) -> None:
        """The line that is unfinished does not go on: its file was truncated or replaced."""
        self._settle()
        if self._window.is_inside_a_line:
            self.feed(b"\n")
            self._window.bytes_read -= 1  # the newline is ours: offsets stay those of the input
            self._window.base -= 1

    def flush(self) -> None:
        """The input has ended: a last line without a newline counts, and what is open is closed."""
        self._settle()
        unfinished = self._window.last_line()
        if unfinished is not None:
            self._lines(*unfinished)
        self.rest()
        hindsight = self._hindsight
        if self._wrapped.active:
            tail = self._wrapped.text_of(hindsight.tail, self._formats)
        else:
            tail = hindsight.unasked_tail()
        hindsight.find(tail, max(0, self.bytes_read - len(tail)))

    def _settle(self) -> None:
        """Make room for what comes next: the loan of passages ends, and those that nobody has taken get a copy."""
        for at, event in enumerate(self._events):
            if isinstance(event, Passage) and isinstance(event.text, memoryview):
                self._events[at] = replace(event, text=bytes(event.text))
        if self._window.has_lines:
            self._bare.show_recent()
        self._window.settle()

    def _overlong(self, offset: int, begins: bytes) -> None:
        """A line without end: its beginning is kept as application text."""
        self.long_lines += 1
        if self.long_lines == 1:
            self.notes.append(f"a line of more than {LINE_BYTES >> 20} MiB at byte {offset}: its end was not read")
        self._streams.bare.feed(begins, offset)
        self._streams.bare.end_passage()

    def _lines(self, start: int, end: int) -> None:
        """Whole lines: the buffer from `start` to `end`, with the newline before them at `start - 1`."""
        if self.bytes_read > MUCH_BYTES:
            self._window.finder.load()
        at = start
        while at < end:
            if self._wrapped.active:
                at = self._wrapped.read(at, end)
                continue
            at, thin = self._bare.read(at, end)
            if at < end:
                self._wrapped.begin(thin=thin)
        self._hindsight.keep(start, end)


def _of_no_zone(event: Found) -> Found:
    """A report of a death says that its time is of no zone: whoever knows whose it is may tell which."""
    if isinstance(event, Sighting) and isinstance(death := event.record, Death):
        return replace(event, record=replace(death, details={**death.details, "local_time": True}))
    return event
