"""The Go files of a folder: every one once, in order, whatever links and strange files lie about."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gctail.errors import UnreadableInput

LARGEST_BYTES = 8 << 20
"""What is larger is handed on cut, which is enough to see that it is too large."""
UNSEEN_FOLDERS = frozenset({"vendor", "third_party", "node_modules", "testdata"})
MOST_NOTES = 100


class GoFiles:
    """Walks a folder; `notes` says what could not be read.

    As the go command does, it passes over folders whose names begin with `.` or `_`. Links to folders are not
    followed, so that a loop of links is no loop here; links to files are read.
    """

    def __init__(self, root: str) -> None:
        self.root = Path(root)
        self.notes: list[str] = []
        self.folders_left_out: dict[str, int] = {}
        if not self.root.exists():
            raise UnreadableInput(f"{root}: no such file or folder")

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Paths, relative to the root, and contents."""
        if not self.root.is_dir():
            data = self._read(self.root)
            if data is not None:
                yield self.root.name, data
            return
        for folder, below, names in os.walk(self.root, onerror=self._cannot):
            kept = [name for name in sorted(below) if self._is_looked_into(name)]
            below[:] = kept
            for name in sorted(names):
                if name.endswith(".go") and not name.startswith((".", "_")):
                    path = Path(folder, name)
                    data = self._read(path)
                    if data is not None:
                        yield path.relative_to(self.root).as_posix(), data

    def _is_looked_into(self, name: str) -> bool:
        if name.startswith((".", "_")):
            return False
        if name in UNSEEN_FOLDERS:
            self.folders_left_out[name] = self.folders_left_out.get(name, 0) + 1
            return False
        return True

    def _read(self, path: Path) -> bytes | None:
        try:
            with open(path, "rb", opener=_without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    self._note(f"{path}: no regular file")
                    return None
                return file.read(LARGEST_BYTES)
        except OSError as error:
            self._cannot(error, path)
            return None

    def _cannot(self, error: OSError, path: Path | None = None) -> None:
        self._note(f"{path or error.filename}: cannot be read: {error.strerror}")

    def _note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)


def _without_waiting(path: str, flags: int) -> int:
    """A named pipe called x.go does not make us wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
