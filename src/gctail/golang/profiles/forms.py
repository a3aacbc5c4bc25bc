"""Tells the forms of a heap profile apart, and unpacks what is packed, within bounds."""

from __future__ import annotations

import zlib

from gctail.golang.profiles.plain import read_plain
from gctail.golang.profiles.proto import read_proto
from gctail.golang.profiles.values import HeapProfile, Malformed

MOST_BYTES = 128 << 20
"""Of a profile that is unpacked; real ones have some hundred KiB."""
GZIP = b"\x1f\x8b"
TEXT = b"heap profile:"
OTHERS = {
    b"goroutine profile:": "a goroutine profile",
    b"goroutine ": "a goroutine dump",
    b"--- contention:": "a mutex profile",
    b"--- mutex:": "a mutex profile",
    b"--- threadcreate": "a thread profile",
    b"threadcreate profile:": "a thread profile",
    b"go 1.": "an execution trace",
    b"<": "a web page",
    b"{": "JSON",
    b"404": "an error of the web server",
    b"401": "an error of the web server",
    b"403": "an error of the web server",
    b"Unauthorized": "an error of the web server",
    b"curl:": "an error of curl",
}


def read_profile(data: bytes) -> HeapProfile:
    """The heap profile in `data`: gzip or plain, profile.proto or text. Raises `Malformed`."""
    plain = _unpacked(data) if data.startswith(GZIP) else data
    if not plain:
        raise Malformed("it is empty")
    if len(plain) > MOST_BYTES:
        raise Malformed(f"it has more than {MOST_BYTES >> 20} MiB")
    for beginning, what in OTHERS.items():
        if plain.startswith(beginning):
            raise Malformed(f"it is {what}, and no heap profile; take /debug/pprof/heap")
    if plain.startswith(TEXT):
        return read_plain(plain)
    if _is_text(plain):
        raise Malformed("it is text, and not that of a heap profile; take /debug/pprof/heap")
    return read_proto(plain)


def _is_text(data: bytes) -> bool:
    """No control characters but those of lines: the binary form has some in its first bytes."""
    head = data[:512]
    return len(head) > 16 and not any(byte < 32 and byte not in b"\t\n\r" for byte in head)


def _unpacked(data: bytes) -> bytes:
    reader = zlib.decompressobj(31)
    try:
        plain = reader.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise Malformed(f"its compression is damaged: {error}") from error
    if len(plain) <= MOST_BYTES and not reader.eof:
        raise Malformed("it is cut off: its compressed stream has no end")
    return plain
