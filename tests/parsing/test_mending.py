"""Torn lines: the collection comes back whole, and so does every line of the application that tore it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from as_the_runtime_prints import ms
from gctail.parsing.scanner import Scanner
from gctail.records import GcCycle, Init, Passage, Scav, Sched, Scvg, Sighting, Unreadable

STYLES = {
    "slog-json": '{{"time":"2026-11-23T02:53:{s:02d}.{us:06d}759Z","level":"INFO","msg":"request served","id":{id}}}',
    "slog-text": 'time=2026-11-23T02:53:{s:02d}.{ms:03d}Z level=INFO msg="request served" id={id}',
    "iso": "2026-01-02T03:04:{s:02d}Z INFO request served id={id}",
    "log": "2026/11/23 02:53:{s:02d} request served id={id}",
    "log-micros": "2026/11/23 02:53:{s:02d}.{us:06d} request served id={id}",
    "klog": "I1123 02:53:{s:02d}.{us:06d}       1 server.go:12] request served id={id}",
    "zap-console": '2026-11-23T02:53:{s:02d}.{ms:03d}Z\tINFO\tserver/http.go:12\trequest served\t{{"id": {id}}}',
    "bracketed": "[2026-11-23 02:53:{s:02d}] [INFO] request served id={id}",
    "level-first": "INFO request served id={id}",
    "epoch": "17638{s:02d}{ms:03d}.{ms:03d} request served id={id}",
    "clock-only": "02:53:{s:02d}.{ms:03d} request served id={id}",
    "words": "served request number {id} in {ms} ms",
}


def lines_of(style, count):
    return [
        STYLES[style].format(s=at % 60, ms=at * 7 % 1000, us=at * 7919 % 1_000_000, id=100 + at) for at in range(count)
    ]


def gc_line(number, *, forced=False, stacks=True):
    w1, w3 = 0.01 + number % 90 / 1000, 0.001 * (1 + number % 9)
    w1, w3 = round(w1, 3), round(w3, 3)
    roots = " 0 MB stacks, 0 MB globals," if stacks else ""
    return (
        f"gc {number} @{number * 0.731:.3f}s {number % 7}%: {ms(w1)}+0.{10 + number % 80}+{ms(w3)} ms clock, "
        f"{ms(w1 * 2)}+0/0.{10 + number % 70}/1.{number % 10}+{ms(w3 * 2)} ms cpu, "
        f"{number}->{number + 1}->{number // 2} MB, {number * 2} MB goal,{roots} 2 P" + (" (forced)" if forced else "")
    )


def writes(line):
    """The pieces in which the runtime writes a line, its newline last."""
    return [*re.findall(r"\d+(?:\.\d+)?|gc | P| \(forced\)|%|: |[^\d%(P]+", line), "\n"]


def read(text, chunk=None):
    data = text.encode() if isinstance(text, str) else text
    scanner = Scanner("a.log", "a")
    events = []
    for start in range(0, len(data), chunk or len(data) or 1):
        scanner.feed(data[start : start + (chunk or len(data))])
        events += kept(scanner)
    scanner.flush()
    return events + kept(scanner)


def kept(scanner):
    """Events with their text copied: a passage is lent only until the next bytes come."""
    return [
        Passage(bytes(event.text), event.service, event.origin, event.offset) if isinstance(event, Passage) else event
        for event in scanner.take()
    ]


def application(events):
    return b"".join(bytes(event.text) for event in events if isinstance(event, Passage)).decode().splitlines()


def records(events):
    return [event.record for event in events if isinstance(event, Sighting)]


@st.composite
def torn_logs(draw):
    """A log as a terminal or a pipe would hold it, and what each side wrote into it."""
    style = draw(st.sampled_from(sorted(STYLES)))
    pool = iter(lines_of(style, 4000))
    first = draw(st.sampled_from([1, 9, 98, 1207]))
    stacks = draw(st.booleans())
    cycles = [gc_line(first + at, forced=draw(st.booleans()), stacks=stacks) for at in range(draw(st.integers(1, 4)))]
    out, written = [], []

    def log(count):
        for _ in range(count):
            line = next(pool)
            written.append(line)
            out.append(line + "\n")

    log(12)
    for cycle in cycles:
        for piece in writes(cycle):
            out.append(piece)
            if piece != "\n" and draw(st.integers(0, 5)) == 0:
                log(draw(st.integers(1, 4)))
        log(draw(st.integers(1, 6)))
    return "".join(out), written, cycles


@settings(deadline=None, max_examples=150)
@given(torn_logs(), st.sampled_from([None, 1, 7, 300]))
def test_both_sides_of_a_torn_log_come_back_whole(torn, chunk):
    """However the pieces fell, and however they arrive: every collection, and every line byte for byte, in order."""
    text, written, cycles = torn
    events = read(text, chunk)
    found = [record for record in records(events) if isinstance(record, GcCycle)]
    assert [record.number for record in found] == [int(cycle.split()[1]) for cycle in cycles]
    assert [record.forced for record in found] == ["(forced)" in cycle for cycle in cycles]
    assert application(events) == written
    assert not [record for record in records(events) if isinstance(record, Unreadable)]


def test_a_log_driver_that_makes_a_record_of_every_write_is_mended():
    """Each piece on a line of its own, as some drivers of container logs leave it."""
    text = "".join(piece + "\n" for number in (4, 5, 6) for piece in writes(gc_line(number)) if piece != "\n")
    events = read("INFO started id=1\n" + text + "INFO done id=2\n")
    assert [record.number for record in records(events)] == [4, 5, 6]
    assert application(events) == ["INFO started id=1", "INFO done id=2"]


def test_a_driver_that_keeps_the_newline_as_a_record_of_its_own_leaves_no_empty_line():
    """The write of the newline alone becomes an empty line; it belongs to the collection."""
    text = "".join(piece.rstrip("\n") + "\n" for number in (4, 5) for piece in writes(gc_line(number, forced=True)))
    events = read(text + "INFO done id=2\n")
    assert [(record.number, record.forced) for record in records(events)] == [(4, True), (5, True)]
    assert application(events) == ["INFO done id=2"]


def test_text_without_a_newline_in_front_of_a_collection_is_given_back():
    """`Ready. Loaded 1002662 serials` was printed without a newline; the collection behind it is not lost."""
    events = read("Ready. Loaded 1002662 serials" + gc_line(17) + "\nGC took 304ms\n")
    assert [record.number for record in records(events)] == [17]
    assert application(events) == ["Ready. Loaded 1002662 serials", "GC took 304ms"]


@pytest.mark.parametrize(
    "wrapped",
    [
        "gc1(1): 0+0+0 ms, 0 -> 0 MB 20 -> 22 (23-1) objects, 0(0) handoff, 0(0) steal, 0\n/0/0 yields\n",
        "gc1(1): 0+0+0 ms, 0 -> 0 MB 20 -> 22 (23-1) objects, 0(0) handoff, 0(0) stea\nl, 0/0/0 yields\n",
        "gc1(1): 0+0+0 ms, 0 -> 0 MB 20 -> 22 (23-1) objects, 0(0) handoff,\n0(0) steal, 0/0/0 yields\n",
        "> gc1(1): 0+0+0 ms, 0 -&gt; 0 MB 20 -&gt; 22 (23-1) objects, 0(0) handoff,\n> 0(0) steal, 0/0/0 yields\n",
    ],
)
def test_a_line_wrapped_at_80_columns_is_joined(wrapped):
    """With the blank at the joint lost or not, inside a word or not, quoted in a mail or not."""
    events = read(wrapped + "2013/05/14 02:33:47 0: multiplying...\n")
    assert [record.number for record in records(events)] == [1]
    assert application(events) == ["2013/05/14 02:33:47 0: multiplying..."]


def test_other_lines_of_the_runtime_are_mended_too():
    """SCHED inside init, as Go 1.21 printed it; scav, torn by the application."""
    text = (
        "init internal/bytealg @SCHED 0ms: gomaxprocs=2 idleprocs=1 threads=2 spinningthreads=0 needspinning=0 "
        "idlethreads=0 runqueue=0 [0 0]\n0.001 ms, 0.006 ms clock, 0 bytes, 0 allocs\n"
        "INFO one id=1\nINFO two id=2\nscav 0 KiB workINFO three id=3\n (bg), 0 KiB work (eager), INFO four id=4\n"
        "3936 KiB now, 38% util\nINFO five id=5\n"
    )
    events = read(text)
    assert {type(record) for record in records(events)} == {Init, Sched, Scav}
    assert application(events) == [
        f"INFO {name} id={at + 1}" for at, name in enumerate(["one", "two", "three", "four", "five"])
    ]


def test_a_scheduler_line_is_mended_wherever_it_was_torn():
    """SCHED is printed without the lock that keeps other lines of the runtime out; the application tears it too."""
    line = "SCHED 1004ms: gomaxprocs=2 idleprocs=0 threads=5 spinningthreads=1 needspinning=0 idlethreads=2 runqueue=0"
    line += " [ 0 1 ] schedticks=[ 105189 146 ]"
    end = line.index(" [")
    places = [
        6,
        *(at for at in range(7, end + 1) if line[at - 1] == "=" or (line[at - 1].isdigit() and line[at] in " m")),
    ]
    for at in places:
        text = "2026/11/23 03:12:00 hello 1\n" * 5 + line[:at] + "2026/11/23 03:12:00 hello 2\n" + line[at:] + "\n"
        events = read(text)
        assert [type(record) for record in records(events)] == [Sched], line[:at]
        assert application(events)[-1] == "2026/11/23 03:12:00 hello 2", line[:at]


def test_lines_that_begin_with_an_address_are_told_from_numbers():
    """Addresses differ in length and begin with digits, as what the runtime prints does."""
    lines = [
        f'10.{at * 7 % 256}.19.{at * 31 % 256} - - [23/Nov/2026:02:53:{at:02d} +0000] "GET / HTTP/1.1" 200 {at}'
        for at in range(30)
    ]
    pieces, lost = writes(gc_line(7)), 0
    for at in range(1, len(pieces)):
        text = "\n".join([gc_line(6), *lines[:20], ""]) + "".join(pieces[:at]) + lines[20] + "\n" + "".join(pieces[at:])
        events = read(text + lines[21] + "\n")
        found = [record for record in records(events) if isinstance(record, GcCycle)]
        lost += [record.number for record in found] != [6, 7] or application(events) != lines[:22]
    assert lost == 0


def test_a_tear_in_the_goal_keeps_the_goal_and_the_line():
    """`done` is the application's; the goal is 4073."""
    one = gc_line(5).replace("10 MB goal", "4073done\n MB goal")
    events = read("INFO a id=1\n" * 5 + one + "\nINFO b id=2\n")
    assert [(record.number, record.goal_mib) for record in records(events)] == [(5, 4073)]
    assert application(events)[-2:] == ["done", "INFO b id=2"]


def test_go_before_1_5_printed_without_any_lock():
    """`gc` and its number stand on different lines, with a scavenger's report between them."""
    text = (
        "gcscvg15: 0 MB released\n27(1): 2+0+2474+1 us, 5 -> 11 MB, 31991 (34806-2815) objects, 5 goroutines, "
        "1092/1/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields\n"
    )
    kinds = [type(record) for record in records(read(text))]
    assert sorted(kind.__name__ for kind in kinds) == [GcCycle.__name__, Scvg.__name__]


def test_a_line_cut_by_the_end_of_the_process_is_told_not_invented():
    """`gc 4 @` and nothing more: no collection, but not nothing either."""
    events = read(gc_line(3) + "\ngc 4 @")
    kinds = [type(record) for record in records(events)]
    assert kinds == [GcCycle, Unreadable]


def test_words_that_begin_like_the_runtime_stay_the_applications():
    """An application may begin its lines with `gc ` or `init `."""
    lines = ["gc removed 10 blobs", "init database", "pacer: on", "scan: done", "gc removed 11 blobs"] * 300
    events = read("\n".join(lines) + "\n")
    assert application(events) == lines
    assert records(events) == []


def test_a_collection_that_lost_its_end_takes_no_other_collections_pieces():
    """The end of one and the beginning of the next were lost: two halves do not make a whole."""
    one, two = gc_line(3), gc_line(9)
    half = len(one) // 2
    text = "INFO a id=1\n" * 5 + one[:half] + "INFO b id=2\n" + "gc 9" + "INFO c id=3\n" + two[4:] + "\nINFO d id=4\n"
    events = read(text)
    assert [record.number for record in records(events) if isinstance(record, GcCycle)] == [9]
    assert application(events) == ["INFO a id=1"] * 5 + ["INFO b id=2", "INFO c id=3", "INFO d id=4"]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([b"gc ", b"gc 1 @", b"\n", b"1", b"2026-01-02", b" P", b"x", b"scav ", b"\xff", b"->"]))
)
def test_nothing_is_lost_of_any_bytes(pieces):
    """Whatever comes, it does not raise, and what is not a record or unreadable is given back."""
    data = b"".join(pieces)
    events = read(data)
    assert all(isinstance(event, Sighting | Passage) for event in events)
