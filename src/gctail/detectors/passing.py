"""A spike that comes and goes is no growth: a scrape, a report, one large request; the floor beneath it may grow.

A jump is held back as long as it may be a spike. Once the level has fallen back it is taken out of the history and of
the turns of the level, as if it had never been: what a service came back from within moments tells nothing of whether
its floor will stop.
"""

from __future__ import annotations

from typing import Any

from gctail.detectors.episodes import Zigzag
from gctail.detectors.floor import Excursion
from gctail.detectors.history import History

JUMP_SHARE, JUMP_NOISE, JUMP_MIB = 0.2, 6.0, 4.0
"""What is above the usual level by less, at once, is no jump."""
LONGEST_BLOCKS, LONGEST_SHARE = 4, 0.03
"""What stays for more blocks, or for more of the process's age, is no spike: while it is young anything is a course."""
GONE = 0.25
"""Of a jump: no more than this may be left when it is over."""
A_HABIT = 2
"""After so many spikes one more jump is most likely another."""

KEPT = 5


class Passing:
    """The jump under way, if any, how many came and went before, and the last ones."""

    __slots__ = ("_before", "_blocks", "_highest", "_since_s", "_usual", "count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last: list[Excursion] = []
        self._before: dict[str, Any] | None = None
        self._since_s = self._usual = self._highest = 0.0
        self._blocks = 0

    def follow(self, now_s: float, low: float, zigzag: Zigzag, history: History) -> Zigzag:
        """Look at a block that the history has, but the zigzag has not; the zigzag to go on with."""
        if self._before is None:
            self._look(low, zigzag, history)
            return zigzag
        if low <= self._usual + GONE * (self._highest - self._usual):
            self.count += 1
            spike = Excursion(self._since_s, round(self._highest - self._usual, 3))
            self.last = [*self.last[-(KEPT - 1) :], spike]
            self._usual = min(self._usual, low)
            return self.taken_back(zigzag, history, last=1)
        self._highest, self._blocks = max(self._highest, low), self._blocks + 1
        if self._blocks > LONGEST_BLOCKS or now_s - self._since_s > LONGEST_SHARE * now_s:
            self._before = None
        return zigzag

    def _look(self, low: float, zigzag: Zigzag, history: History) -> None:
        usual, count = zigzag.level, len(history)
        if count < 4 or low - usual < max(JUMP_SHARE * usual, JUMP_NOISE * zigzag.noise, JUMP_MIB):
            return
        self._before, self._blocks = zigzag.state(), 1
        self._usual, self._highest, self._since_s = usual, low, history.time_s[-1]

    @property
    def is_likely(self) -> bool:
        """Whether a jump is under way that is as likely as not another spike."""
        return self._before is not None and self.count >= A_HABIT

    def taken_back(self, zigzag: Zigzag, history: History, *, last: int = 0) -> Zigzag:
        """The zigzag as before the jump, which leaves the history, too, but for so many of its last blocks."""
        before, self._before = self._before, None
        if before is None:
            return zigzag
        history.lower(self._since_s, self._usual, last)
        return Zigzag.restore(before)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        jump = [self._since_s, self._usual, self._highest, self._blocks]
        return {"count": self.count, "before": self._before, "jump": jump, "last": [list(spike) for spike in self.last]}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Passing:
        """What `state` was taken from."""
        passing = cls()
        passing.count, passing._before = state["count"], state["before"]
        passing.last = [Excursion(*spike) for spike in state.get("last", ())]  # an older program kept none
        passing._since_s, passing._usual, passing._highest, passing._blocks = state["jump"]
        return passing
