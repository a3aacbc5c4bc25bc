"""Process epochs: one run of one process each, and what its collection numbers prove about the log.

The runtime numbers its collections from 1 without gaps and counts its uptime upwards, so the numbers tell which process
a line belongs to, when a new one has begun, and what the log has lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from gctail.attribution.wording import proven
from gctail.detectors import Judge, Moment, Signal, Testimony
from gctail.detectors.added import Added
from gctail.golang.pacer import Derived, PacerView
from gctail.parsing.burst import Columns
from gctail.parsing.causes import OF_MEMORY
from gctail.records import Death, Digest, GcCycle, Sighting, Verdict
from gctail.rules import Counts, Plan, RuleWatch
from gctail.traces import Trace

MOST_GAPS = 16
CLOSELY_BYTES = 8 << 20
"""So much of what a process says is read closely in any case."""
ASKED_AGAIN = 1.2
"""The log is asked about a growth whenever the process is so many times as old as when it was asked last."""
SOON_ASKED = 0.2
"""Where a leak is believed more than this, the log will soon be asked for suspects."""
LIKELY_ENOUGH, FITS = 0.1, 0.95
"""Of a death without a leak: a suspect that is not proven is named from this probability and correlation on."""
MODELS = ("judge", "watch", "added", "trace", "mine")
"""What an epoch has beside plain data; each saves its own state."""
RECENT = 32
"""Collections remembered one by one, to know a line that comes twice or late."""


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


class Epoch(Struct):
    """One run of one process, as far as the log shows it.

    `judge` is there while the process may go on; a closed epoch keeps only its verdict.
    """

    index: int
    ledger: Ledger = field(default_factory=Ledger)
    view: PacerView = field(default_factory=PacerView)
    judge: Any = None  # a Judge; its state is saved by itself
    watch: Any = None  # a RuleWatch, where the user has rules; likewise
    added: Any = None  # Added, where the user has added detectors; likewise
    trace: Any = None  # a Trace, where somebody wants to draw the course; likewise
    mine: Any = None  # a Mine of what the application said, where that is read; likewise
    accused: list[dict[str, Any]] = []  # whom the log accused when the process had ended
    mined: int = 0  # lines of the application that were looked at, when it had ended
    asked_s: float = 0.0  # when the log was last asked about the growth, seconds of uptime
    counts: Counts = field(default_factory=Counts)
    first: GcCycle | None = None
    last: GcCycle | None = None
    last_number: int = 0
    last_uptime_s: float = -1.0
    last_time_s: float | None = None
    last_derived: Derived | None = None
    start_s: float | None = None
    start_exact: bool = False
    recent: list[tuple[int, float | None, tuple[float, ...], tuple[float, ...]]] = []
    deaths: list[Sighting] = []
    after_death: int = 0  # collections since somebody said that the process died
    closed: Verdict | None = None

    @property
    def begin_s(self) -> float | None:
        """The uptime at which the log begins: 0 with the first collection of the process; None where nobody tells."""
        if self.first is None:
            return None
        return 0.0 if self.first.number == 1 else self.first.uptime_s

    def continues(self, cycle: GcCycle) -> bool:
        """This collection can be a later one of the same process."""
        uptime_s = cycle.uptime_s
        if self.last is not None and (uptime_s is None) != (self.last.uptime_s is None):
            return False
        return cycle.number > self.last_number and (uptime_s is None or uptime_s >= self.last_uptime_s)

    def is_doubled(self, cycle: GcCycle) -> bool:
        """The log has had this very line before."""
        return (cycle.number, cycle.uptime_s, cycle.clock_ms, cycle.cpu_ms) in self.recent

    def is_late(self, cycle: GcCycle) -> bool:
        """A collection that was missing, and fits between the others by its uptime; it is not missing any more."""
        uptime_s = cycle.uptime_s
        if uptime_s is None or self.first is None or uptime_s < (self.first.uptime_s or 0.0):
            return False
        older = [at or 0.0 for number, at, *_ in self.recent if number < cycle.number]
        newer = [at or 0.0 for number, at, *_ in self.recent if number > cycle.number]
        fits = all(at <= uptime_s for at in older) and all(at >= uptime_s for at in newer)
        return fits and bool(newer) and self.ledger.fill(cycle.number)

    def remember(self, cycle: GcCycle, time_s: float | None, derived: Derived) -> None:
        """Take the collection in as the last one."""
        if self.first is None:
            self.first = cycle
        uptime_s = cycle.uptime_s
        self.last, self.last_number = cycle, cycle.number
        self.last_uptime_s = -1.0 if uptime_s is None else uptime_s
        self.last_time_s, self.last_derived = time_s, derived
        recent = self.recent
        recent.append((cycle.number, uptime_s, cycle.clock_ms, cycle.cpu_ms))
        if len(recent) > RECENT:
            del recent[0]

    def in_order(self, columns: Columns, at: int) -> bool:
        """This collection is simply the next one, and nobody but the judge wants to see it."""
        if self.watch or self.added or self.trace is not None or self.judge is None or self.deaths:
            return False
        follows = columns.number[at] == self.last_number + 1 and self.view.number == self.last_number
        return follows and self.view.start_s == self.last_uptime_s <= columns.uptime_s[at]

    def passed(self, count: int) -> None:
        """So many collections went by, of which the view knows the last."""
        self.ledger.seen += count
        self.last_number += count
        self.last_uptime_s = self.view.start_s if self.view.start_s is not None else -1.0

    def stopped(self, cycle: GcCycle) -> None:
        """The last of those that went by: what is to be told now goes by its sizes."""
        view, self.last = self.view, cycle
        if self.last_derived is not None:
            self.last_derived = replace(
                self.last_derived,
                next_goal_mib=view.asked_next_mib((cycle.stacks_mib or 0) + (cycle.globals_mib or 0), cycle.go),
                gogc_estimate=view.last_gogc,
                memory_limit_estimate_mib=view.last_limit_mib,
            )

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

    def clock_without_uptime(self, cycle: GcCycle, time_s: float | None) -> float:
        """Go 1.0 to 1.4 prints no uptime: wall time where the log has it, else one second a collection."""
        if time_s is None:
            return float(cycle.number)
        if self.start_s is None:
            self.start_s = time_s
        return time_s - self.start_s

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

    def watch_for(self, plan: Plan | None, service: str, limit_mib: float | None) -> None:
        """Watch for the user's rules, and have his detectors look on; rules that were there before go on."""
        before, self.watch = self.watch, RuleWatch(plan, service, limit_mib) if plan and plan.rules else None
        if before is not None and plan and plan.rules:
            self.watch = RuleWatch.restore(plan, before.state())
        self.added = Added(plan.added) if plan and plan.added else None

    def observe(self, cycle: GcCycle, derived: Derived, clock_s: float) -> list[Signal]:
        """What the models and the user's rules say of a collection."""
        signals: list[Signal] = self.judge.observe(Moment(cycle, derived, clock_s))
        if self.watch is not None:
            self.counts.missing, self.counts.mended = self.ledger.missing, self.ledger.mended
            signals = signals + self.watch.observe(cycle, derived, clock_s, self.counts)
        if self.added is not None:
            signals = signals + self.added.observe(Moment(cycle, derived, clock_s))
        return signals

    def read(self, text: bytes | bytearray | memoryview, wrapper: str | None, share: float) -> None:
        """Mine the application's text: all of it at first, a share when there was much."""
        if self._mines(share):
            self.mine.read(text, wrapper)

    def hear(self, digest: Digest, share: float) -> None:
        """The same of text that was read elsewhere."""
        if digest.sample and self._mines(share):
            self.mine.hear(digest.lines, digest.sample.encode("utf-8", "surrogateescape"))

    def _mines(self, share: float) -> bool:
        """What the application says is mined: not any more where the process has ended."""
        if self.mine is None:
            if self.judge is None:
                return False
            from gctail.templates.mine import Mine

            self.mine = Mine()
        if self.mine.bytes_seen >= CLOSELY_BYTES:
            self.mine.share = share
        return True

    def mark(self, clock_s: float) -> None:
        """What was read since the last collection came before this one."""
        if self.mine is None or self.judge is None:
            return
        self.mine.tick(clock_s, self.judge.gathering.level)
        if clock_s >= ASKED_AGAIN * self.asked_s:
            self.asked_s = clock_s
            self.judge.heed(self.testimony())
        if self.judge.belief > SOON_ASKED:
            import gctail.attribution.choosing  # noqa: F401  (numpy takes 0.1 s: an alarm must not wait for it)

    def testimony(self) -> Testimony | None:
        """What the log says now of the growth; None where nothing grows or nobody listens."""
        asked = self.judge.inquiry() if self.mine is not None else None
        if asked is None:
            return None
        from gctail.attribution.testimony import testimony

        return testimony(self.mine.courses(), asked)

    def suspects(self, verdict: Verdict | None) -> list[dict[str, Any]]:
        """Whom the log accuses of the growth, most suspected first; nobody where nothing leaks and none died of it."""
        return self.accusation(verdict)[0]

    def accusation(self, verdict: Verdict | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The suspects; and of a leak that nobody is suspected of, those that nothing tells apart.

        A cache that fills grows with its lines as a leak does: only the verdict tells them apart. Where a process died
        for want of memory and no leak was seen, as of one huge allocation, who is named has to fit all the better.
        """
        if verdict is None or not (verdict.leak or self.died_of_memory):
            return [], []
        told, alike = self._asked(verdict.onset_uptime_s or 0.0) if self.mine is not None else (self.accused, [])
        return (told, alike) if verdict.leak else ([each for each in told if _fits(each, verdict)], [])

    def grown_with(self, onset_s: float) -> list[dict[str, Any]]:
        """The lines that grew with the heap since then (seconds of uptime), whatever is made of it."""
        return self._asked(onset_s)[0]

    def _asked(self, onset_s: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What the log says of the growth since then: suspects, or else who goes as evenly."""
        from gctail.attribution.choosing import accusation

        found = accusation(self.mine.courses(), onset_s)
        suspects, indistinct = ([*map(msgspec.to_builtins, each)] for each in (found.suspects, found.indistinct))
        return suspects, indistinct

    @property
    def mined_lines(self) -> int:
        """How many lines of the application were looked at; 0 where nobody looks."""
        return round(sum(self.mine.grid.whole("read"))) if self.mine is not None else self.mined

    @property
    def died_of_memory(self) -> bool:
        """Somebody says that it died for want of memory."""
        return any(isinstance(each.record, Death) and each.record.cause in OF_MEMORY for each in self.deaths)

    def advance(self, now_s: float) -> list[Signal]:
        """Time has passed; `now_s` is Unix time."""
        if self.judge is None or self.start_s is None:
            return []
        signals: list[Signal] = self.judge.advance(now_s - self.start_s)
        if self.watch is not None:
            signals = signals + self.watch.advance(now_s - self.start_s, self.counts)
        return signals

    def verdict(self) -> Verdict | None:
        """What is made of this process; None where it was not judged."""
        if self.judge is None:
            return self.closed
        verdict: Verdict = self.judge.verdict(self.testimony())
        return verdict

    def close(self) -> None:
        """The process has ended: keep the verdict and whom the log accuses, let the models go."""
        self.closed, self.view, self.recent = self.verdict(), PacerView(), []
        if self.mine is not None:
            self.mined = self.mined_lines
            self.accused = self.grown_with((self.closed and self.closed.onset_uptime_s) or 0.0)
        self.judge = self.watch = self.added = self.mine = None

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        models, deaths = {name: getattr(self, name) for name in MODELS}, self.deaths
        for name in MODELS:
            setattr(self, name, None)
        self.deaths = without_stacks(deaths)
        try:
            state: dict[str, Any] = msgspec.to_builtins(self)
        finally:
            self.deaths = deaths
            for name, model in models.items():
                setattr(self, name, model)
        return {**state, **{name: model.state() if model is not None else None for name, model in models.items()}}

    @classmethod
    def restore(cls, state: dict[str, Any], plan: Plan | None) -> Epoch:
        """The epoch that `state` was taken of. Raises ValueError where it was written by an unknown version."""
        epoch = msgspec.convert({**state, **dict.fromkeys(MODELS)}, cls)
        if state["judge"] is not None:
            epoch.judge = Judge.restore(state["judge"])
        if state["watch"] is not None and plan and plan.rules:
            epoch.watch = RuleWatch.restore(plan, state["watch"])
        if epoch.judge is not None and plan and plan.added:
            epoch.added = Added.restore(plan.added, state.get("added") or {})
        if state.get("trace") is not None:
            epoch.trace = Trace.restore(state["trace"])
        if state.get("mine") is not None:
            from gctail.templates.mine import Mine

            epoch.mine = Mine.restore(state["mine"])
        return epoch


def _fits(suspect: dict[str, Any], verdict: Verdict) -> bool:
    """Whether a suspect is named where no leak was seen."""
    likely = verdict.probability >= LIKELY_ENOUGH and suspect["correlation"] >= FITS
    return likely or proven(suspect["p_value"])


def without_stacks(deaths: Iterable[Sighting]) -> list[Sighting]:
    """Deaths as they are kept: a dump of thousands of goroutines is megabytes, and was looked at when it came."""
    return [
        replace(each, record=replace(each.record, goroutines=(), runtime_stack=(), lines=each.record.lines[:8]))
        if isinstance(each.record, Death)
        else each
        for each in deaths
    ]
