"""What other settings of the collector would have done: held against the logs themselves, and against arithmetic."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.engine import Engine
from gctail.runners.local import Reading
from gctail.runs.choice import choose, most_live_mib, settings_to_try
from gctail.runs.replay import Course, Setting, course_of, replay

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"


def recorded(name):
    """The course and the GOGC of the process in a sample, and how many collections it made while we watch."""
    engine = Engine(judging=False)
    engine.trace_points = 2048
    for events in Reading(service="it").files([str(SAMPLES / name)]):
        for event in events:
            engine.observe(event)
    epoch = engine.services["it"].current
    derived = epoch.last_derived
    setting = Setting(derived.gogc_estimate or 100.0, derived.memory_limit_estimate_mib)
    return course_of(epoch.trace.bins(), epoch.last.procs), setting, epoch


def steady(live_mib, rate_mib_per_s, *, span_s=100.0, growth_mib=0.0, procs=4):
    """A process whose live heap goes from one level to another on a straight line."""
    times = [float(at) for at in range(int(span_s) + 1)]
    live = [live_mib + growth_mib * at / span_s for at in times]
    allocated = [rate_mib_per_s * at for at in times]
    return Course(times, live, allocated, [0.0] * len(times), procs, 0.001, 0.001, 0.0)


@pytest.mark.parametrize(
    "name",
    [
        "unbounded-map-go1.23.log.gz",
        "unbounded-map-go1.27.log",
        "bounded-cache-go1.24.log.gz",
        "retained-buffers-go1.24.log.gz",
        "goroutine-leak-go1.25.log.gz",
        "load-waves-go1.25.log.bz2",
        "nightly-batch-go1.27.log.gz",
    ],
)
def test_at_its_own_settings_a_replay_collects_as_often_as_the_process_did_and_as_high(name):
    course, setting, epoch = recorded(name)
    outcome = replay(course, setting)
    real = sum(each.collections for each in epoch.trace.bins())
    assert outcome.collections == pytest.approx(real, rel=0.35, abs=4)
    highest = max(each.heap_end_mib for each in epoch.trace.bins())
    assert outcome.peak_heap_mib == pytest.approx(highest, rel=0.25, abs=4)


def test_a_steady_heap_collects_when_it_has_allocated_as_much_as_it_keeps():
    outcome = replay(steady(100.0, 50.0), Setting(100.0))
    assert outcome.collections == pytest.approx(50, rel=0.1)
    assert outcome.peak_heap_mib == pytest.approx(200, rel=0.05)
    assert outcome.gc_cpu_percent == pytest.approx(100 * 50 * 0.101 / 400, rel=0.15)


two_gogcs = st.lists(st.integers(20, 800), min_size=2, max_size=2, unique=True).map(sorted)


@given(live=st.floats(5, 500), rate=st.floats(1, 400), growth=st.floats(0, 300), gogcs=two_gogcs)
def test_a_higher_gogc_never_collects_more(live, rate, growth, gogcs):
    course = steady(live, max(rate, growth / 50), growth_mib=growth)
    eager, lazy = (replay(course, Setting(float(each))) for each in gogcs)
    assert lazy.collections <= eager.collections + 1


@given(live=st.floats(5, 500), rate=st.floats(1, 400), gogcs=two_gogcs)
def test_a_higher_gogc_never_takes_less_memory_for_a_heap_that_stays(live, rate, gogcs):
    course = steady(live, rate)
    eager, lazy = (replay(course, Setting(float(each))) for each in gogcs)
    assert lazy.peak_heap_mib >= 0.98 * eager.peak_heap_mib


@given(live=st.floats(5, 100), rate=st.floats(1, 200), limit=st.floats(150, 1000))
def test_a_memory_limit_is_kept_as_long_as_what_is_live_leaves_room(live, rate, limit):
    outcome = replay(steady(live, rate), Setting(None, limit))
    assert outcome.peak_total_mib <= limit
    assert outcome.over_limit_at_s is None


def test_a_memory_limit_at_the_live_heap_starves_the_program():
    outcome = replay(steady(200.0, 400.0, procs=1), Setting(100.0, 205.0))
    assert outcome.starved
    assert outcome.gc_cpu_percent <= 51


def test_what_exceeds_the_limit_is_told_with_the_time():
    outcome = replay(steady(50.0, 50.0, growth_mib=200.0), Setting(100.0), limit_mib=300.0)
    assert 25 < outcome.over_limit_at_s < 60, "live + as much again, and a little, meets 300 MiB at 145 MiB live"


def test_a_leak_lives_longer_with_a_lower_gogc_and_longest_when_only_the_limit_collects():
    at = {each: most_live_mib(Setting(each), 0.0, 1024.0) for each in (50.0, 100.0, 200.0)}
    assert at[50.0] > at[100.0] > at[200.0]
    assert most_live_mib(Setting(100.0, 900.0), 0.0, 1024.0) > at[50.0]


def test_the_choice_keeps_below_the_limit_with_little_cpu_and_then_little_memory():
    course = steady(100.0, 50.0)
    choice = choose(course, Setting(400.0), settings_to_try(300.0, Setting(400.0)), 300.0)
    assert choice.ran.over_limit_at_s is not None
    assert choice.best.over_limit_at_s is None
    assert choice.best.peak_total_mib < 300


def test_where_no_setting_helps_none_is_chosen():
    course = steady(400.0, 50.0)
    assert choose(course, Setting(100.0), settings_to_try(300.0, Setting(100.0)), 300.0).best is None


def test_a_log_without_uptimes_or_with_two_collections_cannot_be_replayed():
    assert course_of([], 4) is None
