"""What speaks against a suspect, in words: whoever is accused by numbers deserves them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.columns import KEYS, lines_of

if TYPE_CHECKING:
    from gctail.attribution.columns import Candidate
    from gctail.attribution.ranking import Ranked, Window
    from gctail.templates.courses import Courses, Template

FEW_LINES = 10
FOLLOWS = 0.7
ALWAYS_NEW = 0.98
LARGE_KIB = 10 * 1024
LONG_BEFORE = 0.25
"""Of the time since: an onset is not known better."""
EVEN = 2.0
"""So little better than a straight line (log-likelihood) is no better."""
BETTER = 5.0
"""So much better (log-likelihood) is better for certain."""
CHANCE = 0.05
WHOLE = 0.995
"""Of the lines of a template."""


def doubts(courses: Courses, seen: Window, ranked: Ranked, at: int, candidate: Candidate) -> tuple[str, ...]:
    """Sentences without a full stop; none where nothing speaks against it."""
    template = courses.templates[candidate.template]
    counts, lines = np.asarray(lines_of(courses, candidate), float), np.asarray(courses.lines, float)
    events = counts[seen.begin :].sum()
    found = []
    if ranked.p_value[at] > CHANCE:
        found.append(_as_well(ranked, at))
    follows = _correlation(counts[seen.begin :], (lines - counts)[seen.begin :])
    if follows > FOLLOWS:
        kept = "; kept, because the heap follows its own ups and downs" if ranked.p_value[at] < CHANCE else ""
        found.append(f"its rate follows that of all other lines (r {follows:.2f}){kept}")
    onset = seen.begin + seen.before
    before, before_s = counts[:onset].sum(), float(courses.uptime_s[onset - 1]) if onset else 0.0
    after_s = float(seen.uptime_s[-1] - before_s)
    if before_s > LONG_BEFORE * after_s and before / before_s > 0.5 * counts[onset:].sum() / max(after_s, 1e-9):
        found.append(f"{before:.0f} lines like it came in the {before_s:.0f} s before, when nothing grew")
    if events < FEW_LINES:
        found.append(f"there are only {events:.0f} lines of it")
    if candidate.kind == KEYS and candidate.slot is not None:
        slot = template.slots[candidate.slot]
        if slot.distinct >= ALWAYS_NEW * template.total:
            found.append("every line brings a new value, as request numbers do: lines and keys cannot be told apart")
    if ranked.slope[at] * 1024 > LARGE_KIB and candidate.kind != KEYS:
        found.append("more than 10 MiB for each: perhaps only some of them are logged")
    if template.read_share < WHOLE:
        estimated = _estimated(template, candidate)
        found.append(f"only {template.read_share:.0%} of its lines were read closely: all are counted, {estimated}")
    return tuple(found)


def _as_well(ranked: Ranked, at: int) -> str:
    """What else fits, so that nothing is proven."""
    if ranked.over_time[at] - ranked.lead[at] > BETTER:
        return "the number of all lines fits better: the more is done the more is kept, but which line keeps it is open"
    as_well = "as well" if ranked.lead[at] < EVEN else "nearly as well"
    if ranked.over_time[at] < EVEN or ranked.lead[at] >= EVEN:
        return f"a straight line in time fits {as_well}: the growth is too even to prove which line goes with it"
    return "the number of all lines fits as well: the more is done the more is kept, but which line keeps it is open"


def _estimated(template: Template, candidate: Candidate) -> str:
    """What is not known of lines that were counted only."""
    slot = template.slots[candidate.slot] if candidate.slot is not None else None
    if candidate.kind != KEYS or slot is None:
        return "the numbers in them are estimated"
    return "and their keys taken out" if slot.whole else "their keys are estimated"


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """0 where one of them does not change."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
