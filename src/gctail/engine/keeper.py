"""Whoever keeps services for longer than a process lives."""

from __future__ import annotations

from typing import Protocol

from gctail.service import Service


class Keeper(Protocol):
    """Whoever keeps services for longer than this process lives. Told of every service before it changes."""

    def recall(self, name: str) -> Service | None:
        """The service as it was when it was last kept; None where it is not known."""

    def touch(self, service: Service) -> None:
        """The service is going to change."""

    def pass_time(self, service: Service) -> None:
        """Time is going to pass for the service, which changes little that time would not bring again."""

    def release(self, service: Service) -> None:
        """The service is let go; who asks for it later asks `recall`."""
