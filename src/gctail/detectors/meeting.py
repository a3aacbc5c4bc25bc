"""Where a heap meets its limit: at its goal, or before that at what it allocates until the runtime's timer collects."""

from __future__ import annotations

from math import inf
from statistics import median
from typing import NamedTuple

from gctail.detectors.bearing import LIVED_THROUGH, PEAK_SHARE, Room
from gctail.detectors.gathering import lean
from gctail.detectors.history import History
from gctail.detectors.paces import paces
from gctail.detectors.passage import OVERHEAD_SHARE, fatal_level
from gctail.detectors.values import TIMER_S


class Meeting(NamedTuple):
    """At which level a goal meets the limit, how far a heap climbs by the timer, and where it likely ends (MiB).

    There are no climbs where no timer lets a heap live on beyond the first of these.
    """

    fatal_mib: float
    climbs_mib: tuple[float, ...]
    level_mib: float


def meeting_of(history: History, room: Room, rate_mib_per_s: float) -> Meeting:
    """Where the limit is met by a level that rises so fast.

    A goal is met before it would be by GOGC alone where collections end above their goal, and where much is allocated
    while marking, which a level leaves out but a goal does not. After two quiet minutes the runtime collects in any
    case (`forcegcperiod`, proc.go), so who allocates little in two minutes dies only near the limit itself. So does a
    heap under GOMEMLIMIT: that ends no process, the collector only chases itself from there on.
    """
    bearing = room.bearing
    if room.limit_mib is None or bearing.ended is not None:
        return Meeting(room.fatal_mib, (), room.fatal_mib)
    usable_mib = room.limit_mib * (1.0 - OVERHEAD_SHARE)
    if bearing.holds_back:
        return Meeting(usable_mib, (), usable_mib)
    fatal_mib = fatal_level(room.limit_mib, bearing.asked_gogc or bearing.gogc, None, limit_bound=False)
    marking = lean(bearing.marking_mib) * bearing.marking_mib / max(bearing.live_mib, 1.0)
    fatal_mib /= (1.0 + marking) * bearing.reached / PEAK_SHARE
    ahead_s = max(usable_mib - room.level_mib, 0.0) / rate_mib_per_s if rate_mib_per_s > 0.0 else inf
    climbs_mib = tuple(TIMER_S[0] * pace for pace in paces(history, bearing.now_s, ahead_s))
    if min(climbs_mib, default=inf) >= usable_mib - fatal_mib:
        return Meeting(fatal_mib, (), fatal_mib)
    return Meeting(fatal_mib, climbs_mib, max(fatal_mib, usable_mib - median(climbs_mib)))


def way_mib(meeting: Meeting, room: Room) -> float:
    """How far the upper envelope of the level is from there; 0 where it is beyond."""
    if room.limit_mib is None or room.bearing.ended is not None:
        return room.head_mib
    left_mib = max(meeting.level_mib - room.level_mib - room.bearing.spread, 0.0)
    return left_mib - min(room.passing_mib, LIVED_THROUGH * left_mib)
