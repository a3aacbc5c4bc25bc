"""Runs our judge over a simulated run, as the program would: one collection at a time, epoch after epoch."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
import orjson
from metrics import Outcome
from simulator import Series

from gctail.detectors import Carryover, Judge, Moment
from gctail.detectors.leak import COLLECTIONS_TO_SPEAK, DEFAULT_BUDGET
from gctail.detectors.legacy import FEWEST_COLLECTIONS
from gctail.detectors.patience import DAY_S, asked
from gctail.golang.pacer import PacerView

SHARES = (0.25, 0.5, 0.75, 0.9)
ALARMS = asked(DEFAULT_BUDGET, DAY_S)
"""The score at which our judge speaks: what it asks of a process that is a day old."""


def outcome_of(run: Series, *, limit_known: bool = True) -> Outcome:
    """Our scores over a run, with forecasts at shares of a leak's way, its signals, and what judging cost.

    A score is what the alarm heeds of the belief, held for some collections, against what it asks for at that age.
    """
    memory: Carryover | None = None
    hours: list[float] = []
    scores: list[float] = []
    beliefs: list[float] = []
    signals: list[tuple[float, str, str]] = []
    verdicts: list[dict[str, Any]] = []
    spent_s, count, largest = 0.0, 0, 0
    onset_s, end_s = run.onset_s, _end_s(run)
    marks = [] if onset_s is None or end_s is None else [onset_s + share * (end_s - onset_s) for share in SHARES]
    for start_s, epoch in zip(run.starts_s, run.epochs, strict=True):
        judge = Judge(run.limit_mib if limit_known else None, memory)
        view = PacerView()
        moments = [Moment(cycle, view.observe(cycle, clock_s), clock_s) for clock_s, cycle in epoch]
        held = Held()
        for moment in moments:
            began = process_time() if count % 50 == 0 else 0.0
            found = judge.observe(moment)
            if count % 50 == 0:
                spent_s += process_time() - began
            count += 1
            now_s = start_s + moment.clock_s
            signals += [(now_s / run.hour_s, signal.kind, signal.phase) for signal in found]
            if judge.gathering.idle_since_s is None and judge.gathering.collections >= FEWEST_COLLECTIONS:
                hours.append(now_s / run.hour_s)
                scores.append(held.add(score_of(judge.settled, moment.clock_s), judge.gathering.collections))
                beliefs.append(judge.belief)
            while marks and now_s >= marks[0]:
                verdicts.append(_forecast(judge, run, start_s, now_s, end_s or 0.0))
                marks.pop(0)
        largest = max(largest, len(orjson.dumps(judge.state())))
        died = run.death_s is not None and epoch is run.epochs[-1]
        verdict = judge.verdict()
        memory = judge.close(died=died, cause="out-of-memory" if died else None)
    extra = {
        "signals": signals,
        "forecasts": verdicts,
        "collections": count,
        "state_bytes": largest,
        "beliefs": beliefs,
        "kind": verdict.kind,
        "probability": verdict.probability,
    }
    return Outcome(
        name=run.name,
        seed=run.seed,
        leak=run.leak,
        twin_of=run.twin_of,
        days=run.days,
        onset_h=None if onset_s is None else onset_s / run.hour_s,
        end_h=None if end_s is None else end_s / run.hour_s,
        h=np.array(hours),
        score=np.array(scores),
        extra=extra,
    )


def score_of(settled: float, uptime_s: float) -> float:
    """What the alarm heeds, its odds as many times those of `ALARMS` as they are those that it asks for at this age."""
    least = asked(DEFAULT_BUDGET, uptime_s)
    odds = settled / max(1.0 - settled, 1e-9) * (1.0 - least) / least * ALARMS / (1.0 - ALARMS)
    return odds / (1.0 + odds)


class Held:
    """The least score over the last few collections."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, float]] = []  # collections until its end, the score after it

    def add(self, score: float, collections: int) -> float:
        """One more block; the least score since enough collections."""
        self.blocks.append((collections, score))
        while len(self.blocks) > 1 and collections - self.blocks[0][0] >= COLLECTIONS_TO_SPEAK:
            del self.blocks[0]
        return min(score for _, score in self.blocks)


def _end_s(run: Series) -> float | None:
    """When a leak ends: its death, or when it was built to die."""
    if not run.leak:
        return None
    return run.death_s if run.death_s is not None else run.built_s


def _forecast(judge: Judge, run: Series, start_s: float, now_s: float, end_s: float) -> dict[str, Any]:
    """What the judge says now about the end and the onset, beside the truth."""
    found = judge.judgement()
    forecast = found.forecast
    return {
        "true_s": end_s - now_s,
        "seconds": forecast.seconds if forecast is not None else None,
        "low": forecast.low if forecast is not None else None,
        "high": forecast.high if forecast is not None else None,
        "tto_s": end_s - (run.onset_s or 0.0),
        "died": run.death_s is not None,
        "onset_error_s": found.onset_s + start_s - (run.onset_s or 0.0),
        "probability": found.probability,
        "age_s": now_s - start_s - found.onset_s,
    }
