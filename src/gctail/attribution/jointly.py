"""Causes that are at work at once: what each keeps beside the others, and two of which neither fits alone.

Where two lines keep something and come at paces of their own, the heap follows neither of them closely, and their sum
all the better. Pairs are to be tried only where the likeliest line is not proven alone: of some hundred pairs with a
line that explains the growth one always explains a little more.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, structs

from gctail.attribution.ranking import FIT_WEIGHT
from gctail.attribution.regression import fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.ranking import Ranked, Window

    Floats = NDArray[np.float64]

MOST_PAIRED = 24
"""Columns of which every two are tried, those that are likeliest alone."""
CLEARLY = 8.0
"""So much better than any line or trend alone (log-likelihood), after as many chances as there are pairs."""
MOST_CONTRIBUTORS = 3
CERTAIN = 0.01
LEAST_SHARE = 0.1
"""Of the growth: each has to explain so much of it."""


class Part(Struct, frozen=True):
    """What one column explains beside others: MiB for each unit of it, and MiB of the growth.

    `p_value` is the chance that it does so by accident, 1 where that was not asked.
    """

    slope: float
    mib: float
    p_value: float = 1.0

    def over(self, column: Floats) -> Part:
        """The same of the growth over these bins."""
        return structs.replace(self, mib=self.slope * float(column[-1] - column[0]))


def beside_one_another(seen: Window, values: Floats) -> list[Part]:
    """What each of some columns (bins x columns) explains where the others are in the fit."""
    found = []
    for at in range(values.shape[1]):
        others = np.column_stack([seen.steady, np.delete(values, at, axis=1)])
        slope = float(fits(seen.live_mib, others, values[:, [at]]).slope[0])
        found.append(Part(slope, slope * float(values[-1, at] - values[0, at])))
    return found


def contributors(seen: Window, ranked: Ranked, best: list[int]) -> dict[int, Part]:
    """Columns that explain the growth together: the first, and those proven beside it; empty where there are none."""
    chosen = [best[0]]
    while len(chosen) < MOST_CONTRIBUTORS:
        rest = [at for at in best if at not in chosen and ranked.slope[at] > 0]
        if not rest:
            break
        proof = fits(seen.live_mib, np.column_stack([seen.thorough, ranked.values[:, chosen]]), ranked.values[:, rest])
        chance = np.where(proof.slope > 0, proof.p_value, 1.0) * len(ranked.slope)
        at = int(chance.argmin())
        last = beside_one_another(seen, ranked.values[:, [*chosen, rest[at]]])[-1]
        if chance[at] >= CERTAIN or last.mib < LEAST_SHARE * seen.growth_mib:
            break
        chosen.append(rest[at])
    parts = beside_one_another(seen, ranked.values[:, chosen])
    return dict(zip(chosen, parts, strict=True)) if len(chosen) > 1 else {}


def two_at_once(seen: Window, ranked: Ranked, columns: list[int], hints: Floats) -> dict[int, Part]:
    """The two of these columns that explain the growth together, where that is proven of both; empty where none do."""
    tried = columns[:MOST_PAIRED]
    if len(tried) < 2:
        return {}
    values = ranked.values[:, tried]
    single = fits(seen.live_mib, seen.steady, np.column_stack([values, seen.trends])).likelihood.max()
    gain: dict[tuple[int, int], float] = {}
    for one in range(len(tried) - 1):
        beside = fits(seen.live_mib, np.column_stack([seen.steady, values[:, one]]), values[:, one + 1 :])
        gain |= {(one, one + 1 + at): each - single for at, each in enumerate(beside.likelihood.tolist())}
    both = max(gain, key=lambda pair: FIT_WEIGHT * gain[pair] + sum(hints[tried[at]] for at in pair))
    if gain[both] < CLEARLY + log(len(gain)):
        return {}
    parts = beside_one_another(seen, values[:, both])
    chances = [_chance(seen, values[:, [other]], values[:, [at]]) * len(gain) for at, other in (both, both[::-1])]
    if max(chances) >= CERTAIN or min(part.mib for part in parts) < LEAST_SHARE * seen.growth_mib:
        return {}
    return {tried[at]: structs.replace(part, p_value=p) for at, part, p in zip(both, parts, chances, strict=True)}


def _chance(seen: Window, beside: Floats, column: Floats) -> float:
    """How likely chance alone has the heap follow a column so closely, another one taken out; 1 where it falls."""
    proof = fits(seen.live_mib, np.column_stack([seen.thorough, beside]), column)
    return float(proof.p_value[0]) if proof.slope[0] > 0 else 1.0
