"""What the words of a message say was done: kept, ended, read, served, passed over, failed; by data/words.toml.

Or that nothing was done, and how much there is of something is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from gctail.attribution.names import words
from gctail.data import shipped

LEAST_LETTERS = 3
KINDS = ("keeps", "ends", "reads", "serves", "passes", "fails", "levels")
_METHOD = re.compile(r"\b(GET|HEAD|OPTIONS|PUT|POST|PATCH|DELETE)\b")
_METHODS = {"PUT": "puts", "POST": "puts", "GET": "gets", "HEAD": "gets", "OPTIONS": "gets", "DELETE": "ends"}
_VALUE = re.compile(r"(?<=[(,]) ?[\w.-]+: [\w.-]+(?=[),])|[\w.-]+=[\w.-]*|\b(?:true|false)\b")
"""`(state: open)` and `relay=` say what a thing is, and not what was done."""


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language, as beginnings; see the file."""

    keeps: tuple[str, ...]
    ends: tuple[str, ...]
    reads: tuple[str, ...]
    serves: tuple[str, ...]
    passes: tuple[str, ...]
    fails: tuple[str, ...]
    levels: tuple[str, ...]
    ending: str = ""
    inside: bool = False

    def words(self, kind: str) -> str:
        """What matches a word of this kind as a whole, or where words are not set apart a text that holds one."""
        entries = [each for each in getattr(self, kind) if " " not in each]
        whole = [each[:-1] for each in entries if each.endswith("$")]
        begun = [each for each in entries if not each.endswith("$")]
        either = "|".join([*whole, f"(?:{'|'.join(begun)}){self.ending}"] if begun else whole)
        either = f"(?:{either})"
        return f".*{either}.*" if self.inside else either

    def phrases(self, kind: str) -> Iterator[str]:
        """What matches several words."""
        return (rf"\b{each}" for each in getattr(self, kind) if " " in each)


class Deeds(NamedTuple):
    """Patterns of one kind: for a word in small letters, and for several words in a message."""

    kind: str
    words: re.Pattern[str]
    phrases: re.Pattern[str] | None


@lru_cache(maxsize=4096)
def deeds(message: str) -> frozenset[str]:
    """What a message says was done, in any of the languages: `KINDS`, and for an HTTP method alone `puts`, `gets`."""
    found = {_METHODS[each] for each in _METHOD.findall(message) if each in _METHODS}
    message = _VALUE.sub("", _METHOD.sub("", message))
    for kind, _, phrases in _deeds():
        if phrases is not None and phrases.search(message):
            found.add(kind)
            message = phrases.sub("", message)
    spoken = words(message)
    return frozenset(found | {kind for kind, pattern, _ in _deeds() if any(map(pattern.fullmatch, spoken))})


def about(message: str) -> frozenset[str]:
    """What a message is about: its words that say not what was done, but of what."""
    return frozenset(word for word in words(message) if len(word) >= LEAST_LETTERS and not is_deed(word))


@lru_cache(maxsize=4096)
def is_deed(word: str) -> bool:
    """Whether a word says what was done."""
    return any(each.words.fullmatch(one) for one in words(word) for each in _deeds() if each.kind != "levels")


@lru_cache(maxsize=1)
def _deeds() -> tuple[Deeds, ...]:
    text = shipped("words.toml")
    languages = msgspec.toml.decode(text, type=dict[str, Language]).values()
    told = []
    for kind in KINDS:
        phrases = "|".join(each for language in languages for each in language.phrases(kind))
        pattern = re.compile(phrases, re.IGNORECASE) if phrases else None
        told.append(Deeds(kind, re.compile("|".join(each.words(kind) for each in languages)), pattern))
    return tuple(told)
