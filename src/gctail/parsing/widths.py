"""How many columns text takes at a terminal: letters of East Asia and emoji take two, marks above others none."""

from __future__ import annotations

import re
import textwrap
from unicodedata import combining, east_asian_width

_WORD = re.compile(r"(\s*)(\S+)")


def columns(text: str) -> int:
    """How wide the text is."""
    return len(text) if text.isascii() else sum(map(_width, text))


def padded(text: str, room: int) -> str:
    """The text with blanks behind it up to so many columns."""
    return text + " " * (room - columns(text))


def cut(text: str, room: int) -> str:
    """The text in at most so many columns, `…` at its end where it was longer."""
    return text if columns(text) <= room else text[: _fitting(text, room - 1)] + "…"


def wrapped(text: str, room: int, first: str, rest: str) -> list[str]:
    """The text folded between words in lines of at most so many columns, behind `first` and then behind `rest`.

    A word that is longer than a line is broken.
    """
    if text.isascii():
        return textwrap.wrap(text, room, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    lines, left = [first], room - columns(first)
    fresh = True
    for gap, whole in _WORD.findall(text):
        before, word = "" if fresh else gap, whole
        while columns(before + word) > left:
            long = columns(word) > room - columns(rest)
            fits = _fitting(word, left - len(before)) if long else 0
            if fits:
                lines[-1] += before + word[:fits]
                word = word[fits:]
            lines.append(rest)
            before, left = "", room - columns(rest)
        lines[-1] += before + word
        left -= columns(before + word)
        fresh = False
    return lines if not fresh else []


def _width(letter: str) -> int:
    return 0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1


def _fitting(text: str, room: int) -> int:
    """How many letters of the text have so many columns, or fewer."""
    for at, letter in enumerate(text):
        room -= _width(letter)
        if room < 0:
            return at
    return len(text)
