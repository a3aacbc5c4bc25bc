"""When the memory is gone: from the ways in which a heap grows, and the room that it has, to a forecast."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from gctail.detectors.bearing import Room
from gctail.detectors.growth import Growth
from gctail.detectors.outlook import Outlook
from gctail.detectors.passage import OVERHEAD_SHARE, beyond, interval, last_stretch
from gctail.detectors.precedent import Precedent
from gctail.detectors.values import STACK_WEIGHT
from gctail.records import Forecast

LATELY = 0.25
"""The share of a process's age over which its pace of allocation is taken."""
SAME_LIMIT = 0.25
"""What died within this share of the fatal level died of the limit that there is now."""


class Ending(NamedTuple):
    """When the memory is gone (None where no limit is known), since when it grows (s), how fast (MiB/s)."""

    forecast: Forecast | None
    onset_s: float
    rate_mib_per_s: float


def ending(
    growth: Growth, room: Room, episode: Outlook, judged: Outlook, *, earlier: Precedent | None = None
) -> Ending:
    """The end of this growth in this room: by the regression (`judged`) where that sees one, or by the `episode`.

    Where others died on this very climb (`earlier`), by what they had left from here.
    """
    ways = [way for way in (judged, episode) if way.rise_mib > 0.0]
    onset_s, rate = (ways[0].onset_s, ways[0].rate_mib_per_s) if ways else (0.0, 0.0)
    fatal = room.fatal_mib
    if earlier is not None and (room.limit_mib is None or abs(fatal - earlier.mib) <= SAME_LIMIT * fatal):
        return Ending(_as_before(earlier, room.limit_mib), onset_s, rate)
    if not room.is_known:
        return Ending(None, onset_s, rate)
    seconds = next((way.left_s for way in ways if way.left_s is not None and way.probability > 0.0), None)
    limit = room.limit_mib if room.limit_mib is not None else room.level_mib + room.head_mib
    if seconds is not None and rate > 0.0:
        seconds = _with_stacks_once(seconds, room, ways[0])
    cycle_s, left_mib = _last_cycle_s(growth, room), min(fatal - room.level_mib - room.bearing.spread, 0.0)
    near_s = last_stretch(fatal, seconds * rate if seconds else left_mib, rate, cycle_s)
    age_s = max(room.bearing.now_s - onset_s, 1e-3)
    forecast = interval(limit, seconds, age_s, beyond(fatal, rate, cycle_s), near_s)
    return Ending(replace(forecast, limit_from=room.told_by), onset_s, rate)


def _as_before(earlier: Precedent, limit_mib: float | None) -> Forecast:
    """What those who died on this climb had left from here."""
    limit, told_by = (limit_mib, "given") if limit_mib is not None else (earlier.mib, earlier.limit_from)
    return Forecast(round(limit, 3), earlier.seconds, earlier.low, earlier.high, limit_from=told_by)


def _with_stacks_once(seconds: float, room: Room, way: Outlook) -> float:
    """The same way where stacks count once, as in the process's memory, and not with the weight of their scent."""
    grown = STACK_WEIGHT * room.bearing.stacks_grown_mib
    double = (STACK_WEIGHT - 1.0) / STACK_WEIGHT * min(grown / way.rise_mib, 1.0)
    further = (STACK_WEIGHT - 1.0) * room.bearing.stacks
    if room.head_mib > 0.0:
        return seconds * (room.head_mib + further) / room.head_mib / (1.0 - double)
    left_mib = room.fatal_mib - room.level_mib - room.bearing.spread + further
    return max(left_mib, 0.0) / (way.rate_mib_per_s * (1.0 - double))


def _last_cycle_s(growth: Growth, room: Room) -> float:
    """How long it takes to allocate from the fatal level to the limit, at the pace of late; 0 where unknown."""
    history = growth.history
    if room.limit_mib is None or not len(history):
        return 0.0
    then = history.at(room.bearing.now_s * (1.0 - LATELY))
    took_s, allocated = history.end_s[-1] - history.end_s[then], history.allocated[-1] - history.allocated[then]
    left = room.limit_mib * (1.0 - OVERHEAD_SHARE) - room.fatal_mib
    return max(left, 0.0) * took_s / allocated if allocated > 0.0 else 0.0
