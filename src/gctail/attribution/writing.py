"""Which lines a suspect wrote, told by what is fixed in its message; for showing them, not for counting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

LEAST_LITERAL = 8
"""Characters: a suspect of which less is fixed would be found in every line."""


def writer(suspects: Iterable[dict[str, Any]]) -> Callable[[str], bool]:
    """Tells of a line whether one of the suspects wrote it."""
    literals = [pieces for pieces in map(_literals, suspects) if sum(map(len, pieces)) >= LEAST_LITERAL]
    return lambda text: any(_holds(text, pieces) for pieces in literals)


def _literals(suspect: dict[str, Any]) -> list[str]:
    """What is fixed in the message, piece by piece; the template goes on with the fields of the line."""
    left, pieces = str(suspect.get("message") or ""), []
    for piece in map(str.strip, str(suspect.get("template") or "").split("<*>")):
        if not left.startswith(piece):
            pieces.append(left if piece.startswith(left) else "")
            break
        pieces.append(piece)
        left = left[len(piece) :].lstrip()
    return [piece for piece in pieces if piece]


def _holds(text: str, pieces: Iterable[str]) -> bool:
    """Whether the pieces stand in the text, one after the other."""
    place = 0
    for piece in pieces:
        found = text.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True
