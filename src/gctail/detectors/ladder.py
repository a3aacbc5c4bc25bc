"""A ladder: one array that doubles. Each step is twice the last, each rung twice as long; it stands still mostly.

A bytes.Buffer that nobody flushes and a slice that is only appended to move into an array twice as large whenever they
are full. Between two steps the heap stands still for as long as all the time before: no pause of it is a full cache.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import log2
from typing import NamedTuple

from gctail.detectors.history import History

FEWEST_STEPS = 3
STEP_NOISE, STEP_MIB = 2.0, 2.5
TWICE = (1.5, 3.0)
LONGER = (0.8, 4.0)
"""What a step is of the one before it, and a rung of the one below it: the load is not even."""
AT_ONCE = 0.25
"""A step takes no more of the time since the one before it."""
MOST_OF_IT = 0.75
"""Of the rise since the first step: what goes on between the steps is no ladder."""
PATIENCE = 2.5
"""A rung may last so many times as long as the one below it."""


class Ladder(NamedTuple):
    """How many steps fit, how large the last one was (MiB), when it was (s), how long the rung below it lasted (s)."""

    steps: int
    last_mib: float
    last_s: float
    rung_s: float

    def belief(self, head_mib: float, now_s: float) -> float:
        """How likely the array goes on doubling until `head_mib` are gone: by doublings done against those left.

        It holds twice what its last step added. When no step has come for long the belief fades.
        """
        array = 2.0 * self.last_mib
        left = log2((array + head_mib) / array)
        waiting = min(1.0, PATIENCE * self.rung_s / max(now_s - self.last_s, 1e-3))
        return self.steps / (self.steps + left) * self.steps / (self.steps + 1.0) * waiting


class _Step(NamedTuple):
    begin_s: float
    end_s: float
    mib: float


def ladder(history: History, noise_mib: float) -> Ladder | None:
    """The ladder that the latest steps make; None where there are fewer than three of them."""
    floor = [*accumulate(reversed(history.low), min)][::-1]  # a copy lives beside its array for a moment
    steps, rest = _steps(history.time_s.tolist(), floor, max(STEP_NOISE * noise_mib, STEP_MIB))
    fitting = 1
    for earlier, later in pairwise(reversed(steps)):  # from the latest back
        if not _follows(later, earlier):
            break
        fitting += 1
    fitting = min(fitting, _rungs(steps, fitting))
    if fitting < FEWEST_STEPS:
        return None
    last, before, first = steps[-1], steps[-2], steps[-fitting]
    risen = rest - history.level(first.begin_s)
    if sum(step.mib for step in steps[-fitting:]) < MOST_OF_IT * risen:
        return None
    return Ladder(fitting, last.mib, last.end_s, last.begin_s - before.end_s)


def _follows(before: _Step, after: _Step) -> bool:
    """Whether a step is twice the one before it, and short."""
    at_once = after.end_s - after.begin_s <= AT_ONCE * (after.end_s - before.end_s)
    return at_once and TWICE[0] <= after.mib / before.mib <= TWICE[1]


def _rungs(steps: list[_Step], fitting: int) -> int:
    """How many of the latest steps have rungs between them of which each is longer than the one below, as it should."""
    rungs = [after.begin_s - before.end_s for before, after in pairwise(steps[-fitting:])]
    for place, (below, above) in enumerate(reversed([*pairwise(rungs)])):
        if not LONGER[0] * below <= above <= LONGER[1] * below:
            return place + 2
    return fitting


def _steps(times_s: list[float], floor: list[float], least_mib: float) -> tuple[list[_Step], float]:
    """Where the floor rose by so much within neighbouring blocks, and the level where it last came to rest (MiB)."""
    steps: list[_Step] = []
    begin = 0
    for at in range(1, len(floor)):
        if floor[at] > floor[at - 1] + 0.25 * least_mib:
            continue  # it rises still
        if at - 1 > begin and floor[at - 1] - floor[begin] >= least_mib:
            steps.append(_Step(times_s[begin], times_s[at - 1], floor[at - 1] - floor[begin]))
        begin = at
    return steps, floor[begin]
