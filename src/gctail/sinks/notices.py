"""What is told of a finding: to which incident it belongs, and whether that begins, goes on, or is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from gctail.amounts import duration, growth, size
from gctail.attribution.wording import said
from gctail.parsing.json_text import sane
from gctail.parsing.text import show
from gctail.parsing.times import rfc3339
from gctail.records import SEVERITIES, Finding
from gctail.sinks.source_lines import source_lines

MOST_LINES, MOST_LINE = 8, 300
MOST_NAMED = 10
"""Findings that one message tells of each by itself; the others are counted."""


class Notice(Struct, frozen=True):
    """A finding on its way to somebody. `at_s` is the Unix time at which gctail had it."""

    finding: Finding
    at_s: float

    @property
    def state(self) -> str:
        """firing, resolved, or event: a death, or a verdict at the end of a log, is never over."""
        phase = self.finding.evidence.get("phase")
        if phase == "resolved":
            return "resolved"
        return "firing" if phase in {"onset", "update"} else "event"

    @property
    def incident(self) -> str:
        """The same for all that is told of one trouble: what alert managers tell doubles by."""
        place = f"{self.finding.service}\0{self.finding.kind}"
        return blake2b(place.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()

    @property
    def time_s(self) -> float:
        """When it happened, by the log; where that has no times, when gctail had it."""
        return self.finding.time_s if self.finding.time_s is not None else self.at_s

    @property
    def mark(self) -> str:
        """CRITICAL, WARNING, INFO or RESOLVED."""
        return "RESOLVED" if self.state == "resolved" else self.finding.severity.upper()

    @property
    def title(self) -> str:
        """One line: how bad, whose, what kind. Nothing in it breaks a line or is invisible."""
        return f"{self.mark} {show(self.finding.service, 80)}: {show(self.finding.kind, 40).replace('-', ' ')}"

    @property
    def summary(self) -> str:
        """What is the matter, in a sentence on one line."""
        return show(self.finding.summary, 500)

    @property
    def lines(self) -> list[str]:
        """The lines of the log that belong to it, each on one line."""
        return [show(line, MOST_LINE) for line in self.finding.lines[:MOST_LINES]]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The evidence in words, most telling first; what is not known is left out."""
        evidence = self.finding.evidence
        told: list[tuple[str, Any, Callable[[Any], str]]] = [
            ("probability", evidence.get("probability"), lambda value: f"{value:.0%}"),
            ("live heap", evidence.get("heap_live_mib"), size),
            ("limit", evidence.get("limit_mib"), size),
            ("growth", evidence.get("rate_mib_per_s"), growth),
            ("memory gone", _gone_in(evidence), str),
            ("cause", evidence.get("cause"), str),
        ]
        facts = [(name, show(say(value), 80)) for name, value, say in told if _tellable(name, value)]
        for each in self.finding.suspects[:3]:
            facts.append(("suspect", show(said(each), 120)))
            facts += [("source", show(line, 200)) for line in source_lines(each.get("source"))[:2]]
        facts += [("advice", show(each, 300)) for each in self.finding.advice[:2]]
        return [*facts, ("time", rfc3339(round(self.time_s, 3)))]


def _gone_in(evidence: dict[str, Any]) -> str | None:
    """When the memory is gone, as far as anybody knows."""
    seconds = evidence.get("seconds")
    if not isinstance(seconds, int | float):
        return None
    return "any moment now" if evidence.get("next_goal_mib") is not None else f"in {duration(seconds)}"


def _tellable(name: str, value: object) -> bool:
    return isinstance(value, str) if name in {"cause", "memory gone"} else isinstance(value, int | float)


def headline(notices: Sequence[Notice]) -> str:
    """The title of a message about several: that of the worst, and how many more there are."""
    worst = max(notices, key=lambda notice: (notice.state != "resolved", SEVERITIES.index(notice.finding.severity)))
    return worst.title if len(notices) == 1 else f"{worst.title} (and {len(notices) - 1} more)"


def named(notices: Sequence[Notice]) -> tuple[Sequence[Notice], str]:
    """Those that a message tells of by themselves, the worst, in their order; and what is said of the others."""
    if len(notices) <= MOST_NAMED:
        return notices, ""
    worst = sorted(notices, key=lambda notice: -SEVERITIES.index(notice.finding.severity))[:MOST_NAMED]
    kept = [notice for notice in notices if notice in worst][:MOST_NAMED]
    return kept, f"… and {len(notices) - len(kept)} more findings, less severe or later"


def packed(finding: Finding) -> bytes:
    """The finding as bytes for the disk; text that is no Unicode is escaped."""
    try:
        return msgspec.json.encode(finding)
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, or a huge number, in hostile text
        return msgspec.json.encode(sane(msgspec.to_builtins(finding)))


def unpacked(raw: bytes) -> Finding:
    """The finding that `packed` made them of."""
    return msgspec.json.decode(raw, type=Finding)
