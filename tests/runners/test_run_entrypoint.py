"""`gctail run` as the entrypoint of a container: process 1, asked over HTTP, stopped by whoever has the right to."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from following import collections

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
ORPHANS = """
import os, sys, time
for _ in range(20):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.05)
        os._exit(0)
    os.wait()
time.sleep(1.0)
states = [open(f"/proc/{pid}/stat").read().rpartition(") ")[2].split()[:2] for pid in os.listdir("/proc") if pid.isdigit()]
print(os.getppid(), [state for state, parent in states if state == "Z"], flush=True)
os._exit(3)
"""
WAITS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print("up", flush=True)
time.sleep(60)
"""
WRITES = """
import sys
for n in range(4000):
    sys.stdout.write("x" * 999 + "\\n")
sys.stdout.flush()
sys.stderr.write("done\\n")
sys.exit(5)
"""


@pytest.fixture
def first(gctail_program):
    """Starts `gctail run` as process 1 of a namespace."""
    if (
        shutil.which("unshare") is None
        or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no namespace of processes can be made here")
    started = []

    def start(*arguments):
        command = [*NAMESPACE, gctail_program, "run", *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_as_process_1_it_reaps_what_others_have_left_behind(first):
    """Twenty orphans, none of which stays a zombie; the status is the command's."""
    process = first("--", sys.executable, "-c", ORPHANS)
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"1 []\n", 3), err


def test_as_process_1_it_forwards_the_signal_that_stops_a_container(first):
    """The kernel ignores SIGTERM for process 1, unless it has asked for it."""
    process = first("--", sys.executable, "-c", WAITS)
    assert process.stdout.readline() == b"up\n"
    (inner,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(inner), signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 9


def test_as_process_1_it_says_by_which_signal_the_command_was_killed(first):
    """137 is what Kubernetes shows."""
    process = first("--", "sh", "-c", "kill -9 $$")
    process.communicate(timeout=60)
    assert process.returncode == 137


def test_a_gctail_that_was_stopped_does_not_block_the_command(gctail_program, tmp_path):
    """SIGSTOP reaches the half that passes the output on: the other one stands in, four times what pipes hold."""
    ended = tmp_path / "ended"
    command = f"read go; {sys.executable} -c '{WRITES}'; echo $? >{ended}.part; mv {ended}.part {ended}; exit 5"
    with subprocess.Popen(
        [gctail_program, "run", "--", "sh", "-c", command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        while b"sh\0-c" not in b"".join(
            Path(f"/proc/{pid}/cmdline").read_bytes()[:5]
            for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ):
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGSTOP)
        process.stdin.write(b"go\n")
        process.stdin.close()
        read = 0
        while read < 4_000_000:
            piece = os.read(process.stdout.fileno(), 1 << 20)
            assert piece
            read += len(piece)
        assert process.stderr.readline() == b"done\n"
        until_s = time.monotonic() + 60
        while not ended.exists():
            assert time.monotonic() < until_s
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout.read() == b""
    assert process.returncode == 5


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_probe_and_prometheus_can_ask_while_the_command_runs(gctail_program):
    """`--listen`: health from the start, and the service as soon as it has said something."""
    port = free_port()
    log = collections(1, 20).decode()
    program = f"import sys\nprint({log!r}, end='', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [gctail_program, "run", "--service", "shop", "--listen", f"127.0.0.1:{port}", "--", sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr.readline().startswith(f"gctail: http://127.0.0.1:{port}/".encode())
        assert process.stdout.readline() == log.splitlines(keepends=True)[0].encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
            assert answer.status == 200
        until_s, metrics = time.monotonic() + 60, ""
        while not re.search(r'^gctail_heap_live_bytes\{service="shop"', metrics, re.MULTILINE):
            assert time.monotonic() < until_s, metrics
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                metrics = answer.read().decode()
            time.sleep(0.05)
        _, err = process.communicate(b"", timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_an_address_that_is_taken_is_said_before_the_command_is_started(gctail_program, tmp_path):
    """And then nothing is started."""
    started = tmp_path / "started"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        told = subprocess.run(
            [gctail_program, "run", "--listen", address, "--", "touch", started],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert told.returncode == 2
    assert told.stderr.startswith("gctail: ")
    assert address in told.stderr
    assert "Traceback" not in told.stderr
    assert not started.exists()
