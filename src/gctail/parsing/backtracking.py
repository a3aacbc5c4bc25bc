r"""How long a pattern can take on one line: what is refused before it runs, because a line could keep it busy.

Python's `re` tries every way in which a pattern can match before it gives up. What bounds those ways is known from the
pattern alone. A repeat that ends where the next thing begins (`\d+ `) has one way; one that runs into what follows
(`.*x`) has as many as it may be long; two of them behind one another have the product, and a repeat of something that
itself has several ways has a power. A possessive repeat (`++`) or an atomic group gives nothing back: one way.

What repeats possessively in gctail is one character or class, `[^ ]*+`. A group that gives nothing back is repeated in
an atomic one: `(?>(?:ab?c)*)`, `(?>(?:ab?c)+)`, `(?>ab?c|)`. Both are meant to be the same, but before CPython 3.11.5
`(?:ab?c)*+` also takes the `a` of what it began to match in vain (its issues 106052 and 100061), and where such a group
has groups in it, 3.11, 3.12.0 to 3.12.7 and 3.13.0 can end in a SystemError (issue 101955).
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any, NamedTuple

MOST_WAYS = 2500
"""Of one pattern at one place of a line; each takes as long as the line is, so a repeat without an end that runs into
what follows (`.*x`) is too much already."""
LONGEST = 4096
"""How long a repeat without an end is taken to be: so much of a line is looked at."""
DEEPEST_POWER = 64

_parse: Any = re._parser.parse  # type: ignore[attr-defined]  # noqa: SLF001 - Python's own reading of a pattern: the only one

Characters = frozenset[int]
_REST = 256
"""Stands for all characters above 255."""
_ANY: Characters = frozenset(range(257))
_NEWLINE: Characters = frozenset({10})
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(range(48, 58)),
    "CATEGORY_SPACE": frozenset((*range(9, 14), *range(28, 33), 0x85, 0xA0)),
    "CATEGORY_WORD": frozenset(at for at in range(256) if chr(at).isalnum() or at == 95) | {_REST},
}


class Ways(NamedTuple):
    """In how many ways something matches, the most that a part has that gives nothing back, and how it may begin."""

    own: int
    inside: int
    first: Characters


def ways(pattern: str) -> int:
    """At most so many ways the pattern, or the worst of its possessive parts, has to match. Raises re.error."""
    found = _sequence(_parse(pattern), frozenset())
    return max(found.own, found.inside)


def refused(pattern: str) -> str | None:
    """Why this pattern cannot be used, and what to write instead; None where it can. Raises re.error."""
    if (most := ways(pattern)) <= MOST_WAYS:
        return None
    many = f"{most:,}" if most < 10**12 else "more than 10^12"
    return (
        f"one line could make it try {many} ways to match, and at most {MOST_WAYS:,} are allowed: make repeats "
        r"possessive (\S++ for \S+, (?>(?:…)+) for (?:…)+) or bound them (.{0,40} for .*)"
    )


def what_is_wrong(problem: re.error) -> str:
    """What of a pattern makes no sense, and at which place."""
    pattern = problem.pattern.decode("utf-8", "replace") if isinstance(problem.pattern, bytes) else problem.pattern
    at = f" at character {problem.pos + 1}" if problem.pos is not None else ""
    return f"{problem.msg}{at} of the pattern {pattern}"


def _sequence(parsed: Any, after: Characters) -> Ways:  # noqa: ANN401 - the parser's own lists
    """Things one behind the other; `after` is how what follows them may begin, nothing where the pattern ends."""
    own, inside = 1, 1
    for operation, argument in reversed(parsed):
        found = _ways(str(operation), argument, after)
        own, inside, after = own * found.own, max(inside, found.inside), found.first
    return Ways(own, inside, after)


def _ways(operation: str, argument: Any, after: Characters) -> Ways:  # noqa: ANN401 - as above
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, body = argument
            return _repeated(least, most, body, after)
        case "POSSESSIVE_REPEAT":
            body = _sequence(argument[2], after)
            return Ways(1, max(body.own, body.inside), body.first | after if argument[0] == 0 else body.first)
        case "ATOMIC_GROUP":
            body = _sequence(_settled(argument), after)
            return Ways(1, max(body.own, body.inside), body.first)
        case "ASSERT" | "ASSERT_NOT":
            body = _sequence(argument[1], frozenset())
            return Ways(1, max(body.own, body.inside), after)
        case _:
            return _one_way(operation, argument, after)


def _settled(body: Any) -> list[Any]:  # noqa: ANN401 - as above
    """An atomic group's parts. A repeat at its end is as good as possessive: what it has taken is never tried again."""
    parts = list(body)
    if parts and str(parts[-1][0]) == "MAX_REPEAT" and parts[-1][1][0] <= 1:
        parts[-1] = "POSSESSIVE_REPEAT", parts[-1][1]
    return parts


def _one_way(operation: str, argument: Any, after: Characters) -> Ways:  # noqa: ANN401 - as above
    """What is no repeat, and gives back what it has taken."""
    match operation:
        case "SUBPATTERN":
            return _sequence(argument[-1], after)
        case "BRANCH":
            return _one_of([_sequence(each, after) for each in argument[1]])
        case "GROUPREF_EXISTS":
            return _one_of([_sequence(each or (), after) for each in argument[1:]])
        case "AT":
            return Ways(1, 1, _NEWLINE if str(argument).startswith("AT_END") else after)
        case _:
            return Ways(1, 1, _characters(operation, argument))


def _one_of(branches: list[Ways]) -> Ways:
    """Of branches that begin differently only one is worth trying."""
    apart = all(not one.first & other.first for one, other in combinations(branches, 2))
    own = (max if apart else sum)(each.own for each in branches)
    return Ways(own, max(each.inside for each in branches), frozenset().union(*(each.first for each in branches)))


def _repeated(least: int, most: Any, body: Any, after: Characters) -> Ways:  # noqa: ANN401 - as above
    once = _sequence(body, after)
    again = _sequence(body, once.first | after) if most != 1 else once
    times, own = min(int(most), LONGEST), max(once.own, again.own)
    if own > 1:
        lengths = range(least, min(times, least + DEEPEST_POWER) + 1)
        own = sum(own ** min(length, DEEPEST_POWER) for length in lengths)
    elif again.first & after:
        own = max(1, times - least + 1)
    return Ways(own, max(once.inside, again.inside), again.first | after if least == 0 else again.first)


def _characters(operation: str, argument: Any) -> Characters:  # noqa: ANN401 - as above
    """What one character of a pattern may be."""
    match operation:
        case "LITERAL" | "NOT_LITERAL":
            one = frozenset({min(argument, _REST)})
            return one if operation == "LITERAL" else _ANY - (one - {_REST})
        case "ANY":
            return _ANY - _NEWLINE
        case "RANGE":
            return frozenset(min(at, _REST) for at in range(argument[0], min(argument[1], _REST) + 1))
        case "CATEGORY":
            name = str(argument)
            known = _CATEGORIES[name.replace("_NOT_", "_")]
            return known if "_NOT_" not in name else (_ANY - known) | {_REST}
        case "IN":
            parts = [(str(each), what) for each, what in argument]
            found = frozenset[int]().union(*(_characters(each, what) for each, what in parts if each != "NEGATE"))
            return found if parts[0][0] != "NEGATE" else (_ANY - found) | {_REST}
        case _:
            return _ANY
