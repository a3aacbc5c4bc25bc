"""Collections that stand one under another are read together, and come to what each comes to by itself."""

from __future__ import annotations

import re

import pytest

from gctail.parsing.burst import FEWEST, Burst, Found, one_by_one
from gctail.parsing.gctrace import parse_gctrace
from gctail.parsing.scanner import Scanner
from gctail.records import Passage, Sighting

MODERN = b"gc %d @%d.250s 3%%: 0.05+%d.5+10 ms clock, 0.1+0/1.1/0.3+20 ms cpu, %d->%d->9 MB, %d MB goal, %sP"
ROOTS = b"1 MB stacks, 2 MB globals, 4 "


def lines(count: int, first: int = 1, roots: bytes = ROOTS, end: bytes = b"\n") -> list[bytes]:
    """The collections of one process."""
    return [MODERN % (n, n, n % 7, n, n + 2, n * n, roots) + end for n in range(first, first + count)]


def found_in(log: bytes) -> list[Found]:
    """What a scanner finds in a log that fits into its buffer."""
    scanner = Scanner("log", "log")
    scanner.feed(log)
    scanner.flush()
    return scanner.take_bursts()


def in_bursts(found: list[Found]) -> int:
    """How many collections were read together."""
    return sum(len(each) for each in found if isinstance(each, Burst))


LOGS = {
    "Go 1.18 and later": b"".join(lines(300)),
    "Go 1.6 to 1.17": b"".join(lines(300, roots=b"4 ")),
    "some of them forced": b"".join(lines(90) + lines(90, 91, end=b" (forced)\n") + lines(90, 181)),
    "ends of lines as Windows has them": b"".join(lines(300, end=b"\r\n")),
    "GOGC=off": re.sub(rb"\d+ MB goal", b"17592186044415 MB goal", b"".join(lines(300))),
    "a new version in the middle": b"".join(lines(200, roots=b"4 ") + lines(200, 201)),
    "a gap": b"".join(lines(200) + lines(200, 203)),
    "two processes": b"".join(lines(200) + lines(200)),
    "words between": b"".join([*lines(200), b"request served in 3 ms clock\n", *lines(200, 201)]),
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_what_is_read_together_is_what_is_read_line_by_line(log: bytes) -> None:
    """Each collection, at its place; and most of them were read together."""
    found = found_in(log)
    assert in_bursts(found) > 100
    expected, offset = [], 0
    for line in log.splitlines(keepends=True):
        cycle = parse_gctrace(line.rstrip(b"\n"))
        if cycle is not None:
            expected.append((offset, cycle))
        offset += len(line)
    seen = [each for each in one_by_one(found) if isinstance(each, Sighting)]
    assert [(each.offset, each.record) for each in seen] == expected
    assert [repr(each.record) for each in seen] == [repr(cycle) for _, cycle in expected]


def test_a_number_that_no_json_writes_is_read_by_itself() -> None:
    """A leading zero, as no runtime prints it: still a collection."""
    log = b"".join(lines(200)).replace(b"gc 150 @150.", b"gc 150 @0150.")
    seen = [each.record for each in one_by_one(found_in(log)) if isinstance(each, Sighting)]
    assert [cycle.number for cycle in seen] == [*range(1, 201)]
    assert seen[149].uptime_s == 150.25


def test_two_processes_that_take_turns_are_read_line_by_line() -> None:
    """Their numbers do not follow one another, which is seen at the first line and costs no buffer."""
    log = b"".join(line for pair in zip(lines(300), lines(300, 1000), strict=True) for line in pair)
    found = found_in(log)
    assert not in_bursts(found)
    assert len(found) == 600


def test_few_collections_are_no_burst() -> None:
    """Between the application's lines there is mostly one."""
    found = found_in(b"".join([b"hello\n", *lines(FEWEST // 2), b"hello\n"]))
    assert not in_bursts(found)
    assert sum(isinstance(each, Passage) for each in found) == 2


def test_some_of_a_burst_is_where_it_was() -> None:
    """The last collections of a burst are taken one by one, each at its offset."""
    (burst, *_) = (each for each in found_in(LOGS["ends of lines as Windows has them"]) if isinstance(each, Burst))
    whole = [*burst.sightings()]
    assert [*burst.sightings(len(burst) - 3)] == whole[-3:]
    assert burst.sighting(17) == whole[17]
    assert [*burst.sightings(len(burst))] == []
