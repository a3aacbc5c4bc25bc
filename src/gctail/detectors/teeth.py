"""Growth beneath a saw: what comes and goes by itself (a batch, a flush, a rotation) leaves a little more each time.

The turns of the level, its troughs and its peaks, are fitted with one distance between them and one growth, `level = c
+ d * peak + s * f(x - onset)`: troughs that rise and peaks that rise are one growth seen twice. What a peak stood above
the troughs after it is no level that the service came back from. Where a tooth is seen is chance, with a collection or
two in each, so neither a peak below the last nor a trough a little lower means that the growth is over.
"""

from __future__ import annotations

from gctail.detectors.beneath import START_SHARE, Beneath, beneath_of, beside_of, is_rise
from gctail.detectors.history import History

FEWEST_TURNS = 7
LEAST_TOOTH = 0.2
"""Of the spread of the levels: what turns by less is no tooth."""
TURN_WORTH = 0.8
"""How many independent points a turn is worth at most."""
MOMENTS = 0.04
"""As a share of the time: a load that held what was allocated for so long would explain teeth, too."""


def teeth(history: History, now_s: float, noise_mib: float) -> Beneath | None:
    """The growth beneath the teeth of these blocks; None where there are too few."""
    view = history.since(START_SHARE * now_s, growth=0.0)
    if len(view.low) < FEWEST_TURNS or not is_rise(view.low, noise_mib):
        return None
    turns = turns_of(view.low, LEAST_TOOTH * (max(view.low) - min(view.low)))
    if len(turns) < FEWEST_TURNS:
        return None
    loads = history.recent(view, MOMENTS)
    times_s, allocated, levels, recent = (
        [column[at] for at in turns] for column in (view.time_s, view.allocated, view.low, loads)
    )
    peaks_first = levels[0] > levels[1]
    sides = [float((at % 2 == 0) == peaks_first) for at in range(len(turns))]
    beside = beside_of(times_s, levels, noise_mib, [sides], TURN_WORTH)
    if beside is None:
        return None
    return beneath_of(times_s, allocated, levels, noise_mib, [recent], beside, beside.apart_mib)


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
