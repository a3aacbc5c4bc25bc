"""Grafana: an annotation per finding, which every dashboard can show over its graphs.

Grafana shows the text as HTML, so text of the log is escaped. Source: "Annotations HTTP API" in Grafana's documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Annotated as Key

from gctail.parsing.text import show
from gctail.sinks.letters import Letter, post_json
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route, key
from gctail.sinks.secret import bearer


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="grafana"):
    """Grafana: an annotation per finding."""

    url: Key[str, key("its address, such as https://grafana.example")]
    token_file: Key[str | None, key("a file with a service account's token")] = None
    token_env: Key[str | None, key("or the variable that holds it")] = None
    dashboard_uid: Key[str | None, key("only on this dashboard, instead of on all that ask for the tag gctail")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One request per finding."""
    headers = bearer(settings.token_file, settings.token_env)
    url = f"{settings.url.rstrip('/')}/api/annotations"
    return [post_json(url, _annotation(settings, each), headers=headers, ca_file=settings.ca_file) for each in notices]


def _annotation(settings: Settings, notice: Notice) -> dict[str, object]:
    finding = notice.finding
    tags = ["gctail", notice.mark.lower(), f"kind:{show(finding.kind, 60)}", f"service:{show(finding.service, 60)}"]
    lines = [f"<b>{escape(notice.title)}</b>", escape(notice.summary)]
    told: dict[str, object] = {"time": int(notice.time_s * 1000), "tags": tags, "text": "<br>".join(lines)}
    if settings.dashboard_uid is not None:
        told["dashboardUID"] = settings.dashboard_uid
    return told
