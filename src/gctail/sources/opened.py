"""One file that grows, by its open descriptor: what was added to it, through truncation and new beginnings.

A file is known by its device and inode as long as it is open, and its content by its first bytes and by the last that
were read: where they changed, somebody truncated it and wrote anew, however long it has become since.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Self

from gctail.parsing.text import Decoder
from gctail.sources.beside import Signature, signature_from
from gctail.sources.mark import COPY_BYTES, Mark
from gctail.sources.mark import WHOLE_HEAD_BYTES as HEAD_BYTES
from gctail.sources.starts import Start

TAIL_BYTES = 256
RACY_NS = 2 * 10**9
"""Filesystems tell times of change by the second (NFS of old), by 4 ms (a tick of the kernel), or better."""
_DECIDE_BYTES = 128


class Opened:
    """A file at the position up to which it was read. Takes over the descriptor.

    `begins` says that what is read next continues nothing, `is_copy` that nobody will write to the file; `packed` is
    how the compressed file looks that it was unpacked from. `grew_s` is when it last grew or lost its name, on a
    monotonic clock that the owner keeps; `line_begin` is where the line begins that was handed over last and is not
    finished, `position` where every line is. Where somebody has emptied the file since it was read, `cut` is where it
    was left, and it gives nothing more.
    """

    def __init__(self, descriptor: int, now_s: float, start: Start | None = None) -> None:
        """Begin at the beginning, or where `start` says."""
        status = os.fstat(descriptor)
        self.descriptor = descriptor
        self.key = (status.st_dev, status.st_ino)
        self.position = start(descriptor) if start is not None else 0
        self.line_begin = self.position
        self.begins = True
        self.is_copy = False
        self.packed: Signature | None = None
        self.cut: Mark | None = None
        self.grew_s = now_s
        self.decoder = Decoder()
        self._looks: tuple[int, int] | None = None  # size and time of change when it was last looked at
        self._begin = 0  # where the content begins: behind the hole that a truncation may have left
        self._head = os.pread(descriptor, min(HEAD_BYTES, self.position), 0)
        self._tail = os.pread(descriptor, min(TAIL_BYTES, self.position), max(0, self.position - TAIL_BYTES))
        self._know_encoding()

    @classmethod
    def at(cls, descriptor: int, mark: Mark, now_s: float) -> Self:
        """Begin at a mark: the file behind the descriptor holds it, or is the same one, truncated since."""
        file = cls(descriptor, now_s)
        file.position, file.line_begin, file._begin = mark.position, mark.position, mark.begin
        file._head, file._tail = mark.head, mark.tail
        file.is_copy = mark.is_copy
        file._know_encoding()
        return file

    def mark(self, *, unfinished: bool = False) -> Mark:
        """How far it was read and handed over; with `unfinished`, up to the last line that is whole."""
        held = self.decoder.held_bytes
        position, tail = self.position - held, self._tail[: len(self._tail) - held]
        if unfinished and self.line_begin < position:
            tail = self._tail[: max(0, len(self._tail) - (self.position - self.line_begin))]
            position = self.line_begin
            with suppress(OSError):  # a long line: its beginning is read again, if it is still there
                if not tail and self.matches(self.descriptor):
                    length = min(TAIL_BYTES, position - self._begin)
                    tail = os.pread(self.descriptor, length, position - length)
        return Mark(*self.key, position, self._begin, self._head[: position - self._begin], tail, self.is_copy)

    def _know_encoding(self) -> None:
        """Learn it from the first bytes, when reading begins behind them."""
        self.decoder = Decoder()
        if self._head and not self.decoder.feed(self._head[:_DECIDE_BYTES]):
            self.decoder = Decoder()  # so few bytes that it still waits: it begins here

    def read(self, limit: int, *, whole_lines: bool = False) -> bytes:
        """What was added, at most `limit` bytes; with `whole_lines` only up to the last newline that is there.

        A line longer than `limit` comes in parts all the same. Empty where nothing was added, or reading fails.
        """
        try:
            data = self._added(limit)
        except OSError:  # the file server is away; it may come back
            return b""
        if whole_lines:
            data = data[: data.rfind(b"\n") + 1] or (data if len(data) == limit else b"")
        if data:
            self._read_up(data)
        return data

    def text(self, data: bytes) -> bytes | memoryview:
        """What `read` gave, as UTF-8; to be asked once for each read, in order."""
        text = self.decoder.feed(data)
        whole = data.rfind(b"\n") + 1
        if text is not data and self.decoder.is_wide:
            whole = _wide_lines(data, (self.position - len(data)) % 2)
        if whole:
            self.line_begin = self.position - len(data) + whole
        return text

    def matches(self, descriptor: int) -> bool:
        """Whether what was read here is what stands in the file behind `descriptor`."""
        if not self._begins(descriptor):
            return False
        if self.position - self._begin <= len(self._head):
            return True
        return os.pread(descriptor, len(self._tail), self.position - len(self._tail)) == self._tail

    def is_copied_in(self, descriptor: int) -> bool | None:
        """Whether the file behind `descriptor` is a copy of this one, or of what this one was when it was shorter.

        It may be longer where so much is the same that it is no accident. None where so little is in it that it may
        become a copy.
        """
        other, size, begin = os.fstat(descriptor).st_size, self.size, self._begin  # in this order: this one may grow
        common = min(other, size)
        places = ((HEAD_BYTES, 0), (HEAD_BYTES, begin), (TAIL_BYTES, max(0, common - TAIL_BYTES)))
        pairs = [(min(length, common - start), start) for length, start in places if start < common]
        if any(os.pread(descriptor, *pair) != os.pread(self.descriptor, *pair) for pair in pairs):
            return False
        if other > size:
            return size - begin >= HEAD_BYTES
        return True if other - begin >= COPY_BYTES else None  # holes are all alike

    def _begins(self, descriptor: int) -> bool:
        return os.pread(descriptor, len(self._head), self._begin) == self._head

    @property
    def size(self) -> int:
        """How long the file is now."""
        try:
            return os.fstat(self.descriptor).st_size
        except OSError:  # the file server is away
            return self.position

    @property
    def lag_bytes(self) -> int:
        """How much stands in the file behind the position."""
        return max(0, self.size - self.position)

    def is_as_it_was(self, status: os.stat_result) -> bool:
        """By this status it is the same file, and nothing has happened to it since it was read to its end.

        Of an empty one there may be a copy.
        """
        same = self.key == (status.st_dev, status.st_ino) and self._looks == (status.st_size, status.st_mtime_ns)
        return same and status.st_size == self.position and not self.is_unread

    @property
    def is_unread(self) -> bool:
        """Nothing was read but a hole."""
        return self.position == self._begin

    @property
    def is_read_up(self) -> bool:
        """Nothing stands behind the position."""
        return self.lag_bytes == 0

    @property
    def signature(self) -> Signature:
        """How the file looks among those beside the name; a compressed one is not what is open, but a copy of it."""
        return self.packed or signature_from(os.fstat(self.descriptor))

    @property
    def gone(self) -> bool:
        """Whether no name leads to the file any more."""
        return os.fstat(self.descriptor).st_nlink == 0

    def close(self) -> None:
        """Give the descriptor back; what was read is remembered."""
        os.close(self.descriptor)
        self.descriptor = -1

    def is_emptied(self) -> bool:
        """Whether somebody has emptied the file since it was read; what is in it now is new."""
        try:
            if self.cut is None:
                self._compare(os.fstat(self.descriptor).st_size)
        except OSError:  # the file server is away
            return False
        return self.cut is not None

    def _added(self, limit: int) -> bytes:
        status = os.fstat(self.descriptor)
        size, looks = status.st_size, (status.st_size, status.st_mtime_ns)
        if looks == self._looks and size == self.position:
            return b""
        # A change within the clock's grain of the last look would not show in the time: look again until it is older.
        self._looks = looks if abs(time.time_ns() - status.st_mtime_ns) > RACY_NS else None
        if self.cut is None:
            self._compare(size)
        if self.cut is not None:
            return b""
        if self.is_unread:
            self._pass_hole()
        data = os.pread(self.descriptor, limit, self.position)
        # Emptied and written anew between the look and the read? Then these bytes are of the new content. Bytes of the
        # old content are good; the next look finds the new.
        if not data or self.matches(self.descriptor) or not self._still_holds(data):
            return data
        self.cut = self.mark()
        return b""

    def _compare(self, size: int) -> None:
        if self.is_unread and self._begin and os.pread(self.descriptor, 1, 0) != b"\0":
            self.position = self.line_begin = self._begin = 0  # the hole that was passed over is none any more
        if size < self.position:
            self._truncated(size)
        elif not self.matches(self.descriptor):
            self.cut = self.mark()

    def _still_holds(self, data: bytes) -> bool:
        return os.pread(self.descriptor, len(data), self.position) == data

    def _truncated(self, size: int) -> None:
        """The file is shorter than what was read of it.

        As a rule it was emptied and written anew, even where it begins with the same lines: programs say the same
        things when they start. Only where the whole first KiB is the same was nothing but its end cut off.
        """
        if len(self._head) < HEAD_BYTES or size < self._begin + HEAD_BYTES or not self._begins(self.descriptor):
            self.cut = self.mark()
            return
        self.position = self.line_begin = size
        self._tail = os.pread(self.descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
        self.begins = True

    def _pass_hole(self) -> None:
        """Skip the NULs in front.

        After copytruncate, a writer that did not open the file for appending goes on at its old offset; what is in
        front of it was never written. Most of the hole has no blocks on the disk and costs nothing to skip.
        """
        if os.pread(self.descriptor, 2, self.position) != b"\0\0":  # one alone begins UTF-16
            return
        if hasattr(os, "SEEK_DATA"):
            with suppress(OSError):  # nothing behind it yet, or a filesystem that cannot tell
                self.position = os.lseek(self.descriptor, self.position, os.SEEK_DATA)
        while data := os.pread(self.descriptor, 1 << 16, self.position):
            content = len(data.lstrip(b"\0"))
            self.position += len(data) - content
            if content:
                break
        self._begin = self.line_begin = self.position

    def _read_up(self, data: bytes) -> None:
        """Move on, and remember how the content begins and where it was left."""
        if len(self._head) == self.position - self._begin:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._tail = (self._tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
        self.position += len(data)


def _wide_lines(data: bytes, odd: int) -> int:
    """The length of the whole lines in a piece of UTF-16, the first byte of which stands at an even or odd place."""
    at = len(data)
    while (at := data.rfind(b"\n", 0, at)) >= 0:
        for start in (at, at - 1):  # low byte first, high byte first
            if start >= 0 and (start + odd) % 2 == 0 and data[start : start + 2] in (b"\n\0", b"\0\n"):
                return start + 2
    return 0
