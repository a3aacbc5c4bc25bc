"""A key taken apart: `uid_887421#device_1700000000123` is word, mark, number, mark, word, mark, number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

MOST_PIECES = 48
_PIECE = re.compile(
    r"(?P<uuid>(?<![0-9a-zA-Z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-zA-Z]))"
    r"|(?P<date>(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d))"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<ip6>\[(?=[^\]]*:[^\]]*:)[0-9a-fA-F:.]{2,45}\]"
    r"|(?<![\w:.])(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"
    r"|(?=[0-9a-fA-F:]*::)[0-9a-fA-F]{1,4}:[0-9a-fA-F:]{1,36})(?![\w:]))"
    r"|(?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))"
    r"|(?P<number>(?<![A-Za-z0-9])\d+(?![A-Za-z0-9]))"
    r"|(?P<alnum>[A-Za-z0-9]+)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_NAMED = re.compile(r"([A-Za-z]+)(\d+)")
_TOKEN = re.compile(r"(?<![\w+/=-])[\w+/=-]{16,}(?![\w+/=-])", re.ASCII)
"""Base64 and its like: a run in which letters, capitals and digits take turns."""
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
RESTLESS = 0.3
"""A change of the kind of character at so many of the places shows that nobody wrote it by hand."""


class Piece(Struct, frozen=True):
    """Part of a key: its kind (word, number, uuid, date, ip, email, hex, token, mark) and text."""

    kind: str
    text: str


class Form(Struct):
    """Keys that are built alike: the kinds of their pieces, and for each key the texts of its pieces."""

    kinds: tuple[str, ...]
    rows: list[tuple[str, ...]]
    places: list[int]
    """Which of the keys these are."""


def pieces(key: str) -> list[Piece]:
    """A key taken apart; at most `MOST_PIECES`, the last of which is the rest."""
    found: list[Piece] = []
    at = 0
    for token in _TOKEN.finditer(key):
        if is_restless(token[0]):
            found += _split(key[at : token.start()])
            found.append(Piece("token", token[0]))
            at = token.end()
    found += _split(key[at:])
    if len(found) > MOST_PIECES:
        rest = "".join(piece.text for piece in found[MOST_PIECES - 1 :])
        found[MOST_PIECES - 1 :] = [Piece("word", rest)]
    return found


def _split(text: str) -> list[Piece]:
    found: list[Piece] = []
    for match in _PIECE.finditer(text):
        kind = match.lastgroup or "mark"
        found += _alnum(match[0]) if kind == "alnum" else [Piece("ip" if kind == "ip6" else kind, match[0])]
    return found


def _alnum(text: str) -> list[Piece]:
    """Letters and digits without anything between: a word, a word with its number, hexadecimal, or a random token."""
    if text.isalpha():
        is_hex = len(text) >= 16 and _HEX.fullmatch(text) is not None
        return [Piece("hex" if is_hex else "word", text)]
    named = _NAMED.fullmatch(text)
    if named is not None and not (len(text) >= 16 and _HEX.fullmatch(text)):
        return [Piece("word", named[1]), Piece("number", named[2])]
    if text.isdigit():
        return [Piece("number", text)]
    if _HEX.fullmatch(text) and len(text) >= 6:
        return [Piece("hex", text)]
    return [Piece("token" if len(text) >= 8 else "word", text)]


def is_restless(text: str) -> bool:
    """Small letters, capitals and digits take turns as they do only in what chance has made."""
    kinds = ["a" if each.islower() else "A" if each.isupper() else "1" if each.isdigit() else "" for each in text]
    if not {"a", "A", "1"} <= set(kinds):
        return False
    known = [kind for kind in kinds if kind]
    changes = sum(one != other for one, other in pairwise(known))
    return changes > RESTLESS * len(known)


def forms(keys: Sequence[str]) -> list[Form]:
    """The keys by the way they are built, the most frequent first."""
    found: dict[tuple[str, ...], Form] = {}
    for place, key in enumerate(keys):
        parts = pieces(key)
        shape = tuple(part.text if part.kind == "mark" else part.kind for part in parts)
        form = found.setdefault(shape, Form(tuple(part.kind for part in parts), [], []))
        form.rows.append(tuple(part.text for part in parts))
        form.places.append(place)
    return sorted(found.values(), key=lambda form: -len(form.rows))
