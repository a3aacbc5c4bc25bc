"""One service: its process epochs, what each of them is made of, and what is wrong with it.

A *process epoch* is one run of one process. The runtime numbers its collections from 1 without gaps and counts its
uptime upwards, so the numbers tell which process a line belongs to, when a new one has begun, and what the log lost.
"""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from gctail.detectors import Carryover, Judge, Moment, Signal
from gctail.golang.pacer import Derived, PacerView
from gctail.parsing.wrappers import unwrapped
from gctail.records import Death, Finding, GcCycle, Passage, Sighting, Unreadable, Verdict

MOST_OPEN_EPOCHS = 4
"""Processes that may write to one stream at the same time."""
MOST_EPOCHS_KEPT = 64
MOST_GAPS = 64
RECENT = 32
"""Collections remembered one by one, to know a line that comes twice or late."""
LAST_LINES_BYTES = 1 << 14
MOST_FINDINGS_KEPT = 256
MOST_DEATHS_KEPT = 64
SAME_DEATH_S = 15.0
"""Reports of one death by several parties lie within so many seconds."""


class Gap(Struct, frozen=True):
    """Collections that the log does not have: numbers `first` to `last`."""

    first: int
    last: int
    uptime_s: float | None
    time_s: float | None


class Ledger(Struct):
    """What one epoch's numbers prove about the log: collections seen, missing, doubled and late."""

    seen: int = 0
    missing: int = 0
    doubled: int = 0
    late: int = 0
    mended: int = 0
    gaps: list[Gap] = []

    def lose(self, gap: Gap) -> None:
        """Note a gap; the first `MOST_GAPS` are kept one by one, all are counted."""
        self.missing += gap.last - gap.first + 1
        if len(self.gaps) < MOST_GAPS:
            self.gaps.append(gap)

    def fill(self, number: int) -> bool:
        """A collection that was missing has come late."""
        for at, gap in enumerate(self.gaps):
            if gap.first <= number <= gap.last:
                self.gaps[at : at + 1] = [
                    Gap(first, last, gap.uptime_s, gap.time_s)
                    for first, last in ((gap.first, number - 1), (number + 1, gap.last))
                    if first <= last
                ]
                self.missing -= 1
                self.late += 1
                return True
        return False


class Epoch:
    """One run of one process, as far as the log shows it."""

    def __init__(self, index: int, judge: Judge | None) -> None:
        self.index = index
        self.ledger = Ledger()
        self.view = PacerView()
        self.judge = judge
        self.first: GcCycle | None = None
        self.last: GcCycle | None = None
        self.last_number = 0
        self.last_uptime_s = -1.0
        self.last_time_s: float | None = None
        self.last_derived: Derived | None = None
        self.start_s: float | None = None
        self.start_exact = False
        self.recent: deque[tuple[int, float | None, tuple[float, ...], tuple[float, ...]]] = deque(maxlen=RECENT)
        self.deaths: list[Sighting] = []
        self.signals: list[tuple[Signal, Sighting]] = []

    def continues(self, cycle: GcCycle) -> bool:
        """This collection can be a later one of the same process."""
        uptime_s = cycle.uptime_s
        if (uptime_s is None) != (self.last is not None and self.last.uptime_s is None):
            return False
        return cycle.number > self.last_number and (uptime_s is None or uptime_s >= self.last_uptime_s)

    def clock(self, sighting: Sighting, cycle: GcCycle) -> None:
        """Learn when the process started: a wrapper's time stamp is late by a little, a neighbour's line earlier."""
        uptime_s = cycle.uptime_s
        if uptime_s is None:
            return
        printed_s = uptime_s + sum(cycle.clock_ms) / 1000
        if sighting.time_s is not None:
            start_s = sighting.time_s - printed_s
            if not self.start_exact or self.start_s is None or start_s < self.start_s:
                self.start_s, self.start_exact = start_s, True
        elif sighting.near_s is not None and not self.start_exact:
            start_s = sighting.near_s - printed_s
            if self.start_s is None or start_s > self.start_s:
                self.start_s = start_s

    def time_of(self, sighting: Sighting) -> float | None:
        """Unix time of a sighting in this epoch."""
        record = sighting.record
        if sighting.time_s is not None:
            return sighting.time_s
        if isinstance(record, GcCycle) and record.uptime_s is not None and self.start_s is not None:
            return self.start_s + record.uptime_s + sum(record.clock_ms) / 1000
        if sighting.near_s is not None:
            return sighting.near_s
        return self.last_time_s


class Seen(Struct, frozen=True, gc=False):
    """A sighting with what its service makes of it."""

    sighting: Sighting
    epoch: int
    time_s: float | None
    derived: Derived | None = None
    findings: tuple[Finding, ...] = ()


class Service:
    """All that is remembered of one service. Bounded: nothing here grows with the length of the log."""

    def __init__(self, name: str, limit_mib: float | None = None, *, judging: bool = True) -> None:
        self.name = name
        self.limit_mib = limit_mib
        self.judging = judging
        self.epochs: deque[Epoch] = deque(maxlen=MOST_EPOCHS_KEPT)
        self.epochs_seen = 0
        self.open: list[Epoch] = []
        self.current: Epoch | None = None
        self.findings: deque[Finding] = deque(maxlen=MOST_FINDINGS_KEPT)
        self.deaths: deque[Sighting] = deque(maxlen=MOST_DEATHS_KEPT)
        self._kinds: dict[str, int] = {}
        self.collections = 0
        self.mended = 0
        self.unreadable = 0
        self.specimens: list[str] = []
        self.last_lines = b""
        self.last_lines_wrapper: str | None = None
        self.memory: Carryover | None = None

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
        """Application text of this service: its end is kept for the last lines."""
        text = passage.text
        if passage.wrapper != self.last_lines_wrapper:
            self.last_lines, self.last_lines_wrapper = b"", passage.wrapper
        tail = bytes(text[-LAST_LINES_BYTES:])
        if len(tail) < LAST_LINES_BYTES:
            tail = (self.last_lines + tail)[-LAST_LINES_BYTES:]
        self.last_lines = tail

    def advance(self, now_s: float) -> list[Finding]:
        """Time has passed; `now_s` is Unix time."""
        found: list[Finding] = []
        for epoch in self.open:
            if epoch.judge is not None and epoch.start_s is not None and epoch.last is not None:
                place = Sighting(epoch.last, self.name, "", 0, now_s)
                found += self._told(epoch, epoch.judge.advance(now_s - epoch.start_s), place, now_s)
        return found

    # -- collections

    def _collection(self, sighting: Sighting, cycle: GcCycle) -> Seen:
        epoch = self.current
        uptime_s = cycle.uptime_s
        follows = epoch is not None and cycle.number == epoch.last_number + 1
        if epoch is None or not follows or uptime_s is None or uptime_s < epoch.last_uptime_s:
            epoch, repeated = self._epoch_of(sighting, cycle)
            if repeated:
                return Seen(sighting, epoch.index, epoch.time_of(sighting))
        if sighting.mended:
            self.mended += 1
            epoch.ledger.mended += 1
        epoch.ledger.seen += 1
        if sighting.time_s is not None or sighting.near_s is not None:
            epoch.clock(sighting, cycle)
        time_s = epoch.time_of(sighting) if epoch.start_s is not None or uptime_s is None else None
        judge = epoch.judge
        derived = epoch.view.observe(cycle, time_s) if judge is None else epoch.view.glance(cycle, time_s)
        if epoch.first is None:
            epoch.first = cycle
        epoch.last, epoch.last_number, epoch.last_uptime_s = cycle, cycle.number, uptime_s or -1.0
        epoch.last_time_s, epoch.last_derived = time_s, derived
        epoch.recent.append((cycle.number, uptime_s, cycle.clock_ms, cycle.cpu_ms))
        if judge is None:
            return Seen(sighting, epoch.index, time_s, derived)
        clock_s = self._clock_without_uptime(epoch, cycle, time_s) if uptime_s is None else uptime_s
        signals = judge.observe(Moment(cycle, derived, clock_s))
        findings = tuple(self._told(epoch, signals, sighting, time_s)) if signals else ()
        return Seen(sighting, epoch.index, time_s, derived, findings)

    def _clock_without_uptime(self, epoch: Epoch, cycle: GcCycle, time_s: float | None) -> float:
        """Go 1.0 to 1.4 prints no uptime: wall time where the log has it, else one second a collection."""
        if time_s is None:
            return float(cycle.number)
        if epoch.start_s is None:
            epoch.start_s = time_s
        return time_s - epoch.start_s

    def _epoch_of(self, sighting: Sighting, cycle: GcCycle) -> tuple[Epoch, bool]:
        """The process that this collection belongs to, and whether the log has had the collection before."""
        for epoch in self.open:
            if (cycle.number, cycle.uptime_s, cycle.clock_ms, cycle.cpu_ms) in epoch.recent:
                epoch.ledger.doubled += 1
                return epoch, True
        able = [epoch for epoch in self.open if epoch.continues(cycle)]
        if able:
            epoch = min(able, key=lambda epoch: (cycle.number - epoch.last_number, _unlike(epoch, cycle)))
            if cycle.number > epoch.last_number + 1:
                gap = Gap(epoch.last_number + 1, cycle.number - 1, cycle.uptime_s, sighting.time_s)
                epoch.ledger.lose(gap)
            self.current = epoch
            return epoch, False
        for epoch in self.open:
            if self._is_late(epoch, cycle):
                return epoch, True
        return self._begin(cycle), False

    def _is_late(self, epoch: Epoch, cycle: GcCycle) -> bool:
        uptime_s = cycle.uptime_s
        if uptime_s is None or epoch.first is None or uptime_s < (epoch.first.uptime_s or 0.0):
            return False
        older = [at or 0.0 for number, at, *_ in epoch.recent if number < cycle.number]
        newer = [at or 0.0 for number, at, *_ in epoch.recent if number > cycle.number]
        fits = all(at <= uptime_s for at in older) and all(at >= uptime_s for at in newer)
        return fits and bool(newer) and epoch.ledger.fill(cycle.number)

    def _begin(self, cycle: GcCycle) -> Epoch:
        """A process that was not seen before. A first number above 1 means that the log begins later than it."""
        before = self.current
        if before is not None and before.judge is not None:
            died = next((sighting.record for sighting in before.deaths), None)
            cause = died.cause if isinstance(died, Death) else None
            self.memory = before.judge.close(died=died is not None, cause=cause)
        self.epochs_seen += 1
        epoch = Epoch(self.epochs_seen, Judge(self.limit_mib, self.memory) if self.judging else None)
        epoch.last_number = cycle.number - 1
        self.epochs.append(epoch)
        self.open.append(epoch)
        if len(self.open) > MOST_OPEN_EPOCHS:
            self.open.pop(0)
        self.current = epoch
        return epoch

    # -- deaths and the rest

    def _death(self, sighting: Sighting, death: Death) -> Seen:
        epoch = self.current
        index = epoch.index if epoch is not None else 0
        time_s = sighting.time_s if epoch is None else epoch.time_of(sighting)
        uptime_s = epoch.last_uptime_s if epoch is not None and epoch.last is not None else None
        if self._is_known(sighting, death):
            return Seen(sighting, index, time_s)
        self.deaths.append(sighting)
        if epoch is not None:
            epoch.deaths.append(sighting)
            if death.source == "go" and epoch in self.open:
                self.open.remove(epoch)
        finding = Finding(
            _finding_id(self.name, "death", sighting), "death", "critical", self.name, index, time_s, uptime_s,
            sighting.offset, f"the process died: {death.cause.replace('-', ' ')}",
            {"cause": death.cause, "source": death.source, **death.details}, lines=death.lines[:8],
        )  # fmt: skip
        self.findings.append(finding)
        return Seen(sighting, index, time_s, None, (finding,))

    def _is_known(self, sighting: Sighting, death: Death) -> bool:
        """The same death told again: by the same pid, or by another party at the same time."""
        for other in self.deaths:
            known = other.record
            if not isinstance(known, Death):
                continue
            pid = death.details.get("pid")
            if pid is not None and pid == known.details.get("pid") and death.source == known.source:
                return True
            if death.text == known.text and sighting.offset == other.offset and sighting.origin == other.origin:
                return True
        return False

    def _unreadable(self, record: Unreadable) -> None:
        self.unreadable += 1
        if len(self.specimens) < 3:
            self.specimens.append(record.text[:300])

    def _told(self, epoch: Epoch, signals: list[Signal], sighting: Sighting, time_s: float | None) -> list[Finding]:
        """Signals as findings: with an id that depends on service, kind and place alone."""
        cycle = sighting.record
        uptime_s = cycle.uptime_s if isinstance(cycle, GcCycle) else None
        found = [
            Finding(
                _finding_id(self.name, signal.kind + signal.phase, sighting),
                signal.kind,
                signal.severity,
                self.name,
                epoch.index,
                time_s,
                uptime_s,
                sighting.offset,
                signal.summary,
                {"phase": signal.phase, **signal.evidence},
            )
            for signal in signals
        ]
        self.findings.extend(found)
        return found

    # -- what is told at the end

    def judged(self) -> tuple[Epoch | None, Verdict | None]:
        """The epoch that speaks for the service, and its verdict: a leak wherever there is one, else the last run."""
        told = [(epoch, epoch.judge.verdict()) for epoch in self.epochs if epoch.ledger.seen and epoch.judge]
        if not told:
            return None, None
        leaking = [item for item in told if item[1].leak]
        if leaking:
            return max(leaking, key=lambda item: (item[1].probability, item[0].index))
        return max(told[-3:], key=lambda item: (item[0].ledger.seen, item[0].index))

    def lines_at_the_end(self, most: int = 20) -> list[str]:
        """The last application lines."""
        lines = self.last_lines.decode("utf-8", "replace").splitlines()
        if self.last_lines_wrapper is not None:
            lines = unwrapped(lines, self.last_lines_wrapper)
        return [line for line in lines if line.strip()][-most:]

    def ledger(self) -> dict[str, Any]:
        """What all epochs' numbers prove together."""
        ledgers = [epoch.ledger for epoch in self.epochs]
        names = ("seen", "missing", "doubled", "late")
        return {name: sum(getattr(ledger, name) for ledger in ledgers) for name in names}


def _unlike(epoch: Epoch, cycle: GcCycle) -> bool:
    return epoch.last is not None and epoch.last.procs != cycle.procs


def _finding_id(service: str, kind: str, sighting: Sighting) -> str:
    place = f"{service}\0{kind}\0{sighting.origin}\0{sighting.offset}"
    return blake2b(place.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
