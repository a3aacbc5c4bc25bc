"""What the log said differently from the beginning of a growth on: lines that came no more, and warnings that were new.

A leak that begins in the middle of a run was begun by something: a cleaner that died, an error that came for the first
time. Its own lines are suspects by their number; what is missing grows with nothing, and is only seen here.
"""

from __future__ import annotations

from itertools import pairwise

from gctail.attribution.hints import WARNS
from gctail.attribution.usual import Usual, often
from gctail.templates.courses import Template

NEAR, LEAST_BEFORE = 0.12, 0.15
"""Of the life of the process: so near the onset, and with so much of a life before it."""
LEAST_MISSED = 10.0
"""Lines that should have come since: that none did by chance is rarer than one in twenty thousand."""
REGULAR = 3.0
"""So many times its longest pause it must be missing: a batch that has not come again yet is not."""
FEWEST_BINS, MOST_TOLD = 4, 2


def turned(usual: Usual | None, onset_s: float) -> str:
    """Half a sentence, or nothing: `"cache swept" came no more, 40 times a minute before`."""
    if usual is None or len(usual.courses.uptime_s) < 8:
        return ""
    closes = usual.courses.uptime_s
    life_s = usual.seconds(0, len(closes))
    begin_s = closes[-1] - life_s
    if onset_s - begin_s < LEAST_BEFORE * life_s:
        return ""
    window = onset_s - NEAR * life_s, onset_s + NEAR * life_s
    templates = usual.courses.templates
    new = [each for each in templates if each.level in WARNS and window[0] <= each.first_uptime_s <= window[1]]
    new.sort(key=lambda each: abs(each.first_uptime_s - onset_s))
    gone = [(each, rate) for each in templates if (rate := _missing(usual, each, window)) is not None]
    gone.sort(key=lambda each: -each[0].total)
    told = [f'"{each.message[:60]}" ({each.level}) came for the first time' for each in new[:MOST_TOLD]]
    told += [f'"{each.message[:60]}" came no more, {often(rate)} before' for each, rate in gone[:MOST_TOLD]]
    return "; ".join(told)


def _missing(usual: Usual, template: Template, window: tuple[float, float]) -> float | None:
    """How many a minute had come until they stopped in this window; None of a line that goes on, or came at random."""
    closes = usual.courses.uptime_s
    at = [place for place, count in enumerate(template.count) if count]
    if len(at) < FEWEST_BINS or not window[0] <= closes[at[-1]] <= window[1]:
        return None
    missing_s = closes[-1] - closes[at[-1]]
    rate = usual.per_min(template, at[0], at[-1] + 1)
    pause_s = max(closes[later] - closes[earlier] for earlier, later in pairwise(at))
    return rate if rate * missing_s / 60 >= LEAST_MISSED and missing_s >= REGULAR * pause_s else None
