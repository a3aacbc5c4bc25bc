"""Ways to judge one growth: by its episode, by its new highs, by regression, beneath a load.

Each weighs how long the growth has lasted against how long it still needs to the level where the process dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log2, sqrt
from typing import NamedTuple

from gctail.detectors.bending import gets_there, ripple
from gctail.detectors.beneath import Beneath
from gctail.detectors.episodes import Zigzag
from gctail.detectors.hinge import Curve
from gctail.detectors.history import History
from gctail.detectors.load import Load
from gctail.detectors.passage import survival
from gctail.detectors.regression import Regression
from gctail.detectors.rises import rise_of

YOUNGEST_BENEATH = 0.5
"""Growth beneath a load has to have lasted for so much of the time, in which the load comes and goes."""
BENEATH_TRUST = 0.9
"""What the load holds is known less well than what it takes to fit it."""
AHEAD = 1.5
"""A slow leak in a large heap is a leak, too: no growth has to last for more times its age to be called one."""
SHORTEST_STREAK = 5
SHORTEST_S = 1e-3
LEAST_SUSPICION = 0.05
CALM = 0.03
"""Of the time before it began: so long any growth is asked to last. A job, or one huge request, may meet the limit."""

TENTHS, TENTH_LIES = (0.1, 0.5, 0.9), 1.282
"""The first tenth, the middle, the last tenth; so many deviations lie between two of these."""


class Outlook(NamedTuple):
    """One judgement: probability, seconds to the fatal level (None: never), onset (s), rise (MiB), rate (MiB/s).

    `endless` is the weight of the curves that come to no end by themselves, where there are curves, `load` that of
    growth which the allocation rate explains by itself; `hidden` is whether it grows beneath a load, or beneath teeth.
    """

    probability: float
    left_s: float | None
    onset_s: float
    rise_mib: float
    rate_mib_per_s: float
    endless: float = 0.0
    load: float = 0.0
    hidden: bool = False


NOTHING = Outlook(0.0, None, 0.0, 0.0, 0.0)


def by_episode(zigzag: Zigzag, history: History, now_s: float, head_mib: float) -> Outlook:
    """Judge the episode under way by the slope of its younger half; where that is the slower one, it is ending."""
    began = rise_of(zigzag, history, now_s)
    if began is None:
        return NOTHING
    onset_s, trough, _ = began
    level = zigzag.level
    age_s, rise = now_s - onset_s, level - trough
    if age_s < SHORTEST_S:
        return NOTHING
    middle_s = now_s - age_s / 2
    middle = min(max(history.level(middle_s), trough), level)
    younger, older = (level - middle) / (age_s / 2), (middle - trough) / (age_s / 2)
    if younger <= 0.0:
        return Outlook(0.0, None, onset_s, rise, 0.0)
    left_s: float | None = head_mib / younger
    chance = survival(age_s, _ahead(age_s, left_s, onset_s))
    if younger < older:
        noise = max(zigzag.noise, ripple(history, onset_s, middle_s)) if chance > LEAST_SUSPICION else zigzag.noise
        likely = gets_there(younger, older, age_s, head_mib, noise)
        chance, left_s = chance * likely, left_s if likely >= 0.5 else None
    late = (level - history.level(now_s - age_s / 4)) / (age_s / 4)
    if late < 0.25 * younger:
        chance *= 0.5
    return Outlook(chance, left_s, onset_s, rise, younger)


def by_streak(zigzag: Zigzag, history: History, now_s: float, head_mib: float) -> Outlook:
    """Judge a run of new highs by doublings: how many there were, against how many are left to the fatal level.

    It needs few points: a heap that doubles from collection to collection is dead before there are twenty. Two more
    new highs are asked for the first half of the belief, since a start-up sets some, too. Where the younger half of the
    time saw fewer doublings than the older, it counts twice: what a start-up filled at once is no pace.
    """
    streak = zigzag.streak
    if streak.count < SHORTEST_STREAK:
        return NOTHING
    level, age_s = zigzag.top, now_s - streak.since_s
    rise = level - streak.level
    done, left = log2(level / max(streak.level, 1.0)), log2((level + head_mib) / level)
    if done <= 0.0 or age_s < SHORTEST_S:
        return NOTHING
    lately = log2(level / max(history.level(now_s - age_s / 2), 1.0))
    done = min(done, 2.0 * lately)
    if lately <= 0.0:
        return NOTHING
    chance = done / (done + left) * streak.count / (streak.count + 2.0) * survival(age_s, CALM * streak.since_s)
    return Outlook(chance, age_s * left / done, streak.since_s, rise, rise / age_s)


def by_regression(found: Regression, now_s: float, head_mib: float) -> Outlook:
    """Judge every curve of the regression and weigh the judgements; times by the weighted median.

    The way to the limit ends at the next peak of the load, so that peak comes off it.
    """
    head_mib = max(head_mib - found.load.peak_mib, 0.1 * head_mib)
    chance, grown, endless = 0.0, 0.0, 0.0
    ways: list[tuple[float, float]] = []
    onset_s = rise = rate = 0.0
    for curve in found.fit.curves:
        age_s = max(now_s - curve.onset_s, 1e-3)
        left_s = _left(curve, age_s, head_mib)
        ahead_s = left_s if curve.tau_s is not None else _ahead(age_s, left_s, curve.onset_s)
        chance += curve.weight * survival(age_s, ahead_s)
        ways.append((left_s if left_s is not None else float("inf"), curve.weight))
        grown += curve.weight
        endless += curve.weight * (curve.tau_s is None)
        onset_s += curve.weight * curve.onset_s
        rise += curve.weight * curve.rise_mib
        rate += curve.weight * curve.rate_mib_per_s
    if grown <= 0.0:
        return NOTHING._replace(load=found.fit.load)
    return Outlook(chance, _median(ways, grown), onset_s / grown, rise / grown, rate / grown, endless, found.fit.load)


def by_waves(found: Beneath, now_s: float, head_mib: float) -> Outlook:
    """Judge the curves beneath a load, by what is left when the load is taken out of the levels."""
    oldest_s = YOUNGEST_BENEATH * now_s
    curves = tuple(curve for curve in found.fit.curves if curve.beneath and now_s - curve.onset_s >= oldest_s)
    load = Load(0.0, found.peak_mib, 0.0)
    way = by_regression(Regression(found.fit._replace(curves=curves), load), now_s, head_mib)
    return way._replace(probability=way.probability * found.goes_on * BENEATH_TRUST, hidden=True)


def by_curves(found: Regression, now_s: float, head_mib: float) -> tuple[Outlook, Outlook]:
    """Judge all that a regression found: the curves of the levels, and the likelier of those beneath something."""
    hidden = [by_waves(each, now_s, head_mib) for each in found.hidden]
    return by_regression(found, now_s, head_mib), max(hidden, key=lambda way: way.probability, default=NOTHING)


def _ahead(age_s: float, left_s: float | None, calm_s: float) -> float | None:
    """What growth without an end in sight is asked to last yet, s: to its end, at most a multiple of its age.

    After `calm_s` without it, it is asked to last for a while even where its end is here.
    """
    return None if left_s is None else min(max(left_s, CALM * calm_s), AHEAD * age_s)


def _left(curve: Curve, age_s: float, head_mib: float) -> float | None:
    """Seconds until a curve has risen by `head_mib`; None where it never does."""
    if curve.remaining_mib is not None and curve.tau_s is not None:
        return -curve.tau_s * log(1.0 - head_mib / curve.remaining_mib) if curve.remaining_mib > head_mib else None
    if curve.family == "accelerating":
        return age_s * (sqrt(1.0 + head_mib / curve.rise_mib) - 1.0) if curve.rise_mib > 0.0 else None
    return head_mib / curve.rate_mib_per_s if curve.rate_mib_per_s > 0.0 else None


def lie_apart(curves: Sequence[Curve], now_s: float, head_mib: float) -> tuple[float, float]:
    """How much sooner, and how much later, than the middle one curves get there: deviations of the logarithm of time.

    Those that never do are left out.
    """
    times = [(_left(curve, max(now_s - curve.onset_s, 1e-3), head_mib), curve.weight) for curve in curves]
    ways = sorted([(left_s, weight) for left_s, weight in times if left_s is not None and left_s > 0.0])
    total = sum([weight for _, weight in ways])
    covered, places = 0.0, [0.0, 0.0, 0.0]
    for left_s, weight in ways:
        passed, covered = covered, covered + weight
        places = [left_s if passed <= share * total else place for share, place in zip(TENTHS, places, strict=True)]
    if not ways:
        return 0.0, 0.0
    first, middle, last = (log(place) / TENTH_LIES for place in places)
    return middle - first, last - middle


def hastening(curves: Sequence[Curve], now_s: float, head_mib: float, younger_s: float) -> float:
    """How much faster these curves will rise on the way to there than of late: the mean logarithm of the paces.

    Above 0 for those that accelerate only: growth that follows them does not swerve, though its younger part is slower
    than its way will be. Those that never get there are left out.
    """
    hastens = total = 0.0
    for curve in curves:
        age_s = max(now_s - curve.onset_s, 1e-3)
        left_s = _left(curve, age_s, head_mib)
        if left_s is None or left_s <= 0.0:
            continue
        total += curve.weight
        if curve.family == "accelerating":
            over_late = (1.0 + sqrt(1.0 + head_mib / curve.rise_mib)) / (2.0 - min(younger_s / age_s, 1.0))
            hastens += curve.weight * log(over_late)
    return hastens / total if total > 0.0 else 0.0


def _median(ways: list[tuple[float, float]], total: float) -> float | None:
    """The weighted median of (seconds, weight); None where most of the weight says never."""
    covered = 0.0
    for seconds, weight in sorted(ways):
        covered += weight
        if covered >= 0.5 * total:
            return None if seconds == float("inf") else seconds
    return None
