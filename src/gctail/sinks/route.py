"""Which findings go to a sink: what every kind of sink lets its user choose, and what is silenced for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated as Key
from typing import Literal

from msgspec import Meta, Struct, field

from gctail.parsing.times import parse_moment
from gctail.records import SEVERITIES
from gctail.sinks.notices import Notice
from gctail.sinks.silence import Silence, parse_silence


def key(about: str, *, ge: float | None = None, gt: float | None = None) -> Meta:
    """What a key of the configuration is, and the least that its value may be, or what it has to be above."""
    return Meta(description=about, gt=gt) if gt is not None else Meta(description=about, ge=ge)


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys that all sinks have."""

    severity: Key[Literal["info", "warning", "critical"], key("findings at least this severe")] = "warning"
    services: Key[list[str], key("only of these services, by name or pattern of a shell")] = field(default_factory=list)
    kinds: Key[list[str], key("only of these kinds")] = field(default_factory=list)
    resolved: Key[bool, key("tell as well when it is over")] = True
    timeout_s: Key[float, key("for one attempt", gt=0)] = 10.0

    def wants(self, notice: Notice) -> bool:
        """Whether the notice goes to this sink. That it is over goes to whoever may have been told of it."""
        finding = notice.finding
        if notice.state == "resolved":
            severe = self.resolved
        else:
            severe = SEVERITIES.index(finding.severity) >= SEVERITIES.index(self.severity)
        return severe and fits(finding.service, self.services) and fits(finding.kind, self.kinds)


class Quiet(Struct, frozen=True):
    """One silence: which services and kinds, when, and until when (Unix time)."""

    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    window: Silence | None = None
    until_s: float | None = None

    def holds(self, notice: Notice) -> bool:
        """Whether the notice is not to be told, at the time at which gctail had it."""
        if self.until_s is not None and notice.at_s >= self.until_s:
            return False
        if self.window is not None and not self.window.holds(notice.at_s):
            return False
        return fits(notice.finding.service, self.services) and fits(notice.finding.kind, self.kinds)


def quiet(services: Sequence[str], kinds: Sequence[str], when: str | None, until: str | None) -> Quiet:
    """A silence as the configuration writes it. Raises ValueError with a sentence."""
    window = parse_silence(when) if when is not None else None
    return Quiet(tuple(services), tuple(kinds), window, parse_moment(until, 0.0) if until is not None else None)


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of these, or fits one of these patterns; none given means all."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
