"""Blocks of lines behind heads of text (docker compose, kubectl, journald, syslog, …), cut off by one pattern.

What becomes of every line is what becomes of it where lines come one by one (`wrapped_lane`), four times as fast: who
wrote a line is looked up once for all lines that say the same, and what is the application's for certain goes to its
reader as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gctail.parsing.entry import seconds_of, with_data
from gctail.parsing.reading import INTERESTING, LineReader
from gctail.parsing.streams import MOST_STREAMS, Streams
from gctail.parsing.window import Window
from gctail.parsing.wrapper_heads import Heads
from gctail.parsing.wrappers import Unwrapper

LEAST_BYTES = 1 << 11
"""Fewer are not worth the while."""


class HeadedLines:
    """Reads blocks of such lines; `feed_one` reads a line in whose text something else may stand."""

    def __init__(
        self, window: Window, streams: Streams, unwrapper: Unwrapper, feed_one: Callable[[bytes, int], bool]
    ) -> None:
        self._window, self._streams, self._unwrapper, self._feed_one = window, streams, unwrapper, feed_one

    def read(self, at: int, end: int) -> int:
        """The lines from `at` on that stand behind such a head; where they end, which is `at` where there are none."""
        heads = self._unwrapper.heads if end - at >= LEAST_BYTES else None
        if heads is None or len(self._streams) > MOST_STREAMS // 2:
            return at
        buffer = self._window.buffer
        found = heads.run(buffer, at, end)
        stop = found.end() if found is not None else at
        rows = heads.rows(buffer, at, stop)
        if len(rows) != buffer.count(b"\n", at, stop):
            return at  # a user's pattern that looks beyond the end of its line
        return at + self._take(rows, heads, self._window.base + at)

    def _take(self, rows: Sequence[tuple[bytes, ...]], heads: Heads, offset: int) -> int:
        """Hand the lines to their readers; how many bytes were done before something else began to be in force."""
        unwrapper, streams = self._unwrapper, self._streams
        more, told, who = unwrapper.known.more_inside, streams.may_report, heads.who
        calm: dict[bytes | tuple[bytes, ...], LineReader] = {}
        latest: dict[LineReader, tuple[bytes, ...]] = {}
        begin, lines, unnamed = offset, 0, 0
        for row in rows:
            text, name, size = row[-1], who(row), len(row[0]) + len(row[-1]) + 1
            reader = calm.get(name)
            if more(text) or (reader is None and (reader := self._calm(row)) is None):
                self._stamp(latest, heads)
                self._feed_one(row[0] + text, offset)
                calm.clear()
                offset += size
                if unwrapper.heads is not heads:
                    break
                continue
            lines += 1
            data = b"".join(row[place] for place in heads.data) if heads.data else b""
            if data and INTERESTING.match(text) is None:
                text = with_data(text, data)
            if told(text) is None and reader.takes(text, offset):
                calm[name], latest[reader] = reader, row
                if reader.service == streams.service:
                    unnamed += len(text)
            else:
                self._stamp(latest, heads)
                streams.feed(reader, text, offset, self._seconds(heads.stamp(row)))
                if reader.busy:
                    calm.pop(name, None)
            offset += size
        self._stamp(latest, heads)
        self._window.finder.lines += lines
        streams.bare_bytes += unnamed
        unwrapper.trust(lines)
        return offset - begin

    def _calm(self, row: tuple[bytes, ...]) -> LineReader | None:
        """The reader of a line, None where something is open in it, or something else stands in its lines."""
        entry = self._unwrapper.by_heads(row[0] + row[-1])
        if entry is None:
            return None
        reader = self._streams.reader(self._streams.owner(entry.service), entry.stream)
        return None if reader.busy else reader

    def _stamp(self, latest: dict[LineReader, tuple[bytes, ...]], heads: Heads) -> None:
        """Tell the readers the times of the lines that they have taken last."""
        for reader, row in latest.items():
            reader.time_s = self._seconds(heads.stamp(row))
        latest.clear()

    def _seconds(self, stamp: bytes) -> float | None:
        return seconds_of(stamp, self._unwrapper.year) if stamp else None
