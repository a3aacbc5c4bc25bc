"""Whether one value of a line stands out: `tenant=acme`, while the lines of all other tenants keep nothing.

The lines with one value are a part of all, drawn by chance, and go up as all of them do; of twelve such parts one fits
a little better by accident. So a value is named only where the heap follows its lines so much more closely than all of
them that a hundred such accidents would not bring it: a likelihood a hundred times as high, for each value that was
tried (of likelihood ratios so high no more than one in a hundred comes by chance, Ville 1939).

A word of the sentence is another thing: `peer speaks v1` and `peer speaks v2` are two sentences, and had they no digit
they were two templates. Of these one is named that is five times as likely, for each word that was tried: of sentences
that are kept whole that singles out one in twenty wrongly.
"""

from __future__ import annotations

from collections import defaultdict
from math import log
from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.columns import LINES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.columns import Table
    from gctail.attribution.ranking import Ranked
    from gctail.templates.courses import Courses

    Flags = NDArray[np.bool_]

UNLIKELY, LIKELIER = 100.0, 5.0


def singled(ranked: Ranked, columns: Table, courses: Courses) -> Flags:
    """Which columns may be named: all but those of a value that does not stand out."""
    whole = {
        each.template: at
        for at, each in enumerate(columns.candidates)
        if each.kind == LINES and each.slot is None and each.less is None
    }
    values: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for at, each in enumerate(columns.candidates):
        if each.is_part:
            said = courses.templates[each.template].slots[each.slot or 0]
            values[each.template, not said.name].append(at)
    able = np.ones(len(columns.candidates), bool)
    for (template, is_word), parts in values.items():
        least = log((LIKELIER if is_word else UNLIKELY) * len(parts))
        able[parts] = ranked.over_time[parts] - ranked.over_time[whole[template]] >= least
    return able
