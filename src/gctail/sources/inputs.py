"""Finished inputs: a plain or compressed file, a pipe, standard input; as bytes of UTF-8 text.

`open_input(name)` says early, in one sentence, why something cannot be read; from then on nothing raises: what goes
wrong on the way ends the input and leaves a note.
"""

from __future__ import annotations

import io
import os
import select
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from gctail.errors import UnreadableInput
from gctail.parsing.text import Decoder
from gctail.sources.compressed import MAGIC_BYTES, Expanded, format_of
from gctail.sources.pipes import widen

CHUNK_BYTES = 1 << 18
HEAD_BYTES = 1 << 16
"""How much of the beginning is looked at before it is taken for a log."""

STDIN = "-"

MOST_CONTROLS = 0.3
"""Share of control bytes above which bytes without a newline are no text; colours bring a log to about 0.1."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x1b\f\b\a")) + b"\x7f"

_FOREIGN = (
    (b"\x7fELF", "an ELF program or core dump"),
    (b"MZ\x90", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or a Java class"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PK\x03\x04", "a zip archive (unzip -p ARCHIVE | gctail - reads what is in it)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\n\x04\x08\x01\x10\x02", "a profile in pprof's format (gctail postmortem LOG --profile FILE takes it)"),
    (b"go 1.", None),  # a Go execution trace: 16 bytes, "go 1.NN trace" and NULs
)
_TAR_MAGIC_AT = 257


class Chunk(Struct, frozen=True):
    """Bytes as they came: of which input, where in it, and a view that is good until the next chunk is asked for.

    `offset` counts the bytes of this origin that were handed over before, after decompression and transcoding.
    `after_cut_line` says that the line which the chunk before left unfinished does not go on here, or anywhere.
    """

    origin: str
    offset: int
    data: bytes | memoryview
    after_cut_line: bool = False


class _Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class _Descriptor:
    """An open file descriptor, read unbuffered: what is there comes at once."""

    def __init__(self, file: io.FileIO, broken: list[str]) -> None:
        self._file, self._broken = file, broken
        self.consumed_bytes = 0

    def readinto(self, buffer: memoryview) -> int:
        """At least one byte unless the input has ended; a read that fails ends it."""
        try:
            while (count := self._file.readinto(buffer)) is None:  # somebody made the pipe non-blocking
                select.select([self._file], [], [])
        except OSError as error:
            self._broken.append(f"reading failed at byte {self.consumed_bytes} ({error.strerror}).")
            return 0
        self.consumed_bytes += count
        return count


class _Peeked:
    """A source whose first bytes can be looked at before they are read."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self._head = b""

    def peek(self, least: int) -> bytes:
        """The first bytes: `least` of them or more, fewer only where the source ends before."""
        buffer = memoryview(bytearray(HEAD_BYTES))
        while len(self._head) < least and (count := self._source.readinto(buffer)):
            self._head += buffer[:count]
        return self._head

    def readinto(self, buffer: memoryview) -> int:
        """At least one byte unless the source has ended."""
        if not self._head:
            return self._source.readinto(buffer)
        count = min(len(buffer), len(self._head))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count


class _Raw(_Peeked):
    """The bytes of a file as a decompressor wants them."""

    def __init__(self, source: _Descriptor) -> None:
        super().__init__(source)
        self._descriptor = source

    @property
    def consumed_bytes(self) -> int:
        """How many were handed over."""
        return self._descriptor.consumed_bytes - len(self._head)

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes, at least one unless the file has ended."""
        buffer = memoryview(bytearray(limit))
        return bytes(buffer[: self.readinto(buffer)])


class Input:
    """An open input: `readinto` it until it returns 0.

    `origin` is its name (standard input is "stdin"); `size_bytes` and `consumed_bytes` count the file as it lies on the
    disk, for a progress bar, and `size_bytes` is None where nobody knows it; `compression` is the name of the format or
    None. `notes` fills with sentences about what was left out, `broken` with why it could not be read to its end; both
    are complete when the input has ended.
    """

    def __init__(self, file: io.FileIO, origin: str) -> None:
        """Take over an open file; raises UnreadableInput where it is empty or no text."""
        self.origin = origin
        self.notes: list[str] = []
        self.broken: list[str] = []
        self._file = file
        status = os.fstat(file.fileno())
        self.size_bytes = status.st_size if stat.S_ISREG(status.st_mode) else None
        if stat.S_ISFIFO(status.st_mode):
            widen(file.fileno(), CHUNK_BYTES)
        self._raw = _Raw(_Descriptor(file, self.broken))
        known = format_of(self._raw.peek(MAGIC_BYTES))
        self.compression = known.name if known else None
        self._text = _Peeked(Expanded(self._raw, origin, self.notes, self.broken)) if known else self._raw
        self._decoder = Decoder()
        self._carry = memoryview(b"")  # transcoded text that did not fit into the last buffer
        self._ended = False
        self._check(self._text.peek(1))

    @property
    def consumed_bytes(self) -> int:
        """How much of `size_bytes` has been read."""
        return self._raw.consumed_bytes

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill some of `buffer` with UTF-8, at least one byte unless the input has ended, without waiting for more."""
        view = memoryview(buffer)
        while not self._carry:
            if self._ended or not view:
                return 0
            count = self._text.readinto(view)
            self._ended = not count
            raw = view[:count]
            text = self._decoder.feed(raw) if count else self._decoder.flush()
            if text is raw:  # the usual case: UTF-8 stays where it was read to
                return count
            self._carry = memoryview(bytes(text))
        count = min(len(view), len(self._carry))
        view[:count] = self._carry[:count]
        self._carry = self._carry[count:]
        return count

    def plain_end(self, limit: int) -> bytes | None:
        """The last `limit` bytes of a file that is its text as it lies there; None where it has to be read for that."""
        head = self._text.peek(1)
        if self.size_bytes is None or self.compression or Decoder().feed(head) is not head:
            return None
        return os.pread(self._file.fileno(), limit, max(0, self.size_bytes - limit))

    def close(self) -> None:
        """Give the file back; standard input stays open."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _check(self, head: bytes) -> None:
        """Raise where there is nothing to read, or nothing that a log could be."""
        where = "standard input" if self._file.fileno() == 0 else self.origin
        if not head and self.broken:
            raise UnreadableInput(f"{where}: {self.broken[0]}")
        if not head:
            raise UnreadableInput(f"{where}: empty. Nothing was written to it; Go writes gctrace to standard error.")
        if what := _foreign(head):
            raise UnreadableInput(f"{where}: {what}, not a log. Name the file that the service's output went to.")


def _foreign(head: bytes) -> str | None:
    """What `head` begins, if that is certainly no log."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            if what:
                return what
            if head[5:16].strip(b"0123456789\0") == b" trace":
                return "a Go execution trace"
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "a tar archive (tar -xOf ARCHIVE | gctail - reads what is in it)"
    text = head.lstrip(b"\0")  # a hole that copytruncate left is no sign of anything
    controls = len(text) - len(text.translate(None, _CONTROLS))
    if controls > MOST_CONTROLS * len(text) and b"\n" not in text:
        return "binary data"
    return None


def open_input(name: str) -> Input:
    """The input called `name`, "-" being standard input; raises UnreadableInput with what is wrong and what to do."""
    if name == STDIN:
        try:
            return Input(io.FileIO(0, closefd=False), "stdin")
        except OSError as error:
            raise UnreadableInput("standard input is closed: give a file, or pipe a log into gctail -") from error
    try:
        file = io.FileIO(name)
    except OSError as error:
        raise UnreadableInput(_refusal(name, error)) from error
    try:
        return Input(file, name)
    except BaseException:
        file.close()
        raise


def _refusal(name: str, error: OSError) -> str:
    """Why `name` cannot be opened, and what to do."""
    match error:
        case FileNotFoundError():
            return f"{name}: no such file. Check the name; gctail -f waits for a file that is not there yet."
        case IsADirectoryError():
            return f"{name}: a directory. Name the log files in it, for example {name.rstrip('/')}/*.log"
        case PermissionError():
            return f"{name}: permission denied. Run gctail as a user who may read it; ls -l shows who may."
        case _:
            return f"{name}: cannot be opened: {error.strerror}."


def read_chunks(name: str, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The input called `name` as chunks in one buffer that is used again: who keeps one copies it."""
    buffer = memoryview(bytearray(chunk_bytes))
    offset = 0
    with open_input(name) as source:
        while count := source.readinto(buffer):
            yield Chunk(source.origin, offset, buffer[:count])
            offset += count


def last_bytes(name: str, limit: int) -> bytes:
    """The last `limit` bytes of a file's text; none of a pipe, which would be used up by looking.

    A plain file is read only there, any other has to be read as a whole. Raises UnreadableInput as `open_input` does.
    """
    if name == STDIN or stat.S_ISFIFO(_mode(name)):
        return b""
    with open_input(name) as source:
        if (end := source.plain_end(limit)) is not None:
            return end
        last, buffer = b"", memoryview(bytearray(CHUNK_BYTES))
        while count := source.readinto(buffer):
            last = (last + buffer[:count])[-limit:]
    return last


def _mode(name: str) -> int:
    try:
        return os.stat(name).st_mode  # noqa: PTH116 - pathlib is 10 ms of start-up
    except OSError as error:
        raise UnreadableInput(_refusal(name, error)) from error
