"""The scan lane: finds in a stream of bytes the few places that matter, and passes the rest on unread.

One compiled pattern, anchored on the newline before a line, runs over a buffer of whole lines. What it does not stop
at is a *passage*: a span of application text that nobody has decoded or split. A collection that stands intact on its
line is parsed by the very match that found it; everything else that may be the runtime's is read closely, line by line
(`reading.LineReader`), until it is over. Lines inside a wrapper (docker, CRI, journald, …) are unwrapped one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
from msgspec.structs import replace

from gctail.parsing import glances
from gctail.parsing.bulk import RUNS
from gctail.parsing.burst import Bursts, Found, one_by_one
from gctail.parsing.gctrace import MODERN, cycle_from_groups
from gctail.parsing.heads import MUCH_BYTES, Finder
from gctail.parsing.kills import kills_in
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.reading import GLUED, INTERESTING, Event, LineReader
from gctail.parsing.window import BUFFER_BYTES, LINE_BYTES, TAIL_BYTES, Room, Window
from gctail.parsing.wrappers import Entry, Unwrapper
from gctail.records import Passage, Sighting

RECENT_BYTES = 2048
"""Application text before a torn line that shows how the lines of this log begin."""

MOST_STREAMS = 20_000
SAVED_TAIL_BYTES = 1 << 12
MOST_STREAMS_SAVED = 64
UNWRAPPED_LINES_TO_LEAVE = 64
PROBES, PROBES_LATER = 16, 3
"""Lines of a buffer that are tried for a wrapper: at first, and when there was none in the first `MUCH_BYTES`."""

MESSAGE_KEYS = ("msg", "message", "log")

NEIGHBOURS = 32
"""Collections whose neighbour's time stamp is read after a start; later only every `NEIGHBOUR_EVERY`th."""
NEIGHBOUR_EVERY = 64

GC = re.compile(MODERN + rb"\r?+(?=\n)")


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
        """Thousands of scanners may share one `room`, where each gives it back with `release`."""
        room = room or Room()
        self.origin, self.service = origin, service
        self.events: list[Found] = []
        self.long_lines = 0
        self.notes: list[str] = []
        self.lexicon = lexicon or Lexicon()
        self.unwrapper = Unwrapper(wrapper, year, self.lexicon.formats)
        self._may_report = self.lexicon.reported.search
        self.every_line = every_line
        self.wrapped = wrapper not in (None, "none")
        self.may_be_wrapped = wrapper is None
        self.readers: dict[tuple[str, str | None], LineReader] = {}
        self._news: set[str] = set()
        self.bare = self._reader(service, None)
        self._window = Window(room)
        self._tail_bytes = room.tail_bytes
        self._buffer, self._view = self._window.buffer, self._window.view
        self._finder = Finder(self._buffer)
        self._bursts = Bursts(service, origin)
        self._not_unwrapped = 0
        self._thin = False
        self._busy = True
        self._tail = b""
        self._last_number = 0
        self._cycles_here = 0
        self._old_style = False
        self._shown = (0, 0)  # the last passage, where it is still in the buffer
        self._asked = 0  # offset up to which reports of deaths were looked for

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
        if self.unwrapper.holding:
            return None
        return {service for (service, _), reader in self.readers.items() if reader.busy}

    @property
    def bytes_read(self) -> int:
        """How many bytes of the input have come."""
        return self._window.bytes_read

    @property
    def unfinished_bytes(self) -> int:
        """How much of a line has come whose end has not."""
        return self._window.unfinished_bytes

    def state(self) -> dict[str, Any]:
        """What is known of the input at the last whole line, as plain data, when nothing is `open`.

        A scanner that is to `resume` from it is fed what follows that line. Inside a line that is too long it is fed
        what comes next.
        """
        window = self._window
        unasked = max(0, window.lines_end - self._asked)
        return {
            "offset": window.lines_end,
            "bytes": window.bytes_read - window.unfinished_bytes,
            "lines": self.lines_read,
            "wrapped": self.wrapped,
            "thin": self._thin,
            "skipping": window.skipping,
            "last_number": self._last_number,
            "old_style": self._old_style,
            "tail": self._tail[-min(SAVED_TAIL_BYTES, unasked) :] if unasked else b"",
            "streams": [
                [service, stream, reader.next_number, reader.procs, reader.samples_seen]
                for (service, stream), reader in list(self.readers.items())[:MOST_STREAMS_SAVED]
            ],
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where another scanner of this input was; to be called before anything is fed."""
        window = self._window
        window.base, window.bytes_read, window.skipping = state["offset"] - 1, state["bytes"], state["skipping"]
        self._asked = state["offset"] - len(state["tail"])
        self._finder.lines, self.wrapped, self._thin = state["lines"], state["wrapped"], state["thin"]
        self._last_number, self._old_style, self._tail = state["last_number"], state["old_style"], state["tail"]
        for service, stream, next_number, procs, samples_seen in state["streams"]:
            reader = self.readers.get((service, stream)) or self._reader(service, stream)
            reader.next_number, reader.procs, reader.samples_seen = next_number, procs, samples_seen

    def take(self) -> list[Event]:
        """What was found since the last call."""
        return one_by_one(self.take_bursts())

    def take_bursts(self) -> list[Found]:
        """The same, with collections that stand one under another left together: for who takes many at once."""
        events = self.events[:]
        self.events.clear()
        return events

    def pause(self) -> None:
        """No bytes have come for a while: hand on what is complete, without giving up what is open."""
        for reader in self.readers.values():
            reader.end_passage()

    def rest(self) -> None:
        """No bytes have come for so long that nothing open goes on: a crash report, a torn line, a block of lines."""
        for entry in self.unwrapper.flush():
            self._entry(entry, b"", self.bytes_read)
        for reader in self.readers.values():
            reader.flush()

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
        for entry in self.unwrapper.flush():
            self._entry(entry, b"", self.bytes_read)
        for reader in self.readers.values():
            reader.flush()
        tail = self._unwrapped_tail() if self.wrapped else self._tail[max(0, len(self._tail) - self._unasked()) :]
        self._reports_in(tail, max(0, self.bytes_read - len(tail)))

    def _unasked(self) -> int:
        """How many bytes of the input have come since anybody was asked how a process ended."""
        return max(0, self._window.position - self._asked)

    def _settle(self) -> None:
        """Make room for what comes next: the loan of passages ends, and those that nobody has taken get a copy."""
        for at, event in enumerate(self.events):
            if isinstance(event, Passage) and isinstance(event.text, memoryview):
                self.events[at] = replace(event, text=bytes(event.text))
        if self._window.has_lines:
            self._show_recent()
        self._window.settle()

    def _overlong(self, offset: int, begins: bytes) -> None:
        """A line without end: its beginning is kept as application text."""
        self.long_lines += 1
        if self.long_lines == 1:
            self.notes.append(f"a line of more than {LINE_BYTES >> 20} MiB at byte {offset}: its end was not read")
        self.bare.feed(begins, offset)
        self.bare.end_passage()

    # -- lines

    def _lines(self, start: int, end: int) -> None:
        """Whole lines: the buffer from `start` to `end`, with the newline before them at `start - 1`."""
        if self.bytes_read > MUCH_BYTES:
            self._finder.load()
        at = start
        while at < end:
            at = self._wrapped_lines(at, end) if self.wrapped else self._bare_lines(at, end)
        keep = self._tail_bytes
        self._tail = (self._tail + bytes(self._view[max(start, end - keep) : end]))[-keep:]

    @property
    def lines_read(self) -> int:
        """Lines of the input so far, the long ones included."""
        return self._finder.lines + self.long_lines

    def _bare_lines(self, at: int, end: int) -> int:
        """Lines without a wrapper, from `at`; returns where it stopped: at `end`, or where a wrapper begins."""
        if self.bare.busy:
            begun, at = at, self._closely(at, end)
            self._finder.count(begun, at)
        until = self._first_wrapped(at, end) if self.may_be_wrapped else end
        stopped = self._scan(at, until)
        return until if stopped is None else stopped

    def _scan(self, at: int, end: int) -> int | None:
        """The quick lane: stop where the runtime may have written, hand on what lies between.

        Returns the start of a line from which on lines are to be unwrapped, None where there is none.
        """
        buffer, intact, find = self._buffer, GC.match, self._buffer.find
        passage = at
        seeks = self._old_style or self._seeks_samples
        for line in (*self._finder.find(at, end), end):
            if line < passage:
                continue  # read closely already
            while seeks or find(b"@", passage, line) >= 0:
                glued = self._glued(passage, line)
                if glued is None:
                    break
                self._passage(passage, glued)
                passage = self._closely(glued, end)
                if self._thin:
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
        self._passage(passage, end)
        return None

    def _recount(self, at: int, end: int) -> int:
        """These lines are going to be unwrapped and counted again."""
        self._finder.lines -= self._buffer.count(b"\n", at, end)
        return at

    def _first_wrapped(self, at: int, end: int) -> int:
        """Where in these lines a wrapper begins; from there on lines are unwrapped."""
        probes = PROBES if self.bytes_read < MUCH_BYTES else PROBES_LATER
        line = glances.first_wrapped(self._window, self.lexicon.formats, at, end, probes)
        if line < end:
            self.wrapped, self._not_unwrapped = True, 0
        return line

    def _intact(self, groups: Sequence[bytes | None], line: int, passage: int) -> None:
        """A collection whole on its line: the quick way, with the neighbour's time stamp now and then."""
        cycle = cycle_from_groups(groups)
        number = cycle.number
        if number <= self._last_number:
            self._look_back(line)
            self._cycles_here = 0
        self._last_number = number
        self._cycles_here += 1
        near_s = None
        if line > passage and (self._cycles_here < NEIGHBOURS or number % NEIGHBOUR_EVERY == 0):
            near_s = glances.neighbour_s(self._window, line)
        self.bare.next_number, self.bare.procs = number + 1, cycle.procs
        self.events.append(
            Sighting(cycle, self.service, self.origin, self._window.base + line, near_s=near_s)
        )  # fmt: skip

    def _more(self, line: int, end: int) -> int:
        """The collections of the same process that stand right under one: together where they are many."""
        burst, until = self._bursts.find(self._buffer, line, end, self._window.base, self._last_number)
        if burst is not None:
            self._last_number = burst.last
            self._cycles_here += len(burst)
            self.bare.next_number, self.bare.procs = burst.last + 1, burst.columns.procs[-1]
            self.events.append(burst)
        return until

    def _passage(self, start: int, end: int) -> None:
        if start < end:
            if self.bare.lines:
                self.bare.end_passage()
            self._shown = (start, end)
            self.events.append(Passage(self._view[start:end], self.service, self.origin, self._window.base + start))

    def _show_recent(self) -> None:
        """Give the reader the end of the last passage, from which it learns how lines begin here."""
        start, end = self._shown
        if end:
            self.bare.recent = bytes(self._view[max(start, end - RECENT_BYTES) : end])
            self._shown = (0, 0)

    def _glued(self, start: int, end: int) -> int | None:
        """The start of a line of this passage that has a collection in its middle, or a sample of the heap."""
        return glances.glued(self._window, start, end, samples=self._seeks_samples, old_style=self._old_style)

    @property
    def _seeks_samples(self) -> bool:
        """Programs that print no gctrace may tell their heap otherwise: looked for until there is a collection.

        The search halves the speed, so it ends where much has been read and none was found.
        """
        return not self._last_number and (self.bytes_read < MUCH_BYTES or self.bare.samples_seen > 0)

    def _closely(self, at: int, end: int) -> int:
        """Lines from `at`, one by one, while what they began is open. Returns the start of the next line."""
        reader, buffer, base = self.bare, self._buffer, self._window.base
        self._show_recent()
        while at < end:
            newline = buffer.find(b"\n", at, end)
            line = bytes(self._view[at:newline])
            if line.endswith(b"\r"):
                line = line[:-1]
            if line[:1] == b"{" and not reader.busy and self._peels(line):
                self.wrapped, self._thin, self._not_unwrapped = True, True, 0
                return at
            reader.feed(line, base + at)
            at = newline + 1
            if not reader.busy:
                break
        reader.end_passage()
        if not self._old_style and self.events:
            last = self.events[-1]
            self._old_style = isinstance(last, Sighting) and getattr(last.record, "uptime_s", 0.0) is None
        return at

    def _peels(self, line: bytes) -> bool:
        """A line of JSON without any claim of its own holds the runtime's text: from here on look into such lines."""
        return not self.wrapped and self.may_be_wrapped and bool(self.unwrapper.unwrap(line))

    def _look_back(self, end: int) -> None:
        """A process has ended before `end` of the buffer; find out whether anybody said how, since we last asked."""
        unasked = max(0, self._window.base + end - self._asked)
        self._asked = self._window.base + end
        text = (self._tail + bytes(self._view[1:end]))[-min(TAIL_BYTES, unasked) :] if unasked else b""
        if text:
            self._reports_in(text, self._window.base + end - len(text))

    def _reports_in(self, text: bytes, offset: int) -> None:
        """Deaths that somebody reports in this text; one after which the process collected is none."""
        for death in self.lexicon.reporters.find(text):
            where = max(0, text.find(death.text.encode()))
            if GLUED.search(text, where) is None:
                self.events.append(Sighting(death, self.service, self.origin, offset + where, lines=0))
        if self.unwrapper.name is None:  # a wrapper gives up the kernel's lines one by one
            for where, death in kills_in(text):
                self.events.append(Sighting(death, "kernel", self.origin, offset + where, lines=0))

    # -- wrapped lines

    def _unwrapped_tail(self) -> bytes:
        """The last lines without their wrapper, where they were passed on in runs."""
        if not self._may_run:
            return b""  # every line was looked at when it came
        unwrapper = Unwrapper(self.unwrapper.name, known=self.lexicon.formats)
        entries = [entry for line in self._tail.split(b"\n")[1:] for entry in unwrapper.unwrap(line) or ()]
        return b"\n".join(entry.text for entry in entries) + b"\n"

    def _wrapped_lines(self, at: int, end: int) -> int:
        """Lines inside a wrapper; back to the bare lane where none has fitted for long."""
        buffer, view, unwrap = self._buffer, self._view, self.unwrapper.unwrap
        while at < end:
            skipped = self._boring(at, end)
            if skipped > at:
                at = skipped
                continue
            newline = buffer.find(b"\n", at, end)
            raw = bytes(view[at:newline])
            self._finder.lines += 1
            entries = unwrap(raw)
            offset = self._window.base + at
            at = newline + 1
            if entries is None and self._thin and raw[:1] == b"{":
                self._feed(self.bare, self._message(raw), offset, None)
                continue
            if entries is None:
                self._not_unwrapped += 1
                self._feed(self.bare, raw.removesuffix(b"\r"), offset, None)
                if self._not_unwrapped >= UNWRAPPED_LINES_TO_LEAVE and not self.bare.busy:
                    self.wrapped = self._thin = False
                    self.pause()
                    return at
                continue
            self._not_unwrapped = 0
            for entry in entries:
                self._entry(entry, raw, offset)
            self._busy = any(reader.busy for reader in self.readers.values()) if self._may_run else True
        return at

    def _message(self, raw: bytes) -> bytes:
        """The message of a line of JSON where it belongs to a torn line of the runtime; else the line as it is."""
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return raw
        text = next((record[key] for key in MESSAGE_KEYS if isinstance(record.get(key), str)), None)
        if text is None:
            return raw
        message = text.encode("utf-8", "surrogateescape")
        return message if self.bare.busy or INTERESTING.match(message) else raw

    def _boring(self, at: int, end: int) -> int:
        """Where a run of wrapped lines ends that need not be looked at; it is handed on as one passage."""
        if self._busy or not self._may_run or self.unwrapper.holding:
            return at
        run = RUNS[self.unwrapper.name or ""].match(self._buffer, at, end)
        stop = run.end() if run is not None else at
        glued = self._glued(at, stop) if stop > at else None
        if glued is not None:
            stop = glued
        if stop > at:
            self.pause()
            self._finder.count(at, stop)
            view, name = self._view[at:stop], self.unwrapper.name
            self.events.append(Passage(view, self.service, self.origin, self._window.base + at, wrapper=name))
        return stop

    @property
    def _may_run(self) -> bool:
        """Runs of lines can be passed on: the wrapper names no services, and nothing stands inside it."""
        unwrapper = self.unwrapper
        return unwrapper.name in RUNS and not unwrapper.nested and not self.every_line and len(self.readers) <= 4

    def _entry(self, entry: Entry, raw: bytes, offset: int) -> None:
        """One piece of text that a wrapper gave up."""
        service = entry.service or self.service
        reader = self.readers.get((service, entry.stream)) or self._reader(service, entry.stream)
        text = entry.text
        if entry.thin and not reader.busy and INTERESTING.match(text) is None:
            text = raw or text
        for line in text.split(b"\n") if b"\n" in text else (text,):
            self._feed(reader, line, offset, entry.time_s)

    def _feed(self, reader: LineReader, line: bytes, offset: int, time_s: float | None) -> None:
        if not reader.busy and self._may_report(line) is not None:
            self._reported(reader, line, offset, time_s)
        reader.feed(line, offset, time_s)

    def _reported(self, reader: LineReader, line: bytes, offset: int, time_s: float | None) -> None:
        """Somebody (systemd, a kubelet, a shell) may say in this line that a process was killed."""
        for death in self.lexicon.reporters.find(line):
            reader.end_passage()
            self.events.append(Sighting(death, reader.service, self.origin, offset, time_s, reader.stream, lines=0))

    def _reader(self, service: str, stream: str | None) -> LineReader:
        if len(self.readers) >= MOST_STREAMS:
            oldest = next(iter(self.readers))
            self.readers.pop(oldest).flush()
        reader = self.readers[service, stream] = LineReader(service, self.origin, stream, self.events)
        reader.tell_news = self._tell_news
        return reader

    def _tell_news(self, part: str) -> None:
        """A collection had a part that no Go printed when this was written; once for each such part."""
        shape = re.sub(r"\d+", "N", part)[:80]
        if shape not in self._news and len(self._news) < 16:
            self._news.add(shape)
            self.notes.append(f"gc lines hold something new, which is kept as it is: {part[:80]!r}")
