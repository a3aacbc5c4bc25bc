"""The application's own lines, passed on: what the runtime wrote between or into them is taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gctail.parsing.text import show
from gctail.parsing.wrappers import unwrapped
from gctail.records import Passage, Sighting

MOST_CHARACTERS = 4000
"""Of a line at a terminal; a pipe gets all of it."""


class PassingOn:
    """Hands application text to `put` as it comes by, in its place between findings.

    At a terminal a line is made safe first; into a pipe it goes byte for byte.
    """

    def __init__(self, put: Callable[[bytes], None], *, terminal: bool) -> None:
        self._put, self._terminal = put, terminal

    def along(self, events: Iterable[Sighting | Passage]) -> Iterator[Sighting | Passage]:
        """The same events; the text among them is written when its turn comes."""
        for event in events:
            if isinstance(event, Passage):
                self._write(event)
            yield event

    def _write(self, passage: Passage) -> None:
        text = bytes(passage.text)
        if passage.wrapper is not None:
            lines = unwrapped(text.decode("utf-8", "surrogateescape").splitlines(), passage.wrapper)
            text = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        if self._terminal:
            safe = (show(line, MOST_CHARACTERS) for line in text.removesuffix(b"\n").split(b"\n"))
            text = "".join(f"{line}\n" for line in safe).encode("utf-8", "replace")
        self._put(text)
