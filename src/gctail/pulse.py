"""How a service speaks: how long its pauses are, and when a pause is longer than anything it does.

All times are seconds on a clock that counts only while somebody listens: neither a stopped gctail nor a clock that
steps is taken for a silent service.
"""

from __future__ import annotations

from msgspec import Struct

LEAST_SILENT_S = 120.0
"""A shorter pause is never called a silence."""
TIMES_LONGEST = 8.0
"""A silence is so many times as long as the longest pause so far."""
KNOWN_FOR = 10.0
"""And its habits have to be known for so many times as long as that."""
IN_DANGER_S = 30.0
"""The shortest silence where the memory was about to be gone: then a life as long as the silence tells enough."""
LEAST_BEATS = 60
"""How often a service must have been heard before its habits are known."""


class Pulse(Struct):
    """The habits of one service. A quiet one has long pauses, and is given longer."""

    beats: int = 0
    known_s: float = 0.0
    longest_s: float = 0.0
    silences: int = 0
    is_silent: bool = False
    has_left: bool = False  # its last words were a goodbye, and nothing came after them
    last_s: float | None = None  # when it was heard last; not kept over a restart, which has a clock of its own

    def limit_s(self, *, in_danger: bool) -> float:
        """The pause from which on it is silent."""
        return max(IN_DANGER_S if in_danger else LEAST_SILENT_S, TIMES_LONGEST * self.longest_s)

    def beat(self, now_s: float) -> float | None:
        """It was heard. Where it had been called silent: for how long it was."""
        pause_s = now_s - self.last_s if self.last_s is not None else 0.0
        self.last_s = now_s
        self.has_left = False
        self.beats += 1
        self.known_s += pause_s
        self.longest_s = max(self.longest_s, pause_s)
        if not self.is_silent:
            return None
        self.is_silent = False
        return pause_s

    def falls_silent(self, now_s: float, *, in_danger: bool = False) -> float | None:
        """For how long it has said nothing, at the moment from which on that is far longer than usual.

        `in_danger` is a service whose memory was about to be gone.
        """
        if self.last_s is None:
            self.last_s = now_s
        pause_s, limit_s = now_s - self.last_s, self.limit_s(in_danger=in_danger)
        known_for_s = limit_s if in_danger else KNOWN_FOR * limit_s
        if self.is_silent or self.beats < LEAST_BEATS or self.known_s < known_for_s or pause_s < limit_s:
            return None
        return pause_s

    def call_silent(self, *, has_left: bool) -> None:
        """It is told."""
        self.is_silent, self.has_left = True, has_left
        self.silences += 1

    def excuse(self, now_s: float) -> None:
        """Somebody knows why it says nothing: ask again when it has said nothing for as long once more."""
        self.last_s = now_s
