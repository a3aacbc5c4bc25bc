"""Where values stand that nobody outside should see, found in bulk: a block of a log at a time.

Each kind has an anchor that is quick to find (a word, `@`, a dotted number, a long run), and a pattern that is tried
only there: 60 times as fast as one large pattern at every byte. Words are looked for in the block in small letters, all
in one pass; card numbers and long tokens in the block with its characters sorted into classes. All on bytes: what is no
ASCII counts as a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

WORD = rb"[\w\x80-\xff]"
_SEPARATOR = rb"\\{0,2}[\"']?[ \t]?[:=][ \t]?"
_VALUE = rb"(?:\\{0,2}[\"'](?P<q>[^\"'\\\n]{1,512})|(?P<v>[^\s\"'\\,;&)}\]]{1,512}))"


class Place(NamedTuple):
    """Something that looks like a value of this kind: `begin` to `end` is what was recognised, the rest its value."""

    begin: int
    rank: int
    """Of two that begin at one byte the lower one is right."""
    end: int
    kind: str
    value_begin: int
    value_end: int


# -- words, and what follows them

_TOKENS = {  # how a token of a known service begins, in small letters, and all of it
    b"-----begin ": rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,20}KEY-----|\Z)",
    b"eyj": rb"\beyJ[\w-]{8,4096}\.[\w-]{8,4096}(?:\.[\w-]{0,4096})?",
    b"akia": rb"\bAKIA[0-9A-Z]{16}\b",
    b"asia": rb"\bASIA[0-9A-Z]{16}\b",
    **{b"gh%c_" % each: rb"\bgh[pousr]_\w{20,255}\b" for each in b"pousr"},
    b"github_pat_": rb"\bgithub_pat_\w{20,255}\b",
    b"glpat-": rb"\bglpat-[\w-]{20,64}",
    b"xox": rb"\bxox[abeprs]-[\w-]{10,255}",
    b"sk-": rb"\bsk-(?:live|test|proj|ant)?[-_]?[\w-]{16,255}",
    b"sk_": rb"\bsk_(?:live|test)?[-_]?[\w-]{16,255}",
    b"aiza": rb"\bAIza[\w-]{35}",
    b"npm_": rb"\bnpm_\w{30,64}\b",
    b"hf_": rb"\bhf_\w{30,64}\b",
    b"sg.": rb"\bSG\.[\w-]{16,64}\.[\w-]{16,64}",
    b"dop_v1_": rb"\bdop_v1_[0-9a-f]{64}\b",
}
_SCHEMES = (b"bearer", b"basic", b"token", b"apikey")
_HIDDEN = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"session", b"cookie", b"authorization", b"credential", b"signature",
    b"otp", b"csrf", b"secrets", b"credentials", b"passwords",
)  # fmt: skip
_PEOPLE = (
    b"user", b"uid", b"usr", b"login", b"customer", b"account", b"member", b"client", b"owner", b"subject", b"device",
    b"phone", b"msisdn",
)  # fmt: skip
_NUMBERED = (b"uid", b"user", b"usr", b"customer", b"cust", b"account", b"acct", b"member", b"device")
_IN_PATHS = (b"user", b"customer", b"account", b"member", b"profile")

_AFTER_TOKEN = {word: re.compile(pattern) for word, pattern in _TOKENS.items()}
_AFTER_SCHEME = re.compile(rb"[ \t]+(?P<v>[\w.~+/=-]{8,4096})")
_AFTER_URL = re.compile(rb"://[^\s/:@\"']{0,128}:(?P<v>[^\s/@\"']{1,256})@")
_AFTER_HIDDEN = re.compile(
    rb"(?i:word|wd|phrase|[_-]?(?:key|id|token|value|hash))?" + _SEPARATOR + rb"(?!(?i:bearer|basic|token)\s)" + _VALUE
)
_KEY_OF = re.compile(rb"(?:api|access|private|secret|session|account|auth|encryption|signing|master)[_-]?$")
_AFTER_PERSON = re.compile(rb"(?:[_-]?(?i:id|name|no|number))?" + _SEPARATOR + _VALUE)
_AFTER_NUMBERED = re.compile(rb"[_:/#-](?P<v>\d{2,32})(?!" + WORD + rb")")
_AFTER_IN_PATH = re.compile(rb"(?i:s)?/(?P<v>[\w.@\x80-\xff-]{2,128})")
_AFTER_HOME = re.compile(rb"(?P<v>[\w.\x80-\xff-]{1,64})")


def _trie(words: list[bytes]) -> bytes:
    """A pattern that takes the longest of these words, four times as quick as one alternative after the other."""
    branches: dict[bytes, list[bytes]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    ends = branches.pop(b"", None) is not None
    told = [re.escape(first) + _trie(rest) for first, rest in branches.items()]
    if not told:
        return b""
    return (b"(?:" + b"|".join(told) + b")" if len(told) > 1 or ends else told[0]) + (b"?" if ends else b"")


_ALL_WORDS = sorted({*_TOKENS, *_SCHEMES, *_HIDDEN, *_PEOPLE, *_NUMBERED, *_IN_PATHS, b"://", b"/home/"})
_WORDS = re.compile(_trie(_ALL_WORDS))


def places(data: bytes) -> list[Place]:
    """Everything in the block that looks like a value to hide, in its order; of two that overlap the earlier one."""
    found = sorted([*_after_words(data), *_addresses(data), *_numbers(data), *_long_tokens(data)])
    told: list[Place] = []
    end = 0
    for place in found:
        if place.begin >= end:
            told.append(place)
            end = place.end
    return told


def _place(kind: str, rank: int, begin: int, match: re.Match[bytes] | None) -> Iterator[Place]:
    if match is not None:
        group = next((name for name in ("v", "q") if name in match.re.groupindex and match[name] is not None), 0)
        yield Place(begin, rank, match.end(), kind, match.start(group), match.end(group))


def _after_words(data: bytes) -> Iterator[Place]:
    small = data.lower()
    for hit in _WORDS.finditer(small):
        word, at, after = hit[0], hit.start(), hit.end()
        if word in _AFTER_TOKEN:
            yield from _place("token", 0, at, _AFTER_TOKEN[word].match(data, at))
        elif word == b"://":
            yield from _place("secret", 2, at, _AFTER_URL.match(data, at))
        elif word == b"/home/":
            yield from _place("user", 9, at, _AFTER_HOME.match(data, after))
        else:
            yield from _of_a_field(data, small, word, at, after)


def _of_a_field(data: bytes, small: bytes, word: bytes, at: int, after: int) -> Iterator[Place]:
    """A word that may be the name of a field, or stand in front of a value."""
    before = small[at - 1 : at] if at else b""
    starts = not before.isalpha() or data[at : at + 1].isupper()  # at a word's beginning, or as in `accessToken`
    if word in _SCHEMES and starts:
        yield from _place("token", 1, at, _AFTER_SCHEME.match(data, after))
    if word in _HIDDEN and _hides(small, word, at, starts=starts):
        yield from _place("secret", 3, at, _AFTER_HIDDEN.match(data, after))
    if not starts:
        return
    if word in _PEOPLE:
        yield from _place("user", 7, at, _AFTER_PERSON.match(data, after))
    if word in _NUMBERED:
        yield from _place("user", 8, at, _AFTER_NUMBERED.match(data, after))
    if word in _IN_PATHS and before == b"/":
        yield from _place("user", 9, at, _AFTER_IN_PATH.match(data, after))


def _hides(small: bytes, word: bytes, at: int, *, starts: bool) -> bool:
    """`key` only of something that it opens; `bypass` hides nothing, `dbpassword` does."""
    if word == b"key":
        return _KEY_OF.search(small, max(0, at - 12), at) is not None
    return starts or small.startswith((b"secret", b"password"), at)


# -- addresses

_DOTTED = re.compile(rb"\.\d{1,3}\.(?=\d)")
_DIGITS_BEFORE = re.compile(rb"\d{1,3}$")
_IPV4 = re.compile(rb"(?<![\w.-])(?<!\d:)(?:\d{1,3}\.){3}\d{1,3}(?![\w.-])(?!\+)")
_COLONS = re.compile(rb"::|:(?:[0-9a-fA-F]{1,4}:){4}")
_HEX_BEFORE = re.compile(rb"[0-9a-fA-F:]{0,30}$")
_IPV6 = re.compile(rb"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4})(?![\w:.])")
_LOCAL_PART = re.compile(rb"[\w.+\x80-\xff-]{1,64}$")
_DOMAIN = re.compile(rb"@(?:[\w\x80-\xff-]{1,63}\.){1,8}[a-zA-Z\x80-\xff]{2,24}(?![\w-])")


def _addresses(data: bytes) -> Iterator[Place]:
    for hit in _DOTTED.finditer(data):
        yield from _reaching_back("ip", 6, data, hit.start(), _DIGITS_BEFORE, _IPV4, 3)
    for hit in _COLONS.finditer(data):
        yield from _reaching_back("ip", 6, data, hit.start(), _HEX_BEFORE, _IPV6, 30)
    at = data.find(b"@")
    while at >= 0:
        local, domain = _LOCAL_PART.search(data, max(0, at - 64), at), _DOMAIN.match(data, at)
        if local is not None and domain is not None:
            yield Place(local.start(), 4, domain.end(), "email", local.start(), domain.end())
        at = data.find(b"@", at + 1)


def _reaching_back(  # noqa: PLR0913, PLR0917  (an anchor, what may stand before it, and the whole)
    kind: str, rank: int, data: bytes, at: int, before: re.Pattern[bytes], whole: re.Pattern[bytes], most: int
) -> Iterator[Place]:  # fmt: skip
    """The whole pattern, from where its beginning may lie before the anchor."""
    first = before.search(data, max(0, at - most), at)
    begin = first.start() if first is not None else at
    yield from _place(kind, rank, begin, whole.match(data, begin))


# -- numbers and long tokens, by classes of characters

_AS_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_CARDS = (b"0" * 13, b"0000-0000-0000", b"0000 0000 0000", b"0000-000000-00000", b"0000 000000 00000")
_CARD = re.compile(rb"(?<![\w.-])(?:3[47]\d{2}[ -]?\d{6}[ -]?\d{5}|[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7})(?![\w.])")
LONG = 36
_AS_RUNS = bytes(
    0x61 if chr(code).isascii() and (chr(code).isalnum() or code in b"_+/=-") else 0x20 for code in range(256)
)
_MIXED = re.compile(
    rb"(?<![\w/.+-])(?=[\w+/=-]{0,100}[a-z])(?=[\w+/=-]{0,100}[A-Z])(?=[\w+/=-]{0,100}\d)[\w+/=-]{36,512}(?![\w/.])"
)


def _numbers(data: bytes) -> Iterator[Place]:
    digits = data.translate(_AS_DIGITS)
    for shape in _CARDS:
        at = digits.find(shape)
        while at >= 0:
            yield from _place("card", 5, at, _CARD.match(data, at))
            end = at + len(shape)
            while shape == _CARDS[0] and digits[end : end + 1] == b"0":
                end += 1
            at = digits.find(shape, end)


def _long_tokens(data: bytes) -> Iterator[Place]:
    runs = data.translate(_AS_RUNS)
    at = runs.find(b"a" * LONG)
    while at >= 0:
        end = runs.find(b" ", at)
        yield from _place("token", 10, at, _MIXED.match(data, at))
        at = runs.find(b"a" * LONG, end) if end >= 0 else -1
