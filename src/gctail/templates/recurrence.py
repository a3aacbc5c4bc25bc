"""How often keys come again, where only some of the lines are read: counts of a fair sample of keys, by their hashes.

Which keys are in the sample depends on their hash alone, so every line of theirs that is read is counted. How many came
once, and how many twice, tells how often each comes in all lines.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

MOST_KEYS = 256
MOST_TIMES = 64.0
"""Whoever comes as often is seen for certain."""


class Recurrence:
    """The keys with the lowest hashes, and how often each came. At most 2 KiB."""

    __slots__ = ("counts", "hashes")

    def __init__(self) -> None:
        self.hashes, self.counts = array("I"), array("I")

    def add(self, hashes: Sequence[int], times: Callable[[int], int]) -> None:
        """Different keys of some lines, by their hashes; `times` says how often the one at a place came."""
        ours = self.hashes
        if len(ours) >= MOST_KEYS and min(hashes) > ours[-1]:
            return
        limit = ours[-1] if len(ours) >= MOST_KEYS else 1 << 32
        for at, hashed in enumerate(hashes):
            if hashed <= limit:
                self._count(hashed, times(at))
        del ours[MOST_KEYS:], self.counts[MOST_KEYS:]

    def _count(self, hashed: int, times: int) -> None:
        place = bisect_left(self.hashes, hashed)
        if place < len(self.hashes) and self.hashes[place] == hashed:
            self.counts[place] += times
        else:
            self.hashes.insert(place, hashed)
            self.counts.insert(place, times)

    def state(self) -> list[list[int]]:
        """Everything as plain data."""
        return [list(self.hashes), list(self.counts)]

    @classmethod
    def restore(cls, state: Any) -> Recurrence:  # noqa: ANN401  (what JSON holds)
        """What `state` was taken of."""
        found = cls()
        found.hashes, found.counts = (array("I", each) for each in state)
        return found


def merged(one: Recurrence | None, other: Recurrence | None) -> Recurrence | None:
    """That of two slots which turned out to be the same."""
    if one is not None and other is not None and other.hashes:
        one.add(other.hashes, other.counts.__getitem__)
    return one or other


def recurring(counts: Sequence[int], share: float) -> float:
    """How often a key comes in all lines, of which a `share` was read: told by how many came once, and twice.

    If each comes n times, the second are (n - 1) / 2 * share / (1 - share) of the first (binomial). Whoever never comes
    again is as much under-counted as lines are, and whoever comes often is seen however little is read.
    """
    if share >= 1.0:
        return 1.0
    once, twice = sum(count == 1 for count in counts), sum(count == 2 for count in counts)
    if not once:
        return MOST_TIMES
    return min(1.0 + 2.0 * twice / once * (1.0 - share) / max(share, 1e-6), MOST_TIMES)
