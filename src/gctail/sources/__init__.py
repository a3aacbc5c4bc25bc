"""Where bytes come from: files, compressed files, pipes, followed files. One file per kind."""

from collections.abc import Sequence
from typing import Protocol

from gctail.sources.inputs import Chunk, Input, last_bytes, open_input, read_chunks

__all__ = ["Chunk", "Input", "Opened", "Source", "last_bytes", "open_input", "read_chunks"]


class Source(Protocol):
    """Where bytes come from, until there are no more."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about what was lost."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Put the next bytes into the buffer, waiting for them; how many, 0 at the end."""

    def close(self) -> None:
        """Give up what is held."""


class Opened(Source, Protocol):
    """A source that knows whether it came to its end."""

    @property
    def broken(self) -> Sequence[str]:
        """Why it could not be read to its end, in sentences."""
