"""The alarm about a leak: how much belief it takes, by how many false alarms somebody is ready to bear."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import exp, log
from typing import Any, NamedTuple

from gctail.detectors.alarm import Alarm
from gctail.detectors.values import Signal

THRESHOLDS = ((1 / 7, 0.41), (1 / 30, 0.55), (1 / 100, 0.69), (1 / 365, 0.82))
"""False alarms a service-day, and the belief that held benign episodes to that rate (bench/detection, tuning part).

Taken so that the rate holds in four of five draws of other scenarios (a bootstrap over scenarios)."""
DEFAULT_BUDGET = 1 / 30
CLEAR_SHARE = 0.5
NOTICE_SHARE = 0.6
"""Of the alarm's threshold: from here on growth is told as growth, which is no alarm yet."""
LEAN, SHRINK, FAINT = 0.3, 0.5, 0.05
SOON_S = 600.0
COLLECTIONS_TO_SPEAK, BLOCKS_TO_CLEAR = 3, 10
"""One collection may lie; a block of many does not, and waiting for the next one costs a twentieth of the time left."""


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


def calibrated(belief: float) -> float:
    """What a belief is worth: of growth so judged, how much was leaking (bench/detection and live services).

    Of what was half believed, more: half of the log odds and a little are nearer to the truth on every set. Firm belief
    is worth what it says.
    """
    if belief >= 1.0:
        return belief
    odds: float = (max(belief, FAINT) / (1.0 - max(belief, FAINT))) ** SHRINK * exp(LEAN)
    return max(belief, min(belief / FAINT, 1.0) * odds / (1.0 + odds))


class Telling(NamedTuple):
    """What is to be said of a growth: as a leak, as growth only, and whether its end is both near and likely."""

    summary: str
    growing: str
    evidence: dict[str, Any]
    urgent: bool


class LeakAlarm:
    """Speaks once for one leak, again when it becomes critical, and when it is over; before that it gives notice.

    One episode of growth is one test: what is compared is the highest belief it reaches with the highest that benign
    episodes reached, so watching all the time costs nothing (detectors calibrated on whole episodes). Growth that may
    as well be a cache that fills is no leak yet: it is told as `growing`, for information.
    """

    kind = "leak"

    def __init__(self, budget_per_day: float = DEFAULT_BUDGET) -> None:
        self._alarm = Alarm(self.kind)
        self._notice = Alarm("growing")
        self._threshold = threshold(budget_per_day)
        self._held = 0
        self._grown = 0
        self._low = 0

    def bear(self, budget_per_day: float) -> None:
        """Ask for as much belief as keeps false alarms to this rate."""
        self._threshold = threshold(budget_per_day)

    @property
    def stands(self) -> bool:
        """Whether a leak has been told and not taken back."""
        return self._alarm.severity is not None

    def listens(self, probability: float) -> bool:
        """Whether `judge` could have anything to do: it is not asked for every block of a calm service."""
        if probability >= NOTICE_SHARE * self._threshold or self._grown > 0:
            return True
        return self._alarm.severity is not None or self._notice.severity is not None

    def judge(
        self, probability: float, collections: int, tell: Callable[[], Telling], *, perhaps_urgent: bool
    ) -> list[Signal]:
        """Follow the belief after each block: three collections in a row above a threshold speak.

        Ten blocks below half of it end it. `tell` costs as much as all else, so it is asked only where something may
        be said.
        """
        self._held = self._held + collections if probability >= self._threshold else 0
        self._grown = self._grown + collections if probability >= NOTICE_SHARE * self._threshold else 0
        self._low = self._low + 1 if probability < CLEAR_SHARE * NOTICE_SHARE * self._threshold else 0
        told_before = self._alarm.severity
        if self._held >= COLLECTIONS_TO_SPEAK and (
            told_before is None or (told_before == "warning" and perhaps_urgent)
        ):
            return self._speak(tell())
        if self._grown >= COLLECTIONS_TO_SPEAK and self._alarm.severity is None and self._notice.severity is None:
            growth = tell()
            return self._notice.on("info", growth.growing, growth.evidence)
        if self._low >= BLOCKS_TO_CLEAR and (self._alarm.severity or self._notice.severity):
            evidence = tell().evidence
            over = "the growth has ended, or the memory came back"
            return self._alarm.off(over, evidence) + self._notice.off(over, evidence)
        return []

    def _speak(self, told: Telling) -> list[Signal]:
        """A leak, or a leak that has become urgent; what was told as growth before is told as that no more."""
        signals = self._alarm.on("critical" if told.urgent else "warning", told.summary, told.evidence)
        if signals:
            evidence = {**told.evidence, "goes_on_as": self.kind}
            signals += self._notice.off("this growth is called a leak now", evidence)
        return signals

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "severity": self._alarm.severity,
            "notice": self._notice.severity,
            "held": self._held,
            "grown": self._grown,
            "low": self._low,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from; what an older program did not save is as at the start."""
        self._alarm.severity, self._held, self._low = state["severity"], state["held"], state["low"]
        self._notice.severity, self._grown = state.get("notice"), state.get("grown", 0)
