"""Many intact collections of one process that stand one under another: kept as found until somebody asks for each."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gctail.parsing.gctrace import Groups, cycle_from_groups
from gctail.records import Passage, Sighting


class Burst(Struct, frozen=True, gc=False):
    """Collections with numbers that follow one another; of each the groups of its match, and its offset."""

    service: str
    origin: str
    groups: list[Groups]
    offsets: list[int]

    def sighting(self, at: int) -> Sighting:
        """One of them, as if it had been read by itself."""
        return Sighting(cycle_from_groups(self.groups[at]), self.service, self.origin, self.offsets[at])

    def sightings(self) -> Iterator[Sighting]:
        """All of them."""
        for at in range(len(self.groups)):
            yield self.sighting(at)


Found = Sighting | Passage | Burst
"""What a scanner finds."""


def one_by_one(found: list[Found]) -> list[Sighting | Passage]:
    """The same without bursts."""
    events: list[Sighting | Passage] = []
    for each in found:
        if isinstance(each, Burst):
            events.extend(each.sightings())
        else:
            events.append(each)
    return events
