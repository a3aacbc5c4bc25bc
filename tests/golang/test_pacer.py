"""What the pacer was aiming at is found again from gctrace lines alone."""

import json
import statistics
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.golang.pacer import Derived, PacerView
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import GcCycle


def cycles_of(text: bytes) -> list[GcCycle]:
    return [cycle for line in text.splitlines() if (cycle := parse_gctrace(line)) is not None]


def observed(text: bytes) -> list[tuple[GcCycle, Derived]]:
    """The collections of one run, each with what it says."""
    view = PacerView()
    return [(cycle, view.observe(cycle)) for cycle in cycles_of(text)]


def recorded(shared, version, case):
    return observed((shared / "golden-runs" / version / f"{case}.log").read_bytes())


def collection(number, h0, h1, h2, goal, **other):
    """A collection of a modern Go, every tenth of a second."""
    facts = {
        "uptime_s": number / 10, "gc_cpu_percent": 0, "clock_ms": (0.1, 9.0, 0.1), "cpu_ms": (0.2, 2.0, 5.0, 7.0, 0.2),
        "stacks_mib": 0, "globals_mib": 0, "procs": 2, "forced": False, "leak_check": False, "go": "1.18+",
    }  # fmt: skip
    heap = {"heap_start_mib": h0, "heap_end_mib": h1, "heap_marked_mib": h2, "goal_mib": goal}
    return GcCycle(number=number, **heap, **(facts | other))


def goal_mib(heap, gogc):
    return int(heap * (1 + gogc / 100))


def growing(gogc, marked, first=1):
    """A service whose marked heap takes these sizes, under that GOGC: goals as the runtime sets them."""
    goals = [4, *[goal_mib(heap, gogc) for heap in marked]]
    return [
        collection(number, int(goal * 0.9), int(goal * 0.95), int(heap), goal)
        for number, (heap, goal) in enumerate(zip(marked, goals, strict=False), first)
    ]


def test_a_collection_says_what_its_numbers_say():
    """Rates and shares, from one collection to the next."""
    view = PacerView()
    first = view.observe(collection(1, 40, 44, 24, 48))
    assert (first.interval_s, first.allocated_mib, first.gc_cpu_share, first.mark_share) == (None, None, None, None)
    assert (first.heap_live_mib, first.headroom_mib, first.gogc_estimate, first.overshoot) == (20, 4, None, False)
    second = view.observe(collection(2, 44, 46, 26, 48))
    assert second.interval_s == pytest.approx(0.1)
    assert second.allocated_mib == 20  # 44 less the 24 that were marked
    assert second.alloc_rate_mib_per_s == pytest.approx(240)  # and 4 more while marking, in 0.1 s
    assert second.gc_cpu_share == pytest.approx(7.4 / 200)  # the 7 ms on idle Ps are free
    assert second.mark_share == pytest.approx(0.092)
    assert second.assist_share == pytest.approx(2 / 7.4)
    assert second.pause_ms == pytest.approx(0.2)


def test_after_a_lost_line_nothing_is_said_about_the_time_between():
    """Two collections with one missing between them say nothing about allocation; the next pair does again."""
    view = PacerView()
    view.observe(collection(1, 40, 44, 24, 48))
    lost = view.observe(collection(3, 44, 46, 26, 48))
    assert (lost.interval_s, lost.allocated_mib, lost.gc_cpu_share) == (None, None, None)
    assert view.observe(collection(4, 44, 46, 26, 52)).allocated_mib == 18


def test_go_1_4_prints_no_time_and_what_the_cycle_before_left():
    """The time of the line stands in for the uptime."""
    view = PacerView()
    line = (
        b"gc%d(1): 2+0+68298+1 us, 103 -> 207 MB, 5 (7-2) objects, 5 goroutines, 2/6/0 sweeps, "
        b"0(0) handoff, 0(0) steal, 0/0/0 yields"
    )
    view.observe(cycles_of(line % 1)[0], 1000.0)
    second = view.observe(cycles_of(line % 2)[0], 1002.0)
    assert (second.interval_s, second.allocated_mib, second.heap_live_mib) == (2.0, 104, 103)
    assert second.alloc_rate_mib_per_s == 52.0
    assert second.mark_share == pytest.approx(0.0341505)
    assert (second.gc_cpu_share, second.headroom_mib, second.next_goal_mib) == (None, None, None)


@settings(deadline=None, max_examples=60)
@given(gogc=st.sampled_from([25, 50, 75, 100, 150, 200, 400]), start=st.floats(12, 400), step=st.floats(0.5, 9))
def test_gogc_is_found_from_truncated_sizes(gogc, start, step):
    """Whatever GOGC, however the heap grows: thirty collections settle it within 10 %, the next goal within 5 %."""
    view = PacerView()
    marked = [start + step * n for n in range(31)]
    for cycle in growing(gogc, marked)[1:-1]:
        found = view.observe(cycle)
        assert not found.limit_bound
        assert not found.overshoot
    assert view.gogc.low <= gogc <= view.gogc.high
    assert found.gogc_estimate == pytest.approx(gogc, rel=0.1)
    assert found.next_goal_mib == pytest.approx(goal_mib(marked[29], gogc), rel=0.05, abs=2)


def test_a_gogc_changed_while_running_is_noticed():
    """debug.SetGCPercent: the goals follow the heap under another rule, so it is no memory limit."""
    view = PacerView()
    heap = [20 + 3 * n for n in range(80)]
    before, after = growing(100, heap[:40]), growing(50, heap, first=1)[40:]
    for cycle in before + after:
        found = view.observe(cycle)
    assert found.gogc_estimate == pytest.approx(50, abs=2)
    assert not found.limit_bound


def test_forced_collections_teach_nothing():
    """runtime.GC comes at any heap size."""
    view = PacerView()
    for number in range(1, 20):
        found = view.observe(collection(number, 30, 31, 20 + number, 30, forced=True))
    assert (found.gogc_estimate, found.overshoot, found.limit_bound) == (None, False, False)


def test_without_a_goal_there_is_nothing_to_estimate():
    """GOGC=off."""
    view = PacerView()
    for number in range(1, 9):
        found = view.observe(collection(number, 30, 31, 30, None, forced=True))
    assert (found.headroom_mib, found.next_goal_mib, found.gogc_estimate) == (None, None, None)


def test_a_goal_that_stands_while_the_heap_grows_is_a_memory_limit():
    """Under GOGC=off, where nothing tells what GOGC would ask: 100 MiB leave a goal of 89."""
    view = PacerView()
    marks = [27, 46, 58, 66, 71, 75, 79]
    said = [view.observe(collection(n, 86, 87, heap, 89)) for n, heap in enumerate(marks, 1)]
    assert [found.limit_bound for found in said] == [False, False, True, True, True, True, True]
    assert said[-1].memory_limit_estimate_mib == pytest.approx(100, rel=0.03)


def test_what_is_remembered_is_plain_data():
    """Saved as JSON after any collection and restored, the view goes on as if nothing had happened."""
    marked = [20 + 2 * n for n in range(30)]
    whole, view = PacerView(), PacerView()
    for cycle in growing(100, marked):
        view = PacerView.restore(json.loads(json.dumps(view.state())))
        assert view.observe(cycle) == whole.observe(cycle)
    assert len(json.dumps(view.state())) < 1000


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.builds(
            collection,
            st.integers(0, 6),
            st.integers(0, 2**63),
            st.integers(0, 2**63),
            st.integers(0, 20),
            st.one_of(st.none(), st.integers(0, 2**40)),
            uptime_s=st.one_of(st.none(), st.floats(0, 1e9)),
            clock_ms=st.sampled_from([(0.0, 0.0, 0.0), (1e14, 1.0, 1.0)]),
            cpu_ms=st.sampled_from([(), (0.0,) * 5, (1e14,) * 5]),
            stacks_mib=st.sampled_from([None, 0, 7]),
            procs=st.integers(0, 3),
            go=st.sampled_from(["1.5", "1.6-1.17", "1.18+"]),
        ),
        max_size=12,
    )
)
def test_nothing_raises_on_any_collections(cycles):
    """Numbers out of order, sizes out of all bounds, no Ps: shares stay shares."""
    view = PacerView()
    for cycle in cycles:
        found = view.observe(cycle, 3.0)
        assert found.mark_share is None or 0 <= found.mark_share <= 1
        assert found.gc_cpu_share is None or 0 <= found.gc_cpu_share <= 1
        json.dumps(view.state())


SINCE_1_8 = ["1.12.17", "1.13.15", "1.17.13", "1.18.10", "1.19.8", "1.20.14", "1.21.13", "1.22.10", "1.23.9", "1.24.11",
             "1.25.5", "1.26.6", "1.27.3"]  # fmt: skip
WITH_LIMIT = ["1.19.8", "1.20.14", "1.21.13", "1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3"]


@pytest.mark.parametrize("version", ["1.5.4", *SINCE_1_8])
@pytest.mark.parametrize(("case", "gogc"), [("gogc50-leak", 50), ("gctrace-leak", 100), ("gogc200-leak", 200)])
def test_gogc_of_real_runs_is_found(shared, version, case, gogc):
    """Within 5 % at the end of a short run, never called limited, and on the way within 20 %."""
    said = [found for _, found in recorded(shared, version, case)]
    estimates = [found.gogc_estimate for found in said if found.gogc_estimate is not None]
    assert estimates[-1] == pytest.approx(gogc, rel=0.05)
    assert estimates == pytest.approx([gogc] * len(estimates), rel=0.2)
    assert sum(found.overshoot for found in said) <= 1
    assert not any(found.limit_bound for found in said)


@pytest.mark.parametrize("version", ["1.12.17", "1.17.13", "1.18.10", "1.22.10", "1.27.3"])
def test_the_next_goal_of_a_real_run_is_foretold(shared, version):
    """A busy service whose map grows: the goal foretold is the goal printed next, to 2 MiB or 3 %."""
    said = recorded(shared, version, "mapslow")
    off = [
        abs(found.next_goal_mib - after.goal_mib) / max(2, 0.03 * after.goal_mib)
        for (_, found), (after, _) in pairwise(said)
        if found.next_goal_mib is not None
    ]
    assert len(off) > 50
    assert statistics.quantiles(off, n=20)[-2] <= 1  # nine of ten


@pytest.mark.parametrize("version", WITH_LIMIT)
@pytest.mark.parametrize(("case", "limit_mib"), [("memlimit-approach", 100), ("memlimit-spiral", 60)])
def test_the_memory_limit_of_real_runs_is_found(shared, version, case, limit_mib):
    """From the plateau of the goals, within 5 %, and no sooner than the goals are held down."""
    said = [found for _, found in recorded(shared, version, case)]
    limits = [found.memory_limit_estimate_mib for found in said if found.memory_limit_estimate_mib is not None]
    assert limits == pytest.approx([limit_mib] * len(limits), rel=0.05)
    assert sum(found.limit_bound for found in said) > len(said) / 3
    assert all(found.memory_limit_estimate_mib is None for found in said[:6])


def test_a_memory_limit_of_a_gigabyte_is_found(shared):
    """1000 MiB, Go 1.27: the goal stood at 924 and sank to 912."""
    assert recorded(shared, "1.27.3", "memlimit-1000")[-1][1].memory_limit_estimate_mib == pytest.approx(1000, rel=0.03)


@pytest.mark.parametrize("version", ["1.10.8", "1.13.15", "1.17.13", "1.18.10", "1.19.8", "1.20.14", "1.23.9"])
def test_a_doubling_map_overshoots(shared, version):
    """Up to Go 1.23 a map grows in one allocation: most cycles of a tight insert loop are started by it."""
    said = [found for _, found in recorded(shared, version, "mapint")]
    assert sum(found.overshoot for found in said) >= 4
    assert not any(found.limit_bound for found in said)


@pytest.mark.parametrize("version", ["1.24.11", "1.25.5", "1.26.6", "1.27.3"])
def test_a_swiss_map_does_not_overshoot(shared, version):
    """Since Go 1.24 it grows by one small table at a time."""
    assert not any(found.overshoot for _, found in recorded(shared, version, "mapint"))


def test_a_collector_that_never_rests_takes_half_the_cpu(shared):
    """The GC CPU limiter holds it near 50 %; a healthy leak takes 1 %."""
    limited = [found for _, found in recorded(shared, "1.24.11", "memlimit-limiter")]
    assert statistics.mean(found.gc_cpu_share for found in limited[1:]) == pytest.approx(0.53, abs=0.04)
    assert statistics.mean(found.mark_share for found in limited[1:]) > 0.8
    healthy = [found for _, found in recorded(shared, "1.27.3", "gctrace-leak")]
    assert statistics.mean(found.gc_cpu_share for found in healthy[1:]) < 0.03


@pytest.mark.parametrize(
    ("asked", "limit", "live", "due"),
    [
        (212.0, 102.0, 60, 102.0),
        (80.0, 102.0, 40, 80.0),
        (212.0, 102.0, 105, 105.0),
        (212.0, None, 105, 212.0),
        (None, 102.0, 60, None),
    ],
)
def test_a_collection_is_due_at_the_memory_limit_where_gogc_asks_for_more(asked, limit, live, due):
    """But not below what is live: where nothing can be freed it collects again and again."""
    derived = Derived(live, 0.1, next_goal_mib=asked, memory_limit_estimate_mib=limit)
    assert derived.due_mib == due
