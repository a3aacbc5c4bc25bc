"""What a level's course looks like, in the words of the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from gctail.detectors.floor import fallen_to, steps_of
from gctail.detectors.teeth import turns_of

if TYPE_CHECKING:
    from gctail.detectors.episodes import Zigzag
    from gctail.detectors.growth import Growth
    from gctail.detectors.history import View
    from gctail.detectors.regression import Regression

LEAK = 2 / 3
"""Probability from which a verdict says leak: of three such growths two are one."""
IDLE_MIB_PER_S = 0.05
UNDECIDED = 0.45
"""What is less likely than this has a course of its own."""
LOADING_SHARE = 0.05
"""What a process fills in so small a part of its time is no course of its heap yet."""
EARLY_SHARE = 0.25
STILL_SHARE = 0.12
"""What moves by no more of its level stands still."""
STACKS_SHARE = 0.25
"""A goroutine leaves its stack and what it refers to; this much of a growth in stacks makes it one of goroutines."""
FEWEST_TEETH = 3
FEWEST_RISES = 10
FEWEST_TO_CALL_GROWTH = 20
SMALLEST_STEP_MIB = 3.0
"""Whole MiB make steps of any slow growth."""
FALL_SHARE = 0.4
"""What falls by this much of its spread has not filled anything up."""
MOSTLY_LOAD = 0.6
MOSTLY_HIDDEN = 0.5
"""The belief in growth beneath a load, or beneath teeth, from which on the level's course is not that of the growth."""
MOST_FALLEN = 0.5
"""Of all that a staircase rises: where more is given back on the way it is a saw."""
TOOTH_SHARE, FEWEST_TURNS, LITTLE_LOAD = 0.2, 6, 0.5
"""Teeth of this share of the spread, so many troughs and peaks, make a saw where a load explains no more than that."""
STILL_RISES = 0.4
"""Of the mean rise: what adds less in the last third of the time is coming to its end."""
SURELY_OVER = 0.1
"""What is believed so little to go on may be said to be over."""
HUMP_SHARE = 0.25
"""A level that is high for this much of the time follows something; a batch is over sooner."""
HIGH_QUANTILE = 0.85
"""What a level is only seldom above is no plateau: a spike on it is none."""
AT_ONCE_SHARE = 0.07
"""A rise that begins earlier began with the process."""
LARGE_SHARE, NEARLY_ALL = 0.22, 0.8
"""Rises of so much of all of it are steps; they are nearly all of it where it goes up in steps."""
STANDS = 4
"""Blocks from one step to the next, and at both ends."""
BACK_SHARE, MOST_BACK = 0.3, 0.15
"""Of that rise: where the level was higher by so much in so many blocks, it came and went."""
STEP_SHARE = 0.1
"""A rise that takes no more of the time than this is one step: loading takes a while, too."""


class Course(NamedTuple):
    """What the kinds are told apart by; sizes in MiB, times in seconds since process start."""

    probability: float
    collections: int
    now_s: float
    level: float
    top: float
    rise: float
    onset_s: float
    allocation_rate: float
    stacks_share: float


def kind_of(course: Course, growth: Growth, found: Regression, view: View) -> str:
    """The one word for this course."""
    if course.probability >= LEAK:
        return _kind_of_leak(course, growth, found, view)
    if course.collections < 6 or len(view.low) < 4:
        still = course.collections > 1 and course.rise < 2.0 and course.allocation_rate < IDLE_MIB_PER_S
        return "idle" if still and course.now_s > 60.0 else "too-few-points"
    if course.collections < 12 and course.rise > 0.5 * course.level:
        return "too-few-points"  # still rising, or nearly
    if course.probability >= UNDECIDED:
        if course.collections < FEWEST_TO_CALL_GROWTH:
            return "too-few-points"
        return "step" if _in_steps(_settled_lows(course, growth), _still_mib(course, growth)) else "growing"
    return _kind_of_course(course, growth, found)


def _settled_lows(course: Course, growth: Growth) -> Sequence[float]:
    """Its levels since what it loads at its start (MiB)."""
    return growth.history.low[growth.history.at(LOADING_SHARE * course.now_s) :]


def _still_mib(course: Course, growth: Growth) -> float:
    """What moves by no more than this stands still."""
    return max(3 * growth.zigzag.noise, 2.0, STILL_SHARE * course.level)


def _kind_of_course(course: Course, growth: Growth, found: Regression) -> str:
    """The same of what is most likely none, and has enough points."""
    zigzag, history = growth.zigzag, growth.history
    settled, later = (history.since(share * course.now_s) for share in (LOADING_SHARE, EARLY_SHARE))
    still_mib, lows = _still_mib(course, growth), _settled_lows(course, growth)
    has_risen = settled.low[0] < course.level - still_mib
    if _spread(settled) < still_mib or (_spread(later) < still_mib and not has_risen):
        return "idle" if course.allocation_rate < IDLE_MIB_PER_S else "steady"
    if _in_steps(lows, still_mib):
        return "step"
    moved = _kind_of_motion(course, zigzag, found, settled, growth.recent(0.0, course.now_s))
    moved = moved or _kind_of_return(growth, course, found)
    if moved is None and course.probability >= SURELY_OVER and _rises_still(growth, course.now_s):
        moved = "growing" if course.collections >= FEWEST_TO_CALL_GROWTH else "too-few-points"
    if moved is None and not has_risen and _begins_as_it_ends(lows, still_mib):
        moved = "steady"
    return moved or _kind_of_plateau(course, settled)


def _in_steps(lows: Sequence[float], least: float) -> bool:
    """Whether a step or a few are all that there is: between them the level stands still, and it never falls back.

    What is loaded anew lives beside what it replaces for a moment: of that we see what is left.
    """
    floor = fallen_to(lows)
    total = floor[-1] - floor[0]
    back = sum([low - base > BACK_SHARE * total for low, base in zip(lows, floor, strict=True)])
    if total < least or back > MOST_BACK * len(lows):
        return False
    large, at_once = steps_of(floor, LARGE_SHARE * total)
    apart = all(after - before >= STANDS for before, after in pairwise([-1, *large, len(floor) - 1]))
    return apart and at_once >= NEARLY_ALL * total


def _begins_as_it_ends(lows: Sequence[float], least: float) -> bool:
    """Whether the last third of the time is as high as the first: what moved between went nowhere."""
    part = len(lows) // 3
    return part > 0 and abs(median(lows[-part:]) - median(lows[:part])) < least / 2


def _rises_still(growth: Growth, now_s: float) -> bool:
    """Whether the last third of the time still adds about as much as the others, beyond the noise: that is no end."""
    begin_s = LOADING_SHARE * now_s
    begun, last, now = (growth.history.level(begin_s + part / 3 * (now_s - begin_s)) for part in (0, 2, 3))
    return now - last - 2 * growth.zigzag.noise > STILL_RISES * (now - begun) / 3


def _spread(view: View) -> float:
    """How far its levels lie apart, MiB."""
    return max(view.low) - min(view.low)


def _kind_of_leak(course: Course, growth: Growth, found: Regression, view: View) -> str:
    """Which leak: of goroutines, by steps, faster and faster, or plain."""
    if course.stacks_share > STACKS_SHARE:
        return "goroutine-growth"
    if any(each.weight > MOSTLY_HIDDEN for each in found.hidden):
        return "leak"  # its course is that of what hides it
    levels = [low for low, t in zip(view.low, view.time_s, strict=True) if t >= course.onset_s]
    times = [t for t in view.time_s if t >= course.onset_s]
    if len(levels) < 8 or course.rise <= 0.0:
        return "leak"
    history = growth.history
    since_onset = list(history.low[history.at(course.onset_s) :])
    if _by_steps(growth.recent(course.onset_s, course.now_s)) or _by_steps(since_onset):
        return "leak-staircase"
    return "leak-accelerating" if _accelerates(times, levels) and found.fit.flat < 0.5 else "leak"


def _by_steps(levels: list[float]) -> bool:
    """Whether rises of the same order make up nearly all of the growth, with standstill between them."""
    rises = [b - a for a, b in pairwise(levels)]
    if len(rises) < FEWEST_RISES:
        return False
    total = levels[-1] - levels[0]
    if sum([rise for rise in rises if rise < 0.0]) < -MOST_FALLEN * total:
        return False
    large = [rise for rise in rises if rise > max(1.3 * total / len(rises), SMALLEST_STEP_MIB)]
    if len(large) < 3 or sum(large) < 0.8 * total:
        return False
    still = [rise for rise in rises if abs(rise) < 0.3 * sum(large) / len(large)]
    return len(still) >= 0.45 * len(rises)


def _accelerates(times: list[float], levels: list[float]) -> bool:
    """Whether the last third of the time saw more than twice the growth of the first, and more than the middle one."""
    begin_s, width_s = times[0], (times[-1] - times[0]) / 3
    if width_s <= 0.0:
        return False
    ends = [_level_at(times, levels, begin_s + k * width_s) for k in range(4)]
    first, middle, last = (b - a for a, b in pairwise(ends))
    return last > 1.25 * middle and last > 2.0 * max(first, 0.0) and middle > first


def _level_at(times: list[float], levels: list[float], time_s: float) -> float:
    """Linear interpolation in a short table."""
    for (t0, y0), (t1, y1) in pairwise(zip(times, levels, strict=True)):
        if t1 >= time_s:
            return y0 + (y1 - y0) * (time_s - t0) / max(t1 - t0, 1e-9)
    return levels[-1]


def _kind_of_motion(course: Course, zigzag: Zigzag, found: Regression, view: View, lows: list[float]) -> str | None:
    """It moved, and is no leak: what comes and goes explains it, or nothing. `lows` are the younger blocks."""
    spread = max(view.low) - min(view.low)
    if found.load_share > MOSTLY_LOAD:
        return "growth-with-load"
    turns = [peak for peak in zigzag.peaks if peak.rise >= 0.3 * spread]
    back = course.level < min(view.low) + 0.35 * spread
    if turns and (_rests(lows, spread) or (back and len(turns) < FEWEST_TEETH)):
        passing = all(peak.age_s < 0.05 * course.now_s for peak in turns)
        return "spike" if passing and len(turns) < FEWEST_TEETH else "batch"
    if found.fit.load > 0.5 and not turns:
        return "growth-with-load"
    if len(turns) >= FEWEST_TEETH:
        times_s = [peak.time_s for peak in turns]
        return "sawtooth" if len(times_s) > 5 or _regular(times_s) else "batch"
    return None


def _kind_of_return(growth: Growth, course: Course, found: Regression) -> str | None:
    """It fell by much of what it had risen, in turns that are too few or too near the noise for the zigzag."""
    history = growth.history
    first = history.at(LOADING_SHARE * course.now_s)
    lows, times_s = history.low[first:], history.time_s[first:]
    spread = max(lows) - min(lows)
    falls = _falls(lows, max(FALL_SHARE * spread, 3 * growth.zigzag.noise))
    if falls >= FEWEST_TEETH:
        return "sawtooth"
    if not falls or course.level > max(lows) - FALL_SHARE * spread:
        return None
    if found.load_share < LITTLE_LOAD and len(turns_of(list(lows), TOOTH_SHARE * spread)) >= FEWEST_TURNS:
        return "sawtooth"
    high = [time_s for low, time_s in zip(lows, times_s, strict=True) if low > min(lows) + 0.5 * spread]
    return "growth-with-load" if high[-1] - high[0] > HUMP_SHARE * course.now_s else "batch"


def _falls(lows: Sequence[float], least: float) -> int:
    """How often the level fell by so much, each time after a rise of as much."""
    count, top, bottom, rising = 0, lows[0], lows[0], True
    for low in lows:
        top, bottom = max(top, low), min(bottom, low)
        if rising and top - low >= least:
            count, bottom, rising = count + 1, low, False
        elif not rising and low - bottom >= least:
            top, rising = low, True
    return count


def _rests(lows: list[float], spread: float) -> bool:
    """Whether the level lies at its bottom most of the time: work comes and goes; a sawtooth always climbs."""
    bottom = min(lows) + 0.25 * spread
    return sum(1 for low in lows if low <= bottom) > 0.5 * len(lows)


def _regular(times_s: list[float]) -> bool:
    """Whether the turns come at even distances."""
    gaps = [later - earlier for earlier, later in pairwise(times_s)]
    usual = median(gaps)
    return sum(1 for gap in gaps if 0.5 * usual <= gap <= 1.7 * usual) >= 0.6 * len(gaps)


def _kind_of_plateau(course: Course, view: View) -> str:
    """A rise that ends: at once (step), at process start (warm-up), or after filling for long (bounded cache)."""
    low, high = min(view.low), sorted(view.low)[int(HIGH_QUANTILE * (len(view.low) - 1))]
    spread = high - low
    started_s = next(t for t, y in zip(view.time_s, view.low, strict=True) if y > low + 0.1 * spread)
    ended_s = next(t for t, y in zip(view.time_s, view.low, strict=True) if y > high - 0.15 * spread)
    if ended_s <= EARLY_SHARE * course.now_s and started_s <= AT_ONCE_SHARE * course.now_s:
        return "warm-up"
    if started_s > AT_ONCE_SHARE * course.now_s and ended_s - started_s <= STEP_SHARE * course.now_s:
        return "step"
    if course.now_s - ended_s > 0.1 * course.now_s:
        return "bounded-cache"
    return "warm-up" if course.onset_s <= 0.05 * course.now_s else "bounded-cache"
