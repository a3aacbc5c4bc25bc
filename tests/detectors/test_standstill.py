"""A standstill after growth: harmless where the growth paused before, the end of it where it never did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gctail.detectors import Judge
from gctail.detectors.history import History
from gctail.detectors.standstill import goes_on, is_due


def history_of(level: Callable[[float], float], work: Callable[[float], float] = lambda t: 10 * t) -> History:
    """A block a second for 100 s."""
    history = History()
    for second in range(1, 101):
        history.add(second, second - 0.5, level(second), level(second), work(second))
    return history


def test_growth_that_never_paused_and_now_stands_still_has_ended() -> None:
    """Seventy seconds up, thirty level: no linear leak does that."""
    assert goes_on(history_of(lambda t: 50 + min(t, 70)), 0.0, 0.5) < 0.01


def test_growth_that_is_under_way_goes_on() -> None:
    """Up to the last second."""
    assert goes_on(history_of(lambda t: 50 + t), 0.0, 0.5) == 1.0


def test_growth_by_steps_may_pause_between_them() -> None:
    """A step every 20 s, the last one 19 s ago."""
    assert goes_on(history_of(lambda t: 50 + 20 * ((t + 19) // 20)), 0.0, 0.5) == 1.0


def test_what_stays_on_its_height_has_ended_more_surely_than_what_falls() -> None:
    """Between two waves of requests a heap falls; what is full does not."""
    full = goes_on(history_of(lambda t: 50 + min(t, 92)), 0.0, 0.5)
    wave = goes_on(history_of(lambda t: 50 + min(t, 92) - (9 if t > 94 else 0)), 0.0, 0.5)
    assert full == pytest.approx(wave**3)
    assert full < 0.01 < wave < 0.3


@pytest.mark.parametrize("rises_s", [1, 4, 10])
def test_a_new_high_is_due_when_it_is_later_than_usual(rises_s: int) -> None:
    """Not between two steps; just after something has become full it is."""

    def level(t: float) -> float:
        return 50.0 + 2.0 * rises_s * (t // rises_s)

    assert not is_due(history_of(lambda t: level(t - 1)), 0.0, 0.5)
    assert is_due(history_of(lambda t: level(min(t, 95 - 2 * rises_s))), 0.0, 0.5)


def test_a_new_high_is_not_due_by_the_clock_while_nothing_is_allocated() -> None:
    """A night is no end."""
    assert not is_due(history_of(lambda t: 50 + min(t, 90), lambda t: 10 * min(t, 90)), 0.0, 0.5)


def test_a_night_without_work_is_no_standstill() -> None:
    """Nothing was allocated for thirty seconds, so nothing could leak."""
    assert goes_on(history_of(lambda t: 50 + min(t, 70), lambda t: 10 * min(t, 70)), 0.0, 0.5) == 1.0


@pytest.mark.parametrize("limit_mib", [300.0, 330.0, 400.0, None])
def test_a_cache_that_is_full_just_below_the_limit_is_no_leak_a_while_later(make: Any, limit_mib: float | None) -> None:
    """It filled in a straight line to 140 MiB and has stood there for a third of the time."""
    lives = make.noisy(lambda i: 40 + min(i, 200) * 0.5, 300)
    judge = Judge(limit_mib)
    for moment in make.moments(make.collections(lives)):
        judge.observe(moment)
    verdict = judge.verdict()
    assert not verdict.leak
    assert verdict.kind in {"bounded-cache", "warm-up"}
    assert verdict.probability < 0.3
