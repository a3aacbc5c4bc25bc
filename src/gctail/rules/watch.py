"""The rules over one process: what they need is remembered, what they say is told once, and once that it is over."""

from __future__ import annotations

from math import isfinite
from typing import Any

from msgspec import Struct

from gctail.detectors.values import Signal
from gctail.golang.pacer import Derived
from gctail.records import GcCycle
from gctail.rules.plan import Plan, Ready
from gctail.rules.series import Counts, Instant
from gctail.rules.units import DURATION, shown
from gctail.rules.values import Fact

VERSION = 1


class Standing(Struct):
    """How one rule stands: since when it holds without a break, since when that has been told, and when it last was."""

    since_s: float | None = None
    told_s: float | None = None
    last_s: float | None = None


class RuleWatch:
    """The rules of a plan over one process epoch.

    A collection is judged by what the windows held before it; then it becomes part of them. While something that a rule
    needs is not known (the line before was lost, no limit was told) the rule stays as it stood: it neither speaks nor
    takes back, and its `for` runs on.
    """

    def __init__(self, plan: Plan, service: str = "", limit_mib: float | None = None) -> None:
        self.plan, self.service, self.limit_mib = plan, service, limit_mib
        self.clock_s = 0.0
        self.collections = 0
        self.counts = Counts()
        self.values: list[float | None] = [None] * len(plan.series)
        self.windows: list[Any] = [slot.new() for slot in plan.slots]
        self.standings = [Standing() for _ in plan.rules]

    def observe(self, cycle: GcCycle, derived: Derived, clock_s: float, counts: Counts | None = None) -> list[Signal]:
        """One more collection, `clock_s` seconds after the process started; `counts` are the totals by now."""
        if not self.plan:
            return []
        if not self.collections:
            self._begin(clock_s)
        self._go_on(clock_s, counts)
        self.collections += 1
        instant = Instant(cycle, derived, self.clock_s, self.counts, self.collections, self.limit_mib)
        self.values = [source.read(instant) for source in self.plan.series]
        for slot, window in zip(self.plan.slots, self.windows, strict=True):
            window.observe(self.clock_s, slot.feed(self))
        return self._judged()

    def advance(self, clock_s: float, counts: Counts | None = None) -> list[Signal]:
        """Time has passed without a collection: the last one stands, windows move on, and counters may have grown."""
        if not self.collections:
            return []
        self._go_on(clock_s, counts)
        instant = Instant(None, None, self.clock_s, self.counts, self.collections, self.limit_mib)
        for place, source in self.plan.moving:
            self.values[place] = source.read(instant)
        for slot, window in zip(self.plan.slots, self.windows, strict=True):
            if slot.moves:
                window.observe(self.clock_s, slot.feed(self))
        return self._judged()

    def close(self) -> list[Signal]:
        """The process has ended: what was told of it is over."""
        over = []
        for ready, standing in zip(self.plan.rules, self.standings, strict=True):
            if standing.told_s is not None:
                over.append(self._resolved(ready, standing))
            standing.since_s = standing.told_s = None
        return over

    def _begin(self, clock_s: float) -> None:
        """Before the first collection there was none: it counts. Lines before it may be of any age: they do not."""
        self._go_on(clock_s, None)
        for slot, window in zip(self.plan.slots, self.windows, strict=True):
            if slot.key.startswith("tally collections"):
                window.observe(self.clock_s, 0.0)

    def _go_on(self, clock_s: float, counts: Counts | None) -> None:
        """Time never goes back: a line that comes late is judged as of now."""
        if isfinite(clock_s) and clock_s > self.clock_s:
            self.clock_s = clock_s
        if counts is not None:
            self.counts = counts

    def _judged(self) -> list[Signal]:
        signals = []
        for ready, standing in zip(self.plan.rules, self.standings, strict=True):
            holds = ready.holds(self)
            if holds:
                if standing.since_s is None:
                    standing.since_s = self.clock_s
                if standing.told_s is None and self._is_due(ready, standing):
                    standing.told_s = standing.last_s = self.clock_s
                    signals.append(self._onset(ready, standing))
            elif holds is False and standing.since_s is not None:
                if standing.told_s is not None:
                    signals.append(self._resolved(ready, standing))
                standing.since_s = standing.told_s = None
        return signals

    def _is_due(self, ready: Ready, standing: Standing) -> bool:
        rule, last_s = ready.rule, standing.last_s
        held_s = self.clock_s - (self.clock_s if standing.since_s is None else standing.since_s)
        return held_s >= rule.for_s and (last_s is None or self.clock_s - last_s >= rule.cooldown_s)

    def _onset(self, ready: Ready, standing: Standing) -> Signal:
        rule = ready.rule
        return Signal(f"rule:{rule.name}", rule.severity, self._summary(ready), self._evidence(ready, standing))

    def _resolved(self, ready: Ready, standing: Standing) -> Signal:
        rule, told_s = ready.rule, standing.told_s or 0.0
        summary = f"{rule.name} is over after {shown(self.clock_s - told_s, DURATION)}"
        return Signal(f"rule:{rule.name}", "info", summary, self._evidence(ready, standing), "resolved")

    def _evidence(self, ready: Ready, standing: Standing) -> dict[str, Any]:
        values = [(text, unit, value(self)) for text, unit, value in ready.evidence]
        return {
            "rule": ready.rule.name,
            "when": ready.rule.when,
            "since_uptime_s": standing.since_s,
            "values": {text: None if value is None else round(value, 6) for text, _, value in values},
            "units": {text: unit.sign for text, unit, _ in values},
        }

    def _summary(self, ready: Ready) -> str:
        """The summary with its braces filled in."""
        facts = {"service": self.service, "rule": ready.rule.name, "when": ready.rule.when}
        said = []
        for piece in ready.summary:
            if isinstance(piece, str):
                said.append(piece)
            elif isinstance(piece, Fact):
                said.append(facts[piece.name])
            else:
                unit, value = piece
                said.append(shown(value(self), unit))
        return "".join(said)

    def state(self) -> dict[str, Any]:
        """All that is remembered, as plain data."""
        counts = self.counts
        return {
            "version": VERSION,
            "service": self.service,
            "limit_mib": self.limit_mib,
            "clock_s": self.clock_s,
            "collections": self.collections,
            "counts": [counts.lines, counts.errors, counts.missing, counts.mended],
            "values": {name: self.values[place] for name, place in self.plan.places.items()},
            "windows": {slot.key: window.state() for slot, window in zip(self.plan.slots, self.windows, strict=True)},
            "rules": {
                ready.rule.name: [standing.since_s, standing.told_s, standing.last_s]
                for ready, standing in zip(self.plan.rules, self.standings, strict=True)
            },
        }

    @classmethod
    def restore(cls, plan: Plan, state: dict[str, Any]) -> RuleWatch:
        """The watch that `state` was taken of. Rules and windows that are new since then begin empty."""
        watch = cls(plan, state["service"], state["limit_mib"])
        watch.clock_s, watch.collections = state["clock_s"], state["collections"]
        watch.counts = Counts(*state["counts"])
        watch.values = [state["values"].get(name) for name in plan.places]
        for slot, window in zip(plan.slots, watch.windows, strict=True):
            if slot.key in state["windows"]:
                window.load(state["windows"][slot.key])
        watch.standings = [Standing(*state["rules"].get(ready.rule.name, ())) for ready in plan.rules]
        return watch
