"""Lines whose every event comes to an end that the log tells as well: `client upgraded`, and as many `client closed`.

Who is answered so keeps nothing by itself. What it brings is under way for a while, so a heap that is full of it goes
along with it, closely enough for a proof; but what stays for ever is counted by one of the ends: of tickets that are
opened most are found a match, and some are abandoned.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.deeds import about, deeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.templates.courses import Courses, Template

FEWEST = 20
"""Lines, of which as many coming and going may be more than chance."""
BY_ONE, BY_TWO, MORE = 0.85, 0.96, 1.03
"""Of what came so much has gone, as told by lines of one kind, or of two, which must then be all of it."""
MOST_ENDS = 24
_ENDS = {"ends", "fails"}
_MAY_END = {"ends", "fails", "reads"}


def answered(courses: Courses, begin: int) -> frozenset[int]:
    """Places of the templates that bring something which ends, as other templates tell, in the bins from `begin` on."""
    counts = np.array([each.count[begin:] for each in courses.templates], float).sum(1)
    done = [deeds(each.message) for each in courses.templates]
    of_what = [about(each.message) | _filed_under(each) for each in courses.templates]
    ends = [at for at in np.argsort(-counts).tolist() if done[at] & _MAY_END and counts[at]][:MOST_ENDS]
    return frozenset(
        at
        for at, said in enumerate(done)
        if counts[at] >= FEWEST
        and not said & _MAY_END
        and _is_answered(counts[at], [(counts[end], done[end], bool(of_what[at] & of_what[end])) for end in ends])
    )


def _filed_under(template: Template) -> frozenset[str]:
    """The names of its keys: lines of one thing that came and went share that of the thing."""
    return frozenset(slot.name for slot in template.slots if slot.name and slot.distinct >= FEWEST)


def _is_answered(came: float, ends: Sequence[tuple[float, frozenset[str], bool]]) -> bool:
    """Whether one of the ends, or two together, are as many; each with what it says, and whether of the same thing."""
    sure = [count for count, said, same in ends if same and "ends" in said]
    if any(BY_ONE * came <= count <= MORE * came for count in sure):
        return True
    return any(
        BY_TWO * came <= one[0] + other[0] <= MORE * came
        and any(same and said & _ENDS for _, said, same in (one, other))
        for one, other in combinations(ends, 2)
    )
