"""The alarm about a leak: how much belief it takes, by how many false alarms somebody is ready to bear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gctail.detectors.alarm import Alarm
from gctail.detectors.patience import asked
from gctail.detectors.shape import LEAK
from gctail.detectors.values import Signal

DEFAULT_BUDGET = 1 / 30
LIMIT_ODDS, UNKNOWN_ODDS = 2.0, 5.0
"""Times the odds that a belief says, up to a limit that is known, and up to an assumed end: see `worth`. That lies
further off than most real ones."""
FEW = 1.5
"""Belief in a growth of so many blocks counts half."""
STILL_BELIEVED = 0.55
"""A leak that was told is one until it is less likely than this: nothing is told and taken back by a hair's breadth."""
SOON_S = 600.0
COLLECTIONS_TO_SPEAK = 3
"""One collection may lie; a block of many does not, and waiting for the next one costs a twentieth of the time left."""
DOUBTS, DOUBTS_TO_CLEAR = (STILL_BELIEVED, 0.3, 0.1), 6
"""What was told is taken back after so many doubts in a row: a block is one below the first of these, two below the
second, three below the third. So six blocks take back what is hardly doubted, two what is over."""


def worth(belief: float, blocks: int, *, to_limit: bool) -> float:
    """What a belief is worth as a probability, the same for a verdict and for an alarm.

    With few blocks since the growth began no belief is strong, however long the calm before. The odds of a leak are
    higher than it says, on every set of runs: as much as is told here was leaking at 31,440 moments of 786 simulated
    runs, with a limit and without, and from the middle on in 370 logs of services that others wrote.
    """
    few = belief * blocks / (blocks + FEW)
    if few >= 1.0:
        return few
    odds = few / (1.0 - few) * (LIMIT_ODDS if to_limit else UNKNOWN_ODDS)
    return odds / (1.0 + odds)


class Telling(NamedTuple):
    """What is to be said of a growth: as a leak, as growth only, as over, and whether its end is near and likely."""

    summary: str
    growing: str
    over: str
    evidence: dict[str, Any]
    urgent: bool


class Weight(NamedTuple):
    """How a growth weighs after a block: the belief, what an alarm heeds of it, and its worth, with the wait and not.

    `uptime_s` is the age of the process, `perhaps_urgent` whether its end may be near, and `rests` whether the heap has
    not risen in the last blocks.
    """

    belief: float
    settled: float
    waited: float
    likely: float
    uptime_s: float
    perhaps_urgent: bool
    rests: bool = False


class LeakAlarm:
    """Speaks once for one leak, again when it becomes critical, and when it is over; before that it gives notice.

    One episode of growth is one test: what is compared is the highest belief it reaches with the highest that benign
    episodes reached, so watching all the time costs nothing (detectors calibrated on whole episodes). What a verdict
    would call a leak is told at once, as `growing`, for information: how sure an alarm has to be is a question of how
    many false ones somebody can bear. What was told is a leak in the verdict, too, until it is taken back.
    """

    kind = "leak"

    def __init__(self, budget_per_day: float = DEFAULT_BUDGET) -> None:
        self._alarm = Alarm(self.kind)
        self._notice = Alarm("growing")
        self._budget = budget_per_day
        self._held = 0
        self._grown = 0
        self._low = 0

    def bear(self, budget_per_day: float) -> None:
        """From now on ask for as much belief as keeps false alarms to this rate."""
        self._budget = budget_per_day

    @property
    def stands(self) -> bool:
        """Whether a leak has been told and not taken back."""
        return self._alarm.severity is not None

    def listens(self, waited: float) -> bool:
        """Whether `judge` could have anything to do: it is not asked for every block of a calm service."""
        return waited >= LEAK or self._grown > 0 or self.stands or self._notice.severity is not None

    def judge(self, weight: Weight, collections: int, tell: Callable[[], Telling]) -> list[Signal]:
        """Follow the belief after each block: three collections in a row speak; six doubts take back.

        `tell` costs as much as all else, so it is asked only where something may be said.
        """
        self._held = self._held + collections if weight.settled >= asked(self._budget, weight.uptime_s) else 0
        self._grown = self._grown + collections if weight.waited >= LEAK else 0
        doubts = sum(weight.likely < each for each in DOUBTS)
        self._low = self._low + doubts if doubts else 0
        told_before = self._alarm.severity
        may_be_over = weight.rests  # the next blocks tell
        if self._held >= COLLECTIONS_TO_SPEAK and (
            (told_before is None and not may_be_over) or (told_before == "warning" and weight.perhaps_urgent)
        ):
            return self._speak(tell())
        is_news = told_before is None and self._notice.severity is None and not may_be_over
        if self._grown >= COLLECTIONS_TO_SPEAK and is_news:
            growth = tell()
            return self._notice.on("info", growth.growing, growth.evidence)
        if self._low >= DOUBTS_TO_CLEAR and (self._alarm.severity or self._notice.severity):
            told = tell()
            return self.take_back(told.over, told.evidence)
        return []

    def take_back(self, over: str, evidence: dict[str, Any]) -> list[Signal]:
        """What was told is over, and why."""
        return self._alarm.off(over, evidence) + self._notice.off(over, evidence)

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
