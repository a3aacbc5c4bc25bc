"""The first and the last that a service's application said: who it is, and what it was doing."""

from __future__ import annotations

from collections import deque
from typing import Any

from gctail.parsing.farewells import said_goodbye
from gctail.parsing.wrappers import unwrapped

FIRST_BYTES = 512
LAST_BYTES = 1 << 13
SAVED_BYTES = 1 << 12
MOST_LAST_WORDS, FAREWELL_BYTES = 20, 1 << 11
"""Lines and bytes before the first collection of a process in which the one before it may have said goodbye."""


class Words:
    """Both ends of the application's text: 512 bytes of its begin, and no more than two passages' ends."""

    def __init__(self) -> None:
        self.first = b""
        """In which a program often says who it is."""
        self._ends: deque[bytes] = deque()  # of the last passages
        self._size = 0
        self._wrapper: str | None = None

    def keep(self, text: bytes | bytearray | memoryview, wrapper: str | None) -> None:
        """The next passage: `text` as it stands in the log, every line wrapped as `wrapper` says."""
        if len(self.first) < FIRST_BYTES:
            self.first += bytes(text[: FIRST_BYTES - len(self.first)])
        self.keep_end(bytes(text[-LAST_BYTES:]), wrapper)

    def keep_end(self, end: bytes, wrapper: str | None) -> None:
        """The end of a passage that somebody else has read."""
        if wrapper != self._wrapper:
            self._ends, self._size, self._wrapper = deque(), 0, wrapper
        self._ends.append(end)
        self._size += len(end)
        while self._size - len(self._ends[0]) > LAST_BYTES:
            self._size -= len(self._ends.popleft())

    @property
    def last(self) -> bytes:
        """The end of the text, at most `LAST_BYTES`."""
        return b"".join(self._ends)[-LAST_BYTES:]

    def last_lines(self, most: int, within: int = LAST_BYTES) -> list[str]:
        """The last lines that say something, unwrapped, the oldest first; of so many bytes of log at most."""
        lines = self.last[-within:].decode("utf-8", "replace").splitlines()
        if self._wrapper is not None:
            lines = unwrapped(lines, self._wrapper)
        return [line for line in lines if line.strip()][-most:]

    def farewell(self) -> str:
        """How a process took its leave here: asked (to end), silent, or empty where this log has no words."""
        lines = self.last_lines(MOST_LAST_WORDS, FAREWELL_BYTES)
        if not lines:
            return ""
        return "asked" if said_goodbye(lines) else "silent"

    def state(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "last_lines": self.last[-SAVED_BYTES:].decode("utf-8", "backslashreplace"),
            "last_lines_wrapper": self._wrapper,
            "first_words": self.first.decode("utf-8", "backslashreplace"),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Words:
        """What was said before `state` was taken, as far as it was kept."""
        words = cls()
        words.keep_end(state["last_lines"].encode(), state["last_lines_wrapper"])
        words.first = state.get("first_words", "").encode()[:FIRST_BYTES]
        return words
