"""What earlier runs of a service say of the one under way."""

from __future__ import annotations

from math import exp
from typing import Any

import msgspec
import pytest

from gctail.detectors import Carryover, Judge, Signal
from gctail.detectors.climb import MOST_POINTS, Climb, age_at
from gctail.records import Verdict

BASE = 20.0


def fills(to: float, seconds: float, base: float = BASE) -> Any:
    """A cache that fills straight, and is full."""
    return lambda at: base + to * min(1.0, at / seconds)


def leaks(rate: float, base: float = BASE) -> Any:
    """A leak, MiB a second."""
    return lambda at: base + rate * at


class Runs:
    """One run after the other, a collection every two seconds."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.memory: Carryover | None = None
        self.judge = Judge(None)
        self.said: list[tuple[float, Signal]] = []

    def run(self, level: Any, seconds: float) -> Verdict:
        """The next run, up to here."""
        self.judge, self.said = Judge(None, self.memory), []
        course = self.make.collections(self.make.noisy(lambda i: level(2 * i), int(seconds / 2)), every_s=2.0)
        for moment in self.make.moments(course):
            self.said += [(moment.clock_s, signal) for signal in self.judge.observe(moment)]
        return self.judge.verdict()

    def ends(self, *, died: bool = False, farewell: str = "") -> None:
        """The run is over."""
        self.memory = self.judge.close(died=died, cause="go-out-of-memory" if died else None, farewell=farewell)

    def alarm(self) -> float | None:
        """When a leak was told in this run, seconds of its age."""
        return next((at for at, signal in self.said if signal.kind == "leak"), None)


@pytest.fixture
def runs(make: Any) -> Runs:
    """A service that nothing is known of."""
    return Runs(make)


def test_a_cache_that_fills_as_in_the_last_runs_is_a_warm_up_on_the_way(runs: Runs) -> None:
    """The first run is suspected; later ones are not, and it is said why."""
    first = runs.run(fills(100, 200), 150)
    assert first.leak
    for count in (1, 2):
        runs.run(fills(100, 200), 600)
        runs.ends(farewell="asked")
        again = runs.run(fills(100, 220), 150)
        assert again.probability < 0.15
        assert again.kind == "warm-up"
        assert ("the last run grew" if count == 1 else f"the last {count} runs grew") in again.why[-1]
        assert "levelled off at" in again.why[-1]
        assert again.evidence["earlier_runs"]["runs"] == count
        assert again.evidence["others_say"] == [again.why[-1]]
        assert runs.alarm() is None


def test_a_slow_leak_behind_a_large_start_up_excuses_no_other(runs: Runs) -> None:
    """It had most of its rise behind it early, and had not levelled off: the next run leaks as much."""

    def loads_and_leaks(at: float) -> float:
        return BASE + 10.0 * min(at, 12) + 0.05 * max(0.0, at - 12)

    assert runs.run(loads_and_leaks, 900).leak
    runs.ends(farewell="asked")
    assert runs.run(loads_and_leaks, 600).leak


def test_a_run_that_slows_down_tells_the_height_that_it_tends_to(runs: Runs) -> None:
    """It was asked to end before it was there."""
    runs.run(lambda at: BASE + 100 * (1 - exp(-at / 60)), 150)
    runs.ends(farewell="asked")
    verdict = runs.run(lambda at: BASE + 100 * (1 - exp(-at / 60)), 40)
    assert verdict.probability < 0.15
    assert verdict.evidence["earlier_runs"]["mib"] == pytest.approx(BASE + 100, rel=0.05)


def test_growth_beyond_the_height_where_earlier_runs_levelled_off_is_no_warm_up(runs: Runs) -> None:
    """A deploy turned a well service into a leaking one: what the old runs did excuses nothing beyond it."""
    for _ in range(2):
        runs.run(fills(60, 100), 600)
        runs.ends(farewell="asked")
    verdict = runs.run(leaks(0.5), 400)
    assert verdict.leak
    assert "the last 2 runs levelled off at about" in verdict.why[-2]
    alarm = runs.alarm()
    assert alarm is not None
    assert alarm < 240


def test_a_deploy_with_another_base_keeps_its_warm_up(runs: Runs) -> None:
    """The same cache on top of three times as much."""
    for _ in range(2):
        runs.run(fills(60, 200), 600)
        runs.ends(farewell="asked")
    verdict = runs.run(fills(60, 200, base=3 * BASE), 150)
    assert verdict.probability < 0.15
    assert verdict.evidence["earlier_runs"]["mib"] == pytest.approx(3 * BASE + 60, abs=6)


@pytest.mark.parametrize("pace", [0.5, 1.0, 2.0])
def test_growth_like_that_of_runs_that_died_is_told_early_and_with_their_time(runs: Runs, pace: float) -> None:
    """At twice or half the traffic, too."""
    runs.run(leaks(0.5 * pace), 600 / pace)
    alone = runs.alarm()
    for _ in range(2):
        runs.run(leaks(0.5), 600)
        runs.ends(died=True)
    end_s = 600 / pace
    verdict = runs.run(leaks(0.5 * pace), 0.4 * end_s)
    alarm = runs.alarm()
    assert alone is not None
    assert alarm is not None
    assert alarm <= 0.7 * alone
    assert "the last 2 runs grew like this and died at about" in " ".join(verdict.why)
    assert verdict.forecast is not None
    assert verdict.forecast.limit_from == "earlier-death"
    assert verdict.forecast.seconds == pytest.approx(0.6 * end_s, rel=0.1)
    assert verdict.forecast.low < 0.6 * end_s < verdict.forecast.high  # type: ignore[operator]


def test_a_run_that_stops_growing_where_others_died_is_believed(runs: Runs) -> None:
    """The leak was mended."""
    for _ in range(2):
        runs.run(leaks(0.5), 600)
        runs.ends(died=True)
    assert not runs.run(fills(80, 160), 400).leak


@pytest.mark.parametrize(("farewell", "told"), [("silent", True), ("asked", False), ("", False)])
def test_runs_that_end_equally_high_without_a_word_were_killed(runs: Runs, farewell: str, told: bool) -> None:  # noqa: FBT001
    """Who was asked to end, by a deploy, was not; and a log without words cannot tell."""
    for _ in range(2):
        runs.run(leaks(0.5), 600)
        runs.ends(farewell=farewell)
    verdict = runs.run(leaks(0.5), 150)
    assert ("ended without a word" in " ".join(verdict.why)) is told
    assert (verdict.forecast is not None and verdict.forecast.limit_from == "earlier-end") is told


def test_only_the_latest_runs_that_agree_speak(runs: Runs) -> None:
    """What died before a deploy does not count after a run that levelled off."""
    runs.run(leaks(0.5), 600)
    runs.ends(died=True)
    runs.run(fills(100, 200), 600)
    runs.ends(farewell="asked")
    said = runs.run(fills(100, 200), 150).evidence["earlier_runs"]
    assert (said["course"], said["runs"]) == ("levelled-off", 1)


def test_a_climb_is_bounded_and_knows_when_it_first_stood_at_each_height() -> None:
    """A thousand new highs and a fall are twenty-four points."""
    climb = Climb()
    for second in range(1, 1001):
        climb.follow(float(second), 0.7 * second)
    climb.follow(1001.0, 3.0)
    assert len(climb.levels) <= MOST_POINTS
    assert climb.top == pytest.approx(700)
    for level in (70.0, 350.0, 650.0):
        assert age_at(climb.ages_s, climb.levels, level) == pytest.approx(level / 0.7, rel=0.05)


def test_a_heap_of_less_than_a_mebibyte_has_a_climb_of_one_point() -> None:
    """The trace says 0 MiB for ever."""
    climb = Climb()
    for second in range(1, 100):
        climb.follow(float(second), 0.0)
    assert (climb.ages_s, climb.levels) == ([1.0], [0.0])
    assert age_at(climb.ages_s, climb.levels, 5.0) == 1.0


def test_what_an_older_program_remembered_of_runs_is_read(runs: Runs) -> None:
    """It had no climbs, and two numbers that nobody used."""
    old = {"version": 1, "epochs": 2, "fatal_mib": [300.0], "plateaus_mib": [], "growing_age_s": 3.0, "base_mib": 1.0}
    runs.memory = msgspec.convert(old, Carryover)
    runs.run(leaks(0.5), 100)
    state = runs.judge.state()
    del state["climb"]
    assert Judge.restore(state).verdict().forecast is not None
