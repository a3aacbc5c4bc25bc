"""Does memory stay flat where a log is made to fill it: the whole command, verdict and suspects, through a pipe.

`python bench/hostile.py` takes some minutes: ten million different keys, and a million lines that are all unlike.
Resident memory (MiB) of gctail at each tenth of the way, its peak, and CPU seconds.

Measured (two cores shared with others): three million keys 50 MiB after a tenth and 52 at the end; unlike lines 52, 63
after the second tenth and 72 at the end. The aim for all of gctail is 180.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from logs import SEED, Heap
from mine_memory import key
from timing import gctail

from templates import nonsense

BLOCK_LINES = 1000
KINDS: dict[str, Callable[[random.Random, int], str]] = {"different keys": key, "no line like another": nonsense}


def resident_mib(pid: int, what: str = "VmRSS") -> float:
    """Of a process, now; `VmHWM` is its peak."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split(f"{what}:")[1].split()[0]) / 1024


def read(line: Callable[[random.Random, int], str], count: int) -> tuple[list[float], float, float]:
    """So many lines, a collection after every thousand: memory at each tenth, its peak, CPU seconds."""
    chance = random.Random(SEED)
    heap, course_mib, peak_mib = Heap(chance, leak_mib_per_s=0.05), [], 0.0
    reader = subprocess.Popen(
        [gctail(), "-", "--output", "json"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if reader.stdin is None:
        raise RuntimeError("it has no input")
    with reader.stdin as pipe:
        for first in range(0, count, BLOCK_LINES):
            text = "".join([f"{line(chance, at)}\n" for at in range(first, first + BLOCK_LINES)])
            pipe.write(text.encode() + heap.line(first / BLOCK_LINES))
            if (first + BLOCK_LINES) * 10 // count > first * 10 // count:
                course_mib.append(resident_mib(reader.pid))
                peak_mib = resident_mib(reader.pid, "VmHWM")
    _, _, used = os.wait4(reader.pid, 0)
    reader.returncode = 0
    return course_mib, max(peak_mib, used.ru_maxrss / 1024), used.ru_utime + used.ru_stime


def main() -> None:
    """Read, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000_000, help="different keys (default: %(default)s)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="unlike lines (default: %(default)s)")
    options = parser.parse_args()
    for kind, line in KINDS.items():
        count = options.keys if line is key else options.lines
        course_mib, peak_mib, cpu_s = read(line, count)
        print(f"{kind}: {count:,} lines, {cpu_s:.0f} CPU s, {count / cpu_s:,.0f} lines per CPU s", flush=True)
        tenths = " ".join(f"{mib:.0f}" for mib in course_mib)
        print(f"  MiB at each tenth: {tenths}; at most {peak_mib:.0f}", flush=True)


if __name__ == "__main__":
    main()
