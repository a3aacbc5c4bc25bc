"""What grows beneath reports, exports and batches that lift the heap for moments, each for several collections."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from gctail.detectors.floor import Excursion, floor_of


def reported(make: Any, growth: float, count: int, *, full: float = 1000.0, height: float = 40.0) -> list[float]:
    """20 MiB and what grows until it is full; of each dozen collections three see a report, the first as it begins."""
    floor = make.noisy(lambda i: min(20 + growth * i, full), count, 0.5)
    shares = {5: 0.4, 6: 1.0, 7: 0.9}
    return [low + height * shares.get(at % 12, 0.0) for at, low in enumerate(floor)]


@pytest.mark.parametrize("count", [84, 90, 91])
def test_a_leak_beneath_reports_is_found_from_the_third_of_them(story: Any, make: Any, count: int) -> None:
    """The log may end within a report."""
    judge, _ = story(reported(make, 0.4, count))
    found = judge.judgement()
    assert found.probability > 0.5
    assert found.kind.startswith("leak")
    assert found.rate_mib_per_s == pytest.approx(0.4, rel=0.2)


@pytest.mark.parametrize("count", range(72, 96, 5))
def test_reports_on_a_level_floor_are_no_leak(story: Any, make: Any, count: int) -> None:
    judge, said = story(reported(make, 0.0, count))
    assert judge.verdict().probability < 0.1
    assert not [signal for signal in said if signal.kind == "leak"]


def test_a_floor_that_rose_and_stands_still_is_a_full_cache(story: Any, make: Any) -> None:
    assert story(reported(make, 0.4, 120, full=44.0))[0].verdict().probability < 0.2


@pytest.mark.parametrize("models", [(18, 24, 31, 39), (20, 26, 34, 44), (16, 20, 25, 31)])
def test_a_model_that_is_loaded_a_few_times_is_no_leak(story: Any, models: tuple[int, ...]) -> None:
    """Old and new live beside each other for one collection; each is larger than the one before, and stays longer."""
    levels = [4.0, 8.0, *[20.0 + models[0]] * 8]
    for times, (old, new) in enumerate(pairwise(models), start=1):
        levels += [20.0 + old + new, *[20.0 + new] * (4 + 4 * times)]
    assert floor_of([float(at) for at in range(len(levels))], levels) is None
    judge, said = story(levels)
    assert judge.verdict().probability < 0.5
    assert not [signal for signal in said if signal.kind == "leak"]


def test_reports_meet_a_known_limit_before_the_floor_does(story: Any, make: Any) -> None:
    """The process dies in a report: it has as much less time as the floor takes to rise by its height."""
    beneath, bare = (story(reported(make, 0.4, 95, height=mib), 220.0)[0].judgement() for mib in (40.0, 0.0))
    assert beneath.forecast.seconds < 0.6 * bare.forecast.seconds


def test_an_alarm_about_a_floor_tells_how_fast_the_floor_rises(story: Any, make: Any) -> None:
    _, said = story(reported(make, 0.4, 110), 220.0)
    told = [signal for signal in said if signal.kind == "leak"]
    assert told
    assert told[0].evidence["rate_mib_per_s"] == pytest.approx(0.4, rel=0.3)


def test_a_judge_saved_within_a_report_goes_on_as_if_never_saved(make: Any) -> None:
    straight, saved = make.straight_and_saved(reported(make, 0.4, 100), lambda at: at % 12 in {5, 7})
    assert saved == straight


def test_a_sawtooth_has_no_floor() -> None:
    """It climbs always: where a tooth ends and its floor begins nobody can say."""
    assert floor_of([float(at) for at in range(80)], [20.0 + 5 * (at % 8) for at in range(80)]) is None


def test_what_has_risen_for_no_longer_than_reports_take_is_left_out() -> None:
    levels = [20.0, 20.0, 20.0, 20.0, 60.0, 60.0] * 4 + [20.0, 20.0, 58.0]
    found = floor_of([float(at) for at in range(len(levels))], levels)
    assert found is not None
    assert found.places[-1] == len(levels) - 2
    assert found.above_mib == 40.0


def test_a_start_up_is_no_excursion_that_comes_again_and_again() -> None:
    """Three spikes in the first tenth of the time, that the levels no longer show."""
    times_s, spikes = [float(at) for at in range(60)], [Excursion(float(at), 30.0) for at in range(1, 4)]
    assert floor_of(times_s, [20.0] * 60, spikes) is None
    assert floor_of(times_s, [20.0] * 60, [*spikes, Excursion(40.0, 30.0)]) is not None
