"""Epochs and the ledger: which process a collection belongs to, and what the log has lost."""

import json
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.records import Death, GcCycle, Sighting
from gctail.rules import Plan, parse_rule
from gctail.service import Service

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "logs" / "unbounded-map-go1.27.log"


def collection(number, uptime_s, *, procs=2, live=10, goal=None, offset=0, time_s=None, near_s=None, wall_ms=1.0):
    cycle = GcCycle(
        number, uptime_s, 1, (0.1, wall_ms, 0.1), (0.2, 0.0, 1.0, 0.0, 0.2), live * 2, live * 2, live, goal or live * 2,
        0, 0, procs, forced=False, leak_check=False, go="1.18+",
    )  # fmt: skip
    return Sighting(cycle, "pay", "pay.log", offset or number * 1000, time_s, near_s=near_s)


def epochs(*sightings):
    service = Service("pay")
    return service, [service.observe(sighting).epoch for sighting in sightings]


def test_a_number_that_falls_is_a_new_process():
    """The runtime counts from 1 in every process."""
    service, seen = epochs(*(collection(n, n * 1.0) for n in (1, 2, 3)), *(collection(n, n * 0.5) for n in (1, 2)))
    assert seen == [1, 1, 1, 2, 2]
    assert service.processes.seen == 2


@pytest.mark.parametrize("how", ["kept", "adopted", "told"])
def test_a_service_is_held_against_the_limit_that_is_known_now(how):
    """It was kept under another limit, or somebody has raised it since: the forecast is for the one that counts."""
    lines = SAMPLE.read_bytes().splitlines(keepends=True)
    before, after = Engine(limit_mib=128), Engine(limit_mib=256)
    feed(before, lines[: len(lines) // 4])
    [known] = before.services.values()
    if how == "told":
        after = before
        after.limit(128, lambda _: 256)
    elif how == "adopted":
        after.adopt(Service.restore(known.state()))
    else:
        after.keeper = Cupboard(known.state())
    feed(after, lines[len(lines) // 4 :])
    _, verdict = after.services["pay"].judged()
    assert verdict.forecast.limit_mib == 256
    leak = next(finding for finding in after.services["pay"].findings if finding.kind == "leak")
    assert "the limit of 256 MiB" in leak.summary


def test_other_rules_leave_alone_what_is_told_of_those_that_stay():
    """Whoever adds a rule and sends SIGHUP is not told anew of the trouble he knows; its end is told as ever."""
    known, added = parse_rule("live > 30MiB", "known"), parse_rule("live > max(live, 1h)", "added")
    engine = Engine()
    engine.watch_for(Plan([known]))
    told = [engine.observe(collection(n, 10.0 * n, live=40)) for n in (1, 2, 3)]
    engine.watch_for(Plan([known, added]))
    told += [engine.observe(collection(n, 10.0 * n, live=live)) for n, live in ((4, 41), (5, 60), (6, 10))]
    rules = [(f.kind, f.evidence["phase"]) for seen in told for f in seen.findings if f.kind.startswith("rule:")]
    assert [phase for kind, phase in rules if kind == "rule:known"] == ["onset", "resolved"]
    assert ("rule:added", "onset") in rules


def feed(engine, lines):
    scanner = Scanner("pay.log", "pay")
    scanner.feed(b"".join(lines))
    scanner.flush()
    list(engine.all(scanner.take()))


class Cupboard:
    """Keeps one service."""

    def __init__(self, state):
        self.state = state

    def recall(self, name):
        assert name == self.state["name"]
        return Service.restore(self.state)

    def touch(self, service):
        pass

    pass_time = release = touch


def test_a_log_that_begins_late_has_lost_nothing():
    """Rotated away is not lost: the first number says where this log begins."""
    service, _ = epochs(*(collection(n, n * 1.0) for n in (501, 502, 503)))
    assert service.ledger() == {"seen": 3, "missing": 0, "doubled": 0, "late": 0}


def test_numbers_that_are_missing_are_counted_and_placed():
    """`gc N` has no gaps, so a gap is a loss of the log."""
    service, _ = epochs(*(collection(n, n * 1.0) for n in (1, 2, 6, 7)))
    assert service.ledger()["missing"] == 3
    gap = service.epochs[0].ledger.gaps[0]
    assert (gap.first, gap.last, gap.uptime_s) == (3, 5, 6.0)


def test_a_line_that_a_pipeline_doubled_is_counted_once():
    """At-least-once delivery repeats lines; the models must not see them twice."""
    service, seen = epochs(*(collection(n, n * 1.0) for n in (1, 2, 3, 2, 3, 4)))
    assert seen == [1] * 6
    assert service.ledger() == {"seen": 4, "missing": 0, "doubled": 2, "late": 0}


def test_a_line_that_comes_late_fills_its_gap():
    """Partitions and shippers change the order; what comes late is not missing any more."""
    service, seen = epochs(*(collection(n, n * 1.0) for n in (1, 2, 4, 5, 3, 6)))
    assert seen == [1] * 6
    assert service.ledger()["missing"] == 0
    assert service.ledger()["late"] == 1


def test_two_processes_in_one_stream_are_told_apart():
    """By number and uptime: each goes on where it was."""
    one = [collection(n, 100 + n * 1.0, offset=n) for n in range(40, 46)]
    two = [collection(n, n * 3.0, offset=500 + n) for n in range(1, 7)]
    mixed = [each for pair in zip(one, two, strict=True) for each in pair]
    service, seen = epochs(*mixed)
    assert seen == [1, 2] * 6
    assert service.ledger() == {"seen": 12, "missing": 0, "doubled": 0, "late": 0}


def test_two_processes_that_began_together_are_told_apart_by_their_goals():
    """Their numbers and uptimes are alike, but each prints the goal that the one before it in its process set.

    That there are two is known once the first was heard again after the second.
    """
    small = [collection(n, n * 1.0, live=10 + n, goal=2 * (9 + n)) for n in range(1, 31)]
    large = [collection(n, n * 1.1, live=60 + n, goal=2 * (59 + n), offset=500_000 + n) for n in range(1, 31)]
    mixed = sorted(small + large, key=lambda each: each.record.uptime_s)
    service, seen = epochs(*mixed)
    of_small = [each.record.heap_marked_mib < 50 for each in mixed]
    assert len({*zip(seen[4:], of_small[4:], strict=True)}) == 2
    assert service.ledger() == {"seen": 60, "missing": 0, "doubled": 0, "late": 0}


def test_a_wrappers_time_gives_the_start_of_the_process():
    """A wrapper stamps a line a little after it was printed: the earliest is nearest to the truth."""
    service, _ = epochs(collection(1, 10.0, time_s=1010.5), collection(2, 20.0, time_s=1020.1))
    start_s = service.epochs[0].start_s
    assert start_s == pytest.approx(1000.1, abs=0.01)


def test_a_neighbours_time_gives_the_start_of_the_process():
    """The line before was written a little earlier: the latest is nearest to the truth."""
    sightings = (collection(1, 10.0, near_s=1007.0), collection(2, 20.0, near_s=1019.9), collection(3, 30.0))
    service, _ = epochs(*sightings)
    assert service.epochs[0].start_s == pytest.approx(999.9, abs=0.01)
    assert service.epochs[0].time_of(sightings[2]) == pytest.approx(1029.9, abs=0.01)


def test_many_restarts_do_not_grow_the_memory():
    """A service in a crash loop for days."""
    service = Service("pay")
    for restart in range(500):
        for number in (1, 2, 3):
            service.observe(collection(number, number * 1.0, offset=restart * 10 + number, wall_ms=restart + 1.0))
    assert service.processes.seen == 500
    assert len(service.epochs) <= 64


def sample_sightings():
    """A real leak, its restart, and a death between them."""
    scanner = Scanner("a.log", "pay")
    scanner.feed(SAMPLE.read_bytes())
    scanner.flush()
    cycles = [event for event in scanner.take() if isinstance(event, Sighting)]
    death = Sighting(Death("go-out-of-memory", "go", "fatal error: out of memory", (), {}), "pay", "a.log", 10**6)
    return [*cycles, death, *(collection(n, n * 0.5, offset=10**6 + n) for n in range(1, 40))]


@pytest.mark.parametrize("cut", [0, 1, 2, 7, 31, 64, 100, 130, 131, 132, 140, 168])
def test_a_restored_service_goes_on_exactly(cut):
    """Saved as JSON anywhere, restored elsewhere: the same findings, the same verdict, byte for byte."""
    sightings = sample_sightings()
    whole, first = Service("pay", 256.0), Service("pay", 256.0)
    told = [whole.observe(sighting) for sighting in sightings]
    before = [first.observe(sighting) for sighting in sightings[:cut]]
    second = Service.restore(json.loads(orjson.dumps(first.state())))
    after = [second.observe(sighting) for sighting in sightings[cut:]]
    assert [seen.findings for seen in told] == [seen.findings for seen in before + after]
    assert second.judged() == second.judged()
    assert orjson.dumps(second.state()) == orjson.dumps(whole.state())


def test_the_state_of_a_service_is_small():
    """Ten thousand of them in one process, and in one topic."""
    service = Service("pay", 256.0)
    for sighting in sample_sightings()[:131]:
        service.observe(sighting)
    assert len(orjson.dumps(service.state())) < 20 * 1024


def test_a_state_from_the_future_is_refused():
    """A newer program reads an older state; an older one must not guess."""
    state = {**Service("pay").state(), "version": 99}
    with pytest.raises(ValueError, match="newer"):
        Service.restore(state)


def test_a_kill_that_the_heap_does_not_explain_is_said_to_be_outside_it():
    """A C library leaks: the Go heap is flat at 20 MiB and the kernel kills at 500."""
    service = Service("pay")
    for number in range(1, 200):
        service.observe(collection(number, number * 1.0, live=20 + number % 2))
    details = {"anon_rss_kib": 500 * 1024, "pid": 7}
    death = Death("kernel-oom-kill-cgroup", "kernel", "Killed process 7 (pay)", (), details)
    service.observe(Sighting(death, "pay", "kern.log", 10))
    _, verdict = service.judged()
    assert verdict.kind == "outside-heap"
    assert not verdict.leak
    assert "500 MiB" in verdict.why[0]


def test_a_leak_that_no_alarm_told_is_told_at_the_end():
    """An alarm waits to be surer; the end of a log is the last occasion."""
    service = Service("pay", 400.0)
    told = [service.observe(collection(number, number * 0.2, live=8 + 4 * number)) for number in range(1, 60)]
    assert not [finding for seen in told for finding in seen.findings if finding.kind.startswith("leak")]
    assert [finding.kind for finding in service.conclude()] == [service.judged()[1].kind]
    assert service.conclude() == []


def test_false_alarms_are_borne_by_all_services_together():
    """Ten services share what one had: each must be surer before it speaks."""
    engine = Engine(limit_mib=512)
    engine.budget_per_day = 1.0
    for name in range(10):
        for number in (1, 2, 3):
            sighting = collection(number, number * 1.0, offset=number)
            engine.observe(replace(sighting, service=f"pay-{name}"))
    shares = {service.budget_per_day for service in engine.services.values()}
    assert shares <= {1 / 8, 1 / 16}
    assert sum(service.budget_per_day for service in engine.services.values()) <= 1.3


@pytest.mark.parametrize(
    ("last_words", "end"),
    [('level=info msg="received SIGTERM, shutting down"', "asked"), ("GET /cart 200", "silent"), ("", "")],
)
def test_how_a_process_took_its_leave_is_remembered(last_words, end):
    """Who was asked to end did not die; a log without words cannot tell."""
    lines = [
        f"gc {n} @{n}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.2/0.1+0.2 ms cpu, {2 * n}->{2 * n}->{n} MB, {2 * n} MB goal,"
        " 0 MB stacks, 0 MB globals, 4 P\n"
        for n in range(1, 40)
    ]
    engine = Engine()
    feed(engine, [line.encode() for line in (*lines, *([f"{last_words}\n"] if last_words else ()), *lines[:2])])
    [life] = engine.services["pay"].processes.memory.runs
    assert life.end == end
    assert life.top == pytest.approx(39, abs=2)
