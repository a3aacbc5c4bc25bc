"""Slack: an incoming webhook.

Text of the log stands in `plain_text` and `rich_text` elements only: those know no markup, so nothing in a log can
mention a channel, make a link, or look like something else. The fallback text, which is markup, has &, < and > escaped.
Source: "Block Kit" and "Formatting text for app surfaces" in Slack's API documents; a header has at most 150
characters, a section 3000, a message 50 blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as Key
from typing import Any

from gctail.sinks.letters import Letter, post_json
from gctail.sinks.notices import Notice, headline, named
from gctail.sinks.route import Route, key
from gctail.sinks.secret import needed

COLOURS = {"RESOLVED": "#2eb67d", "INFO": "#36a3d9", "WARNING": "#ecb22e", "CRITICAL": "#e01e5a"}


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="slack"):
    """Slack, or whatever takes its messages (Mattermost, Rocket.Chat): an incoming webhook."""

    url_file: Key[str | None, key("a file with the webhook's address, which is a secret")] = None
    url_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One message."""
    told, rest = named(notices)
    attachments = [{"color": COLOURS[notice.mark], "blocks": _blocks(notice)} for notice in told]
    message: dict[str, Any] = {"text": _escaped(headline(notices)), "attachments": attachments}
    if rest:
        message["attachments"].append({"blocks": [_section(rest)]})
    url = needed("url", settings.url_file, settings.url_env)
    return [post_json(url, message, ca_file=settings.ca_file, secret_url=True)]


def _blocks(notice: Notice) -> list[dict[str, Any]]:
    header = {"type": "header", "text": {"type": "plain_text", "text": notice.title[:150], "emoji": False}}
    facts = "   ".join(f"{name}: {value}" for name, value in notice.facts)[:2000]
    context = {"type": "context", "elements": [{"type": "plain_text", "text": facts, "emoji": False}]}
    blocks = [header, _section(notice.summary), context]
    if notice.lines:
        text = {"type": "text", "text": "\n".join(notice.lines)[:2900]}
        lines = {"type": "rich_text_preformatted", "elements": [text]}
        blocks.append({"type": "rich_text", "elements": [lines]})
    return blocks


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text[:3000], "emoji": False}}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
