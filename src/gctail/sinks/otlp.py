"""OpenTelemetry (OTLP, JSON over HTTP): findings as log records, and what they measured as metrics.

Source: opentelemetry-proto (logs.proto, metrics.proto; 64-bit numbers are texts in JSON) and the OTLP specification
("OTLP/HTTP": /v1/logs, /v1/metrics). Severity numbers: INFO 9, WARN 13, ERROR 17 (logs data model).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as Key
from typing import Any, Literal

from msgspec import field

from gctail import __version__
from gctail.parsing.text import show
from gctail.sinks.letters import Letter, post_json
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route, key
from gctail.sinks.secret import bearer

SEVERITIES = {"info": (9, "INFO"), "warning": (13, "WARN"), "critical": (17, "ERROR")}
SCOPE = {"name": "gctail", "version": __version__}
MEASURES = {
    "probability": ("gctail.leak.probability", "1", 1.0),
    "heap_live_mib": ("gctail.heap.live", "By", 1048576.0),
    "limit_mib": ("gctail.memory.limit", "By", 1048576.0),
    "seconds": ("gctail.time_to_limit", "s", 1.0),
    "rate_mib_per_s": ("gctail.heap.growth", "By/s", 1048576.0),
}
"""Evidence that is a metric: its name, unit, and how much of the unit one of it is."""


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="otlp"):
    """OpenTelemetry: findings as log records, and what they measured as metrics (OTLP, JSON over HTTP)."""

    url: Key[str, key("the collector, such as http://otel-collector:4318")]
    signals: Key[list[Literal["logs", "metrics"]], key("what is sent")] = field(
        default_factory=lambda: ["logs", "metrics"]
    )
    headers: Key[dict[str, str], key("more headers")] = field(default_factory=dict)
    token_file: Key[str | None, key("a file with a bearer token")] = None
    token_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:
    """A request with log records, and one with metrics where something was measured."""
    headers = {**settings.headers, **bearer(settings.token_file, settings.token_env)}
    by_service: dict[str, list[Notice]] = {}
    for notice in notices:
        by_service.setdefault(notice.finding.service, []).append(notice)
    bodies: dict[str, Any] = {}
    if "logs" in settings.signals:
        logs = [_resource(name, "scopeLogs", {"logRecords": [_record(each, now_s) for each in told]})
                for name, told in by_service.items()]  # fmt: skip
        bodies["logs"] = {"resourceLogs": logs}
    if "metrics" in settings.signals:
        measured = {name: _metrics(told, now_s) for name, told in by_service.items()}
        resources = [_resource(name, "scopeMetrics", {"metrics": each}) for name, each in measured.items() if each]
        if resources:
            bodies["metrics"] = {"resourceMetrics": resources}
    base = settings.url.rstrip("/")
    return [
        post_json(f"{base}/v1/{signal}", body, headers=headers, ca_file=settings.ca_file)
        for signal, body in bodies.items()
    ]


def _resource(service: str, scopes: str, content: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [_attribute("service.name", show(service, 200))]}
    return {"resource": resource, scopes: [{"scope": SCOPE, **content}]}


def _record(notice: Notice, now_s: float) -> dict[str, Any]:
    finding = notice.finding
    number, text = SEVERITIES[finding.severity]
    attributes = {"gctail.kind": finding.kind, "gctail.id": finding.id, "gctail.incident": notice.incident,
                  "gctail.state": notice.state, "gctail.lines": "\n".join(notice.lines)}  # fmt: skip
    return {
        "timeUnixNano": _nanoseconds(notice.time_s),
        "observedTimeUnixNano": _nanoseconds(now_s),
        "severityNumber": number,
        "severityText": text,
        "eventName": "gctail.finding",
        "body": {"stringValue": notice.summary},
        "attributes": [_attribute(name, value) for name, value in attributes.items() if value],
    }


def _metrics(notices: Sequence[Notice], now_s: float) -> list[dict[str, Any]]:
    """Gauges of what the last finding of each kind measured."""
    metrics = []
    for evidence, (name, unit, size) in MEASURES.items():
        points = {}
        for notice in notices:
            value = notice.finding.evidence.get(evidence)
            if isinstance(value, int | float) and not isinstance(value, bool):
                kind = _attribute("gctail.kind", notice.finding.kind)
                at = _nanoseconds(min(notice.time_s, now_s))
                points[notice.finding.kind] = {"timeUnixNano": at, "asDouble": value * size, "attributes": [kind]}
        if points:
            metrics.append({"name": name, "unit": unit, "gauge": {"dataPoints": list(points.values())}})
    return metrics


def _attribute(name: str, value: str) -> dict[str, Any]:
    return {"key": name, "value": {"stringValue": show(value, 4000) if name != "gctail.lines" else value}}


def _nanoseconds(time_s: float) -> str:
    return str(int(time_s * 1e9))
