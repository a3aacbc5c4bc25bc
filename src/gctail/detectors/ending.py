"""When the memory is gone: from the ways in which a heap grows, and the room that it has, to a forecast."""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

from msgspec.structs import replace

from gctail.detectors.bearing import LIVED_THROUGH, PEAK_SHARE, Room
from gctail.detectors.growth import Growth
from gctail.detectors.history import History
from gctail.detectors.lasting import Way, forecast
from gctail.detectors.meeting import Meeting, meeting_of, way_mib
from gctail.detectors.outlook import Outlook, hastening, lie_apart
from gctail.detectors.paces import HALF, swing
from gctail.detectors.passage import AT_LIMIT, OVERHEAD_SHARE
from gctail.detectors.peaks import peaks_of
from gctail.detectors.precedent import Precedent
from gctail.detectors.regression import Regression
from gctail.detectors.values import STACK_WEIGHT, TIMER_S
from gctail.records import Forecast

LATELY = 0.25
"""The share of a process's age over which its pace of allocation is taken."""
YOUNGER, FEWEST = 0.35, 6
"""Of a growth, that shows where it stands and whether it goes on as before; so many blocks at least."""
PEAKS_APART = 1.5
"""So many times as far as levels usually are from a straight line some of the next ones will be above it."""
SAME_LIMIT = 0.25
"""What died within this share of the fatal level died of the limit that there is now."""
SLOWEST = 0.2
"""Of the pace of all of a growth: a younger part that is slower, or falls, is not taken to be slower still."""
MOST_MORE = 5.0
"""Times what stacks have grown by so far, they may grow yet on the way to the end."""
WIDE = 0.03
"""Of the fatal level: the time that a smaller rest takes says nothing about the pace."""


class Ending(NamedTuple):
    """When the memory is gone (None where no limit is known), since when it grows (s), how fast (MiB/s)."""

    forecast: Forecast | None
    onset_s: float
    rate_mib_per_s: float


class Line(NamedTuple):
    """Through the younger part of a growth: level now (MiB), slope (MiB/s), and how far levels are from it (MiB)."""

    level: float
    slope: float
    apart: float


def ending(
    growth: Growth, room: Room, found: Regression, judged: tuple[Outlook, Outlook], *, earlier: Precedent | None = None
) -> Ending:
    """The end of this growth in this room: by the regression, where that sees one, or by the episode.

    These are the second and the first way of `judged`; `found` is what is behind the regression. Where others died on
    this very climb (`earlier`), by what they had left from here, until the limit is here.
    """
    ways = [way for way in reversed(judged) if way.rise_mib > 0.0]
    onset_s, rate = (ways[0].onset_s, ways[0].rate_mib_per_s) if ways else (0.0, 0.0)
    fatal = room.fatal_mib
    before = earlier is not None and (room.limit_mib is None or abs(fatal - earlier.mib) <= SAME_LIMIT * fatal)
    foretold = _forecast(growth, room, ways, found) if room.is_known else None
    if earlier is not None and before and (foretold is None or foretold.next_goal_mib is None):
        foretold = _as_before(earlier, room.limit_mib)
    return Ending(foretold, onset_s, rate)


def _as_before(earlier: Precedent, limit_mib: float | None) -> Forecast:
    """What those who died on this climb had left from here."""
    limit, told_by = (limit_mib, "given") if limit_mib is not None else (earlier.mib, earlier.limit_from)
    return Forecast(round(limit, 3), earlier.seconds, earlier.low, earlier.high, limit_from=told_by)


def _forecast(growth: Growth, room: Room, ways: list[Outlook], found: Regression) -> Forecast:
    """The forecast by the first of these ways that has an end; never where none has."""
    limit = room.limit_mib if room.limit_mib is not None else room.fatal_mib
    seconds = next((way.left_s for way in ways if way.left_s is not None and way.probability > 0.0), None)
    if seconds is None or ways[0].rate_mib_per_s <= 0.0 or not len(growth.history):
        return Forecast(round(limit, 3), None, None, None, room.told_by)
    told = forecast(_way(growth, room, ways[0], seconds, found), limit, room.told_by)
    if room.bearing.holds_back or room.limit_mib is None:
        end_mib = meeting_of(growth.history, room, ways[0].rate_mib_per_s).level_mib
        return replace(told, low=0.0) if room.level_mib >= end_mib else told
    goal_mib = room.bearing.next_goal_mib
    if goal_mib is None or goal_mib < AT_LIMIT * room.limit_mib:
        return told
    return replace(told, low=0.0, next_goal_mib=round(goal_mib, 1))  # from here on it may die at any allocation


def _way(growth: Growth, room: Room, way: Outlook, seconds: float, found: Regression) -> Way:
    """What is known of the way to the fatal level, and of what comes after it.

    A level weighs stacks more than the process's memory does, for their scent; here they count once.
    """
    history, bearing = growth.history, room.bearing
    younger = _line(history, way.onset_s, bearing.now_s)
    scent = (STACK_WEIGHT - 1.0) * bearing.stacks
    grown = STACK_WEIGHT * bearing.stacks_grown_mib
    once = 1.0 - (STACK_WEIGHT - 1.0) / STACK_WEIGHT * min(grown / way.rise_mib, 1.0)
    peaks = peaks_of(history, way.onset_s, bearing.now_s, bearing.spread)
    above = max(PEAKS_APART * younger.apart, bearing.spread)
    level = (younger.level + history.low[-1]) / 2 - scent + above
    meeting = meeting_of(history, room, way.rate_mib_per_s)
    far_mib, meets_mib = way_mib(meeting, room), meeting.level_mib
    passing_mib = max(room.passing_mib, meets_mib - peaks.base_mib(meets_mib))
    level += min(passing_mib, LIVED_THROUGH * max(meets_mib - level, 0.0))
    is_wide = far_mib > WIDE * meeting.fatal_mib
    pace = far_mib / seconds if is_wide and seconds > 0.0 else way.rate_mib_per_s
    head_mib = max(meets_mib - level, 0.0)
    left_s = seconds * head_mib / far_mib if is_wide else head_mib / pace
    age_s = max(bearing.now_s - way.onset_s, 1e-3)
    usable = None if room.limit_mib is None or room.bearing.holds_back else room.limit_mib * (1.0 - OVERHEAD_SHARE)
    goal = bearing.next_goal_mib
    hastens = hastening(found.fit.curves, bearing.now_s, far_mib, YOUNGER * age_s)
    sooner, later = lie_apart(found.fit.curves, bearing.now_s, far_mib)
    return Way(
        fatal_mib=meeting.fatal_mib,
        meets_mib=meets_mib,
        climbs_mib=meeting.climbs_mib,
        level_mib=level,
        left_s=left_s / once,
        pace_mib_per_s=pace * once,
        usable_mib=usable,
        lived_mib=bearing.peak_mib,
        next_mib=None if goal is None else goal * bearing.reached / PEAK_SHARE + bearing.stacks,
        live_mib=bearing.live_mib + bearing.stacks,
        stacks_mib=bearing.stacks + bearing.stacks_grown_mib * min(head_mib / way.rise_mib, MOST_MORE),
        cycle_s=_cycle_s(history, room, meeting),
        every_s=peaks.every_s,
        apart_mib=younger.apart,
        swerve=log(max(younger.slope, SLOWEST * pace) / pace) + hastens,
        ahead=left_s / age_s,
        sooner=sooner,
        later=later,
        swing=sqrt(found.fit.by_work) * swing(history, bearing.now_s, left_s, HALF * age_s),
    )


def _line(history: History, onset_s: float, now_s: float) -> Line:
    """The younger part of the growth since `onset_s`, by least squares."""
    count = len(history)
    first = min(history.at(now_s - YOUNGER * (now_s - onset_s)), max(count - FEWEST, 0))
    first = min(max(first, history.at(onset_s)), max(count - FEWEST + 2, 0))
    times_s, levels = history.time_s[first:], history.low[first:]
    middle_s, middle = sum(times_s) / len(times_s), sum(levels) / len(levels)
    width = sum((t - middle_s) ** 2 for t in times_s)
    slope = sum((t - middle_s) * (y - middle) for t, y in zip(times_s, levels, strict=True)) / width if width else 0.0
    if len(times_s) < FEWEST - 2:
        return Line(history.low[-1], slope, 0.0)
    apart = sum((y - middle - slope * (t - middle_s)) ** 2 for t, y in zip(times_s, levels, strict=True))
    return Line(middle + slope * (now_s - middle_s), slope, sqrt(apart / (len(times_s) - 2)))


def _cycle_s(history: History, room: Room, meeting: Meeting) -> float:
    """How long it takes to allocate from the fatal level to the limit, at the pace of late; 0 where unknown."""
    then = history.at(room.bearing.now_s * (1.0 - LATELY))
    took_s, allocated = history.end_s[-1] - history.end_s[then], history.allocated[-1] - history.allocated[then]
    if room.limit_mib is None:
        left = 0.0 if room.bearing.holds_back else (room.bearing.gogc or 100.0) / 100.0 * room.fatal_mib
    else:
        left = room.limit_mib * (1.0 - OVERHEAD_SHARE) - meeting.fatal_mib
    cycle_s = max(left, 0.0) * took_s / allocated if allocated > 0.0 else 0.0
    return min(cycle_s, TIMER_S[0]) if meeting.climbs_mib else cycle_s
