"""A case to send to somebody: report, JSON, the part of the logs that matters, and who made it, in one archive.

    gctail-case/manifest.json   what is inside, and with which options it was read
    gctail-case/case.json       the certificates as plain data
    gctail-case/report.txt, report.md, report.html
    gctail-case/logs/0-service.log …

A log is put in whole where it is small. Of a large one there are its head, its end, what surrounds the moments of the
story, and every line of the runtime, so that it is judged alike elsewhere. An archive from elsewhere is not trusted:
only what its manifest names is read, only plain files, and no more bytes than are promised to be enough.
"""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import IO

import msgspec
from msgspec import Struct

from gctail.errors import UnreadableInput
from gctail.parsing.json_text import json_bytes
from gctail.postmortem.certificate import Case
from gctail.runners.local import year_of
from gctail.runners.places import Places
from gctail.sources import open_input

FOLDER = "gctail-case"
VERSION = 1
"""Of the archive: a reader takes every older one, and a newer one as far as it knows what is in it."""
WHOLE_BYTES = 32 << 20
HEAD_BYTES, TAIL_BYTES, AROUND_BYTES = 1 << 18, 4 << 20, 1 << 17
MOST_MEMBER_BYTES, MOST_MANIFEST_BYTES, MOST_FILES = 1 << 30, 64 << 20, 64
_RUNTIME = re.compile(
    rb"gc #?\d+ @|gc\d+\(\d+\)|GC forced|scav \d|scvg|fatal error|panic: |goroutine \d+ \[|SIG[A-Z]{3,5}: |runtime: "
    rb"|Killed process|oom-kill|OOMKilled|exited with code|signal: |memory: usage|pacer: "
)

Redact = Callable[[bytes], bytes]


class Member(Struct, frozen=True):
    """One log in a bundle: its file there, what it was called here, and what it is: log, kernel or events."""

    file: str
    origin: str
    role: str
    whole: bool
    year: int | None = None
    """When it was written, for lines that tell no year."""


class Manifest(Struct, frozen=True):
    """What a bundle holds, who made it, and with which options."""

    version: int
    made_by: str
    members: tuple[Member, ...]
    limit: str | None = None
    service: str | None = None
    wrapper: str | None = None
    since: str | None = None
    until: str | None = None
    taught: dict[str, str] = {}
    """Files of wrappers and of deaths that it was read with, as texts."""


class Writer:
    """Writes a bundle. `redact` is asked about every piece of a log before it goes in."""

    def __init__(self, file: IO[bytes], places: Places, redact: Redact | None = None) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w:gz", compresslevel=6)  # noqa: SIM115  (closed by `close`)
        self._places, self._redact = places, redact
        self._members: list[Member] = []

    def log(self, origin: str, role: str, moments: list[int], shown: str) -> None:
        """Put one input in, whole or the part around these offsets; `shown` is what it is called in the bundle."""
        size = self._size(origin)
        whole = size <= WHOLE_BYTES
        name = re.sub(r"[^\w.-]", "_", PurePath(shown).name)[-80:] or "log"
        file = f"logs/{len(self._members)}-{name.removesuffix('.gz').removesuffix('.zst').removesuffix('.xz')}"
        with tempfile.TemporaryFile() as kept:
            pieces = self._pieces(origin) if whole else _relevant(self._pieces(origin), size, moments)
            for piece in _lines(pieces):
                kept.write(self._redact(piece) if self._redact else piece)
            self._add(file, kept, kept.tell())
        self._members.append(Member(file, shown, role, whole, year_of(origin)))

    def text(self, name: str, data: bytes) -> None:
        """Put a file of ours in."""
        self._add(name, io.BytesIO(data), len(data))

    def close(self, manifest: Manifest) -> None:
        """The manifest goes in last, when all is known."""
        whole = msgspec.structs.replace(manifest, members=tuple(self._members))
        self.text("manifest.json", json_bytes(msgspec.to_builtins(whole)))
        self._tar.close()

    def _add(self, name: str, data: IO[bytes], size: int) -> None:
        data.seek(0)
        member = tarfile.TarInfo(f"{FOLDER}/{name}")
        member.size, member.mode = size, 0o644
        self._tar.addfile(member, data)

    def _size(self, origin: str) -> int:
        return sum(len(piece) for piece in self._pieces(origin))

    def _pieces(self, origin: str) -> Iterator[bytes]:
        source = open_input(self._places.path(origin))
        buffer = bytearray(1 << 20)
        try:
            while count := source.readinto(buffer):
                yield bytes(memoryview(buffer)[:count])
        finally:
            source.close()


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at line ends where there are any within 4 MiB."""
    rest = b""
    for piece in pieces:
        rest += piece
        end = rest.rfind(b"\n") + 1
        if end or len(rest) > 4 << 20:
            yield rest[: end or len(rest)]
            rest = rest[end or len(rest) :]
    if rest:
        yield rest


def _relevant(pieces: Iterator[bytes], size: int, moments: list[int]) -> Iterator[bytes]:
    """Whole lines: in the head, near a moment, in the tail, and every line that may be the runtime's."""
    spans = [(0, HEAD_BYTES), (size - TAIL_BYTES, size)]
    spans += [(each - AROUND_BYTES, each + AROUND_BYTES) for each in moments]
    at = 0
    for block in _lines(pieces):
        begin, end = at, at + len(block)
        at = end
        if any(first <= begin and end <= last for first, last in spans):
            yield block
            continue
        near = any(first < end and begin < last for first, last in spans)
        place = begin
        for line in block.splitlines(keepends=True):
            if _RUNTIME.search(line) or (near and any(first <= place < last for first, last in spans)):
                yield line
            place += len(line)


def is_bundle(path: str) -> bool:
    """Whether a file begins as a bundle does."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (what is wrong with the path is told by who reads it)
            head = zlib.decompressobj(31).decompress(file.read(4096), 512)
    except (OSError, zlib.error):
        return False
    return head.startswith(f"{FOLDER}/".encode()) and head[257:262] == b"ustar"


class Opened:
    """A bundle that was read: its manifest, its case, and its logs in files without names."""

    def __init__(self, path: str) -> None:
        try:
            with tarfile.open(path, mode="r:*") as tar:
                self._read(tar)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UnreadableInput(f"{path}: cannot be read as a case: {error}") from error
        except (msgspec.DecodeError, KeyError) as error:
            raise UnreadableInput(f"{path}: is no case of gctail's, or was changed: {error}") from error

    def _read(self, tar: tarfile.TarFile) -> None:
        found: dict[str, tarfile.TarInfo] = {}
        for each in tar:
            if each.isreg() and each.name.startswith(f"{FOLDER}/") and len(found) < MOST_FILES:
                found[each.name.removeprefix(f"{FOLDER}/")] = each
        self.manifest = msgspec.json.decode(_bytes(tar, found["manifest.json"], MOST_MANIFEST_BYTES), type=Manifest)
        self.case = _case(_bytes(tar, found["case.json"], MOST_MANIFEST_BYTES))
        if self.case is None and not self.whole:
            raise KeyError("its certificate cannot be read by this version, and its logs are parts")
        self.places = Places()
        for member in self.manifest.members:
            kept = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the places are)
            source = tar.extractfile(found[member.file])
            left = MOST_MEMBER_BYTES
            while source is not None and left > 0 and (piece := source.read(min(1 << 20, left))):
                kept.write(piece)
                left -= len(piece)
            kept.flush()
            self.places.keep(member.origin, kept)

    def inputs(self, role: str) -> list[str]:
        """The inputs of this kind, by the names that they had."""
        return [member.origin for member in self.manifest.members if member.role == role]

    @property
    def whole(self) -> bool:
        """All logs are there from beginning to end."""
        return all(member.whole for member in self.manifest.members)


def _case(data: bytes) -> Case | None:
    """The case as it was written; None where another version of gctail wrote it so that this one cannot read it."""
    try:
        return msgspec.json.decode(data, type=Case)
    except msgspec.ValidationError:
        return None


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    source = tar.extractfile(member)
    data = source.read(most + 1) if source is not None else b""
    if len(data) > most:
        raise KeyError(f"{member.name} is larger than {most >> 20} MiB")
    return data
