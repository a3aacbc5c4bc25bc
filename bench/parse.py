"""How many collections are read and judged in a second: a log of gctrace lines and nothing else.

`python bench/parse.py` takes about a minute. The aim is the design's.

Measured on two cores shared with others: 161,000 collections a CPU second for the whole command, start-up included
(500,000 of them), and 185,000 without it: 2.2 us each to be read, 3.2 us to be judged. Before collections that stand
one under another were read column by column it was 116,000. With a load of 18 on the two cores all is slower: 116,000.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from logs import gctrace, write
from timing import directory, gctail, measure, report, ripgrep

AIMS = {"gctail (judged)": ">= 150,000 collections/s"}


def main() -> None:
    """Make the log, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", type=int, default=500_000, help="how many (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--directory", help="where to keep the log for the next time (default: nowhere)")
    options = parser.parse_args()
    with directory(options.directory) as place:
        log = place / f"gctrace-{options.collections}.log"
        if not log.exists():
            with log.open("wb") as out:
                write(gctrace(options.collections), out)
        compare(log, options.collections, options.runs)


def compare(log: Path, count: int, runs: int) -> None:
    """Found, printed, judged; and start-up alone, which is part of each."""
    lane = [sys.executable, str(Path(__file__).with_name("scan.py")), "--lane", str(log)]
    work, rg = (count, "gc"), ripgrep()
    rival = measure("rg -c", [rg, "-c", "^gc ", str(log)], work, runs) if rg else None
    rows = [
        measure("scan lane", lane, work, runs),
        measure("gctail records", [gctail(), "records", str(log)], work, runs),
        measure("gctail (judged)", [gctail(), str(log), "--output", "json"], work, runs),
        measure("gctail --help", [gctail(), "--help"], (1, "start"), runs),
    ]
    report([rival, *rows] if rival else rows, rival, AIMS)


if __name__ == "__main__":
    main()
