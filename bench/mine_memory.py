"""Does the memory of a mine stay flat: with millions of different keys, and where no line is like another.

`python bench/mine_memory.py` takes about three minutes: 10 million different keys and 200,000 kinds of lines, all read
closely, in one mine with a collection after every thousand lines, as a live one. Resident memory of this process, at
every tenth of the way, and CPU seconds.

Measured (two cores with a load of 8): 10,000,000 keys, 702,000 lines a CPU second, 25.0 MiB after a million
of them and 25.2 at the end, 10,068,449 counted. 200,000 kinds of lines: 30.7 MiB after 20,000, 32.3 at the end.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

from gctail.templates.mine import Mine
from templates import nonsense

AIM_MIB = 4.0
"""So much more at the end than after the first tenth."""


def key(chance: random.Random, at: int) -> str:
    """A session that never comes again."""
    return f"2026-11-23T03:12:00.123Z INFO session stored user=uid_{chance.getrandbits(64):016x} size={at}"


KINDS: dict[str, tuple[Callable[[random.Random, int], str], str]] = {
    "different keys": (key, "keys"),
    "no line like another": (nonsense, "lines"),
}


def resident_mib() -> float:
    """Of this process, now."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def course(line: Callable[[random.Random, int], str], count: int) -> tuple[list[float], float, Mine]:
    """Resident memory (MiB) at each tenth of `count` lines, CPU seconds that the mine took, and the mine."""
    mine, chance = Mine(closely_bytes=1 << 40), random.Random(20261123)
    course_mib, cpu_s = [resident_mib()], 0.0
    for first in range(0, count, 1000):
        text = "".join([f"{line(chance, at)}\n" for at in range(first, first + 1000)]).encode()
        began_s = time.process_time()
        mine.read(text)
        mine.tick(first / 1000, 40 + first / count)
        cpu_s += time.process_time() - began_s
        if (first + 1000) * 10 // count > first * 10 // count:
            course_mib.append(resident_mib())
    return course_mib, cpu_s, mine


def main() -> None:
    """Read, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000_000, help="different keys (default: %(default)s)")
    parser.add_argument("--lines", type=int, default=200_000, help="kinds of lines (default: %(default)s)")
    options = parser.parse_args()
    for kind, (line, unit) in KINDS.items():
        count = options.keys if unit == "keys" else options.lines
        course_mib, cpu_s, mine = course(line, count)
        found = mine.courses().templates
        counted = max((slot.distinct for template in found for slot in template.slots), default=0.0)
        print(f"{kind}: {count:,} lines, {count / cpu_s:,.0f} lines per CPU s, {len(found)} templates at the end")
        print(f"  at most {counted:,.0f} different keys counted in one slot")
        print(f"  MiB, before and at each tenth: {' '.join(f'{mib:.1f}' for mib in course_mib)}")
        print(f"  from the first tenth to the end {course_mib[-1] - course_mib[1]:+.1f} MiB; the aim is {AIM_MIB:+.1f}")


if __name__ == "__main__":
    main()
