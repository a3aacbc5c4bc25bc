"""`gctail run -- command`: the command notices nothing, whatever becomes of gctail, and its leak is told."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gctail.runners.child import with_gctrace
from gctail.sources.cgroup import MemoryCgroup

LEAK = """
package main

import (
	"fmt"
	"time"
)

var sessions = map[string][]byte{}

func main() {
	for i := 0; ; i++ {
		key := fmt.Sprintf("uid_%d#%d", i%977, i)
		sessions[key] = make([]byte, 16<<10)
		if i%20 == 0 {
			fmt.Printf("level=INFO msg=\\"request processed\\" id=%d\\n", i)
			time.Sleep(time.Millisecond)
		}
	}
}
"""
COUNTS = "import sys\nfor n in range({n}): print('out', n, flush=True); print('err', n, file=sys.stderr, flush=True)"
SLOWLY = "import sys, time\nfor n in range(300):\n print('line', n, flush=True)\n time.sleep(0.01)\nsys.exit(7)"


@pytest.fixture
def run(gctail_program):
    def start(*arguments, **more):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        return subprocess.Popen([gctail_program, "run", *arguments], **pipes)

    return start


def ended(process, timeout_s: float = 60) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=timeout_s)
    return process.returncode, out, err


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(condition, what: str, patience_s: float = 60.0):
    """Wait for it; fail in words after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.02)
    pytest.fail(f"never: {what}")


def halves(process) -> tuple[int, int]:
    """The pids of the watching half and of the command: the command is no Python with `run` among its arguments."""

    def told_apart():  # between fork and exec the command still looks like us
        two = children_of(process.pid)
        ours = [pid for pid in two if b"\0run\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return len(two) == 2 and len(ours) == 1 and (ours[0], next(pid for pid in two if pid != ours[0]))

    watcher, command = until(told_apart, "a watching half and a command")
    return watcher, command


def test_both_outputs_pass_byte_for_byte_and_the_status_is_the_commands(run):
    """What is no text passes too."""
    program = "import sys, os; os.write(1, bytes(range(256)) * 4000); os.write(2, b'no newline \\xff\\0'); sys.exit(23)"
    status, out, err = ended(run("--", sys.executable, "-c", program))
    assert (status, out, err) == (23, bytes(range(256)) * 4000, b"no newline \xff\0")


def test_outputs_that_go_to_one_place_keep_their_order(run):
    """`2>&1` is what most people write."""
    process = run("--", sys.executable, "-c", COUNTS.format(n=200), stderr=subprocess.STDOUT)
    status, out, _ = ended(process)
    assert status == 0
    assert out.decode().split("\n")[:-1] == [f"{name} {n}" for n in range(200) for name in ("out", "err")]


def test_outputs_can_go_to_files(run, tmp_path):
    """They are appended to, as a log is."""
    out, err = tmp_path / "out.log", tmp_path / "err.log"
    out.write_text("before\n")
    status, *_ = ended(run("--stdout", out, "--stderr", err, "--", sys.executable, "-c", COUNTS.format(n=2)))
    assert status == 0
    assert out.read_text() == "before\nout 0\nout 1\n"
    assert err.read_text() == "err 0\nerr 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "gctrace=1"),
        ({"GODEBUG": "madvdontneed=1"}, "madvdontneed=1,gctrace=1"),
        ({"GODEBUG": "gctrace=2,madvdontneed=1"}, "gctrace=2,madvdontneed=1"),
        ({"GODEBUG": "gctrace=1,gctrace=0"}, "gctrace=1"),
        ({"GODEBUG": "http2debug=1,gctrace=0,"}, "http2debug=1,gctrace=1"),
    ],
)
def test_gctrace_is_merged_into_what_is_there(before, after):
    """Other settings stay, and so does a level that somebody chose."""
    assert with_gctrace(before)["GODEBUG"] == after


def test_signals_go_to_the_command(run):
    """A container is stopped with SIGTERM, and its service wants to say goodbye."""
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye', flush=True), sys.exit(5)))\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    process = run("--", sys.executable, "-c", program)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    status, out, _ = ended(process)
    assert (status, out) == (5, b"goodbye\n")


def test_a_command_that_is_killed_gives_128_and_the_signal(run):
    """As a shell says it, and Kubernetes reads it."""
    status, *_ = ended(run("--", sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert status == 137


def test_killing_the_watching_half_hurts_nobody(run):
    """The command's output goes on, and somebody says that it is unwatched."""
    process = run("--", sys.executable, "-c", SLOWLY)
    watcher, _ = halves(process)
    os.kill(watcher, signal.SIGKILL)
    status, out, err = ended(process)
    assert status == 7
    assert out.decode().splitlines() == [f"line {n}" for n in range(300)]
    assert err == b"gctail: the watching part has ended; the output went on unwatched\n"


def test_killing_gctail_itself_does_not_hurt_the_command(run, tmp_path):
    """The watching half passes the output on; the command comes to its own end."""
    program = SLOWLY.replace("sys.exit(7)", f"open({str(tmp_path / 'end')!r}, 'w').write('well')")
    process = run("--", sys.executable, "-c", program)
    halves(process)
    assert process.stdout.readline() == b"line 0\n"
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    assert rest.decode().splitlines() == [f"line {n}" for n in range(1, 300)]
    assert until((tmp_path / "end").read_text, "the command's end") == "well"


def test_a_watching_half_that_stands_still_does_not_block_the_command(run):
    """It misses what it cannot take, and says how much, when it goes on."""
    program = (
        "import sys, os\nprint('gc 1', flush=True)\nfor n in range(300): sys.stdout.write('x' * 65535 + '\\n')\n"
        "sys.stdout.flush(); sys.stderr.write('done\\n'); sys.stderr.flush(); sys.stdin.read()"
    )
    process = run("--report", "always", "--", sys.executable, "-c", program, stdin=subprocess.PIPE)
    watcher, _ = halves(process)
    os.kill(watcher, signal.SIGSTOP)
    read = 0
    while read < 300 * 65536:
        read += len(os.read(process.stdout.fileno(), 1 << 20))
    assert process.stderr.readline() == b"done\n"
    os.kill(watcher, signal.SIGCONT)
    status, _, err = ended(process)
    assert status == 0
    assert b"bytes came too fast to be watched" in err


def test_the_whole_story_can_be_had_where_it_is_said_to_be(run, gctail, root, tmp_path):
    """Output that nobody keeps is gone: then it is said how to keep it."""
    command = ["--report", "always", "--", "cat", root / "samples" / "logs" / "unbounded-map-go1.27.log"]
    _, _, err = ended(run(*command))
    assert b"LEAK" in err
    assert b"gctail run --record DIR keeps the output, for gctail postmortem DIR" in err
    _, _, err = ended(run("--record", tmp_path / "kept", *command))
    assert f"the whole story: gctail postmortem {tmp_path}/kept;".encode() in err
    assert b"putIfAbsent" in gctail("postmortem", tmp_path / "kept").stdout


def test_a_quiet_service_costs_little_memory(run):
    """Until there is something to judge, both halves together stay within 25 MiB of what two Pythons need."""
    process = run("--", sys.executable, "-c", "print('up', flush=True); input()", stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    watcher, _ = halves(process)
    ours = [_private_kib(pid) for pid in (process.pid, watcher)]
    bare = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    python = until(lambda: _private_kib(bare.pid), "a Python")
    bare.communicate(b"\n")
    process.communicate(b"\n")
    assert sum(ours) < python + 25 * 1024


def _private_kib(pid: int) -> int:
    """Proportional set size: memory that two processes share counts half for each."""
    return int(re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--", "no-such-program-anywhere"],
            "gctail: run: no-such-program-anywhere: no such program here or in PATH\n",
        ),
        (["--"], "gctail: run: which command? gctail run -- ./service --its-arguments\n"),
        (["--limit", "many", "--", "true"], "gctail: --limit many: "),
        (["--stdout", "/no/such/folder/file", "--", "true"], "gctail: run: /no/such/folder/file: cannot be written"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(run, arguments, sentence):
    """And nothing is left behind."""
    status, out, err = ended(run(*arguments))
    assert (status, out) == (2, b"")
    assert err.decode().startswith(sentence)
    assert b"Traceback" not in err


def test_a_service_that_dies_of_memory_leaves_its_verdict(run, tmp_path):
    """A real Go program in an address space that is too small."""
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain on PATH")
    (tmp_path / "leak.go").write_text(LEAK)
    subprocess.run(
        ["go", "build", "-o", "leak", "leak.go"], cwd=tmp_path, check=True, env=os.environ | {"CGO_ENABLED": "0"}
    )
    findings = tmp_path / "findings.jsonl"
    command = ["bash", "-c", f"ulimit -v 900000; exec {tmp_path}/leak"]
    status, out, err = ended(run("--service", "checkout", "--limit", "800MiB", "--", *command))
    assert status == 2
    assert out.startswith(b'level=INFO msg="request processed" id=0\n')
    told = [line for line in err.decode().splitlines() if line.startswith("gctail: ")]
    assert any(("checkout: " in line and "DIED" in line) or "LEAK" in line for line in told)
    assert any("out of memory" in line for line in told)
    assert re.search(rb"^gc \d+ @", err, re.MULTILINE)
    status, _, err = ended(run("--findings", findings, "--output", "jsonl", "--", *command))
    assert status == 2
    assert b"gctail:" not in err
    kinds = [json.loads(line)["kind"] for line in findings.read_text().splitlines()]
    assert "death" in kinds


def test_the_limit_of_the_memory_cgroup_is_found(tmp_path):
    """Version 2 and version 1, the lowest limit on the way up, and none."""
    two = tmp_path / "two"
    (two / "pod" / "box").mkdir(parents=True)
    (two / "pod" / "memory.max").write_text("536870912\n")
    (two / "pod" / "box" / "memory.max").write_text("max\n")
    (two / "pod" / "box" / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
    (tmp_path / "membership").write_text("0::/pod/box\n")
    cgroup = MemoryCgroup(two, tmp_path / "membership")
    assert (cgroup.limit_mib(), cgroup.oom_kills()) == (512.0, 1)
    one = tmp_path / "one"
    (one / "memory").mkdir(parents=True)
    (one / "memory" / "memory.limit_in_bytes").write_text("268435456\n")
    (one / "memory" / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    (tmp_path / "old").write_text("4:memory:/docker/abc\n1:cpu:/\n")
    cgroup = MemoryCgroup(one, tmp_path / "old")
    assert (cgroup.limit_mib(), cgroup.oom_kills()) == (256.0, 4)
    (one / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert cgroup.limit_mib() is None
    assert MemoryCgroup(tmp_path, tmp_path / "absent").limit_mib() is None
