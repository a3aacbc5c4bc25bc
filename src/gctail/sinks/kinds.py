"""The kinds of alert sinks: one file each, loaded when the configuration names it."""

from __future__ import annotations

from msgspec import Struct

KINDS: dict[str, str] = {}
"""Every kind of sink: the module that holds its `Settings` and its `deliver`."""


def settings_of(kind: str) -> type[Struct] | None:
    """The settings of a kind; None where there is no such kind."""
    from importlib import import_module

    if kind not in KINDS:
        return None
    settings: type[Struct] = import_module(f"gctail.sinks.{KINDS[kind]}").Settings
    return settings
