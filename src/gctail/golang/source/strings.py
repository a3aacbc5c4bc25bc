"""The text of string expressions, as far as the source fixes it: literals, constants, concatenations, formats."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gctail.golang.source.tree import named, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

Pieces = tuple[str | None, ...]
"""Text in order, with None where something stands that only the running program knows."""
UNKNOWN: Pieces = (None,)
VERB = re.compile(r"%(?:%|[-+# 0]*(?:\[\d+\])?(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:\[\d+\])?[a-zA-Z])")
ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))")
SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
LONGEST = 2048
LETTERS = re.compile(r"[^\W_]")
DEEPEST = 40


def unquoted(node: Node) -> str:
    """What a string literal says."""
    text = text_of(node)[1:-1][:LONGEST]
    return text if node.type == "raw_string_literal" else ESCAPE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    simple, *codes = found.groups()
    if simple is not None:
        return SIMPLE.get(simple, simple)
    digits = next(code for code in codes if code is not None)
    code = int(digits, 8 if found[0][1].isdigit() else 16)
    return chr(code) if code < 0x110000 else "\ufffd"


def pieces_of(node: Node | None, known: Callable[[str], Pieces | None], depth: int = 0) -> Pieces:  # noqa: PLR0911 - one line for every kind
    """The pieces of a string expression; `known` resolves names. (None,) where nothing of it is fixed."""
    if node is None or depth > DEEPEST:
        return UNKNOWN
    if node.type in {"interpreted_string_literal", "raw_string_literal"}:
        return (unquoted(node),)
    if node.type in {"identifier", "selector_expression"}:
        return known(text_of(node)) or UNKNOWN
    if node.type == "parenthesized_expression":
        return pieces_of(next(iter(named(node)), None), known, depth + 1)
    if node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) == "+":
        left = pieces_of(node.child_by_field_name("left"), known, depth + 1)
        return joined(left + pieces_of(node.child_by_field_name("right"), known, depth + 1))
    if node.type == "call_expression" and text_of(node.child_by_field_name("function")) in {"fmt.Sprintf", "string"}:
        arguments = named(node.child_by_field_name("arguments"))
        pieces = pieces_of(arguments[0] if arguments else None, known, depth + 1)
        return formatted(pieces) if len(arguments) > 1 else pieces
    return UNKNOWN


def formatted(pieces: Pieces) -> Pieces:
    """The pieces of a format: what stands between its verbs."""
    found: list[str | None] = []
    for piece in pieces:
        if piece is None:
            found.append(None)
            continue
        at = 0
        for verb in VERB.finditer(piece):
            found.append(piece[at : verb.start()])
            found.append("%" if verb[0] == "%%" else None)
            at = verb.end()
        found.append(piece[at:])
    return joined(tuple(found))


def joined(pieces: Pieces) -> Pieces:
    """Neighbouring texts as one, neighbouring gaps as one, nothing empty."""
    found: list[str | None] = []
    for piece in pieces:
        if piece == "":
            continue
        if found and piece is None and found[-1] is None:
            continue
        last = found[-1] if found else None
        if piece is not None and last is not None:
            found[-1] = (last + piece)[:LONGEST]
        else:
            found.append(piece)
    return tuple(found)


def shown(pieces: Pieces) -> str:
    """The text with `…` for what is not known."""
    return "".join("…" if piece is None else piece for piece in pieces)


def letters_of(text: str) -> int:
    """How many letters and digits it has: what of a text can be recognised."""
    return len(LETTERS.findall(text))
