"""`key=value`: pairs that make a whole line, that follow a message, or that stand in the middle of prose."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from gctail.parsing.drafts import MAX_FIELDS, MAX_VALUE_CHARACTERS, ROLES, Draft

if TYPE_CHECKING:
    from gctail.parsing.drafts import Value

_QUOTED = r'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"?'  # a line that was cut may end inside
# A key begins where a word begins, so that a long word is looked at once and not once per letter.
_PAIR_TEXT = r'(?<!\S)([^\s="]{1,128}+)=(' + _QUOTED + r"|\S*+)"
_PAIR = re.compile(_PAIR_TEXT, re.DOTALL)
_ONLY_PAIRS = re.compile(r"(?>(?:\s*+" + _PAIR_TEXT.replace("(?<!\\S)", "") + r"(?!\S))*)\s*+\Z", re.DOTALL)
_FIRST_PAIR = re.compile(r'(?<!\S)[^\s="]{1,128}+=(?![=>~])')
# putIfAbsent(key=uid_887421, value=Session{...}) → size=128432
_EMBEDDED_PAIR = re.compile(
    r"(?<![\w.=/-])([A-Za-z_][\w./-]{0,127}+)=(?![=>~])"
    r'("[^"\\]*+(?>(?:\\.[^"\\]*+)*)"'
    r'|[^\s,;&"()\[\]{}]*+(?>\{[^{}\s]*+\}|\[[^\[\]\s]*+\]|\([^()\s]*+\)|))',
    re.DOTALL,
)
_BARE_TEXT = re.compile(rb"(?>(?:\s+(?![\w.@/-]{1,128}=)[^\s=]+)+)(?=\s+[\w.@/-]{1,128}=|\s*\Z)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.?))", re.DOTALL)
_SHORT_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_MAYBE_TYPED = frozenset("-0123456789tfn<")
_DIGITS = frozenset("0123456789")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][+-][0-9]{2,3})?")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "nil": None, "<nil>": None}


def take_pairs(draft: Draft, text: str) -> None:
    """Put every pair of a line of pairs on the draft, each in its role or as a field."""
    fields = draft.fields
    for key, written in _PAIR.findall(text):
        value: Value = written
        if written[:1] == '"':
            value = unquote(written)
        elif written[:1] in _MAYBE_TYPED:
            value = bare_value(written)
        if key in ROLES:
            draft.take(key, value)
        elif len(fields) < MAX_FIELDS:  # what Draft.keep does, at half the cost
            fields[key] = value if value.__class__ is not str or len(value) <= MAX_VALUE_CHARACTERS else value[:1024]


def whole_message(draft: Draft, text: str) -> None:
    """Put all of a message on the draft that is not quoted and has blanks in it."""
    told = f"{draft.keys.get('message')}={draft.message}"
    at = text.find(told)
    if at >= 0 and draft.message:
        rest = text[at + len(told) :].encode("utf-8", "replace")
        draft.message += rest[: end_of_bare(rest, 0, 0, len(rest))].decode("utf-8", "replace")


def end_of_bare(line: bytes, begin: int, end: int, stop: int) -> int:
    """Where a value ends that may have blanks in it though nobody quoted it: `msg=a b c=1`, as kratos prints it."""
    if line[begin : begin + 1] == b'"' or line[end : end + 1] != b" ":
        return end
    found = _BARE_TEXT.match(line, end, stop)
    return found.end() if found else end


def take_trailing(draft: Draft, text: str) -> None:
    """Put a message on the draft that is followed by pairs, to the end of the line, or that is one of them."""
    first = _FIRST_PAIR.search(text) if "=" in text else None
    if first is None:
        draft.message = text.strip()
    elif _ONLY_PAIRS.match(text, first.start()):
        said = text[: first.start()].strip()
        if said:
            draft.message = said
            keep_pairs(draft, text[first.start() :])
        else:
            take_pairs(draft, text)
            draft.message = draft.message or ""
    else:
        draft.message = text.strip()
        take_embedded(draft, text)


def keep_pairs(draft: Draft, text: str) -> None:
    """Put pairs on the draft as fields, whatever they are called: level and time have been seen."""
    for key, written in _PAIR.findall(text):
        draft.keep(key, unquote(written) if written[:1] == '"' else bare_value(written))


def take_embedded(draft: Draft, text: str) -> None:
    """Put the pairs that stand in prose on the draft: `put(key=uid_887421, value=Session{...}) → size=128432`."""
    for key, written in _EMBEDDED_PAIR.findall(text):
        draft.keep(key, unquote(written) if written[:1] == '"' else bare_value(written.rstrip(".:!?")))


def only_pairs(text: str) -> bool:
    """Whether the text is pairs from start to end."""
    return _ONLY_PAIRS.match(text) is not None


def bare_value(text: str) -> Value:
    """Read a number, true, false or nil where the text is written as one; leading zeros make it an identifier."""
    if text[-1:] not in _DIGITS:
        return _WORDS.get(text, text)
    if text.isdigit() and text.isascii() and len(text) < 19 and (text[0] != "0" or len(text) == 1):
        return int(text)
    if not (found := _NUMBER.fullmatch(text)):
        return text
    if found.lastindex is None:
        return int(text)
    return number if isfinite(number := float(text)) else text


def unquote(text: str) -> str:
    r"""Undo Go's strconv.Quote and JSON's escapes (`\"`, `\n`, `\u00e9`, `\x1b`); the closing quote may be missing."""
    text = text[1:-1] if len(text) > 1 and text[-1] == '"' else text[1:]
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code is None:
        return _SHORT_ESCAPES.get(found[4], found[4])
    number = int(code, 16)
    return "\ufffd" if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)
