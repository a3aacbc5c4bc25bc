"""`gctail demo`: a real log, played in time, in every view."""

import gzip
import os
import re
import signal
import subprocess
import urllib.request
from importlib.resources import files

import pytest

from gctail.cli import main
from gctail.sources.playing import _uptimes, played


def test_the_log_that_ships_is_the_sample_and_what_the_kernel_said(root):
    logs = root / "samples" / "logs"
    names = ("unbounded-map-go1.27.log", "unbounded-map-go1.27.kernel.log")
    shipped = gzip.decompress(files("gctail.data").joinpath("demo.log.gz").read_bytes())
    assert shipped == b"".join((logs / name).read_bytes() for name in names)


def test_it_ends_with_the_verdict_on_a_killed_leak(gctail):
    done = gctail("demo", "--speed", "100000")
    assert done.returncode == 0, done.stderr
    told = done.stdout.decode()
    assert "gc 131 " in told
    assert "session-gateway: LEAK" in told
    assert "died: killed by the kernel at its memory limit of 256 MiB" in told


def test_lines_between_two_collections_are_spread_over_the_time_between_them():
    lines = [b"start\n", b"one\n", b"gc 1 @2.000s 0%: \n", b"two\n", b"gc 2 @3.000s 0%: \n", b"last\n"]
    assert _uptimes(lines) == pytest.approx([2 / 3, 4 / 3, 2.0, 2.5, 3.0, 3.0])


def test_nothing_is_lost_however_fast_it_goes_and_stopping_stops_it():
    lines = [b"a\n", b"gc 1 @0.010s 0%: \n", b"b\n", b"gc 2 @0.020s 0%: \n", b"c\n"]
    assert b"".join(played(lines, 1e6, lambda: False)) == b"".join(lines)
    assert b"".join(played(lines, 1.0, lambda: False)) == b"".join(lines)
    assert list(played(lines, 1e-6, lambda: True)) == []


def test_the_page_stays_until_somebody_stops_it(gctail_program):
    command = [gctail_program, "demo", "--speed", "100000", "--listen", "127.0.0.1:0"]
    environment = os.environ | {"NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        url = None
        for line in process.stderr:
            found = re.search(rb"http://\S+/", line)
            url = url or (found and found[0].decode())
            if b"stays until" in line:
                break
        try:
            with urllib.request.urlopen(f"{url}debug/bloat", timeout=60) as answer:
                assert b"session-gateway" in answer.read()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_speed_that_is_none_is_refused(capsys):
    assert main(["demo", "--speed", "0"]) == 2
    assert "how many times as fast" in capsys.readouterr().err
