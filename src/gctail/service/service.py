"""One service: its process epochs, what is wrong with it, and what is remembered of it. Bounded in every direction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gctail.detectors import Judge, Signal
from gctail.detectors.hurry import hurry
from gctail.detectors.leak import DEFAULT_BUDGET
from gctail.detectors.others import Replicas, nobody
from gctail.detectors.values import Life
from gctail.epochs import RECENT, Epoch
from gctail.golang.pacer import Derived
from gctail.parsing.burst import Burst
from gctail.parsing.metrics_series import SampleSeries
from gctail.records import Death, Digest, Finding, GcCycle, HeapSample, Passage, Sighting, Unreadable, Verdict
from gctail.rules import Plan
from gctail.service import telling
from gctail.service.advising import LEAKS
from gctail.service.ends import Deaths
from gctail.service.processes import Processes
from gctail.service.silence import Silence
from gctail.service.words import Words
from gctail.traces import Trace

VERSION = 1
MOST_FINDINGS_KEPT = 256


class Seen(Struct, frozen=True, gc=False):
    """A sighting with what its service makes of it."""

    sighting: Sighting
    epoch: int
    time_s: float | None
    derived: Derived | None = None
    findings: tuple[Finding, ...] = ()


class Service:
    """All that is remembered of one service. Bounded: nothing here grows with the length of the log."""

    def __init__(
        self,
        name: str,
        limit_mib: float | None = None,
        *,
        judging: bool = True,
        plan: Plan | None = None,
        trace_points: int = 0,
    ) -> None:
        self.name = name
        self.limit_mib = limit_mib
        self.judging = judging
        self.plan = plan
        self.trace_points = trace_points
        self.mining = 0.0
        self.budget_per_day = DEFAULT_BUDGET
        self.processes = Processes()
        self.findings: deque[Finding] = deque(maxlen=MOST_FINDINGS_KEPT)
        self.deaths = Deaths()
        self._kinds: dict[str, int] = {}
        self.collections = 0
        self.samples = SampleSeries()
        self.silence = Silence(name)
        self.mended = 0
        self.unreadable = 0
        self.specimens: list[str] = []
        self.words = Words()
        self._replicas: Replicas = nobody

    @property
    def epochs(self) -> deque[Epoch]:
        """Its latest processes, the newest at the end."""
        return self.processes.kept

    @property
    def current(self) -> Epoch | None:
        """The process that was heard of last."""
        return self.processes.current

    # -- what comes in

    def observe(self, sighting: Sighting) -> Seen:
        """A record of this service: where it belongs, what follows from it, and what is to be told."""
        record = sighting.record
        if type(record) is GcCycle:
            self.collections += 1
            return self._collection(sighting, record)
        kind = str(type(record).__struct_config__.tag)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if isinstance(record, Death):
            return self._death(sighting, record)
        if isinstance(record, HeapSample):
            return self._sample(sighting, record)
        if isinstance(record, Unreadable):
            self._unreadable(record)
        epoch = self.current
        if sighting.mended:
            self.mended += 1
        if epoch is None:
            return Seen(sighting, 0, sighting.time_s if sighting.time_s is not None else sighting.near_s)
        return Seen(sighting, epoch.index, epoch.time_of(sighting))

    @property
    def kinds(self) -> dict[str, int]:
        """How many records of each kind were seen."""
        return {**self._kinds, "gc": self.collections} if self.collections else self._kinds

    def read(self, passage: Passage) -> None:
        """Application text of this service: it is mined, and its end is kept for the last lines."""
        text = passage.text
        if self.mining and self.current is not None:
            self.current.read(text, passage.wrapper, self.mining)
        if self.plan and self.current is not None:
            self.current.counts.read(text, levels="errors" in self.plan.names)
        self.words.keep(text, passage.wrapper)

    def hear(self, digest: Digest) -> None:
        """The same of application text that was read elsewhere."""
        if self.mining and self.current is not None:
            self.current.hear(digest, self.mining)
        if self.plan and self.current is not None:
            self.current.counts.lines += digest.lines
            self.current.counts.errors += digest.errors
        if digest.end:
            self.words.keep_end(digest.end, None)

    @property
    def belief(self) -> float:
        """How likely a leak is in the process that is heard of now."""
        return self.current.judge.belief if self.current is not None and self.current.judge is not None else 0.0

    def bear(self, budget_per_day: float) -> None:
        """From now on so many false alarms a day are borne from this service."""
        self.budget_per_day = budget_per_day
        for epoch in self.processes.open:
            if epoch.judge is not None:
                epoch.judge.bear(budget_per_day)

    def limit(self, limit_mib: float | None) -> None:
        """From now on the container has this limit, which somebody may have changed; None where nobody knows."""
        if limit_mib == self.limit_mib:
            return
        self.limit_mib = limit_mib
        for epoch in self.processes.open:
            if epoch.judge is not None:
                epoch.judge.limit(limit_mib)
            if epoch.watch is not None:
                epoch.watch.limit_mib = limit_mib

    def watch_for(self, plan: Plan | None) -> None:
        """From now on watch for these rules."""
        self.plan = plan
        for epoch in self.processes.open:
            epoch.watch_for(plan if self.judging else None, self.name, self.limit_mib)

    def hear_replicas(self, replicas: Replicas) -> None:
        """From now on ask these about growth: how the replicas of this service are."""
        self._replicas = replicas
        for epoch in self.processes.open:
            if epoch.judge is not None:
                epoch.judge.replicas = replicas

    def lives(self) -> Sequence[Life]:
        """What its replicas may know of it."""
        return self.processes.lives()

    def inherit(self, lives: Sequence[Life]) -> None:
        """Replicas of an earlier release have ended: they count as earlier runs of this service."""
        self.processes.inherit(lives)

    def heard(self, listened_s: float, now_s: float) -> list[Finding]:
        """It said something since this was last called; what is to be told where it had been called silent."""
        found = self.silence.heard(self.current, listened_s, now_s)
        return [] if found is None else [self._remembered(found)]

    def falls_silent(
        self, listened_s: float, now_s: float, excused: Callable[[str], bool] = lambda _: False
    ) -> list[Finding]:
        """Where it has said nothing for far longer than usual, and nobody said that it died, or knows why."""
        found = self.silence.falls(self.current, self.limit_mib, listened_s, now_s, excused, self.words.farewell)
        return [] if found is None else [self._remembered(found)]

    def _remembered(self, finding: Finding) -> Finding:
        self.findings.append(finding)
        return finding

    def advance(self, now_s: float) -> list[Finding]:
        """Time has passed; `now_s` is Unix time."""
        found: list[Finding] = []
        for epoch in self.processes.open:
            signals = epoch.advance(now_s)
            if signals and epoch.last is not None:
                found += self._told(epoch, signals, Sighting(epoch.last, self.name, "", 0, now_s), now_s)
        return found

    # -- collections

    def _collection(self, sighting: Sighting, cycle: GcCycle) -> Seen:
        before = epoch = self.current
        uptime_s, over = cycle.uptime_s, list[Finding]()
        follows = epoch is not None and cycle.number == epoch.last_number + 1 and not self.processes.mixed
        if epoch is None or not follows or uptime_s is None or uptime_s < epoch.last_uptime_s:
            found, repeated = self.processes.of(sighting, cycle)
            epoch = found if found is not None else self._begin(cycle)
            if found is not None and repeated:
                return Seen(sighting, epoch.index, epoch.time_of(sighting))
            if before is not None and epoch.first is None:
                over = self._rules_over(before)
        if sighting.mended:
            self.mended += 1
            epoch.ledger.mended += 1
        epoch.ledger.seen += 1
        if epoch.deaths and self._lives_on(epoch):
            return replace(self._collection_of(epoch, sighting, cycle), findings=(self._refuted(epoch, sighting),))
        seen = self._collection_of(epoch, sighting, cycle)
        return replace(seen, findings=(*over, *seen.findings)) if over else seen

    def burst(self, burst: Burst) -> list[Seen]:
        """Many collections at once: what is to be told of them. The last ones are taken one by one, and remembered."""
        told: list[Seen] = []
        at, calm = 0, len(burst) - RECENT
        while at < calm and not self.processes.mixed and self.current and self.current.in_order(burst.columns, at):
            epoch, begin = self.current, at
            at, signals = hurry(epoch.view, epoch.judge, burst, begin, calm)
            if at == begin:
                break
            self.collections += at - begin
            epoch.passed(at - begin)
            epoch.mark(epoch.last_uptime_s)
            if signals:
                epoch.stopped(burst.cycle(at - 1))
                sighting = burst.sighting(at - 1)
                time_s = epoch.time_of(sighting) if epoch.start_s is not None else None
                findings = tuple(self._told(epoch, signals, sighting, time_s))
                told.append(Seen(sighting, epoch.index, time_s, None, findings))
        for sighting in burst.sightings(at):
            seen = self.observe(sighting)
            if seen.findings:
                told.append(seen)
        return told

    def _collection_of(self, epoch: Epoch, sighting: Sighting, cycle: GcCycle) -> Seen:
        """One more collection of a process that is known."""
        uptime_s = cycle.uptime_s
        if sighting.time_s is not None or sighting.near_s is not None:
            epoch.clock(sighting, cycle)
        time_s = epoch.time_of(sighting) if epoch.start_s is not None or uptime_s is None else None
        judge, view = epoch.judge, epoch.view
        full = judge is None or epoch.watch is not None or epoch.trace is not None
        derived = view.observe(cycle, time_s) if full else view.glance(cycle, time_s)
        epoch.remember(cycle, time_s, derived)
        if epoch.trace is not None:
            epoch.trace.add(cycle, derived, time_s, sighting.offset)
        if judge is None:
            return Seen(sighting, epoch.index, time_s, derived)
        clock_s = epoch.clock_without_uptime(cycle, time_s) if uptime_s is None else uptime_s
        signals = epoch.observe(cycle, derived, clock_s)
        epoch.mark(clock_s)
        findings = tuple(self._told(epoch, signals, sighting, time_s)) if signals else ()
        return Seen(sighting, epoch.index, time_s, derived, findings)

    def _sample(self, sighting: Sighting, sample: HeapSample) -> Seen:
        """The heap by another channel: judged as a collection, as long as the log has no real ones."""
        time_s = sample.time_s if sample.time_s is not None else sighting.time_s
        index = self.current.index if self.current is not None else 0
        cycle = self.samples.observe(sample, time_s) if not self.collections else None
        if cycle is None:
            return Seen(sighting, index, time_s)
        seen = self._collection(replace(sighting, record=cycle), cycle)
        return replace(seen, sighting=sighting)

    def _lives_on(self, epoch: Epoch) -> bool:
        """A process that goes on collecting did not die; one line may still come from before its end."""
        epoch.after_death += 1
        return epoch.after_death > 1

    def _refuted(self, epoch: Epoch, sighting: Sighting) -> Finding:
        """Take back what was said of a death: it was another process's, or words of the application."""
        texts = {each.record.text for each in epoch.deaths if isinstance(each.record, Death)}
        for told in epoch.deaths:
            self.deaths.remove(told)
        epoch.deaths, epoch.after_death = [], 0
        if epoch not in self.processes.open:
            self.processes.open.append(epoch)
        return self._remembered(telling.of_life(self.name, epoch, sighting, texts))

    def _begin(self, cycle: GcCycle) -> Epoch:
        """A process that was not seen before. A first number above 1 means that the log begins later than it."""
        processes = self.processes
        processes.learn(self.words.farewell())
        epoch = Epoch(processes.seen + 1, last_number=cycle.number - 1)
        if self.judging:
            epoch.judge = Judge(self.limit_mib, processes.memory, self.budget_per_day)
            epoch.judge.replicas = self._replicas
        if self.plan and self.judging:
            epoch.watch_for(self.plan, self.name, self.limit_mib)
        if self.trace_points:
            epoch.trace = Trace(self.trace_points)
        processes.begin(epoch)
        return epoch

    def _rules_over(self, epoch: Epoch) -> list[Finding]:
        """The process has ended: what rules said of it is over."""
        if epoch.watch is None or epoch.last is None:
            return []
        return self._told(epoch, epoch.watch.close(), Sighting(epoch.last, self.name, "", 0), epoch.last_time_s)

    # -- deaths and the rest

    def _death(self, sighting: Sighting, death: Death) -> Seen:
        epoch = self.current
        index = epoch.index if epoch is not None else 0
        time_s = sighting.time_s if epoch is None else epoch.time_of(sighting)
        if self.deaths.have(sighting, death):
            return Seen(sighting, index, time_s)
        self.deaths.append(sighting)
        if epoch is not None:
            epoch.deaths.append(sighting)
            if death.source == "go" and epoch in self.processes.open:
                self.processes.close(epoch)
        over = self._rules_over(epoch) if epoch is not None and epoch not in self.processes.open else []
        finding = self._remembered(telling.of_death(self.name, epoch, sighting, death, time_s))
        return Seen(sighting, index, time_s, None, (finding, *over))

    def _unreadable(self, record: Unreadable) -> None:
        self.unreadable += 1
        if len(self.specimens) < 3:
            self.specimens.append(record.text[:300])

    def _told(self, epoch: Epoch, signals: list[Signal], sighting: Sighting, time_s: float | None) -> list[Finding]:
        """Signals as findings, which are remembered."""
        found = telling.of_signals(self.name, epoch, signals, sighting, time_s)
        self.findings.extend(found)
        return found

    # -- what is told at the end

    def conclude(self) -> list[Finding]:
        """The log has ended. A leak in the verdict that no alarm has told is told now: an alarm waits to be surer.

        And an alarm that the verdict does not bear out is taken back.
        """
        epoch, verdict = self.judged()
        if epoch is None or verdict is None or epoch.last is None:
            return []
        if not verdict.leak:
            signals = epoch.judge.take_back(verdict) if epoch.judge is not None else []
            return self._told(epoch, signals, Sighting(epoch.last, self.name, "", 0), epoch.last_time_s)
        if any(finding.kind in LEAKS and finding.epoch == epoch.index for finding in self.findings):
            return []
        place = Sighting(epoch.last, self.name, "", 0)
        evidence = {
            "probability": verdict.probability,
            "onset_uptime_s": verdict.onset_uptime_s,
            "rate_mib_per_s": verdict.rate_mib_per_s,
        }
        summary = "; ".join(verdict.why) or f"a leak with probability {verdict.probability:.2f}"
        signal = Signal(verdict.kind, "warning", summary, evidence, "verdict")
        return self._told(epoch, [signal], place, epoch.last_time_s)

    def end(self) -> list[Finding]:
        """Nothing will be heard of it any more: a leak that no alarm has told, and what rules said is over."""
        return [*self.conclude(), *(finding for epoch in self.processes.open for finding in self._rules_over(epoch))]

    def judged(self) -> tuple[Epoch | None, Verdict | None]:
        """The process that speaks for the service, and its verdict: a leak wherever there is one, else the last one."""
        return self.processes.judged()

    def suspects(self, epoch: Epoch | None = None) -> list[dict[str, Any]]:
        """Whom the log accuses of the growth of this process, or of the one that speaks for the service."""
        if epoch is not None:
            return epoch.suspects(epoch.verdict())
        epoch, verdict = self.judged()
        return epoch.suspects(verdict) if epoch is not None else []

    def accusation(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The suspects; and of a leak that nobody is suspected of, the lines that nothing tells apart."""
        epoch, verdict = self.judged()
        return epoch.accusation(verdict) if epoch is not None else ([], [])

    def grows_with(self) -> list[dict[str, Any]]:
        """The same of a process that grows, and is too young to be called leaking: nobody is accused yet."""
        epoch, verdict = self.judged()
        if epoch is None or epoch.mine is None or verdict is None or verdict.kind != "growing":
            return []
        return epoch.grown_with(verdict.onset_uptime_s or 0.0)

    def mine(self, share: float) -> None:
        """From now on mine what the application says; with 0 no longer, and what was found is forgotten."""
        self.mining = share
        for epoch in self.processes.open if not share else ():
            epoch.mine = None

    @property
    def mined_kib(self) -> int:
        """What is known of what the application said takes about so much memory."""
        return sum(epoch.mine.held_kib for epoch in self.epochs if epoch.mine is not None)

    def last_line_says(self, suspects: list[dict[str, Any]]) -> str | None:
        """What is to be thought of the last line, by how often its like comes; None where nobody listened."""
        lines = self.lines_at_the_end()
        if not lines or self.current is None or self.current.mine is None:
            return None
        from gctail.attribution.usual import Usual, says

        rate = Usual(self.current.mine, self.current.begin_s).at(lines, len(lines) - 1)
        first, others = (frozenset(each["template"] for each in some) for some in (suspects[:1], suspects[1:]))
        return says(rate, first, others)

    def lines_at_the_end(self, most: int = 20) -> list[str]:
        """The last application lines."""
        return self.words.last_lines(most)

    def ledger(self) -> dict[str, Any]:
        """What the numbers of all processes prove together."""
        return self.processes.ledger()

    def state(self) -> dict[str, Any]:
        """Everything as plain data, for JSON: what `restore` makes goes on exactly from here."""
        return {
            "version": VERSION,
            "name": self.name,
            "limit_mib": self.limit_mib,
            "judging": self.judging,
            "trace_points": self.trace_points,
            "mining": self.mining,
            "budget_per_day": self.budget_per_day,
            **self.processes.state(),
            "collections": self.collections,
            "samples": self.samples.state(),
            "pulse": self.silence.state(),
            "kinds": self._kinds,
            "mended": self.mended,
            "unreadable": self.unreadable,
            "specimens": self.specimens,
            "deaths": self.deaths.state(),
            "findings": msgspec.to_builtins(list(self.findings)),
            **self.words.state(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any], plan: Plan | None = None) -> Service:
        """The service that `state` was taken of. Raises ValueError where a newer program wrote it."""
        if state["version"] > VERSION:
            newer = f"version {state['version']} is newer than this program's {VERSION}"
            raise ValueError(f"state of {state['name']}: {newer}")
        points = state.get("trace_points", 0)
        service = cls(state["name"], state["limit_mib"], judging=state["judging"], plan=plan, trace_points=points)
        service.mining = float(state.get("mining", 0.0))
        service.budget_per_day = state.get("budget_per_day", DEFAULT_BUDGET)
        service.processes = Processes.restore(state, plan)
        service.samples = SampleSeries.restore(state["samples"])
        service.silence = Silence.restore(service.name, state.get("pulse", {}))
        service.collections = state["collections"]
        service._kinds, service.mended = dict(state["kinds"]), state["mended"]
        service.unreadable, service.specimens = state["unreadable"], list(state["specimens"])
        service.deaths = Deaths.restore(state["deaths"])
        service.findings.extend(msgspec.convert(state.get("findings", []), list[Finding]))
        service.words = Words.restore(state)
        return service


def lighter(state: dict[str, Any]) -> dict[str, Any]:
    """The same state without what the application said, which is most of it: whom to suspect is learned anew."""
    return {**state, "epochs": [{**epoch, "mine": None} for epoch in state["epochs"]]}
