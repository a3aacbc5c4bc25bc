"""A line of an application in little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gctail.parsing.messages import read_message
from gctail.parsing.widths import columns

if TYPE_CHECKING:
    from gctail.parsing.drafts import Value


def fitted(text: str, room: int) -> str:
    """The line; where it does not fit, what it says: level, message and fields, without time, caller and quotes.

    Tabs are blanks, as a person would see them.
    """
    return _fitted(text, room).expandtabs(1)


def _written(value: Value) -> str:
    """A value as loggers write it, so that whoever looks for it in the log finds it."""
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def _fitted(text: str, room: int) -> str:
    if columns(text) <= room:
        return text
    read = read_message(text.encode("utf-8", "replace"))
    if not read.message or (read.format == "plain" and read.level is None):
        return text
    fields = {name: value for name, value in read.fields.items() if name != "thread" and f"{name}=" not in read.message}
    told = (f"{name}={_written(value)}" for name, value in fields.items())
    return " ".join(each for each in (read.level, read.message, *told) if each)
