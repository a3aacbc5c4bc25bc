"""The death in short, at the end of an ordinary reading: cause, evidence with its place, memory, and one next step."""

import pytest

from gctail.engine import Engine, report
from gctail.palette import Palette
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import Death, Passage, Sighting
from gctail.runners.local import Reading
from gctail.sinks.text import report_text
from postmortem_cases import LOGS

LOG = LOGS / "unbounded-map-go1.27.log"
KILL = LOGS / "unbounded-map-go1.27.kernel.log"
OTHERS = LOGS / "killed-by-memory-cgroup-go1.24.kernel.log"


def told(*paths) -> str:
    """The report of these logs, as text."""
    engine, reading = Engine(), Reading()
    for found in reading.bursts([str(path) for path in paths]):
        list(engine.all(found))
    engine.conclude()
    return report_text(report(engine, reading.facts()), Palette(colour=False))


def test_the_end_of_a_report_tells_how_it_died():
    """Title and confidence, the sentence with its numbers, file and byte, memory against limit, and what to do."""
    lines = told(LOG, KILL).splitlines()
    died = next(at for at, line in enumerate(lines) if line.startswith("  died: "))
    assert lines[died] == "  died: killed by the kernel at its memory limit of 256 MiB (96% sure)"
    assert "Ours: it names session-gateway, as our log does" in lines[died + 1]
    assert lines[died + 2].startswith(f"    {KILL} at byte ")
    assert "Killed process 22086" in lines[died + 2]
    assert lines[died + 3] == "  memory: 129 MiB live, the next collection due at 258 MiB, limit 256 MiB"
    assert f"the whole story: gctail postmortem {LOG} {KILL}" in "\n".join(lines)


def test_the_kill_of_somebody_else_is_not_ours():
    """It stands under the name of who was killed, after the service that was asked about."""
    text = told(LOG, OTHERS)
    assert text.startswith("unbounded-map-go1.27: LEAK")
    assert "\n  died" not in text.split("\n\n", maxsplit=1)[0]
    assert "order-events" in text


def test_a_kill_of_somebody_else_that_stands_in_our_log_is_not_ours(tmp_path):
    """A kernel's lines that somebody appended name another process."""
    log = tmp_path / "service.log"
    log.write_bytes(LOG.read_bytes() + OTHERS.read_bytes())
    first = told(log).split("\n\n", maxsplit=1)[0]
    assert first.startswith("service: LEAK")
    assert "\n  died" not in first


def test_the_last_line_is_the_services_own(tmp_path):
    """What a kernel wrote behind it is no last word."""
    log = tmp_path / "service.log"
    log.write_bytes(LOG.read_bytes() + (LOGS / "unbounded-map-go1.27.kernel-dates.log").read_bytes())
    text = told(log)
    assert "  died at 2026-11-23T08:52:40.000Z: killed by the kernel" in text
    assert 'last line: time=2026-11-23T08:52:40.733Z level=info msg="request processed"' in text


def test_how_long_after_our_last_line_it_was_is_counted_from_the_last_line():
    """Not from the last collection, which was 3 s before it."""
    text = told(LOG, LOGS / "unbounded-map-go1.27.kernel-dates.log")
    assert "it came when our log ends" in text
    assert "after our last line" not in text


def test_a_death_of_an_earlier_process_says_so():
    """The service was started again, and goes on."""
    assert "\n  process 1 died: killed by SIGKILL" in told(LOGS / "restart-go1.27.log.gz")


@pytest.mark.parametrize(
    "form",
    [
        "starting, pid 22086",
        "starting pid=22086",
        '{"msg":"starting","pid":22086}',
        "[pid 22086] starting",
        "PID: 22086",
    ],
)
def test_a_kill_is_ours_by_the_pid_that_our_lines_carry(form, tmp_path):
    """The kernel names an executable that our log does not know."""
    log, kill = tmp_path / "orders.log", tmp_path / "kernel.log"
    log.write_bytes(form.encode() + b"\n" + LOG.read_bytes().replace(b"service=session-gateway", b"tier=front"))
    kill.write_bytes(KILL.read_bytes().replace(b"session-gateway", b"app.bin"))
    first = told(log, kill).split("\n\n", maxsplit=1)[0]
    assert "Ours: our lines carry its pid 22086; " in first


@pytest.mark.parametrize(
    ("named", "whose"),
    [("checkout", "checkout"), ("checkout-6d9c7d9f4-kx2lm", "checkout"), ("search", "search"), ("postgres", "kernel")],
)
def test_a_report_goes_to_the_service_that_it_names(named, whose):
    """Of two services: by its name, by its pod's name, or to nobody."""
    engine = Engine()
    gc = b"gc 1 @0.012s 1%: 0.02+0.4+0.003 ms clock, 0.04+0.1/0.3/0.2+0.006 ms cpu, 4->5->3 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 2 P"
    for name in ("checkout", "search"):
        engine.observe(Passage(memoryview(b"level=info msg=hello\n"), name, f"{name}.log", 0))
        engine.observe(Sighting(parse_gctrace(gc), name, f"{name}.log", 40))
    death = Death("oom-killed-report", "orchestrator", "OOMKilled", ("OOMKilled",), {"pod": named, "confidence": 0.9})
    engine.observe(Sighting(death, "kernel", "events.txt", 0))
    assert [name for name, service in engine.services.items() if service.deaths] == [whose]


def test_a_kill_told_in_local_time_is_told_when_it_was(tmp_path):
    """`dmesg -T` of a machine two hours east of Greenwich, beside a log in UTC: its zone is that of the end."""
    kernel = tmp_path / "dmesg.txt"
    kernel.write_text((LOGS / "unbounded-map-go1.27.kernel-dates.log").read_text().replace(" 08:52:", " 10:52:"))
    assert "died at 2026-11-23T08:52:40.000Z: killed by the kernel" in told(LOG, kernel)
