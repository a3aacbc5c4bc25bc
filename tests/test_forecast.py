"""When the memory will be gone."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.detectors.passage import assumed_level, beyond, fatal_level, interval, last_stretch, survival
from gctail.detectors.reasons import limit_sentence
from gctail.forecast import End, end_of, sentence, under_limit
from gctail.records import Forecast, Verdict
from gctail.sinks.text import _forecast_lines


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


@given(st.floats(0, 1e9), st.floats(1e-3, 1e9))
def test_the_likely_end_lies_inside_its_interval(seconds: float, age_s: float) -> None:
    """For any forecast and any age."""
    forecast = interval(1000.0, seconds, age_s)
    assert forecast.low is not None
    assert forecast.seconds is not None
    assert forecast.low <= forecast.seconds
    assert forecast.high is None or forecast.seconds <= forecast.high


def test_a_process_lives_on_until_it_has_allocated_what_is_left_of_its_limit() -> None:
    """What comes after the fatal level moves every end, by a share of the level and most of a cycle."""
    later_s = beyond(128.0, 2.0, 8.0)
    assert later_s == pytest.approx(0.03 * 64 + 0.75 * 8)
    assert beyond(128.0, 0.0, 0.0) == 0.0
    soon, later = interval(256.0, 20.0, 60.0), interval(256.0, 20.0, 60.0, later_s)
    assert None not in {soon.seconds, later.seconds}
    assert (later.seconds or 0.0) - (soon.seconds or 0.0) == pytest.approx(later_s, rel=0.25)


def test_who_lives_on_beyond_the_fatal_level_has_the_less_left() -> None:
    """And is never said to be dead already; no jump where the heap crosses it, at 1 MiB/s and a cycle of 2 s."""
    lefts = [last_stretch(100.0, room / 10, 1.0, 2.0) or 0.0 for room in range(200, -400, -1)]
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[0] == pytest.approx(22.0, rel=0.01)
    assert 2.0 < lefts[-1] < 3.0
    assert max(earlier - later for earlier, later in pairwise(lefts)) < 0.11
    assert last_stretch(100.0, 10.0, 0.0, 2.0) is None


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
def test_an_interval_is_no_wider_than_ends_lay(seconds: float, age_s: float) -> None:
    """Four of five ends of real services lay within a factor of seven, near the limit and far from it."""
    forecast = interval(1000.0, seconds, age_s)
    assert forecast.high is not None
    assert forecast.high <= 7.5 * (forecast.low or 0.0)


def test_an_end_is_told_in_words_and_on_the_clock() -> None:
    """Counted from the last collection."""
    forecast = Forecast(512.0, 12_000.0, 6_000.0, 24_000.0)
    assert sentence(forecast) == "the memory of 512 MiB is gone in about 3 h 20 min (between 1 h 40 min and 6 h 40 min)"
    assert end_of(forecast, 1000.0) == End(7000.0, 13_000.0, 25_000.0)


def test_no_end_in_sight_is_said_so() -> None:
    """And has no place on the clock."""
    assert sentence(Forecast(512.0, None, None, None)) == "no end is in sight under 512 MiB"
    assert end_of(Forecast(512.0, None, None, None), 0.0) is None
    assert sentence(Forecast(512.0, 100.0, 50.0, None)).endswith("(between 50 s and never)")


def test_another_limit_moves_the_end() -> None:
    """At 1 MiB/s from 200 MiB live, 1000 MiB (fatal at 480) are gone in some 280 s, 2000 MiB later."""
    verdict = Verdict(leak=True, probability=0.9, kind="leak", onset_uptime_s=0.0, rate_mib_per_s=1.0, forecast=None)
    small, large = under_limit(verdict, 200.0, 1000.0), under_limit(verdict, 200.0, 2000.0)
    assert small.seconds == pytest.approx(280, rel=0.25)
    assert large.seconds is not None
    assert large.seconds > 2 * (small.seconds or 0)
    calm = Verdict(leak=False, probability=0.0, kind="steady", onset_uptime_s=None, rate_mib_per_s=None, forecast=None)
    assert under_limit(calm, 200.0, 1000.0).seconds is None


def test_an_end_that_is_here_is_no_number_of_seconds():
    """Where the level at which the process dies is reached, "in about 0 s" would be a riddle."""
    assert limit_sentence(Forecast(256.0, 0.0, 0.0, 1.0), 256.0, 250.0, 1.0) == (
        "at this rate the limit of 256 MiB is met before the next collection"
    )
    assert limit_sentence(Forecast(256.0, 9.4, 3.0, 20.0), 256.0, 250.0, 1.0) == (
        "at this rate the limit of 256 MiB is met in about 9.4 s"
    )


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


def test_a_process_that_has_only_gomemlimit_is_told_when_that_ends_it(gctail):
    """The verdict's JSON says who gave the limit, too."""
    spiral = "samples/logs/memory-limit-spiral-go1.27.log.xz"
    for options, said in (((), "gomemlimit"), (("--limit", "300MiB"), "given")):
        [service] = json.loads(gctail(spiral, *options, "--output", "json").stdout)["services"]
        assert service["verdict"]["forecast"]["limit_from"] == said
