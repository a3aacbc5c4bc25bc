"""Keys that mean the same and are written differently: case, slashes, white space, percent signs, query strings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from gctail.attribution.keys.values import Prefix, Variant

_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
TELLING = 0.8
"""A way of writing is told where at most so many of the keys would be left without it."""
QUERIES = "query strings"
SPELLINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("upper and lower case", str.casefold),
    ("a slash at the end", lambda key: key.rstrip("/") or key),
    ("white space around them", str.strip),
    ("percent-encoding", lambda key: _ENCODED.sub(lambda found: chr(int(found[1], 16)), key)),
    (QUERIES, lambda key: key.partition("?")[0] if "=" in key.partition("?")[2] else key),
)
MARKS = "/:#|.,;_-@ ="
LEAST_SHARE, MOST_PREFIXES, DEEPEST = 0.1, 5, 64


def variants(keys: Sequence[str]) -> tuple[Variant, ...]:
    """The ways of writing in which these different keys differ, the most telling first."""
    found = []
    for what, spelling in SPELLINGS:
        left = len({spelling(key) for key in keys})
        if left <= TELLING * len(keys):
            found.append(Variant(what, left))
    return tuple(sorted(found, key=lambda variant: variant.left))


def prefixes(keys: Sequence[str]) -> tuple[Prefix, ...]:
    """The longest beginnings, up to a mark, that at least a tenth of the keys share; the most frequent first."""
    counts: Counter[str] = Counter()
    for key in keys:
        counts.update({key[: at + 1] for at, each in enumerate(key[:DEEPEST]) if each in MARKS})
    common = {text: count for text, count in counts.items() if count >= max(2, LEAST_SHARE * len(keys))}
    longest = [
        text
        for text, count in common.items()
        if not any(other != text and other.startswith(text) and common[other] >= 0.9 * count for other in common)
    ]
    longest.sort(key=lambda text: (-common[text], -len(text), text))
    return tuple(Prefix(text, round(common[text] / len(keys), 4)) for text in longest[:MOST_PREFIXES])
