"""One file that grows, by its open descriptor: what was added to it, through truncation and new beginnings.

A file is known by its device and inode as long as it is open, and its content by its first bytes and by the last that
were read: where they changed, somebody truncated it and wrote anew, however long it has become since.
"""

from __future__ import annotations

import os
from contextlib import suppress

from gctail.parsing.text import Decoder

HEAD_BYTES = 1024
TAIL_BYTES = 256
COPY_BYTES = 64
"""What is shorter begins like many a log, and proves no copy."""
_DECIDE_BYTES = 128
_TRIES = 3
"""How often a file that is truncated at the very moment of reading is tried again before the next look at it."""


class Opened:
    """A file at the position up to which it was read. Takes over the descriptor.

    `begins` says that what is read next continues nothing; `truncations` counts how often the file was cut;
    `grew_s` is when it last grew or lost its name, on a monotonic clock that the owner keeps.
    """

    def __init__(self, descriptor: int, now_s: float, *, at_end: bool = False) -> None:
        status = os.fstat(descriptor)
        self.descriptor = descriptor
        self.key = (status.st_dev, status.st_ino)
        self.position = status.st_size if at_end else 0
        self.begins = True
        self.truncations = 0
        self.grew_s = now_s
        self.decoder = Decoder()
        self._begin = 0  # where the content begins: behind the hole that a truncation may have left
        self._head = os.pread(descriptor, min(HEAD_BYTES, self.position), 0)
        self._tail = os.pread(descriptor, min(TAIL_BYTES, self.position), max(0, self.position - TAIL_BYTES))
        self.decoder.feed(self._head[:_DECIDE_BYTES])  # so that it knows the encoding when it begins at the end

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

    def matches(self, descriptor: int) -> bool:
        """Whether what was read here is what stands in the file behind `descriptor`."""
        if not self._begins(descriptor):
            return False
        if self.position - self._begin <= len(self._head):
            return True
        return os.pread(descriptor, len(self._tail), self.position - len(self._tail)) == self._tail

    def is_copied_in(self, descriptor: int) -> bool:
        """Whether the file behind `descriptor` is a copy of this one, or was one when this one was shorter."""
        common = min(self.position, os.fstat(descriptor).st_size)
        if common < COPY_BYTES:
            return False
        places = ((HEAD_BYTES, 0), (TAIL_BYTES, max(0, common - TAIL_BYTES)))
        pairs = [(min(length, common), start) for length, start in places]
        return all(os.pread(descriptor, *pair) == os.pread(self.descriptor, *pair) for pair in pairs)

    def _begins(self, descriptor: int) -> bool:
        return os.pread(descriptor, len(self._head), self._begin) == self._head

    @property
    def gone(self) -> bool:
        """Whether no name leads to the file any more."""
        return os.fstat(self.descriptor).st_nlink == 0

    def close(self) -> None:
        """Give the descriptor back; what was read is remembered."""
        os.close(self.descriptor)
        self.descriptor = -1

    def reopen(self, descriptor: int, now_s: float) -> None:
        """The same file, whose content still `matches`, has come back."""
        self.descriptor, self.grew_s = descriptor, now_s

    def _added(self, limit: int) -> bytes:
        size = os.fstat(self.descriptor).st_size
        if size < self.position:
            self._truncated(size)
        elif not self.matches(self.descriptor):
            self._restart()
        for _ in range(_TRIES):
            if self.truncations and self.position == self._begin:
                self._pass_hole()
            data = os.pread(self.descriptor, limit, self.position)
            # Truncated and written anew between the look and the read? Then these bytes are of the new content, and
            # are read again from its beginning. Bytes of the old content are good; the next look finds the new.
            if not data or self.matches(self.descriptor) or not self._still_holds(data):
                return data
            self._restart()
        return b""

    def _still_holds(self, data: bytes) -> bool:
        return os.pread(self.descriptor, len(data), self.position) == data

    def _truncated(self, size: int) -> None:
        """The file is shorter than what was read of it.

        As a rule it was emptied and written anew, even where it begins with the same lines: programs say the same
        things when they start. Only where the whole first KiB is the same was nothing but its end cut off.
        """
        if len(self._head) < HEAD_BYTES or size < self._begin + HEAD_BYTES or not self._begins(self.descriptor):
            self._restart()
            return
        self.position = size
        self._tail = os.pread(self.descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
        self.truncations += 1
        self.begins = True

    def _restart(self) -> None:
        self.position = self._begin = 0
        self._head = self._tail = b""
        self.decoder = Decoder()
        self.truncations += 1
        self.begins = True

    def _pass_hole(self) -> None:
        """Skip the NULs in front.

        After copytruncate, a writer that did not open the file for appending goes on at its old offset; what is in
        front of it was never written. Most of the hole has no blocks on the disk and costs nothing to skip.
        """
        if hasattr(os, "SEEK_DATA"):
            with suppress(OSError):  # nothing behind it yet, or a filesystem that cannot tell
                self.position = os.lseek(self.descriptor, self.position, os.SEEK_DATA)
        while data := os.pread(self.descriptor, 1 << 16, self.position):
            content = len(data.lstrip(b"\0"))
            self.position += len(data) - content
            if content:
                break
        self._begin = self.position

    def _read_up(self, data: bytes) -> None:
        """Move on, and remember how the content begins and where it was left."""
        if len(self._head) == self.position - self._begin:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._tail = (self._tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
        self.position += len(data)
