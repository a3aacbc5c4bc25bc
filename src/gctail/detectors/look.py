"""A look at a growth in its room: at its levels as they are, or at the floor beneath what comes and goes."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from gctail.detectors.bearing import BASE_SHARE, Room
from gctail.detectors.growth import Growth
from gctail.detectors.outlook import Outlook, by_curves
from gctail.detectors.regression import Regression


class Look(NamedTuple):
    """A growth in its room: the regression over it, the belief that it is a leak, and the two ways behind that."""

    growth: Growth
    room: Room
    found: Regression
    probability: float
    episode: Outlook
    judged: Outlook

    @property
    def way(self) -> Outlook:
        """The likelier of the two ways, with the belief in both."""
        likelier = max(self.episode, self.judged, key=lambda way: way.probability)
        return likelier._replace(probability=round(self.probability, 6))


def look(growth: Growth, room: Room, noise_mib: float) -> Look:
    """What a fresh regression makes of this growth in this room."""
    now_s, near = room.bearing.now_s, room.near_mib
    found = growth.regress(now_s, noise_mib)
    ways = by_curves(found, now_s, near)
    return Look(growth, room, found, *growth.probability_with(*ways, now_s, near))


def beneath(growth: Growth, room: Room, noise_mib: float) -> Look | None:
    """The same of its floor, if it has one; a known limit is met by what comes and goes above it."""
    found = growth.on_floor()
    if found is None:
        return None
    floor, above_mib = found
    bearing = replace(room.bearing, base=floor.history.level(BASE_SHARE * room.bearing.now_s))
    return look(floor, room._replace(bearing=bearing, level_mib=floor.zigzag.level, passing_mib=above_mib), noise_mib)
