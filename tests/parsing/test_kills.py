"""What a kernel says in the middle of an application's log, found wherever the input is cut."""

import re

import pytest

from gctail.parsing.kills import kills_in
from gctail.parsing.scanner import Scanner
from gctail.records import Death

KILLED = (
    b"Memory cgroup out of memory: Killed process 4242 (checkout) total-vm:1528552kB, anon-rss:261236kB, "
    b"file-rss:4700kB, shmem-rss:0kB, UID:0 pgtables:624kB oom_score_adj:0"
)
LINE = b'time=2026-11-23T08:52:40.733Z level=info msg="request processed" path=/api/v2/products/11495 status=200\n'


def deaths_in(data, size):
    scanner, events = Scanner("a.log", "a"), []
    for at in range(0, len(data), size):
        scanner.feed(data[at : at + size])
        events += scanner.take()
    scanner.flush()
    events += scanner.take()
    return [
        (each.offset, each.record.cause, each.service)
        for each in events
        if isinstance(getattr(each, "record", 0), Death)
    ]


@pytest.mark.parametrize(
    "prefix", [b"[ 2150.692627] ", b"Nov 23 08:52:40 node-7 kernel: [ 2150.692627] ", b"<6>[ 2150.692627] "]
)
@pytest.mark.parametrize("size", [1 << 12, 1 << 16, 1 << 20])
def test_a_kernels_line_at_the_end_of_a_long_log_is_found(prefix, size):
    data = LINE * 3000 + prefix + KILLED + b"\n"
    ((offset, cause, _),) = deaths_in(data, size)
    assert (offset, cause) == (len(LINE) * 3000, "kernel-oom-kill-cgroup")


def test_a_whole_report_is_one_death_at_its_first_line(root):
    logs = root / "samples" / "logs"
    log = (logs / "unbounded-map-go1.27.log").read_bytes()
    report = (logs / "unbounded-map-go1.27.kernel.log").read_bytes()
    assert deaths_in(log + report, 1 << 20) == [(len(log), "kernel-oom-kill-cgroup", "kernel")]


def test_an_application_that_quotes_a_kernel_is_not_killed():
    quoted = b'level=warn msg="dmesg says: ' + KILLED + b'"\n' + b"[worker] " + KILLED[8:] + b"\n"
    assert kills_in(LINE * 10 + quoted) == []


@pytest.mark.parametrize(
    "name", ["killed-by-memory-cgroup-go1.24", "memory-limit-spiral-go1.27", "unbounded-map-go1.27"]
)
@pytest.mark.parametrize("piece", [1 << 18, 1 << 10])
def test_a_report_whose_lines_have_no_prefix_is_the_same_death(root, name, piece):
    """`dmesg -t` and `journalctl -o cat`, by themselves and in the midst of an application's lines."""
    report = (root / "samples" / "logs" / f"{name}.kernel.log").read_bytes()
    [whole] = deaths(report, 1 << 18)
    bare = re.sub(rb"^\[ *[\d.]+\] ", b"", report, flags=re.MULTILINE)
    for log in (bare, b"msg=served id=1\n" * 90 + bare + b"memory: usage is fine\nmsg=served id=2\n" * 9):
        [death] = deaths(log, piece)
        told = {key: value for key, value in whole.details.items() if key != "kernel_uptime_s"}
        if piece < 1 << 18:  # a report that comes in several pieces may lose who asked for memory, never the limit
            told = {key: value for key, value in told.items() if "invok" not in key and key in death.details}
            assert told["limit_kib"] == whole.details["limit_kib"]
        assert {key: death.details[key] for key in told} == told


def deaths(log: bytes, piece: int) -> list[Death]:
    """The deaths of a log that comes in such pieces."""
    scanner, found = Scanner("it.log", "it"), []
    for at in range(0, len(log), piece):
        scanner.feed(log[at : at + piece])
        found += scanner.take()
    scanner.flush()
    return [each.record for each in (*found, *scanner.take()) if isinstance(getattr(each, "record", None), Death)]
