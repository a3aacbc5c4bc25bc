"""Has the growth come to a standstill? A heap that no longer sets new highs leaks no more, or not yet again."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gctail.detectors.history import History

STEP_SHARE = 0.04
"""A new high counts when it passes the last one by this share of the whole rise: plain growth sets 25 of them."""
STEP_NOISE = 2.0
FEWEST_BLOCKS = 4
NEARLY = 0.99
"""Where every block sets a new high they come at even distances, but for the last digit of a clock."""
FLAT = 3.0
"""So many times as sharply a standstill tells where the level stays on its height: of a growth that goes on by waves of
requests it falls between two of them. Of 8,346 moments of leaks 1.9 % had a pause beyond all earlier ones; of 138 just
after something was full it was half of them."""


class Pauses(NamedTuple):
    """By one clock: since the last new high, the longest and the mean time to one before, and whether it is flat."""

    still: float
    longest: float
    mean: float
    is_flat: bool

    @property
    def fit(self) -> float:
        """How well the present one fits growth that goes on: exponential beyond the longest one seen."""
        beyond = self.still / self.longest - 1.0 if self.longest > 0.0 else 0.0
        return exp(-(FLAT if self.is_flat else 1.0) * beyond) if beyond > 0.0 else 1.0


def goes_on(history: History, onset_s: float, noise_mib: float) -> float:
    """How well the present standstill fits growth that goes on: 1 while it is no longer than earlier ones.

    Beyond that exp(-(F-g)/g), with F the time since the last new high and g the longest such time before it; its cube
    where the level has not fallen since. Growth that pauses (a batch, a night) has long pauses behind it and is given
    as much again; growth that never paused is not. Nights pass quickly by the allocation clock, so the kinder of the
    two clocks decides.
    """
    return max((each.fit for each in _by_both_clocks(history, onset_s, noise_mib)), default=1.0)


def is_due(history: History, onset_s: float, noise_mib: float) -> bool:
    """Whether the next new high should have come by now, as they usually do, and the last block was none on the way.

    So it is when a cache has just become full; the next blocks tell. So it is, too, where the level has just fallen by
    more than blocks lie apart by chance.
    """
    lows = history.low
    if len(lows) > 1 and lows[-1] > lows[-2]:
        return False
    falls = len(lows) > 1 and lows[-1] < lows[-2] - STEP_NOISE * noise_mib
    found = _by_both_clocks(history, onset_s, noise_mib)
    return falls or (bool(found) and all(each.still > NEARLY * each.mean for each in found))


def pauses_fit(levels: Sequence[float], clock: Sequence[float], step: float) -> float:
    """The same as `goes_on` by one clock, with a new high at every `step`."""
    return pauses(levels, clock, step).fit


def pauses(levels: Sequence[float], clock: Sequence[float], step: float) -> Pauses:
    """How it came from one new high to the next, at every `step`."""
    last, due, longest, lowest, highs = clock[0], levels[0] + step, 0.0, inf, 0
    for level, now in zip(levels, clock, strict=True):
        lowest = min(lowest, level)
        if level >= due:
            longest, lowest, highs = max(longest, now - last), level, highs + 1
            last, due = now, level + step
    usual = max(longest, STEP_SHARE * (clock[-1] - clock[0]))
    mean = (last - clock[0]) / highs if highs else usual
    return Pauses(clock[-1] - last, usual, mean, lowest >= due - 2 * step)


def _by_both_clocks(history: History, onset_s: float, noise_mib: float) -> tuple[Pauses, ...]:
    """By the clock and by MiB allocated; nothing where there are too few blocks since the onset."""
    first = history.at(onset_s)
    lows, times, work = history.low[first:], history.time_s[first:], history.allocated[first:]
    if len(lows) < FEWEST_BLOCKS:
        return ()
    step = max(STEP_NOISE * noise_mib, STEP_SHARE * (max(lows) - min(lows)))
    return pauses(lows, times, step), pauses(lows, work, step)
