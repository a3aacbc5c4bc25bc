"""Microsoft Teams: an Adaptive Card to the webhook of a workflow (one that posts to a channel what it receives).

Text of the log stands in `RichTextBlock`s, whose runs know no Markdown; TextBlocks and facts do.
Source: adaptivecards.io/explorer (TextRun: "Markdown is not supported"); a message has at most 28 KB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as Key
from typing import Any

from gctail.parsing.json_text import json_bytes
from gctail.sinks.letters import Letter, post_json
from gctail.sinks.notices import Notice, headline, named
from gctail.sinks.route import Route, key
from gctail.sinks.secret import needed

COLOURS = {"RESOLVED": "good", "INFO": "accent", "WARNING": "warning", "CRITICAL": "attention"}
MOST_BYTES = 24_000


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="teams"):
    """Microsoft Teams: the webhook of a workflow that posts cards."""

    url_file: Key[str | None, key("a file with the webhook's address, which is a secret")] = None
    url_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One card; log lines are left out where it would become too large."""
    url = needed("url", settings.url_file, settings.url_env)
    message = _message(notices, with_lines=True)
    if len(json_bytes(message)) > MOST_BYTES:
        message = _message(notices, with_lines=False)
    return [post_json(url, message, ca_file=settings.ca_file, secret_url=True)]


def _message(notices: Sequence[Notice], *, with_lines: bool) -> dict[str, Any]:
    told, rest = named(notices)
    body = [part for notice in told for part in _parts(notice, with_lines=with_lines)]
    if rest:
        body.append(_runs(_run(rest)))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": headline(notices),
        "body": body,
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _parts(notice: Notice, *, with_lines: bool) -> list[dict[str, Any]]:
    title = _runs(_run(notice.title, size="large", weight="bolder", color=COLOURS[notice.mark]))
    parts = [title, _runs(_run(notice.summary))]
    parts += [_runs(_run(f"{name}: ", weight="bolder"), _run(value)) for name, value in notice.facts]
    if with_lines:
        parts += [_runs(_run(line, fontType="monospace", size="small")) for line in notice.lines]
    return parts


def _runs(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": "small"}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
