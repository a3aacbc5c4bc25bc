"""The time line: from the first collection over the onset and the first warning to the last line and the death."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from gctail.amounts import duration, growth, size
from gctail.attribution.turning import turned
from gctail.attribution.usual import Usual
from gctail.postmortem.certificate import Cause, Foretold, Moment, Quote
from gctail.postmortem.lives import Person
from gctail.records import Finding
from gctail.traces import Bin

MOST_SPIKES = 5
LEAKS = frozenset({"leak", "leak-accelerating", "leak-staircase"})
FASTER = 1.2
"""So many times the rate of the first warning is worth a moment of its own."""
ENDED = frozenset({"alive", "log-cut-off", "unknown"})
_WELL = frozenset({"healthy-end", "terminated"})
_WARNS = frozenset((
    "leak", "leak-accelerating", "leak-staircase", "goroutine-growth", "death-spiral", "next-goal-over-limit",
    "map-growth",
))  # fmt: skip
_TITLES = {
    "leak": "a leak is certain enough",
    "leak-accelerating": "a leak that accelerates",
    "leak-staircase": "a leak in steps",
    "goroutine-growth": "goroutines leak",
    "death-spiral": "death spiral",
    "next-goal-over-limit": "no collection will come in time",
    "map-growth": "one map doubles",
    "spike": "spike",
    "step": "step",
    "pause-spike": "long pause",
}


class Clock:
    """Turns uptimes and wall times of one process into each other, and counts back from its end."""

    def __init__(self, person: Person, cause: Cause) -> None:
        epoch = person.epoch
        self.start_s = epoch.start_s if epoch is not None else None
        times = [report.time_s for report, _ in person.told if report.time_s is not None]
        last_s = epoch.last_time_s if epoch is not None else None
        known = [each for each in (person.life.end_s, last_s) if each is not None]
        if cause.name not in ENDED and times:
            known.append(min(times))
        self.end_s = max(known, default=None)
        uptime_s = epoch.last_uptime_s if epoch is not None and epoch.last_uptime_s >= 0 else None
        if self.end_s is not None and self.start_s is not None:
            uptime_s = max(self.end_s - self.start_s, uptime_s or 0.0)
        self.end_uptime_s = uptime_s

    def moment(  # noqa: PLR0913, PLR0917  (a moment has so many sides)
        self, kind: str, title: str, text: str, uptime_s: float | None, time_s: float | None = None,
        severity: str = "info", quote: Quote | None = None,
    ) -> Moment:  # fmt: skip
        """A moment, with whatever times can be known of it."""
        if time_s is None and uptime_s is not None and self.start_s is not None:
            time_s = self.start_s + uptime_s
        if uptime_s is None and time_s is not None and self.start_s is not None:
            uptime_s = time_s - self.start_s
        before = None
        if uptime_s is not None and self.end_uptime_s is not None:
            before = self.end_uptime_s - uptime_s
        elif time_s is not None and self.end_s is not None:
            before = self.end_s - time_s
        return Moment(kind, title, text, time_s, uptime_s, before, severity, quote)


def moments(
    person: Person, cause: Cause, clock: Clock, bins: list[Bin], usual: Usual | None = None
) -> tuple[Moment, ...]:
    """The story in order. Moments without any time stand where they belong by their kind."""
    told = [
        *_beginning(person, clock, bins, usual),
        *_warnings(person, clock),
        *_end(person, cause, clock),
    ]
    known = [each for each in told if each.before_end_s is not None]
    order = {id(each): at for at, each in enumerate(told)}
    known.sort(key=lambda each: (-(each.before_end_s or 0.0), order[id(each)]))
    unknown = [each for each in told if each.before_end_s is None]
    return (*known, *unknown)


def _beginning(person: Person, clock: Clock, bins: list[Bin], usual: Usual | None) -> list[Moment]:
    epoch = person.epoch
    if epoch is None or epoch.first is None:
        return []
    first = epoch.first
    text = f"gc {first.number}, live heap {size(first.heap_live_mib)}"
    found = [clock.moment("first-collection", "first collection", text, first.uptime_s)]
    verdict = epoch.verdict()
    if verdict is None or not verdict.leak or verdict.onset_uptime_s is None:
        return found
    onset_s, rate = verdict.onset_uptime_s, verdict.rate_mib_per_s
    warned = _standing(person)
    if warned is not None and warned["onset_uptime_s"] < onset_s:
        onset_s, rate = warned["onset_uptime_s"], warned.get("rate_mib_per_s")
        if verdict.rate_mib_per_s and rate and verdict.rate_mib_per_s > FASTER * rate:
            text = f"the live heap grows by {growth(verdict.rate_mib_per_s)} from here on"
            found.append(clock.moment("faster", "it grows faster", text, verdict.onset_uptime_s, severity="warning"))
    over = [one for one, other in pairwise(bins) if other.uptime_s is not None and other.uptime_s <= onset_s]
    if over:
        healthy_s = over[-1].uptime_s
        text = f"live heap {size(over[-1].live_high_mib)}, after {duration(healthy_s or 0.0)}"
        found.append(clock.moment("last-healthy", "last healthy", text, healthy_s))
    text = f"the live heap begins to grow, by {growth(rate)}" if rate else "the live heap begins to grow"
    also = turned(usual, onset_s)
    text += f"; about then {also}" if also else ""
    found.append(clock.moment("onset", "it begins", text, onset_s, severity="warning"))
    return found


def _standing(person: Person) -> dict[str, Any] | None:
    """What the first warning of a leak said that was never taken back: the story begins where that one began."""
    told = [each for each in _findings(person) if each.kind in LEAKS and each.severity != "info"]
    back = max((at for at, each in enumerate(told) if each.evidence.get("phase") == "resolved"), default=-1)
    return next((each.evidence for each in told[back + 1 :] if each.evidence.get("onset_uptime_s") is not None), None)


def first_warning(person: Person) -> Finding | None:
    """The first finding that would have woken somebody."""
    return next((each for each in _findings(person) if each.kind in _WARNS and each.severity != "info"), None)


def _findings(person: Person) -> list[Finding]:
    index = person.life.epoch
    return [each for each in person.service.findings if each.epoch == index and each.kind != "death"]


def _warnings(person: Person, clock: Clock) -> list[Moment]:
    first = first_warning(person)
    found: list[Moment] = []
    spikes, kinds = 0, set[str]()
    for finding in _findings(person):
        phase = finding.evidence.get("phase")
        if phase == "resolved" and finding.kind in kinds & _WARNS and not finding.evidence.get("goes_on_as"):
            text = finding.summary.removeprefix("taken back, ")
            found.append(clock.moment("taken-back", "taken back", text, finding.uptime_s, finding.time_s))
            kinds.discard(finding.kind)
            continue
        if phase == "resolved" or (phase == "verdict" and finding is not first):
            continue
        if finding is first:
            title = f"first warning: {_TITLES.get(finding.kind, finding.kind)}"
            kind = "first-warning"
        elif finding.kind in {"spike", "step", "pause-spike"}:
            spikes += 1
            if spikes > MOST_SPIKES:
                continue
            kind, title = ("step" if finding.kind == "step" else "spike"), _TITLES[finding.kind]
        elif finding.kind in _WARNS and finding.kind not in kinds:
            kind, title = ("spiral" if finding.kind == "death-spiral" else "warning"), _TITLES[finding.kind]
        else:
            continue
        kinds.add(finding.kind)
        place = Quote("", str(finding.evidence.get("replay", {}).get("origin", "")), finding.offset)
        found.append(
            clock.moment(kind, title, finding.summary, finding.uptime_s, finding.time_s, finding.severity, place)
        )
    return [*found, *_after_all(person, clock, found)]


def _after_all(person: Person, clock: Clock, warnings: list[Moment]) -> list[Moment]:
    """Where the last that was said is that it is no leak, and by the whole log it is one."""
    epoch = person.epoch
    verdict = epoch.verdict() if epoch is not None else None
    if epoch is None or epoch.last is None or verdict is None or not verdict.leak:
        return []
    if not warnings or warnings[-1].kind != "taken-back":
        return []
    text = f"by all collections up to here it is one with probability {verdict.probability:.2f}"
    return [clock.moment("warning", "a leak, after all", text, epoch.last.uptime_s, epoch.last_time_s, "warning")]


def _end(person: Person, cause: Cause, clock: Clock) -> list[Moment]:
    found = []
    epoch = person.epoch
    if epoch is not None and epoch.last is not None:
        last, derived = epoch.last, epoch.last_derived
        goal = derived.due_mib if derived is not None else None
        text = f"gc {last.number}, live heap {size(last.heap_live_mib)}"
        text += f"; the next is due at {size(goal)}" if goal else ""
        found.append(clock.moment("last-collection", "last collection", text, last.uptime_s, epoch.last_time_s))
    if person.lines:
        line, origin, at = person.lines[-1]
        quote = Quote(line[:600], origin, at) if at is not None else None
        time_s = person.life.end_s
        found.append(clock.moment("last-line", "last line", line[:300], None, time_s, quote=quote))
    quote = cause.evidence[0] if cause.evidence else None
    kind, title = ("end", "end of the log") if cause.name in ENDED else ("death", "death")
    if cause.name in _WELL:
        title = "end of the process"
    severity = "info" if cause.name in ENDED | _WELL else "critical"
    found.append(clock.moment(kind, title, cause.title, clock.end_uptime_s, clock.end_s, severity, quote))
    return found


def foretold(person: Person, cause: Cause, clock: Clock, limit_mib: float | None) -> Foretold | None:
    """The forecast of the first warning, held against what came: its end, or the end of its log."""
    first = first_warning(person)
    if first is None or first.evidence.get("low") is None:
        return None
    evidence: dict[str, Any] = first.evidence
    limit = evidence.get("limit_mib") or limit_mib
    came = None
    if first.uptime_s is not None and clock.end_uptime_s is not None:
        came = clock.end_uptime_s - first.uptime_s
    low, high, seconds = evidence.get("low"), evidence.get("high"), evidence["seconds"]
    between = f" ({duration(low)} to {duration(high) if high is not None else 'never'})" if low is not None else ""
    told = f" under {size(evidence['limit_mib'])}" if evidence.get("limit_mib") else " (it was told no limit)"
    gave = "said that it may be gone any moment" if evidence.get("next_goal_mib") is not None else None
    sentence = f"The first warning {gave or f'gave it {duration(seconds)}{between}'}{told}"
    if came is not None:
        ended = cause.name in ENDED
        sentence += f"; the log ends {duration(came)} later" if ended else f"; it lasted {duration(came)}"
    return Foretold(first.time_s, first.uptime_s, float(limit or 0.0), seconds, low, high, came, sentence + ".")
