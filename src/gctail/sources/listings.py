"""What lies in directories, each read again only after it has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable


class Listings:
    """Of many names that lie in one directory, only the first has it read."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, dict[str, int]]] = {}
        self._looked: dict[str, None] = {}

    def look_anew(self) -> None:
        """From now on every directory is looked at once more; many names lie in one."""
        self._looked.clear()

    def of(self, directory: str, *, afresh: bool = False) -> dict[str, int]:
        """Inodes by name; empty where the directory is not there.

        A directory's time of change is exact to some milliseconds only; `afresh` does not rely on it.
        """
        if directory in self._looked and directory in self._known and not afresh:
            return self._known[directory][1]
        self._looked[directory] = None
        try:
            changed_ns = os.stat(directory).st_mtime_ns  # noqa: PTH116 - looked at several times a second
            if afresh or directory not in self._known or self._known[directory][0] != changed_ns:
                with os.scandir(directory) as entries:
                    listing = {entry.name: entry.inode() for entry in entries}
                known = self._known.get(directory)
                self._known[directory] = changed_ns, known[1] if known and known[1] == listing else listing
        except OSError:
            return {}
        return self._known[directory][1]

    def keep(self, directories: Iterable[str]) -> None:
        """Forget all others."""
        self._known = {directory: self._known[directory] for directory in directories if directory in self._known}
        self._looked.clear()
