"""One cause, one alarm: it begins, worsens, and is over; it does not repeat itself."""

from __future__ import annotations

from typing import Any

from gctail.detectors.values import Signal
from gctail.records import SEVERITIES


class Alarm:
    """Whether a cause has been told, and how severely."""

    __slots__ = ("kind", "severity")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.severity: str | None = None

    def on(self, severity: str, summary: str, evidence: dict[str, Any]) -> list[Signal]:
        """Say it once: an onset, later an update only where it has become more severe."""
        if self.severity is not None and SEVERITIES.index(severity) <= SEVERITIES.index(self.severity):
            return []
        phase = "onset" if self.severity is None else "update"
        self.severity = severity
        return [Signal(self.kind, severity, summary, evidence, phase)]

    def off(self, summary: str, evidence: dict[str, Any]) -> list[Signal]:
        """Say that it is over, where it had begun."""
        if self.severity is None:
            return []
        self.severity = None
        return [Signal(self.kind, "info", summary, evidence, "resolved")]
