"""Since when does the level rise: what a start-up filled and what stood before is none of the present growth."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from gctail.detectors.episodes import Zigzag
from gctail.detectors.history import History

STANDSTILL_PARTS = (1 / 4, 1 / 8, 1 / 16)
"""How much of an episode may be a first rise that a standstill of at least that length followed."""
START_PARTS = (1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4)
"""How much of an episode may be a start-up that fills the heap."""
START_PACE, STRAIGHT = 3.0, 0.6
"""How many times as fast a start-up is, and how much of the mean rise every quarter of a straight one has."""
SPARE_NOISE = 1.4
START_SHARE = 0.1
"""An episode that began in this share of the process's age began with the process."""
ONSET_SHARE = 0.08
"""An episode's growth begins when it was last this near to its trough: a flat stretch before it is none of it."""


class Rise(NamedTuple):
    """Since when (s) and from what level (MiB) the level rises; whether a start-up at another pace came before."""

    onset_s: float
    level: float
    after_start_up: bool = False


def rise_of(zigzag: Zigzag, history: History, now_s: float) -> Rise | None:
    """The rise under way, where it is well above the noise."""
    episode = zigzag.episode
    if episode is None or len(history) < 3:
        return None
    rise = zigzag.level - episode.trough
    if rise < max(6 * zigzag.noise, 2.0):
        return None
    onset_s = history.last_below(episode.trough + max(zigzag.noise, ONSET_SHARE * rise), episode.trough_s)
    first = Rise(onset_s, episode.trough)
    begun = _after_start_up(history, first, zigzag, now_s)
    return begun if begun.after_start_up else _after_standstill(history, first, zigzag, now_s)


def _after_standstill(history: History, rise: Rise, zigzag: Zigzag, now_s: float) -> Rise:
    """The present growth, where the level stood still on the way for longer than it had risen: another growth.

    It is judged by its own age.
    """
    level, noise = zigzag.level, zigzag.noise
    age_s = now_s - rise.onset_s
    for part in STANDSTILL_PARTS:
        reached_s = rise.onset_s + part * age_s
        stood = history.level(reached_s)
        if level - stood < max(6 * noise, 2.0):
            continue
        left_s = history.last_below(stood + max(2 * noise, ONSET_SHARE * (level - stood)), reached_s)
        if left_s - reached_s >= part * age_s:
            return Rise(left_s, stood)
    return rise


def _after_start_up(history: History, rise: Rise, zigzag: Zigzag, now_s: float) -> Rise:
    """The present growth, where the process filled its heap at once and goes on straight at a third of that pace.

    A cache that fills ever more slowly does not go on straight.
    """
    if zigzag.peaks or rise.onset_s > START_SHARE * now_s:
        return rise
    age_s = now_s - rise.onset_s
    for part in START_PARTS:
        reached_s = rise.onset_s + part * age_s
        reached = history.level(reached_s)
        later, earlier = zigzag.level - reached, reached - rise.level
        if later < max(6 * zigzag.noise, 2.0):
            return rise
        slower = START_PACE * later / (1.0 - part) <= earlier / part
        if slower and _is_straight(history, reached_s, now_s, zigzag.level, zigzag.noise):
            return Rise(reached_s, reached, after_start_up=True)
    return rise


def _is_straight(history: History, begin_s: float, now_s: float, level: float, noise: float) -> bool:
    """Whether each quarter of the time since `begin_s` saw about as much of the rise to `level` as the others."""
    levels = [*(history.level(begin_s + quarter / 4 * (now_s - begin_s)) for quarter in range(4)), level]
    rises = [later - earlier for earlier, later in pairwise(levels)]
    return min(rises) + SPARE_NOISE * noise >= STRAIGHT * sum(rises) / 4 > 0.0
