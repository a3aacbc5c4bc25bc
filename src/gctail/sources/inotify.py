"""Linux's inotify, through ctypes: who waits for a file is woken about 0.1 ms after a write to it.

inotify(7). Where there is none (another system, a library without it, no watches left), `Inotify.open()` is None and
the follower looks by itself every so often; it does that anyway, because network and overlay filesystems tell inotify
nothing about writes of others.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from typing import Any, Self

MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
IGNORED = 0x8000
"""The watch is over: what it watched is gone."""
OVERFLOW = 0x4000
"""More happened than the kernel keeps: everything has to be looked at."""

_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_READ_BYTES = 1 << 16
_FLAGS = 0x800 | 0x80000  # IN_NONBLOCK, IN_CLOEXEC; Linux has them at other values only on alpha, mips and parisc


class Inotify:
    """A queue of events about watched files and directories."""

    def __init__(self, library: Any) -> None:  # noqa: ANN401 - a ctypes library has whatever its file exports
        self._library = library
        self.descriptor: int = library.inotify_init1(_FLAGS)
        if self.descriptor < 0:
            raise OSError("inotify_init1 failed")

    @classmethod
    def open(cls) -> Self | None:
        """A new queue, or None where the system has none to give."""
        if not sys.platform.startswith("linux"):
            return None
        try:
            import ctypes

            return cls(ctypes.CDLL(None, use_errno=True))
        except (ImportError, OSError, AttributeError):
            return None

    def watch(self, path: str, mask: int) -> int | None:
        """The number of a watch on the file or directory at `path`; None where it cannot be watched."""
        number: int = self._library.inotify_add_watch(self.descriptor, os.fsencode(path), mask)
        return number if number >= 0 else None

    def unwatch(self, number: int) -> None:
        """End a watch; one that ended by itself is ended already."""
        self._library.inotify_rm_watch(self.descriptor, number)

    def events(self) -> Iterator[tuple[int, int, bytes]]:
        """The watches on which something happened, what, and in a directory to which entry; does not wait."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            yield number, mask, data[at - length : at].rstrip(b"\0")

    def close(self) -> None:
        """Give the queue and all its watches back."""
        os.close(self.descriptor)
