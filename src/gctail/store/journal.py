"""Which findings were told since the last checkpoint, and before: ids, one a line, each on disk as soon as it is told.

A checkpoint comes about once a second. After a kill, what was found since the last one is found again, with the same
ids; those that stand here are not told again. A line is the system's as soon as it is written, so `kill -9` loses none;
nothing waits for the disk itself, as nothing does in the state (a power cut may take the last ones of both).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress

ENDING = ".told"
ID = re.compile(r"[0-9a-f]{16}")


class Journal:
    """A file of ids beside a state, and of that state only: with another `owner` in its first line it begins anew.

    So whoever deletes the state forgets this as well. `ids` are those that stood there, the oldest first.
    """

    def __init__(self, path: str, owner: str, most: int) -> None:
        """At least the newest `most` ids are kept, at most four times as many."""
        self.path, self._owner, self._most = path, owner, most
        self._lines = 0
        self._descriptor = -1
        self.ids = self._read()[-most:]

    def add(self, ids: Iterable[str]) -> None:
        """These were told. Raises OSError where they could not be written; they may then be added again."""
        lines = list(ids)
        if self._descriptor < 0 or self._lines > 4 * self._most:
            self._begin(lines)
            return
        try:
            _write(self._descriptor, lines)
        except OSError:
            self.close()  # what there is of the last line is no id, and nothing may be written behind it
            raise
        self._lines += len(lines)

    def _begin(self, more: list[str]) -> None:
        """Make the file anew, whole or not at all, with the newest ids of the old one."""
        kept = [*self._read(), *more][-self._most :]
        part = f"{self.path}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write(descriptor, [self._owner, *kept])
            os.replace(part, self.path)  # noqa: PTH105 - pathlib costs 10 ms
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(part)  # noqa: PTH108
            raise
        self.close()
        self._descriptor, self._lines = descriptor, len(kept)

    def _read(self) -> list[str]:
        try:
            with open(self.path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
                owner, *lines = file.read().splitlines() or [""]
        except OSError:
            return []
        return [line for line in lines if ID.fullmatch(line)] if owner == self._owner else []

    def close(self) -> None:
        """No more will come, for now."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def _write(descriptor: int, lines: list[str]) -> None:
    """All of them at once. Raises OSError where there is no room."""
    text = "".join(f"{each}\n" for each in lines).encode()
    if os.write(descriptor, text) < len(text):
        raise OSError("the disk is full")
