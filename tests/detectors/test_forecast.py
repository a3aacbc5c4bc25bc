"""When the memory will be gone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.detectors import Judge
from gctail.detectors.lasting import Way, forecast
from gctail.detectors.passage import assumed_level, fatal_level, survival
from gctail.detectors.reasons import limit_sentence
from gctail.records import Finding, Forecast, Verdict
from gctail.sinks.notices import Notice
from gctail.sinks.text import _forecast_lines, _since_lines


def test_without_gomemlimit_the_goal_kills_at_half_the_limit() -> None:
    """GOGC=100 lets the heap double before it is collected; GOGC=400 lets it grow to five times."""
    assert fatal_level(1000.0, 100.0, None, limit_bound=False) == pytest.approx(480)
    assert fatal_level(1000.0, 400.0, None, limit_bound=False) == pytest.approx(192)
    assert fatal_level(1000.0, None, None, limit_bound=False) == pytest.approx(480)


def test_with_gomemlimit_the_live_heap_itself_can_climb_to_it() -> None:
    """The runtime collects more often instead, so nearly all of the limit is usable."""
    assert fatal_level(1000.0, 100.0, 900.0, limit_bound=True) == pytest.approx(864)
    assert fatal_level(1000.0, 100.0, None, limit_bound=True) == pytest.approx(960)


def test_an_unknown_limit_is_taken_to_be_twice_the_settled_level_or_a_third_more_than_now() -> None:
    """Never less than there is, so that growth from nothing stays growth."""
    assert assumed_level(100.0, 110.0) == pytest.approx(180)
    assert assumed_level(100.0, 300.0) == pytest.approx(399)


def test_growth_that_has_lasted_as_long_as_it_still_needs_is_as_likely_as_not() -> None:
    """The scale-free prior."""
    assert survival(100.0, 100.0) == pytest.approx(0.5)
    assert survival(100.0, None) == 0.0
    assert survival(0.0, 0.0) == 0.0


def way(**told) -> Way:
    """Half an hour into a leak of 1 MiB/s: 380 MiB of 480 in a container of 1000, a collection each 10 s."""
    usual: dict[str, float] = {
        "fatal_mib": 480.0,
        "level_mib": 380.0,
        "left_s": 100.0,
        "pace_mib_per_s": 1.0,
        "usable_mib": 960.0,
        "lived_mib": 740.0,
        "next_mib": 760.0,
        "live_mib": 380.0,
        "stacks_mib": 0.0,
        "cycle_s": 10.0,
        "every_s": 0.0,
        "apart_mib": 0.5,
        "swerve": 0.0,
    }
    return Way(**{**usual, **told})


def spread(**told) -> tuple[float, float, float]:
    """The forecast of this way: low, middle, high, in seconds."""
    found = forecast(way(**told), 1000.0, "given")
    return found.low or 0.0, found.seconds or 0.0, found.high or 0.0


PLACES, TIMES = st.floats(0.0, 3000.0), st.floats(0.0, 1e9)
WAYS = st.fixed_dictionaries({
    "left_s": TIMES, "level_mib": PLACES, "lived_mib": PLACES, "cycle_s": TIMES, "apart_mib": PLACES,
    "swerve": st.floats(-9.0, 9.0), "usable_mib": st.none() | st.floats(481.0, 1e4),
})  # fmt: skip


@given(WAYS)
def test_the_likely_end_lies_inside_its_interval(told):
    """For any way, however odd."""
    low, middle, high = spread(**told)
    assert 0.0 <= low <= middle <= high < 1e16


def test_a_process_lives_on_until_it_has_allocated_what_is_left_of_its_limit():
    """The goal is too high after 100 s and some; then a cycle goes by, and the half of one before that began."""
    sooner, later = spread(cycle_s=0.0)[1], spread()[1]
    assert 100.0 < sooner < 120.0
    assert 10.0 <= later - sooner <= 20.0


def test_how_long_the_last_cycle_takes_is_known_no_better_than_how_long_the_growth_does():
    """Who grows faster than before allocates faster, too: a way that is mostly the last cycle is no surer than others."""
    low, _, high = spread(left_s=100.0, cycle_s=1000.0)
    assert high / low > 3.5


def test_who_lives_on_beyond_the_fatal_level_did_not_touch_all_of_its_memory():
    """What it lived through is no place to die, and how far it may go yet nobody knows: the interval is wide."""
    over = {"level_mib": 520.0, "live_mib": 520.0, "left_s": 0.0, "next_mib": 1040.0}
    low, _, high = spread(**over, lived_mib=1010.0)
    assert high > 10 * low
    assert high > 2 * spread(**over, lived_mib=900.0)[2]


def test_a_goal_at_the_limit_lets_the_process_die_within_this_cycle():
    """However far the level that the forecast goes by is from there: it may have been one jump."""
    low, middle, high = spread(next_mib=1000.0, live_mib=500.0)
    assert low < 7.0
    assert middle < 20.0
    assert high > 20.0, "three of ten do not touch all of their memory"


def test_a_growth_that_swerves_is_foretold_less_surely():
    """And one in steps less than a straight one; without any of it four fifths lie within a factor of three."""
    low, _, high = spread()
    assert high / low < 3.0
    for uneven in ({"swerve": -1.0}, {"swerve": 1.0}, {"apart_mib": 50.0}):
        lower, _, higher = spread(**uneven)
        assert higher / lower > 1.5 * high / low


def test_what_has_lasted_for_a_moment_is_foretold_less_surely_for_long():
    """Ten times as long as it has lasted it may go on otherwise, and what goes on grows faster more often than slower."""
    low, middle, high = spread(ahead=0.1)
    lower, sooner, higher = spread(ahead=10.0)
    assert sooner < middle
    assert higher / lower > 1.3 * high / low


def test_a_growth_that_swerves_is_taken_to_go_on_half_as_it_swerved():
    """Sooner where its younger part is the faster one, later where it is the slower."""
    assert spread(swerve=0.7)[1] < spread()[1] < spread(swerve=-0.7)[1]


def test_curves_that_lie_apart_and_a_load_that_swings_make_a_forecast_wide_to_their_side():
    """The regression may not know which way it grows, and growth by work goes as the work does."""
    low, _, high = spread()
    assert spread(sooner=1.0)[0] < 0.7 * low
    assert spread(sooner=1.0)[2] == pytest.approx(high, rel=0.1)
    assert spread(later=1.0)[2] > 1.4 * high
    assert spread(later=1.0)[0] == pytest.approx(low, rel=0.1)
    assert spread(swing=1.0)[0] < 0.7 * low
    assert spread(swing=1.0)[2] > 1.4 * high


def test_a_heap_that_the_timer_collects_ends_near_the_limit_itself():
    """Sooner where it may be busy again."""
    calm = {"climbs_mib": (80.0, 80.0), "meets_mib": 866.0, "left_s": 486.0}
    assert 420.0 < spread(**calm)[1] < 640.0
    assert spread(**{**calm, "climbs_mib": (80.0, 480.0)})[0] < 200.0


def test_stacks_in_use_are_more_than_a_trace_counts():
    """They leave less for the heap, nobody knows how much less."""
    few, many = spread(), spread(stacks_mib=20.0)
    assert many[0] < few[0] - 5.0
    assert many[1] < few[1]


def test_a_heap_that_goes_high_only_now_and_then_dies_when_it_next_does():
    """A scrape each minute that already nearly meets the limit: by the next one or the one after that."""
    low, middle, high = spread(level_mib=485.0, left_s=0.0, lived_mib=930.0, every_s=60.0, next_mib=600.0)
    assert low < 30.0
    assert 20.0 < middle < 70.0
    assert high > 60.0


def test_a_level_at_which_others_died_is_known_well():
    """There is no heap to allocate up to, and no memory that is not touched."""
    low, middle, high = spread(usable_mib=None, cycle_s=0.0)
    assert 90.0 < middle < 105.0
    assert high / low < 2.0


def test_an_end_that_is_here_is_no_number_of_seconds():
    """Where the level at which the process dies is reached, "in about 0 s" would be a riddle."""
    assert limit_sentence(Forecast(256.0, 0.0, 0.0, 1.0), 256.0, 250.0, 1.0) == (
        "at this rate the limit of 256 MiB is met any moment now"
    )
    assert limit_sentence(Forecast(256.0, 9.4, 3.0, 20.0), 256.0, 250.0, 1.0) == (
        "at this rate the limit of 256 MiB is met in about 9.4 s"
    )


@pytest.mark.parametrize(("goal", "where"), [(114.0, "at the limit"), (116.0, "over the limit")])
def test_where_no_collection_has_to_come_before_the_end_it_may_come_any_moment(goal, where):
    """A number of seconds would pretend to know."""
    here = Forecast(115.0, 4.0, 0.0, 21.0, next_goal_mib=goal)
    moment = f"any moment now: the next goal, {goal:.0f} MiB, is {where} of 115 MiB"
    assert limit_sentence(here, 115.0, 57.0, 1.0) == f"the memory may be gone {moment}"
    assert _forecast_lines({"death": None, "heap": {"last_uptime_s": 9.0}}, here) == [
        f"  memory may be gone {moment}, and nine times out of ten within 21 s of the last collection"
    ]


@pytest.mark.parametrize(
    ("limit_from", "why"), [("gomemlimit", "the end, by GOMEMLIMIT"), ("earlier-death", "there an earlier run died")]
)
def test_it_is_told_who_gave_the_limit(limit_from, why):
    """Where nobody has said how large the container is."""
    forecast = Forecast(245.0, 20.0, 10.0, 40.0, limit_from)
    assert limit_sentence(forecast, None, 200.0, 1.0) == f"at this rate 245 MiB are live in about 20 s: {why}"
    [told] = _forecast_lines({"death": None, "heap": {"last_uptime_s": 9.0}}, forecast)
    assert (
        told
        == f"  at this rate memory is gone 20 s (10 s to 40 s) after the last collection, at 245 MiB of live heap ({why})"
    )


def test_an_alert_says_any_moment_where_a_number_of_seconds_would_pretend_to_know():
    """Elsewhere it says how long."""
    for goal, told in ((None, "in 9 s"), (250.0, "any moment now")):
        evidence = {"seconds": 9.0, "low": 0.0, "next_goal_mib": goal}
        finding = Finding("1", "leak", "critical", "pay", 1, None, 9.0, 0, "it grows", evidence)
        assert dict(Notice(finding, 0.0).facts)["memory gone"] == told


def test_a_level_that_is_passed_is_no_number_of_seconds_either():
    """Under GOMEMLIMIT the collector chases itself from there on, and nobody knows for how long."""
    passed = Forecast(102.0, 0.8, 0.0, 2.1, "gomemlimit")
    [told] = _forecast_lines({"death": None, "heap": {"last_uptime_s": 9.0}}, passed)
    assert told == "  memory may be gone any moment now, at 102 MiB of live heap (the end, by GOMEMLIMIT)"


def test_the_process_that_runs_now_is_told_when_its_memory_is_gone():
    """And not only how the one before it died."""
    foretold = Forecast(65.0, 26.0, 18.0, 37.0, "earlier-death")
    leak = Verdict(leak=True, probability=0.92, kind="leak", onset_uptime_s=8.0, rate_mib_per_s=0.5, forecast=foretold)
    heap = {"first_live_mib": 3, "last_live_mib": 53, "first_uptime_s": 0.0, "last_uptime_s": 59.0}
    _, told = _since_lines({"since": {"epoch": 2, "heap": heap, "verdict": leak}})
    assert told.startswith("  at this rate memory is gone 26 s (18 s to 37 s) after the last collection, at 65 MiB")


def test_a_heap_that_marks_for_long_or_overshoots_its_goal_ends_sooner(make):
    """A goal is twice what was marked, and that is more than the live heap where much is allocated while marking."""
    lives, ends = [60.0 + at for at in range(100)], []
    for marking, over in ((0, 1.0), (12, 1.0), (0, 1.1)):
        cycles = make.collections(lives, goals=[max(4, int(2 * (live + marking))) for live in [2.0, *lives[:-1]]])
        judge = Judge(400.0)
        for moment in make.moments(
            [
                make.replaced(
                    cycle,
                    heap_start_mib=int(over * cycle.goal_mib) - marking,
                    heap_end_mib=int(over * cycle.goal_mib),
                    heap_marked_mib=cycle.heap_marked_mib + marking,
                )
                for cycle in cycles
            ]
        ):
            judge.observe(moment)
        ends.append(judge.judgement().forecast.seconds)
    usual, marking_long, overshooting = ends
    assert marking_long < 0.8 * usual
    assert overshooting < 0.8 * usual


def test_a_judge_that_an_older_program_saved_is_read(make):
    """It did not know of collections that end above their goal."""
    judge = Judge(400.0)
    for moment in make.moments(make.collections([60.0 + at for at in range(100)])):
        judge.observe(moment)
    state = judge.state()
    for name in ("asked_gogc", "reached", "marking_mib"):
        del state["bearing"][name]
    assert Judge.restore(state).judgement().forecast is not None


def test_a_process_that_has_only_gomemlimit_is_told_when_that_ends_it(gctail):
    """The verdict's JSON says who gave the limit, too."""
    spiral = "samples/logs/memory-limit-spiral-go1.27.log.xz"
    for options, said in (((), "gomemlimit"), (("--limit", "300MiB"), "given")):
        [service] = json.loads(gctail(spiral, *options, "--output", "json").stdout)["services"]
        assert service["verdict"]["forecast"]["limit_from"] == said


@pytest.mark.parametrize("last_mib", [150, 190, 210])
def test_a_heap_under_gomemlimit_lives_on_to_the_limit_of_its_container(make, last_mib):
    """The collector chases itself at 180 MiB, which ends nobody: the container's 240 MiB do, less what the runtime takes."""
    lives = [60.0 + 0.5 * at for at in range(2 * (last_mib - 60))]
    goals = [max(4, int(min(2 * live, max(180.0, live)))) for live in [2.0, *lives[:-1]]]
    judge = Judge(240.0)
    for moment in make.moments(make.collections(lives, goals=goals)):
        judge.observe(moment)
    forecast = judge.judgement().forecast
    assert forecast is not None
    assert forecast.low is not None
    assert forecast.high is not None
    left_s = (0.96 * 240.0 - last_mib) / 0.5
    assert 0.0 < forecast.low < left_s < forecast.high
    assert forecast.seconds == pytest.approx(left_s, rel=0.2)


def test_a_growth_that_accelerates_is_foretold_to_go_on_so(make):
    """That it was slower until now than it will be is no sign that it slows down: it does not swerve."""
    meets_s, cycle_s = 300.0, 480.0 / 40.0
    for done in (0.6, 0.7):
        lives = make.noisy(lambda at: 30.0 + 450.0 * (at / meets_s) ** 2, int(meets_s * done))
        judge = Judge(1000.0)
        for moment in make.moments(make.collections(lives)):
            judge.observe(moment)
        forecast = judge.judgement().forecast
        assert forecast is not None
        assert forecast.seconds == pytest.approx(meets_s + cycle_s - len(lives), rel=0.15)
