"""Growth beneath a load: waves of requests hide a slow leak, and a load that falls hides it altogether.

What requests hold while they run and what grows are fitted at once, `level = c + b * load + s * f(x - onset)`, so that
neither has to be known before the other. The load is the allocation rate, or what was allocated within the last
moments, whichever leaves least. What a service held when it had a higher load is no level that it came back from, and a
peak that is no higher than the last one no standstill: both are looked for in what is left when the load is taken out.

A load that fell while a cache filled would make any plateau a growth. So what the load holds has to show in the steps
of the level, too, and the growth has to have lasted for half of the time, in which the load came and went.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import NamedTuple

from gctail.detectors.episodes import REVERSAL_SHARE
from gctail.detectors.hinge import EFFECTIVE_SHARE, Fit, fit
from gctail.detectors.history import History
from gctail.detectors.load import above_now, dot, load_of
from gctail.detectors.standstill import STEP_SHARE, pauses_fit

START_SHARE = 0.06
"""What a process fills in so small a part of its time has nothing to do with its load."""
HELD = (0.02, 0.04, 0.08)
"""How long a load may hold what it allocates, as shares of the age of what is fitted."""
FEWEST_BLOCKS = 9
LEAST_NATS = 1.0
"""A load is fitted beside the curves where it adds so much log evidence to growth that is straight in time."""
LEAST_OWN = 0.05
LEAST_HELD = 0.25
"""Of the spread of the levels: a load that moves less is none that growth would hide beneath."""
LEAST_EFFECTIVE = 0.05
LEAST_RISE_NOISE, LEAST_RISE_MIB = 6.0, 2.0
STEP_NOISE = 2.0
LOST_APART = 1.5
"""The highest of some levels stands so many times as far above the others as these lie apart."""
USUAL_LOSS = 0.2
"""What is left when a load is taken out falls back by this share of its rise by mere chance."""
STEPS_AGREE, STEPS_DIFFER = 0.9, 0.7
"""What the load holds by the steps of the level, as a share of what it holds by the levels: trusted, and not at all."""


class Beside(NamedTuple):
    """A load, centred and of length one, and how many independent points a block is worth beside it.

    `apart_mib` is how far levels lie, by chance, from growth that is straight in time beside it.
    """

    load: list[float]
    effective: float
    apart_mib: float


class Beneath(NamedTuple):
    """The curves, of which those beneath the load count; how well the latest levels fit growth that goes on.

    `peak_mib` is how far the usual peak of the load lies above the load now, `share` how much of the level's course
    follows the load: 0 where teeth stand beside the growth instead.
    """

    fit: Fit
    goes_on: float
    peak_mib: float = 0.0
    share: float = 0.0

    @property
    def weight(self) -> float:
        """The belief that something grows beneath the load."""
        return sum([curve.weight for curve in self.fit.curves if curve.beneath])


def beneath(history: History, now_s: float, noise_mib: float) -> Beneath | None:
    """The growth beneath the load of these blocks; None where no load explains what growth alone does not."""
    view = history.since(START_SHARE * now_s)
    if len(view.low) < FEWEST_BLOCKS or not is_rise(view.low, noise_mib):
        return None
    recent = [history.recent(view, share) for share in HELD]
    beside = beside_of(view.time_s, view.low, noise_mib, [*recent, view.rate], EFFECTIVE_SHARE)
    if beside is None:
        return None
    found = beneath_of(view.time_s, view.allocated, view.low, noise_mib, recent, beside)
    if found is None:
        return None
    held = [found.fit.held_mib * z for z in beside.load]
    agree = _steps_agree(view.time_s, view.low, held)
    levels = _centred(view.low)
    rest = [level - mib for level, mib in zip(levels, held, strict=True)]
    share = agree * max(0.0, 1.0 - dot(rest, rest) / dot(levels, levels))
    return found._replace(goes_on=found.goes_on * agree, peak_mib=above_now(held), share=share)


def beneath_of(  # noqa: PLR0913, PLR0917 - what is fitted, and what is known of it
    times_s: list[float],
    allocated: list[float],
    levels: list[float],
    noise_mib: float,
    recent: Sequence[list[float]],
    beside: Beside,
    apart_mib: float = 0.0,
    least_held: float = LEAST_HELD,
) -> Beneath | None:
    """The growth of these levels beneath what stands beside it; None where that hardly moves the level.

    What lies apart by chance, by so much, is neither a loss nor a new high.
    """
    found = fit(times_s, allocated, levels, noise_mib, recent, beside.load, beside.effective)
    held = [found.held_mib * z for z in beside.load]
    kept = [level - mib for level, mib in zip(levels, held, strict=True)]
    if max(held) - min(held) < least_held * (max(levels) - min(levels)):
        return None
    if not is_rise(kept, noise_mib):
        return Beneath(found, 0.0)
    step = max(STEP_NOISE * noise_mib, apart_mib, STEP_SHARE * (max(kept) - min(kept)))
    return Beneath(found, _stays(kept, apart_mib) * pauses_fit(kept, times_s, step))


def is_rise(levels: Sequence[float], noise_mib: float) -> bool:
    """Whether they lie far enough apart to speak of growth."""
    return max(levels) - min(levels) >= max(LEAST_RISE_NOISE * noise_mib, LEAST_RISE_MIB)


def beside_of(
    times_s: list[float], levels: list[float], noise_mib: float, loads: Sequence[list[float]], worth: float
) -> Beside | None:
    """Of some loads the one that leaves least of the levels beside growth that is straight in time.

    None where none leaves clearly less than growth alone, or would have to be negative; a level is worth at most so
    many independent points.
    """
    x, y, count = _unit(times_s), _centred(levels), len(levels)
    if x is None:
        return None
    floor = count * max(noise_mib * noise_mib, 0.12)
    slope, all_of_it = dot(x, y), dot(y, y)
    best, least = None, (all_of_it - max(slope, 0.0) ** 2 + floor) * exp(-LEAST_NATS / (EFFECTIVE_SHARE * count / 2))
    for load in loads:
        z = _unit(load)
        if z is None or (own := 1.0 - (xz := dot(x, z)) ** 2) < LEAST_OWN:
            continue
        held = dot(z, y)
        grown = max(0.0, (slope - held * xz) / own)
        if held - grown * xz <= 0.0:
            continue
        rest = [level - grown * at - (held - grown * xz) * each for level, at, each in zip(y, x, z, strict=True)]
        left = dot(rest, rest) + floor
        if left < least:
            best, least = Beside(z, _effective(rest, worth), sqrt(dot(rest, rest) / count)), left
    return best


def _effective(rest: list[float], most: float) -> float:
    """How many independent points a residual is worth, by how much it resembles the one before it."""
    alike = dot(rest[1:], rest[:-1]) / max(dot(rest, rest), 1e-9)
    return min(most, max(LEAST_EFFECTIVE, (1.0 - alike) / (1.0 + alike)))


def _stays(kept: list[float], apart_mib: float) -> float:
    """1 while what is left is near its highest, 0 when as much of the rise is lost as ends an episode of growth."""
    low, high = min(kept), max(kept)
    lost = (high - LOST_APART * apart_mib - sorted(kept[-3:])[1]) / (high - low)
    return min(1.0, max(0.0, (REVERSAL_SHARE - lost) / (REVERSAL_SHARE - USUAL_LOSS)))


def _steps_agree(times_s: list[float], levels: list[float], held: list[float]) -> float:
    """Whether the level moves with the load from block to block, too: 1 where it does."""
    largest = max(map(abs, held))
    by_steps = load_of(times_s, levels, [mib / largest for mib in held]).mib / largest
    return min(1.0, max(0.0, (by_steps - STEPS_DIFFER) / (STEPS_AGREE - STEPS_DIFFER)))


def _centred(values: list[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _unit(values: list[float]) -> list[float] | None:
    """Centred and of length one; None where they are all the same."""
    centred = _centred(values)
    length = sqrt(dot(centred, centred))
    return [value / length for value in centred] if length > 1e-9 else None
