"""How far each service's saved state goes, and from where a successor would have to read.

A service is *dirty* from the first message that its saved state does not have. The offset committed for a partition is
the first such message of all its services, so a successor reads some messages twice and every service drops what its
state already holds. Services are saved the longest dirty first; each is as far, then, as its whole partition is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from gctail.kafka.places import Place


class Whereabouts(Struct):
    """One service: where it lives, and how far it is saved in each partition that it was met in."""

    home: Place
    saved: dict[Place, int] = {}
    lane: str = ""


class Progress:
    """The book of one consumer. Bounded by the services and the partitions it has."""

    def __init__(self) -> None:
        self.services: dict[str, Whereabouts] = {}
        self.untouchable: set[str] = set()
        """Services whose state a newer program wrote: it is left alone."""
        self.positions: dict[Place, int] = {}
        self._dirty: dict[Place, OrderedDict[str, int]] = {}
        self._saving: dict[Place, dict[str, int]] = {}
        self._held: dict[Place, dict[str, int]] = {}

    # -- what is read

    def is_new(self, name: str, place: Place, offset: int) -> bool:
        """The service's state does not have it yet."""
        known = self.services.get(name)
        return known is None or offset >= known.saved.get(place, 0)

    def touch(self, name: str, place: Place, offset: int, lane: str) -> None:
        """Something of the service stands at this offset, and its state will have it, or has it already."""
        known = self.services.get(name)
        if known is None:
            known = self.services[name] = Whereabouts(place)
        known.lane = lane
        if name in self.untouchable or offset < known.saved.setdefault(place, 0):
            return
        dirty = self._dirty.get(place)
        if dirty is None:
            dirty = self._dirty[place] = OrderedDict()
        dirty[name] = min(offset, dirty.get(name, offset))  # a report is heard of after lines that came in its middle

    def hold(self, place: Place, lane: str, offset: int | None) -> None:
        """A lane holds something unfinished since this offset, nobody knows whose; None: no more."""
        held = self._held.setdefault(place, {})
        if offset is None:
            held.pop(lane, None)
        else:
            held.setdefault(lane, offset)

    def boundaries(self, place: Place) -> list[int]:
        """Offsets ahead at which some service's state ends."""
        here = self.positions.get(place, 0)
        return sorted({at for each in self.services.values() if (at := each.saved.get(place, 0)) > here})

    # -- what is saved

    def dirty(self, places: Iterable[Place] | None = None) -> list[str]:
        """Services that need saving, the longest dirty first, by partition in turn."""
        chosen = [self._dirty[place] for place in (self._dirty if places is None else places) if place in self._dirty]
        return list(dict.fromkeys(name for names in chosen for name in names))

    def safe(self, place: Place) -> int | None:
        """From where a successor would have to read, if what is being saved gets saved."""
        position = self.positions.get(place)
        if position is None:
            return None
        firsts = [min(each.values()) for each in (self._dirty.get(place), self._held.get(place)) if each]
        return min([position, *firsts])

    def positions_of(self, name: str) -> dict[Place, int]:
        """How far a service is that is saved now: as far as its partitions are, those that are ours, or farther."""
        return {place: max(at, self.positions.get(place, 0)) for place, at in self.services[name].saved.items()}

    def homes(self, names: Iterable[str]) -> set[Place]:
        """The partitions in which services live, as far as those are ours."""
        return {self.services[name].home for name in names} & self.positions.keys()

    def is_dirty(self, name: str) -> bool:
        """Its saved state does not have all of it."""
        return any(name in names for names in self._dirty.values())

    def saving(self, names: Iterable[str]) -> None:
        """These are being saved as they are now; what comes from now on makes them dirty again."""
        for name in names:
            for place, dirty in self._dirty.items():
                if name in dirty:
                    self._saving.setdefault(place, {})[name] = dirty.pop(name)

    def saved(self, positions: Mapping[str, Mapping[Place, int]]) -> None:
        """It worked."""
        for name, reached in positions.items():
            if name in self.services:
                self.services[name].saved.update(reached)
        self._saving.clear()

    def unsaved(self) -> None:
        """It did not: they are as dirty as they were."""
        for place, names in self._saving.items():
            dirty = self._dirty.setdefault(place, OrderedDict())
            for name, offset in reversed(names.items()):
                dirty[name] = offset
                dirty.move_to_end(name, last=False)
        self._saving.clear()

    # -- partitions that come and go

    def arrive(self, place: Place, offset: int, services: Mapping[str, Mapping[Place, int]]) -> None:
        """A partition is ours, read from this offset on, with services that are restored."""
        self.positions[place] = offset
        for name, positions in services.items():
            self.services[name] = Whereabouts(place, dict(positions))

    def spare(self, place: Place, names: Iterable[str]) -> None:
        """These services of a partition are never saved."""
        for name in names:
            self.services[name] = Whereabouts(place)
            self.untouchable.add(name)

    def leave(self, places: set[Place]) -> list[str]:
        """Partitions are ours no more; the services that went with them."""
        for place in places:
            self.positions.pop(place, None)
            for book in (self._dirty, self._saving, self._held):
                book.pop(place, None)
        gone = [name for name, each in self.services.items() if each.home in places]
        for name in gone:
            del self.services[name]
            self.untouchable.discard(name)
            for names in (*self._dirty.values(), *self._saving.values()):
                names.pop(name, None)
        return gone

    def forget(self, name: str) -> None:
        """A service that the engine has closed."""
        self.services.pop(name, None)
        for names in (*self._dirty.values(), *self._saving.values()):
            names.pop(name, None)
