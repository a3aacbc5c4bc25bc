"""Has the growth come to a standstill? A heap that no longer sets new highs leaks no more, or not yet again."""

from __future__ import annotations

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
    lows = history.low
    if len(lows) - first < FEWEST_BLOCKS:
        return 1.0
    floor = min(lows[first:])
    step = max(STEP_NOISE * noise_mib, STEP_SHARE * (max(lows[first:]) - floor))
    last, top = first, lows[first]
    longest_s = longest_mib = 0.0
    times, work = history.time_s, history.allocated
    for index in range(first + 1, len(lows)):
        if lows[index] >= top + step:
            longest_s = max(longest_s, times[index] - times[last])
            longest_mib = max(longest_mib, work[index] - work[last])
            last, top = index, lows[index]
    return max(
        _survives(times[-1] - times[last], longest_s, times[-1] - times[first]),
        _survives(work[-1] - work[last], longest_mib, work[-1] - work[first]),
    )


def _survives(still: float, longest: float, age: float) -> float:
    """The chance that a pause as usual lasts this long: exponential beyond the longest one seen."""
    usual = max(longest, STEP_SHARE * age)
    return 1.0 if still <= usual else exp(-(still - usual) / usual)
