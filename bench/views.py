"""What the live views cost: the board beside the engine, a snapshot, the table, one service, the metrics.

    python bench/views.py [--services 10000]

Prints medians of the CPU time of several runs. The design asks for 10 000 services without lag: a snapshot may take a
tenth of the reader's time, a page asks for its part of the table once a second.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from gctail.board import Board
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.web import views
from gctail.web.events import Events
from gctail.web.metrics import exposition

RUNS = 5
CYCLES = 12


def collections(first: int, last: int) -> bytes:
    """Collections of a calm service."""
    lines = (
        f"gc {at} @{at}.000s 1%: 0.03+{0.3 + at % 7 / 100:.2f}+0.007 ms clock, 0.07+0.16/0.05/0+0.014 ms cpu, "
        f"{60 + at % 9}->{61 + at % 9}->{30 + at % 9} MB, {60 + at % 9} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
        for at in range(first, last + 1)
    )
    return "".join(lines).encode()


def median_ms(what: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Of several runs; `before` prepares each and is not counted."""
    taken = []
    for _ in range(RUNS):
        before()
        begun_s = time.process_time()
        what()
        taken.append(1000 * (time.process_time() - begun_s))
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=10_000)
    count = parser.parse_args().services
    engine = Engine(limit_mib=256)
    board = Board(engine)
    scanners = [Scanner(f"{at}.log", f"service-{at:05}") for at in range(count)]

    def hear(first: int, last: int) -> None:
        log = collections(first, last)
        for scanner in scanners:
            scanner.feed(log)
            for _ in board.all(scanner.take()):
                pass

    hear(1, CYCLES)
    board.publish(0.0, {})
    cycle = iter(range(CYCLES + 1, CYCLES + 100))

    def one_more() -> None:
        at = next(cycle)
        hear(at, at)

    print(f"{count:,} services, {CYCLES} collections each; CPU time, medians of {RUNS}")
    print(f"  snapshot, all services changed   {median_ms(lambda: board.publish(1.0, {}), one_more):8.1f} ms")
    print(f"  snapshot, nothing changed        {median_ms(lambda: board.publish(1.0, {})):8.1f} ms")
    snapshot = board.snapshot
    for words, asked in (
        ("the worst 120", views.Asked(limit=120)),
        ("120 by live heap", views.Asked(order="live", limit=120)),
        ("a search", views.Asked(search="service-001")),
    ):
        print(f"  table, {words:<26}{median_ms(lambda asked=asked: views.services(snapshot, asked)):8.1f} ms")
    board.watch("service-00000", 2.0)
    board.publish(2.0, {})
    first = median_ms(lambda: Events(board, views.Asked(limit=120), "service-00000").news(2.0))
    print(f"  all events of a page at first    {first:8.1f} ms")
    print(f"  metrics of 1000 services         {median_ms(lambda: exposition(lambda: snapshot, '')):8.1f} ms")


if __name__ == "__main__":
    main()
