"""Lines that take back what others bring: `stream opened`, `stream closed`; `event=subscribe`, `event=unsubscribe`.

What is held is the difference of their running totals, and that tells who keeps it far better than either alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gctail.attribution.names import words

MOST_PAIRS = 64
_ENDING = r")(?:s|e|es|ed|d|[a-z]?ing|[a-z]?ed|ion)?"
_OPPOSITES = tuple(
    (re.compile("(?:" + come + _ENDING), re.compile("(?:" + go + _ENDING))
    for come, go in (
        ("open", "clos"),
        ("subscrib", "unsubscrib"),
        ("connect", "disconnect|clos"),
        ("join|enter", "leav|left"),
        ("login|signin", "logout|signout"),
        ("start|spawn|begin|began|launch", "stop|end|finish|complet|don|exit|expir"),
        ("add|insert|put|stor|cach|sav|load", "remov|delet|evict|expir|purg|drop|unload"),
        ("creat", "delet|destroy|remov|clos"),
        ("acquir|taken|borrow|leas", "releas|return|expir"),
        ("alloc|allocat", "free|freed|releas"),
        ("enqueu|queu|accept|submit|schedul|receiv", "dequeu|don|process|complet|finish|deliver"),
        ("push", "pop"),
        ("attach", "detach"),
        ("regist|register", "unregist|unregister|deregister|remov"),
    )
)


def pairs(said: Sequence[tuple[int, str, str]]) -> Iterator[tuple[int, int]]:
    """Places of lines that bring something and of those that take it back: who and what each says, (id, about, value).

    `value` is what tells lines of one kind apart, empty where all of them are meant; lines of several kinds have to
    be about the same: they share another word.
    """
    found = 0
    spoken = [frozenset(words(value or about)) for _, about, value in said]
    for come, go in _OPPOSITES:
        comes = [(at, hit) for at, each in enumerate(spoken) if (hit := _matching(come, each))]
        goes = [(at, hit) for at, each in enumerate(spoken) if (hit := _matching(go, each))] if comes else []
        for one, brings in comes:
            for other, takes in goes:
                if not _together(said[one], said[other], spoken[one] - brings, spoken[other] - takes):
                    continue
                yield one, other
                found += 1
                if found >= MOST_PAIRS:
                    return


def _matching(pattern: re.Pattern[str], spoken: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in spoken if pattern.fullmatch(word))


def _together(
    one: tuple[int, str, str], other: tuple[int, str, str], rest: frozenset[str], others: frozenset[str]
) -> bool:
    if one[2] or other[2]:  # values of the same lines
        return bool(one[2]) and bool(other[2]) and one[0] == other[0] and one[2] != other[2]
    return one[0] != other[0] and (bool(rest & others) or not (rest or others))
