"""Any program that takes JSON by HTTP: all that is known of the findings, or what a template makes of it; signed.

The signature is that of Stripe and Slack: HMAC-SHA256 over the time, a dot, and the body, so that whoever has the
secret can refuse what is forged or replayed. `Gctail-Signature: v1=<hex>`, `Gctail-Timestamp: <Unix seconds>`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated as Key
from typing import Any

import orjson
from msgspec import field

from gctail.parsing.json_text import json_bytes
from gctail.parsing.times import rfc3339
from gctail.records import SEVERITIES
from gctail.sinks.jsonl import finding_json
from gctail.sinks.letters import Letter, Post, Undelivered
from gctail.sinks.notices import Notice, headline
from gctail.sinks.route import Route, key
from gctail.sinks.secret import bearer, needed, secret

PLACE = re.compile(r"\$\{(\w+)\}")
TEXTS = ("title", "service", "kind", "severity", "state", "summary", "id", "incident", "time", "lines", "facts")
"""What a template may name; `findings`, the whole list as JSON, is the only one that is no text."""


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """Any program that takes JSON (or what a template makes of it) by HTTP."""

    url: Key[str | None, key("its address, where that is no secret")] = None
    url_file: Key[str | None, key("or a file that holds it")] = None
    url_env: Key[str | None, key("or the variable that holds it")] = None
    template_file: Key[str | None, key("the body, with ${summary}, ${service}, … in it (docs/alerts.md)")] = None
    content_type: Key[str, key("of the body; in JSON the texts of a template are escaped")] = "application/json"
    headers: Key[dict[str, str], key("more headers")] = field(default_factory=dict)
    token_file: Key[str | None, key("a file with a bearer token")] = None
    token_env: Key[str | None, key("or the variable that holds it")] = None
    secret_file: Key[str | None, key("a file with the secret of the signature")] = None
    secret_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:
    """One request."""
    url = settings.url or needed("url", settings.url_file, settings.url_env)
    body = _templated(settings, notices) if settings.template_file else json_bytes(told(notices))
    headers = {**settings.headers, "Content-Type": settings.content_type, "Gctail-Id": notices[0].finding.id}
    headers |= bearer(settings.token_file, settings.token_env)
    key_text = secret("secret", settings.secret_file, settings.secret_env)
    if key_text:
        headers |= signed(key_text, body, now_s)
    return [Post(url, body, headers, settings.ca_file, secret_url=settings.url is None)]


def signed(secret_text: str, body: bytes, now_s: float) -> dict[str, str]:
    """The headers that prove who sent a body, and when."""
    timestamp = str(int(now_s))
    digest = hmac.digest(secret_text.encode(), timestamp.encode() + b"." + body, "sha256").hex()
    return {"Gctail-Timestamp": timestamp, "Gctail-Signature": f"v1={digest}"}


def told(notices: Sequence[Notice]) -> dict[str, Any]:
    """All that is known of the findings."""
    return {"version": 1, "title": headline(notices), "findings": [_finding(notice) for notice in notices]}


def _finding(notice: Notice) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(finding_json(notice.finding))
    return {**told, "state": notice.state, "incident": notice.incident}


def _templated(settings: Settings, notices: Sequence[Notice]) -> bytes:
    """The template with its places filled in, from the worst finding; in JSON as the inside of a JSON text."""
    try:
        template = Path(settings.template_file or "").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Undelivered(f"template_file: {settings.template_file}: {error}") from error
    first = max(notices, key=lambda notice: SEVERITIES.index(notice.finding.severity))
    texts = _texts(first, headline(notices))
    is_json = "json" in settings.content_type

    def filled(place: re.Match[str]) -> str:
        if place[1] == "findings":
            return json_bytes([_finding(notice) for notice in notices]).decode()
        if place[1] not in texts:
            known = ", ".join((*TEXTS, "findings"))
            raise Undelivered(f'{settings.template_file}: there is no "{place[1]}"; there are {known}')
        text = texts[place[1]]
        return orjson.dumps(text).decode()[1:-1] if is_json else text

    return PLACE.sub(filled, template).encode()


def _texts(notice: Notice, title: str) -> dict[str, str]:
    finding = notice.finding
    from gctail.parsing.text import show

    return {
        "title": title,
        "service": show(finding.service, 200),
        "kind": show(finding.kind, 100),
        "severity": finding.severity,
        "state": notice.state,
        "summary": notice.summary,
        "id": finding.id,
        "incident": notice.incident,
        "time": rfc3339(round(notice.time_s, 3)),
        "lines": "\n".join(notice.lines),
        "facts": "\n".join(f"{name}: {value}" for name, value in notice.facts),
    }
