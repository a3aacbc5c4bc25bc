"""A line of an application in little room."""

from __future__ import annotations

from gctail.parsing.messages import read_message
from gctail.parsing.widths import columns


def fitted(text: str, room: int) -> str:
    """The line; where it does not fit, what it says: level, message and fields, without time, caller and quotes.

    Tabs are blanks, as a person would see them.
    """
    return _fitted(text, room).expandtabs(1)


def _fitted(text: str, room: int) -> str:
    if columns(text) <= room:
        return text
    read = read_message(text.encode("utf-8", "replace"))
    if not read.message or (read.format == "plain" and read.level is None):
        return text
    fields = {name: value for name, value in read.fields.items() if name != "thread" and f"{name}=" not in read.message}
    told = (f"{name}={value}" for name, value in fields.items())
    return " ".join(each for each in (read.level, read.message, *told) if each)
