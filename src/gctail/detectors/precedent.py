"""What earlier runs of a service, or its replicas, say of the growth under way: how the same climb ended elsewhere.

While a cache fills it is a leak for all that its heap shows. That the last runs grew like this and levelled off, or
grew like this and died, tells what the heap cannot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import takewhile
from math import exp, sqrt
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gctail.amounts import duration, size
from gctail.detectors.climb import Climb, age_at
from gctail.detectors.values import GROWS, MOST_RUNS, Life

RUNS, REPLICAS, ANOTHER_RELEASE = "runs", "replicas", "another-release"
WHO = {
    RUNS: ("the last run", "the last {} runs"),
    REPLICAS: ("another replica", "{} other replicas"),
    ANOTHER_RELEASE: ("a replica of another release", "{} replicas of another release"),
}
"""Who a precedent is of, one of them or more."""
ENDS = frozenset({"died", "cut-off"})
FEWEST_CUT_OFF = 2
STILL_SHARE = 0.35
"""A run that had nine tenths of its rise behind it for this share of its life had levelled off."""
MOSTLY = 0.9
SLOWED = 0.75
"""And one with so much of its rise behind it at half its age was about to: a square root has 0.71."""
NEARLY, FULL, ABOVE = 0.95, 1.05, 1.12
"""Of the height at which earlier runs levelled off: up to here it is the same growth, from there on it is another."""
SLACK_MIB = 2.0
OTHER_BEGIN = 0.25
"""A process that begins with so much more or less than an earlier one has another base, which its climb stands on."""
LEVELLED_BELIEF = (0.08, 0.04, 0.03, 0.02)
"""How likely growth is a leak below a height at which one run, two, … levelled off: a leak may hide there at first."""
SLOW = 3.0
"""Growth that takes so many times as long as before is trusted half."""
DIED_BELIEF = (0.8, 0.9, 0.93, 0.95)
"""How likely growth is a leak that follows the climb on which one run, two, … died for want of memory."""
CUT_OFF_BELIEF = (0.0, 0.6, 0.7, 0.75)
"""The same where they ended equally high without a word: a job that is done may say nothing, either."""
BEYOND_ODDS, LONG_ENOUGH = 2.0, 0.5
"""Growth above the height where others levelled off: by others at least half as old."""
ALIKE = 1.35
"""How far the pace may change on the way where two climbs are one."""
FASTEST, SLOWEST = 0.2, 5.0
"""With other traffic the same climb takes longer or shorter, but not more than so."""
SEEN_SHARE = 0.05
"""A climb is half recognised when this share of it was seen."""
LEAST_RISE_MIB, LEAST_RISE_NOISE = 3.0, 6.0
PATIENCE, STEP_SHARE = 3.0, 0.04
"""A new high may come so many times as late as before on this climb; it took this share of its age at least."""
SAME_END = 0.1
"""Runs that ended without a word within this share of the same height were killed there, most likely."""
SPREAD = (0.7, 1.45)
"""Factors on the time left, which earlier runs tell, between which four of five ends are expected."""


class Precedent(Struct, frozen=True):
    """What others came to that began like this process.

    `course` is levelled-off, beyond (higher than where they levelled off), died, or cut-off (they ended without a word,
    at the same height). `count` runs agree, `mib` is the height (MiB), `after_s` their age when they reached it;
    `weight` is how much of the belief is theirs, `belief` what they make it; `seconds`, from `low` to `high`, is how
    long this run has to live if it ends as they did. `whose` tells who they were.
    """

    course: str
    count: int
    mib: float
    after_s: float
    weight: float = 0.0
    belief: float = 0.0
    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    whose: str = RUNS

    def heeded(self, probability: float) -> float:
        """The belief in a leak, with what they say."""
        if self.course == "beyond":
            return BEYOND_ODDS * probability / (1.0 + (BEYOND_ODDS - 1.0) * probability)
        taught = (1.0 - self.weight) * probability + self.weight * self.belief
        return min(probability, taught) if self.course == "levelled-off" else max(probability, taught)

    @property
    def is_known_end(self) -> bool:
        """They died where this one goes."""
        return self.course in ENDS

    @property
    def is_death(self) -> bool:
        """They died there, as somebody said."""
        return self.course == "died"

    @property
    def limit_from(self) -> str:
        """Who tells the limit, in the words of `Forecast`."""
        if self.whose != RUNS:
            return "replica-death"
        return "earlier-death" if self.course == "died" else "earlier-end"

    def is_reached(self, level: float) -> bool:
        """This run is as high as those that levelled off; what they did is no news any more."""
        return self.course == "levelled-off" and level >= NEARLY * self.mib

    def evidence(self) -> dict[str, Any]:
        """The same in numbers."""
        counted = {"runs": self.count} if self.whose == RUNS else {"replicas": self.count}
        another = {"release": "another"} if self.whose == ANOTHER_RELEASE else {}
        height = {"mib": round(self.mib, 1), "after_s": round(self.after_s, 1)}
        return {"course": self.course, **counted, **another, **height}

    def sentence(self, level: float) -> str:
        """The same in words; `level` is the live heap now (MiB)."""
        runs = WHO[self.whose][self.count > 1].format(self.count)
        each = "" if self.count == 1 else "about "
        match self.course:
            case "levelled-off":
                return f"{runs} grew like this and levelled off at about {size(self.mib)}"
            case "beyond":
                return f"{runs} levelled off at about {size(self.mib)}: it is {size(level - self.mib)} above that"
            case "died":
                return f"{runs} grew like this and died at {each}{size(self.mib)} after {duration(self.after_s)}"
        return (
            f"{runs} grew like this and ended without a word at {each}{size(self.mib)} after {duration(self.after_s)}"
        )


class _Held(NamedTuple):
    """One earlier run held against the climb under way: where it ended or levelled off (MiB), seen from here."""

    run: Life
    mib: float


def course_of(run: Life) -> str:
    """What became of a run: died, levelled-off, cut-off (it ended without a word), or unfinished."""
    if run.end == "memory":
        return "died"
    slowed = has_levelled(run.ages_s, run.levels, run.begin, run.top, run.age_s) or _half_way(run) >= SLOWED
    if slowed and not run.growing:
        return "levelled-off"
    return "cut-off" if run.end == "silent" else "unfinished"


def has_levelled(ages_s: Sequence[float], levels: Sequence[float], begin: float, top: float, age_s: float) -> bool:
    """Whether a climb that is so old (s) has most of its rise well behind it."""
    return age_s - age_at(ages_s, levels, begin + MOSTLY * (top - begin)) >= STILL_SHARE * age_s


def of_runs(runs: Sequence[Life], climb: Climb, level: float, now_s: float, noise_mib: float) -> Precedent | None:
    """What the last runs that tell anything say of a process of this age (s) that stands so high (MiB).

    Of runs that ended differently only the latest count: a deploy may have mended, or broken, what was before.
    """
    known = [(course, run) for run in reversed(runs) if (course := course_of(run)) != "unfinished"]
    agreeing = [run for _, run in takewhile(lambda each: each[0] == known[0][0], known)]
    return _said_by(agreeing, climb, level, now_s, noise_mib) if agreeing else None


def of_replicas(  # noqa: PLR0913, PLR0917  (whose lives, and where the growth under way stands)
    whose: str, replicas: Sequence[Life], climb: Climb, level: float, now_s: float, noise_mib: float
) -> Precedent | None:
    """The same of replicas, of which the more count that came to the same."""
    levelled, died = ([run for run in replicas if course_of(run) == course] for course in ("levelled-off", "died"))
    agreeing = died if len(died) >= len(levelled) else levelled
    found = _said_by(agreeing, climb, level, now_s, noise_mib) if agreeing else None
    return replace(found, whose=whose) if found is not None else None


def telling(lives: Sequence[Life]) -> Life:
    """The one of a replica's lives that tells most: how it is now, or, while that is open, how it died before."""
    if course_of(lives[-1]) == "unfinished" and course_of(lives[0]) == "died":
        return lives[0]
    return lives[-1]


def is_alike(replica: Life, climb: Climb, level: float, now_s: float, noise_mib: float) -> bool:
    """Whether a replica grows now as this process does: on the same climb, as far as both have come."""
    begin = climb.begin
    if begin is None or replica.end != GROWS or course_of(replica) != "unfinished":
        return False
    if has_levelled(climb.ages_s, climb.levels, begin, climb.top, now_s):
        return False
    rise = min(level - begin, replica.level - replica.begin)
    if rise < max(LEAST_RISE_MIB, LEAST_RISE_NOISE * noise_mib):
        return False
    here_s = age_at(climb.ages_s, climb.levels, begin + rise)
    return _pace(replica, climb, begin, rise, here_s) is not None


def _said_by(agreeing: Sequence[Life], climb: Climb, level: float, now_s: float, noise_mib: float) -> Precedent | None:
    """What processes say that came to the same end, the latest first."""
    begin, course = climb.begin, course_of(agreeing[0])
    if begin is None:
        return None
    if course == "cut-off":
        height = agreeing[0].level
        agreeing = [run for run in agreeing if abs(run.level - height) <= SAME_END * height]
        if len(agreeing) < FEWEST_CUT_OFF:
            return None
    held = [_held(run, begin) for run in agreeing]
    if course == "levelled-off":
        return _levelled_off(held, level, now_s)
    least_mib = max(LEAST_RISE_MIB, LEAST_RISE_NOISE * noise_mib)
    return _ended(course, held, climb, level, now_s) if level - begin >= least_mib else None


def _held(run: Life, begin: float) -> _Held:
    """Where a run came to, seen from a process that begins with so much (MiB)."""
    moved = begin - run.begin
    moved = moved if abs(moved) > OTHER_BEGIN * run.begin else 0.0
    return _Held(run, (run.level if course_of(run) in ENDS else _height(run)) + moved)


def _levelled_off(agreeing: list[_Held], level: float, now_s: float) -> Precedent | None:
    """Below the height at which they levelled off growth is no news; above it is another growth."""
    highest = max(agreeing, key=lambda held: held.mib)
    run, count = highest.run, len(agreeing)
    reached_s = _reached_s(run)
    if level > ABOVE * highest.mib + SLACK_MIB:
        longest_s = max(held.run.age_s for held in agreeing)
        return Precedent("beyond", count, highest.mib, reached_s) if longest_s >= LONG_ENOUGH * now_s else None
    if level > FULL * highest.mib + SLACK_MIB:
        return None
    weight = 1.0 / (1.0 + (now_s / (SLOW * max(reached_s, 1.0))) ** 2)
    return Precedent("levelled-off", count, highest.mib, reached_s, weight, LEVELLED_BELIEF[min(count, MOST_RUNS) - 1])


def _ended(course: str, agreeing: list[_Held], climb: Climb, level: float, now_s: float) -> Precedent | None:
    """What those say that died, where this climb is the same as theirs."""
    begin = climb.begin or 0.0
    rise = level - begin
    paces = [(held, _pace(held.run, climb, begin, rise, now_s)) for held in agreeing]
    alike = [(held, pace) for held, pace in paces if pace is not None]
    if len(alike) < (FEWEST_CUT_OFF if course == "cut-off" else 1):
        return None
    left_s, due_s = list[float](), list[float]()
    for (run, _), pace in alike:
        then_s, next_s = (age_at(run.ages_s, run.levels, run.begin + rise + step) for step in (0.0, climb.step))
        left_s.append(pace * max(run.age_s - then_s, 0.0))
        due_s.append(pace * max(next_s - then_s, STEP_SHARE * then_s))
    patience_s = PATIENCE * max(due_s)
    stalled = exp(-max(now_s - climb.ages_s[-1] - patience_s, 0.0) / patience_s)
    mib, after_s = (sum(column) / len(alike) for column in zip(*((h.mib, h.run.age_s) for h, _ in alike), strict=True))
    seen = rise / max(mib - begin, rise)
    beliefs = DIED_BELIEF if course == "died" else CUT_OFF_BELIEF
    return Precedent(
        course,
        len(alike),
        mib,
        after_s,
        stalled * seen / (seen + SEEN_SHARE),
        beliefs[min(len(alike), MOST_RUNS) - 1],
        round(sorted(left_s)[len(left_s) // 2], 3),
        round(SPREAD[0] * min(left_s), 3),
        round(SPREAD[1] * max(left_s), 3),
    )


def _pace(run: Life, climb: Climb, begin: float, rise: float, now_s: float) -> float | None:
    """How many times as long this climb took for `rise` (MiB) as that one; None where they are not the same climb."""
    paces = []
    for part in (0.4, 0.7, 1.0):
        then_s = age_at(run.ages_s, run.levels, run.begin + part * rise)
        here_s = age_at(climb.ages_s, climb.levels, begin + part * rise) if part < 1.0 else now_s
        if then_s <= 0.0 or run.begin + part * rise > run.top:
            return None
        paces.append(here_s / then_s)
    alike = max(paces) <= ALIKE**2 * min(paces) and FASTEST <= paces[-1] <= SLOWEST
    return sqrt(paces[1] * paces[2]) if alike else None


def _half_way(run: Life) -> float:
    """How much of its rise a run had behind it at half its age: a half where it was straight."""
    levels = run.levels[: bisect_right(run.ages_s, run.age_s / 2)]
    return (levels[-1] - run.begin) / (run.top - run.begin) if levels and run.top > run.begin else 1.0


def _height(run: Life) -> float:
    """The height (MiB) at which a run levels off: its top, or what an exponential of the same two halves tends to."""
    if has_levelled(run.ages_s, run.levels, run.begin, run.top, run.age_s):
        return run.top
    rest = 1.0 / _half_way(run) - 1.0
    return run.begin + (run.top - run.begin) / (1.0 - rest * rest)


def _reached_s(run: Life) -> float:
    """The age at which most of a run's rise was behind it."""
    return age_at(run.ages_s, run.levels, run.begin + MOSTLY * (run.top - run.begin))
