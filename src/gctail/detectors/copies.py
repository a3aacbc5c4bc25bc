"""A slice that is only appended to: each time it is full it is copied into an array larger by a quarter or more.

From Go 1.18 on a large slice grows by a quarter, a little more while it is small (runtime/slice.go, `nextslicecap`).
While it is copied, the old array and the new one are both alive: for a collection or two the heap stands higher by the
new array, then the old one is free, and what is left is a small step. So what each fall gives back is the array as it
was, and falls grow by the same factor as the array does. Between two copies the heap stands still: no full cache.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log
from typing import Any, NamedTuple

JUMP_SHARE, JUMP_MIB = 0.12, 3.0
"""What is above the level before by less is no copy."""
LONGEST_BLOCKS = 4
FALLEN = 0.35
"""Of a jump: so much is given back when the old array is free; 0.8 where the slice grows by a quarter."""
KEPT_SHARE = (0.12, 1.3)
"""What is kept, as a share of what is given back: a quarter, or all of it where the array doubles; and other growth."""
FACTOR = (1.08, 2.3)
"""What a copy gives back, as a multiple of the one before; one between them may not have been seen."""
FEWEST, MOST = 4, 8
"""Copies; a model that is loaded anew a few times grows like this, too, and its old and new live side by side."""
LATE = 3.0
"""How fast the belief fades, in units of the time after which the next copy was expected."""


class Copy(NamedTuple):
    """When a copy was over (s), the array that was given back, and what was kept (MiB)."""

    end_s: float
    array_mib: float
    kept_mib: float

    @property
    def is_one(self) -> bool:
        """Whether as much is kept of it as of a copy."""
        return KEPT_SHARE[0] * self.array_mib <= self.kept_mib <= KEPT_SHARE[1] * self.array_mib


class Copies:
    """The jump under way, if any, and the last copies."""

    __slots__ = ("_blocks", "_highest", "_last", "_usual", "seen")

    def __init__(self) -> None:
        self.seen: list[Copy] = []
        self._last = self._usual = self._highest = 0.0
        self._blocks = 0

    def follow(self, now_s: float, low: float) -> None:
        """Look at the level of one more block."""
        if self._blocks == 0:
            if self._last > 0.0 and low - self._last >= max(JUMP_SHARE * self._last, JUMP_MIB):
                self._usual, self._highest, self._blocks = self._last, low, 1
        elif self._highest - low >= FALLEN * (self._highest - self._usual):
            copy = Copy(round(now_s, 3), round(self._highest - low, 3), round(low - self._usual, 3))
            self.seen = [*self.seen[-(MOST - 1) :], copy]
            self._blocks = 0
        else:
            self._highest, self._blocks = max(self._highest, low), (self._blocks + 1) % (LONGEST_BLOCKS + 1)
        self._last = low

    def belief(self, head_mib: float, now_s: float) -> float:
        """How likely the slice goes on growing until `head_mib` are gone: by copies done against those left.

        When none has come for longer than the array takes to fill, the belief fades.
        """
        ones = self._ones()
        if len(ones) < FEWEST:
            return 0.0
        first, last = ones[0], ones[-1]
        factor = (last.array_mib / first.array_mib) ** (1.0 / (len(ones) - 1))
        left = log(1.0 + head_mib / (last.array_mib + last.kept_mib)) / log(factor)
        expected_s = factor * max(after.end_s - before.end_s for before, after in pairwise(ones[-4:]))
        late = max(0.0, (now_s - last.end_s) / max(expected_s, 1e-3) - 1.0)
        return len(ones) / (len(ones) + left) * len(ones) / (len(ones) + 2.0) * exp(-LATE * late)

    def _ones(self) -> list[Copy]:
        """The latest copies, each of a larger array than the one before."""
        ones: list[Copy] = []
        for copy in reversed(self.seen):
            follows = not ones or FACTOR[0] <= ones[-1].array_mib / copy.array_mib <= FACTOR[1]
            if not copy.is_one or not follows:
                break
            ones.append(copy)
        return ones[::-1]

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "seen": [list(copy) for copy in self.seen],
            "jump": [self._last, self._usual, self._highest, self._blocks],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Copies:
        """What `state` was taken from."""
        copies = cls()
        copies.seen = [Copy(*copy) for copy in state["seen"]]
        copies._last, copies._usual, copies._highest, copies._blocks = state["jump"]
        return copies
