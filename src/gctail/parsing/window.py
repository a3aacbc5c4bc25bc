"""Bytes that come cut anywhere, as whole lines: a buffer that others read into, and in which lines are looked at."""

from __future__ import annotations

from gctail.parsing.heads import SLACK_BYTES, Finder

BUFFER_BYTES = 1 << 18
LINE_BYTES = 1 << 20
"""A longer line loses its middle: no line of the runtime, and no wrapper's record of one, is so long."""
TAIL_BYTES = 1 << 16
"""How far before the end of a process somebody may have said that it was killed."""
SHOWN_BYTES = 1 << 12
"""Of a line that is too long."""


class Room:
    """Where a window reads into: room for the longest line and what is read at once; `tail_bytes` are remembered."""

    def __init__(self, tail_bytes: int = TAIL_BYTES) -> None:
        self.buffer = bytearray(LINE_BYTES + BUFFER_BYTES + SLACK_BYTES)
        self.tail_bytes = tail_bytes


class Window:
    """The part of an input that is in the buffer; `base` is the offset in the input of the buffer's first byte.

    A newline stands before each line, the first one's at the very beginning. What stands behind the last newline is
    the unfinished line: `settle` moves it to the front, `filled` says which lines are whole.
    """

    def __init__(self, room: Room) -> None:
        self.buffer = room.buffer
        self.view = memoryview(self.buffer)
        self.buffer[0] = 0x0A
        self.finder = Finder(self.buffer)
        self.base = -1
        self.bytes_read = 0
        self.skipping = False
        """Inside a line that is too long, of which nothing more is kept."""
        self._kept = 1
        self._unread = (0, 0)
        self._held: bytes | None = None  # the unfinished line, while others use the buffer

    def space(self) -> memoryview:
        """Where the next bytes may be read into, when all is settled."""
        return self.view[self._kept : self._kept + BUFFER_BYTES]

    def filled(self, count: int) -> tuple[int, int]:
        """So many bytes have been put into `space`: the whole lines that are there now, from and to."""
        self.bytes_read += count
        start, end = 1, self._kept + count
        if self.skipping:
            start = self._skip(end)
            if start == 0:
                return 1, 1
        last = self.buffer.rfind(b"\n", start - 1, end)
        if last > 0:
            self._unread = (last, end)
        else:
            self._kept = end
        return start, max(start, last + 1)

    def overlong(self) -> tuple[int, bytes] | None:
        """Where the unfinished line begins and how, if it is too long; the rest is dropped, as is a hole of NULs."""
        if self._unread[0] or self._kept - 1 < LINE_BYTES:
            return None
        text = bytes(self.view[1 : self._kept])
        stripped = text.lstrip(b"\0")
        if len(stripped) < len(text):
            self.base += len(text) - len(stripped)
            self.view[1 : 1 + len(stripped)] = stripped
            self._kept = 1 + len(stripped)
            if self._kept - 1 < LINE_BYTES:
                return None
        offset = self.base + 1
        self.base += len(stripped)
        self._kept, self.skipping = 1, True
        return offset, stripped[:SHOWN_BYTES]

    def last_line(self) -> tuple[int, int] | None:
        """The unfinished line, with a newline that the input has not, from and to; None where there is none."""
        if self._kept == 1 or self.skipping:
            return None
        end, self._kept = self._kept, 1
        self.buffer[end] = 0x0A
        return 1, end + 1

    def settle(self) -> None:
        """Move what stands behind the last newline to the front; the newline itself comes first.

        Not at once when lines have been read: who was handed parts of the buffer still looks at them.
        """
        if self._held is not None:
            self.view[: self._kept] = b"\n" + self._held
            self._held = None
        last, end = self._unread
        if last:
            self.base += last
            self._kept, self._unread = end - last, (0, 0)
            self.view[: self._kept] = bytes(self.view[last:end])

    def release(self) -> None:
        """Until the next bytes come others may use the buffer; all is settled."""
        self._held = bytes(self.view[1 : self._kept])

    @property
    def has_lines(self) -> bool:
        """Whole lines stand in the buffer, which `settle` will drop."""
        return self._unread[0] > 0

    @property
    def is_inside_a_line(self) -> bool:
        """A line has begun that has no end yet; to be asked when all is settled."""
        return self._kept > 1 or self.skipping

    @property
    def unfinished_bytes(self) -> int:
        """How much of a line has come whose end has not."""
        if self._held is not None:
            return len(self._held)
        last, end = self._unread
        return end - last - 1 if last else self._kept - 1

    @property
    def lines_end(self) -> int:
        """The offset behind the last whole line."""
        return self.base + self._unread[0] + 1

    @property
    def position(self) -> int:
        """The offset behind all that has come, when all is settled."""
        return self.base + self._kept

    def _skip(self, end: int) -> int:
        """Inside a line that is too long: drop until its newline. Returns the start of the next line, 0 for none."""
        newline = self.buffer.find(b"\n", 1, end)
        if newline < 0:
            self.base += end - 1
            self._kept = 1
            return 0
        self.skipping = False
        return newline + 1
