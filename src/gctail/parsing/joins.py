"""Long lines that a runtime cut into parts, put together again: per service and stream, with nothing at the joints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.parsing.entry import Entry

MAX_LINE_BYTES = 1024 * 1024  # of one line; a longer one comes in pieces of about this size
MAX_STREAMS = 256  # that are in the middle of a line at once; beyond it the oldest comes out unfinished
MAX_HELD_BYTES = 16 * 1024 * 1024  # of all of them together

_SHORT_BYTES = 16 * 1024  # Docker cuts no line shorter than this
_SHORT_PARTS = 8  # so many short parts without an end: this writer does not end its lines at all


class _Held:
    """The beginning of a line: its first part, which knows the time, and the bytes so far."""

    __slots__ = ("first", "parts", "text")

    def __init__(self, first: Entry) -> None:
        self.first = first
        self.text = bytearray(first.text)
        self.parts = [first]  # as they came, while they are few and short

    def add(self, part: Entry) -> None:
        self.text += part.text
        if len(self.parts) <= _SHORT_PARTS:
            self.parts.append(part)

    @property
    def never_ending(self) -> bool:
        return 1 < len(self.parts) <= _SHORT_PARTS and all(len(part.text) < _SHORT_BYTES for part in self.parts)

    def line(self, *, partial: bool) -> Entry:
        return replace(self.first, text=bytes(self.text), partial=partial)


class Joins:
    """Holds the parts of unfinished lines.

    Where only a missing newline says that a line goes on (`by_newline`), a writer that never ends a line is noticed:
    its texts then come out as the lines that they are.
    """

    def __init__(self) -> None:
        """Nothing is held, and nothing is known of the writer."""
        self.held: dict[tuple[str | None, str | None], _Held] = {}
        self._bytes = 0
        self.newline_seen = False
        self._no_newlines = False

    def add(self, part: Entry, *, by_newline: bool = False) -> Sequence[Entry]:
        """The lines that `part` finishes: none, one, or more where a bound was met or a writer never ends its lines."""
        if by_newline and not part.partial:
            self.newline_seen, self._no_newlines = True, False
        if not part.partial and not self.held:
            return (part,)
        if by_newline and self._no_newlines and part.partial and len(part.text) < _SHORT_BYTES:
            part = replace(part, partial=False)
        held = self.held.get((part.service, part.stream))
        if held is None:
            return self._begin(part) if part.partial else (part,)
        held.add(part)
        self._bytes += len(part.text)
        if not part.partial:
            return (self._let_go(part).line(partial=False),)
        if by_newline and not self.newline_seen and len(held.parts) == _SHORT_PARTS and held.never_ending:
            self._no_newlines = True
            return [replace(short, partial=False) for short in self._let_go(part).parts]
        if len(held.text) > MAX_LINE_BYTES:
            return (self._let_go(part).line(partial=True),)
        return self._within_bounds()

    def flush(self, *, by_newline: bool = False) -> Sequence[Entry]:
        """What is held at the end of the input, oldest first; partial, for nothing ended it."""
        held, self.held, self._bytes = list(self.held.values()), {}, 0
        lines: list[Entry] = []
        for one in held:
            if by_newline and not self.newline_seen and one.never_ending:
                lines += [replace(short, partial=False) for short in one.parts]
            else:
                lines.append(one.line(partial=True))
        return lines

    def _begin(self, part: Entry) -> Sequence[Entry]:
        self.held[part.service, part.stream] = _Held(part)
        self._bytes += len(part.text)
        if len(part.text) > MAX_LINE_BYTES:
            return (self._let_go(part).line(partial=True),)
        return self._within_bounds()

    def _within_bounds(self) -> Sequence[Entry]:
        if len(self.held) <= MAX_STREAMS and self._bytes <= MAX_HELD_BYTES:
            return ()
        oldest = next(iter(self.held.values())).first
        return (self._let_go(oldest).line(partial=True),)

    def _let_go(self, part: Entry) -> _Held:
        held = self.held.pop((part.service, part.stream))
        self._bytes -= len(held.text)
        return held
