"""Leaks that something larger hides: waves of load, a load that falls, teeth that leave a little more each time."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sin
from random import Random
from typing import Any

import pytest

from gctail.detectors import Judge, Moment
from gctail.detectors.history import History
from gctail.detectors.teeth import teeth, turns_of
from gctail.golang.pacer import PacerView

END_S = 75.0


def judged(make: Any, rate: Callable[[float], float], kept: Callable[[float], float]) -> Judge:
    """A service of 12 MiB that holds what it allocates (MiB/s) for a second, and keeps a little besides."""
    judge, view, chance = Judge(None), PacerView(), Random(3)  # noqa: S311 - repeatable, no secret
    clock_s, before, number = 0.5, 10.0, 0
    while clock_s < END_S:
        live = 12.0 + rate(max(0.0, clock_s - 0.5)) + kept(clock_s) + chance.uniform(-1, 1)
        number += 1
        start = int(2 * before + 1)
        clock_s += max((start - before) / rate(clock_s), 0.1)
        (cycle,) = make.collections([live], first=number)
        printed = {"uptime_s": round(clock_s, 3), "heap_start_mib": start, "heap_end_mib": start, "goal_mib": start}
        real = make.replaced(cycle, **printed)
        judge.observe(Moment(real, view.observe(real, real.uptime_s), clock_s))
        before = live
    return judge


def history_of(levels: list[float]) -> History:
    """A block a second, and 10 MiB allocated in each."""
    history = History()
    for at, level in enumerate(levels, 1):
        history.add(float(at), float(at), level, level, 10.0 * at)
    return history


def waves(at_s: float) -> float:
    """Requests come in waves of 26 s."""
    return 24.0 + 15.0 * sin(2 * pi * at_s / 26)


def falling(at_s: float) -> float:
    """The load halves in a minute."""
    return 30.0 - 0.25 * at_s


def test_a_slow_leak_beneath_waves_of_requests_is_not_taken_for_the_load(make: Any) -> None:
    """Each wave leaves 4 MiB; its own height is 30 MiB."""
    judge = judged(make, waves, lambda at_s: 0.16 * at_s)
    assert judge.verdict().probability > 0.3


def test_waves_of_requests_alone_are_no_leak(make: Any) -> None:
    """The same waves, and nothing kept."""
    judge = judged(make, waves, lambda at_s: 0.0 * at_s)
    assert judge.verdict().probability < 0.1


def test_a_leak_that_grows_while_the_load_falls_is_told(make: Any) -> None:
    """What is in flight gives back what is kept: the live heap stands still."""
    judge = judged(make, falling, lambda at_s: 0.4 * at_s)
    assert judge.verdict().probability > 0.3


def test_a_heap_that_falls_with_its_load_is_no_leak(make: Any) -> None:
    """Nothing is kept."""
    judge = judged(make, falling, lambda at_s: 0.0 * at_s)
    assert judge.verdict().probability < 0.1


def test_a_cache_that_filled_while_the_load_fell_is_no_leak(make: Any) -> None:
    """It is full since half of the time; the load goes on falling."""
    judge = judged(make, falling, lambda at_s: 40.0 * min(1.0, at_s / 30))
    assert not judge.verdict().leak


@pytest.mark.parametrize(("kept_by_each", "leaks"), [(3.0, True), (0.0, False)])
def test_teeth_that_leave_a_little_more_each_time_are_told_from_those_that_do_not(
    story: Any,
    kept_by_each: float,
    leaks: bool,  # noqa: FBT001 - a parameter of the story
) -> None:
    """A batch of 30 MiB every eight seconds, of which a tenth stays."""
    judge, _ = story([40.0 + 5 * (at % 7) + kept_by_each * (at // 7) + at % 3 for at in range(75)])
    probability = judge.verdict().probability
    assert probability > 0.4 if leaks else probability < 0.1


def test_a_leak_beneath_a_saw_is_told_wherever_in_a_tooth_the_collections_come(story: Any) -> None:
    """A head block of a database of time series, cut each five to nine seconds; each new series keeps a little."""
    teeth = [2, 38, 51, 34, 46, 32, 32, 42, 29, 38, 52, 44, 59, 59, 51, 44, 39, 52, 69, 52, 69, 60, 55, 50, 66, 65, 64]
    judge, _ = story([*teeth, 74, 85], every_s=3.0)
    told = judge.verdict()
    assert (told.leak, told.kind) == (True, "leak")


@pytest.mark.parametrize("began", [30, 45])
def test_a_growth_that_began_long_after_its_saw_is_found(began: int) -> None:
    """Batches of 13 MiB, and from a moment on the next one begins where the last one left something."""
    found = teeth(history_of([10.0 + 4 * (at % 4) + at % 3 + 0.5 * max(0, at - began) for at in range(90)]), 90.0, 0.5)
    assert found is not None
    onset_s = sum(curve.weight * curve.onset_s for curve in found.fit.curves) / sum(c.weight for c in found.fit.curves)
    assert found.weight * found.goes_on > 0.9
    assert abs(onset_s - began) < 10.0


def test_teeth_are_found_beneath_a_growth_that_has_made_them_small() -> None:
    """Each batch of 16 MiB leaves 3: at last a tooth is a sixth of all."""
    found = teeth(history_of([12.0 + 3 * (at // 5) + 4.0 * (at % 5) for at in range(100)]), 100.0, 0.5)
    assert found is not None
    assert found.weight * found.goes_on > 0.9


def test_what_comes_once_teeth_are_no_longer_seen_is_in_the_middle_of_them() -> None:
    """Ten teeth, and then one collection to each, a little higher every time: no peak is missing, and no new high."""
    saw = [10.0 + 0.12 * at + 5.0 * (at % 4) for at in range(40)]
    found = teeth(history_of([*saw, *(17.5 + 0.12 * at for at in range(40, 70))]), 70.0, 0.5)
    assert found is not None
    assert found.weight * found.goes_on > 0.9


def test_teeth_of_which_nothing_stays_hide_nothing() -> None:
    """The same teeth without a growth."""
    found = teeth(history_of([10.0 + 5.0 * (at % 4) for at in range(70)]), 70.0, 0.5)
    assert found is None or found.weight < 0.1


def test_turns_are_troughs_and_peaks_by_turns() -> None:
    """Small flutter is no turn; the last one may go on."""
    assert turns_of([5.0, 9.0, 8.5, 9.5, 3.0, 4.0, 12.0, 11.0], 3.0) == [0, 3, 4, 6]


def test_waves_of_requests_are_called_the_load_and_not_a_saw(make: Any) -> None:
    """The level comes back three times, each time with the allocation rate."""
    verdict = judged(make, waves, lambda at_s: 0.0 * at_s).verdict()
    assert verdict.kind == "growth-with-load"
    assert "follows the allocation rate" in verdict.why[0]


def test_two_buffers_that_take_turns_are_a_saw_however_even_the_rate(story: Any) -> None:
    """Teeth of uneven height, none of which loses a third of the whole, at one allocation rate."""
    tooth = [91, 77, 88, 101, 80, 92, 66, 75, 63, 72, 57, 48, 56, 65, 59, 68, 78, 91, 78, 66]
    judge, _ = story([33, 46, 59, 79, *tooth], every_s=3.0)
    assert judge.verdict().kind == "sawtooth"


@pytest.mark.parametrize("period_s", [38, 45])
@pytest.mark.parametrize("kept", [0.5, 0.7])
def test_a_leak_beneath_waves_of_requests_neither_accelerates_nor_goes_in_steps(
    make: Any, period_s: float, kept: float
) -> None:
    """Its course is that of the waves; what is kept goes up in a line."""
    told = judged(make, lambda at_s: 14 + 10 * sin(2 * pi * at_s / period_s), lambda at_s: kept * at_s).verdict()
    assert (told.leak, told.kind) == (True, "leak")
