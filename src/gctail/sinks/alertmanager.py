"""Prometheus' Alertmanager, API v2: POST /api/v2/alerts.

It groups, silences and repeats by itself; so every incident is one alert, told apart by its labels. An alert ends when
it is told so, or at `endsAt`, which is needed because otherwise it would end after `resolve_timeout` (5 minutes).
Source: api/v2/openapi.yaml of prometheus/alertmanager.
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
from gctail.sinks.secret import bearer
from gctail.whose.deployment import deployment_of


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="alertmanager"):
    """Prometheus' Alertmanager: one alert per service and kind of finding."""

    url: Key[str, key("its address, such as http://alertmanager:9093")]
    token_file: Key[str | None, key("a file with a bearer token")] = None
    token_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None
    holds_s: Key[float, key("an incident of which nothing more is heard ends after this", gt=0)] = 86400.0
    event_holds_s: Key[float, key("and what has no end, such as a death, after this", gt=0)] = 3600.0


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:
    """One request with all alerts, the last state of each."""
    last = {notice.incident: notice for notice in notices}
    alerts = [alert for notice in last.values() for alert in _alerts(settings, notice, now_s)]
    headers = bearer(settings.token_file, settings.token_env)
    return [post_json(f"{settings.url.rstrip('/')}/api/v2/alerts", alerts, headers=headers, ca_file=settings.ca_file)]


def _alerts(settings: Settings, notice: Notice, now_s: float) -> list[dict[str, Any]]:
    """An incident as Alertmanager knows it: its severity is a label, so with another severity it is another alert.

    What it was before ends. To end what never began does nothing.
    """
    firing = notice.finding.severity if notice.state != "resolved" else None
    holds_s = settings.event_holds_s if notice.state == "event" else settings.holds_s
    alerts = []
    for severity in ("warning", "critical") if firing != "info" else ("info",):
        alert = _alert(notice, severity)
        alert["endsAt"] = rfc3339(now_s + holds_s if severity == firing else now_s)
        if severity == firing:
            alert["startsAt"] = rfc3339(min(notice.time_s, now_s))
        alerts.append(alert)
    return alerts if notice.state != "event" else [alert for alert in alerts if "startsAt" in alert]


def _alert(notice: Notice, severity: str) -> dict[str, Any]:
    finding = notice.finding
    name = "".join(part.capitalize() for part in show(finding.kind, 100).replace("_", "-").split("-"))
    labels = {"alertname": f"Gctail{name}", "service": show(finding.service, 200), "severity": severity}
    deployment = deployment_of(finding.service)
    if deployment is not None:
        labels["deployment"] = show(deployment.name, 200)
    description = "\n".join([*(f"{name}: {value}" for name, value in notice.facts), *notice.lines])
    return {
        "labels": {**labels, "kind": show(finding.kind, 100)},
        "annotations": {"summary": notice.summary, "description": description, "finding": finding.id},
    }
