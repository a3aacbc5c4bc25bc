"""The first steps that a finding calls for, by the rule book: what a reader of an alert can do at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gctail.advice.book import advise
from gctail.advice.facts import ALIVE, facts_from
from gctail.advice.of_death import limit_told_mib, told_by_death
from gctail.advice.of_heap import told_by_heap
from gctail.advice.of_suspect import told_by_suspect
from gctail.amounts import growth
from gctail.detectors import Signal
from gctail.epochs import Epoch
from gctail.records import Death

LEAKS = frozenset({"leak", "leak-accelerating", "leak-staircase", "goroutine-growth", "death-spiral"})
MOST_TOLD = 3


def on_signal(epoch: Epoch, signal: Signal, suspects: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """At most three steps, the most urgent first; none where something is over, or nothing is to be done."""
    if signal.phase == "resolved":
        return ()
    kind, evidence = signal.kind, signal.evidence
    limit_mib = evidence.get("limit_mib")
    told: dict[str, object] = {
        "cause": ALIVE,
        "kind": kind,
        "leak": kind in LEAKS,
        "rate": growth(rate) if (rate := evidence.get("rate_mib_per_s")) else None,
        "limit_mib": limit_mib,
        "spiral": kind == "death-spiral",
        "map_growth": kind == "map-growth",
        "gogc_changed": kind == "gogc-changed",
        "forced_on_timer": kind == "forced-collections-on-a-timer",
    }
    return _steps({**told, **_heap(epoch, limit_mib), **told_by_suspect(suspects)})


def on_death(epoch: Epoch | None, death: Death) -> tuple[str, ...]:
    """At most three steps, the most urgent first; the limit is what the report of the death tells of it."""
    limit_mib = limit_told_mib(death.details)
    told: dict[str, object] = {"cause": death.cause, "limit_mib": limit_mib}
    return _steps({**told, **(_heap(epoch, limit_mib) if epoch is not None else {}), **told_by_death(death.details)})


def _heap(epoch: Epoch, limit_mib: float | None) -> dict[str, object]:
    last, derived = epoch.last, epoch.last_derived
    if last is None or derived is None:
        return {}
    return {
        **told_by_heap(last.heap_live_mib, derived.next_goal_mib, last.stacks_mib, limit_mib),
        "gogc": derived.gogc_estimate,
        "gomemlimit_mib": derived.memory_limit_estimate_mib,
    }


def _steps(told: dict[str, object]) -> tuple[str, ...]:
    return tuple(each.title for each in advise(facts_from(told))[:MOST_TOLD])
