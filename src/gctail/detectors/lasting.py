"""How long the memory lasts: not one moment, but a spread of them, by what is not known of the way and of its end.

A process dies when its heap meets what the limit leaves for it. Three things are uncertain, and each is a few equally
likely cases here; all combinations together are the forecast, and its interval is where the middle four fifths lie.

* *Where it dies.* Near the level at which its goal meets the limit; or beyond, where a part of the heap was allocated
  and never touched. What it has lived through already is no place where it dies.
* *When the level gets there.* By the growth that was found, less surely where its younger part goes another way than
  the whole, and where levels lie far apart compared with what is left.
* *When within a cycle.* A goal that is too high kills nobody: the process dies once it has allocated up to the limit,
  about a cycle later, and who grows faster than before allocates faster, too. Some die at once: what was collected is
  reused, but not given back to the kernel.
"""

from __future__ import annotations

from math import exp, inf, log, log1p, sqrt
from typing import NamedTuple

from gctail.detectors.bearing import PEAK_SHARE
from gctail.records import Forecast

TOUCHED = 0.7
"""So many processes touch all of their memory, and die near the level at which the goal meets the limit: 34 of 50
services that a kernel killed at limits of 90 to 230 MiB."""
NEAR, NEARLY = 1.01, 0.03
"""Those died at so many times that level, with this deviation."""
UNTOUCHED = 0.127
"""The others live on beyond it, by an exponential law with this mean, up to 1.35 times the level."""
STACKS_IN_USE = (1.2, 2.0, 3.0)
"""So many times the stacks that a trace counts, those that were scanned, are in use: equally likely, all measured."""
TOLD_NEARLY = 0.03
"""How surely a level is known at which an earlier process died, or which GOMEMLIMIT makes the end."""
PACE_DEVIATION = 0.22
"""Of the logarithm of the time: no growth goes on quite as it was, nor does what is allocated in the last cycle."""
APART = 1.5
"""How much of the distance between levels counts as a way that may already be gone, or still be to go."""
SHORTER = -0.05
"""By this logarithm ends came sooner than the growth that was found said: what slows down does not die."""
LEAST_ROOM_MIB = 1 / 1024
SHORTEST_ROOM = 0.02
"""Of the fatal level: what is always left of the way of one that may live through this cycle."""
LARGEST_SWERVE = log(5.0)
SWERVES = 0.6
"""How much of its swerve is doubted; half of it is taken to go on: a growth whose younger part is faster is faster."""
HASTE, HURRIES, RESTS = 0.2, 0.3, 0.1
"""For each e-fold of the time ahead above that behind: growth comes sooner to its end than it says by the first, for
what grows grows faster more often than slower, and this is known no better than to the sooner and to the later."""

NORMAL = (-1.593, -0.967, -0.589, -0.282, 0.0, 0.282, 0.589, 0.967, 1.593)
"""Nine equally likely values of a standard normal variable."""
NORMAL_PACES = (-1.465, -0.792, -0.366, 0.0, 0.366, 0.792, 1.465)
EXPONENTIAL = (0.105, 0.357, 0.693, 1.204, 2.303)
"""Five of a standard exponential one."""
WITHIN = ((0.05, 0.58), (0.6, 0.08), (0.85, 0.75), (1.05, 0.25), (1.3, 0.92), (1.8, 0.42))
"""When it dies in its last cycle, and how much of a cycle passed before that began: shares of a usual cycle. The first
ones are how 34 services died that a kernel killed."""


class Way(NamedTuple):
    """The way of a heap to its end: from `level_mib` to the fatal level in `left_s`, at `pace_mib_per_s` there.

    Sizes in MiB, levels as detectors see them. `usable_mib` is what the limit leaves for the heap; None where the
    heap itself climbs to its end, as under GOMEMLIMIT, or only the level is known, at which others died. `lived_mib`
    is the highest heap that it lived through, `next_mib` how high this cycle may let it go (None: not known),
    `live_mib` the live heap, `stacks_mib` the stacks that will be scanned. `cycle_s` is how long a cycle takes there,
    `every_s` how often the heap goes so high, where that is seldom. `apart_mib` is how far levels lie from a straight
    line by chance, `swerve` the logarithm of the younger pace over the whole.

    `climbs_mib` are, equally likely, how far the heap goes until the timer collects: who has them lives on beyond the
    fatal level, until about `meets_mib`, to which `left_s` leads in that case. `ahead` is how many times as long as it
    has lasted the growth has to go on; `sooner`, `later` and `swing` are deviations of the logarithm of the time to the
    end, by the ways in which it may grow, and by the pace of the work.
    """

    fatal_mib: float
    level_mib: float
    left_s: float
    pace_mib_per_s: float
    usable_mib: float | None
    lived_mib: float
    next_mib: float | None
    live_mib: float
    stacks_mib: float
    cycle_s: float
    every_s: float
    apart_mib: float
    swerve: float
    climbs_mib: tuple[float, ...] = ()
    meets_mib: float | None = None
    ahead: float = 0.0
    sooner: float = 0.0
    later: float = 0.0
    swing: float = 0.0


class Passing(NamedTuple):
    """Seconds until the level has gone so far, in the middle, and deviations of their logarithm to both sides."""

    seconds: float
    sooner: float
    later: float


def lasting(way: Way) -> list[tuple[float, float]]:
    """All cases of how long the memory lasts on this way: seconds, and how much each weighs."""
    cases: list[tuple[float, float]] = []
    climbs = way.climbs_mib or (inf,)
    for times, weight in _places(way):
        if way.usable_mib is not None and way.next_mib is not None and way.next_mib >= times * way.usable_mib:
            left_mib = times * PEAK_SHARE * way.usable_mib - way.live_mib
            left = max(left_mib / max(way.usable_mib - way.fatal_mib, 1e-9), SHORTEST_ROOM)
            cases += [(left * within * way.cycle_s, weight / len(WITHIN)) for within, _ in WITHIN]
            continue
        for climb_mib in climbs:
            dies_mib = times * way.fatal_mib
            if way.usable_mib is not None:
                dies_mib = max(dies_mib, times * PEAK_SHARE * way.usable_mib - climb_mib)
            cases += _in_time(way, dies_mib - way.level_mib, weight / len(climbs))
    return cases


def _in_time(way: Way, room_mib: float, weight: float) -> list[tuple[float, float]]:
    """All cases of how long it takes the level to go so far, and of what comes then; they weigh so much together."""
    passing = _passing(way, max(room_mib, SHORTEST_ROOM * way.fatal_mib, LEAST_ROOM_MIB))
    each = weight / (len(WITHIN) * len(NORMAL_PACES))
    cases: list[tuple[float, float]] = []
    for value in NORMAL_PACES:
        passed_s = passing.seconds * exp(value * (passing.sooner if value < 0.0 else passing.later))
        cycle_s = way.cycle_s * exp(value * PACE_DEVIATION)
        wait_s = max(cycle_s, way.every_s)
        cases += [(passed_s + within * cycle_s + begun * wait_s, each) for within, begun in WITHIN]
    return cases


def forecast(way: Way, limit_mib: float, limit_from: str) -> Forecast:
    """The middle of all cases, and the interval in which four fifths of them lie."""
    cases = sorted(lasting(way))
    total = sum(weight for _, weight in cases)
    low, middle, high = (_quantile(cases, share * total) for share in (0.1, 0.5, 0.9))
    return Forecast(round(limit_mib, 3), round(middle, 3), round(low, 3), round(high, 3), limit_from)


def _places(way: Way) -> list[tuple[float, float]]:
    """Where it may die, in multiples of the fatal level, with weights; not where it has lived through."""
    if way.usable_mib is None:
        return [(1.0 + TOLD_NEARLY * value, 1.0) for value in NORMAL]
    lived = way.lived_mib / (PEAK_SHARE * way.usable_mib)
    factors = STACKS_IN_USE if way.stacks_mib > 0.0 else (1.0,)
    nearest = [NEAR - (factor - 1.0) * way.stacks_mib / way.usable_mib for factor in factors]
    share = TOUCHED / len(NORMAL) / len(factors)
    near = [(times, share) for begin in nearest for value in NORMAL if (times := begin + NEARLY * value) > lived]
    begins = max(lived, NEAR)
    weight = (1.0 - TOUCHED) * exp((NEAR - begins) / UNTOUCHED) / len(EXPONENTIAL)
    return near + [(begins + UNTOUCHED * value, weight) for value in EXPONENTIAL]


def _passing(way: Way, room_mib: float) -> Passing:
    """How long it takes the level to go so far."""
    head_mib = max((way.meets_mib or way.fatal_mib) - way.level_mib, 0.0)
    if head_mib > 0.0 and way.left_s > 0.0:
        beyond_mib = max(room_mib - head_mib, 0.0)
        seconds = way.left_s * min(room_mib, head_mib) / head_mib + beyond_mib / way.pace_mib_per_s
    else:
        seconds = room_mib / way.pace_mib_per_s
    steps = log1p((APART * way.apart_mib / room_mib) ** 2)
    swerve = min(max(way.swerve, -LARGEST_SWERVE), LARGEST_SWERVE)
    ahead = log1p(way.ahead)
    both = PACE_DEVIATION**2 + (SWERVES * swerve) ** 2 + steps + way.swing**2
    middle = SHORTER - steps / 2 - swerve / 2 - HASTE * ahead
    sooner, later = (
        sqrt(both + apart**2 + (doubt * ahead) ** 2) for apart, doubt in ((way.sooner, HURRIES), (way.later, RESTS))
    )
    return Passing(seconds * exp(middle), sooner, later)


def _quantile(cases: list[tuple[float, float]], wanted: float) -> float:
    """The seconds below which so much weight lies: straight between the middles of neighbouring cases."""
    before_s, before, passed = 0.0, 0.0, 0.0
    for seconds, weight in cases:
        middle = passed + weight / 2
        if middle >= wanted:
            return before_s + (seconds - before_s) * (wanted - before) / max(middle - before, 1e-12)
        before_s, before, passed = seconds, middle, passed + weight
    return cases[-1][0]
