"""Which services have their application text searched for suspects, where there are more than there is memory for.

As long as there is room all are, so what is told of a service does not depend on who else is read beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gctail.service import Service

MOST_MINED_KIB = 192 << 10
"""What is known of the text of all services may take so much memory: that of some 1,200 usual ones."""
USUAL_KIB = 160
"""So much is set aside for each service: of recorded runs half take 91 KiB, and one in a hundred more than this."""
USUAL_MINING = 0.1
"""The share of the text that commands mine where nobody asked for another: 100 MB/s are read so."""
WORTH_MINING = 0.1
"""A service of which a leak is believed more likely than this may take the place of one that is calm."""
ASKED_EVERY = 16
"""Collections after which such a service asks for a place again."""


class Mined:
    """The services that are mined, each with the same `share` of its text once there is much of it.

    A share of 0 mines nobody. Where there is no more room in `most_kib`, those are mined that grow most.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.most_kib = MOST_MINED_KIB
        self.held_kib = 0
        self._services: dict[Service, int] = {}  # and the KiB that each holds

    def __len__(self) -> int:
        return len(self._services)

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services)

    def wants(self, service: Service) -> None:
        """Mine this service too, if there is room or it grows while another that is mined does not."""
        asks = self._has_room or not service.collections % ASKED_EVERY
        if service.current is not None and asks and self._has_room_for(service):
            self._begin(service)

    def go_on(self, service: Service) -> None:
        """A service that was mined before is mined again, where there is room, or it grows more than another."""
        if not service.mining:
            return
        if self.share and self._has_room_for(service):
            self._begin(service)
            self.weigh(service)
        else:
            service.mine(0.0)

    def weigh(self, service: Service) -> None:
        """More is known of the text of this service, perhaps; who has least use of too much memory gives it back."""
        before, held_kib = self._services.get(service), max(USUAL_KIB, service.mined_kib)
        if before is None or before == held_kib:
            return
        self._services[service] = held_kib
        self.held_kib += held_kib - before
        while self.held_kib > self.most_kib and len(self._services) > 1:
            self._end(self._calmest())

    def let_go(self, service: Service) -> None:
        """A service goes on elsewhere, as it is."""
        self.held_kib -= self._services.pop(service, 0)

    def shed(self) -> int:
        """End the mining of three in four services, those that grow least, then of all; says of how many."""
        if not self._services:
            return 0
        all_of_them = self.most_kib <= MOST_MINED_KIB // 4 or len(self._services) < 4
        count = len(self._services) if all_of_them else 3 * len(self._services) // 4
        for service in sorted(self._services, key=self._use)[:count]:
            self._end(service)
        self.most_kib = self.held_kib
        return count

    def _has_room_for(self, service: Service) -> bool:
        """There is memory for one more, or it is taken from another."""
        if not self._has_room and self._services and service.belief > WORTH_MINING:
            calmest = self._calmest()
            if calmest.belief < service.belief / 2:
                self._end(calmest)
        return self._has_room

    @property
    def _has_room(self) -> bool:
        return self.held_kib + USUAL_KIB <= self.most_kib

    def _calmest(self) -> Service:
        return min(self._services, key=self._use)

    def _use(self, service: Service) -> tuple[float, int]:
        """Of what its text may tell, for what that holds."""
        held_kib = self._services[service]
        return service.belief / held_kib, -held_kib

    def _begin(self, service: Service) -> None:
        self._services[service] = USUAL_KIB
        self.held_kib += USUAL_KIB
        service.mine(self.share)

    def _end(self, service: Service) -> None:
        self.let_go(service)
        service.mine(0.0)
