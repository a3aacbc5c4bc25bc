"""Spikes that come and go, and what grows beneath them."""

from __future__ import annotations

from typing import Any

import pytest

from gctail.detectors.episodes import Zigzag
from gctail.detectors.history import History
from gctail.detectors.passing import Passing


def scraped(make: Any, growth: float, count: int, *, height: float = 30.0, last_for: int = 2) -> list[float]:
    """16 MiB and what grows; for some of every 15 collections, a page of metrics is written."""
    floor = make.noisy(lambda i: 16 + growth * i, count, 0.5)
    return [low + height * (at > 70 and at % 15 < last_for) for at, low in enumerate(floor)]


@pytest.mark.parametrize("count", [180, 182])
def test_a_leak_beneath_spikes_is_found_though_each_of_them_comes_back(story: Any, make: Any, count: int) -> None:
    """A metrics scrape every quarter of a minute; the last one may be under way when the log ends."""
    judge, _ = story(scraped(make, 0.25, count))
    found = judge.judgement()
    assert found.probability > 0.5
    assert found.rate_mib_per_s == pytest.approx(0.25, rel=0.2)


def test_spikes_on_a_level_floor_are_no_leak(story: Any, make: Any) -> None:
    judge, said = story(scraped(make, 0.0, 300))
    assert judge.verdict().probability < 0.05
    assert not [signal for signal in said if signal.kind in {"leak", "growing"}]


def test_a_judge_saved_within_a_spike_goes_on_as_if_never_saved(make: Any) -> None:
    straight, saved = make.straight_and_saved(scraped(make, 0.25, 150), lambda at: at % 15 in {0, 1})
    assert saved == straight


def test_a_step_that_stays_is_no_spike(story: Any, make: Any) -> None:
    """A model is loaded: the floor is another one."""
    judge, _ = story(make.noisy(lambda i: 40 if i < 60 else 70, 200, 0.5))
    assert judge.verdict().kind == "step"


def test_what_a_spike_left_behind_stays_in_the_history() -> None:
    """The blocks of the spike are lowered to the level before it; those around are as they were."""
    history, zigzag, passing = History(), Zigzag(), Passing()
    for at, low in enumerate([20.0, 20.0, 21.0, 20.0, 50.0, 52.0, 24.0]):
        history.add(float(at * 10), float(at * 10), low, low, 0.0)
        zigzag = passing.follow(at * 10.0, low, zigzag, history)
        zigzag.observe(at * 10.0, low)
        if at == 4:
            assert not passing.is_likely  # the first of its kind
    assert list(history.low) == [20.0, 20.0, 21.0, 20.0, 50.0, 52.0, 24.0]  # 50 s of 60 are no moment

    passing, history, zigzag = Passing(), History(), Zigzag()
    for at, low in enumerate([20.0] * 70 + [50.0, 52.0, 24.0]):
        history.add(float(at), float(at), low, low, 0.0)
        zigzag = passing.follow(float(at), low, zigzag, history)
        zigzag.observe(float(at), low)
    assert list(history.low[-3:]) == [20.0, 20.0, 24.0]
    assert passing.count == 1
