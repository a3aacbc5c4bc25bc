"""Everywhere that findings go at the same time: a list of sinks, and whether all of them have what they took."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from gctail.records import SEVERITIES, Finding
from gctail.sinks import Sink

MOST_TOLD = 10_000
"""Ids that are remembered, the newest ones. After a crash only what came since the last checkpoint is read again."""


class Told:
    """The ids of findings that were told, the oldest forgotten first: a replay tells nothing twice."""

    def __init__(self, ids: Iterable[str] = (), most: int = MOST_TOLD) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict.fromkeys(ids)
        self._most = most
        self.news: list[str] = []
        """Ids that came since somebody last took them from here; the newest ones, where nobody does."""

    def is_new(self, finding: Finding) -> bool:
        """Whether the finding was not told before; from now on it was."""
        if finding.id in self._ids:
            return False
        self._ids[finding.id] = None
        self.news.append(finding.id)
        del self.news[: -self._most]
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True

    def state(self) -> list[str]:
        """The ids, the oldest first: `Told` makes the same of them again."""
        return list(self._ids)


class Outputs:
    """All sinks as one. It is a sink itself, so whatever drives the core holds one and knows no other.

    `wanted` says whether a finding is to be told now (windows of silence); one that is not goes nowhere. With `told`,
    what was told before is not told again. `worst` is the severest that went out, as a place in `SEVERITIES`, or -1.
    """

    name = "outputs"

    def __init__(
        self, sinks: Sequence[Sink], wanted: Callable[[Finding], bool] | None = None, told: Told | None = None
    ) -> None:
        self.sinks = list(sinks)
        self.told = told
        self.worst = -1
        self.lead: Callable[[Finding], Finding] | None = None
        """What is added to each finding before it goes out: places in the source."""
        self._wanted = wanted

    def take(self, findings: Sequence[Finding], *, only: Sink | None = None) -> None:
        """Hand the findings to every sink, in order; or to this one alone."""
        kept = [finding for finding in findings if self._wanted is None or self._wanted(finding)]
        if self.told is not None:
            kept = [finding for finding in kept if self.told.is_new(finding)]
        if not kept:
            return
        if self.lead is not None:
            kept = [self.lead(finding) for finding in kept]
        self.worst = max(self.worst, *(SEVERITIES.index(finding.severity) for finding in kept))
        for sink in self.sinks if only is None else [only]:
            sink.take(kept)

    def settled(self, within_s: float) -> bool:
        """Push all sinks on, in `within_s` altogether; whether every one of them has all that it took in safety."""
        until_s = time.monotonic() + within_s
        safe = [sink.settled(max(0.0, until_s - time.monotonic())) for sink in self.sinks]
        return all(safe)

    def close(self) -> None:
        """No more will come."""
        for sink in self.sinks:
            sink.close()
