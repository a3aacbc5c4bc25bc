"""Lines inside a wrapper (docker, CRI, journald, …): unwrapped one by one, or passed on in runs where none matters."""

from __future__ import annotations

from collections.abc import Callable

from gctail.parsing.bulk import RUNS
from gctail.parsing.entry import Entry, with_data
from gctail.parsing.formats import Formats
from gctail.parsing.headed import HeadedLines
from gctail.parsing.reading import INTERESTING, LineReader
from gctail.parsing.streams import Streams
from gctail.parsing.window import Window
from gctail.parsing.wrapper_json import parse_record
from gctail.parsing.wrappers import Unwrapper
from gctail.records import Passage

UNWRAPPED_LINES_TO_LEAVE = 64
MOST_STREAMS_OF_RUNS = 4


class WrappedLane:
    """Takes the wrappers off and hands each line to the reader of its stream.

    `active`: lines come here, until none has been wrapped for long. `thin`: the wrapper is lines of JSON that are the
    application's own, unless the runtime's text stands in them.
    """

    def __init__(
        self,
        window: Window,
        streams: Streams,
        unwrapper: Unwrapper,
        glued: Callable[[int, int], int | None],
        *,
        every_line: bool,
    ) -> None:
        """`glued` finds a line of a run that has a collection in its middle; with `every_line` there are no runs."""
        self.active = self.thin = False
        self._window, self._finder, self._streams = window, window.finder, streams
        self._unwrapper, self._glued, self._every_line = unwrapper, glued, every_line
        self._plain_json = unwrapper.plain_json
        self._not_unwrapped = 0
        self._busy = True
        self._headed = HeadedLines(window, streams, unwrapper, self._wrapped)

    def begin(self, *, thin: bool) -> None:
        """A wrapper was seen: lines come here from now on."""
        self.active, self.thin, self._not_unwrapped = True, thin, 0

    def read(self, at: int, end: int) -> int:
        """The lines from `at` to `end`; returns where it stopped: at `end`, or where none has been wrapped for long."""
        buffer, view = self._window.buffer, self._window.view
        streams, bare = self._streams, self._streams.bare
        while at < end:
            skipped = self._boring(at, end)
            if skipped > at:
                at = skipped
                continue
            done = self._headed.read(at, end)
            if done > at:
                self._not_unwrapped, at = 0, done
                continue
            newline = buffer.find(b"\n", at, end)
            raw = bytes(view[at:newline])
            offset = self._window.base + at
            at = newline + 1
            if self._wrapped(raw, offset):
                self._not_unwrapped = 0
                self._busy = streams.busy if self._may_run else True
                continue
            if self.thin and raw[:1] == b"{":
                reader, lines = self._own_json(raw)
                for line in lines:
                    streams.feed(reader, line, offset, None)
                continue
            self._not_unwrapped += 1
            streams.bare_bytes += len(raw) if INTERESTING.match(raw) is None else 0
            streams.feed(bare, raw.removesuffix(b"\r"), offset, None)
            if self._not_unwrapped >= UNWRAPPED_LINES_TO_LEAVE and not bare.busy:
                self.active = self.thin = False
                streams.pause()
                return at
        return at

    def _wrapped(self, raw: bytes, offset: int) -> bool:
        """Unwrap a line; False where no wrapper takes it."""
        self._finder.lines += 1
        entries = self._unwrapper.unwrap(raw)
        for entry in entries or ():
            self._entry(entry, raw, offset)
        return entries is not None

    def flush(self, offset: int) -> None:
        """What the wrapper still holds of unfinished lines ends here, at `offset` of the input."""
        for entry in self._unwrapper.flush():
            self._entry(entry, b"", offset)

    def text_of(self, tail: bytes, formats: Formats) -> bytes:
        """The last lines without their wrapper, where they were passed on in runs."""
        if not self._may_run:
            return b""  # every line was looked at when it came
        known = Unwrapper(self._unwrapper.name, known=formats)
        entries = [entry for line in tail.split(b"\n")[1:] for entry in known.unwrap(line) or ()]
        return b"\n".join(entry.text for entry in entries) + b"\n"

    def _own_json(self, raw: bytes) -> tuple[LineReader, list[bytes]]:
        """A line of JSON, perhaps the program's own: whose it is, and its message where that is the runtime's.

        It is the line of the service that it names where the runtime has written in such JSON for that one as well.
        """
        record, streams = parse_record(raw), self._streams
        entries = self._plain_json.entries(record) or ()
        named = entries[0].service if entries else self._plain_json.service_of(record)
        reader = streams.known(named or streams.service, entries[0].stream if entries else None) or streams.bare
        lines = [entry.text for entry in entries]
        if lines and (reader.busy or any(INTERESTING.match(line) for line in lines)):
            return reader, lines
        return reader, [raw]

    def _boring(self, at: int, end: int) -> int:
        """Where a run of wrapped lines ends that need not be looked at; it is handed on as one passage."""
        if self._busy or not self._may_run or self._unwrapper.holding:
            return at
        window, name = self._window, self._unwrapper.name
        run = RUNS[name or ""].match(window.buffer, at, end)
        stop = run.end() if run is not None else at
        glued = self._glued(at, stop) if stop > at else None
        if glued is not None:
            stop = glued
        if stop > at:
            streams = self._streams
            streams.pause()
            self._finder.count(at, stop)
            text = window.view[at:stop]
            streams.events.append(Passage(text, streams.service, streams.origin, window.base + at, wrapper=name))
        return stop

    @property
    def _may_run(self) -> bool:
        """Runs of lines can be passed on: the wrapper names no services, and nothing stands inside it."""
        unwrapper = self._unwrapper
        runs = unwrapper.name in RUNS and not unwrapper.nested and not self._every_line
        return runs and len(self._streams) <= MOST_STREAMS_OF_RUNS

    def _entry(self, entry: Entry, raw: bytes, offset: int) -> None:
        """One piece of text that a wrapper gave up."""
        streams = self._streams
        reader = streams.reader(streams.owner(entry.service), entry.stream)
        text = entry.text
        if entry.thin and not reader.busy and INTERESTING.match(text) is None:
            text = raw or text
        elif entry.data and not reader.busy and INTERESTING.match(text) is None:
            text = with_data(text, entry.data)
        for line in text.split(b"\n") if b"\n" in text else (text,):
            if streams.feed(reader, line, offset, entry.time_s) and reader.service == streams.service:
                streams.bare_bytes += len(line)
