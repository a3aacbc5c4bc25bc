"""Files that grow, followed by name, for ever.

No byte is lost and none comes twice, whatever happens to the files: growth; rotation by rename and create, with late
writes to the renamed file; several rotations at once; copytruncate, also when the file has outgrown its old length
before anybody looked; deletion and creation; a name or a directory that appears later, a link that is set anew; a
restart of gctail at any point, whatever was rotated in the meantime.

inotify wakes the follower where there is one. It is never trusted alone: now and then everything is looked at anyway,
so what inotify does not tell (network and overlay filesystems, lost events) comes a little later.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from gctail.errors import UnreadableInput
from gctail.sources.beside import key_of
from gctail.sources.followed import Followed
from gctail.sources.inputs import Chunk
from gctail.sources.listings import Listings
from gctail.sources.mark import Key, Place
from gctail.sources.mounts import is_silent
from gctail.sources.names import Names
from gctail.sources.starts import Start, at_last_lines, at_time
from gctail.sources.watches import Watches

LOOK_S = 0.25
"""How often everything is looked at where inotify wakes us in between."""

POLL_S = 0.1
"""How often where it does not."""

IDLE_S = 1.0
"""How long at most nobody is told that time has passed."""

LONGEST_LOOK_S = 10.0
"""However much a look costs, the next one is not later."""

LEISURE = 600
"""With many files looks become rarer: one is followed by this many times as much time without one."""
LEISURE_AWAKE = 30
"""The same where we have to look for ourselves, and something came a moment ago."""
MOMENT_S = 2.0

TURN_S = 0.1
"""How long names have their turns before new files and rotations are looked for."""

LAST_S = 0.3
"""How long reading goes on after `stop`, where there is more and more."""

SPARE_DESCRIPTORS = 64
"""For everything but followed files."""
MOST_OPEN = 8192

MOST_NOTES = 20
"""Of names that are not followed any more."""


class Idle(Struct, frozen=True):
    """Time has passed; comes once a second at least, whether bytes come or not. `now_s` is Unix time.

    `stopping` comes once, after `stop`: places that are asked for now are those to go on from. What follows it are
    lines that nobody has finished.
    """

    now_s: float
    stopping: bool = False


class Gone(Struct, frozen=True):
    """These names, found by a pattern, are not followed any more: their files were deleted, and read to their ends."""

    names: list[str]


class Begin(Struct, frozen=True):
    """Where files are begun that have no place yet.

    `last_lines` of what is there when following begins, or what is there `since_s` (Unix time), or all of it; files
    that appear later are read from their beginnings. A file that nobody has written to for `ignore_older_s` is begun at
    its end, when it grows.
    """

    last_lines: int | None = None
    since_s: float | None = None
    ignore_older_s: float | None = None

    @property
    def start(self) -> Start | None:
        """Where in a file that is there now."""
        if self.last_lines is not None:
            return at_last_lines(self.last_lines)
        return at_time(self.since_s) if self.since_s is not None else None


class Follower:
    """What is added to files, as it is added: iterate over it for `Chunk`s, `Idle`s and `Gone`s until `stop` is called.

    The last line of a chunk may be unfinished and goes on in the next chunk of that origin; `after_cut_line` of that
    chunk says that it does not, because its file was truncated or closed. Offsets count on through rotations.
    """

    def __init__(  # noqa: PLR0913  (each with a default, each asked for by an option)
        self,
        names: Iterable[str],
        begin: Begin | None = None,
        *,
        exclude: Iterable[str] = (),
        places: Mapping[str, Place] | None = None,
        inotify: bool = True,
        oldest_first: bool = False,
        most_open: int | None = None,
    ) -> None:
        """Follow names and patterns, from `places` (by absolute path) where they have one, else as `begin` says.

        Raises UnreadableInput where a name leads to something that cannot be followed; it may lead to nothing yet.
        With `oldest_first` one file is read to its present end before the next, the one that was changed first before
        the others. At most `most_open` names have their files open at a time: by default, as many as the system allows.
        """
        self._given = Names(names, exclude)
        self._begin = begin or Begin()
        self._places = dict(places or {})
        self._oldest_first = oldest_first
        self._most_open = most_open or _descriptors()
        self._listings = Listings()
        self._names: dict[str, Followed] = {}
        self._found: dict[str, None] = {}  # of the names, those that a pattern matched
        self._gone: list[str] = []
        self._own_notes: list[str] = []
        self._stopped = False
        self._fails = ""
        self._watches = Watches(inotify=inotify)
        self._came_s = time.monotonic()
        for name in self._first_names():
            self._add(name, self._begin.start)
            if self._fails:
                self.close()
                raise UnreadableInput(self._fails)
            if name in self._found:
                continue
            if not self._names[name].files and self._names[name].asleep is None:
                self._names[name].notes.append(f"{name} is not there yet: waiting for it.")
        self._note_patterns()

    @property
    def notes(self) -> list[str]:
        """Sentences on what is not there or could not be followed."""
        return [*self._own_notes, *(note for name in self._names.values() for note in name.notes)]

    @property
    def names(self) -> list[str]:
        """All that are followed at present."""
        return list(self._names)

    def is_deleted(self, name: str) -> bool:
        """Somebody has deleted the file of a name that a pattern matched: it will not be followed for much longer."""
        followed = self._names.get(name)
        return followed is None or (name in self._found and followed.is_deleted)

    @property
    def behind(self) -> list[str]:
        """The names in which more stands than could be handed over in their last turn."""
        return [name.name for name in self._names.values() if name.has_more]

    @property
    def polls(self) -> bool:
        """Whether it has to look for itself, because inotify may miss something."""
        return self._watches.polls

    @property
    def lag_bytes(self) -> int:
        """How much was written to the files and not handed over; asks the system about every open file."""
        return sum(name.lag_bytes for name in self._names.values())

    @property
    def open_files(self) -> int:
        """How many files are open."""
        return sum(len(name.files) for name in self._names.values())

    def place(self, name: str, *, unfinished: bool) -> Place:
        """How far a name was read; with `unfinished`, up to the line that is not finished yet."""
        return self._names[name].place(unfinished=unfinished)

    def stop(self) -> None:
        """End the iteration after what is there now; may be called from a signal handler or another thread."""
        self._stopped = True
        self.wake()

    def wake(self) -> None:
        """Do not wait for anything else; may be called from a signal handler or another thread."""
        self._watches.wake()

    def close(self) -> None:
        """Give all files back. The end of the iteration does so too."""
        for name in self._names.values():
            name.close()
        self._watches.close()

    def __iter__(self) -> Iterator[Chunk | Idle | Gone]:
        try:
            yield from self._follow()
            left = yield from self._read_up()
            yield Idle(time.time(), stopping=True)
            for name in self._names.values():
                if name.asleep is None and name.name not in left:
                    yield from name.pump(time.monotonic(), final=True)
        finally:
            self.close()

    def _follow(self) -> Iterator[Chunk | Idle | Gone]:
        due = dict(self._names)
        next_look_s, next_idle_s = time.monotonic() + self._look_s(0.0), time.monotonic() + IDLE_S
        while not self._stopped:
            due = yield from self._turn(due)
            due |= self._wait(0.0 if due else max(0.0, min(next_look_s, next_idle_s) - time.monotonic()))
            now_s = time.monotonic()
            looks = now_s >= next_look_s
            if looks:
                began_s = time.thread_time()  # what others do meanwhile is not what a look costs
                self._find_new()
                self._look(self._names)
                due |= {path: name for path, name in self._names.items() if not name.is_idle}
                next_look_s = now_s + self._look_s(time.thread_time() - began_s)
                if self._gone:
                    yield self._let_go()
            if looks or now_s >= next_idle_s:
                next_idle_s = now_s + IDLE_S
                yield Idle(time.time())

    def _read_up(self) -> Generator[Chunk, None, dict[str, Followed]]:
        """What is there now, of every name, but not for ever: writers may be faster. Returns the names with more."""
        until_s = time.monotonic() + LAST_S
        due = dict(self._names)
        self._look(due)
        while due and time.monotonic() < until_s:
            due = yield from self._turn(due)
        return due

    def _turn(self, due: dict[str, Followed]) -> Generator[Chunk, None, dict[str, Followed]]:
        """What was added to the names that are due, each in its turn. Returns those whose turn comes next."""
        until_s = time.monotonic() + TURN_S
        waiting, more = dict(due), dict[str, Followed]()
        while waiting and time.monotonic() < until_s:
            name = waiting.pop(next(iter(waiting)))
            if name.asleep is not None:
                if not name.is_worth_waking():
                    continue
                name.wake(time.monotonic())
                name.look(time.monotonic())
            for chunk in name.pump(time.monotonic()):
                self._came_s = time.monotonic()
                yield chunk
            self._make_room(name)
            if name.has_more and self._oldest_first:
                return {name.name: name} | waiting
            if name.has_more:
                more[name.name] = name
        return waiting | more

    def _look_s(self, cost_s: float) -> float:
        """How long to wait for the next look, which costs as much as this one did."""
        if not self.polls:
            return max(LOOK_S, min(LEISURE * cost_s, LONGEST_LOOK_S))
        awake = time.monotonic() - self._came_s < MOMENT_S
        return max(POLL_S, min((LEISURE_AWAKE if awake else LEISURE) * cost_s, LONGEST_LOOK_S))

    def _look(self, names: dict[str, Followed]) -> None:
        self._listings.look_anew()
        for name in names.values():
            if name.asleep is None:
                self._watches.directory(name.directory, name.name)
                name.look(time.monotonic())
                if name.name in self._found and name.is_gone(time.monotonic()):
                    self._gone.append(name.name)

    def _wait(self, wait_s: float) -> dict[str, Followed]:
        """The names for which something happened; returns at once when something does, or we are to stop."""
        happened = self._watches.wait(wait_s)
        if happened.lost:
            moved = due = dict(self._names)
        else:
            moved = {name: self._names[name] for name in happened.moved if name in self._names}
            due = {name: self._names[name] for name in happened.due if name in self._names}
        if moved:
            self._look(moved)
        return due

    def _let_go(self) -> Gone:
        """Follow the names no longer whose files are gone, and remember nothing of them."""
        gone, self._gone = list(dict.fromkeys(self._gone)), []
        for name in gone:
            del self._found[name]
            self._own_notes += self._names.pop(name).notes
        del self._own_notes[MOST_NOTES:]
        self._watches.forget(gone)
        self._listings.keep({name.directory for name in self._names.values()})
        return Gone(gone)

    # -- which names

    def _first_names(self) -> list[str]:
        """The names that are followed from the beginning, the longest unchanged first where that is wanted."""
        found = self._given.new((), at_once=True)
        names = _distinct([*self._given.plain, *found, *self._lost_names(found)])
        self._found = {name: None for name in names if name not in self._given.plain}
        return sorted(names, key=_changed_s) if self._oldest_first else names

    def _lost_names(self, found: list[str]) -> list[str]:
        """The names that patterns matched before a restart and do not now: their files were rotated or deleted."""
        known = {os.path.abspath(name) for name in (*self._given.plain, *found)}  # noqa: PTH100 - text in, text out
        names = (self._given.name_of(path) for path in self._places if path not in known)
        return [name for name in names if name is not None]

    def _find_new(self) -> None:
        """Files that match a pattern now and did not before: read from their beginnings, if they are new at all."""
        new = self._given.new(self._names)
        known: dict[Key, list[Followed]] = {}
        for name in self._names.values() if new else ():
            for key in name.keys:
                known.setdefault(key, []).append(name)
        for path in new:
            at = key_of(path)
            if at is not None and not any(name.has_file(at, path) for name in known.get(at, ())):
                self._found[path] = None
                self._add(path, None)
                known.setdefault(at, []).append(self._names[path])

    def _add(self, path: str, start: Start | None) -> None:
        """Follow one more name; `_fails` then says why that is impossible."""
        now_s = time.monotonic()
        name = self._names[path] = Followed(path, self._listings, self._watches.file, self._watches.done_with)
        self._watches.directory(name.directory, path)
        if is_silent(path if os.path.exists(path) else name.directory):  # noqa: PTH110
            self._watches.polls = True
        place = self._places.pop(os.path.abspath(path), None)  # noqa: PTH100 - text in, text out
        if place is not None:
            name.resume(place, now_s)
            start = None
        elif self._is_old(path):
            start = at_last_lines(0)
        self._fails = name.look(now_s, start) or ""
        self._make_room(name)

    def _is_old(self, path: str) -> bool:
        older_s = self._begin.ignore_older_s
        return older_s is not None and 0 < _changed_s(path) < time.time() - older_s

    def _note_patterns(self) -> None:
        for pattern in self._given.patterns:
            if not self._names:
                self._own_notes.append(f"{pattern}: nothing matches yet: waiting for it.")
        if self._given.skipped:
            self._own_notes.append(f"{len(self._given.skipped)} compressed files match, and are not followed.")

    def _make_room(self, latest: Followed) -> None:
        """Put names to sleep while there are more open than there are descriptors; the quiet ones first."""
        if len(self._names) <= self._most_open:
            return
        awake = [name for name in self._names.values() if name.files and name is not latest]
        excess = len(awake) + 1 - self._most_open
        for name in sorted(awake, key=lambda name: (name.has_more, name.grew_s))[: max(0, excess)]:
            name.sleep()


def _distinct(names: Iterable[str]) -> list[str]:
    """The names without those that lead to the same file, by links of any kind: it would be read twice."""
    first: dict[object, str] = {}
    for name in names:
        try:
            status = os.stat(name)  # noqa: PTH116 - text in, text out
        except OSError:
            first.setdefault(os.path.realpath(name), name)
        else:
            first.setdefault((status.st_dev, status.st_ino), name)
    return list(first.values())


def _changed_s(path: str) -> float:
    """Unix time of a file's last change, 0 where there is none."""
    try:
        return os.stat(path).st_mtime  # noqa: PTH116 - text in, text out
    except OSError:
        return 0.0


def _descriptors() -> int:
    """How many files may be open at once: as many as the system allows, once it was asked for more."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_OPEN if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN)
    if soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return max(8, min(soft, most) - SPARE_DESCRIPTORS)
