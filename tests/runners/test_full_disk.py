"""A disk that is full, really: gctail goes on, says so once, and catches up when there is room."""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter

import pytest

from following import Gctail, collections

DIED = b"fatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw({0x4a6c4e?, 0x0?})\n\ngoroutine 1 [running]:\n"
NO_ROOM = "No space left on device"


@pytest.fixture
def small(tmp_path):
    """A filesystem of 4 MiB."""
    path = tmp_path / "small"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no filesystem can be mounted here: that takes root")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def fill(small):
    """Every byte of it."""
    with (small / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


def until(ready):
    """Wait until `ready()`."""
    until_s = time.monotonic() + 60.0
    while not ready():
        assert time.monotonic() < until_s
        time.sleep(0.02)


@pytest.fixture
def gctail(small, tmp_path):
    """Keeps its state, what it tells and what it records there; what it complains of elsewhere."""
    made = Gctail(small, tmp_path / "pay.log", "--record", str(small / "record"), "--limit", "1GiB")
    made._err = tmp_path / "complaints.txt"
    with made:
        yield made


def filled_while_read(gctail, small, tmp_path, told):
    """A log that is followed and goes on, up to a death, when there is no more room; `told` is where findings go."""
    gctail._out = tmp_path / told
    log = tmp_path / "pay.log"
    log.write_bytes(collections(1, 100))
    gctail.start()
    gctail.until(lambda: gctail.position(log) is not None)
    fill(small)
    with log.open("ab") as writer:
        writer.write(collections(101, 400, grow=2.0) + DIED)
    return log


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("small/told.jsonl", (f"standard output: {NO_ROOM}", "standard output: there is room again")),
        ("told.jsonl", ("the state was not saved", "the state is saved again")),
    ],
)
def test_following_goes_on_over_a_full_disk_and_catches_up(gctail, small, tmp_path, told, says):
    """Filled in the middle of telling, or of saving, and of recording. What is not told is not saved as read."""
    log = filled_while_read(gctail, small, tmp_path, told)
    for what in (says[0], f"--record {small}/record: {NO_ROOM}"):
        gctail.until(lambda what=what: what in gctail.complaints())
    (small / "filler").unlink()
    gctail.until(lambda: says[1] in gctail.complaints())
    with log.open("ab") as writer:
        writer.write(collections(1, 50))
    gctail.until(lambda: "recording again" in gctail.complaints())
    assert gctail.stop() == 0
    assert [times for times in Counter(gctail.complaints().splitlines()).values() if times > 1] == []
    kinds = [finding["kind"] for finding in gctail.told()]
    assert "death" in kinds
    ids = [finding["id"] for finding in gctail.told()]
    assert len(ids) == len(set(ids))
    assert gctail.knows()["pay"].ledger() == {"seen": 450, "missing": 0, "doubled": 0, "late": 0}
    written = log.read_bytes().splitlines(keepends=True)
    for recorded in (small / "record").glob("*/*.log"):
        assert set(recorded.read_bytes().splitlines(keepends=True)) <= set(written)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [("small/told.jsonl", f"standard output: {NO_ROOM}"), ("told.jsonl", "the state was not saved")],
)
def test_a_kill_over_a_full_disk_loses_nothing(gctail, small, tmp_path, told, wrong):
    """The state is that of before, and whole; what could not be told is told after the next start."""
    log = filled_while_read(gctail, small, tmp_path, told)
    gctail.until(lambda: wrong in gctail.complaints())
    gctail.kill()
    (small / "filler").unlink()
    gctail._out = tmp_path / "after.jsonl"
    gctail.start()
    gctail.until(lambda: (gctail.position(log) or {"scanner": {"lines": 0}})["scanner"]["lines"] > 400)
    assert gctail.stop() == 0
    assert gctail.knows()["pay"].ledger() == {"seen": 400, "missing": 0, "doubled": 0, "late": 0}
    assert "damaged" not in gctail.complaints()
    before = (tmp_path / told).read_text().rpartition("\n")[0].splitlines()
    kinds = [json.loads(line)["kind"] for line in before] + [finding["kind"] for finding in gctail.told()]
    assert "death" in kinds


def test_a_full_disk_does_not_kill_the_command_whose_output_goes_there(gctail_program, small, tmp_path):
    """It had been told that its pipe was closed; now it runs to its end, and what is missing is counted."""
    out = small / "out.log"
    program = f"import os, sys\nfor n in range(8000): os.write(1, b'x' * 1023 + b'\\n')\nopen({str(tmp_path / 'end')!r}, 'w').write('well')\nsys.exit(4)"
    told = subprocess.run(
        [gctail_program, "run", "--stdout", out, "--", sys.executable, "-c", program],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (tmp_path / "end").read_text() == "well"
    assert told.returncode == 4
    lost = 8000 * 1024 - out.stat().st_size
    assert lost > 0
    assert told.stderr == f"gctail: {lost:,} bytes of the command's output could not be written: a full disk?\n"


def test_findings_of_a_command_wait_for_room(gctail_program, small, tmp_path):
    """And are whole lines then."""
    findings = small / "findings.jsonl"
    log = tmp_path / "log"
    log.write_bytes(collections(1, 400, grow=2.0) + DIED)
    fill(small)
    program = f"import sys\nsys.stdout.write(open({str(log)!r}).read())\nsys.stdout.flush()\nsys.stdin.read()"
    with subprocess.Popen(
        [gctail_program, "run", "--limit", "1GiB", "--output", "jsonl", "--findings", findings, "--", sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert (
            process.stderr.readline()
            == f"gctail: {findings}: {NO_ROOM}: what is told waits until there is room\n".encode()
        )
        (small / "filler").unlink()
        assert process.stderr.readline() == f"gctail: {findings}: there is room again\n".encode()
        process.communicate(b"", timeout=60)
    kinds = [json.loads(line)["kind"] for line in findings.read_text().splitlines()]
    assert "death" in kinds


def test_lines_that_are_passed_on_wait_for_room(gctail_program, small, tmp_path):
    """`-f --pass-through` goes on over a full disk: all lines of the application are there afterwards, in order."""
    lines = [b"line %d of the application\n" % number for number in range(2000)]
    log, passed, told = tmp_path / "pay.log", small / "passed.log", tmp_path / "told"
    log.write_bytes(b"".join(lines[:1000]))
    with passed.open("wb") as out, told.open("wb") as complaints:
        command = [gctail_program, "-f", "--no-state", "--pass-through", log]
        running = subprocess.Popen(command, stdout=out, stderr=complaints)
        until(lambda: lines[999] in passed.read_bytes())
        fill(small)
        with log.open("ab") as writer:
            writer.write(b"".join(lines[1000:]))
        until(lambda: NO_ROOM in told.read_text())
        (small / "filler").unlink()
        until(lambda: lines[-1] in passed.read_bytes())
        running.terminate()
        assert running.wait(timeout=60) == 0
    wanted = set(lines)
    assert [line for line in passed.read_bytes().splitlines(keepends=True) if line in wanted] == lines
    assert "there is room again" in told.read_text()
