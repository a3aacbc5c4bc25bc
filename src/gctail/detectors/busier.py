"""Has the process become busier since it grows? What requests hold while they run rises with them, and is no leak.

By Little's law what is under way is as much as comes, times how long it stays: where three times as much is allocated a
second as when the growth began, three times as much may be held, without a leak. A load of a few steps, or one that
has only risen so far, leaves too few points to fit what it holds (`load.py`, `beneath.py`); that it rose can be seen.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gctail.detectors.history import History

PART = 0.25
"""Of the growth's age: over so much of it at either end the pace of allocation is taken."""
LEAST_BASE = 0.12
"""Of the level: what is held without any load, where it is a load."""
USUAL, STEEPNESS, LEAST = 0.5, 2.5, 0.2
"""Of 378 leaks of real programs one in twenty had its pace of allocation rise by e^0.5 while it grew; of 86 rises that
were believed to be a leak for a while, and were none, one in four, by up to e^1.7."""


def busier(history: History, onset_s: float, now_s: float) -> float:
    """What a load that rose with the level does to the odds of a leak, as a factor: 1 where it did not.

    A service holds something without any load. Where nothing would be left, the level rose more than the load, or the
    rate follows the heap and not the heap the rate, as where collections come at even distances.
    """
    part_s = PART * (now_s - onset_s)
    if part_s <= 0.0 or len(history) < 4:
        return 1.0
    before = history.pace(onset_s, onset_s + part_s)
    lately = history.pace(now_s - part_s, now_s)
    if before <= 0.0 or lately <= before:
        return 1.0
    more = log(lately / before)
    if more <= USUAL:
        return 1.0
    was, now = history.level(onset_s + part_s / 2), history.level(now_s - part_s / 2)
    base = (was * lately - now * before) / (lately - before)
    if base <= LEAST_BASE * (was + now) / 2:
        return 1.0
    return min(1.0, max(LEAST, exp(-STEEPNESS * (more - USUAL))))
