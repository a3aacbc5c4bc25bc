"""What the benchmark measures. Definitions were fixed before the first run; times are virtual hours.

A leak's end is its death, or where the run stops before it, the time it was built to die at. Its score is judged from
the onset to four fifths of the way; a benign run is judged whole. Alarms within six hours of one another count once,
and an alarm before a leak's onset is a false one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

REFRACTORY_H = 6.0
BUDGETS = (1 / 7, 1 / 30, 1 / 100, 1 / 365)


@dataclass
class Outcome:
    """One judge's scores over one run, and the truth about it."""

    name: str
    seed: int
    leak: bool
    twin_of: str | None
    days: float
    onset_h: float | None
    end_h: float | None
    h: np.ndarray
    score: np.ndarray
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def way(self) -> tuple[float, float]:
        """From onset to end of a leak, in hours."""
        return self.onset_h or 0.0, self.end_h or 0.0

    def best(self, share: float) -> float:
        """The highest score that counts: from the onset to `share` of the way of a leak, anywhere in a benign run."""
        if not self.leak:
            return float(self.score.max(initial=0.0))
        onset_h, end_h = self.way
        inside = (self.h >= onset_h) & (self.h <= onset_h + share * (end_h - onset_h))
        return float(self.score[inside].max(initial=0.0))

    def false_alarms(self, threshold: float) -> int:
        """Alarms where nothing leaks."""
        until = self.onset_h if self.leak and self.onset_h is not None else np.inf
        hours = self.h[(self.score >= threshold) & (self.h < until)]
        count, last = 0, -np.inf
        for hour in hours.tolist():
            if hour - last >= REFRACTORY_H:
                count += 1
                last = hour
        return count

    def calm_days(self) -> float:
        """Virtual days in which every alarm is a false one."""
        return self.onset_h / 24 if self.leak and self.onset_h is not None else self.days

    def delay(self, threshold: float) -> float:
        """When a leak was told, as a share of the way from onset to end; 1 where it was not."""
        onset_h, end_h = self.way
        hours = self.h[(self.score >= threshold) & (self.h >= onset_h)]
        share = (float(hours[0]) - onset_h) / (end_h - onset_h) if len(hours) else 1.0
        return min(1.0, share)


def auc(leaks: list[float], benign: list[float]) -> float:
    """How often a leak scores above a benign run (ties count half)."""
    above = [1.0 if a > b else 0.5 if a == b else 0.0 for a in leaks for b in benign]
    return float(np.mean(above)) if above else float("nan")


def summary(outcomes: list[Outcome], threshold: float) -> dict[str, float]:
    """Every figure at one threshold."""
    leaks = [o for o in outcomes if o.leak]
    plain = [o for o in outcomes if o.twin_of is None]
    days = sum(o.calm_days() for o in plain)
    false = sum(o.false_alarms(threshold) for o in plain)
    delays = [o.delay(threshold) for o in leaks]
    found = sum(1 for d in delays if d <= 0.8)
    recall = found / len(leaks) if leaks else float("nan")
    daily = false / days if days else 0.0
    return {
        "fa_per_day": daily,
        "recall50": sum(1 for d in delays if d <= 0.5) / max(1, len(leaks)),
        "recall80": recall,
        "precision": found / (found + false) if found + false else float("nan"),
        "precision_1_in_200": recall / 200 / (recall / 200 + daily) if recall + daily else float("nan"),
        "delay": float(np.median(delays)) if delays else float("nan"),
        "delay90": float(np.quantile(delays, 0.9)) if delays else float("nan"),
        "twins_alarmed": _share([o.best(1.0) >= threshold for o in outcomes if o.twin_of is not None]),
    }


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else float("nan")


def areas(outcomes: list[Outcome]) -> dict[str, float]:
    """Series AUC, and twin AUC: a leak by half of its time against its own twin's whole life."""
    leaks = [o for o in outcomes if o.leak]
    benign = [o for o in outcomes if not o.leak and o.twin_of is None]
    twins = {(o.twin_of, o.seed): o.best(1.0) for o in outcomes if o.twin_of is not None}
    pairs = [(o.best(0.5), twins[o.name, o.seed]) for o in leaks if (o.name, o.seed) in twins]
    won = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs]
    return {
        "auc": auc([o.best(0.8) for o in leaks], [o.best(1.0) for o in benign]),
        "twin_auc": float(np.mean(won)) if won else float("nan"),
    }


def threshold_for(outcomes: list[Outcome], budget: float) -> float:
    """The lowest threshold that keeps false alarms a day within `budget` on these (tuning) outcomes."""
    plain = [o for o in outcomes if o.twin_of is None]
    days = sum(o.calm_days() for o in plain)
    scores = np.unique(np.concatenate([o.score for o in plain]))
    scores = scores[scores > 0]
    if not len(scores):
        return 1.0
    low, high = 0, len(scores) - 1
    if sum(o.false_alarms(float(scores[high])) for o in plain) / days > budget:
        return float(scores[high]) * 1.0000001
    while low < high:
        middle = (low + high) // 2
        rate = sum(o.false_alarms(float(scores[middle])) for o in plain) / days
        low, high = (low, middle) if rate <= budget else (middle + 1, high)
    return float(scores[low])


def bootstrap(outcomes: list[Outcome], threshold: float, rounds: int = 300) -> tuple[float, float]:
    """A 95 % interval of recall by four fifths, over runs."""
    rng = np.random.default_rng(1)
    hits = np.array([o.delay(threshold) <= 0.8 for o in outcomes if o.leak], dtype=float)
    if not len(hits):
        return float("nan"), float("nan")
    means = rng.choice(hits, (rounds, len(hits))).mean(1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
