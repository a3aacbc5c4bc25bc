"""The alarm about a leak: how much belief it takes, by how many false alarms somebody is ready to bear."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log
from typing import Any

from gctail.detectors.alarm import Alarm
from gctail.detectors.values import Signal
from gctail.records import Forecast

THRESHOLDS = ((1 / 7, 0.23), (1 / 30, 0.47), (1 / 100, 0.70), (1 / 365, 0.83))
"""False alarms a service-day, and the belief that held benign episodes to that rate (bench/detection, tuning part)."""
DEFAULT_BUDGET = 1 / 30
CLEAR_SHARE = 0.5
FEWEST_COLLECTIONS = 12
SOON_S = 600.0


def threshold(budget_per_day: float) -> float:
    """The belief at which to speak, for at most `budget_per_day` false alarms a service-day."""
    for budget, belief in THRESHOLDS:
        if budget_per_day >= budget:
            return belief
    return THRESHOLDS[-1][1]


def false_alarms_per_day(belief: float) -> float:
    """How often a day a benign service reaches this belief: between the measured points straight in log rate."""
    points = [(0.0, 4.0), *((at, rate) for rate, at in THRESHOLDS), (1.0, THRESHOLDS[-1][0] / 4)]
    for (low, often), (high, seldom) in pairwise(points):
        if belief <= high:
            return often * exp(log(seldom / often) * (belief - low) / (high - low))
    return points[-1][1]


class LeakAlarm:
    """Speaks once for one leak, again when it becomes critical, and when it is over.

    One episode of growth is one test: what is compared is the highest belief it reaches with the highest that benign
    episodes reached, so watching all the time costs nothing (detectors calibrated on whole episodes).
    """

    kind = "leak"

    def __init__(self, budget_per_day: float = DEFAULT_BUDGET) -> None:
        self._alarm = Alarm(self.kind)
        self._threshold = threshold(budget_per_day)
        self._held = 0
        self._low = 0

    def bear(self, budget_per_day: float) -> None:
        """Ask for as much belief as keeps false alarms to this rate."""
        self._threshold = threshold(budget_per_day)

    def listens(self, probability: float) -> bool:
        """Whether `judge` could have anything to do: it is not asked for every block of a calm service."""
        return probability >= self._threshold or self._held > 0 or self._alarm.severity is not None

    def judge(self, probability: float, forecast: Forecast, why: str, evidence: dict[str, Any]) -> list[Signal]:
        """Follow the belief after each block: three in a row above the threshold speak, ten below half of it end it."""
        self._held = self._held + 1 if probability >= self._threshold else 0
        self._low = self._low + 1 if probability < CLEAR_SHARE * self._threshold else 0
        if self._held >= 3:
            soon = forecast.low is not None and forecast.low < SOON_S
            sure = probability >= max(0.6, self._threshold)
            return self._alarm.on("critical" if soon and sure else "warning", why, evidence)
        if self._low >= 10:
            return self._alarm.off("the growth has ended, or the memory came back", evidence)
        return []

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"severity": self._alarm.severity, "held": self._held, "low": self._low}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._alarm.severity, self._held, self._low = state["severity"], state["held"], state["low"]
