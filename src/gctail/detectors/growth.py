"""Is this growth a leak? Episodes of growth and one regression over all onsets, both judged by how long growth lasts.

That a heap grows says little: caches fill, traffic rises, days come and go. What tells a leak is that its growth goes
on until the memory is gone, so every explanation of the growth is weighed by D/(D+T): how long it has lasted, against
how long it still needs to the level where the process dies. Two ways of judging are averaged, because they fail
differently: the zigzag of the level follows quickly, the regression remembers and sees when growth is ending.
"""

from __future__ import annotations

from math import log
from typing import Any, NamedTuple

from gctail.detectors.episodes import Zigzag
from gctail.detectors.hinge import Fit, fit
from gctail.detectors.history import History
from gctail.detectors.passage import survival
from gctail.detectors.values import Carryover

DOUBT = 0.5
"""Weight of the service's own past: growth to a level that it came back from n times counts DOUBT/(DOUBT+n)."""
YOUTH_SHARE = 0.004
"""Growth younger than this share of the process's age is discounted: there were many chances for a short one."""
START_S = 1.0
"""What has grown since process start is discounted while it is only a few times this old: programs load things."""


class Outlook(NamedTuple):
    """One way of judging: probability, seconds to the fatal level (None: never), onset (s), rise (MiB), rate (MiB/s)."""

    probability: float
    left_s: float | None
    onset_s: float
    rise_mib: float
    rate_mib_per_s: float


NOTHING = Outlook(0.0, None, 0.0, 0.0, 0.0)


def by_episode(zigzag: Zigzag, history: History, now_s: float, head_mib: float) -> Outlook:
    """Judge the episode under way by the slope of its younger half, unless its younger half grows slower (it is ending)."""
    episode = zigzag.episode
    if episode is None or len(history) < 3:
        return NOTHING
    level = zigzag.level
    rise, age_s = level - episode.trough, now_s - episode.trough_s
    if age_s <= 0.0 or rise < max(6 * zigzag.noise, 2.0):
        return NOTHING
    middle_s = now_s - age_s / 2
    middle = min(max(history.level(middle_s), episode.trough), level)
    younger, older = (level - middle) / (age_s / 2), (middle - episode.trough) / (age_s / 2)
    if younger <= 0.0:
        return Outlook(0.0, None, episode.trough_s, rise, 0.0)
    left_s: float | None = head_mib / younger
    if younger < older:
        left_s = _saturating(younger, older, age_s, head_mib)
    chance = survival(age_s, left_s)
    late = (level - history.level(now_s - age_s / 4)) / (age_s / 4)
    if late < 0.25 * younger:
        chance *= 0.5
    return Outlook(chance, left_s, episode.trough_s, rise, younger)


def _saturating(younger: float, older: float, age_s: float, head_mib: float) -> float | None:
    """Seconds left where the slope falls from half to half (MiB/s): never, where the exponential through both stays below."""
    ratio = younger / older
    if ratio >= 0.98:
        return head_mib / younger
    remaining = younger * age_s / 2 * ratio / (1.0 - ratio)
    if remaining >= head_mib:
        return head_mib / younger
    return None if ratio < 0.75 else 3.0 * head_mib / younger


def by_regression(found: Fit, now_s: float, head_mib: float) -> Outlook:
    """Judge every curve of the regression and weigh the judgements; times by the weighted median."""
    chance, grown = 0.0, 0.0
    ways: list[tuple[float, float]] = []
    onset_s = rise = rate = 0.0
    for curve in found.curves:
        age_s = max(now_s - curve.onset_s, 1e-3)
        left_s = _left(curve.rate_mib_per_s, curve.remaining_mib, curve.tau_s, head_mib)
        chance += curve.weight * survival(age_s, left_s)
        ways.append((left_s if left_s is not None else float("inf"), curve.weight))
        grown += curve.weight
        onset_s += curve.weight * curve.onset_s
        rise += curve.weight * curve.rise_mib
        rate += curve.weight * curve.rate_mib_per_s
    if grown <= 0.0:
        return NOTHING
    return Outlook(chance, _median(ways, grown), onset_s / grown, rise / grown, rate / grown)


def _left(rate: float, remaining: float | None, tau_s: float | None, head_mib: float) -> float | None:
    """Seconds until a curve has risen by `head_mib`; None where it never does."""
    if remaining is None or tau_s is None:
        return head_mib / rate if rate > 0.0 else None
    return -tau_s * log(1.0 - head_mib / remaining) if remaining > head_mib else None


def _median(ways: list[tuple[float, float]], total: float) -> float | None:
    """The weighted median of (seconds, weight); None where most of the weight says never."""
    covered = 0.0
    for seconds, weight in sorted(ways):
        covered += weight
        if covered >= 0.5 * total:
            return None if seconds == float("inf") else seconds
    return None


def regression(history: History, since_s: float, noise_mib: float) -> Fit:
    """The regression over everything since `since_s`, with the allocation rate (relative to its mean) as load."""
    view = history.since(since_s)
    usual = sum(view.rate) / len(view.rate) if view.rate else 0.0
    loads = [min(max(rate / usual - 1.0, -1.0), 4.0) for rate in view.rate] if usual > 0.0 else [0.0] * len(view.rate)
    return fit(view.time_s, view.allocated, view.low, loads, noise_mib)


class Growth:
    """The growth of one process epoch: its levels, its turns, and the last judgement of each kind."""

    __slots__ = ("_fit_count", "_fit_s", "history", "judged", "memory", "zigzag")

    def __init__(self, memory: Carryover | None = None) -> None:
        self.memory = memory or Carryover()
        self.history = History()
        self.zigzag = Zigzag(self.memory.noise_mib)
        self.judged = NOTHING
        self._fit_s = 0.0
        self._fit_count = 0

    def discount(self, onset_s: float, now_s: float, level: float, age_s: float) -> float:
        """What the past says, as a factor: levels come back from, process start, and many chances for short growth."""
        returned = self.zigzag.occasions(level, age_s)
        returned += sum(1 for plateau in self.memory.plateaus_mib if plateau >= 0.97 * level)
        factor = DOUBT / (DOUBT + returned)
        factor *= age_s / (age_s + YOUTH_SHARE * now_s + 1e-9)
        if onset_s <= 0.1 * now_s:
            factor *= now_s / (now_s + START_S)
        return factor

    def probability(self, now_s: float, head_mib: float) -> tuple[float, Outlook, Outlook]:
        """The belief in a leak now, and both ways of judging behind it; needs no new regression."""
        return self.probability_with(self.judged, now_s, head_mib)

    def probability_with(self, judged: Outlook, now_s: float, head_mib: float) -> tuple[float, Outlook, Outlook]:
        """The belief in a leak, given what the regression says."""
        episode = by_episode(self.zigzag, self.history, now_s, head_mib)
        level = self.zigzag.level
        quick = episode.probability * self.discount(episode.onset_s, now_s, level, now_s - episode.onset_s)
        slow = judged.probability * self.discount(judged.onset_s, now_s, level, now_s - judged.onset_s)
        together = (quick + slow) / 2
        if self.memory.fatal_mib or self.memory.unfinished:
            odds = 4.0 if self.memory.fatal_mib else 2.0
            together = odds * together / (1.0 + (odds - 1.0) * together)
        return together, episode, judged

    def due(self, now_s: float, collections: int, suspicion: float) -> bool:
        """Whether to run the regression again: after a twentieth of what it would look at, or a tenth where all is calm."""
        if collections < 6:
            return False
        episode = self.zigzag.episode
        age_s = now_s - (episode.trough_s if episode and suspicion > 0.05 else 0.0)
        share = 0.05 if suspicion > 0.05 else 0.08
        enough = collections - self._fit_count >= min(24, max(1, collections // 10))
        return enough and now_s - self._fit_s >= share * max(age_s, 0.0)

    def refit(self, now_s: float, collections: int, head_mib: float, noise_mib: float) -> Fit:
        """Run the regression and remember what it says."""
        found = regression(self.history, 0.0, noise_mib)
        self.judged = by_regression(found, now_s, head_mib)
        self._fit_s, self._fit_count = now_s, collections
        return found

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "history": self.history.state(),
            "zigzag": self.zigzag.state(),
            "judged": list(self.judged),
            "fit": [self._fit_s, self._fit_count],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self.history = History.restore(state["history"])
        self.zigzag = Zigzag.restore(state["zigzag"])
        self.judged = Outlook(*state["judged"])
        self._fit_s, self._fit_count = state["fit"]
