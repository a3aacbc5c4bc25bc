"""What earlier runs of the same service say of the growth under way: how the same climb ended before.

While a cache fills it is a leak for all that its heap shows. That the last runs grew like this and levelled off, or
grew like this and died, tells what the heap cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import Any, NamedTuple

from msgspec import Struct

from gctail.amounts import duration, size
from gctail.detectors.climb import Climb, age_at
from gctail.detectors.values import PastRun

MOST_RUNS = 4
STILL_SHARE = 0.35
"""A run that had nine tenths of its rise behind it for this share of its life had levelled off."""
MOSTLY = 0.9
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
BEYOND_ODDS = 2.0
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
    """What earlier runs came to that began like this one.

    `course` is levelled-off, beyond (higher than where they levelled off), died, or cut-off (they ended without a word,
    at the same height). `count` runs agree, `mib` is the height (MiB), `after_s` their age when they reached it;
    `weight` is how much of the belief is theirs, `belief` what they make it; `seconds`, from `low` to `high`, is how
    long this run has to live if it ends as they did.
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

    def heeded(self, probability: float) -> float:
        """The belief in a leak, with what they say."""
        if self.course == "beyond":
            return BEYOND_ODDS * probability / (1.0 + (BEYOND_ODDS - 1.0) * probability)
        taught = (1.0 - self.weight) * probability + self.weight * self.belief
        return min(probability, taught) if self.course == "levelled-off" else max(probability, taught)

    @property
    def is_known_end(self) -> bool:
        """They died where this one goes."""
        return self.course in {"died", "cut-off"}

    def is_reached(self, level: float) -> bool:
        """This run is as high as those that levelled off; what they did is no news any more."""
        return self.course == "levelled-off" and level >= NEARLY * self.mib

    def evidence(self) -> dict[str, Any]:
        """The same in numbers."""
        return {"course": self.course, "runs": self.count, "mib": round(self.mib, 1), "after_s": round(self.after_s, 1)}

    def sentence(self, level: float) -> str:
        """The same in words; `level` is the live heap now (MiB)."""
        runs = "the last run" if self.count == 1 else f"the last {self.count} runs"
        each = "" if self.count == 1 else "about "
        match self.course:
            case "levelled-off":
                return f"{runs} grew like this and levelled off at {each}{size(self.mib)}"
            case "beyond":
                return f"{runs} levelled off at {each}{size(self.mib)}: it is {size(level - self.mib)} above that"
            case "died":
                return f"{runs} grew like this and died at {each}{size(self.mib)} after {duration(self.after_s)}"
        return (
            f"{runs} grew like this and ended without a word at {each}{size(self.mib)} after {duration(self.after_s)}"
        )


class _Held(NamedTuple):
    """One earlier run held against the climb under way: where it ended or levelled off (MiB), seen from here."""

    run: PastRun
    mib: float


def course_of(run: PastRun) -> str:
    """What became of a run: died, levelled-off, cut-off (it ended without a word), or unfinished."""
    if run.end == "memory":
        return "died"
    reached_s = age_at(run.ages_s, run.levels, run.begin + MOSTLY * (run.top - run.begin))
    if run.age_s - reached_s >= STILL_SHARE * run.age_s:
        return "levelled-off"
    return "cut-off" if run.end == "silent" else "unfinished"


def precedent(runs: Sequence[PastRun], climb: Climb, level: float, now_s: float, noise_mib: float) -> Precedent | None:
    """What the last runs that tell anything say of a process of this age (s) that stands so high (MiB).

    Of runs that ended differently only the latest count: a deploy may have mended, or broken, what was before.
    """
    begin = climb.begin
    if begin is None or not runs:
        return None
    telling = [(course_of(run), run) for run in runs]
    telling = [(course, run) for course, run in telling if course != "unfinished"]
    if not telling:
        return None
    last = telling[-1][0]
    agreeing: list[_Held] = []
    for course, run in reversed(telling):
        if course != last:
            break
        moved = begin - run.begin
        moved = moved if abs(moved) > OTHER_BEGIN * run.begin else 0.0
        agreeing.append(_Held(run, (run.top if last == "levelled-off" else run.level) + moved))
    if last == "levelled-off":
        return _levelled_off(agreeing, level, now_s)
    if last == "cut-off":
        agreeing = _at_one_height(agreeing)
    return _ended(last, agreeing, climb, begin, level, now_s, max(LEAST_RISE_MIB, LEAST_RISE_NOISE * noise_mib))


def _levelled_off(agreeing: list[_Held], level: float, now_s: float) -> Precedent | None:
    """Below the height at which they levelled off growth is no news; above it is another growth."""
    highest = max(agreeing, key=lambda held: held.mib)
    run, count = highest.run, len(agreeing)
    reached_s = age_at(run.ages_s, run.levels, run.begin + MOSTLY * (run.top - run.begin))
    if level > ABOVE * highest.mib + SLACK_MIB:
        return Precedent("beyond", count, highest.mib, reached_s)
    if level > FULL * highest.mib + SLACK_MIB:
        return None
    weight = 1.0 / (1.0 + (now_s / (SLOW * max(reached_s, 1.0))) ** 2)
    return Precedent("levelled-off", count, highest.mib, reached_s, weight, LEVELLED_BELIEF[min(count, MOST_RUNS) - 1])


def _at_one_height(agreeing: list[_Held]) -> list[_Held]:
    """Those that ended as high as the last one, where there are two or more."""
    height = agreeing[0].run.level
    same = [held for held in agreeing if abs(held.run.level - height) <= SAME_END * height]
    return same if len(same) > 1 else []


def _ended(  # noqa: PLR0913, PLR0917  (two climbs, and where the one under way stands)
    course: str, agreeing: list[_Held], climb: Climb, begin: float, level: float, now_s: float, least_mib: float
) -> Precedent | None:
    """What those say that died, where this climb is the same as theirs."""
    rise = level - begin
    if rise < least_mib:
        return None
    left_s, due_s, count, mib, after_s = list[float](), list[float](), 0, 0.0, 0.0
    for held in agreeing:
        pace = _pace(held.run, climb, begin, level, now_s)
        if pace is None:
            break
        count += 1
        mib, after_s = mib + held.mib, after_s + held.run.age_s
        then_s = age_at(held.run.ages_s, held.run.levels, held.run.begin + rise)
        left_s.append(pace * max(held.run.age_s - then_s, 0.0))
        step_s = age_at(held.run.ages_s, held.run.levels, held.run.begin + rise + climb.step) - then_s
        due_s.append(pace * max(step_s, STEP_SHARE * then_s))
    if not count or (course == "cut-off" and count < 2):
        return None
    mib, seconds = mib / count, sorted(left_s)[count // 2]
    seen = rise / max(mib - begin, rise)
    late_s = now_s - climb.ages_s[-1] - PATIENCE * max(due_s)
    stalled = exp(-max(late_s, 0.0) / (PATIENCE * max(due_s)))
    beliefs = DIED_BELIEF if course == "died" else (0.0, *DIED_BELIEF)
    return Precedent(
        course,
        count,
        mib,
        after_s / count,
        stalled * seen / (seen + SEEN_SHARE),
        beliefs[min(count, MOST_RUNS) - 1],
        round(seconds, 3),
        round(SPREAD[0] * min(left_s), 3),
        round(SPREAD[1] * max(left_s), 3),
    )


def _pace(run: PastRun, climb: Climb, begin: float, level: float, now_s: float) -> float | None:
    """How many times as long this climb takes as that one; None where they are not the same climb."""
    paces = []
    for part in (0.4, 0.7, 1.0):
        rise = part * (level - begin)
        then_s = age_at(run.ages_s, run.levels, run.begin + rise)
        here_s = age_at(climb.ages_s, climb.levels, begin + rise) if part < 1.0 else now_s
        if then_s <= 0.0 or run.begin + rise > run.top:
            return None
        paces.append(here_s / then_s)
    alike = max(paces) <= ALIKE**2 * min(paces) and FASTEST <= paces[-1] <= SLOWEST
    return sqrt(paces[1] * paces[2]) if alike else None
