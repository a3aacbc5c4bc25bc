"""Runtime lines that no quick pattern takes: the grammars read what they can, and say where the rest goes wrong."""

import pytest

from gctail.parsing.intact import misfit_column, parse_record, read_record
from gctail.parsing.scanner import Scanner
from gctail.records import Sighting, Unreadable

LINES = (
    "gc 2 @0.116s 9%: 1.8+1.6+0.004 ms clock, 1.8+0/1.0/1.0+0.004 ms cpu, 4->4->1 MB, 4 MB goal, 2 P",
    "scav 0 KiB work (bg), 16 KiB work (eager), 7696 KiB now, 100% util",
    "pacer: assist ratio=+8.167141e-001 (scan 0 MB in 3->4 MB) workers=0++2.500000e-001",
    "SCHED 1002ms: gomaxprocs=2 idleprocs=0 threads=5 idlethreads=2 runqueue=0 [ 0 0 ]",
    "init unicode @7.0 ms, 0.006 ms clock, 512 bytes, 4 allocs",
)


def read(text):
    scanner = Scanner("a.log", "a")
    scanner.feed(text.encode())
    scanner.flush()
    return [event.record for event in scanner.take() if isinstance(event, Sighting)]


@pytest.mark.parametrize("line", LINES)
def test_blanks_that_no_runtime_prints_hide_no_record(line):
    """Whoever pasted the line aligned its columns."""
    aligned = line[:25] + line[25:].replace(" ", "  ")
    assert parse_record(aligned.encode()) is None
    assert read_record(aligned.encode()) == parse_record(line.encode())
    assert read(aligned + "\n") == [parse_record(line.encode())]


@pytest.mark.parametrize(
    ("torn", "column"),
    [
        ("gc 2 @0.116s 9%: 1.8+1.6+0.004 ms clock, 1.8+0/1.0/", 51),
        ("SCHED 1004ms: gomaxprocs=4 idleprocs=3 threads=6 spinningthreads=0 needspin", 67),
    ],
)
def test_what_is_unreadable_says_where_by_the_grammar_of_its_own_kind(torn, column):
    """A line of the scheduler is no collection that goes wrong at its first letter."""
    (record,) = read(torn)
    assert isinstance(record, Unreadable)
    assert record.text.startswith(torn[:column])
    assert record.column == column == misfit_column(torn)
