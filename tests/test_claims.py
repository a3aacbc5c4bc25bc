"""Whose a kernel's kill is, while services live: only something that names a service takes its death for told."""

import pytest

from following import collections
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner

KILL = (
    "2026-11-23T03:00:32.500000+00:00 node kernel: Memory cgroup out of memory: Killed process {pid} ({comm}) total-vm:2623712kB, anon-rss:{rss}kB, "
    "file-rss:1268kB, shmem-rss:4kB, UID:1000 pgtables:5104kB oom_score_adj:-998\n"
)
FITS, TOO_LITTLE = 90 << 10, 8 << 10
"""Resident KiB: room enough for a live heap of 60 MiB that may grow to 120; less than the live heap itself."""


def died(service, kill, *, says="time=2026-11-23T03:00:00Z level=info msg=request\n", over=False):
    """The services that are told to have died."""
    engine = Engine()
    engine.over = over
    log, kernel = Scanner("pay.log", service), Scanner("kern.log", "kern")
    log.feed(says.encode() + collections(1, 30, live=60) + says.replace("03:00:00", "03:00:30").encode())
    found = list(engine.all(log.take()))
    kernel.feed(kill.encode())
    kernel.flush()
    found += engine.all(kernel.take())
    told = [*(finding for seen in found for finding in seen.findings), *engine.conclude()]
    return [finding.service for finding in told if finding.kind == "death"]


def test_another_processs_kill_is_none_of_a_lone_services():
    """Though it lives, its last line has just come, and its heap would fit."""
    assert died("checkout", KILL.format(pid=77, comm="chrome", rss=FITS)) == ["kernel"]


@pytest.mark.parametrize(
    ("service", "comm", "says"),
    [
        ("checkout", "checkout", "time=2026-11-23T03:00:00Z level=info msg=request\n"),
        ("checkout-service-for-shops", "checkout-servic", "time=2026-11-23T03:00:00Z level=info msg=request\n"),
        ("app", "checkout", "time=2026-11-23T03:00:00Z level=info service=checkout msg=request\n"),
        ("checkout", "runner", "time=2026-11-23T03:00:00Z level=info pid=77 msg=request\n"),
        ("app", "checkout", "time=2026-11-23T03:00:00Z level=info msg=request\n"),
        ("checkout", "main", "time=2026-11-23T03:00:00Z level=info msg=request\n"),
    ],
    ids=[
        "name",
        "cut at 15 characters",
        "what it calls itself",
        "pid",
        "a log without a name",
        "a comm that says nothing",
    ],
)
def test_a_kill_is_the_services_that_it_names_or_that_nothing_speaks_against(service, comm, says):
    """By name, by pid; by the size alone only where one of both has no name."""
    assert died(service, KILL.format(pid=77, comm=comm, rss=FITS), says=says) == [service]


def test_a_process_that_held_less_than_the_live_heap_is_another_one():
    """Whatever it is called: another container of the same image."""
    assert died("checkout", KILL.format(pid=77, comm="checkout", rss=TOO_LITTLE)) == ["kernel"]


@pytest.mark.parametrize("rss", [FITS, TOO_LITTLE])
def test_at_the_end_of_all_logs_a_kill_is_whose_log_ends_there_and_whose_heap_fits(rss):
    """As in a post-mortem: the kernel knows a program by the name of its file, which no log tells."""
    kill = KILL.format(pid=77, comm="y1.26.8", rss=rss)
    assert died("checkout", kill, over=True) == ["checkout" if rss == FITS else "kernel"]


def test_at_the_end_of_all_logs_a_kill_at_another_time_is_somebody_elses():
    """The service wrote lines for long after it; or it had been silent for hours."""
    kill = KILL.format(pid=77, comm="chrome", rss=FITS)
    for hour in ("02:00", "07:00"):
        assert died("checkout", kill.replace("03:00", hour), over=True) == ["kernel"]


def test_a_kill_of_another_name_long_after_a_busy_log_ended_is_somebody_elses():
    """Who wrote fifty lines a second does not live on for a minute without one; a quiet one may."""
    kill = KILL.format(pid=77, comm="y1.26.8", rss=FITS).replace("03:00:32", "03:01:30")
    busy = "".join(f"time=2026-11-23T03:00:{at // 50:02d}.{20 * (at % 50):03d}Z msg=request\n" for at in range(100))
    assert died("checkout", kill, says=busy, over=True) == ["kernel"]
    assert died("checkout", kill, over=True) == ["checkout"]


def test_a_later_process_of_the_same_name_is_another_one():
    """It is sure enough while the service may still be heard, and not when all logs have ended."""
    kill = KILL.format(pid=77, comm="checkout", rss=FITS).replace("03:00:32", "03:01:30")
    busy = "".join(f"time=2026-11-23T03:00:{at // 50:02d}.{20 * (at % 50):03d}Z msg=request\n" for at in range(100))
    assert died("checkout", kill, says=busy, over=True) == ["kernel"]
    assert died("checkout", kill, says=busy) == ["checkout"]


def test_a_process_is_killed_once():
    """Its own kill was told; that of another process a moment later fits as well, but for the name."""
    kills = KILL.format(pid=77, comm="checkout", rss=FITS) + KILL.format(pid=78, comm="runner", rss=FITS)
    assert died("checkout", kills, over=True) == ["checkout", "kernel"]


def test_no_zone_is_made_up_for_a_kill_of_another_name():
    """dmesg -T tells no zone, and half an hour more or less brings nearly every kill of a day near our end."""
    kill = "[Mon Nov 23 0{hour}:00:32 2026] Memory cgroup out of memory: Killed process 77 ({comm}) total-vm:2623712kB, anon-rss:92160kB\n"
    assert died("checkout", kill.format(hour=6, comm="chrome"), over=True) == ["kernel"]
    assert died("checkout", kill.format(hour=3, comm="chrome"), over=True) == ["checkout"]
    assert died("checkout", kill.format(hour=6, comm="checkout"), over=True) == ["checkout"]
