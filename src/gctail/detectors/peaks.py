"""Peaks that come again, as of a scrape or a report: how high they will be by the time that the level has risen."""

from __future__ import annotations

from typing import NamedTuple

from gctail.detectors.history import History

LEAST_SHARE, LEAST_MIB = 0.2, 4.0
"""What is above the level by less (of the level, at all) is no peak of its own."""
FEWEST = 3
YOUNGER = 0.7
"""Of the growth: which peaks are asked; before it had begun there may have been others."""
STEEPEST = 2.0
"""MiB that a peak gains for each MiB that the level rises, at most."""


class Peaks(NamedTuple):
    """How far a peak goes above the level (MiB), when that is `level_mib`, and how much farther for each MiB above it.

    One comes every so many seconds; the highest of them counts, for one of the next may be as high.
    """

    above_mib: float = 0.0
    steep: float = 0.0
    level_mib: float = 0.0
    every_s: float = 0.0

    def base_mib(self, peak_mib: float) -> float:
        """The level (MiB) at which a peak is so high."""
        return self.level_mib + (peak_mib - self.level_mib - self.above_mib) / (1.0 + self.steep)


def peaks_of(history: History, onset_s: float, now_s: float, usual_mib: float) -> Peaks:
    """The peaks of the younger growth that are higher above its level than blocks usually reach (`usual_mib`)."""
    first = history.at(now_s - YOUNGER * (now_s - onset_s))
    came = [
        (time_s, low, high - low - usual_mib)
        for time_s, low, high in zip(history.time_s[first:], history.low[first:], history.high[first:], strict=True)
        if high - low - usual_mib > max(LEAST_SHARE * low, LEAST_MIB)
    ]
    if len(came) < FEWEST:
        return Peaks()
    level = history.low[-1]
    lows, heights = [low for _, low, _ in came], [height for _, _, height in came]
    middle, usual = sum(lows) / len(lows), sum(heights) / len(heights)
    width = sum([(low - middle) ** 2 for low in lows])
    rises = sum([(low - middle) * (height - usual) for low, height in zip(lows, heights, strict=True)])
    steep = min(max(rises / width, 0.0), STEEPEST) if width > 0.0 else 0.0
    highest = max([height + steep * (level - low) for low, height in zip(lows, heights, strict=True)])
    every_s = (came[-1][0] - came[0][0]) / (len(came) - 1)
    return Peaks(highest, steep, level, every_s)
