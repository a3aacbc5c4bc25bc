"""Services and what is made of them."""

from __future__ import annotations

import re
from math import sin
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gctail.detectors import Carryover, Judge, Moment
from gctail.detectors import Testimony as Answer
from gctail.golang.pacer import PacerView
from gctail.records import GcCycle


def kinds(said: list[Any], phase: str = "onset") -> list[str]:
    return [signal.kind for signal in said if signal.phase == phase]


@pytest.mark.parametrize("limit_mib", [1000.0, None])
@pytest.mark.parametrize("every_s", [0.1, 1.0, 60.0])
def test_a_linear_leak_is_found_at_every_scale_of_time(make: Any, limit_mib: float | None, every_s: float) -> None:
    """From 60 to 400 MiB in half a minute, in five minutes, in five hours: a leak since its onset, with its rate."""
    lives = make.noisy(lambda i: 60 + max(0, i - 60) * 1.4, 300)
    judge = Judge(limit_mib)
    for moment in make.moments(make.collections(lives, every_s=every_s)):
        judge.observe(moment)
    verdict = judge.verdict()
    assert verdict.leak
    assert verdict.kind.startswith("leak")
    assert verdict.onset_uptime_s == pytest.approx(60 * every_s, rel=0.35)
    assert verdict.rate_mib_per_s == pytest.approx(1.4 / every_s, rel=0.25)
    if limit_mib is None:  # no time to an end that nobody knows
        assert verdict.forecast is None
        assert "it doubles in" in verdict.why[-1]
    else:
        assert verdict.forecast is not None
        fatal_mib = 480 if every_s < 60.0 else 960 - 2 * 40  # so little a minute that the timer collects, not the goal
        assert verdict.forecast.seconds == pytest.approx((fatal_mib - 396) / 1.4 * every_s, rel=0.5)


def test_goroutines_that_leak_fill_the_memory_with_their_stacks_once(make: Any) -> None:
    """20 MiB live and a MiB of stacks more in ten seconds: they smell twice as strong as they weigh.

    A process dies when its goal, live + (live + stacks) * GOGC/100, and its stacks in use meet the limit: here, of
    160 MiB, 80 s from now at 38 MiB of stacks, if twice as many are in use as a trace counts, and 220 s if hardly more.
    """
    count = 100
    stacks = [int(0.3 * index) for index in range(count)]
    judge = Judge(160.0)
    for moment in make.moments(make.collections(make.noisy(lambda _: 20, count), every_s=3.0, stacks=stacks)):
        judge.observe(moment)
    forecast = judge.verdict().forecast
    assert forecast is not None
    assert None not in {forecast.low, forecast.seconds, forecast.high}
    assert forecast.low < 80
    assert forecast.high > 220
    assert forecast.seconds == pytest.approx(80, rel=0.35)


def test_a_log_that_begins_in_mid_life_is_judged_by_what_it_shows(make: Any) -> None:
    """Ten days of uptime at its first line: the onset is still given as uptime, and the leak still found."""
    judge, view = Judge(1000.0), PacerView()
    for cycle in make.collections(make.noisy(lambda i: 60 + max(0, i - 60) * 1.4, 300), first=70_000):
        late = make.replaced(cycle, uptime_s=864_000.0 + (cycle.uptime_s or 0.0))
        judge.observe(Moment(late, view.observe(late, late.uptime_s), late.uptime_s or 0.0))
    verdict = judge.verdict()
    assert verdict.leak
    assert verdict.onset_uptime_s == pytest.approx(864_060, abs=25)


def test_a_staircase_is_called_one(story: Any, make: Any) -> None:
    """Every batch leaves 25 MiB behind."""
    judge, _ = story(make.noisy(lambda i: 60 + 25 * (i // 60), 720), limit_mib=900.0)
    assert judge.verdict().leak
    assert judge.verdict().kind == "leak-staircase"


def test_growth_that_gets_ever_faster_is_called_so(story: Any, make: Any) -> None:
    """A parabola from 60 to 360 MiB."""
    judge, _ = story(make.noisy(lambda i: 60 + 300 * (i / 500) ** 2.5, 500), limit_mib=900.0)
    assert judge.verdict().kind == "leak-accelerating"


def test_a_leak_is_told_before_the_end_and_only_once(story: Any, make: Any) -> None:
    """One onset; no second one while it lasts."""
    _, said = story(make.noisy(lambda i: 60 + 0.4 * i, 800), limit_mib=900.0)
    assert kinds(said).count("leak") == 1
    assert next(s for s in said if s.kind == "leak").evidence["seconds"] > 0


def test_a_leak_that_ends_is_resolved(story: Any, make: Any) -> None:
    """The memory comes back, and we say so."""
    _, said = story(make.noisy(lambda i: 60 + 0.4 * i if i < 800 else 60, 1400), limit_mib=900.0)
    assert kinds(said, "resolved") == ["growing", "leak"]


def test_a_cache_that_fills_and_stops_is_no_leak(story: Any, make: Any) -> None:
    """Once it is full the verdict says what it was."""
    judge, _ = story(make.noisy(lambda i: min(60 + 0.8 * i, 220), 900), limit_mib=1500.0)
    verdict = judge.verdict()
    assert not verdict.leak
    assert verdict.kind in {"bounded-cache", "warm-up"}
    assert verdict.probability < 0.1


def test_a_sawtooth_that_always_comes_back_is_no_leak(story: Any, make: Any) -> None:
    """After a few teeth each new one is known."""
    judge, _ = story(make.noisy(lambda i: 60 + 2 * (i % 60), 900), limit_mib=500.0)
    verdict = judge.verdict()
    assert (verdict.leak, verdict.kind) == (False, "sawtooth")


def test_a_tide_of_traffic_is_no_leak(make: Any) -> None:
    """What rises and falls with the allocation rate is put down to it."""
    view, judge, cycles, clock_s = PacerView(), Judge(1000.0), [], 0.0
    for index in range(600):
        load = 1 + 0.7 * sin(index / 40)
        clock_s += 2.0 / load
        live = int(60 + 50 * load)
        cycles.append(make.collections([live], first=index + 1)[0])
        cycle = make.replaced(cycles[-1], uptime_s=clock_s, heap_start_mib=live + 80, heap_end_mib=live + 80)
        judge.observe(Moment(cycle, view.observe(cycle, clock_s), clock_s))
    verdict = judge.verdict()
    assert (verdict.leak, verdict.kind) == (False, "growth-with-load")


def test_a_step_is_a_step(story: Any, make: Any) -> None:
    """A deploy to a bigger baseline is told as such, not as a leak."""
    judge, said = story(make.noisy(lambda i: 60 if i < 400 else 130, 900), limit_mib=900.0)
    assert "step" in kinds(said)
    assert "leak" not in kinds(said)
    assert judge.verdict().kind == "step"


def test_a_spike_goes_away(story: Any, make: Any) -> None:
    """A burst is told when it is over."""
    _, said = story(make.noisy(lambda i: 160 if 400 <= i < 415 else 60, 700), limit_mib=900.0)
    assert "spike" in kinds(said)
    assert "leak" not in kinds(said)


@pytest.mark.parametrize("spike", [[60.0, 120.0], [52.0, 120.0], [60.0, 80.0, 120.0]])
def test_what_rises_at_once_after_a_long_calm_is_no_leak_though_the_limit_is_near(
    story: Any, spike: list[float]
) -> None:
    """A batch that is too big for its container: it would have come and gone."""
    judge, _ = story([40.0] * 60 + spike, limit_mib=256.0)
    assert not judge.verdict().leak


def test_what_rises_for_a_while_after_a_long_calm_is_a_leak(story: Any) -> None:
    """It has lasted for a third of the calm before it."""
    judge, _ = story([40.0] * 60 + [40.0 + 3.0 * at for at in range(20)], limit_mib=200.0)
    assert judge.verdict().leak


def test_a_spike_is_told_with_the_level_to_which_the_heap_fell_back(story: Any, make: Any) -> None:
    """Which is not the old one, where a part of the burst is kept."""
    _, said = story(make.noisy(lambda i: 60 if i < 400 else 160 if i < 415 else 80, 700), limit_mib=900.0)
    [spike] = [each for each in said if each.kind == "spike"]
    assert re.search(r"rose to 1[56]\d MiB and fell back to [78]\d MiB after", spike.summary)


def test_a_heap_that_doubles_to_its_death_is_a_leak_with_seven_points(make: Any) -> None:
    """Seven collections in 0.8 s, each a new high, and then out of memory: a leak; without the death, not yet."""
    judge = Judge(None)
    for moment in make.moments(make.collections([4, 9, 18, 40, 85, 180, 380], every_s=0.115)):
        judge.observe(moment)
    assert not judge.verdict().leak
    assert judge.verdict().kind == "too-few-points"
    judge.close(died=True, cause="go-out-of-memory")
    assert judge.verdict().leak


def test_the_next_goal_over_the_limit_is_told_at_once(story: Any) -> None:
    """300 MiB live and GOGC=100 means 600 MiB before the next collection, in a container of 512."""
    _, said = story([20, 40, 60, 80, 100, 120, 140, 160, 180, 300], limit_mib=512.0)
    told = next(signal for signal in said if signal.kind == "next-goal-over-limit")
    assert told.severity == "critical"
    assert told.evidence["next_goal_mib"] == pytest.approx(600, rel=0.02)


@pytest.mark.parametrize(("every_s", "told"), [(120.05, False), (90.0, True)])
def test_who_is_collected_by_the_timer_never_gets_to_its_goal(story: Any, every_s: float, *, told: bool) -> None:
    """40 MiB in two minutes above 150 MiB: 190 MiB at most, whatever the goal of 300 MiB says, in a container of 256."""
    _, said = story([20, 60, 110] + [150 + at % 2 for at in range(60)], limit_mib=256.0, every_s=every_s)
    assert ("next-goal-over-limit" in kinds(said)) == told


def test_a_leak_that_is_collected_by_the_timer_has_the_room_that_the_timer_leaves(story: Any) -> None:
    """It dies at 206 MiB with 40 MiB above, and not at 128 MiB, where its goal met the limit an hour ago."""
    judge, _ = story([20, 60, 110] + [150 + 0.5 * at for at in range(90)], limit_mib=256.0, every_s=120.05)
    forecast = judge.verdict().forecast
    assert forecast.next_goal_mib is None
    left_s = (206 - 195) / 0.5 * 120
    assert forecast.seconds == pytest.approx(left_s, rel=0.5)
    assert forecast.low < left_s < forecast.high


def test_a_day_without_the_timer_is_remembered_in_the_night(make: Any) -> None:
    """Who is collected by the timer for a part of its life only is near its limit: tomorrow its goals are back."""
    judge = Judge(256.0)
    lives = [100 + 0.05 * at for at in range(400)]
    day = make.collections(lives, every_s=60.0, goals=[int(2 * live) for live in lives])
    night = make.collections([120 + 0.05 * at for at in range(20)], every_s=120.05, first=401)
    night = [structs.replace(each, uptime_s=each.uptime_s + day[-1].uptime_s) for each in night]
    for moment in make.moments([*day, *night]):
        judge.observe(moment)
    assert judge.verdict().forecast.seconds < 4 * 3600


def test_under_gomemlimit_the_next_goal_is_no_danger(story: Any) -> None:
    """The runtime collects sooner than GOGC asks, so a goal that only GOGC wants is not told."""
    lives = [100 + i for i in range(100)]
    _, said = story(lives, limit_mib=256.0, goals=[min(2 * live, 220) for live in lives])
    assert "next-goal-over-limit" not in kinds(said)


def test_a_smaller_budget_of_false_alarms_makes_the_judge_wait_longer(make: Any) -> None:
    """One in a week speaks first, one in a year last or never."""

    def told_at(budget: float) -> float:
        judge = Judge(900.0, budget_per_day=budget)
        for moment in make.moments(make.collections(make.noisy(lambda i: 60 + 0.4 * i, 900))):
            if any(signal.kind == "leak" for signal in judge.observe(moment)):
                return moment.clock_s
        return float("inf")

    times = [told_at(budget) for budget in (1 / 7, 1 / 30, 1 / 100, 1 / 365)]
    assert times == sorted(times)
    assert len(set(times)) == 4


def test_a_death_spiral_is_told_after_five_collections(story: Any) -> None:
    """Back to back, each begun at its goal: the collector chases itself."""
    lives = [50] * 20 + [90, 91, 92, 92, 93, 93, 94, 94, 95, 95]
    goals = [100] * 20 + [88] * 10
    judge, said = story(lives, goals=goals, marking_ms=80.0, every_s=0.1)
    assert "death-spiral" in kinds(said)
    assert judge.verdict().kind == "death-spiral"


def test_a_death_spiral_that_takes_breath_is_one_incident(make: Any) -> None:
    """Two seconds of rest end none; one of half the time that it had no rest does."""
    spiral, rest = [90, 91, 92, 92, 93, 93, 94, 94, 95, 95], [80] * 25
    lives = [50] * 20 + (spiral + rest) * 4 + [70] * 150
    goals = [100] * 20 + [88] * (len(lives) - 20)
    hurried = make.collections(lives, goals=goals, marking_ms=80.0, every_s=0.1)
    cycles = [
        cycle if live >= 90 else make.replaced(cycle, clock_ms=(0.05, 2.0, 0.01))
        for live, cycle in zip(lives, hurried, strict=True)
    ]
    judge = Judge(None)
    said = [signal for moment in make.moments(cycles) for signal in judge.observe(moment)]
    told = [(signal.phase, signal.severity) for signal in said if signal.kind == "death-spiral"]
    assert [phase for phase, _ in told if phase != "update"] == ["onset", "resolved"]


def test_an_append_loop_is_no_death_spiral(story: Any) -> None:
    """It too begins collections at its goal without rest, but its heap rises by a quarter each time."""
    lives = [int(10 * 1.25**i) for i in range(16)]
    _, said = story(lives, goals=[int(1.5 * live) for live in lives], marking_ms=80.0, every_s=0.1)
    assert "death-spiral" not in kinds(said)


def test_goroutines_that_pile_up_are_told(story: Any, make: Any) -> None:
    """Stacks from 1 to 20 MiB, never back."""
    judge, said = story(
        make.noisy(lambda i: 60 + 0.05 * i, 600), limit_mib=900.0, stacks=[1 + i // 30 for i in range(600)]
    )
    told = next(signal for signal in said if signal.kind == "goroutine-growth")
    assert told.evidence["stacks_mib"] >= 4
    assert judge.verdict().probability > 0


def test_a_classic_map_that_doubles_is_told_with_its_next_jump(story: Any) -> None:
    """The series that Go 1.23.9 printed: up, plateau, down in part, at levels a factor two apart."""
    lives = [
        13,
        13,
        13,
        14,
        14,
        15,
        14,
        15,
        15,
        15,
        15,
        16,
        16,
        16,
        16,
        31,
        30,
        30,
        31,
        24,
        24,
        25,
        25,
        26,
        25,
        25,
        26,
        26,
    ]
    lives += [
        27,
        26,
        27,
        27,
        27,
        28,
        27,
        28,
        28,
        29,
        29,
        29,
        30,
        31,
        31,
        31,
        33,
        32,
        33,
        34,
        34,
        62,
        62,
        63,
        49,
        51,
        51,
        52,
    ]
    _, said = story(lives)
    told = next(signal for signal in said if signal.kind == "map-growth")
    assert told.evidence["jumps_mib"][-2:] == [pytest.approx(15, abs=2), pytest.approx(29, abs=2)]
    assert told.evidence["next_jump_mib"] == pytest.approx(58, abs=4)


def test_a_new_gogc_is_told_once(story: Any, make: Any) -> None:
    """From 100 to 400 while it runs; the live heap is the same, and nothing leaks."""
    judge, said = story(make.noisy(lambda _: 100, 600), limit_mib=2000.0, gogc=[100.0] * 300 + [400.0] * 300)
    assert kinds(said) == ["gogc-changed"]
    assert not judge.verdict().leak


def test_collections_forced_on_a_timer_are_told_once(story: Any, make: Any) -> None:
    """runtime.GC() every thirty seconds."""
    _, said = story(make.noisy(lambda _: 100, 100), forced=True, every_s=30.0)
    assert kinds(said) == ["forced-collections-on-a-timer"]
    assert said[0].evidence["interval_s"] == 30.0


def test_a_pause_beyond_the_habit_is_told(story: Any, make: Any) -> None:
    """A quarter of a second, where a twentieth of a millisecond is usual."""
    _, said = story(make.noisy(lambda _: 100, 300), pauses_ms=[250.0 if i == 250 else 0.05 for i in range(300)])
    assert [(signal.kind, signal.severity) for signal in said] == [("pause-spike", "warning")]


def test_an_epoch_teaches_the_next(make: Any) -> None:
    """A service that was killed at 300 MiB is believed sooner, and its death is the limit that nobody told us."""

    def judged(memory: Carryover | None, count: int) -> Judge:
        judge = Judge(None, memory)
        for moment in make.moments(make.collections(make.noisy(lambda i: 60 + 0.8 * i, count), every_s=5.0)):
            judge.observe(moment)
        return judge

    taught = judged(None, 300).close(died=True, cause="memory-cgroup")
    assert taught.fatal_mib[-1] == pytest.approx(300, abs=10)
    assert judged(taught, 150).verdict().probability > judged(None, 150).verdict().probability
    forecast = judged(taught, 200).verdict().forecast
    assert forecast is not None
    assert forecast.limit_mib == pytest.approx(300, abs=20)


def test_a_plateau_known_from_an_earlier_epoch_is_no_news(make: Any) -> None:
    """The same cache fills after each restart."""

    def highest(memory: Carryover | None) -> tuple[float, Carryover]:
        judge, best = Judge(600.0, memory), 0.0
        for moment in make.moments(make.collections(make.noisy(lambda i: min(60 + 0.8 * i, 220), 600), every_s=5.0)):
            judge.observe(moment)
            best = max(best, judge.belief)
        return best, judge.close(died=False, cause=None)

    first, taught = highest(None)
    again, _ = highest(taught)
    assert again < 0.5 < first


def test_time_that_passes_without_a_collection_completes_a_block(make: Any) -> None:
    """An idle service is judged although nothing is collected."""
    judge = Judge(None)
    for moment in make.moments(make.collections([3, 3, 4, 3] * 100, every_s=1.0)):
        judge.observe(moment)
    before = judge.state()["gathering"]["rows"]
    judge.advance(2000.0)
    assert before
    assert judge.state()["gathering"]["rows"] == []


number = st.integers(min_value=0, max_value=2**63)
small = st.integers(min_value=0, max_value=5000)
wild = st.builds(
    GcCycle,
    number=number,
    uptime_s=st.none() | st.floats(allow_nan=False, min_value=0, max_value=1e9),
    gc_cpu_percent=st.none() | small,
    clock_ms=st.lists(st.floats(min_value=0, max_value=1e12), min_size=3, max_size=5).map(tuple),
    cpu_ms=st.just(()) | st.lists(st.floats(min_value=0, max_value=1e12), min_size=5, max_size=7).map(tuple),
    heap_start_mib=small | number,
    heap_end_mib=small | number,
    heap_marked_mib=st.none() | small | number,
    goal_mib=st.none() | small | number,
    stacks_mib=st.none() | small | number,
    globals_mib=st.none() | small,
    procs=small,
    forced=st.booleans(),
    leak_check=st.booleans(),
    go=st.sampled_from(["1.0", "1.3", "1.5", "1.6-1.17", "1.18+"]),
)
clocks = st.floats(allow_nan=True, allow_infinity=True) | st.floats(min_value=0, max_value=1e6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(wild, clocks), max_size=40), st.none() | st.floats(min_value=0, max_value=1e9))
def test_nothing_that_a_log_can_say_makes_the_judge_raise(
    course: list[tuple[GcCycle, float]], limit_mib: float | None
) -> None:
    """Any numbers, any clock, any order: the judge goes on, and can be saved and asked."""
    judge, view = Judge(limit_mib), PacerView()
    for cycle, clock_s in course:
        judge.observe(Moment(cycle, view.observe(cycle, cycle.uptime_s), clock_s))
    verdict = Judge.restore(judge.state()).verdict()
    assert 0.0 <= verdict.probability <= 1.0
    judge.close(died=True, cause="out-of-memory")
    judge.verdict()


@pytest.mark.parametrize("limit_mib", [0.0, 5e-324, 1.2e-38, 1e300])
def test_a_limit_without_measure_is_none_to_fall_over(story: Any, make: Any, limit_mib: float) -> None:
    judge, _ = story(make.noisy(lambda i: 2 + 5 * i, 120), limit_mib=limit_mib)
    assert judge.verdict().leak


def test_much_room_in_the_container_does_not_make_a_leak_harmless(story: Any, make: Any) -> None:
    """From 20 to 100 MiB with 4 GiB allowed: a leak, but no emergency."""
    judge, said = story(make.noisy(lambda i: 20 + 0.2 * i, 400), limit_mib=4096.0)
    assert judge.verdict().leak
    assert judge.verdict().forecast.seconds == pytest.approx((0.96 * 4096 / 2 - 100) / 0.2, rel=0.5)
    assert {signal.severity for signal in said if signal.kind == "leak"} == {"warning"}


def test_growth_is_noticed_before_it_is_called_a_leak(story: Any, make: Any) -> None:
    """For information, with how often such growth is one."""
    _, said = story(make.noisy(lambda i: 60 + 0.4 * i, 800), limit_mib=900.0)
    assert kinds(said) == ["growing", "leak"]
    assert [signal.severity for signal in said if signal.kind == "growing"] == ["info", "info"]
    assert "the rest stops by itself" in next(signal.summary for signal in said if signal.kind == "growing")


def test_a_guessed_limit_is_no_emergency(story: Any, make: Any) -> None:
    """Nobody told the limit: a warning is all that can be said."""
    _, said = story(make.noisy(lambda i: 60 + 0.4 * i, 800))
    assert {signal.severity for signal in said if signal.kind == "leak"} == {"warning"}


def test_work_that_comes_and_goes_is_a_batch_and_a_buffer_that_fills_again_and_again_a_sawtooth(
    story: Any, make: Any
) -> None:
    """What tells them apart is where the heap is most of the time."""
    batch, _ = story(make.noisy(lambda i: 60 + (80 * (i % 40) / 8 if i % 40 < 8 else 0), 400))
    saw, _ = story(make.noisy(lambda i: 60 + 2 * (i % 40), 400))
    assert (batch.verdict().kind, saw.verdict().kind) == ("batch", "sawtooth")


def test_a_leak_that_the_heap_shows_by_itself_is_not_said_to_have_paused_with_a_line(story: Any, make: Any) -> None:
    """No limit is known, which makes the same growth likelier, whatever the log adds."""
    judge, _ = story(make.noisy(lambda i: 60 + 0.25 * i, 100))
    alone, heard = judge.verdict(), judge.verdict(Answer(0.05, 0.9, "page served"))
    assert alone.leak
    assert alone.probability < heard.probability < 0.85
    assert not any("it paused when" in reason for reason in heard.why)


def test_rules_that_are_loaded_anew_beside_the_old_ones_are_steps(story: Any, make: Any) -> None:
    """For one collection both are there; then the larger ones stay, and nothing moves until the next reload."""
    lives = make.noisy(lambda i: 50 + 10 * (i > 40) + 10 * (i > 80) + 35 * (i in {40, 80}), 120, 0.5)
    assert story(lives)[0].verdict().kind == "step"


def test_a_few_clean_steps_of_which_nobody_knows_whether_more_will_come_are_told_as_steps(story: Any) -> None:
    """Every quarter of the time a model is loaded that is larger by a fifth; between them the heap does not move."""
    judge, _ = story([4, 60, *([63] * 9), *([75] * 9), *([87] * 9), *([99] * 9)])
    told = judge.verdict()
    assert (told.leak, told.kind) == (False, "step")


def test_what_trembles_and_ends_where_it_began_is_steady(story: Any) -> None:
    """A service with a pool of buffers: its noise is a tenth of its heap, and a bounded cache is none of it."""
    lives = "22 23 22 22 23 23 23 22 24 22 23 23 24 23 23 24 22 23 24 23 25 24 24 24 22 22 24 24 23 24 24 25 24"
    judge, _ = story([int(live) for live in f"{lives} 22 22 23 24 24 22".split()], every_s=2.0)
    assert judge.verdict().kind == "steady"
