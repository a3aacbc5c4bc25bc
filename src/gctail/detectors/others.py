"""What other processes say of the growth under way: earlier runs of the service, and its replicas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from gctail.detectors.climb import Climb
from gctail.detectors.precedent import ANOTHER_RELEASE, REPLICAS, Precedent, is_alike, of_replicas, of_runs, telling
from gctail.detectors.values import Life


class Beside(NamedTuple):
    """The lives of a service's replicas: of each its last run, if there was one, and how it is now.

    They are of its own release, or of `another`.
    """

    release: Sequence[Sequence[Life]] = ()
    another: Sequence[Sequence[Life]] = ()


Replicas = Callable[[], Beside]
"""Where these are had from, as they are now."""


def nobody() -> Beside:
    """A service that has no replicas, or whose replicas are not heard."""
    return Beside()


class Others(Struct, frozen=True):
    """What earlier runs and replicas say; of the `of` replicas of its release so many grow `alike`, itself included."""

    runs: Precedent | None = None
    replicas: Precedent | None = None
    alike: int = 0
    of: int = 0

    def heeded(self, probability: float) -> float:
        """The belief in a leak with what they say; replicas run now, and have the last word."""
        for said in (self.runs, self.replicas):
            probability = said.heeded(probability) if said is not None else probability
        return probability

    @property
    def end(self) -> Precedent | None:
        """Those who died on this very climb, where nobody who runs now contradicts."""
        if self.replicas is not None and self.replicas.course != "levelled-off":
            return self.replicas if self.replicas.is_known_end else self._end_of_runs
        return self._end_of_runs if self.replicas is None else None

    @property
    def _end_of_runs(self) -> Precedent | None:
        return self.runs if self.runs is not None and self.runs.is_known_end else None

    def settled(self, belief: float) -> float:
        """What an alarm heeds: that growth lasts which others died of need not be waited for."""
        end = self.end
        return belief if end is None else max(belief, end.weight * end.belief)

    def calls_warm_up(self, level: float) -> bool:
        """Others grew like this, levelled off, and this one is on the way there."""
        said = [each for each in (self.runs, self.replicas) if each is not None]
        levelled = [each for each in said if each.course == "levelled-off" and not each.is_reached(level)]
        return bool(levelled) and not any(each.course == "beyond" or each.is_known_end for each in said)

    def sentences(self, level: float) -> list[str]:
        """The same in words; `level` is the live heap now (MiB)."""
        said = [each for each in (self.runs, self.replicas) if each is not None and not each.is_reached(level)]
        told = [each.sentence(level) for each in said]
        if self.alike:
            told.append(f"the same in {self.alike} of {self.of} replicas")
        return told

    def evidence(self) -> dict[str, Any]:
        """The same in numbers; empty where nobody says anything."""
        told: dict[str, Any] = {"earlier_runs": self.runs.evidence()} if self.runs is not None else {}
        if self.of or self.replicas is not None:
            said = self.replicas.evidence() if self.replicas is not None else {}
            told["replicas"] = {"of": self.of, "alike": self.alike, **said}
        return told


NOBODY = Others()


def others(  # noqa: PLR0913, PLR0917  (two kinds of others, and where the growth under way stands)
    runs: Sequence[Life], beside: Beside, climb: Climb, level: float, now_s: float, noise_mib: float
) -> Others:
    """What they say of a process of this age (s) that stands so high (MiB); its own release has the first word."""
    if not runs and not any(beside):
        return NOBODY
    said = [
        of_replicas(whose, [telling(lives) for lives in those], climb, level, now_s, noise_mib)
        for whose, those in ((REPLICAS, beside.release), (ANOTHER_RELEASE, beside.another))
    ]
    earlier = of_runs(runs, climb, level, now_s, noise_mib) if runs else None
    count = len(beside.release)
    alike = sum(is_alike(lives[-1], climb, level, now_s, noise_mib) for lives in beside.release)
    return Others(earlier, said[0] or said[1], alike + 1 if alike else 0, count + 1 if count else 0)
