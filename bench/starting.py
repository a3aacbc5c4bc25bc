"""What the first collections of a process cost: hundreds of services that start together, a minute each.

`python bench/starting.py` takes half a minute. CPU microseconds for each collection, best of some runs, where judging
is all that is measured: while there are few collections each is a block of its own, and every third of them has the
regression over all onsets and shapes run again (`detectors/hinge.py`), which is more than half of it.

Measured (two cores shared with others): 150 to 200 us. Without regressions before an alarm may speak it was 140 us, but
then two of sixty logs told their growth by a collection or two earlier or later.
"""

from __future__ import annotations

import argparse
import random
import time

from logs import SEED, Heap

from gctail.engine import Engine
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import Sighting


def sightings(services: int, collections: int) -> list[Sighting]:
    """The collections of all services, in turn; every third of them leaks."""
    chance = random.Random(SEED)
    heaps = [Heap(chance, 0.05 if at % 3 == 0 else 0.0) for at in range(services)]
    found = []
    for number in range(collections):
        for at, heap in enumerate(heaps):
            uptime_s = 0.012 + 0.3 * number * (1 + 0.02 * number) * (1 + 0.1 * (at % 7))
            cycle = parse_gctrace(heap.line(uptime_s).rstrip())
            if cycle is not None:
                found.append(Sighting(cycle, f"service-{at}", "log", 160 * len(found)))
    return found


def main() -> None:
    """Make the collections, judge them, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=300, help="that start together (default: %(default)s)")
    parser.add_argument("--collections", type=int, default=60, help="of each (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=4, help="how often it is measured (default: %(default)s)")
    options = parser.parse_args()
    seen = sightings(options.services, options.collections)
    best_s = float("inf")
    for _ in range(options.runs):
        engine, began_s = Engine(), time.process_time()
        for each in seen:
            engine.observe(each)
        best_s = min(best_s, time.process_time() - began_s)
    print(f"{options.services} services, {len(seen):,} collections: {1e6 * best_s / len(seen):.0f} us each")


if __name__ == "__main__":
    main()
