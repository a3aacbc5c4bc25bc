"""Who knows of a trouble is not told again that it begins: what leaks, dies and leaks again has one trouble."""

from __future__ import annotations

from gctail.records import SEVERITIES
from gctail.sinks.notices import Notice

MOST_KNOWN = 10_000
"""Incidents that are remembered, the latest; of one that is forgotten it is told again that it goes on."""


class Cooldown:
    """When each incident that is not over was told of last, by the log, and how severe it was then."""

    def __init__(self, known: dict[str, tuple[float, int]] | None = None) -> None:
        self._known = dict(known or {})

    def copy(self) -> Cooldown:
        """The same for a trial: nothing is known to have been told until it is on the disk."""
        return Cooldown(self._known)

    def passes(self, notice: Notice, cooldown_s: float) -> bool:
        """Whether the notice says something new; what passes counts as told.

        New is what is worse than what was told, what is over, what is no incident, and anything after `cooldown_s`.
        """
        if notice.state == "resolved":
            self._known.pop(notice.incident, None)  # what begins after this is another trouble
        if notice.state != "firing":
            return True
        severity = SEVERITIES.index(notice.finding.severity)
        told_s, told = self._known.get(notice.incident, (0.0, -1))
        if severity <= told and abs(notice.time_s - told_s) < cooldown_s:
            return False
        self._known.pop(notice.incident, None)
        self._known[notice.incident] = notice.time_s, severity
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return True
