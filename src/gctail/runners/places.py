"""Reads a place of an input again: to say at which byte a quoted line begins, or to keep that part of the log.

Standard input, pipes (`<(kubectl logs …)`) and the sources of plugins cannot be read twice, so they are kept in files
without a name while gctail runs.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from gctail.errors import UnreadableInput
from gctail.runners.local import SOURCE
from gctail.sources import Opened, open_input
from gctail.sources.compressed import MAGIC_BYTES, format_of

WINDOW_BYTES = 1 << 20
MOST_WINDOWS = 16
LEAST_WORDS = 24
"""A quoted line is looked for by its first characters where the whole of it cannot be found."""


def is_pipe(origin: str) -> bool:
    """Whether this input can be read once only."""
    if origin == "-" or origin.startswith(SOURCE):
        return True
    try:
        return stat.S_ISFIFO(os.stat(origin).st_mode)  # noqa: PTH116  (also names under /dev/fd)
    except OSError:
        return False


class Places:
    """The inputs of one reading, open to a second look; `opened` opens the sources among them."""

    def __init__(self, opened: Callable[[str], Opened] = open_input) -> None:
        self._opened = opened
        self._kept: dict[str, IO[bytes]] = {}
        self.notes: list[str] = []
        self.broken: list[str] = []
        """What is to be said of inputs that could be read once only, and why one was not read to its end."""
        self._windows: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def path(self, origin: str) -> str:
        """Where the input can be opened, as often as one likes."""
        kept = self._kept.get(origin)
        if kept is None and not is_pipe(origin):
            return origin
        if kept is None:
            import tempfile  # hardly ever needed

            kept = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as this object)
            self._copy(origin, kept)
            self.keep(origin, kept)
        kept.seek(0)
        return f"/dev/fd/{kept.fileno()}"

    def _copy(self, origin: str, kept: IO[bytes]) -> None:
        """All that comes, to its end."""
        if origin.startswith(SOURCE):
            source, buffer = self._opened(origin), memoryview(bytearray(1 << 18))
            try:
                while count := source.readinto(buffer):
                    kept.write(buffer[:count])
            finally:
                source.close()
                self.notes += [f"{origin}: {note}" for note in source.notes]
                self.broken += [f"{origin}: {why}" for why in source.broken]
            return
        with nullcontext(sys.stdin.buffer) if origin == "-" else open(origin, "rb") as pipe:  # noqa: PTH123
            shutil.copyfileobj(pipe, kept, 1 << 20)

    def keep(self, origin: str, file: IO[bytes]) -> None:
        """From now on this input is read from there."""
        file.flush()
        self._kept[origin] = file

    def close(self) -> None:
        """Let go of what was kept."""
        for kept in self._kept.values():
            kept.close()
        self._kept.clear()

    def read(self, origin: str, offset: int, count: int) -> bytes:
        """Bytes of the input, uncompressed. Raises `UnreadableInput`."""
        plain = self._plain(origin, offset, count)
        if plain is not None:
            return plain
        source = open_input(self.path(origin))
        buffer = bytearray(1 << 18)
        view, parts, at = memoryview(buffer), [], 0
        try:
            while at < offset + count and (got := source.readinto(view)):
                if at + got > offset:
                    parts.append(bytes(view[max(0, offset - at) : min(got, offset + count - at)]))
                at += got
        finally:
            source.close()
        return b"".join(parts)

    def _plain(self, origin: str, offset: int, count: int) -> bytes | None:
        """The same of a file that is not compressed, without reading what lies before; None where that cannot be."""
        path = Path(self.path(origin))
        if not path.is_file():
            return None
        with path.open("rb") as file:
            if format_of(file.read(MAGIC_BYTES)) is not None:
                return None
            file.seek(offset)
            return file.read(count)

    def whole(self, origin: str, most: int) -> bytes:
        """All of an input. Raises `UnreadableInput` where it is larger than `most` bytes."""
        data = self.read(origin, 0, most + 1)
        if len(data) > most:
            raise UnreadableInput(f"{origin}: larger than {most >> 20} MiB; is it what kubectl printed?")
        return data

    def raw(self, origin: str, most: int) -> bytes:
        """All of an input as it stands in its file. Raises `UnreadableInput`, also where it is larger than `most`."""
        try:
            with open(self.path(origin), "rb") as file:  # noqa: PTH123  (a name, or a descriptor under /dev/fd)
                data = file.read(most + 1)
        except OSError as error:
            raise UnreadableInput(f"{origin}: {error.strerror or error}") from error
        if len(data) > most:
            raise UnreadableInput(f"{origin}: larger than {most >> 20} MiB")
        return data

    def find(self, origin: str, offset: int, text: str) -> int | None:
        """Where the line with this text begins, at or after `offset`."""
        try:
            window = self._window(origin, offset)
        except UnreadableInput:
            return None
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        for words in (text, escaped, escaped.replace(">", "\\u003e").replace("<", "\\u003c"), text[:LEAST_WORDS]):
            at = window.find(words.encode("utf-8", "surrogateescape")) if words else -1
            if at >= 0:
                return offset + window.rfind(b"\n", 0, at) + 1
        return None

    def _window(self, origin: str, offset: int) -> bytes:
        key = (origin, offset)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = self.read(origin, offset, WINDOW_BYTES)
            while len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
        return window
