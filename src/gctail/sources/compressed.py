"""Compressed logs become plain bytes: gzip, zstd, xz and bzip2, recognised by their first bytes, never by a name.

All four may hold several members one after another (logrotate, `cat a.gz b.gz`, pzstd, xz -T): they are read as one.
Damage ends the input and leaves a note; whatever came out before it has been handed over. Memory is bounded: a small
file that expands to gigabytes is read in pieces.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gctail.errors import UnreadableInput

READ_BYTES = 1 << 16
"""How much compressed data is read at once; 64 KiB to 1 MiB are equally fast."""

XZ_MEMORY_BYTES = 1 << 28
"""The largest dictionary that an .xz may ask for: `xz -9` asks for 65 MiB, a hostile header for 4 GiB."""


class Raw(Protocol):
    """Where compressed bytes are read from."""

    @property
    def consumed_bytes(self) -> int:
        """How many were handed over."""

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes, at least one unless the input has ended; does not wait for more than there is."""


class Member(Protocol):
    """One compressed stream, in the standard library's words (`bz2.BZ2Decompressor` is one as it stands)."""

    @property
    def eof(self) -> bool:
        """Whether the stream's own end has been read."""

    @property
    def needs_input(self) -> bool:
        """Whether `decompress` can give nothing more without more data."""

    @property
    def unused_data(self) -> bytes:
        """What was fed beyond the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """What `data` adds, about `max_length` bytes of it; the rest comes with the next calls."""


class Format(NamedTuple):
    """A way to compress: how it begins, how to read it, and in pieces of which size.

    What a failing call had already decoded is lost, so the pieces are small where the decoder cannot go back.
    """

    name: str
    magic: tuple[bytes, ...]
    member: Callable[[], Member]
    piece_bytes: int
    check: str


class DamagedError(Exception):
    """The compressed data makes no sense from here on; `before` is what the failing call decoded until then."""

    def __init__(self, reason: str, before: bytes = b"") -> None:
        super().__init__(reason)
        self.before = before


class Deflate:
    """A gzip member. Of the four this decoder alone can be copied, so nothing before the damage is lost."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)  # 16 for the gzip header, 15 for the largest window
        self._rest = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether length and checksum at the member's end were read, and were right."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` bytes of text."""
        data = self._rest + data
        before = self._inner.copy()
        try:
            text = self._inner.decompress(data, max_length)
        except zlib.error as error:
            raise DamagedError(str(error), _until_damage(before, data)) from error
        self._rest = self._inner.unconsumed_tail
        self.needs_input = len(text) < max_length
        return text


def _until_damage(decoder: zlib._Decompress, data: bytes) -> bytes:
    """What `data` gives byte by byte before it makes no sense any more."""
    text = bytearray()
    try:
        for at in range(len(data)):
            text += decoder.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(text)


class Zstd:
    """A zstd frame, fed to the decoder block by block: RFC 8878, section 3.1.1.

    The blocks are walked here because zstandard's decoder knows no limit for what it returns, forgets what it had
    decoded when a later block is damaged, and its reader takes an incomplete frame for the end. A block is at most
    128 KiB of text.
    """

    def __init__(self) -> None:
        self._inner, self._error = _zstd_decoder()
        self._data = bytearray()
        self._part: Callable[[], int | None] = (
            self._header
        )  # what comes next: tells how long it is, as far as that can be told
        self._last = self._checksum = False
        self._skip = 0
        self.eof = False
        self.needs_input = True

    @property
    def unused_data(self) -> bytes:
        """What follows the frame."""
        return bytes(self._data) if self.eof else b""

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 - a block is the smallest piece
        """The text of the next block that is there completely."""
        self._data += data
        if self._skip:
            return self._skipped()
        size = self._part()
        if self._skip:
            return self._skipped()
        self.needs_input = size is None or len(self._data) < size
        if self.needs_input or size is None:
            return b""
        part = bytes(self._data[:size])
        del self._data[:size]
        self._advance()
        self.needs_input = not self._data
        try:
            return self._inner.decompress(part)
        except self._error as error:
            raise DamagedError(str(error)) from error

    def _header(self) -> int | None:
        if len(self._data) < 8:  # the shortest frame (empty, with one block) has 9
            return None
        if self._data[1:4] == b"\x2a\x4d\x18" and self._data[0] >> 4 == 5:
            self._skip = 8 + int.from_bytes(self._data[4:8], "little")
            return None
        flags = self._data[4]
        single = flags >> 5 & 1
        window, dictionary, content = 1 - single, (0, 1, 2, 4)[flags & 3], (single, 2, 4, 8)[flags >> 6]
        self._checksum = bool(flags & 4)
        return 5 + window + dictionary + content

    def _block(self) -> int | None:
        if len(self._data) < 3:
            return None
        head = int.from_bytes(self._data[:3], "little")
        self._last = bool(head & 1)
        repeated = head >> 1 & 3 == 1
        return 3 + (1 if repeated else head >> 3)

    def _end(self) -> int:
        return 4

    def _advance(self) -> None:
        """What follows the part that was just taken."""
        if self._part == self._end or (self._last and not self._checksum):
            self.eof = True
        else:
            self._part = self._end if self._last else self._block

    def _skipped(self) -> bytes:
        """A skippable frame (pzstd writes one before each): dropped without being kept."""
        dropped = min(self._skip, len(self._data))
        del self._data[:dropped]
        self._skip -= dropped
        self.eof = not self._skip
        self.needs_input = not self.eof
        return b""


class _Decoder(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


def _zstd_decoder() -> tuple[_Decoder, type[Exception]]:
    """Python's own zstd (3.14), or the zstandard package."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdDecompressor(), zstd.ZstdError
    try:
        import zstandard
    except ImportError as error:
        raise UnreadableInput("zstd needs a package that is not installed: pip install 'gctail[zstd]'") from error
    return zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError


class Stream:
    """A bzip2 or xz stream: the standard library's decoder, with its errors made ours."""

    def __init__(self, inner: Member, *errors: type[Exception]) -> None:
        self._inner, self._errors = inner, errors

    @property
    def eof(self) -> bool:
        """Whether the stream's own end has been read."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more data."""
        return self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        """What follows the stream."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` bytes of text."""
        try:
            return self._inner.decompress(data, max_length)
        except self._errors as error:
            raise DamagedError(str(error) or type(error).__name__) from error


def _xz() -> Member:
    import lzma

    return Stream(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES), lzma.LZMAError, MemoryError)


def _bzip2() -> Member:
    import bz2

    return Stream(bz2.BZ2Decompressor(), OSError, ValueError)


_SKIPPABLE = tuple(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))
_BZIP2 = tuple(b"BZh%d" % level + mark for level in range(1, 10) for mark in (b"1AY", b"\x17rE"))  # a block, or none
FORMATS = (
    Format("gzip", (b"\x1f\x8b\x08",), Deflate, 1 << 16, "gzip -t"),
    Format("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), Zstd, 1 << 17, "zstd -t"),
    Format("xz", (b"\xfd7zXZ\x00",), _xz, 1 << 12, "xz -t"),
    Format("bzip2", _BZIP2, _bzip2, 1 << 12, "bzip2 -t"),
)

MAGIC_BYTES = max(len(magic) for known in FORMATS for magic in known.magic)


def format_of(head: bytes) -> Format | None:
    """How the bytes that begin with `head` are compressed; None where they are not."""
    return next((known for known in FORMATS if head.startswith(known.magic)), None)


class Expanded:
    """The text of a compressed input."""

    def __init__(self, raw: Raw, origin: str, notes: list[str], broken: list[str]) -> None:
        """`raw` begins with the magic of one of the formats.

        `notes` takes what is to be said about bytes that are no text of it, `broken` why it does not come to its end.
        """
        self._raw, self._origin, self._notes, self._broken = raw, origin, notes, broken
        self._pending = raw.read(MAGIC_BYTES)
        known = format_of(self._pending)
        if known is None:
            raise UnreadableInput(f"{origin}: not compressed in any way that gctail knows")
        self._text = memoryview(b"")
        self._text_bytes = 0
        self._ended = False
        self._begin(known)

    def _begin(self, known: Format) -> None:
        self.format = known
        try:
            self._member = known.member()
        except UnreadableInput as error:
            raise UnreadableInput(f"{self._origin}: {error}") from error

    def readinto(self, buffer: memoryview) -> int:
        """Fill some of `buffer`, at least one byte unless the text has ended; how many bytes."""
        while not self._text:
            if self._ended:
                return 0
            self._text = memoryview(self._next())
            self._text_bytes += len(self._text)
        count = min(len(buffer), len(self._text))
        buffer[:count] = self._text[:count]
        self._text = self._text[count:]
        return count

    def _next(self) -> bytes:
        if self._member.eof:
            self._next_member()
            return b""
        data = b""
        if self._member.needs_input and not (data := self._more()):
            self._end(f"the {self.format.name} data stops in the middle", "the file is incomplete")
            return b""
        try:
            return self._member.decompress(data, self.format.piece_bytes)
        except DamagedError as damage:
            self._text_bytes += len(damage.before)
            self._end(f"the {self.format.name} data is damaged near byte {self._at} ({damage})", "the rest is lost")
            self._text_bytes -= len(damage.before)
            return damage.before

    @property
    def _at(self) -> int:
        """About where in the compressed bytes we are."""
        return self._raw.consumed_bytes - len(self._pending)

    def _more(self) -> bytes:
        data, self._pending = self._pending, b""
        return data or self._raw.read(READ_BYTES)

    def _end(self, what: str, so: str) -> None:
        self._ended = True
        check = f"{self.format.check} tells more"
        self._broken.append(f"{what}: {self._text_bytes} bytes of text were read, {so}. {check}.")

    def _next_member(self) -> None:
        """Begin the member that follows, past the zeros that tar, tapes and xz put between; or end."""
        rest = self._member.unused_data + self._pending
        while len(rest := rest.lstrip(b"\0")) < MAGIC_BYTES and (more := self._raw.read(READ_BYTES)):
            rest += more
        known = format_of(rest)
        self._pending = rest
        if known is None:
            self._ended = True
            if rest:
                self._notes.append(
                    f"what follows the {self.format.name} data from byte {self._at} on is not compressed: left unread."
                )
            return
        self._begin(known)
