"""How long 1 GiB of log takes to a finished report, how much memory that takes, and how fast logs are redacted.

`python bench/postmortem.py` makes a mixed log of a service that is killed in the end. Everything runs on one core.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from logs import mixed, write
from timing import MIB, directory, gctail, measure, report

KILL = (
    b"[ 2150.691914] memory: usage 524288kB, limit 524288kB, failcnt 269\n"
    b"[ 2150.692627] Memory cgroup out of memory: Killed process 22086 (shop) total-vm:1528552kB, anon-rss:523236kB, "
    b"file-rss:4700kB, shmem-rss:0kB, UID:0 pgtables:624kB oom_score_adj:0\n"
)
AIMS = {"log to page": "<= 15 s, memory flat", "the same, four times the log": "memory flat"}


def redact(name: str, most_mib: int) -> None:
    """Redact the beginning of a log, and say how fast that was."""
    from gctail.postmortem.redaction import Redactor

    with Path(name).open("rb") as log:
        data = log.read(most_mib * MIB)
    began_s, redactor = time.process_time(), Redactor(b"k" * 32)
    for at in range(0, len(data), MIB):
        redactor.data(data[at : at + MIB])
    took_s = time.process_time() - began_s
    told = ", ".join(f"{each.times} {each.kind}" for each in redactor.told())
    print(f"redaction: {len(data) / 1e6 / took_s:.1f} MB per CPU s ({told})")


def main() -> None:
    """Make the logs, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024, help="size of the log (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--large", action="store_true", help="also four times the log, once, for its memory")
    parser.add_argument("--directory", help="where to keep the log for the next time (default: nowhere)")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with directory(options.directory) as place:
        log, kernel = place / f"mixed-{options.mib}.log", place / "kernel.log"
        kernel.write_bytes(KILL)
        _made(log, options.mib)
        command = [gctail(), "postmortem", str(log), "--kernel-log", str(kernel), "--html", str(place / "report.html")]
        rows = [measure("log to page", command, (log.stat().st_size / 1e6, "MB"), options.runs)]
        if options.large:
            large = place / f"mixed-{4 * options.mib}.log"
            _made(large, 4 * options.mib)
            command[2] = str(large)
            work = large.stat().st_size / 1e6, "MB"
            rows.append(measure("the same, four times the log", command, work, 1))
        report(rows, None, AIMS)
        page = (place / "report.html").stat().st_size
        print(f"the page: {page / 1024:.0f} KiB")
        redact(str(log), 16)


def _made(log: Path, mib: int) -> None:
    if not log.exists():
        with log.open("wb") as out:
            write(mixed(mib * MIB), out)


if __name__ == "__main__":
    sys.exit(main())
