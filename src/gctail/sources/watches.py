"""What wakes the follower: something happened to a file or in a directory (inotify), or somebody calls."""

from __future__ import annotations

import math
import os
import select
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from gctail.sources.inotify import (
    ATTRIB,
    CREATE,
    DELETE,
    IGNORED,
    MODIFY,
    MOVED_FROM,
    MOVED_TO,
    OVERFLOW,
    Inotify,
)
from gctail.sources.opened import Opened
from gctail.sources.rotated import may_be_before

_FILE_EVENTS = MODIFY | ATTRIB
_DIRECTORY_EVENTS = MOVED_FROM | MOVED_TO | CREATE | DELETE


class Happened(Struct):
    """The names for which something has happened; of the `moved` ones, they may lead to another file now."""

    due: dict[str, None]
    moved: dict[str, None]
    lost: bool = False
    """More happened than anybody knows: all names are to be looked at."""


class Watches:
    """Watches files by their descriptors, since a name could lead to another one by now, and directories.

    `polls` says that what happens may go unnoticed, so that one has to look by oneself.
    """

    def __init__(self, *, inotify: bool) -> None:
        self._wake_reads, self._wake_writes = os.pipe()
        os.set_blocking(self._wake_writes, False)
        self._poll = select.poll()
        self._poll.register(self._wake_reads, select.POLLIN)
        self._inotify = Inotify.open() if inotify else None
        self.polls = self._inotify is None
        if self._inotify:
            self._poll.register(self._inotify.descriptor, select.POLLIN)
        self._of_files: dict[Opened, int] = {}
        self._holders: Counter[int] = Counter()  # files by watch: two names may lead to the same one
        self._names: dict[int, dict[str, None]] = {}  # by the watch of a file, or of the directory a link leads to
        self._directories: dict[str, int] = {}
        self._paths: dict[int, list[str]] = {}  # the same the other way round; a directory has many names
        self._within: dict[str, set[str]] = {}  # the names in a directory

    def file(self, name: str, file: Opened) -> None:
        """Watch a file that a name leads to; and where a link leads to."""
        watch = self._inotify.watch(f"/proc/self/fd/{file.descriptor}", _FILE_EVENTS) if self._inotify else None
        if watch is not None:
            self._of_files[file] = watch
            self._holders[watch] += 1
            self._names.setdefault(watch, {})[name] = None
        elif self._inotify is not None:  # no watches left (fs.inotify.max_user_watches)
            self.polls = True
        if os.path.islink(name):  # noqa: PTH114 - text in, text out
            target = self._directory(os.path.dirname(os.path.realpath(name)))  # noqa: PTH120
            if target is not None:
                self._names.setdefault(target, {})[name] = None

    def done_with(self, file: Opened) -> None:
        """The file is going to be closed."""
        watch = self._of_files.pop(file, None)
        if watch is None:
            return
        self._holders[watch] -= 1
        if not self._holders[watch]:
            del self._holders[watch]
            self._names.pop(watch, None)
            if self._inotify:
                self._inotify.unwatch(watch)

    def directory(self, directory: str, name: str) -> None:
        """Watch the directory in which a name lies."""
        within = self._within.setdefault(directory, set())
        if name not in within or directory not in self._directories:
            within.add(name)
            self._directory(directory)

    def forget(self, gone: Iterable[str]) -> None:
        """Nobody follows these names any more."""
        names = set(gone)
        for each in self._names.values():
            for name in names & each.keys():
                del each[name]
        self._within = {directory: left for directory, within in self._within.items() if (left := within - names)}
        for watch, directories in list(self._paths.items()):
            used = self._names.get(watch) or not self._within.keys().isdisjoint(directories)
            if not used and self._inotify:
                self._inotify.unwatch(watch)
                self._over(watch)

    def wait(self, wait_s: float) -> Happened:
        """What has happened; returns at once when something does, or somebody calls."""
        ready = self._poll.poll(math.ceil(wait_s * 1000))
        if any(descriptor == self._wake_reads for descriptor, _ in ready):
            os.read(self._wake_reads, 1 << 10)
        happened = Happened({}, {})
        for watch, mask, entry in self._inotify.events() if self._inotify else ():
            if mask & OVERFLOW:
                happened.lost = True
            names = self._names.get(watch, {})
            happened.due |= names
            for directory in self._paths.get(watch, ()):
                happened.moved |= names
                happened.moved |= dict.fromkeys(self._concerned(directory, os.fsdecode(entry)))
            if mask & IGNORED:
                self._over(watch)
        happened.due |= happened.moved
        return happened

    def wake(self) -> None:
        """Do not wait for anything else; may be called from a signal handler or another thread."""
        with suppress(OSError):  # closed, or full: it wakes up anyway
            os.write(self._wake_writes, b"x")

    def close(self) -> None:
        """Give all back."""
        if self._inotify:
            self._inotify.close()
            self._inotify = None
        if self._wake_writes >= 0:
            os.close(self._wake_reads)
            os.close(self._wake_writes)
            self._wake_reads = self._wake_writes = -1

    def _concerned(self, directory: str, entry: str) -> list[str]:
        """The names that lead to an entry of a directory, or of which it may be an older file; without one, all."""
        within = self._within.get(directory)
        if not within or not entry:
            return sorted(within or ())
        path = os.path.join(directory, entry) if directory != "." else entry  # noqa: PTH118 - text in, text out
        paths = (path, os.path.join(directory, entry))  # noqa: PTH118
        older = [name for each in paths for name in may_be_before(each)]
        return [name for name in (*paths, *older) if name in within]

    def _directory(self, directory: str) -> int | None:
        watch = self._directories.get(directory)
        if watch is None and self._inotify:
            watch = self._inotify.watch(directory, _DIRECTORY_EVENTS)
            if watch is not None:
                self._directories[directory] = watch
                self._paths.setdefault(watch, []).append(directory)
        return watch

    def _over(self, watch: int) -> None:
        """It ended by itself, or we ended it."""
        for directory in self._paths.pop(watch, ()):
            self._directories.pop(directory, None)
        self._names.pop(watch, None)
