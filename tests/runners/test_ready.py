"""Whoever follows a log has all loaded before its first line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOG = Path(__file__).parents[2] / "samples" / "logs" / "unbounded-map-go1.27.log"
READS_A_LOG = """
import sys
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.runners.ready import make_ready

make_ready()
before = set(sys.modules)
engine, scanner = Engine(limit_mib=512.0), Scanner("log", "log")
engine.mined.share = 1.0
with open(sys.argv[1], "rb") as log:
    while piece := log.read(1 << 16):
        scanner.feed(piece)
        for seen in engine.all(scanner.take()):
            pass
print("suspects", len(engine.services["log"].suspects()), "loaded", *sorted(set(sys.modules) - before))
"""


def test_nothing_is_loaded_while_a_leak_is_read_judged_and_told() -> None:
    """An import takes up to 0.2 s, in which nothing is told; numpy is the longest."""
    told = subprocess.run(
        [sys.executable, "-c", READS_A_LOG, LOG], capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()
    assert int(told[1]) > 0
    assert told[2:] == ["loaded"]
