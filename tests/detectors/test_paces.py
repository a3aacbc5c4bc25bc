"""How unevenly a process allocates, and what that lets its heap do until the runtime's timer collects."""

from __future__ import annotations

from math import sin, tau

import pytest

from gctail.detectors import Judge
from gctail.detectors.history import History
from gctail.detectors.paces import paces, swing

DAY_S = 86_400.0


def allocating(pace, hours: int = 96) -> History:
    """Blocks of an hour in which so many MiB a second were allocated."""
    history, allocated = History(), 0.0
    for hour in range(1, hours + 1):
        allocated += 3600.0 * pace(hour)
        history.add(3600.0 * hour, 3600.0 * hour, 100.0, 100.0, allocated)
    return history


def by_day(hour: int) -> float:
    """Two MiB a second by day, next to nothing by night."""
    return 1.05 + sin(tau * hour / 24.0)


def test_who_always_allocates_as_fast_has_one_pace_and_no_swing():
    """However far ahead one asks."""
    even = allocating(lambda _: 0.5)
    for ahead_s in (600.0, DAY_S, 90 * DAY_S):
        assert paces(even, 4 * DAY_S, ahead_s) == pytest.approx([0.5] * 4)
        assert swing(even, 4 * DAY_S, ahead_s, DAY_S) == pytest.approx(0.0, abs=1e-9)


def test_a_calm_night_does_not_make_the_day_forgotten():
    """Within the next hours it may be as calm as lately, or as busy as it was by day."""
    history = allocating(by_day, 93)
    calm, *_, busy = paces(history, 93 * 3600.0, 6 * 3600.0)
    assert calm < 0.8
    assert busy > 1.9


def test_a_growth_by_work_may_swerve_within_a_day_and_not_within_many():
    """Of the next six hours nobody knows whether they are busy; the next two days are as the last two."""
    history = allocating(by_day)
    assert swing(history, 4 * DAY_S, 6 * 3600.0, DAY_S) > 0.5
    assert swing(history, 4 * DAY_S, 2 * DAY_S, DAY_S) < 0.1


def test_a_heap_that_the_timer_collects_lives_on_beyond_the_level_of_its_goal(make):
    """Of 400 MiB, 20 are allocated in two minutes: not the goal of 192 MiB of live heap is its end, but 364 are."""
    for every_s, fatal_mib in ((2.0, 192.0), (120.0, 364.0)):
        lives = [60.0 + 0.5 * at for at in range(250)]
        cycles = make.collections(lives, every_s=every_s, goals=[max(4, int(2 * live)) for live in [2.0, *lives[:-1]]])
        if every_s >= 120.0:
            heaps = [int(live) + 20 for live in lives]
            cycles = [
                make.replaced(cycle, heap_start_mib=heap, heap_end_mib=heap)
                for cycle, heap in zip(cycles, heaps, strict=True)
            ]
        judge = Judge(400.0)
        for moment in make.moments(cycles):
            judge.observe(moment)
        left_s = (fatal_mib - lives[-1]) / 0.5 * every_s
        forecast = judge.judgement().forecast
        assert forecast is not None
        assert forecast.low < left_s < forecast.high
        assert forecast.seconds == pytest.approx(left_s, rel=0.4)
