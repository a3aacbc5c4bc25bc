"""Rare lines that come whenever something happens: a scrape of metrics at every spike, a report at every step.

Within one spike a line that comes once proves nothing. That it comes at each of them, and hardly elsewhere, does: how
likely chance alone brings that is the tail of a binomial distribution, by the share of the time that is as near to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from msgspec import Struct

from gctail.attribution.usual import Usual
from gctail.templates.courses import Template

FEWEST = 3
"""Moments; of fewer nothing is said."""
NEARLY_EVERY = 0.8
CERTAIN = 0.01
NEAR = ((0, 0), (-1, 0), (0, 1))
"""Bins: a line may come in that of the moment, in the one before, or in the one after it, when the work is done."""
JUST_BEFORE_S = 1e-6
"""What was said before the collection of the moment belongs to it."""
MOST_OF_THE_TIME = 0.5
"""A line that comes in so many bins comes at anything."""


class Coincidence(Struct, frozen=True):
    """A message that came at `at`, places among the moments asked about, of all of them, and `total` times in all.

    `p_value`: how likely chance would bring it to as many, after as many chances as there were rare messages.
    """

    message: str
    template: str
    example: str
    at: tuple[int, ...]
    moments: int
    total: int
    per_min: float
    p_value: float


def coincidences(usual: Usual, moments_s: Sequence[float]) -> tuple[Coincidence, ...]:
    """What came at nearly all of these moments (s of uptime) and hardly else, the surest first."""
    bins = len(usual.courses.uptime_s)
    if len(moments_s) < FEWEST or bins < 2 * len(moments_s):
        return ()
    places = [usual.bins(moment - JUST_BEFORE_S, moment)[0] for moment in moments_s]
    rare = [each for each in usual.courses.templates if 0 < sum(map(bool, each.count)) < MOST_OF_THE_TIME * bins]
    found = [_coincidence(each, places, usual, len(NEAR) * len(rare)) for each in rare]
    told = [each for each in found if each.p_value < CERTAIN and len(each.at) >= NEARLY_EVERY * each.moments]
    return tuple(sorted(told, key=lambda each: (each.p_value, each.template)))


def _coincidence(template: Template, places: Sequence[int], usual: Usual, tries: int) -> Coincidence:
    """Of one message, by the bins that tell most: `tries` is how often chance had its way."""
    spans = [_near(template.count, places, *near) for near in NEAR]
    at, share = min(spans, key=lambda each: tail(len(each[0]), len(places), each[1]))
    return Coincidence(
        message=template.message,
        template=template.text,
        example=template.example,
        at=at,
        moments=len(places),
        total=template.total,
        per_min=round(usual.per_min(template, 0, len(template.count)), 3),
        p_value=min(1.0, tries * tail(len(at), len(places), share)),
    )


def _near(count: Sequence[float], places: Sequence[int], first: int, last: int) -> tuple[tuple[int, ...], float]:
    """Which places have such a line in the bins `first` to `last` from there, and the share of all bins that have."""
    has = [any(count[max(0, place + first) : place + last + 1]) for place in range(len(count))]
    return tuple(at for at, place in enumerate(places) if has[place]), sum(has) / len(has)


def tail(times: int, of: int, chance: float) -> float:
    """How likely something with this chance comes so many times or more often."""
    return sum(comb(of, each) * chance**each * (1.0 - chance) ** (of - each) for each in range(times, of + 1))
