"""The processes of one service: which of them a collection belongs to, and what those that ended leave behind."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import log
from typing import Any

import msgspec

from gctail.detectors import Carryover
from gctail.detectors.values import Life
from gctail.epochs import Epoch, Gap
from gctail.records import Death, GcCycle, Sighting, Verdict
from gctail.rules import Plan
from gctail.service.ends import outside_heap

MOST_OPEN_EPOCHS = 4
"""Processes that may write to one stream at the same time."""
MOST_EPOCHS_KEPT = 16


class Processes:
    """The latest process epochs of a service. Those that are `open` may go on; `current` is the one heard of last.

    `memory` is what the ones that ended teach the next. `mixed` once an older one was heard after the current one had
    begun: they write at the same time.
    """

    def __init__(self) -> None:
        self.kept: deque[Epoch] = deque(maxlen=MOST_EPOCHS_KEPT)
        self.seen = 0
        self.open: list[Epoch] = []
        self.current: Epoch | None = None
        self.memory: Carryover | None = None
        self.mixed = False

    def of(self, sighting: Sighting, cycle: GcCycle) -> tuple[Epoch | None, bool]:
        """The process that a collection belongs to, None where it is a new one; and whether the log had it before."""
        for epoch in self.open:
            if epoch.is_doubled(cycle):
                epoch.ledger.doubled += 1
                return epoch, True
        able = [epoch for epoch in self.open if epoch.continues(cycle)]
        if able:
            epoch = min(able, key=lambda each: (cycle.number - each.last_number, *_unlike(each, cycle)))
            if cycle.number > epoch.last_number + 1:
                gap = Gap(epoch.last_number + 1, cycle.number - 1, cycle.uptime_s, sighting.time_s)
                epoch.ledger.lose(gap)
            self.mixed = self.mixed or (self.current is not None and epoch.index < self.current.index)
            self.current = epoch
            return epoch, False
        return next((epoch for epoch in self.open if epoch.is_late(cycle)), None), True

    def learn(self, farewell: str) -> None:
        """Another process begins: what the one of now teaches it, and how that took its leave (`Judge.close`)."""
        before = self.current
        if before is None or before.judge is None:
            return
        died = next((sighting.record for sighting in before.deaths), None)
        cause = died.cause if isinstance(died, Death) else None
        self.memory = before.judge.close(died=died is not None, cause=cause, farewell=farewell)
        if before not in self.open:
            before.close()

    def begin(self, epoch: Epoch) -> None:
        """A process that was not seen before is the current one now."""
        self.seen += 1
        self.kept.append(epoch)
        self.open.append(epoch)
        if len(self.open) > MOST_OPEN_EPOCHS:
            self.close(self.open[0])
        self.current, self.mixed = epoch, False

    def close(self, epoch: Epoch) -> None:
        """This process will not be heard of again."""
        self.open.remove(epoch)
        if epoch is not self.current:
            epoch.close()

    def lives(self) -> Sequence[Life]:
        """What replicas may know: how the last process ended, and how the one of now is."""
        epoch = self.current
        if epoch is None or epoch.judge is None:
            return self.memory.runs[-1:] if self.memory is not None else ()
        lives: Sequence[Life] = epoch.judge.lives(died=epoch.died_of_memory)
        return lives

    def inherit(self, lives: Sequence[Life]) -> None:
        """Somebody else's lives count as earlier runs, for the current process and those to come."""
        self.memory = (self.memory or Carryover()).taught(lives)
        if self.current is not None and self.current.judge is not None:
            self.current.judge.inherit(lives)

    def judged(self) -> tuple[Epoch | None, Verdict | None]:
        """The epoch that speaks for the service, and its verdict: a leak wherever there is one, else the last run."""
        judged = ((epoch, epoch.verdict()) for epoch in self.kept if epoch.ledger.seen)
        told = [(epoch, verdict) for epoch, verdict in judged if verdict is not None]
        if not told:
            return None, None
        told = [(epoch, outside_heap(epoch, verdict)) for epoch, verdict in told]
        leaking = [item for item in told if item[1].leak]
        if leaking:
            return max(leaking, key=lambda item: (item[1].probability, item[0].index))
        return max(told[-3:], key=lambda item: (item[0].ledger.seen, item[0].index))

    def after(self, epoch: Epoch) -> tuple[Epoch | None, Verdict | None]:
        """The last process that began after this one, or that writes beside it, and the verdict on that.

        A deploy may have ended a leak, and another process may have none.
        """
        others = self.open if self.mixed else [each for each in self.kept if each.index > epoch.index]
        told = [each for each in others if each is not epoch and each.ledger.seen]
        return (told[-1], told[-1].verdict()) if told else (None, None)

    def ledger(self) -> dict[str, Any]:
        """What all epochs' numbers prove together."""
        ledgers = [epoch.ledger for epoch in self.kept]
        names = ("seen", "missing", "doubled", "late")
        return {name: sum(getattr(ledger, name) for ledger in ledgers) for name in names}

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "epochs_seen": self.seen,
            "epochs": [epoch.state() for epoch in self.kept],
            "open": [epoch.index for epoch in self.open],
            "current": self.current.index if self.current is not None else None,
            "mixed": self.mixed,
            "memory": msgspec.to_builtins(self.memory),
        }

    @classmethod
    def restore(cls, state: dict[str, Any], plan: Plan | None) -> Processes:
        """The processes that `state` was taken of."""
        processes = cls()
        processes.kept.extend(Epoch.restore(each, plan) for each in state["epochs"])
        known = {epoch.index: epoch for epoch in processes.kept}
        processes.open = [known[index] for index in state["open"] if index in known]
        processes.current = known.get(state["current"])
        processes.seen, processes.mixed = state["epochs_seen"], state.get("mixed", False)
        processes.memory = msgspec.convert(state["memory"], Carryover | None)
        return processes


def _unlike(epoch: Epoch, cycle: GcCycle) -> tuple[bool, float]:
    """Other processors; and how far the goal is from the one that the epoch's last collection set, as a log ratio.

    The goal that a collection prints was set when the one before had ended (`commit` in go/src/runtime/mgcpacer.go); by
    GOGC=100 it is twice what was marked.
    """
    last, derived = epoch.last, epoch.last_derived
    if last is None:
        return False, 0.0
    expected_mib = (derived.next_goal_mib if derived is not None else None) or 2 * (last.heap_marked_mib or 0)
    far = abs(log(cycle.goal_mib / expected_mib)) if cycle.goal_mib and expected_mib else 0.0
    return last.procs != cycle.procs, far
