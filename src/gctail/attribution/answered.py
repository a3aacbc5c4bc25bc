"""Lines whose every event comes to an end that the log tells as well: `client upgraded`, and as many `client closed`.

Who is answered so keeps nothing by itself. What it brings is under way for a while, so a heap that is full of it goes
along with it, closely enough for a proof; but what stays for ever is counted by one of the ends: of tickets that are
opened most are found a match, and some are abandoned.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gctail.attribution.deeds import about, deeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.templates.courses import Courses, Template

FEWEST = 20
"""Lines, of which as many coming and going may be more than chance."""
BY_ONE, BY_TWO, MORE = 0.85, 0.96, 1.03
"""Of what came so much has gone, as told by lines of one kind, or of two: all of it, if one may be of another thing."""
MOST_ENDS = 24
OF_ITS_OWN, SHARED = 0.9, 0.8
"""Different keys of all lines: each has its own, as far as their number is known; some have the same."""
_ENDS = {"ends", "fails"}
_MAY_END = {"ends", "fails", "reads"}


def endings(courses: Courses, begin: int) -> dict[int, tuple[int, ...]]:
    """Templates that bring something which ends, each with those that tell so, in the bins from `begin` on."""
    counts = np.array([sum(each.count[begin:]) for each in courses.templates], float)
    done = [deeds(each.message) for each in courses.templates]
    of_what = [about(each.message) | _filed_under(each) for each in courses.templates]
    ends = [at for at in np.argsort(-counts).tolist() if done[at] & _MAY_END and counts[at]][:MOST_ENDS]
    found = (
        (
            at,
            _ended_by(
                counts[at],
                [
                    End(end, counts[end], done[end], bool(of_what[at] & of_what[end]))
                    for end in ends
                    if not tells_of_others(courses.templates[at], courses.templates[end])
                ],
            ),
        )
        for at, said in enumerate(done)
        if counts[at] >= FEWEST and not said & _MAY_END
    )
    return {at: by for at, by in found if by}


def tells_of_others(template: Template, end: Template) -> bool:
    """Whether lines with a key of its own each are followed by such that have the same key several times.

    A room is opened once, and its members leave one by one.
    """
    own = {slot.name for slot in template.slots if slot.name and slot.distinct >= OF_ITS_OWN * template.total}
    return any(slot.name in own and slot.distinct < SHARED * end.total for slot in end.slots)


def _filed_under(template: Template) -> frozenset[str]:
    """The names of its keys: lines of one thing that came and went share that of the thing."""
    return frozenset(slot.name for slot in template.slots if slot.name and slot.distinct >= FEWEST)


class End(NamedTuple):
    """A line that may tell of an end: where it is, how many came, what it says, and whether of the same thing."""

    at: int
    lines: float
    said: frozenset[str]
    same: bool


def _ended_by(came: float, ends: Sequence[End]) -> tuple[int, ...]:
    """The one kind of line of which as many came, or the two together; empty where there is none."""
    for end in ends:
        if end.same and "ends" in end.said and BY_ONE * came <= end.lines <= MORE * came:
            return (end.at,)
    for one, other in combinations(ends, 2):
        surely = [end for end in (one, other) if end.same and end.said & _ENDS]
        least = BY_ONE if len(surely) > 1 else BY_TWO
        if surely and least * came <= one.lines + other.lines <= MORE * came:
            return one.at, other.at
    return ()
