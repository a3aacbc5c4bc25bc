"""Reads files on this machine, to their ends or for ever, and hands on what they hold."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from gctail.errors import UnreadableInput
from gctail.parsing.burst import Found, one_by_one
from gctail.parsing.json_text import sane
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.scanner import Scanner
from gctail.parsing.text import odd_share
from gctail.parsing.window import Room
from gctail.records import Passage, Sighting
from gctail.sources import Opened, open_input

POD = re.compile(r"/pods/[^/_]+_(?P<pod>[^/_]+)_[^/]+/(?P<container>[^/]+)/\d+\.log")
CONTAINER = re.compile(r"/containers/(?P<pod>[^/_]+)_[^/_]+_(?P<container>[^/]+)-[0-9a-f]{64}\.log")
DOCKER = re.compile(r"/containers/(?P<id>[0-9a-f]{12})[0-9a-f]{52}/")
ENDING = re.compile(
    r"(?:\.(?:log|txt|jsonl?|out|err|stderr|stdout))?(?:[-.]\d{8}(?:[-T_]?\d{4,6})?|(?<=\.log)\.\d{1,3}|(?<=\.out)\.\d{1,3})?"
    r"(?:\.(?:gz|zst|xz|bz2|zip))?$"
)
"""service.log.1.gz, service-20261123.log, service.log-20261123.gz: what a file's name says beside the service's."""


LOOKED_AT_BYTES = 4096
ODD = 0.03
"""Of bytes by chance 9 % are control characters that stand in no text; of a program's or an image's 5 % and more."""

SOURCE = "source:"
"""Before the name of a source that the configuration describes, where a file could be named as well."""


def service_name(path: str) -> str:
    """What to call the service of a log that does not say: by the file's name, or the pod and container in its path."""
    return str(sane(_name(path)))  # as text, also where the name of the file is none


def _name(path: str) -> str:
    if path == "-":
        return "stdin"
    if path.startswith(SOURCE):
        return path.removeprefix(SOURCE)
    if path.startswith(("/dev/fd/", "/proc/self/fd/")):
        return "pipe"
    found = POD.search(path) or CONTAINER.search(path)
    if found is not None:
        return f"{found['pod']}/{found['container']}"
    found = DOCKER.search(path)
    if found is not None:
        return found["id"]
    name = PurePath(path).name
    return ENDING.sub("", ENDING.sub("", name)) or name


def year_of(path: str) -> int:
    """The year of a log, which syslog and klog leave out: that of its last change."""
    try:
        return time.gmtime(os.stat(path).st_mtime).tm_year  # noqa: PTH116  (a path that may be "-")
    except OSError:
        return time.gmtime().tm_year


class Reading:
    """What is being read, and how much of it was: the facts about the input in every report.

    Scanners share a `room` where one is given, and then give it back with `release` after each piece.
    """

    def __init__(
        self,
        *,
        service: str | None = None,
        wrapper: str | None = None,
        every_line: bool = False,
        room: Room | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.service, self.wrapper, self.every_line, self.room = service, wrapper, every_line, room
        self.scanners: dict[str, Scanner] = {}
        self.notes: list[str] = []
        self.failed: list[str] = []
        """What could not be read, or not to its end, and why."""
        self._over = [0, 0]
        self.years: dict[str, int] = {}
        """Of inputs whose lines tell no year, where it is known from elsewhere."""
        self.open: Callable[[str], Opened] = open_input

    def scanner(self, origin: str) -> Scanner:
        """The scanner of one input, made when it is first met."""
        scanner = self.scanners.get(origin)
        if scanner is None:
            name = self.service or service_name(origin)
            year = self.years.get(origin) or year_of(origin)
            scanner = self.scanners[origin] = Scanner(
                origin,
                name,
                wrapper=self.wrapper,
                year=year,
                every_line=self.every_line,
                room=self.room,
                lexicon=self.lexicon,
            )
        return scanner

    def forget(self, origin: str) -> None:
        """This input is over; its bytes and lines still count."""
        scanner = self.scanners.pop(origin, None)
        if scanner is not None:
            self._over = [self._over[0] + scanner.bytes_read, self._over[1] + scanner.lines_read]

    def files(self, paths: list[str]) -> Iterator[list[Sighting | Passage]]:
        """What the files hold, one after the other; one that cannot be read is named in `failed`, the others are read.

        So is one that ends before its end, of which all counts that came.

        Raises `UnreadableInput` where none of them can be read.
        """
        for found in self.bursts(paths):
            yield one_by_one(found)

    def bursts(self, paths: list[str]) -> Iterator[list[Found]]:
        """The same, with collections that stand one under another left together."""
        refused = []
        for path in paths:
            try:
                yield from self._file(path)
            except UnreadableInput as error:
                refused.append(str(error))
                self.failed.append(str(error))
        if refused and len(refused) == len(paths):
            raise UnreadableInput("\ngctail: ".join(refused))

    def _file(self, path: str) -> Iterator[list[Found]]:
        source, scanner = self.open(path), self.scanner(path)
        try:
            while count := source.readinto(space := scanner.space()):
                if not scanner.bytes_read:
                    self._look_at(path, bytes(space[: min(count, LOOKED_AT_BYTES)]))
                scanner.filled(count)
                yield scanner.take_bursts()
            scanner.flush()
            yield scanner.take_bursts()
        finally:
            self.notes += [f"{path}: {note}" for note in (*source.notes, *scanner.notes)]
            self.failed += [f"{path}: {why}" for why in source.broken]
            source.close()

    def _look_at(self, path: str, head: bytes) -> None:
        """Say of what begins like no log that it does; it is read all the same."""
        if odd_share(head) > ODD:
            said = "this does not look like a log: its first bytes are no text"
            self.notes.append(f"{path}: {said}. Packed files are read as gzip, zstd, xz, bzip2")

    def facts(self) -> dict[str, Any]:
        """Bytes and lines read, and what is to be said about the input."""
        return {
            "files": list(self.scanners),
            "bytes": self._over[0] + sum(scanner.bytes_read for scanner in self.scanners.values()),
            "lines": self._over[1] + sum(scanner.lines_read for scanner in self.scanners.values()),
            "notes": [*self.notes, *self.failed],
        }
