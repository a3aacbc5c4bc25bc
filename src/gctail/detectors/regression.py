"""The regression over a history: what the level owes to the load is taken out, the rest is fitted."""

from __future__ import annotations

from typing import NamedTuple

from gctail.detectors.beneath import HELD, Beneath
from gctail.detectors.hinge import Fit, fit
from gctail.detectors.history import History
from gctail.detectors.load import Load, load_of


class Regression(NamedTuple):
    """The curves through the levels without their load, and that load; growth fitted beside a load, or beside teeth."""

    fit: Fit
    load: Load
    hidden: tuple[Beneath, ...] = ()

    @property
    def load_share(self) -> float:
        """How much of the level's course is that of the load."""
        return max([self.load.share, *(each.share for each in self.hidden)])


def regression(history: History, noise_mib: float, since_s: float = 0.0) -> Regression:
    """The regression over the history since then, with what follows the allocation rate taken out of the levels."""
    view = history.since(since_s)
    usual = sum(view.rate) / len(view.rate) if view.rate else 0.0
    if usual <= 0.0 or len(view.low) < 4:
        return Regression(fit(view.time_s, view.allocated, view.low, noise_mib), Load(0.0, 0.0, 0.0))
    recent = [history.recent(view, share) for share in HELD]
    loads = [min(rate / usual - 1.0, 4.0) for rate in view.rate]
    load = load_of(view.time_s, view.low, loads)
    levels = [level - load.mib * z for level, z in zip(view.low, loads, strict=True)]
    return Regression(fit(view.time_s, view.allocated, levels, noise_mib, recent), load)
