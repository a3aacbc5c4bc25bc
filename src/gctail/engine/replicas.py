"""Replicas of one deployment hear of each other: what one came to tells what the growth of another will come to.

Only within one engine. Where services are spread over processes, as in Kafka, which replicas lie beside each other is
chance, and findings must not depend on it: there they are not heard.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from gctail.detectors.others import Beside
from gctail.detectors.values import Life
from gctail.service import Service
from gctail.whose.deployment import Deployment, deployment_of

MOST_ASKED = 16
"""Of more replicas so many are asked, the first by name."""


class Replicas:
    """Who is a replica of whom among these services, by name; they are asked when a growth is judged."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services
        self._kin: dict[str, list[tuple[str, str]]] = {}  # of each deployment: names and their releases, by name

    def join(self, service: Service) -> None:
        """A service is heard of; it can ask its replicas from now on, where its name is one of a replica."""
        deployment = deployment_of(service.name)
        if deployment is None:
            return
        kin, each = self._kin.setdefault(deployment.name, []), (service.name, deployment.release)
        if each not in kin:
            insort(kin, each)
        service.hear_replicas(partial(self.beside, service.name, deployment))

    def leave(self, name: str) -> None:
        """A service is forgotten."""
        deployment = deployment_of(name)
        if deployment is None:
            return
        kin, each = self._kin.get(deployment.name, []), (name, deployment.release)
        if each in kin:
            kin.remove(each)
        if not kin:
            self._kin.pop(deployment.name, None)

    def retire(self, name: str) -> None:
        """This service has ended for good: for those of another release of its deployment it was an earlier run."""
        deployment, service = deployment_of(name), self._services.get(name)
        if deployment is None or service is None or not deployment.release:
            return
        for other, same in self._others(name, deployment):
            if not same:
                other.inherit(service.lives()[-1:])

    def beside(self, name: str, deployment: Deployment) -> Beside:
        """The lives of its replicas."""
        near, far = list[Sequence[Life]](), list[Sequence[Life]]()
        for other, same in self._others(name, deployment):
            lives = other.lives()
            if lives:
                (near if same else far).append(lives)
        return Beside(near, far)

    def _others(self, name: str, deployment: Deployment) -> Iterator[tuple[Service, bool]]:
        """Its replicas, and whether they are of the same release."""
        for other, release in self._kin.get(deployment.name, ())[: MOST_ASKED + 1]:
            service = self._services.get(other)
            if other != name and service is not None:
                yield service, release == deployment.release
