"""Lines into an open file, the disk of which may be full for a while: they wait, and nothing is torn."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from gctail.parsing.text import show_lines

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
MOST_HELD_BYTES = 16 << 20
"""So much waits for room; what is more is given up, whole texts, and counted."""


def complain(sentence: str) -> None:
    """One sentence on standard error, where there is one; names in it may be anybody's, and are shown as text."""
    if sys.stderr is not None:
        sys.stderr.write(f"gctail: {show_lines(sentence)}\n")
        sys.stderr.flush()


class Out:
    """A descriptor that texts are written to, each in one go where that can be.

    `say` is told once that the disk is full, and once that it is not any more. Other errors are raised: OSError.
    """

    def __init__(self, descriptor: int, name: str, say: Callable[[str], None]) -> None:
        self._descriptor, self._name, self._say = descriptor, name, say
        self._held = bytearray()
        self._is_full = False
        self._given_up = 0

    def write(self, text: bytes) -> None:
        """Write it, after what waits."""
        if len(self._held) + len(text) > MOST_HELD_BYTES:
            self._given_up += 1
            return
        self._held += text
        self.push()

    def push(self) -> bool:
        """Whether all that was written is in the file; tries again what is not."""
        try:
            while self._held:
                del self._held[: os.write(self._descriptor, self._held)]
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            if not self._is_full:
                self._say(f"{self._name}: {error.strerror}: what is told waits until there is room")
            self._is_full = True
            return False
        if self._is_full:
            lost = f"; {self._given_up} texts were too many, and are lost" if self._given_up else ""
            self._say(f"{self._name}: there is room again{lost}")
            self._is_full, self._given_up = False, 0
        return True

    def close(self) -> None:
        """No more will come: say what could not be written."""
        if not self.push():
            self._say(f"{self._name}: the disk is full: {len(self._held):,} bytes were not written")
            self._held.clear()
