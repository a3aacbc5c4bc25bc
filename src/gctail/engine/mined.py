"""Which services have their application text searched for suspects, where there are more than that can be done for."""

from __future__ import annotations

from gctail.service import Service

MOST_MINED = 128
"""Services whose application text is mined at the same time: where there are more, those that grow most."""
USUAL_MINING = 0.1
"""The share of the text that commands mine where nobody asked for another: 100 MB/s are read so."""
WORTH_MINING = 0.1
"""A service of which a leak is believed more likely than this may take the place of one that is calm."""


class Mined:
    """The services that are mined, at most `most`, each with the same `share` of its text once there is much of it.

    A share of 0 mines nobody.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.most = MOST_MINED
        self._services: list[Service] = []

    def __len__(self) -> int:
        return len(self._services)

    def wants(self, service: Service) -> None:
        """Mine this service too, if there is room or it grows while another that is mined does not."""
        if not service.collections:
            return
        if len(self._services) >= self.most:
            belief = service.belief
            if belief <= WORTH_MINING or not self._services:
                return
            calmest = min(self._services, key=lambda each: each.belief)
            if calmest.belief >= belief / 2:
                return
            self._end(calmest)
        self._services.append(service)
        service.mine(self.share)

    def go_on(self, service: Service) -> None:
        """A service that was mined before is mined again, where there is room."""
        if not service.mining:
            return
        if self.share and len(self._services) < self.most:
            self._services.append(service)
            service.mining = self.share
        else:
            service.mine(0.0)

    def let_go(self, service: Service) -> None:
        """A service goes on elsewhere, as it is."""
        if service in self._services:
            self._services.remove(service)

    def shed(self) -> int:
        """End the mining of three in four services, those that grow least, then of all; says of how many."""
        if not self._services or not self.most:
            return 0
        all_of_them = self.most <= MOST_MINED // 4 or len(self._services) < 4
        count = len(self._services) if all_of_them else 3 * len(self._services) // 4
        for service in sorted(self._services, key=lambda each: each.belief)[:count]:
            self._end(service)
        self.most = len(self._services)
        return count

    def _end(self, service: Service) -> None:
        self._services.remove(service)
        service.mine(0.0)
