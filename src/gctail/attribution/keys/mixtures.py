"""Keys of two sorts under one name: some come again, others have something in them that keeps them from it.

`acct_7:refunded` comes whenever the account has a refund, `acct_7:refunded?ts=1795827614268` never again. What most of
them look like says nothing then: those that came once are held against those that came again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from gctail.attribution.keys.forms import Form
from gctail.attribution.keys.kinds import VOLATILE
from gctail.attribution.keys.sample import Seen
from gctail.attribution.keys.values import Mixture, Part

LEAST_EXPECTED = 8.0
"""So many of the keys with the part would have come again, were they like the others."""
FEW = 0.25
"""Of these at most so many did."""
NEARLY_ALL = 0.8
"""Where so many have the part, it is what they look like."""
Parts = tuple[tuple[Part, ...], list[str]]


def mixture(
    built: Sequence[Form], seen: Sequence[Seen], parts_of: Callable[[Form], Parts]
) -> tuple[Form, Part, Mixture] | None:
    """The form, and the part of it, that keys which never come again have and others have not; None where none is."""
    if len(built) < 2:
        return None
    having: defaultdict[tuple[str, str, str], list[tuple[Form, Part]]] = defaultdict(list)
    for form in built:
        for part in parts_of(form)[0]:
            if part.kind in VOLATILE:
                having[part.before, part.kind, part.detail].append((form, part))
    found = [(sure, told) for told in having.values() if (sure := _held_apart([form for form, _ in told], built, seen))]
    if not found:
        return None
    sure, told = max(found, key=lambda each: each[0].expected)
    form, part = max(told, key=lambda each: len(each[0].rows))
    return form, part, sure


def _held_apart(forms: Sequence[Form], built: Sequence[Form], seen: Sequence[Seen]) -> Mixture | None:
    """How often keys of these forms came again, beside all others."""
    ours = {place for form in forms for place in form.places}
    others = [place for form in built for place in form.places if place not in ours]
    if len(ours) > NEARLY_ALL * len(seen):
        return None
    again = sum(seen[place].count > 1 for place in ours)
    others_again = sum(seen[place].count > 1 for place in others)
    expected = len(ours) * others_again / len(others)
    if expected < LEAST_EXPECTED or again > FEW * expected:
        return None
    return Mixture(len(ours), again, len(others), others_again, round(expected, 1))
