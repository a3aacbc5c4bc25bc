"""What one process leaves to the next of its service, and shows to its replicas."""

from __future__ import annotations

from typing import NamedTuple

from gctail.detectors.climb import Climb
from gctail.detectors.growth import Growth
from gctail.detectors.values import GROWS, LIVES, Carryover, Life

GROWING = 0.25
"""What is believed to leak so much when it ends had not levelled off."""
FEWEST_COLLECTIONS = 12
"""A shorter run has hardly begun."""


class Run(NamedTuple):
    """A run so far: its climb, its level now and at the highest (MiB), its age (s), and how many collections it had."""

    climb: Climb
    level: float
    top: float
    age_s: float
    collections: int

    def life(self, end: str, *, growing: bool) -> tuple[Life, ...]:
        """The run, as it is remembered; nothing of one too short to have begun."""
        climb = self.climb
        if climb.begin is None or self.collections < FEWEST_COLLECTIONS:
            return ()
        ages_s, levels = tuple(climb.ages_s), tuple(climb.levels)
        return (Life(ages_s, levels, climb.begin, climb.top, round(self.level, 3), round(self.age_s, 3), end, growing),)


def legacy(run: Run, growth: Growth, memory: Carryover, belief: float, end: str, *, asked: bool) -> Carryover:  # noqa: PLR0913
    """What the next run should know, beside what this one knew (`memory`).

    `end` is `Life.end`, `belief` that in a leak, and `asked` that somebody had told it to end.
    """
    killed, growing = end == "memory", belief >= GROWING
    plateaus = [peak.level for peak in growth.zigzag.peaks[-8:]]
    if not growing and not killed:
        plateaus.append(run.top)
    return Carryover(
        epochs=memory.epochs + 1,
        fatal_mib=(*memory.fatal_mib, run.level)[-4:] if killed else memory.fatal_mib,
        plateaus_mib=tuple(sorted((*memory.plateaus_mib, *(round(p, 3) for p in plateaus)))[-12:]),
        unfinished=memory.unfinished + (not asked) if growing else 0,
        noise_mib=growth.zigzag.noise,
        runs=memory.taught(run.life(end, growing=growing)).runs,
    )


def shown(run: Run, earlier: tuple[Life, ...], belief: float, *, died: bool) -> tuple[Life, ...]:
    """What replicas may know: how the run before ended, and how this one goes; `died`: for want of memory."""
    end = "memory" if died else GROWS if run.climb.goes_on(run.age_s) else LIVES
    return (*earlier[-1:], *run.life(end, growing=belief >= GROWING))
