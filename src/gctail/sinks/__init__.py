"""Where findings go: one file per kind of sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gctail.records import Finding


class Sink(Protocol):
    """A place where findings go. What it took is safe only once `settled` has said so.

    A finding may come twice (a replay after a crash): its `id` is then the same, and whoever receives it drops the
    double. Nothing raises: a sink whose other end is away keeps what it took, says so once on standard error, and tries
    again; it never blocks the reading for longer than it was given.
    """

    name: str

    def take(self, findings: Sequence[Finding]) -> None:
        """Accept findings, in order; may keep them for a while."""

    def settled(self, within_s: float) -> bool:
        """Push on; whether all that was taken is at the other end, or in a file that survives this process."""

    def close(self) -> None:
        """No more will come: push what is left, give up what is held."""
