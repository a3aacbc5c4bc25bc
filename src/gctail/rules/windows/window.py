"""What every kind of window is: a 64th of it is a bucket, counted from the start of the process."""

from __future__ import annotations

from typing import Any, Protocol

BUCKETS = 64


class Window(Protocol):
    """What the watch asks of every kind. `clock_s` never falls; `value` is None where it is not known."""

    def observe(self, clock_s: float, value: float | None) -> None:
        """One more collection, the one that is judged next."""

    def state(self) -> list[Any]:
        """Plain data."""

    def load(self, state: list[Any]) -> None:
        """Become what `state` was taken from."""
