"""Whose line is being read: the files of one name take turns, and their lines are never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from gctail.sources.inputs import Chunk
from gctail.sources.opened import Opened

REST_OF_LINE_S = 1.0
"""How long a new file waits for the rest of a line that its predecessor has begun."""


class Within(Struct, frozen=True):
    """Inside which line a file was left: where it begins, and up to where it was read."""

    position: int
    line_begin: int


class WhoseLine:
    """Which file has begun a line that is not finished, and how much of all of them was handed over."""

    def __init__(self, name: str) -> None:
        self.delivered_bytes = 0
        self.owner: Opened | None = None
        self._name = name

    def may_speak(self, file: Opened, now_s: float, *, final: bool = False) -> bool:
        """No other file is within a line, or one has left it unfinished for so long that nobody waits for the rest."""
        other = self.owner
        return final or other is None or other is file or now_s - other.grew_s >= REST_OF_LINE_S

    def chunk(self, file: Opened, text: bytes | memoryview) -> Iterator[Chunk]:
        """What a file says, if anything; it may cut short what another has begun."""
        if not text:
            return
        other = self.owner
        cut = other is not None and (other is not file or file.begins)
        file.begins = False
        self.owner = None if text[-1] == ord("\n") else file
        offset = self.delivered_bytes
        self.delivered_bytes += len(text)
        yield Chunk(self._name, offset, text, after_cut_line=cut)

    def goes_on_in(self, after: Opened, copy: Opened) -> None:
        """A copy is read: its last line, if it is not finished, goes on in the file that was emptied."""
        if self.owner is copy:
            self.owner = after
            after.begins = False

    def within(self) -> Within | None:
        """Inside which line we are."""
        file = self.owner
        return None if file is None else Within((file.cut or file.mark()).position, file.line_begin)

    def find(self, within: Within | None, files: Iterable[Opened]) -> None:
        """Go on inside that line, in whichever of the files it stands now."""
        for file in files if within is not None else ():
            if within is not None and file.position == within.position:
                self.owner = file
                file.begins, file.line_begin = False, within.line_begin
