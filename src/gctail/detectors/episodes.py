"""Episodes of growth: from a trough up to where the level turns back, and what the service's earlier ones teach."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

REVERSAL_SHARE = 0.35
"""An episode ends when this share of its rise is lost again; less would end it at every flutter."""
REVERSAL_NOISE = 6.0
SMALLEST_RISE_MIB = 1.5
NEW_HIGH = 1.04
SHORT_COSTS = 3
"""A new high by less than that margin takes so many off a streak of them, and does not end it at once: on a straight
line the margin grows with the level, and belief fell by half from one collection to the next."""
MOST_PEAKS = 40
ABOUT = 0.1
"""A peak counts as having been as high as a level that passes it by this share of its rise."""


class Peak(Struct, frozen=True):
    """Where one episode turned: when (s), at what level, after rising how far (MiB) for how long (s)."""

    time_s: float
    level: float
    rise: float
    age_s: float


class Episode(Struct, frozen=True):
    """The episode under way: since when (s) and from what level it rises, its highest level (MiB) and when that was."""

    trough_s: float
    trough: float
    peak_s: float
    peak: float


class Streak(Struct, frozen=True):
    """Blocks in a row that each set a new high by a margin: how many, since when (s), from what level (MiB)."""

    count: int
    since_s: float
    level: float


class Zigzag:
    """Follows the level (the median of three blocks) from turn to turn; keeps at most forty turns."""

    __slots__ = ("_last", "_run", "_top", "episode", "noise", "peaks", "streak")

    def __init__(self, noise: float | None = None) -> None:
        self.episode: Episode | None = None
        self.peaks: list[Peak] = []
        self.noise = noise or 0.0
        self._last: list[float] = []
        self._run = 0
        self._top = 0.0
        self.streak = Streak(0, 0.0, 0.0)

    @property
    def level(self) -> float:
        """The level now, MiB: the median of three blocks, which lags; the last one where four in a row did not fall."""
        if not self._last:
            return 0.0
        return self._last[-1] if self._run >= 4 else sorted(self._last)[(len(self._last) - 1) // 2]

    @property
    def top(self) -> float:
        """The highest level of the streak of new highs, MiB."""
        return self._top

    def observe(self, time_s: float, low: float) -> Peak | None:
        """Follow one block; the peak where an episode has just ended."""
        if self._last:
            self._learn_noise(abs(low - self._last[-1]))
            self._run = self._run + 1 if low >= self._last[-1] else 0
        self._last = [*self._last[-2:], low]
        self._follow_streak(time_s, low)
        level = self.level
        episode = self.episode
        if episode is not None and episode.peak - level > self._reversal(episode):
            self.episode = Episode(time_s, level, time_s, level)
            return self._turned(episode)
        if episode is None or level <= episode.trough:
            self.episode = Episode(time_s, level, time_s, level)
        elif level > episode.peak:
            self.episode = Episode(episode.trough_s, episode.trough, time_s, level)
        return None

    def _follow_streak(self, time_s: float, low: float) -> None:
        """One more new high, or the end of the streak; the first block of all begins one."""
        if low > NEW_HIGH * self._top + 0.5:
            streak = self.streak
            self.streak = (
                Streak(streak.count + 1, streak.since_s, streak.level) if streak.count else Streak(1, time_s, low)
            )
            self._top = low
        elif low >= self._top and self.streak.count > SHORT_COSTS:
            self.streak = Streak(self.streak.count - SHORT_COSTS, self.streak.since_s, self.streak.level)
        else:
            self.streak = Streak(0, 0.0, 0.0)

    def _reversal(self, episode: Episode) -> float:
        return max(REVERSAL_NOISE * self.noise, REVERSAL_SHARE * (episode.peak - episode.trough), SMALLEST_RISE_MIB)

    def _turned(self, episode: Episode) -> Peak | None:
        """Remember a turn that was worth one: a rise well above the noise."""
        rise = episode.peak - episode.trough
        if rise <= max(REVERSAL_NOISE * self.noise, 2.0):
            return None
        peak = Peak(round(episode.peak_s, 3), episode.peak, round(rise, 3), round(episode.peak_s - episode.trough_s, 3))
        self.peaks.append(peak)
        if len(self.peaks) > MOST_PEAKS:
            self._forget()
        return peak

    def _forget(self) -> None:
        """Join the two neighbouring peaks that lie closest for their age, and keep the higher."""
        now_s = self.peaks[-1].time_s
        gaps = [
            (later.time_s - earlier.time_s) / (now_s - earlier.time_s + 1e-9)
            for earlier, later in zip(self.peaks, self.peaks[1:-1], strict=False)
        ]
        index = gaps.index(min(gaps))
        keep = max(self.peaks[index : index + 2], key=lambda peak: peak.level)
        self.peaks[index : index + 2] = [keep]

    def _learn_noise(self, step: float) -> None:
        """Robust spread of neighbouring blocks: an exponential mean of steps, each clipped at four times the mean."""
        usual = max(self.noise, 0.35)
        self.noise = max(0.35, round(usual + 0.03 * (min(step, 4 * usual + 1.0) * 1.05 - usual), 6))

    def occasions(self, level: float, age_s: float) -> int:
        """How often the service was this high before and came back down, counting rises of comparable age."""
        least_s = 0.1 * age_s
        return sum([peak.age_s >= least_s and peak.level + ABOUT * peak.rise >= level for peak in self.peaks])

    def state(self) -> dict[str, Any]:
        """Plain data."""
        episode = self.episode
        return {
            "episode": [episode.trough_s, episode.trough, episode.peak_s, episode.peak] if episode else None,
            "peaks": [[p.time_s, p.level, p.rise, p.age_s] for p in self.peaks],
            "noise": self.noise,
            "last": list(self._last),
            "run": self._run,
            "top": self._top,
            "streak": [self.streak.count, self.streak.since_s, self.streak.level],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Zigzag:
        """The zigzag that `state` was taken from."""
        zigzag = cls(state["noise"])
        zigzag.episode = Episode(*state["episode"]) if state["episode"] else None
        zigzag.peaks = [Peak(*peak) for peak in state["peaks"]]
        zigzag._last, zigzag._run, zigzag._top = list(state["last"]), state["run"], state["top"]
        zigzag.streak = Streak(*state["streak"])
        return zigzag
