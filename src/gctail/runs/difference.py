"""Two runs of the same service held against each other: what is worse, by how much, and how sure that is.

Both runs are cut to the length of the shorter one, their warm-up is left out, and the rest is cut into blocks of equal
time. Each figure is compared over the blocks by Welch's test; blocks that resemble those before them count for less
(see `gctail.runs.soak`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt

from msgspec import Struct

from gctail.amounts import many
from gctail.figures import FIGURES, Figure
from gctail.runs.soak import BLOCKS, LEAST_BLOCKS, WARM_UP, Slope, memory_of, slope_of
from gctail.traces import Bin, end_s

SURE_P, PERHAPS_P = 0.01, 0.1
ONE_SIDED = 1.7
"""A slope's interval reaches so many standard errors (Student's t, 95 %, some 22 degrees of freedom)."""
WORTH = 0.05
"""A change of less than this share is not worth naming, however sure it is."""
MUCH = 0.25
"""A change of such a share is never called none: where it is not sure, that is what is said."""
WORSE, BETTER, SAME, UNSURE = "worse", "better", "same", "unsure"


class Change(Struct, frozen=True):
    """One figure in both runs. `change` is B over A less 1, None where A is 0; `p_value` that of no difference."""

    name: str
    unit: str
    before: float
    after: float
    change: float | None
    p_value: float
    verdict: str
    """worse, better, same, or unsure: it looks different (p below 0.1, or by a quarter) and wavers too much to tell."""


def differences(before: Sequence[Bin], after: Sequence[Bin], warm_up_s: float | None = None) -> list[Change]:
    """Every figure that both runs have. Raises ValueError with a sentence where a run is too short to compare."""
    common_s = min(end_s(before), end_s(after))
    skip_s = WARM_UP * common_s if warm_up_s is None else warm_up_s
    first, second = (_blocks(bins, skip_s, common_s) for bins in (before, after))
    changes = []
    for figure in FIGURES:
        one, other = (_values(figure, blocks) for blocks in (first, second))
        if len(one) >= LEAST_BLOCKS and len(other) >= LEAST_BLOCKS:
            changes.append(_changed(figure.name, figure.unit, one, other))
    growths = [slope_of([each for block in blocks for each in block], 0.0) for blocks in (first, second)]
    return [*changes[:1], *_growth(*growths), *changes[1:]]


def _growth(one: Slope | None, other: Slope | None) -> list[Change]:
    """The slopes of the live heap, held against each other by what is left uncertain of both."""
    from scipy.special import ndtr

    if one is None or other is None:
        return []
    error = hypot(*((each.high - each.low) / 2 / ONE_SIDED for each in (one, other)))
    p_value = 2 * float(ndtr(-abs(other.rate - one.rate) / error))
    verdict = SAME if p_value >= PERHAPS_P else UNSURE
    if p_value < SURE_P:
        verdict = WORSE if other.rate > one.rate else BETTER
    change = other.rate / one.rate - 1 if one.rate > 0 and other.rate > 0 else None
    return [Change("growth of live", "MiB/min", 60 * one.rate, 60 * other.rate, change, p_value, verdict)]


def _values(figure: Figure, blocks: list[list[Bin]]) -> list[float]:
    return [value for block in blocks if (value := figure.of(block)) is not None]


def _blocks(bins: Sequence[Bin], from_s: float, to_s: float) -> list[list[Bin]]:
    part = [each for each in bins if each.uptime_s is not None and from_s <= each.uptime_s <= to_s]
    count = min(BLOCKS, len(part) // 2)
    if count < LEAST_BLOCKS or to_s <= from_s:
        count = sum(each.collections for each in part)
        raise ValueError(f"{many(count, 'collection')} after the warm-up in both: too few to compare")
    blocks: list[list[Bin]] = [[] for _ in range(count)]
    for each in part:
        at = int(count * ((each.uptime_s or 0.0) - from_s) / (to_s - from_s))
        blocks[min(count - 1, at)].append(each)
    return [block for block in blocks if block]


def _changed(name: str, unit: str, one: Sequence[float], other: Sequence[float]) -> Change:
    from scipy.special import stdtr

    before, after = sum(one) / len(one), sum(other) / len(other)
    change = after / before - 1 if before else None
    errors = [_error(values) for values in (one, other)]
    error = sqrt(errors[0][0] + errors[1][0])
    if error == 0:
        p_value = 1.0 if before == after else 0.0
    else:
        parts = sum(part**2 / max(1.0, count - 1) for part, count in errors)
        freedom = max(1.0, (errors[0][0] + errors[1][0]) ** 2 / parts)
        p_value = 2 * float(stdtr(freedom, -abs(after - before) / error))
    big = abs(change) >= WORTH if change is not None else after > before
    verdict = SAME
    if big and p_value < SURE_P:
        verdict = WORSE if after > before else BETTER
    elif big and (p_value < PERHAPS_P or (change is not None and abs(change) >= MUCH)):
        verdict = UNSURE
    return Change(name, unit, before, after, change, p_value, verdict)


def _error(values: Sequence[float]) -> tuple[float, float]:
    """The variance of the mean, and how many independent values it is worth."""
    mean = sum(values) / len(values)
    left = [value - mean for value in values]
    worth = max(2.0, len(values) / memory_of(left))
    return sum(each**2 for each in left) / (len(values) - 1) / worth, worth
