"""The floor beneath what comes and goes: reports, exports, batches lift the heap for moments; a leak lifts its floor.

Where the level comes back again and again, nothing is ever above its floor for good: of each block we know from those
after it whether the level fell back. What is left is a history like any other, and judged like any other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise
from statistics import median
from typing import NamedTuple

LEAST_SHARE, LEAST_STEPS, LEAST_MIB = 0.1, 4.0, 3.0
"""What is above the floor by less (of the floor, of the third of the steps that are smallest, at all) is on it."""
FEWEST = 3
"""Excursions: what came and went twice may be chance."""
FEWEST_ON_IT, SHARE_ON_IT = 10, 0.4
"""Blocks on the floor, and of all blocks and all time: where the level is hardly ever down it has no floor."""
MOST_LOADED, PLATEAU, MOSTLY = 5, 3, 0.7
"""So many steps may be chance, so many blocks apart, where they are so much of the rise: it may be over at any time."""
AGAIN_SHARE = 0.3
"""From the first excursion to the last it takes so much of the time: a start-up comes once."""
APART = 0.25
"""What is taken to be on the floor is within so much of the usual excursion: a sawtooth climbs always."""
AS_LONG = 1.5
"""An excursion under way may take so many times as long as the longest before it."""


class Floor(NamedTuple):
    """Which levels are on the floor, what each fell back to (MiB), and how far above the level usually goes (MiB)."""

    places: list[int]
    beneath: list[float]
    above_mib: float


class Excursion(NamedTuple):
    """When the level was above its floor (s), and how far at most (MiB)."""

    time_s: float
    mib: float


def fallen_to(levels: Sequence[float]) -> list[float]:
    """To what each level falls back later: the lowest of it and all that come after it."""
    return [*accumulate(reversed(levels), min)][::-1]


def steps_of(floor: Sequence[float], least: float) -> tuple[list[int], float]:
    """Before which places a floor rises by so much at once, and how much it rises in these steps together (MiB)."""
    rises = [after - before for before, after in pairwise(floor)]
    steps = [at for at, rise in enumerate(rises) if rise >= least]
    return steps, sum([rises[at] for at in steps])


def floor_of(times_s: Sequence[float], levels: Sequence[float], gone: Sequence[Excursion] = ()) -> Floor | None:
    """The floor of these levels; None where they do not come back to one again and again.

    `gone` are excursions that the levels no longer show.
    """
    count = len(levels)
    if count < FEWEST_ON_IT + FEWEST:
        return None
    steps = sorted([abs(after - before) for before, after in pairwise(levels)])
    least = max(LEAST_STEPS * steps[count // 3], LEAST_MIB)
    beneath = fallen_to(levels)
    above = [level - base > max(least, LEAST_SHARE * base) for level, base in zip(levels, beneath, strict=True)]
    shown, longest_s = _excursions(times_s, levels, beneath, above)
    came = sorted([*shown, *gone])
    if len(came) < FEWEST or came[-1].time_s - came[0].time_s < AGAIN_SHARE * times_s[-1]:
        return None
    begun = _under_way(times_s, levels, least, longest_s) if shown else count
    above[begun:] = [True] * (count - begun)
    beneath[begun:] = [beneath[begun - 1]] * (count - begun)
    kept = [at for at, is_above in enumerate(above) if not is_above]
    on_it_s = sum([times_s[at] - times_s[at - 1] for at in kept if at])
    if len(kept) < max(FEWEST_ON_IT, SHARE_ON_IT * count) or on_it_s < SHARE_ON_IT * times_s[-1]:
        return None
    usual_mib = median([excursion.mib for excursion in came])
    if least > APART * usual_mib or _is_loaded(beneath[bisect_left(times_s, came[0].time_s) - 1 :], least, len(came)):
        return None
    return Floor(kept, beneath, usual_mib)


def _is_loaded(beneath: Sequence[float], least: float, came: int) -> bool:
    """Whether the floor rises in a few steps, no more than came and went, and stands still between them.

    A model or a table is loaded anew, and old and new live beside each other for a moment.
    """
    steps, at_once = steps_of(beneath, least)
    stands = all(after - before >= PLATEAU for before, after in pairwise(steps))
    return stands and 0 < len(steps) <= min(came, MOST_LOADED) and at_once >= MOSTLY * (beneath[-1] - beneath[0])


def _excursions(
    times_s: Sequence[float], levels: Sequence[float], beneath: list[float], above: list[bool]
) -> tuple[list[Excursion], float]:
    """Each excursion that is over, and how long the longest of them took (s)."""
    over: list[Excursion] = []
    longest_s = 0.0
    for is_above, group in groupby(range(len(levels)), above.__getitem__):
        if is_above:
            places = [*group]
            over.append(Excursion(times_s[places[0]], max(levels[at] - beneath[at] for at in places)))
            longest_s = max(longest_s, times_s[places[-1] + 1] - times_s[places[0]])
    return over, longest_s


def _under_way(times_s: Sequence[float], levels: Sequence[float], least: float, longest_s: float) -> int:
    """Where an excursion begins that may not be over yet; the number of levels where the last one is down.

    As long as what came back took so long, nobody knows of what has risen since its lowest whether it will.
    """
    first = bisect_left(times_s, times_s[-1] - AS_LONG * longest_s)
    base = min(levels[first:])
    risen = base + max(least, LEAST_SHARE * base)
    return max(at for at in range(first, len(levels)) if levels[at] <= risen) + 1
