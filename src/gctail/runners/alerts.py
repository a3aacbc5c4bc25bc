"""Opens the alert sinks that a configuration names."""

from __future__ import annotations

from collections.abc import Mapping

from gctail.config.tables import Settings
from gctail.errors import UsageError
from gctail.sinks.alerting import Alerting, Plan, World
from gctail.sinks.pacing import Pacing
from gctail.sinks.route import quiet
from gctail.sinks.spool import Room, Spool
from gctail.store.where import state_dir


def plan(settings: Settings) -> Plan:
    """What the configuration says about alerts. Raises UsageError where a silence makes no sense."""
    alerts = settings.alerts
    quiets = []
    for number, each in enumerate(alerts.silence, 1):
        try:
            quiets.append(quiet(each.services, each.kinds, each.when, each.until))
        except ValueError as error:
            where = settings.origins.get("alerts.silence", "alerts.silence")
            raise UsageError(f"{where}: silence {number}: {error}") from error
    return Plan(
        sinks=settings.sinks,
        quiet=tuple(quiets),
        pacing=Pacing(alerts.group_wait_s, tuple(alerts.group_by)),
        most_per_hour=alerts.most_per_hour,
        retry_least_s=alerts.retry_least_s,
        retry_most_s=alerts.retry_most_s,
        most_age_s=alerts.most_age_s,
        cooldown_s=alerts.cooldown_s,
    )


class Alerts(Alerting):
    """The alert sinks with their place on the disk; `reload` takes settings that were read again."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], world: World | None = None) -> None:
        """Raises UsageError where the spool cannot be used."""
        directory = settings.alerts.spool_dir or state_dir(environment, "spool")
        made = plan(settings)
        self._room = Room(directory)
        super().__init__(made, Spool(self._room.path, settings.alerts.spool_mib << 20), world)

    def reload_settings(self, settings: Settings) -> None:
        """Go on with these; the spool stays where it is."""
        self.reload(plan(settings))

    def close(self) -> None:
        """Deliver what can be delivered, keep the rest, and let the spool go."""
        super().close()
        self._room.close()
