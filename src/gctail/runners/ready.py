"""Loads and compiles what the first lines would: whoever waits for a line must not wait for an import, too.

Measured with bench/follow.py: the first collection waited 0.1 to 0.2 s, and so did whatever came when 8 MiB were read,
from where on numpy finds the lines that matter.
"""

from __future__ import annotations

from gctail.engine import Engine
from gctail.parsing.scanner import Scanner

COLLECTIONS = 16
GC = (
    b"gc %d @%d.125s 1%%: 0.05+1.5+0.01 ms clock, 0.1+0.2/1.1/0.3+0.02 ms cpu, %d->%d->%d MB, %d MB goal, "
    b"0 MB stacks, 0 MB globals, 4 P\n"
)
SAID = (
    b'time=2026-11-23T03:12:00.123Z level=INFO msg="request served" status=200 took=3ms key=item:17\n'
    b'{"time":"2026-11-23T03:12:00.123Z","level":"INFO","msg":"session stored","user":17,"session":"0f3a9c"}\n'
    b"2026/11/23 03:12:00 worker 3 picked up job 17 after 3.5ms\n"
)


def make_ready() -> None:
    """Read and judge a log of a few lines that grows, and forget it."""
    import gctail.attribution.choosing  # noqa: F401  (numpy, which takes longest)

    engine, scanner = Engine(), Scanner("", "")
    engine.mined.share = 1.0
    for number in range(1, COLLECTIONS + 1):
        live = 10 + 5 * number
        scanner.feed(SAID * 8 + GC % (number, 2 * number, 2 * live, 2 * live, live, 2 * live))
    scanner.flush()
    for _ in engine.all(scanner.take()):
        pass
    engine.conclude()
