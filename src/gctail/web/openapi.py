"""The OpenAPI description of the JSON, made from the very types that are sent."""

from __future__ import annotations

from typing import Any

import msgspec

from gctail import __version__
from gctail.records import SEVERITIES, Verdict
from gctail.snapshot import ORDERS, Line
from gctail.web.views import BIN_COLUMNS, Services

TEMPLATE = "#/components/schemas/{name}"


def description() -> dict[str, Any]:
    """OpenAPI 3.1."""
    _, components = msgspec.json.schema_components([Services, Line, Verdict], ref_template=TEMPLATE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gctail",
            "version": __version__,
            "description": "Why Go services run out of memory, from their logs. Times are Unix seconds, sizes MiB.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/api/v1/services": {"get": _get("The table of services, or a part of it.", _ref("Services"), TABLE)},
            "/api/v1/services/{name}": {"get": _get("One service in detail.", DETAIL, [_NAME], missing=True)},
            "/api/v1/findings": {
                "get": _get(
                    "The last findings, the newest first.",
                    _object(findings={"type": "array", "items": FINDING}),
                    [_query("service", "Only of this service."), _number("limit", "At most so many.")],
                )
            },
            "/api/v1/findings/{id}/lines": {
                "get": _get(
                    "The lines around a finding, read again from its log.",
                    _object(lines={"type": "array", "items": {"type": "string"}}),
                    [{**_NAME, "name": "id"}],
                    missing=True,
                )
            },
            "/api/v1/events": {"get": EVENTS},
            "/debug/bloat": {"get": BLOAT},
            "/metrics": {"get": _text("Metrics for Prometheus, as text or OpenMetrics.")},
            "/healthz": {"get": _text("The program runs.")},
            "/readyz": {"get": _text("The logs are being read.")},
        },
        "components": {"schemas": components},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": TEMPLATE.format(name=name)}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a JSON schema
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _query(name: str, text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": schema or {"type": "string"}}


def _number(name: str, text: str) -> dict[str, Any]:
    return _query(name, text, {"type": "integer", "minimum": 0, "maximum": 999_999_999})


def _get(
    text: str, schema: dict[str, Any], parameters: list[dict[str, Any]], *, missing: bool = False
) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {"description": text, "content": {"application/json": {"schema": schema}}},
        "400": {"description": "The question makes no sense.", "content": PROBLEM},
    }
    if missing:
        answers["404"] = {"description": "No such service.", "content": PROBLEM}
    return {"summary": text, "parameters": parameters, "responses": answers}


def _text(text: str) -> dict[str, Any]:
    return {"summary": text, "responses": {"200": {"description": text, "content": {"text/plain": {}}}}}


PROBLEM = {"application/json": {"schema": _object(error={"type": "string"})}}
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
TABLE = [
    _query("order", "How they are sorted.", {"type": "string", "enum": list(ORDERS), "default": "worst"}),
    _query("reverse", "The other way round.", {"type": "string", "enum": ["0", "1"], "default": "0"}),
    _query("search", "Only services whose name or state holds this."),
    _query("least", "Only services with an incident at least as bad.", {"type": "string", "enum": list(SEVERITIES)}),
    _number("offset", "Leave out so many."),
    _number("limit", "At most so many."),
]
FINDING = _object(
    id={"type": "string"}, kind={"type": "string"}, severity={"enum": list(SEVERITIES)},
    service={"type": "string"}, summary={"type": "string"}, evidence={"type": "object"},
)  # fmt: skip
DETAIL = _object(
    row=_ref("Listed"),
    detail={
        "anyOf": [
            {"type": "null"},
            _object(
                epoch={"type": "integer"},
                verdict={"anyOf": [{"type": "null"}, _ref("Verdict")]},
                series=_object(**{name: {"type": "array"} for name in BIN_COLUMNS}),
                findings={"type": "array", "items": FINDING},
                lines={"type": "array", "items": _ref("Line")},
                suspects={"type": "array", "items": {"type": "object"}},
                death={"type": ["string", "null"]},
                ended={"type": ["string", "null"], "description": "The death in words."},
            ),
        ]
    },
)
EVENTS = {
    "summary": "Server-sent events `services`, `service`, `lines`, `findings` and `facts`, each when it changes.",
    "parameters": [
        *TABLE,
        _query("service", "The service to send in detail, and its lines."),
        _query("after", "The id of the newest finding that is known already."),
        _number("line", "The number of the newest line that is known already."),
    ],
    "responses": {
        "200": {"description": "A stream without end.", "content": {"text/event-stream": {}}},
        "400": {"description": "The question makes no sense.", "content": PROBLEM},
    },
}
BLOAT = {
    "summary": "What each service, or one, would say of its own memory.",
    "parameters": [_query("service", "Only this service.")],
    "responses": {
        "200": {"description": "It is well, or all services were asked for.", "content": {"application/json": {}}},
        "404": {"description": "No such service.", "content": {"application/json": {}}},
        "503": {"description": "It is bloating, or dead.", "content": {"application/json": {}}},
    },
}
