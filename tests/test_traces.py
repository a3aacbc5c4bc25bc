"""The course of a process, for whoever draws it: bounded, and nothing that stood out is lost."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from gctail.engine import Engine
from gctail.golang.pacer import PacerView
from gctail.parsing.gctrace import parse_gctrace
from gctail.parsing.scanner import Scanner
from gctail.records import GcCycle
from gctail.traces import Bin, Trace


def cycle(number: int, live: int) -> GcCycle:
    line = (
        f"gc {number} @{number}.000s 1%: 0.1+1+0.2 ms clock, 0.2+0.1/0.5/0.1+0.4 ms cpu, "
        f"{2 * live}->{2 * live}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 2 P"
    )
    found = parse_gctrace(line.encode())
    assert isinstance(found, GcCycle)
    return found


def traced(lives: list[int], points: int) -> Trace:
    trace, view = Trace(points), PacerView()
    for number, live in enumerate(lives, 1):
        each = cycle(number, live)
        trace.add(each, view.observe(each, None), None, 100 * number)
    return trace


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=300), st.integers(8, 20))
def test_a_trace_is_bounded_and_loses_no_peak_and_no_collection(lives, points):
    """However long the course, the extremes and the count are there, in order."""
    bins = traced(lives, points).bins()
    assert len(bins) <= 2 * points
    assert sum(each.collections for each in bins) == len(lives)
    assert max(each.live_high_mib for each in bins) == max(lives)
    assert min(each.live_low_mib for each in bins) == min(lives)
    assert [each.number for each in bins] == list(itertools.accumulate([1, *(each.collections for each in bins[:-1])]))
    assert bins[0].offset == 100
    assert math.isclose(sum(each.pause_sum_ms for each in bins), 0.3 * len(lives))


@given(st.lists(st.integers(1, 100), min_size=2, max_size=80), st.data())
def test_a_trace_goes_on_exactly_where_it_was_saved(lives, data):
    """Saved and restored anywhere, it ends as if nothing had happened."""
    cut = data.draw(st.integers(1, len(lives) - 1))
    whole, view, trace = traced(lives, 8), PacerView(), Trace(8)
    for number, live in enumerate(lives, 1):
        each = cycle(number, live)
        trace.add(each, view.observe(each, None), None, 100 * number)
        if number == cut:
            trace = Trace.restore(trace.state())
    assert trace.bins() == whole.bins()


def test_an_engine_that_is_asked_for_traces_keeps_one_for_every_process():
    """Nobody who does not draw pays for it."""
    second = [1.5, 2.5, 3.5]
    uptimes = [*map(float, range(1, 6)), *second]
    numbers = [*range(1, 6), *range(1, 4)]
    log = "".join(
        f"gc {number} @{uptime:.3f}s 1%: 0.1+1+0.2 ms clock, 0.2+0.1/0.5/0.1+0.4 ms cpu, 8->8->4 MB, 9 MB goal, "
        "0 MB stacks, 0 MB globals, 2 P\n"
        for number, uptime in zip(numbers, uptimes, strict=True)
    )
    for points, expected in ((0, [None, None]), (100, [5, 3])):
        engine = Engine()
        engine.trace_points = points
        scanner = Scanner("a.log", "a")
        scanner.feed(log.encode())
        scanner.flush()
        list(engine.all(scanner.take()))
        traces = [epoch.trace for epoch in engine.services["a"].epochs]
        assert [trace and len(trace.bins()) for trace in traces] == expected


def test_rates_are_over_the_time_that_a_bin_covers():
    """Without any time there is no rate."""
    empty = Bin(None, None, 0, 1, 1, 1, 1, 1, 1, None, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    assert (empty.alloc_rate_mib_per_s, empty.gc_cpu_share) == (None, None)
    [*_, last] = traced([10, 10, 10], 8).bins()
    assert last.alloc_rate_mib_per_s == 10.0
