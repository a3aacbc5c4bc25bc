"""Which services are replicas of one deployment, by the names that orchestrators give.

| who | the name | the deployment |
|---|---|---|
| Kubernetes, Deployment | shop-7d9f8c6b5-x2kqz/api | shop/api, of the release 7d9f8c6b5 |
| Kubernetes, DaemonSet and Job | agent-x2kqz | agent |
| Kubernetes, StatefulSet | shop-0 | shop |
| Compose | shop-1, project_shop_1 | shop, project_shop |
| systemd, template units | shop@2.service | shop@.service |
| Docker Swarm | shop.1.x7kd0q2mfz8… | shop |
| Nomad | shop-0f5d4c2e-8b7a-… (allocation) | shop |
| Prometheus | shop 10.0.0.7:9090 | shop |
"""

from __future__ import annotations

import re
from typing import NamedTuple

_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes names of: apimachinery, util/rand, without vowels and what looks like one."""
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<name>.+)-(?P<release>{_RANDOM}{{6,10}})-{_RANDOM}{{5}}",
        rf"(?P<name>.+)-(?=[a-z]*\d){_RANDOM}{{5}}",
        r"(?P<name>.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"(?P<name>.+)\.\d{1,4}\.[0-9a-z]{25}",
        r"(?P<name>.+@)[^@]+(?P<rest>\.service)",
        r"(?P<name>.+@)[^@./]+",
        r"(?P<name>.*[^\d_-])[-_]\d{1,3}",
        r"(?P<name>\S+) \S+:\d{1,5}",
    )
)


class Deployment(NamedTuple):
    """What a service is a replica of, and of which release of it, where the name tells."""

    name: str
    release: str = ""


def deployment_name(service: str) -> str:
    """What a service is a replica of; itself, where it is nobody's."""
    deployment = deployment_of(service)
    return deployment.name if deployment is not None else service


def deployment_of(service: str) -> Deployment | None:
    """The deployment of a service; None where its name is not one of a replica."""
    pod, slash, container = service.partition("/")
    for form in _FORMS:
        found = form.fullmatch(pod)
        if found is not None:
            parts = found.groupdict()
            return Deployment(f"{parts['name']}{parts.get('rest', '')}{slash}{container}", parts.get("release", ""))
    return None
