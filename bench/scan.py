"""How fast a mixed log is read, beside ripgrep, and how much memory that takes.

`python bench/scan.py` makes 1 GiB of log and takes some minutes. The aims are the design's.

Measured with a load of 8 on the two cores: the full verdict on 734 MB took 6.8 CPU seconds (median of three), 108 MB/s.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from logs import mixed, write
from timing import MIB, directory, gctail, measure, report, ripgrep

AIMS = {
    "scan lane": ">= 1,000 MB/s a core",
    "gctail (full verdict)": ">= 100 MB/s",
    "scan lane, from a pipe": "<= 60 MiB",
    "gctail -, from a pipe": "<= 180 MiB",
}


def scan_lane(name: str) -> None:
    """Only the scan lane: bytes in, records and passages out, nothing judged."""
    from gctail.parsing.scanner import Scanner
    from gctail.sources import open_input

    scanner, found = Scanner(name, "bench"), 0
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    with open_input(name) as source:
        while count := source.readinto(scanner.space()):
            scanner.filled(count)
            found += len(scanner.take())
    scanner.flush()
    found += len(scanner.take())
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    print(f"{scanner.bytes_read} bytes, {found} records and passages, {wall_s:.3f} s, {cpu_s:.3f} CPU s")


def main() -> None:
    """Make the log, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024, help="size of the log (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--times", type=int, default=4, help="how often the log goes through the pipe (%(default)s)")
    parser.add_argument("--directory", help="where to keep the log for the next time (default: nowhere)")
    parser.add_argument("--lane", metavar="FILE", help="run the scan lane over FILE, once, and say what was found")
    options = parser.parse_args()
    if options.lane:
        scan_lane(options.lane)
        return
    with directory(options.directory) as place:
        log = place / f"mixed-{options.mib}.log"
        if not log.exists():
            with log.open("wb") as out:
                write(mixed(options.mib * MIB), out)
        compare(log, options.runs, options.times)


def compare(log: Path, runs: int, times: int) -> None:
    """Every way to read the log, and ripgrep in between, on the same machine in the same minute."""
    work = log.stat().st_size / 1e6, "MB"
    this = [sys.executable, __file__, "--lane"]
    rg = ripgrep()
    rival = measure("rg -c", [rg, "-c", "^gc ", str(log)], work, runs) if rg else None
    rows = [
        measure("scan lane", [*this, str(log)], work, runs),
        measure("gctail (full verdict)", [gctail(), str(log), "--output", "json"], work, runs),
        measure("gctail records", [gctail(), "records", str(log)], work, runs),
    ]
    many = ["cat", *[str(log)] * times]
    rows += [
        measure("scan lane, from a pipe", [*this, "-"], (times * work[0], "MB"), 1, many),
        measure("gctail -, from a pipe", [gctail(), "-", "--output", "json"], (times * work[0], "MB"), 1, many),
    ]
    report([rival, *rows] if rival else rows, rival, AIMS)


if __name__ == "__main__":
    main()
