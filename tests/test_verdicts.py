"""The project's own samples, read as a user reads them: every collection found, every line given back, the verdict right."""

import json
import lzma
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "samples" / "logs"
INDEX = json.loads((LOGS / "index.json").read_text())


@pytest.mark.parametrize("sample", INDEX, ids=lambda sample: sample["file"])
def test_every_collection_of_a_sample_is_found(gctail, sample):
    """Torn, wrapped, compressed, interleaved: what the program did is in the output, once."""
    done = gctail("records", LOGS / sample["file"])
    told = [json.loads(line) for line in done.stdout.splitlines()]
    found = [each for each in told if each["type"] == "gc"]
    assert (
        len(found) == sample["gc_lines"] + sample["torn_gc_lines"] == sum(p["collections"] for p in sample["processes"])
    )
    assert sum(each["mended"] for each in found) >= sample["torn_gc_lines"]
    assert not [each for each in told if each["type"] == "unreadable"]


@pytest.mark.parametrize("sample", INDEX, ids=lambda sample: sample["file"])
def test_the_verdict_on_a_sample_is_right(gctail, sample):
    """Leaks are called leaks, and nothing else is."""
    told = json.loads(gctail(LOGS / sample["file"], "--output", "json").stdout)
    services = [each for each in told["services"] if each["collections"]]
    leaking = {process["service"] for process in sample["processes"] if process["leak"]}
    steady = {process["service"] for process in sample["processes"]} - leaking
    if len(services) == 1:
        assert services[0]["verdict"]["leak"] is bool(leaking)
        return
    for each in services:
        name = each["service"]
        matches_leak = any(service in name for service in leaking)
        matches_steady = any(service in name for service in steady)
        assert matches_leak != matches_steady
        assert each["verdict"]["leak"] is matches_leak


def test_what_the_application_wrote_into_a_torn_pipe_comes_back_byte_for_byte(gctail):
    """The same lines went to a second file, where nobody tore them."""
    sample = next(each for each in INDEX if each["application_log"])
    written = lzma.decompress((LOGS / sample["application_log"]).read_bytes()).splitlines()
    done = gctail("records", "--lines", LOGS / sample["file"])
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["text"].encode() for each in told if each["type"] == "line"] == written


@pytest.mark.parametrize("sample", [each for each in INDEX if each["kernel_logs"]], ids=lambda sample: sample["file"])
def test_a_kernels_report_beside_the_log_is_the_services_death(gctail, sample):
    """The kernel names the process it killed; the log of the service just stops."""
    for kernel_log in sample["kernel_logs"]:
        told = json.loads(gctail(LOGS / sample["file"], LOGS / kernel_log, "--output", "json").stdout)
        service = next(each for each in told["services"] if each["collections"])
        assert service["death"]["cause"] == "kernel-oom-kill-cgroup"
        assert "Killed process" in service["death"]["evidence"][0]


def test_every_golden_run_is_accounted_for(gctail, shared):
    """27 versions of Go: no line is lost between the records and the application's."""
    for log in sorted(shared.glob("golden-runs/1.*/gctrace-leak.log")):
        done = gctail("records", "--lines", log)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        lines = sum(each["type"] == "line" for each in told)
        assert lines + sum(each["type"] != "line" for each in told) == len(log.read_bytes().splitlines())
        assert sum(each["type"] == "gc" for each in told) > 3


def test_every_public_log_gives_the_collections_a_careful_reader_finds(gctail, shared):
    """Wrapped at 80 columns, quoted, torn, with entities; three are cut or overwritten so that their heap is lost."""
    unreadable = {"039-go11911-unbounded-overshoot.log": 1, "053-go12051-tcp1m-gc-app.log": 1}
    for line in (shared / "corpus" / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        log = shared / "corpus" / entry["file"]
        done = gctail("records", log)
        told = [json.loads(each) for each in done.stdout.splitlines()]
        found = sum(each["type"] == "gc" for each in told)
        lost = sum(each["type"] == "unreadable" for each in told)
        assert (found + lost, lost) == (entry["gc_lines"], unreadable.get(log.name, 0)), log.name


def test_a_whole_log_torn_by_a_busy_application_is_mended(gctail, shared):
    """1 958 collections, 121 of them torn; the reference counted them by hand."""
    done = gctail("records", "--lines", shared / "golden-runs" / "torn" / "slog-json-paced.log")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["number"] for each in told if each["type"] == "gc"] == list(range(1, 1959))
    assert all(each["text"].startswith('{"time":') for each in told if each["type"] == "line")


def test_a_leak_that_a_deploy_has_ended_is_told_with_what_runs_now(gctail, tmp_path):
    """Version one leaks; the process after it does not, and that is the first question on call."""
    runs = (list(range(10, 90)), [20 + at % 2 for at in range(60)])
    log = tmp_path / "quotes.log"
    log.write_text("".join(
        f"gc {at + 1} @{at}.002s 1%: 0.02+0.3+0.01 ms clock, 0.08+0.1/0.2/0+0.04 ms cpu, "
        f"{2 * live - 2}->{2 * live - 1}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
        for levels in runs
        for at, live in enumerate(levels)
    ))  # fmt: skip
    text = gctail(log).stdout.decode()
    assert "quotes: LEAK" in text
    assert "of process 1 of 2" in text
    assert "  process 2 came after it: live heap 19 -> 20 MiB in 59 s; steady (probability of a leak 0%)" in text
    [told] = json.loads(gctail(log, "--output", "json").stdout)["services"]
    assert (told["since"]["epoch"], told["since"]["verdict"]["leak"]) == (2, False)


def test_of_two_processes_in_one_log_both_are_told(gctail, tmp_path):
    """One leaks and one does not, and their lines alternate."""
    log = tmp_path / "pair.log"
    log.write_text("".join(
        f"gc {at + 1} @{2 * at + 0.1:.3f}s 1%: 0.02+{wall}+0.01 ms clock, 0.08+0.1/0.2/0+0.04 ms cpu, "
        f"{2 * live - 2}->{2 * live - 1}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
        for now in range(140)
        for wall, at, live in ((0.3, now, 10 + 2 * now), (0.5, now - 5, 60 + now % 2))
        if at >= 0
    ))  # fmt: skip
    text = gctail(log).stdout.decode()
    assert "of process 1 of 2" in text
    assert "  process 2 runs beside it: live heap 60 -> 60 MiB in 4 min 28 s; steady" in text
    [told] = json.loads(gctail(log, "--output", "json").stdout)["services"]
    assert (told["since"]["epoch"], told["since"]["beside"]) == (2, True)
