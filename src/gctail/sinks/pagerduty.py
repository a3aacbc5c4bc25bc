"""PagerDuty: Events API v2. One event per incident: `trigger` where it begins or worsens, `resolve` where it is over.

Source: "Events API v2 Overview" in PagerDuty's developer documents; a summary has at most 1024 characters, a key 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as Key
from typing import Any

from gctail.parsing.text import show
from gctail.parsing.times import rfc3339
from gctail.sinks.letters import Letter, post_json
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route, key
from gctail.sinks.secret import needed


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="pagerduty"):
    """PagerDuty, Events API v2."""

    routing_key_file: Key[str | None, key("a file with the integration key of the service")] = None
    routing_key_env: Key[str | None, key("or the variable that holds it")] = None
    url: Key[str, key("where events go; the EU has its own")] = "https://events.pagerduty.com/v2/enqueue"
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One event per incident, the last state of each."""
    routing_key = needed("routing_key", settings.routing_key_file, settings.routing_key_env)
    last = {notice.incident: notice for notice in notices}
    return [Event(settings, routing_key, notice) for notice in last.values()]


class Event:
    """One event; its routing key is not shown."""

    def __init__(self, settings: Settings, routing_key: str, notice: Notice) -> None:
        self._settings, self._routing_key, self._notice = settings, routing_key, notice

    def shown(self) -> str:
        """The request without the key."""
        return post_json(self._settings.url, _event("…", self._notice)).shown()

    def send(self, timeout_s: float) -> None:
        """Post it."""
        event = _event(self._routing_key, self._notice)
        post_json(self._settings.url, event, ca_file=self._settings.ca_file).send(timeout_s)


def _event(routing_key: str, notice: Notice) -> dict[str, Any]:
    finding = notice.finding
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if notice.state == "resolved" else "trigger",
        "dedup_key": f"gctail-{notice.incident}",
    }
    if notice.state != "resolved":
        event["client"] = "gctail"
        event["payload"] = {
            "summary": show(f"{finding.service}: {finding.summary}", 1024),
            "source": show(finding.service, 200),
            "severity": finding.severity,
            "timestamp": rfc3339(round(notice.time_s, 3)),
            "component": show(finding.service, 200),
            "class": show(finding.kind, 100),
            "custom_details": {**dict(notice.facts), "lines": notice.lines, "finding": finding.id},
        }
    return event
