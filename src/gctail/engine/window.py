"""The part of a log that `--since` and `--until` leave."""

from __future__ import annotations

from msgspec import Struct


class Window(Struct, frozen=True):
    """The part of a log that is meant; Unix times, None where it is open."""

    since_s: float | None = None
    until_s: float | None = None

    def holds(self, time_s: float) -> bool:
        """Whether the time is inside."""
        return (self.since_s is None or time_s >= self.since_s) and (self.until_s is None or time_s <= self.until_s)
