"""Holds `gctail tune` against the truth: one log replayed under settings that the same program then really runs with.

    python bench/tune.py [SECONDS]

Needs Go. Runs bench/tune/main.go with GOGC=100, replays that log under the other settings, runs the program with each
of them, and prints both. Two programs: one that keeps 40 MiB, one that also leaks 3 MiB a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gctail.engine import Engine
from gctail.epochs import Epoch
from gctail.runners.local import Reading
from gctail.runs.replay import Setting, course_of, replay

SETTINGS = [Setting(100.0), Setting(50.0), Setting(200.0), Setting(400.0), Setting(None, 120.0), Setting(100.0, 90.0)]


def main() -> None:
    """Run, replay, print."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "service"
        source = Path(__file__).parent / "tune" / "main.go"
        subprocess.run(["go", "build", "-o", program, source], check=True)
        print("leak  GOGC  GOMEMLIMIT   collections     GC CPU %      highest heap MiB")
        print("MiB/s                    real   model   real   model   real   model")
        for leak in (0, 3):
            course = None
            for setting in SETTINGS:
                epoch = ran(program, setting, leak, seconds, Path(folder) / "log")
                bins = epoch.trace.bins()
                course = course or course_of(bins, epoch.last.procs)
                outcome = replay(course, setting)
                span_s = sum(each.span_s for each in bins)
                print(
                    f"{leak:>5} {setting.gogc or 'off':>5} {setting.memory_limit_mib or '-':>11}"
                    f" {epoch.last_number:>7} {outcome.collections:>7}"
                    f" {100 * sum(each.busy_s for each in bins) / span_s:>6.1f} {outcome.gc_cpu_percent:>7.1f}"
                    f" {max(each.heap_end_mib for each in bins):>6} {outcome.peak_heap_mib:>7.0f}"
                )


def ran(program: Path, setting: Setting, leak: int, seconds: int, log: Path) -> Epoch:
    """One real run, read."""
    environment = {
        **os.environ,
        "GODEBUG": "gctrace=1",
        "GOMAXPROCS": "2",
        "GOGC": "off" if setting.gogc is None else f"{setting.gogc:.0f}",
        **({"GOMEMLIMIT": f"{setting.memory_limit_mib:.0f}MiB"} if setting.memory_limit_mib else {}),
    }
    with log.open("wb") as stderr:
        command = [program, "-leak", str(leak), "-seconds", str(seconds)]
        subprocess.run(command, env=environment, stderr=stderr, check=True)
    engine = Engine(judging=False)
    engine.trace_points = 2048
    for events in Reading(service="it").files([str(log)]):
        for event in events:
            engine.observe(event)
    return engine.services["it"].current


if __name__ == "__main__":
    main()
