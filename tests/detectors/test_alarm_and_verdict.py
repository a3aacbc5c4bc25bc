"""An alarm and a verdict are one judgement: the same probability, and neither says what the other denies."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from gctail.detectors import Judge, values
from gctail.detectors.bearing import Bearing
from gctail.detectors.leak import DEFAULT_BUDGET, LeakAlarm, Telling, Weight, worth
from gctail.detectors.patience import asked, false_alarms_per_day, settled
from gctail.detectors.shape import LEAK


def leak_signals(said: list[Any]) -> list[str]:
    return [signal.phase for signal in said if signal.kind == "leak"]


@pytest.mark.parametrize("to_limit", [True, False])
def test_what_a_belief_is_worth_rises_with_it(*, to_limit: bool) -> None:
    """It is more than that; without a limit less of it makes a leak."""
    told = [worth(at / 100, 200, to_limit=to_limit) for at in range(101)]
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[80] > 0.87
    assert (told[45] >= LEAK) is not to_limit


def test_few_collections_make_no_belief_strong() -> None:
    """Six of them leave a quarter out."""
    assert worth(0.6, 6, to_limit=True) < LEAK < worth(0.6, 60, to_limit=True)


def test_an_alarm_waits_until_growth_has_lasted() -> None:
    """Two thirds of a minute are long enough, seven seconds where the end is near."""
    assert settled(0.8, 8.0, 1e6, 100) < 0.1
    assert settled(0.8, 8.0, 10.0, 100) > 0.45
    assert settled(0.8, 40.0, 1e6, 100) > 0.7


def test_less_is_asked_for_in_the_first_hour() -> None:
    """Fewer collections make every belief weaker, and the same rate of false alarms is held with less."""
    ages = [asked(DEFAULT_BUDGET, uptime_s) for uptime_s in (60.0, 600.0, 3600.0, 5000.0, 7200.0, 86400.0)]
    assert ages == sorted(ages)
    assert ages[0] == ages[2] < ages[3] < ages[4] == ages[5]


def test_a_smaller_budget_asks_for_more_belief() -> None:
    """Without steps, up to certainty."""
    beliefs = [asked(1 / days, 600.0) for days in (1 / 10, 1, 7, 14, 30, 100, 365, 1000, 10**9)]
    assert beliefs == sorted(set(beliefs))
    assert beliefs[-1] == 1.0


def test_a_life_without_end_means_no_false_alarm_in_the_end() -> None:
    """The rate that is borne falls with the age: over all e-folds of it to come there is an end to their sum."""
    rates = [false_alarms_per_day(asked(DEFAULT_BUDGET, 86400.0 * 2.718**each), 86400.0) for each in range(60)]
    assert rates[0] == pytest.approx(DEFAULT_BUDGET)
    assert sum(rates[:30]) < sum(rates) < 11 * DEFAULT_BUDGET


@pytest.mark.parametrize("uptime_s", [60.0, 5000.0, 86400.0, 1e7])
def test_the_rate_that_is_told_is_the_budget_that_asks_for_this_belief(uptime_s: float) -> None:
    """At every age."""
    for days in (1, 7, 30, 200, 365):
        assert false_alarms_per_day(asked(1 / days, uptime_s), uptime_s) == pytest.approx(1 / days)
    assert false_alarms_per_day(1.0, uptime_s) < 1 / 365


def test_nothing_is_told_of_a_growth_at_the_collection_that_ends_it(make: Any) -> None:
    """A batch of any length takes its memory and gives it back at once: no alarm may come then that did not before."""
    for length in range(12, 60, 3):
        batch = [20.0] * 60 + [20.0 + 5.0 * each for each in range(1, length)] + [20.0] * 12
        judge, levels = Judge(512.0), [0.0]
        judge.heed(values.Testimony(0.85, 0.72, "row imported"))
        for moment in make.moments(make.collections(batch, every_s=0.4)):
            levels.append(float(moment.cycle.heap_marked_mib))
            said = [
                each for each in judge.observe(moment) if each.kind in {"leak", "growing"} and each.phase == "onset"
            ]
            assert not said or levels[-1] >= levels[-2], (length, said)


@pytest.mark.parametrize("every_s", [0.7, 2.5, 60.0])
def test_nothing_is_told_of_a_cache_at_the_collection_that_finds_it_full(make: Any, every_s: float) -> None:
    """Whenever it is full: that it has stopped can be seen, and the next collections tell more."""
    for filling in range(12, 70, 6):
        levels = [20.0 + 4.0 * min(each, filling) for each in range(filling + 12)]
        judge = Judge(None)
        for at, moment in enumerate(make.moments(make.collections(levels, every_s=every_s))):
            said = [each.phase for each in judge.observe(moment) if each.kind in {"leak", "growing"}]
            assert "onset" not in said or at <= filling, (filling, at)


@pytest.mark.parametrize(("likely", "blocks"), [(0.5, 6), (0.2, 3), (0.05, 2)])
def test_what_is_surely_over_is_taken_back_sooner(likely: float, blocks: int) -> None:
    """Six blocks of a little doubt, two of hardly any belief."""
    alarm, told = LeakAlarm(), Telling("a leak", "it grows", "it is over", {}, urgent=False)
    grows = Weight(belief=0.9, settled=0.9, waited=0.9, likely=0.9, uptime_s=60.0, perhaps_urgent=False)
    over = Weight(belief=0.1, settled=0.0, waited=0.0, likely=likely, uptime_s=90.0, perhaps_urgent=False)
    assert [each.phase for _ in range(3) for each in alarm.judge(grows, 1, lambda: told)] == ["onset"]
    assert [len(alarm.judge(over, 1, lambda: told)) for _ in range(blocks)] == [0] * (blocks - 1) + [1]


def test_a_notice_is_taken_back_while_the_heap_falls() -> None:
    """A fall tells nothing new, and does not keep what was told."""
    alarm, told = LeakAlarm(), Telling("a leak", "it grows", "it is over", {}, urgent=False)
    grows = Weight(belief=0.5, settled=0.5, waited=0.7, likely=0.7, uptime_s=60.0, perhaps_urgent=False)
    falls = Weight(belief=0.1, settled=0.0, waited=0.1, likely=0.1, uptime_s=90.0, perhaps_urgent=False, rests=True)
    assert [each.kind for _ in range(3) for each in alarm.judge(grows, 1, lambda: told)] == ["growing"]
    assert [each.phase for _ in range(6) for each in alarm.judge(falls, 1, lambda: told)] == ["resolved"]
    assert not alarm.judge(grows._replace(settled=0.9, rests=True), 3, lambda: told)


def test_what_the_log_said_of_a_growth_is_over_with_it() -> None:
    """Where most of the rise that it spoke of is lost, the heap alone is believed."""
    bearing = Bearing(base=20.0, log_weight=0.85, log_belief=0.7, log_mib=100.0)
    assert bearing.heeding(0.1, 90.0) == pytest.approx(0.61)
    assert bearing.heeding(0.1, 30.0) == 0.1


def test_a_limit_that_is_far_off_makes_no_alarm_later(make: Any) -> None:
    """Or telling the limit would be a loss."""

    def told_at(limit_mib: float | None) -> float:
        judge = Judge(limit_mib)
        for moment in make.moments(make.collections(make.noisy(lambda i: 60 + 0.5 * i, 400))):
            if leak_signals(judge.observe(moment)):
                return moment.clock_s
        return inf

    assert told_at(2000.0) <= told_at(None) < 200.0


@pytest.mark.parametrize("limit_mib", [700.0, None])
def test_the_probability_that_is_told_live_is_the_one_of_the_verdict(make: Any, limit_mib: float | None) -> None:
    """At every tenth of a leak's way: a log that is cut there is judged as the stream was."""
    judge = Judge(limit_mib)
    pairs = []
    for count, moment in enumerate(make.moments(make.collections(make.noisy(lambda i: 60 + 0.5 * i, 400)))):
        judge.observe(moment)
        if count >= 60 and count % 40 == 0:
            pairs.append((judge.belief, judge.verdict().probability))
    assert all(live == pytest.approx(cut, abs=0.12) for live, cut in pairs)
    assert pairs[-1][1] > 0.5


def test_what_a_verdict_would_call_a_leak_is_told_within_a_few_collections(make: Any) -> None:
    """As growth, before an alarm is sure enough, and with the probability of the verdict."""
    judge, first, told = Judge(None), None, None
    for moment in make.moments(make.collections(make.noisy(lambda i: 60 + 0.25 * i, 300))):
        said = judge.observe(moment)
        first = first or (moment.clock_s if judge.verdict().leak else None)
        told = told or next(((moment.clock_s, each) for each in said if each.kind == "growing"), None)
    assert first is not None
    assert told is not None
    assert told[0] - first < 30.0
    assert told[1].evidence["probability"] >= 0.5


def test_an_alarm_is_taken_back_in_words_when_a_cache_is_full(story: Any, make: Any) -> None:
    """It was a leak for all that was seen; then it stands still, and that is said."""
    judge, said = story(make.noisy(lambda i: min(60 + 0.8 * i, 220), 900), limit_mib=520.0)
    assert leak_signals(said) == ["onset", "update", "resolved"]
    over = next(signal for signal in said if signal.kind == "leak" and signal.phase == "resolved")
    assert "taken back" in over.summary
    assert "stops or slows" in over.summary
    assert not judge.verdict().leak


def test_memory_that_comes_back_ends_an_alarm_with_its_levels(story: Any, make: Any) -> None:
    """From 380 MiB to 60."""
    _, said = story(make.noisy(lambda i: 60 + 0.4 * i if i < 800 else 60, 1400), limit_mib=900.0)
    over = next(signal for signal in said if signal.kind == "leak" and signal.phase == "resolved")
    assert "the memory came back" in over.summary


def test_a_log_that_ends_before_an_alarm_was_taken_back_takes_it_back(make: Any) -> None:
    """Wherever the log ends, an alarm stands or the verdict says no; never both."""
    lives = make.noisy(lambda i: min(60 + 0.8 * i, 220), 330)
    judge, told, taken_back = Judge(520.0), False, 0
    for moment in make.moments(make.collections(lives)):
        told |= "onset" in leak_signals(judge.observe(moment))
        if not told or moment.clock_s < 200.0:
            continue
        at_its_end = Judge.restore(judge.state())
        verdict = at_its_end.verdict()
        said = at_its_end.take_back(verdict)
        assert not (verdict.leak and said)
        taken_back += leak_signals(said) == ["resolved"]
        assert at_its_end.take_back(verdict) == []
    assert told
    assert taken_back
