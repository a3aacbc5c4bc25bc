"""How fast something grows at the end, beside its beginning: what fills up slows down, what keeps for ever does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.columns import KEYS, LEVEL, lines_of, missing, running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.columns import Table
    from gctail.attribution.ranking import Window
    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FADED = 0.25


def pace(seen: Window, values: Floats) -> float | None:
    """How far a course went in the last third of the time since the onset, over the first; None where it stood then."""
    begin_s, end_s = seen.uptime_s[max(seen.before - 1, 0)], seen.uptime_s[-1]
    third = (end_s - begin_s) / 3
    first, last = np.diff(np.interp([begin_s, begin_s + third, end_s - third, end_s], seen.uptime_s, values))[[0, 2]]
    return float(last / first) if first > 0 else None


def faded(courses: Courses, seen: Window, columns: Table) -> Flags:
    """Sizes and keys that hardly grow at the end though their lines go on: a growth that goes on has another cause."""
    share = missing(courses)

    def has_faded(at: int) -> bool:
        candidate = columns.candidates[at]
        if candidate.kind not in {LEVEL, KEYS}:
            return False
        ours, lines = (
            pace(seen, values)
            for values in (columns.values[:, at], running(lines_of(courses, candidate), share)[seen.begin :])
        )
        return ours is not None and lines is not None and ours < FADED * lines

    found: Flags = np.array([has_faded(at) for at in range(len(columns.candidates))], bool)
    return found
