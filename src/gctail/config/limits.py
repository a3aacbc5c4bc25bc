"""The memory limit of each service, as `[services.NAME]` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from gctail.config.sections import ServiceSettings


def service_settings(services: Mapping[str, ServiceSettings], name: str) -> ServiceSettings | None:
    """The table of a service: that of its name, or else the first whose pattern fits."""
    exact = services.get(name)
    if exact is not None:
        return exact
    return next((each for pattern, each in services.items() if fnmatchcase(name, pattern)), None)


class Limits:
    """MiB of each service's limit; `otherwise` where its table gives none."""

    def __init__(self, services: Mapping[str, ServiceSettings], otherwise: float | None) -> None:
        """Raises ValueError where a limit is no size."""
        from gctail.parsing.quantities import parse_size

        self._services = services
        self._otherwise = otherwise
        self._mib = {name: parse_size(each.limit) for name, each in services.items() if each.limit is not None}

    def __call__(self, service: str) -> float | None:
        """The limit of this service."""
        if service in self._mib:
            return self._mib[service]
        return next((mib for pattern, mib in self._mib.items() if fnmatchcase(service, pattern)), self._otherwise)
