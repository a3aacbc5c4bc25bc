"""The conclusion about the keys of a slot, in one sentence: what makes each of them new, and what to do about it."""

from __future__ import annotations

import re

from gctail.attribution.keys.values import KeyReport, Part
from gctail.attribution.keys.variants import QUERIES

COMES_AGAIN = 0.5
ALL_BUT = 0.995
ONE_OF_MANY = 0.5
"""Without its volatile parts at most so many of the keys would be left: then these parts are the reason."""
NEARLY_EACH, IN_FEW_WAYS = 0.9, 0.25
"""Of the keys: a part that has so many values tells them apart, and one that has so few at most does not."""
WRITTEN_ALIKE = 0.67
"""The same for ways of writing: two of each key leave a half."""
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|REPLACE|WITH|CALL)\s", re.IGNORECASE)
IDS = frozenset({"random token", "UUID", "counter"})
CURES = {
    "time stamp": "normalise it, leave the time out",
    "random token": "file it under what the token stands for",
    "UUID": "file it under what it is about, not under the request",
    "counter": "normalise it, leave the running number out",
    "port": "file it under the host alone, for each connection has a port of its own",
}


def concluded(found: KeyReport, cause: Part | None) -> tuple[str, str]:
    """The conclusion in a word (see `KeyReport`), and in one sentence, as short as what is seen allows.

    `cause` is the part that makes the keys new, or tells them apart.
    """
    if found.distinct == 1:
        return "one", "There is one key only: what grows is not the number of keys."
    told = (
        ("part", _mixed(found, cause)),
        ("spelling", _spelled(found, cause)),
        ("id", _id(found, cause)),
        ("part", _because(found, cause)),
        ("again", _again(found, cause)),
    )
    return next((each for each in told if each[1]), ("once", _once(found, cause)))


def _mixed(found: KeyReport, cause: Part | None) -> str:
    """Where some of the keys have a part that keeps them from coming again."""
    mixed = found.mixture
    if mixed is None or cause is None:
        return ""
    named = " ".join(part for part in (cause.kind, cause.detail) if part)
    share = mixed.keys / (mixed.keys + mixed.others)
    never = "none of these comes" if not mixed.again else f"only {mixed.again:,} of these came"
    return (
        f"{share:.0%} of the keys have a {named}{_where(cause)}, and {never} again, while {mixed.others_again:,} of "
        f"the {mixed.others:,} without it do: {CURES[cause.kind]}."
    )


def _spelled(found: KeyReport, cause: Part | None) -> str:
    """Where a way of writing explains most of them; of a query string what in it is new, where something is."""
    keys = round(found.looked_at / found.pattern_share)
    for variant in found.variants:
        better = found.left is None or variant.left <= found.left or found.cause not in CURES
        if variant.left <= WRITTEN_ALIKE * keys and better:
            if variant.what == QUERIES:
                if cause is not None and cause.kind in CURES and _explains(found, cause):
                    return ""
                return (
                    f"Each key is new because of its query string{_in_query(found, cause)}: without it there would be "
                    f"{variant.left:,} instead of {keys:,}; leave it out, or keep the few parameters that matter."
                )
            return (
                f"The same key is written in many ways: without {variant.what} there would be {variant.left:,} "
                f"instead of {keys:,}; normalise it."
            )
    return ""


def _id(found: KeyReport, cause: Part | None) -> str:
    """Where the key is nothing but a token or a counter: it is the id of something that happens once.

    So it is where it counts up, and is no less new without its number.
    """
    if cause is None or cause.kind not in IDS or found.ages.again >= COMES_AGAIN:
        return ""
    if cause.kind == "counter" and not _explains(found, cause) and cause.distinct >= ONE_OF_MANY * found.looked_at:
        return (
            f"Each has a counter{_where(cause)} and is unlike the others in the rest, too, the id of something that "
            "happens once: whatever keeps an entry for each must delete it when that is over, or be bounded."
        )
    if found.left != 1 or found.pattern.startswith("/"):  # of a path its route is known
        return ""
    return (
        f"Each is a {cause.kind} of its own, the id of something that happens once: whatever keeps an entry for each "
        "must delete it when that is over, or be bounded."
    )


def _because(found: KeyReport, cause: Part | None) -> str:
    """Where a volatile part makes them new."""
    if cause is None or cause.kind not in CURES:
        return ""
    if cause.kind in IDS and found.left == 1 and found.ages.again >= COMES_AGAIN:  # an id, and no part of a key
        return ""
    explains = _explains(found, cause)
    if not explains and cause.distinct < ONE_OF_MANY * found.looked_at:
        return ""
    named = " ".join(part for part in (cause.kind, cause.detail) if part)
    first = f"Each key is new because of its {named}{_where(cause)}: {_cure(found, cause)}"
    if explains:
        return f"{first}. Without it there would be {_without(found)}."
    return f"{first}. What is left differs in most keys too, so bound the map as well."


def _without(found: KeyReport) -> str:
    """How many keys would be left; of very many only some are taken apart."""
    some = " of those looked at" if found.distinct > found.looked_at else ""
    return f"{found.left:,} instead of {found.looked_at:,}{some}"


def _again(found: KeyReport, cause: Part | None) -> str:
    """Ordinary ids, or longer texts in which one stands."""
    if found.ages.again < COMES_AGAIN:
        return ""
    if apart := told_apart(found, cause):
        return f"{found.ages.again:.0%} of the keys come again. {apart}, and the map needs a bound (size or age)."
    return (
        f"{found.ages.again:.0%} of the keys come again: they are ordinary ids, and the map needs a bound "
        "(size or age), not another key."
    )


def told_apart(found: KeyReport, cause: Part | None) -> str:
    """Which part of longer keys tells them apart, while others vary that say little; empty where none does."""
    others = [part.distinct for part in found.parts if part != cause]
    if cause is None or not others or cause.distinct < NEARLY_EACH * found.looked_at or not _explains(found, cause):
        return ""
    return f"What tells them apart is the {cause.kind}{_where(cause)}" if _where(cause) else ""


def _explains(found: KeyReport, cause: Part) -> bool:
    """Whether without the cause few keys would be left, or it is new in each and all else varies in a few ways."""
    if found.left is not None and found.left <= ONE_OF_MANY * found.looked_at:
        return True
    others = [part.distinct for part in found.parts if part != cause]
    each = cause.distinct >= NEARLY_EACH * found.looked_at
    return each and bool(others) and max(others) <= IN_FEW_WAYS * found.looked_at


def _in_query(found: KeyReport, cause: Part | None) -> str:
    """What in a query string is new with most keys."""
    if cause is None or cause.distinct < ONE_OF_MANY * found.looked_at or not cause.before:
        return ""
    return f", most of all the {cause.kind}{_where(cause)}" if _is_asked(found, cause) else ""


def _is_asked(found: KeyReport, part: Part) -> bool:
    """Whether a part stands in a query string."""
    return f"{part.before}<{part.kind}>" in found.pattern.partition("?")[2]


def _cure(found: KeyReport, cause: Part) -> str:
    """What to do about a part that is new in each key."""
    if found.pattern.startswith("/") and _is_asked(found, cause):
        return "leave that parameter out of the key"
    return _route(found) or CURES[cause.kind]


def _once(found: KeyReport, cause: Part | None) -> str:
    """Values that are new each time."""
    article = "an" if cause is not None and cause.kind[0] in "aeio" else "a"
    first = "No key came again" if not found.ages.again else f"{_most(1 - found.ages.again)} keys came only once"
    if cause is not None and SQL.match(found.pattern):
        return (
            f"{first}: each is a statement with its values in it. Put placeholders for them, or bound the map by size."
        )
    if cause is not None and found.left == 1 and "/" not in cause.before:
        return (
            f"{first}: each is {article} {cause.kind} of its own{_where(cause)}, an id. Bound the map by size or age, "
            "or delete the entry when what has the id has ended."
        )
    if cause is not None and found.left is not None and found.left <= ONE_OF_MANY * found.looked_at:
        cure = _route(found) or "leave it out"
        return (
            f"{first}: each has {article} {cause.kind} of its own{_where(cause)}. Without it there would be "
            f"{_without(found)}; {cure}, or bound the map by size or age."
        )
    return f"{first}, and nothing in their form says why: bound the map by size or age."


def _most(share: float) -> str:
    """`89% of the`, or where that would be rounded to all of them, `nearly all`."""
    return "Nearly all" if share >= ALL_BUT else f"{share:.0%} of the"


def _route(found: KeyReport) -> str:
    """A path says itself under what it should be filed."""
    return f"file it under the route, {found.pattern[:80]}" if found.pattern.startswith("/") else ""


def _where(part: Part) -> str:
    before = part.before.strip("_-:=/#. ")
    return f" behind {before}" if before else ""
