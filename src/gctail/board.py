"""What a live view shows: a row per service, the details of those being looked at, the findings so far.

The reader of the logs owns the board: it tells it what was seen, and now and then asks it to `publish`. What it
publishes is a frozen `Snapshot`, for views in other threads (web, terminal). A row is made anew only for a service that
was heard of since the last time, and details only for services that somebody looks at: 10 000 quiet ones cost nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from gctail.amounts import pause
from gctail.attribution.writing import writer
from gctail.detectors.goal import NextGoal
from gctail.engine import Engine
from gctail.epochs import Epoch
from gctail.parsing.causes import ON_PURPOSE
from gctail.parsing.wrappers import unwrapped
from gctail.records import SEVERITIES, Death, Finding, GcCycle, Passage, Sighting, Unreadable, Verdict
from gctail.service import Seen, Service
from gctail.snapshot import Detail, Line, Row, Snapshot

TRACE_POINTS = 256
"""Bins that are kept of every process for its chart, at most twice as many."""
MOST_FINDINGS = 1000
MOST_WATCHED = 64
"""Services whose details are kept ready."""
WATCHED_FOR_S = 60.0
"""So long after somebody last asked for them."""
MOST_LINES, MOST_LINES_BYTES, MOST_CHARACTERS = 300, 1 << 16, 2000
"""Of the log of a service that is looked at."""
OPEN = frozenset({"growing", "too-few-points"})
"""Verdicts that leave it open: until there is another, growth is what the incident says of it."""
MOST_JUDGED, JUDGED_FOR_S = 16, 5.0
"""A verdict takes 2 ms: so many services are judged anew at a time, none more often than this."""
NEVER: tuple[float, Verdict | None] = (-1e12, None)
ACCUSED_FOR_S = 30.0
"""To ask whom the log accuses takes 100 ms: one service at a time, of those that are looked at, and not more often."""
NOBODY: tuple[float, tuple[dict[str, Any], ...]] = (-1e12, ())


class Board:
    """Follows an engine for views. Bounded: a row per service of the engine, and the last findings."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        if not engine.trace_points:
            engine.trace_points = TRACE_POINTS
        self.snapshot = Snapshot(0, 0.0, {}, {}, (), {}, {})
        self._changed: set[str] = set()
        self._rows: dict[str, Row] = {}
        self._open: dict[str, dict[str, Finding]] = {}
        self._findings: deque[Finding] = deque(maxlen=MOST_FINDINGS)
        self._told: dict[tuple[str, str], int] = {}
        self._watched: dict[str, float] = {}
        self._lines: dict[str, deque[Line]] = {}
        self._lines_heard = 0
        self._counted = {"records": 0, "gc_lines": 0, "mended": 0, "unreadable": 0}
        self._verdicts: dict[str, tuple[float, Verdict | None]] = {}
        self._unjudged: set[str] = set()
        self._suspects: dict[str, tuple[float, tuple[dict[str, Any], ...]]] = {}

    # -- the reader's side

    def see(self, seen: Seen) -> None:
        """Something came of a record of this service."""
        sighting = seen.sighting
        self._changed.add(sighting.service)
        self._count(sighting)
        if sighting.service in self._lines and isinstance(sighting.record, GcCycle):
            self._heard(sighting.service, [_collection(sighting.record)], "gc")
        if seen.findings:
            self.found(seen.findings)

    def _count(self, sighting: Sighting) -> None:
        counted, record = self._counted, sighting.record
        counted["records"] += 1
        if isinstance(record, GcCycle):
            counted["gc_lines"] += 1
        elif isinstance(record, Unreadable):
            counted["unreadable"] += 1
        if sighting.mended:
            counted["mended"] += 1

    def read(self, passage: Passage) -> None:
        """Application lines; they are kept only of services that somebody looks at."""
        if passage.service in self._lines:
            self._changed.add(passage.service)
            text = bytes(passage.text[-MOST_LINES_BYTES:]).decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if line.strip()]
            self._heard(passage.service, unwrapped(lines, passage.wrapper) if passage.wrapper else lines, "")

    def found(self, findings: Iterable[Finding]) -> None:
        """Findings that came otherwise: with time, or at the end."""
        for finding in findings:
            self._findings.append(finding)
            kind = (finding.kind, finding.severity)
            self._told[kind] = self._told.get(kind, 0) + 1
            self._changed.add(finding.service)
            self._note(finding)

    def _remember(self, service: Service) -> None:
        """What was open when the service was put down, where it is one that was taken up again."""
        for finding in service.findings:
            self._note(finding)

    def _note(self, finding: Finding) -> None:
        incidents = self._open.setdefault(finding.service, {})
        if finding.evidence.get("phase") == "resolved":
            incidents.pop(finding.kind, None)
        else:
            incidents[finding.kind] = finding

    def publish(self, now_s: float, facts: dict[str, Any]) -> Snapshot:
        """Make what happened since the last time visible. `now_s` is Unix time."""
        self._forget(now_s)
        self._accuse(now_s)
        services = self.engine.services
        if len(self._rows) < len(services):  # services that were kept elsewhere, and were not heard of here yet
            self._changed.update(name for name, each in services.items() if name not in self._rows and each.kinds)
        changed = self._changed.copy()
        if changed or self._unjudged or len(self._rows) > len(services):
            rows = {name: row for name, row in self._rows.items() if name in services}
            self._judge(now_s)
            for name in sorted(self._changed):
                service = services.get(name)
                if service is not None and service.kinds:
                    if name not in rows:
                        self._remember(service)
                    rows[name] = self._row(service)
            self._rows = rows
            self._open = {name: each for name, each in self._open.items() if name in services}
            self._changed.clear()
        before = self.snapshot.details
        details = {
            name: before[name] if name in before and name not in changed else self._detail(services[name])
            for name in self._watched.copy() if name in services
        }  # fmt: skip
        version, facts = self.snapshot.version + 1, {**facts, **self._counted}
        self.snapshot = Snapshot(version, now_s, self._rows, details, tuple(self._findings), dict(self._told), facts)
        return self.snapshot

    def _forget(self, now_s: float) -> None:
        """Who has not been looked at for a while has no details any more."""
        asked = self._watched.copy()  # views in other threads may ask meanwhile
        for name, asked_s in asked.items():
            if not 0 <= now_s - asked_s <= WATCHED_FOR_S:
                self._watched.pop(name, None)
        self._lines = {name: lines for name, lines in self._lines.items() if name in self._watched}
        self._suspects = {name: each for name, each in self._suspects.items() if name in self._watched}

    def _accuse(self, now_s: float) -> None:
        """Ask of one growing service that is looked at whom its log accuses now."""
        growing = [name for name in self._watched.copy() if name in self.engine.services and self._growth(name)]
        due = [name for name in growing if now_s - self._suspects.get(name, NOBODY)[0] >= ACCUSED_FOR_S]
        if due:
            name = min(due, key=lambda name: self._suspects.get(name, NOBODY)[0])
            service = self.engine.services[name]
            self._suspects[name] = (now_s, tuple(service.suspects(service.current)))
            self._changed.add(name)

    def all(self, events: Iterable[Sighting | Passage]) -> Iterator[Seen]:
        """What comes of many events, seen by the engine and by the board."""
        for event in events:
            if isinstance(event, Passage):
                self.read(event)
            seen = self.engine.observe(event)
            if seen is not None:
                self.see(seen)
                yield seen

    # -- the views' side

    def watch(self, service: str, now_s: float) -> None:
        """Somebody looks at this service: the next snapshots have its details, for a minute after the last call."""
        if service in self._watched or len(self._watched) < MOST_WATCHED:
            self._watched[service] = now_s

    # -- lines, rows and details

    def _heard(self, name: str, lines: list[str], mark: str) -> None:
        kept = self._lines[name]
        for text in lines[-MOST_LINES:]:
            self._lines_heard += 1
            kept.append(Line(self._lines_heard, text[:MOST_CHARACTERS], mark))

    def _lines_of(self, service: Service) -> deque[Line]:
        """What was heard since somebody looks; at first what the service remembers."""
        if service.name not in self._lines:
            self._lines[service.name] = deque(maxlen=MOST_LINES)
            self._heard(service.name, service.lines_at_the_end(MOST_LINES), "")
        return self._lines[service.name]

    def _row(self, service: Service) -> Row:
        epoch = service.current
        states, severity = self._states(service)
        row = Row(
            service.name, states[0], severity, 0.0, None, None, service.limit_mib, None, None, None, None,
            service.collections, service.processes.seen, None, None, states=states,
        )  # fmt: skip
        if epoch is None or epoch.last is None:
            return row
        derived = epoch.last_derived
        limit = service.limit_mib
        if limit is None and derived is not None:
            limit = derived.memory_limit_estimate_mib
        rate_mib_per_s, lasts_s = self._growing(service.name)
        return replace(
            row,
            probability=round(epoch.judge.belief, 4) if epoch.judge is not None else 0.0,
            live_mib=epoch.last.heap_live_mib,
            goal_mib=epoch.last.goal_mib,
            limit_mib=limit,
            rate_mib_per_s=rate_mib_per_s,
            lasts_s=lasts_s if states[0] not in {"died", "ended"} else None,
            gc_cpu_share=_recent_share(epoch),
            pause_ms=epoch.last.pause_ms,
            last_time_s=epoch.last_time_s,
            uptime_s=epoch.last.uptime_s,
            pauses=epoch.trace.pauses if epoch.trace is not None else (0, 0.0),
            trend=_trend(epoch),
            any_moment=NextGoal.kind in states,
        )

    def _states(self, service: Service) -> tuple[tuple[str, ...], str | None]:
        """What is wrong with the service now, the worst first and of those the newest; and how bad the worst is."""
        epoch = service.current
        incidents = [each for each in self._open.get(service.name, {}).values() if each.kind != "death"]
        if epoch is not None:
            incidents = [each for each in incidents if each.epoch == epoch.index]
        newest = incidents[::-1]
        incidents = sorted(newest, key=lambda each: -SEVERITIES.index(each.severity))
        states = tuple(each.kind for each in incidents)
        if epoch is not None and epoch.deaths:
            ended_well = all(_ended_well(each) for each in epoch.deaths)
            return (("ended",), None) if ended_well else (("died", *states), "critical")
        if service.silence.has_left:
            return ("ended",), None
        return (states, incidents[0].severity) if incidents else (("well",), None)

    def _growth(self, name: str) -> Finding | None:
        """The open incident that says how fast the heap grows."""
        incidents = self._open.get(name, {}).values()
        return next((each for each in incidents if each.evidence.get("rate_mib_per_s") is not None), None)

    def _judge(self, now_s: float) -> None:
        """Ask anew how fast services grow that do: a few at a time, those first that were not asked for longest."""
        services, verdicts = self.engine.services, self._verdicts
        self._unjudged |= self._changed
        growing = [name for name in sorted(self._unjudged) if name in services and self._growth(name) is not None]
        due = [name for name in growing if now_s - verdicts.get(name, NEVER)[0] >= JUDGED_FOR_S]
        for name in sorted(due, key=lambda name: verdicts.get(name, NEVER)[0])[:MOST_JUDGED]:
            epoch = services[name].current
            verdicts[name] = (now_s, epoch.verdict() if epoch is not None else None)
            growing.remove(name)
            self._changed.add(name)
        self._unjudged = set(growing)
        self._verdicts = {name: each for name, each in verdicts.items() if name in services and self._growth(name)}

    def _growing(self, name: str) -> tuple[float | None, float | None]:
        """Growth in MiB/s, and for how many seconds there is memory, of a service with such an incident."""
        growth = self._growth(name)
        if growth is None:
            return None, None
        verdict = self._verdicts.get(name, NEVER)[1]
        if verdict is None or (verdict.rate_mib_per_s is None and verdict.kind in OPEN):
            return growth.evidence["rate_mib_per_s"], growth.evidence.get("seconds")
        return verdict.rate_mib_per_s, verdict.forecast.seconds if verdict.forecast is not None else None

    def _detail(self, service: Service) -> Detail:
        epoch = service.current
        findings = tuple(service.findings)
        suspects = self._suspects.get(service.name, NOBODY)[1]
        if not suspects:
            suspects = next((each.suspects for each in reversed(findings) if each.suspects), ())
        death = service.deaths[-1].record if service.deaths else None
        return Detail(
            service=service.name,
            epoch=epoch.index if epoch is not None else 0,
            verdict=epoch.verdict() if epoch is not None else None,
            bins=tuple(replace(each) for each in epoch.trace.bins()) if epoch is not None and epoch.trace else (),
            findings=findings[-100:],
            lines=_marked(self._lines_of(service), suspects),
            suspects=suspects,
            death=getattr(death, "cause", None),
        )


def _collection(cycle: GcCycle) -> str:
    """A collection in the words of the runtime, however torn it came."""
    at = f"@{cycle.uptime_s:.3f}s" if cycle.uptime_s is not None else ""
    marked = cycle.heap_marked_mib if cycle.heap_marked_mib is not None else cycle.heap_live_mib
    goal = f", {cycle.goal_mib} MB goal" if cycle.goal_mib is not None else ""
    return (
        f"gc {cycle.number} {at} {cycle.gc_cpu_percent or 0}%: {pause(cycle.pause_ms)} pause, "
        f"{cycle.heap_start_mib}->{cycle.heap_end_mib}->{marked} MB{goal}"
    )


def _marked(lines: Iterable[Line], suspects: Sequence[dict[str, Any]]) -> tuple[Line, ...]:
    """The lines, those marked that a suspect wrote."""
    wrote = writer(suspects)
    return tuple(replace(line, mark="suspect") if not line.mark and wrote(line.text) else line for line in lines)


def _recent_share(epoch: Epoch) -> float | None:
    """The collector's share of the processors over the last bins."""
    bins = epoch.trace.bins()[-4:] if epoch.trace is not None else []
    span_s = sum(each.span_s for each in bins)
    return sum(each.busy_s for each in bins) / span_s if span_s > 0 else None


def _trend(epoch: Epoch, steps: int = 24) -> tuple[int, ...]:
    bins = epoch.trace.bins() if epoch.trace is not None else []
    if len(bins) <= steps:
        return tuple(each.live_high_mib for each in bins)
    return tuple(bins[(len(bins) - 1) * at // (steps - 1)].live_high_mib for at in range(steps))


def _ended_well(sighting: Sighting) -> bool:
    """Somebody says that the process ended by itself, without an error."""
    return isinstance(sighting.record, Death) and sighting.record.cause == ON_PURPOSE
