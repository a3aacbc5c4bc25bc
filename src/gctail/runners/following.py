"""Follows files for ever, each through a scanner of its own; knows where to go on after a restart.

A position is a place in the files together with what the scanner knew there. It is taken at the end of a line, and only
while nothing is open: neither a torn line nor a report.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec.structs import replace

from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.records import Finding, Passage, Sighting
from gctail.runners.local import Reading
from gctail.sources.beside import signatures
from gctail.sources.follow import Follower, Gone, Idle
from gctail.sources.mark import Place

if TYPE_CHECKING:
    from gctail.store.recorder import Recorder

QUIET_S = 2.0
"""After so long without a byte, what is open in a file (a torn line, a crash report) is taken as it is."""
LAST_LINE_S = 10.0
"""After so long, a line without an end is taken as it is: its writer was killed."""
KEEP_S = 86400.0
"""How often the positions of files that nobody writes to are saved as well: the store forgets what is not."""
OPEN_S = 5.0
"""So long something may be open in a file before it is taken as it is, so that the place there can be saved: a kernel's
log in which one report follows the other would never have one."""
GARBAGE = (20_000, 20, 20)
"""How many new objects Python looks through for garbage, and how often older ones: with ten thousand services it would
look at a million objects again and again while they are met, a third of a second each time."""
VERSION = 2


class Listener(Protocol):
    """Who is told what was read and found, and whether anything else is to be done between two events."""

    def hear(self, events: Iterable[Sighting | Passage]) -> None:
        """Things that were read; their bytes are lent until this returns."""

    def found(self, findings: list[Finding]) -> None:
        """What time has brought."""

    def turn(self) -> None:
        """Between two events."""


class Saving(Protocol):
    """Whoever saves positions while files are read."""

    origin: str

    def tend(self, now_s: float, *, idle: bool = False) -> None:
        """A little work on it, if it is time."""

    def take_last(self) -> None:
        """Save all now."""

    def forget(self, origins: Iterable[str], services: Iterable[str]) -> None:
        """Keep nothing of these any more."""


class Following:
    """A follower, its scanners, and what becomes of its bytes. `saving` asks it for positions, by absolute path."""

    def __init__(
        self, follower: Follower, reading: Reading, engine: Engine, listener: Listener, known: Mapping[str, Any]
    ) -> None:
        """`known` are positions that were saved, as `position` gave them."""
        self.follower, self.reading, self.engine, self.listener = follower, reading, engine, listener
        self.saving: Saving | None = None
        self.recorder: Recorder | None = None
        self._known = dict(known)
        self._paths: dict[str, str] = {}
        self._names: dict[str, str] = {}  # by absolute path, as they were given
        self._heard: dict[str, float] = {}  # names in which something may be open, and when their last bytes came
        self._moved: dict[str, None] = {}
        self._open_since_s: dict[str, float] = {}  # files without a place that can be saved
        self._all_moved_s = -KEEP_S
        self._excused: set[str] | None = None  # services whose logs were deleted, once somebody has asked
        engine.excused = self._is_excused

    def run(self) -> None:
        """Read until the follower is stopped, and then the lines that are not finished."""
        gc.set_threshold(*GARBAGE)
        for event in self.follower:
            self.listener.turn()
            if isinstance(event, Gone):
                self._forget(event.names)
            elif not isinstance(event, Idle):
                self._read(event.origin, event.data, cut=event.after_cut_line)
            elif event.stopping:
                self._stop()
            else:
                self._idle(event.now_s)
            if self.saving is not None:
                self.saving.tend(time.monotonic(), idle=isinstance(event, Idle))
        for name, scanner in self.reading.scanners.items():
            scanner.flush()
            self._hear(name, scanner)
        self.reading.notes += self.follower.notes

    def _read(self, name: str, data: bytes | memoryview, *, cut: bool) -> None:
        scanner = self._scanner(name)
        self._heard[name] = time.monotonic()
        self._moved[self._paths[name]] = None
        if self.recorder is not None:
            self.recorder.take(self._paths[name], scanner.service, data)
        if cut:
            scanner.end_line()
        scanner.feed(data)
        self._hear(name, scanner)

    def _idle(self, now_s: float) -> None:
        for name, heard_s in list(self._heard.items()):
            quiet_s = time.monotonic() - heard_s
            scanner = self.reading.scanners[name]
            scanner.pause()
            if quiet_s > LAST_LINE_S and scanner.unfinished_bytes:
                scanner.end_line()
                self._moved[self._paths[name]] = None
            if quiet_s > QUIET_S:
                scanner.rest()
                if not scanner.unfinished_bytes:
                    del self._heard[name]
            self._hear(name, scanner)
        self._says("")
        self._excused = None
        behind = {service for name in self.follower.behind for service in self._services_in(name)}
        self.listener.found(self.engine.advance(now_s, behind))

    # -- logs that are deleted

    def _forget(self, names: list[str]) -> None:
        """Their files were deleted, and are read to the end: so are the services that spoke in no other file."""
        for name in names:
            scanner = self._scanner(name)
            scanner.flush()
            self._hear(name, scanner)
        self._says("")
        services = sorted(self._only_in(set(names)))
        self.listener.found(self.engine.retire(services))
        paths = [self._path(name) for name in names]
        for name, path in zip(names, paths, strict=True):
            self.reading.forget(name)
            self._heard.pop(name, None)
            del self._paths[name], self._names[path]
            self._moved.pop(path, None)
            self._open_since_s.pop(path, None)
        if self.saving is not None:
            self.saving.forget(paths, services)

    def _only_in(self, names: set[str]) -> set[str]:
        """The services that speak in these files and in no others."""
        others = {service for name in {*self.follower.names} - names for service in self._services_in(name)}
        return {service for name in names for service in self._services_in(name)} - others

    def _services_in(self, name: str) -> set[str]:
        """Who speaks in a file, also where nothing was read of it since the start."""
        scanner = self.reading.scanners.get(name)
        if scanner is not None:
            return scanner.services
        known = self._known.get(self._path(name))
        return {service for service, *_ in known["scanner"]["streams"]} if known is not None else set()

    def _is_excused(self, service: str) -> bool:
        """Its log was deleted, as that of a pod that has ended is: no wonder that it says nothing."""
        if self._excused is None:
            self._excused = self._only_in({name for name in self.follower.names if self.follower.is_deleted(name)})
        return service in self._excused

    def _stop(self) -> None:
        """Save what is certain: what comes now are lines that nobody has finished, and they are read again."""
        if self.saving is not None:
            self.saving.take_last()
            self.saving = None
        left = self.follower.lag_bytes
        if left:
            self.reading.notes.append(f"stopped with {left:,} bytes still to be read")

    def _scanner(self, name: str) -> Scanner:
        scanner = self.reading.scanners.get(name)
        if scanner is None:
            scanner = self.reading.scanner(name)
            known = self._known.pop(self._path(name), None)
            if known is not None:
                scanner.resume(known["scanner"])
        return scanner

    def _hear(self, name: str, scanner: Scanner) -> None:
        self._says(self._paths[name])
        self.listener.hear(scanner.take())
        scanner.release()

    def _says(self, path: str) -> None:
        if self.saving is not None:
            self.saving.origin = path

    def _path(self, name: str) -> str:
        path = self._paths.get(name)
        if path is None:
            path = self._paths[name] = os.path.abspath(name)  # noqa: PTH100 - text in, text out
            self._names[path] = name
        return path

    # -- positions

    def moved(self) -> list[str]:
        """The files that were read since this was last asked; all of them at first, and once a day."""
        now_s = time.monotonic()
        if now_s - self._all_moved_s >= KEEP_S:
            self._all_moved_s = now_s
            for name in self.follower.names:
                path = self._path(name)
                if path in self._known or name in self.reading.scanners:
                    self._moved[path] = None
        moved, self._moved = list(self._moved), {}
        return moved

    def position(self, path: str) -> Any:  # noqa: ANN401 - plain data
        """Where reading goes on; None while something is open there. What is complete is handed on first."""
        known = self._known.get(path)
        if known is not None:
            return known
        name = self._names[path]
        scanner = self.reading.scanners[name]
        scanner.pause()
        self._hear(name, scanner)
        if not self._is_closed(path, scanner):
            return None
        state = scanner.state()
        place = self.follower.place(name, unfinished=scanner.unfinished_bytes > 0)
        place = replace(place, delivered_bytes=state["offset"])
        return {"version": VERSION, "place": msgspec.to_builtins(place, builtin_types=(bytes,)), "scanner": state}

    def _is_closed(self, path: str, scanner: Scanner) -> bool:
        """Nothing is open in the file; what was open for too long is closed."""
        if scanner.open() == set():
            self._open_since_s.pop(path, None)
            return True
        now_s = time.monotonic()
        if now_s - self._open_since_s.setdefault(path, now_s) < OPEN_S:
            return False
        del self._open_since_s[path]
        scanner.rest()
        self._hear(self._names[path], scanner)
        return scanner.open() == set()


def places(known: Mapping[str, Any]) -> dict[str, Place]:
    """The places of positions that were saved, by absolute path, for a follower to begin at."""
    return {path: msgspec.convert(position["place"], Place) for path, position in known.items()}


def usable(positions: Mapping[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """The positions that this gctail understands, as it writes them itself; the others are named."""
    found = {}
    for path, position in positions.items():
        try:
            position = _brought_up(path, position)  # noqa: PLW2901 - the same one
            msgspec.convert(position["place"], Place)
        except (KeyError, TypeError, ValueError):
            position = {}  # noqa: PLW2901 - as good as none
        if position.get("version") == VERSION and isinstance(position.get("scanner"), dict):
            found[path] = position
        else:
            say(f"{path}: how far it was read is not understood, and it is begun like a new one")
    return found


def _brought_up(path: str, position: dict[str, Any]) -> dict[str, Any]:
    """A position of an older gctail as one of this. Version 1 did not know the sizes of the rotated files."""
    if position["version"] != 1:
        return position
    directory, place = os.path.dirname(path), position["place"]  # noqa: PTH120 - text in, text out
    known = {(inode, changed_ns) for inode, changed_ns in place["seen"]}
    entries = os.listdir(directory) if os.path.isdir(directory) else []  # noqa: PTH112, PTH208
    seen = [signature for signature in signatures(directory, entries) if signature[:2] in known]
    return {**position, "version": VERSION, "place": {**place, "seen": seen}}
