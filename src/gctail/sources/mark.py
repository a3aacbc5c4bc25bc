"""A place in a file, as it is remembered while the file is closed or gctail is not there.

The device and the inode are the first guess, and never believed alone: inodes are given out anew. What counts is the
content, the first bytes and the last ones before the place. A copy that has both is as good as the file (copytruncate
leaves one behind), and so is a compressed one.
"""

from __future__ import annotations

import os
from contextlib import suppress

from msgspec import Struct

from gctail.errors import UnreadableInput
from gctail.sources.compressed import MAGIC_BYTES, format_of
from gctail.sources.inputs import CHUNK_BYTES, open_input

FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

Key = tuple[int, int]
"""Which file: device and inode."""

WHOLE_HEAD_BYTES = 1024
"""So much of the beginning is remembered of a file that is long enough."""

COPY_BYTES = 64
"""What is shorter begins like many a log, and proves no copy."""


class Mark(Struct, frozen=True):
    """Where a file was left: `head` are its first bytes from `begin` on, `tail` the last ones before `position`.

    `is_copy` says that nobody will write to it.
    """

    device: int
    inode: int
    position: int
    begin: int
    head: bytes
    tail: bytes
    is_copy: bool = False

    @property
    def key(self) -> Key:
        """Which file it was."""
        return self.device, self.inode

    @property
    def is_unread(self) -> bool:
        """Nothing was read but a hole."""
        return self.position == self.begin

    @property
    def telling(self) -> bool:
        """So much was read that a file with the same content is this one, or a copy of it."""
        return self.position - self.begin >= COPY_BYTES

    def holds(self, descriptor: int) -> bool:
        """Whether what was read stands in the file behind `descriptor`, where it was."""
        if os.fstat(descriptor).st_size < self.position or not self._begins(descriptor):
            return False
        return os.pread(descriptor, len(self.tail), self.position - len(self.tail)) == self.tail

    def is_cut(self, descriptor: int) -> bool:
        """Whether the file is the one that was read, with its end cut off."""
        return (
            os.fstat(descriptor).st_size < self.position
            and len(self.head) >= WHOLE_HEAD_BYTES
            and self._begins(descriptor)
        )

    def _begins(self, descriptor: int) -> bool:
        return os.pread(descriptor, len(self.head), self.begin) == self.head


class Place(Struct, frozen=True):
    """How far one name was read: the files that may still grow, the oldest first, and those that were closed.

    `delivered_bytes` counts what was handed over under this name. Of the rotated files that lie beside it, `seen` are
    those of which nothing is wanted, by inode, time of change in nanoseconds, and size; `unsettled` are the inodes of
    those in which something may stand yet.
    """

    delivered_bytes: int
    files: list[Mark]
    closed: list[Mark]
    seen: list[tuple[int, int, int]]
    unsettled: list[int] = []


def opened(path: str) -> int | None:
    """A descriptor of the file at `path`; None where it cannot be had."""
    with suppress(OSError):
        return os.open(path, FLAGS)
    return None


def plain_copy(path: str) -> int | None:
    """A descriptor of a nameless file with the text of a compressed one; None where that cannot be had."""
    import tempfile

    with suppress(UnreadableInput, OSError), open_input(path) as source, tempfile.TemporaryFile(buffering=0) as copy:
        buffer = memoryview(bytearray(CHUNK_BYTES))
        while count := source.readinto(buffer):
            copy.write(buffer[:count])
        return os.dup(copy.fileno())
    return None


def is_compressed(descriptor: int) -> bool:
    """Whether the file is compressed, by its first bytes."""
    return format_of(os.pread(descriptor, MAGIC_BYTES, 0)) is not None
