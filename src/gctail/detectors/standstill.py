"""Has the growth come to a standstill? A heap that no longer sets new highs leaks no more, or not yet again."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gctail.detectors.history import History

STEP_SHARE = 0.04
"""A new high counts when it passes the last one by this share of the whole rise: plain growth sets 25 of them."""
STEP_NOISE = 2.0
FEWEST_BLOCKS = 4


def goes_on(history: History, onset_s: float, noise_mib: float) -> float:
    """How well the present standstill fits growth that goes on: 1 while it is no longer than earlier ones.

    Beyond that exp(-(F-g)/g), with F the time since the last new high and g the longest such time before it. Growth
    that pauses (a batch, a night) has long pauses behind it and is given as much again; growth that never paused is
    not. Nights pass quickly by the allocation clock, so the kinder of the two clocks decides.
    """
    first = history.at(onset_s)
    lows, times, work = history.low[first:], history.time_s[first:], history.allocated[first:]
    if len(lows) < FEWEST_BLOCKS:
        return 1.0
    step = max(STEP_NOISE * noise_mib, STEP_SHARE * (max(lows) - min(lows)))
    return max(pauses_fit(lows, times, step), pauses_fit(lows, work, step))


def pauses_fit(levels: Sequence[float], clock: Sequence[float], step: float) -> float:
    """The same by one clock, with a new high at every `step`."""
    last, due, longest = clock[0], levels[0] + step, 0.0
    for level, now in zip(levels, clock, strict=True):
        if level >= due:
            longest = max(longest, now - last)
            last, due = now, level + step
    return _survives(clock[-1] - last, longest, clock[-1] - clock[0])


def _survives(still: float, longest: float, age: float) -> float:
    """The chance that a pause as usual lasts this long: exponential beyond the longest one seen."""
    usual = max(longest, STEP_SHARE * age)
    return 1.0 if still <= usual else exp(-(still - usual) / usual)
