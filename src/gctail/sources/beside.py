"""What lies beside a followed name and is called as its older files are, and what is known of it without reading it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from gctail.sources.mark import Key, is_compressed, opened, plain_copy

SECOND_NS = 10**9
NUMBERED = re.compile(r"\.(\d{1,4})(?:\.(?:gz|zst|xz|bz2))?\Z")
PACKED = re.compile(r"\.(?:gz|zst|xz|bz2)\Z")

Age = tuple[int, int]
"""By which older files come first: the time of change, and where two have the same, the number in their names."""
Signature = tuple[int, int, int]
"""How a file looked: inode, time of change in nanoseconds, size. With the same one it holds what it held."""
MISSED: Signature = (0, 0, 0)
"""That of a file that was renamed on while it was looked for."""


class Beside(Struct):
    """A file beside the name, open; `is_old` says that it was looked at before and nothing was wanted of it."""

    entry: str
    descriptor: int
    key: Key
    age: Age
    signature: Signature
    is_old: bool


class Surroundings:
    """The rotated files beside a name. `seen` are those of which nothing is wanted; `ours` may have more to read.

    `unsettled` are those of which nothing can be said yet, by name: compressed ones while they are written, and what
    was renamed on meanwhile.
    """

    def __init__(self, name: str, entries: Iterable[str], seen: Iterable[Signature], ours: set[Key]) -> None:
        self._name, self._directory = name, os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
        self._entries = set(entries)
        self._ours = ours
        self._seen = set(seen)
        inodes = {inode for _, inode in ours}
        self._times_ns = {changed_ns for inode, changed_ns, _ in self._seen if inode not in inodes}
        self.unsettled: dict[str, Signature] = {}
        self.seen: list[Signature] = []

    def files(self, known: set[Key], *, also_old: bool) -> list[Beside]:
        """The rotated files but the `known` ones, the oldest first; compressed ones as plain copies."""
        current, found = key_of(self._name), []
        for entry in sorted(self._entries):
            path = os.path.join(self._directory, entry)  # noqa: PTH118
            signature = signature_of(path)
            if not also_old and signature in self._seen and self._is_foreign(signature):
                self.seen.append(signature)
                continue
            beside = self._file(entry, path)
            if beside is None:
                continue
            if beside.key in known or (path != self._name and beside.key == current):
                os.close(beside.descriptor)
            else:
                found.append(beside)
        return sorted(found, key=lambda beside: beside.age)

    def _is_foreign(self, signature: Signature) -> bool:
        return all(inode != signature[0] for _, inode in self._ours)

    def _file(self, entry: str, path: str) -> Beside | None:
        descriptor = opened(path)
        if descriptor is None:
            self.unsettled[entry] = MISSED
            return None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            return None
        key, signature = (status.st_dev, status.st_ino), signature_from(status)
        is_old = signature in self._seen and key not in self._ours
        if PACKED.search(entry) or is_compressed(descriptor):
            os.close(descriptor)
            plain = self._plain(entry, path, signature, is_old=is_old)
            if plain is None:
                return None
            descriptor = plain
        return Beside(entry, descriptor, key, age(entry, status.st_mtime_ns), signature, is_old)

    def _plain(self, entry: str, path: str, signature: Signature, *, is_old: bool) -> int | None:
        """The text of a compressed file; None where it is not whole yet, or that of a file that was seen."""
        if PACKED.sub("", entry) in self._entries:  # whoever compresses removes the plain file when it is done
            self.unsettled[entry] = signature
            return None
        if is_old or is_of(signature[1], self._times_ns):
            self.seen.append(signature)
            return None
        plain = plain_copy(path)
        if plain is None:
            self.unsettled[entry] = signature
        return plain


def signatures(directory: str, entries: Iterable[str]) -> Iterator[Signature]:
    """How the files look; those that are gone by now have none."""
    for entry in entries:
        signature = signature_of(os.path.join(directory, entry))  # noqa: PTH118 - text in, text out
        if signature != MISSED:
            yield signature


def have_changed(directory: str, unsettled: Mapping[str, Signature]) -> bool:
    """Whether any of the files looks otherwise by now."""
    return any(signature_of(os.path.join(directory, entry)) != was for entry, was in unsettled.items())  # noqa: PTH118


def signature_of(path: str) -> Signature:
    """How the file looks; MISSED where there is none."""
    try:
        return signature_from(os.stat(path))  # noqa: PTH116 - text in, text out
    except OSError:
        return MISSED


def signature_from(status: os.stat_result) -> Signature:
    """How the file looks that has this status."""
    return status.st_ino, status.st_mtime_ns, status.st_size


def key_of(name: str) -> Key | None:
    """Which file the name leads to; what is called as a rotated file may be the same one (a link)."""
    try:
        status = os.stat(name)  # noqa: PTH116 - text in, text out
    except OSError:
        return None
    return status.st_dev, status.st_ino


def age(entry: str, changed_ns: int) -> Age:
    """The age of a rotated file: `app.log.2` was rotated away before `app.log.1`, whatever the clock's grain."""
    numbered = NUMBERED.search(entry)
    return changed_ns, -int(numbered[1]) if numbered is not None else 0


def is_of(changed_ns: int, times_ns: set[int]) -> bool:
    """Compressed since: gzip and the others keep the time of the plain file, some of them only its second."""
    if changed_ns % SECOND_NS:
        return changed_ns in times_ns
    return any(time_ns // SECOND_NS == changed_ns // SECOND_NS for time_ns in times_ns)
