"""The kinds of alert sinks: one file each, loaded when the configuration names it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from gctail.sinks.letters import Letter
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route

KINDS = {
    "alertmanager": "alertmanager",
    "slack": "slack",
    "teams": "teams",
    "pagerduty": "pagerduty",
    "webhook": "webhook",
    "mail": "mail",
    "syslog": "syslog",
    "command": "command",
    "otlp": "otlp",
    "grafana": "grafana",
}
"""Every kind of sink: the module in `gctail.sinks` with its `Settings` and its `letters`."""

Letters = Callable[[Any, Sequence[Notice], float], list[Letter]]
"""Writes what is sent of some notices: settings, notices, the Unix time. May raise Undelivered."""


def settings_of(kind: str) -> type[Route] | None:
    """The settings of a kind; None where there is no such kind."""
    if kind not in KINDS:
        return None
    settings: type[Route] = import_module(f"gctail.sinks.{KINDS[kind]}").Settings
    return settings


def letters_of(settings: Route) -> Letters:
    """What writes the letters of a sink with these settings: it stands in the module of their class."""
    letters: Letters = import_module(type(settings).__module__).letters
    return letters
