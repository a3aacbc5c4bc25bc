"""A level that rises with the load is no leak; one that rises without it, or beyond it, may be one."""

from __future__ import annotations

import pytest

from gctail.detectors.busier import LEAST, busier
from gctail.detectors.history import History


def _history(levels: list[float], pace: list[float]) -> History:
    """A block a second."""
    history, allocated = History(), 0.0
    for second, (level, mib_per_s) in enumerate(zip(levels, pace, strict=True), 1):
        allocated += mib_per_s
        history.add(float(second), second - 0.5, level, level, allocated)
    return history


def test_a_load_that_stays_as_it_is_says_nothing() -> None:
    """Growth under an even load, and under one that falls, is judged as it is."""
    grows = [20.0 + second for second in range(60)]
    assert busier(_history(grows, [10.0] * 60), 5.0, 60.0) == 1.0
    assert busier(_history(grows, [30.0 - second / 3 for second in range(60)]), 5.0, 60.0) == 1.0


def test_a_load_that_rose_in_steps_takes_the_growth_with_it() -> None:
    """Each step of the load holds more: at five times the load hardly anything speaks for a leak."""
    load = [10.0] * 20 + [30.0] * 20 + [50.0] * 20
    held = [20.0 + 0.5 * each for each in load]
    assert busier(_history(held, load), 1.0, 60.0) == pytest.approx(LEAST)


def test_a_level_that_rose_beyond_the_load_is_not_explained_by_it() -> None:
    """Sixteen times the level at twice the load: the load has little to do with it."""
    load = [10.0] * 30 + [20.0] * 30
    beyond = [5.0 * 1.055**second for second in range(60)]
    within = [20.0 + 0.2 * second for second in range(60)]
    assert busier(_history(beyond, load), 1.0, 60.0) == 1.0
    assert busier(_history(within, load), 1.0, 60.0) < 0.7


def test_a_rate_that_follows_the_heap_is_no_load() -> None:
    """With collections at even distances as much is allocated as is live: twice the heap is twice the rate."""
    grows = [30.0 + 2.0 * second for second in range(100)]
    assert busier(_history(grows, grows), 5.0, 100.0) == 1.0


def test_a_process_of_a_few_blocks_has_no_load_yet() -> None:
    """Nothing is divided by nothing at the start."""
    assert busier(_history([4.0, 8.0], [1.0, 50.0]), 0.0, 2.0) == 1.0
    assert busier(_history([4.0] * 9, [0.0] * 9), 9.0, 9.0) == 1.0
