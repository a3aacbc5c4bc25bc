"""Files that grow, followed by name, for ever.

No byte is lost and none comes twice, whatever happens to the files: growth; rotation by rename and create, with late
writes to the renamed file; several rotations at once; copytruncate, also when the file has outgrown its old length
before anybody looked; deletion and creation; a name or a directory that appears later, a link that is set anew.

inotify wakes the follower where there is one. It is never trusted alone: a few times a second everything is looked at
anyway, so what inotify does not tell (network and overlay filesystems, lost events) comes a little later.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from msgspec import Struct

from gctail.errors import UnreadableInput
from gctail.sources.followed import Followed, Listings
from gctail.sources.inotify import ATTRIB, CREATE, DELETE, IGNORED, MODIFY, MOVED_FROM, MOVED_TO, OVERFLOW, Inotify
from gctail.sources.inputs import Chunk
from gctail.sources.opened import Opened

LOOK_S = 0.25
"""How often everything is looked at where inotify wakes us in between."""

POLL_S = 0.1
"""How often where it does not."""

LOOK_PER_FILE_S = 1e-4
"""With thousands of files looks become rarer, so that they take less than a tenth of the time."""

_FILE_EVENTS = MODIFY | ATTRIB
_DIRECTORY_EVENTS = MOVED_FROM | MOVED_TO | CREATE | DELETE


class Idle(Struct, frozen=True):
    """Time has passed; comes a few times a second, whether bytes come or not. `now_s` is Unix time."""

    now_s: float


class Follower:
    """What is added to files, as it is added: iterate over it for `Chunk`s and `Idle`s until `stop` is called.

    The last line of a chunk may be unfinished and goes on in the next chunk of that origin; `after_cut_line` of that
    chunk says that it does not, because its file was truncated or closed. Offsets count on through rotations.
    """

    def __init__(self, names: Iterable[str], *, at_end: bool = False, inotify: bool = True) -> None:
        """Follow `names` from their beginnings, or with `at_end` from their present ends.

        Raises UnreadableInput where a name leads to something that cannot be followed; it may lead to nothing yet.
        """
        listings = Listings()
        self._names = {name: Followed(name, listings, self._opened, self._closing) for name in _distinct(names)}
        self._stopped = False
        self._watched: dict[int, dict[str, Followed]] = {}  # what a watch stands for
        self._watches: dict[Opened, int] = {}
        self._directories: dict[str, int] = {}  # watches by directory
        self._wake_reads, self._wake_writes = os.pipe()
        os.set_blocking(self._wake_writes, False)
        self._poll = select.poll()
        self._poll.register(self._wake_reads, select.POLLIN)
        self._inotify = Inotify.open() if inotify else None
        if self._inotify:
            self._poll.register(self._inotify.descriptor, select.POLLIN)
        self._look_s = max(LOOK_S if self._inotify else POLL_S, LOOK_PER_FILE_S * len(self._names))
        for name in self._names.values():
            self._watch_directory(name.directory, name.name)
            if refusal := name.look(time.monotonic(), last_lines=0 if at_end else None):
                self.close()
                raise UnreadableInput(refusal)
            if not name.files:
                name.notes.append(f"{name.name} is not there yet: waiting for it.")

    @property
    def notes(self) -> list[str]:
        """Sentences on what is not there or could not be followed."""
        return [note for name in self._names.values() for note in name.notes]

    def stop(self) -> None:
        """End the iteration after what is there now; may be called from a signal handler or another thread."""
        self._stopped = True
        with suppress(OSError):  # closed, or full: it wakes up anyway
            os.write(self._wake_writes, b"x")

    def close(self) -> None:
        """Give all files back. The end of the iteration does so too."""
        for name in self._names.values():
            name.close()
        if self._inotify:
            self._inotify.close()
            self._inotify = None
        if self._wake_writes >= 0:
            os.close(self._wake_reads)
            os.close(self._wake_writes)
            self._wake_reads = self._wake_writes = -1

    def __iter__(self) -> Iterator[Chunk | Idle]:
        try:
            yield from self._follow()
            for name in self._names.values():
                name.look(time.monotonic())
                yield from name.pump(time.monotonic(), final=True)
        finally:
            self.close()

    def _follow(self) -> Iterator[Chunk | Idle]:
        due = dict(self._names)
        next_look_s = time.monotonic() + self._look_s
        while not self._stopped:
            for name in due.values():
                yield from name.pump(time.monotonic())
            due = {name.name: name for name in due.values() if name.has_more}
            due |= self._wait(0.0 if due else max(0.0, next_look_s - time.monotonic()))
            now_s = time.monotonic()
            if now_s >= next_look_s:
                due = dict(self._names)
                self._look(due)
                next_look_s = now_s + self._look_s
                yield Idle(time.time())

    def _look(self, names: dict[str, Followed]) -> None:
        for name in names.values():
            self._watch_directory(name.directory, name.name)
            name.look(time.monotonic())

    # -- waiting

    def _wait(self, wait_s: float) -> dict[str, Followed]:
        """The names for which something happened; returns at once when something does, or we are to stop."""
        self._poll.poll(math.ceil(wait_s * 1000))
        due: dict[str, Followed] = {}
        moved: dict[str, Followed] = {}
        for watch, mask in self._inotify.events() if self._inotify else ():
            names = self._names if mask & OVERFLOW else self._watched.get(watch, {})
            due |= names
            if mask & OVERFLOW or watch in self._directories.values():
                moved |= names
            if mask & IGNORED:
                self._directories = {path: other for path, other in self._directories.items() if other != watch}
                self._watched.pop(watch, None)
        self._look(moved)
        return due

    def _opened(self, name: str, file: Opened) -> None:
        """Watch a file by its descriptor, since a name could lead to another one by now; and where a link leads to."""
        watch = self._inotify.watch(f"/proc/self/fd/{file.descriptor}", _FILE_EVENTS) if self._inotify else None
        if watch is not None:
            self._watches[file] = watch
            self._watched.setdefault(watch, {})[name] = self._names[name]
        if os.path.islink(name):  # noqa: PTH114 - text in, text out
            self._watch_directory(os.path.dirname(os.path.realpath(name)), name)  # noqa: PTH120

    def _closing(self, file: Opened) -> None:
        watch = self._watches.pop(file, None)
        if watch is not None and self._inotify and watch not in self._watches.values():
            self._watched.pop(watch, None)
            self._inotify.unwatch(watch)

    def _watch_directory(self, directory: str, name: str) -> None:
        watch = self._directories.get(directory)
        if watch is None and self._inotify:
            watch = self._inotify.watch(directory, _DIRECTORY_EVENTS)
        if watch is not None:
            self._directories[directory] = watch
            self._watched.setdefault(watch, {})[name] = self._names[name]


def _distinct(names: Iterable[str]) -> list[str]:
    """The names without those that lead to the same file: it would be read twice."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(os.path.realpath(name), name)
    return list(first.values())
