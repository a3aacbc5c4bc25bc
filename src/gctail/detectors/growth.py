"""Is this growth a leak? Episodes of growth and one regression over all onsets, both judged by how long growth lasts.

That a heap grows says little: caches fill, traffic rises, days come and go. What tells a leak is that its growth goes
on until the memory is gone, so every explanation of the growth is weighed by D/(D+T): how long it has lasted, against
how long it still needs to the level where the process dies. Two ways of judging are averaged, because they fail
differently: the zigzag of the level follows quickly, the regression remembers and sees when growth is ending.
"""

from __future__ import annotations

from typing import Any

from gctail.detectors.beneath import HELD, START_SHARE, beneath, is_rise
from gctail.detectors.busier import busier
from gctail.detectors.copies import Copies
from gctail.detectors.episodes import Zigzag
from gctail.detectors.floor import floor_of
from gctail.detectors.hinge import FEWEST_BLOCKS
from gctail.detectors.history import History
from gctail.detectors.ladder import Ladder, ladder
from gctail.detectors.outlook import LEAST_SUSPICION, NOTHING, Outlook, by_curves, by_episode, by_streak
from gctail.detectors.passing import Passing
from gctail.detectors.regression import Regression, regression
from gctail.detectors.rises import rise_of
from gctail.detectors.standstill import goes_on, is_due
from gctail.detectors.teeth import teeth
from gctail.detectors.values import Carryover

DOUBT = 0.5
"""Weight of the service's own past: growth to a level that it came back from n times counts DOUBT/(DOUBT+n)."""
YOUTH_SHARE = 0.004
"""Growth younger than this share of the process's age is discounted: there were many chances for a short one."""
LESS_CLEARLY, CLEARLY_ENDLESS, ALONE_TRUST = 0.6, 0.9, 0.9
"""Weight of curves without an end from which on the regression alone is believed a little, and nearly at last."""
START_S = 1.0
"""While a process is only a few times this old all growth is discounted: programs load things."""


def weighed(probability: float, odds: float) -> float:
    """A probability after evidence that changes its odds by this factor."""
    return odds * probability / (1.0 + (odds - 1.0) * probability)


class Growth:
    """The growth of one process epoch: its levels, its turns, and the last judgement of each kind."""

    __slots__ = (
        "_fit_s",
        "_unfitted",
        "copies",
        "ended",
        "floor",
        "history",
        "judged",
        "ladder",
        "memory",
        "passing",
        "waves",
        "zigzag",
    )

    def __init__(self, memory: Carryover | None = None) -> None:
        self.memory = memory or Carryover()
        self.history = History()
        self.zigzag = Zigzag(self.memory.noise_mib)
        self.passing = Passing()
        self.copies = Copies()
        self.ladder: Ladder | None = None
        self.judged = self.waves = NOTHING
        self.floor: Outlook | None = None
        self._fit_s = 0.0
        self._unfitted = 0
        self.ended = False

    def follow(self, now_s: float, low: float) -> None:
        """Take a block into the zigzag; where the level turned, what the regression said is out of date."""
        self._unfitted += 1
        self.copies.follow(now_s, low)
        self.zigzag = self.passing.follow(now_s, low, self.zigzag, self.history)
        if self.zigzag.observe(now_s, low) is not None:
            self._fit_s = 0.0

    def rests(self, onset_s: float) -> bool:
        """Whether what rises since then should have risen by now, and has not: the next blocks tell if it is over."""
        return is_due(self.history, onset_s, self.zigzag.noise)

    def settle(self) -> None:
        """A jump under way that is most likely one more spike counts as one: nobody will see how it ends."""
        if self.passing.is_likely:
            self.zigzag = self.passing.taken_back(self.zigzag, self.history)

    def end(self) -> None:
        """Memory has killed the process: what growth it came back from before no longer speaks for it."""
        self.ended = True

    def discount(self, now_s: float, level: float, age_s: float) -> float:
        """What the past says, as a factor: levels come back from, process start, and many chances for short growth."""
        if self.ended:
            return 1.0
        returned = self.zigzag.occasions(level, age_s)
        returned += sum(1 for plateau in self.memory.plateaus_mib if plateau >= 0.97 * level)
        return DOUBT / (DOUBT + returned) * self._youth(now_s, age_s)

    def _youth(self, now_s: float, age_s: float) -> float:
        """The start of a process, and the many chances for short growth, as a factor."""
        return 1.0 if self.ended else age_s / (age_s + YOUTH_SHARE * now_s + 1e-9) * now_s / (now_s + START_S)

    def probability(self, now_s: float, head_mib: float) -> tuple[float, Outlook, Outlook]:
        """The belief in a leak now, and both ways of judging behind it; needs no new regression."""
        return self.probability_with(self.judged, self.waves, now_s, head_mib)

    def probability_with(
        self, judged: Outlook, waves: Outlook, now_s: float, head_mib: float
    ) -> tuple[float, Outlook, Outlook]:
        """The belief in a leak, given what the regressions say; where it grows beneath a load, that is the way."""
        episode = by_episode(self.zigzag, self.history, now_s, head_mib)
        level = self.zigzag.level
        quick = episode.probability * self.discount(now_s, level, now_s - episode.onset_s)
        slow = judged.probability * self.discount(now_s, level, now_s - judged.onset_s)
        streak = by_streak(self.zigzag, self.history, now_s, head_mib)
        abrupt = streak.probability * self.discount(now_s, level, now_s - streak.onset_s)
        own = 1.0 - judged.load
        quick, abrupt = own * quick, own * abrupt
        both = (quick + slow) / 2
        # two halves of an episode are a rough guess at an end that no curve sees
        clearly = min(1.0, max(0.0, (judged.endless - LESS_CLEARLY) / (CLEARLY_ENDLESS - LESS_CLEARLY)))
        both += clearly * max(0.0, ALONE_TRUST * slow - both)
        together = max(both, abrupt)
        if self.memory.fatal_mib or self.memory.unfinished:
            together = weighed(together, 4.0 if self.memory.fatal_mib else 2.0)
        if together > LEAST_SUSPICION:
            onset_s = episode.onset_s if quick > slow else judged.onset_s
            factor = goes_on(self.history, onset_s, self.zigzag.noise)
            if not self.ended:
                factor *= busier(self.history, onset_s, now_s)
            together = weighed(together, factor)
        beneath = waves.probability * self._youth(now_s, now_s - waves.onset_s)
        return (beneath, NOTHING, waves) if beneath > together else (together, episode, judged)

    def episode(self, now_s: float, head_mib: float) -> Outlook:
        """The episode under way, judged against another level."""
        return by_episode(self.zigzag, self.history, now_s, head_mib)

    def towards(self, found: Regression, judged: Outlook, now_s: float, head_mib: float) -> tuple[Outlook, Outlook]:
        """Both ways of judging against another level than usual; only what was hidden is judged so again."""
        straight, hidden = by_curves(found, now_s, head_mib)
        return (NOTHING, hidden) if judged.hidden else (self.episode(now_s, head_mib), straight)

    def regress(self, now_s: float, noise_mib: float) -> Regression:
        """A new regression, of which nothing is kept: over everything but the start-up."""
        rise = rise_of(self.zigzag, self.history, now_s)
        since_s = START_SHARE * now_s
        if rise is not None and rise.after_start_up:  # what the start-up allocated is gone after the longest hold
            since_s = rise.onset_s + HELD[-1] * (now_s - rise.onset_s)
        found = regression(self.history, noise_mib, since_s)
        if not is_rise(self.history.low, noise_mib):
            return found
        hidden = beneath(self.history, now_s, noise_mib), teeth(self.history, now_s, noise_mib)
        return found._replace(hidden=tuple(each for each in hidden if each is not None))

    def steps(self) -> Ladder | None:
        """The ladder that the history ends with, if it does; nothing is kept."""
        return ladder(self.history, self.zigzag.noise)

    def on_floor(self) -> tuple[Growth, float] | None:
        """The growth of the floor alone, and how far above it the level usually goes (MiB); None where it has none."""
        found = floor_of(self.history.time_s, self.history.low, self.passing.last)
        if found is None:
            return None
        floor = Growth(self.memory)
        floor.history, floor.ended = self.history.chosen(found.places), self.ended
        for end_s, low in zip(floor.history.end_s, floor.history.low, strict=True):
            floor.zigzag.observe(end_s, low)
        return floor, found.above_mib

    def recent(self, onset_s: float, now_s: float) -> list[float]:
        """The levels of the younger part of the growth, block by block: older blocks have been joined."""
        history = self.history
        return list(history.low[history.at(now_s - 0.7 * (now_s - onset_s)) :])

    def due(self, now_s: float, suspicion: float, onset_s: float) -> bool:
        """Whether to run the regression again: after a twentieth of the growth, or of all time where it is calm.

        It also wants some new blocks: an eighth of those since the onset, and no more than eight, so that the few
        points of a short run are used at once.
        """
        blocks = len(self.history)
        if blocks < FEWEST_BLOCKS:
            return False
        since_s = onset_s if suspicion > 0.05 else 0.0
        fresh = min(8, (blocks - self.history.at(since_s)) // 8)
        return self._unfitted >= fresh and now_s - self._fit_s >= 0.05 * (now_s - since_s)

    def refit(self, now_s: float, head_mib: float, noise_mib: float) -> None:
        """Run the regression and remember what it says."""
        self.judged, self.waves = by_curves(self.regress(now_s, noise_mib), now_s, head_mib)
        self.ladder = self.steps()
        self._fit_s, self._unfitted = now_s, 0

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "history": self.history.state(),
            "zigzag": self.zigzag.state(),
            "judged": list(self.judged),
            "waves": list(self.waves),
            "fit": [self._fit_s, self._unfitted],
            "ended": self.ended,
            "passing": self.passing.state(),
            "copies": self.copies.state(),
            "floor": list(self.floor) if self.floor is not None else None,
            "ladder": list(self.ladder) if self.ladder is not None else None,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self.history = History.restore(state["history"])
        self.zigzag = Zigzag.restore(state["zigzag"])
        self.judged, self.waves = Outlook(*state["judged"]), Outlook(*state.get("waves", NOTHING))
        self._fit_s, self._unfitted = state["fit"]
        self.ended = state["ended"]
        self.floor = Outlook(*floor) if (floor := state.get("floor")) else None
        if "copies" in state:  # an older program kept none
            self.copies = Copies.restore(state["copies"])
        if "passing" in state:  # an older program kept neither
            self.passing = Passing.restore(state["passing"])
            self.ladder = Ladder(*state["ladder"]) if state.get("ladder") else None
