"""A cache that has become full says so: from some time on a line comes once for each thing that is stored.

Such a line (`evicted`, `dropped, at its limit`) is new where nothing else changes, and as many of it come as of the
line that stores, in every bin: what comes in takes the place of something else. It is believed where the heap rests
since then, too; in the first moments, when no heap can tell, only where the line has a word for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]

LATE = 0.3
"""Of the time: what began sooner is how this program always works."""
FEWEST_LINES = 8
BEFORE = 0.5
"""What stores did so before the releases began, at half of its pace since then or more."""
BY_ACCIDENT, WITH_A_WORD = 0.01, 0.3
"""Chances to match so well for two lines that have nothing to do with one another; the second where words tell it."""
RESTS = 0.5
"""Of its usual rise: a heap that has risen by less since then rests."""
FEWEST_BINS = 2
SURELY, PERHAPS = 0.85, 0.8
"""How much it counts where the heap rests, and where the words alone tell it."""
_RELEASES = re.compile(
    r"(?i)\b(?:evict\w*|dropp\w*|discard\w*|expell\w*|overwr\w+|displac\w+|replac\w+|trimm\w+|pruned?|recycl\w+)\b"
    r"|\b(?:at|over|reached|exceeds?) (?:its |the )?(?:limit|capacity|maximum|max)\b"
    r"|\b(?:is|cache|buffer|ring|pool) full\b"
)


class Full(Struct, frozen=True):
    """Something is full since then (uptime, s): `message` tells of what leaves it, and that counts `weight`."""

    since_s: float
    weight: float
    message: str


def full(courses: Courses, noise_mib: float) -> Full | None:
    """What became full, and stayed so to the end; None where nothing did. `noise_mib`: what a heap moves by chance."""
    uptime_s, live = (np.asarray(column, float) for column in (courses.uptime_s, courses.live_mean_mib))
    templates = courses.templates
    if uptime_s.size < 2 * FEWEST_BINS or not templates:
        return None
    counts = np.array([template.count for template in templates], float)
    for at, template in enumerate(templates):
        begun = np.flatnonzero(counts[at])
        if template.total < FEWEST_LINES or not begun.size or begun[0] < LATE * uptime_s.size:
            continue
        first = int(begun[0])
        if uptime_s[first] - uptime_s[0] < LATE * (uptime_s[-1] - uptime_s[0]):
            continue
        told = _RELEASES.search(template.message) is not None
        chance = _accident(counts, at, first)
        if chance > (WITH_A_WORD if told else BY_ACCIDENT):
            continue
        rests = _rests(uptime_s, live, first, noise_mib)
        if rests or (rests is None and told):
            return Full(float(uptime_s[first]), SURELY if rests else PERHAPS, template.message)
    return None


def _accident(counts: Floats, at: int, first: int) -> float:
    """The chance that any line that came long before goes with this one, bin by bin, as well as the best does.

    In the bin in which it began there are at most as many of it. Two counts that know nothing of one another differ by
    the root of their sum. Where there is no other bin yet, a line that comes often may match one that comes more often.
    """
    released, best, tried = counts[at, first:], 1.0, 0
    alone = released.size == 1
    for other, stored in enumerate(counts):
        came = stored[first:]
        if other == at or stored[:first].mean() < BEFORE * came.mean() or released[0] > came[0] + 1:
            continue
        tried += 1
        if alone:
            best = WITH_A_WORD if released[0] >= FEWEST_LINES else best
            continue
        sums = released[1:] + came[1:]
        apart = np.abs(released[1:] - came[1:])
        if apart.sum() > 1 + 0.1 * sums.sum():
            continue
        best = min(best, float(np.prod(np.minimum(1.0, (2 * apart + 1) / np.sqrt(2 * np.pi * np.maximum(sums, 1.0))))))
    return best if alone else min(1.0, best * max(tried, 1))


def _rests(uptime_s: Floats, live: Floats, first: int, noise_mib: float) -> bool | None:
    """Whether the heap rose before and rests since; None where it is too early to tell."""
    bottom = int(np.argmin(live[:first])) if first else 0
    before_s = uptime_s[first] - uptime_s[bottom]
    usual = (live[first] - live[bottom]) / before_s if before_s > 0.0 else 0.0
    if usual <= 0.0:
        return False
    expected = usual * (uptime_s[-1] - uptime_s[first])
    rise = live[-1] - live[first]
    if uptime_s.size - 1 - first < FEWEST_BINS or expected < 2 * noise_mib:
        return None if rise <= max(expected, 2 * noise_mib) else False
    return bool(rise <= max(RESTS * expected, noise_mib))
