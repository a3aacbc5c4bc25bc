"""Growth that slows down, and growth that only seems to."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest

from gctail.detectors.bending import ripple
from gctail.detectors.history import History


def wavy(level: Any, make: Any, count: int, high: float = 4.0) -> list[float]:
    """Requests come in waves of seven collections, eleven are quiet."""
    return [low + high * (at % 18 < 7) for at, low in enumerate(make.noisy(level, count, 0.5))]


def test_growth_under_waves_of_load_has_not_stopped_because_the_last_wave_was_lower(story: Any, make: Any) -> None:
    """Of 50 MiB, three quarters more in the end: how far the halves differ is not known better than the waves are."""
    for count in range(90, 108, 3):
        judge, _ = story(wavy(lambda i: 50 + 0.35 * i, make, count))
        assert judge.verdict().kind in {"leak", "growing"}, count


@pytest.mark.parametrize("full_at", [30, 50])
def test_a_cache_that_is_full_under_waves_of_load_is_no_leak(story: Any, make: Any, full_at: int) -> None:
    judge, _ = story(wavy(lambda i: 50 + 35 * min(i / full_at, 1.0), make, 100))
    assert judge.verdict().probability < 0.3


def test_a_leak_beside_a_cache_that_has_filled_is_straight_since_then(story: Any, make: Any) -> None:
    judge, _ = story(make.noisy(lambda i: 3 if not i else 30 + 20 * (1 - exp(-i / 8)) + 0.7 * i, 100, 1.0))
    assert judge.verdict().leak


def test_a_cache_that_filled_in_a_line_and_is_full_is_no_leak_a_tenth_later(story: Any, make: Any) -> None:
    judge, _ = story(make.noisy(lambda i: 20 + 0.8 * min(i, 62), 70, 0.5))
    assert not judge.verdict().leak


def test_a_line_that_goes_on_is_a_leak_and_began_where_it_began(story: Any, make: Any) -> None:
    judge, _ = story(make.noisy(lambda i: 20 + 0.8 * i, 70, 0.5))
    told = judge.verdict()
    assert told.leak
    assert told.onset_uptime_s < 0.3 * 70


def test_a_bend_is_no_ripple_and_a_wave_is_one() -> None:
    bent, waved = History(), History()
    for at in range(60):
        bent.add(float(at), float(at), 20 + 0.02 * at * at, 0.0, 0.0)
        waved.add(float(at), float(at), 20 + 0.5 * at + 3 * (at % 12 < 6), 0.0, 0.0)
    assert ripple(bent, 0.0, 30.0) < 0.01
    assert ripple(waved, 0.0, 30.0) == pytest.approx(1.5, abs=0.3)
    assert ripple(waved, 50.0, 55.0) == 0.0, "too few to tell"


def test_what_rises_in_the_last_third_as_in_the_others_is_not_told_to_have_stopped(story: Any, make: Any) -> None:
    """However little is believed: the reader sees that it grows."""
    for count in range(40, 110, 5):
        judge, _ = story(wavy(lambda i: 50 + 0.2 * i, make, count, 8.0))
        told = judge.verdict()
        assert told.probability < 0.05 or told.kind not in {"bounded-cache", "warm-up"}, (count, told)
