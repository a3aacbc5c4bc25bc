"""Growth beneath a saw: what comes and goes by itself (a batch, a flush, a rotation) leaves a little more each time.

The turns of the level, its troughs and its peaks, are fitted with one distance between them and one growth, `level = c
+ d * peak + s * f(x - onset)`: troughs that rise and peaks that rise are one growth seen twice. What a peak stood above
the troughs after it is no level that the service came back from. Where a tooth is seen is chance, with a collection or
two in each, so neither a peak below the last nor a trough a little lower means that the growth is over.

A heap that has grown is collected less often: twice as large, half as often. So a leak hides the saw that hid it. The
teeth, no larger than before, are small beside what has grown, and at last there is hardly a collection to each: then
each comes anywhere between trough and peak.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from gctail.detectors.beneath import START_SHARE, Beneath, Beside, beneath_of, beside_of, is_rise
from gctail.detectors.history import History

FEWEST_TURNS = 7
TOOTH, SMALLER_TEETH = 0.2, (0.1, 0.05)
"""Of the spread of the levels: what turns by less is no tooth, and where too few do so beneath a growth."""
LEAST_NOISE = 6.0
"""A smaller tooth is larger than this many times the noise."""
LEAST_HELD = 0.15
"""Of the spread: the distance of peaks and troughs beneath which growth would hide."""
BEGINS = (0.0, 0.2, 0.4, 0.6)
"""How much of the time a growth may begin after the saw did."""
UNSEEN = 3.0
"""So many times as long as from turn to turn there was none: the teeth are no longer seen."""
TURN_WORTH = 0.8
"""How many independent points a turn is worth at most."""
MOMENTS = 0.04
"""As a share of the time: a load that held what was allocated for so long would explain teeth, too."""


def teeth(history: History, now_s: float, noise_mib: float) -> Beneath | None:
    """The growth beneath the teeth of these blocks; None where there are too few."""
    view = history.since(START_SHARE * now_s, growth=0.0)
    if len(view.low) < FEWEST_TURNS or not is_rise(view.low, noise_mib):
        return None
    turns = _fine_turns(view.low, noise_mib)
    if len(turns) < FEWEST_TURNS:
        return None
    places, sides = _with_unseen(view.time_s, view.low, turns)
    loads = history.recent(view, MOMENTS)
    times_s, allocated, levels, recent = (
        [column[at] for at in places] for column in (view.time_s, view.allocated, view.low, loads)
    )
    beside = _beside(times_s, levels, noise_mib, sides)
    if beside is None:
        return None
    return beneath_of(times_s, allocated, levels, noise_mib, [recent], beside, beside.apart_mib, LEAST_HELD)


def _beside(times_s: list[float], levels: list[float], noise_mib: float, sides: list[float]) -> Beside | None:
    """The teeth beside growth that is straight from some moment on, whichever leaves least."""
    begins = [times_s[0] + part * (times_s[-1] - times_s[0]) for part in BEGINS]
    ways = [beside_of([max(t, begin) for t in times_s], levels, noise_mib, [sides], TURN_WORTH) for begin in begins]
    return min((way for way in ways if way is not None), key=lambda way: way.apart_mib, default=None)


def _fine_turns(levels: list[float], noise_mib: float) -> list[int]:
    """The turns by the largest teeth that come often enough: growth makes the spread larger, and not the teeth."""
    spread = max(levels) - min(levels)
    turns = turns_of(levels, TOOTH * spread)
    for share in SMALLER_TEETH:
        if len(turns) >= FEWEST_TURNS or share * spread < LEAST_NOISE * noise_mib:
            break
        turns = turns_of(levels, share * spread)
    return turns


def _with_unseen(times_s: list[float], levels: list[float], turns: list[int]) -> tuple[list[int], list[float]]:
    """The turns, each a peak (1) or a trough (0); and all that comes once they are no longer seen, in between (0.5).

    A heap twice as large is collected half as often: a saw goes on as before, and the collections come anywhere in it.
    """
    peaks_first = levels[turns[0]] > levels[turns[1]]
    sides = [float((at % 2 == 0) == peaks_first) for at in range(len(turns))]
    gaps_s = [times_s[after] - times_s[before] for before, after in pairwise(turns[:-1])]
    last = turns[-2]
    if times_s[-1] - times_s[last] <= UNSEEN * median(gaps_s):
        return turns, sides
    tail = list(range(last + 1, len(times_s)))
    return [*turns[:-1], *tail], [*sides[:-1], *[0.5] * len(tail)]


def turns_of(levels: list[float], least: float) -> list[int]:
    """Where the level turned by so much, troughs and peaks by turns; the last one may still go on."""
    turns: list[int] = []
    low = high = 0
    rising: bool | None = None
    for at, level in enumerate(levels):
        low = at if level < levels[low] else low
        high = at if level > levels[high] else high
        if rising is not False and levels[high] - level >= least:
            turns.append(high)
            rising, low = False, at
        elif rising is not True and level - levels[low] >= least:
            turns.append(low)
            rising, high = True, at
    if rising is not None:
        turns.append(high if rising else low)
    return turns
