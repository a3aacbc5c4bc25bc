"""Lines folded between words, as wide as the terminal: it would break them anywhere.

Colours (`ESC [ … m`) take no room, letters of East Asia take two columns, marks above others none. A word that is
longer than a line is left to the terminal, so that it can be copied in one piece.
"""

from __future__ import annotations

import re

from gctail.parsing.widths import columns as columns_of

__all__ = ["NARROWEST", "folded"]

NARROWEST = 40
"""Columns. What is narrower is nobody's terminal, and is left alone."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WORD = re.compile(r" *(?:\S*\d (?:s|ms|min|h|d|%|bytes|[KMGT]iB)(?![\w-])\S*|\S+)")
"""A word; a number and its unit are one."""
_MARGIN = re.compile(r" *(?:\x1b\[[0-9;]*m)? *(?:\| )?")


def folded(text: str, columns: int) -> str:
    """The same text in lines of at most so many columns; what goes on is indented, quotes keep their bar."""
    if columns < NARROWEST:
        return text
    return "\n".join(_one(line, columns) for line in text.split("\n"))


def _one(line: str, columns: int) -> str:
    if len(line) <= columns and line.isascii():
        return line
    margin = _MARGIN.match(line)
    first = margin[0] if margin is not None else ""
    before = _COLOUR.sub("", first)
    hanging = before if before.endswith("| ") else f"{before}  "
    pieces, at = [first], len(before)
    for word in _WORD.findall(line[len(first) :]):
        bare = word.lstrip(" ")
        wide = _width(bare)
        if at > len(before) and at + len(word) - len(bare) + wide > columns and _width(hanging) + wide <= columns:
            pieces.append(f"\n{hanging}{bare}")
            at = len(hanging) + wide
        else:
            pieces.append(word)
            at = (at + len(word) - len(bare) + wide - 1) % columns + 1
    return "".join(pieces)


def _width(text: str) -> int:
    return columns_of(_COLOUR.sub("", text))
