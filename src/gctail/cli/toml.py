"""A value as TOML writes it, on one line."""

from __future__ import annotations

from typing import Any


def toml(value: Any) -> str:  # noqa: ANN401 - any value of TOML
    """The value; of text nothing that a terminal would obey."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        told = (f"{toml_key(key)} = {toml(each)}" for key, each in value.items() if each is not None)
        return "{" + ", ".join(told) + "}"
    from gctail.parsing.text import show

    return '"' + show(str(value), 200).replace("\\", "\\\\").replace('"', '\\"') + '"'


def toml_key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if name and all(letter.isalnum() or letter in "-_" for letter in name) else toml(name)
