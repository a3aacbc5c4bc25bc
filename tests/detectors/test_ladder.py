"""Arrays that double: a buffer that nobody flushes, and one that is full."""

from __future__ import annotations

from typing import Any

import pytest

from gctail.detectors.history import History
from gctail.detectors.ladder import ladder


def buffered(make: Any, count: int, *, rate: float = 0.4, most: float = 1e9, base: float = 20.0) -> list[float]:
    """A buffer that is filled evenly: its array doubles, and for one collection the old one lives beside the new."""
    lives, array = [], 4.0
    for at, low in enumerate(make.noisy(lambda _: base, count, 0.4)):
        held = 0.0
        while array < min(rate * at, most):
            held, array = array, 2 * array
        lives.append(low + array + held)
    return lives


@pytest.mark.parametrize("count", [60, 80, 100, 120, 150])
def test_a_buffer_that_doubles_is_a_leak_on_its_longest_rung_too(story: Any, make: Any, count: int) -> None:
    """Its array doubles at 10, 20, 40, 80 and 160: between them it stands still for as long as all the time before."""
    judge, _ = story(buffered(make, count))
    assert judge.verdict().leak


def test_a_buffer_that_is_full_is_no_leak_in_the_end(story: Any, make: Any) -> None:
    judge, _ = story(buffered(make, 300, most=30.0))
    assert not judge.verdict().leak


def test_a_judge_saved_on_a_rung_goes_on_as_if_never_saved(make: Any) -> None:
    straight, saved = make.straight_and_saved(buffered(make, 120), lambda at: at % 25 == 24)
    assert saved == straight


def a_course(levels: list[float]) -> History:
    history = History()
    for at, level in enumerate(levels):
        history.add(float(at), float(at), level, level, 0.0)
    return history


def test_neither_a_staircase_nor_a_straight_line_is_a_ladder() -> None:
    """The steps of a ladder double, and so do its rungs."""
    assert ladder(a_course([20.0] * 10 + [24.0] * 10 + [32.0] * 20 + [48.0] * 30), 0.4) is not None
    assert ladder(a_course([20.0 + 8 * (at // 20) for at in range(80)]), 0.4) is None
    assert ladder(a_course([20.0 + 0.5 * at for at in range(80)]), 0.4) is None
    shrinking = [20.0] * 30 + [24.0] * 20 + [32.0] * 8 + [48.0] * 5
    assert ladder(a_course(shrinking), 0.4) is None, "each rung is shorter than the one below it"
    slowly = [20.0] * 10 + [20.0 + 0.25 * at for at in range(16)] + [24.0] * 5 + [32.0] * 20 + [48.0] * 30
    assert ladder(a_course(slowly), 0.4) is None, "what rises slowly is no step"


def test_its_belief_fades_when_no_step_comes() -> None:
    found = ladder(a_course([20.0] * 10 + [24.0] * 10 + [32.0] * 20 + [48.0] * 30), 0.4)
    assert found is not None
    assert (found.steps, found.last_mib) == (3, 16.0)
    assert found.belief(20.0, 70.0) > 0.5 > found.belief(20.0, 200.0)
