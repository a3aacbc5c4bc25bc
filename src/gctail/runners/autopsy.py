"""Reads everything that belongs to one death: the service's logs, the kernel's log, the cluster's events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from msgspec.structs import replace

from gctail import __version__
from gctail.engine import Engine, counts
from gctail.errors import UnreadableInput
from gctail.golang.profiles import HeapProfile, Malformed, read_profile
from gctail.golang.source import Sources
from gctail.parsing.times import find_time
from gctail.postmortem.certificate import Case
from gctail.postmortem.events import is_events, read_events
from gctail.postmortem.keyed import Looked, with_keys
from gctail.postmortem.proofs import proven
from gctail.postmortem.witness import Witness
from gctail.postmortem.writing import write
from gctail.records import Death, Passage, Sighting
from gctail.runners.go_source import go_source
from gctail.runners.local import Reading
from gctail.runners.microscope import look_again, looks
from gctail.runners.places import Places
from gctail.runners.surroundings import with_surroundings
from gctail.sources import open_input
from gctail.whose.identity import identity

HEAD_BYTES, SPOKEN_BYTES = 1 << 16, 1 << 13
MOST_EVENTS_BYTES = MOST_PROFILE_BYTES = 64 << 20
TRACE_POINTS = 256
_KERNEL = re.compile(
    rb"(?:<\d{1,3}>)?\[ *\d{1,9}\.\d{6}\] |\[[^\]\n\d][^\]\n]{12,36}\] "
    rb"|.{0,80}\bkernel: |.{0,100}oom-kill|.{0,80}Out of memory"
)
_PRETTY = re.compile(rb"\s*\{\s*\n\s*\"")
_OLDER = re.compile(r"prev|previous|before|old(?:er)?|last|healthy|good|\.\d{1,3}(?:\.|$)", re.IGNORECASE)


class Autopsy:
    """One reading of everything. `progress` is told the input and the bytes of it that have been read."""

    def __init__(
        self,
        reading: Reading,
        engine: Engine,
        progress: Callable[[str, int], None] = lambda _origin, _bytes: None,
        places: Places | None = None,
    ) -> None:
        self.reading, self.engine, self.progress = reading, engine, progress
        engine.trace_points = TRACE_POINTS
        self.witness = Witness()
        self.places = places or Places()
        self.torn: dict[str, str] = {}
        self.limits: list[Any] = []
        self.profiles: list[tuple[str, HeapProfile]] = []
        self.sources: Sources | None = None
        self.looked: list[Looked] = []
        """The keys of the suspects, where the log was read again for them."""
        self._logs: list[tuple[str, str | None]] = []
        self._refused: list[str] = []

    def logs(self, paths: list[str]) -> None:
        """Read the logs: the first is the one in question; others are older logs of it, or other services'.

        Raises `UnreadableInput` where none can be read.
        """
        heads = {path: self._head(path) for path in paths}
        self.reading.notes += self.places.notes
        self.reading.failed += self.places.broken
        kernel = [path for path in paths[1:] if looks_like_kernel(heads[path])]
        events = [path for path in paths[1:] if is_events(heads[path])]
        logs = [path for path in paths if path not in kernel and path not in events]
        name = self._names(logs, heads)
        for path in sorted(logs, key=lambda each: (_first_time(heads[each]), -logs.index(each))):
            self._quietly(path, lambda each: self._log(each, name.get(each)))
        for path in kernel:
            self.kernel(path)
        for path in events:
            self.events(path)
        if len(self._refused) == len(paths):
            raise UnreadableInput("\ngctail: ".join(self._refused))

    def kernel(self, path: str) -> None:
        """Read a kernel's log (dmesg, dmesg -T, journalctl -k in any output format): only its kills count."""
        if _PRETTY.match(self._head(path)):
            self.reading.notes.append(
                f"{path}: its objects run over many lines: use journalctl -o json, not json-pretty"
            )
        self._quietly(path, self._kernel)

    def events(self, path: str) -> None:
        """Read what kubectl says: events or pods as JSON, or its tables and descriptions as text."""
        head = self._head(path)
        if not is_events(head):
            self._quietly(path, self._kernel)
            return
        data = self.places.whole(path, MOST_EVENTS_BYTES)
        found = read_events(data, path)
        self.witness.reports.extend(found.reports)
        self.limits += found.limits
        self.reading.notes += [f"{path}: {note}" for note in found.notes]

    def profile(self, path: str) -> None:
        """Read a heap profile. Raises `UnreadableInput` where it is none."""
        try:
            self.profiles.append((path, read_profile(self.places.raw(path, MOST_PROFILE_BYTES))))
        except Malformed as error:
            raise UnreadableInput(f"{path}: cannot be read as a heap profile: {error}") from error

    def source(self, folder: str) -> None:
        """Read the Go source of the program. Raises `UnreadableInput` where there is none."""
        self.sources, notes = go_source(folder)
        self.reading.notes += notes

    def case(self, *, limit_is_given: bool = True) -> Case:
        """The certificates of all that was read; without `limit_is_given` the limit came from these very reports."""
        made = {"torn": self.torn, "made_by": f"gctail {__version__}", "limit_is_given": limit_is_given}
        facts = {**self.reading.facts(), **counts(self.engine), **made}
        case = write(self.engine, self.witness, self.places.find, facts)
        try:
            self.looked = look_again(looks(case.certificates, self.witness.streams), self._again)
        except UnreadableInput as error:
            notes = [*case.input.get("notes", ()), f"not read again for the keys of the suspects: {error}"]
            case = replace(case, input={**case.input, "notes": notes})
        case = with_surroundings(with_keys(case, self.looked), self.places.read, self._wrapper_of)
        return proven(case, self.profiles, self.sources)

    def _wrapper_of(self, service: str) -> str | None:
        stream = self.witness.streams.get(service)
        return stream.head_wrapper if stream is not None else None

    # -- reading

    def _quietly(self, path: str, read: Callable[[str], None]) -> None:
        try:
            read(path)
        except UnreadableInput as error:
            self._refused.append(str(error))
            self.reading.failed.append(str(error))

    def _head(self, path: str) -> bytes:
        try:
            return self.places.read(path, 0, HEAD_BYTES)
        except UnreadableInput:
            return b""

    def _again(self) -> Iterator[list[Sighting | Passage]]:
        """All logs once more, as they were read."""
        for path, name in self._logs:
            first = self.reading
            again = Reading(service=name or first.service, wrapper=first.wrapper, lexicon=first.lexicon)
            scanner = again.scanner(path)
            with closing(open_input(self.places.path(path))) as source:
                while count := source.readinto(scanner.space()):
                    scanner.filled(count)
                    yield scanner.take()
                scanner.flush()
                yield scanner.take()

    def _log(self, path: str, name: str | None) -> None:
        self._logs.append((path, name))
        engine, witness = self.engine, self.witness

        def take(events: list[Sighting | Passage]) -> None:
            for event in events:
                witness.read(event)
                seen = engine.observe(event)
                if seen is not None:
                    witness.see(seen)

        end = self._each(path, name, take)
        torn = _torn(end)
        if torn is not None:
            self.torn[path] = torn

    def _kernel(self, path: str) -> None:
        def take(events: list[Sighting | Passage]) -> None:
            for event in events:
                if isinstance(event, Sighting) and isinstance(event.record, Death) and event.record.source != "go":
                    self.witness.reports.append(event)

        self._each(path, "kernel", take)

    def _each(self, path: str, name: str | None, take: Callable[[list[Sighting | Passage]], None]) -> bytes:
        """Read one input to its end; its last bytes."""
        source = open_input(self.places.path(path))
        before, self.reading.service = self.reading.service, name or self.reading.service
        scanner = self.reading.scanner(path)
        self.reading.service = before
        end, read = b"", 0
        try:
            while count := source.readinto(space := scanner.space()):
                end = bytes(space[max(0, count - 4096) : count])
                read += count
                scanner.filled(count)
                take(scanner.take())
                self.progress(path, source.consumed_bytes)
            scanner.flush()
            take(scanner.take())
        finally:
            self.reading.notes += [f"{path}: {note}" for note in (*source.notes, *scanner.notes)]
            self.reading.failed += [f"{path}: {why}" for why in source.broken]
            if source.broken:
                self.torn[path] = "in the middle, for it could not be read to its end"
            source.close()
        return end

    # -- what belongs together

    def _names(self, logs: list[str], heads: dict[str, bytes]) -> dict[str, str]:
        """Older logs are read under the name of the first, unless they say that they are another service's."""
        if self.reading.service is not None or len(logs) < 2:
            return {}
        from gctail.runners.local import service_name

        first = service_name(logs[0])
        mine = set(identity("", heads[logs[0]][:SPOKEN_BYTES]).own)
        same = {}
        for path in logs[1:]:
            theirs = set(identity("", heads[path][:SPOKEN_BYTES]).own)
            older = service_name(path) == first or _OLDER.search(path.rsplit("/", 1)[-1]) is not None
            if (mine & theirs) or (older and not (mine and theirs)) or not (mine or theirs):
                same[path] = first
        return same


def looks_like_kernel(head: bytes) -> bool:
    """Most of its first lines are the kernel's."""
    lines = [line for line in head.split(b"\n")[:20] if line.strip()]
    return bool(lines) and sum(_KERNEL.match(line) is not None for line in lines) * 2 > len(lines)


def _first_time(head: bytes) -> float:
    for line in head.split(b"\n")[:200]:
        found = find_time(line[:4096])
        if found is not None:
            return found[0]
    return 0.0


def _torn(end: bytes) -> str | None:
    """How the last bytes show that the log was cut; None where they do not.

    A service writes a line in one piece, so half a line of it was cut off by whoever copied the log. Half a line of the
    runtime proves nothing: it is written in forty pieces, and a kill may come between two of them.
    """
    if not end or end.endswith(b"\n"):
        return None
    line = end[end.rfind(b"\n") + 1 :].strip()
    if line.startswith((b"gc ", b"scav", b"pacer:", b"SCHED", b"goroutine ", b"\t")) or b" gc " in line[:200]:
        return None
    if line.startswith(b"{") and not line.endswith(b"}"):
        return "in the middle of a line"
    return "in the middle of a line" if line.count(b'"') % 2 else None
