"""Peaks that come again: a heap dies on one of them, long before its level gets there."""

from __future__ import annotations

import pytest

from gctail.detectors import Judge
from gctail.detectors.history import History
from gctail.detectors.peaks import Peaks, peaks_of


def course(peak, every: int, count: int = 60) -> History:
    """A level that rises by 1 MiB a second from 20 MiB on, with a peak every so many seconds."""
    history = History()
    for second in range(count):
        level = 20.0 + second
        history.add(second, second, level, level + (peak(level) if second % every == every - 1 else 0.0), 50.0 * second)
    return history


def test_peaks_that_keep_their_height_are_met_by_that_much_less_of_a_level():
    """A scrape that takes 30 MiB, whatever else there is."""
    found = peaks_of(course(lambda _: 30.0, 10), 0.0, 59.0, 0.0)
    assert found.every_s == pytest.approx(10.0)
    assert found.base_mib(130.0) == pytest.approx(100.0)


def test_peaks_that_grow_with_the_level_meet_the_limit_sooner():
    """A report of all that is held takes as much again."""
    found = peaks_of(course(lambda level: level, 10), 0.0, 59.0, 0.0)
    assert found.base_mib(200.0) == pytest.approx(100.0)


def test_one_peak_or_two_are_chance_and_what_every_block_does_is_no_peak():
    """Three at least, and higher than blocks usually reach."""
    assert peaks_of(course(lambda _: 30.0, 40), 0.0, 59.0, 0.0) == Peaks()
    assert peaks_of(course(lambda _: 30.0, 10), 0.0, 59.0, 30.0) == Peaks()
    assert Peaks().base_mib(130.0) == 130.0


def test_a_leak_beneath_scrapes_ends_when_a_scrape_meets_the_limit(make):
    """Every tenth collection finds three times the heap for a moment: where that doubles past the limit it dies."""
    ends = []
    for times in (1.0, 3.0):
        lives = [(20 + 0.2 * at) * (times if at % 10 == 9 else 1.0) for at in range(145)]
        judge = Judge(400.0)
        for moment in make.moments(make.collections(lives, goals=[max(4, int(2 * live)) for live in [2, *lives[:-1]]])):
            judge.observe(moment)
        forecast = judge.judgement().forecast
        assert forecast is not None
        ends.append(forecast)
    calm, scraped = ends
    assert calm.low > 180.0, "192 MiB are 700 s away"
    assert scraped.low < 100.0 < scraped.high, "a scrape has 192 MiB in 75 s"
