"""A log that is over, played again as it came: each line when it was written, faster if wanted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

UPTIME = re.compile(rb"^gc \d+ @(\d+\.\d+)s ")
LONGEST_WAIT_S = 0.1
"""Between two looks at whether somebody wants to stop."""


def played(lines: list[bytes], speed: float, stopped: Callable[[], bool]) -> Iterator[bytes]:
    """The lines of a log in their time, by the uptimes of its collections; those between are spread evenly.

    Lines that are due at once come as one piece. Ends early once `stopped()` is true.
    """
    began_s = time.monotonic()
    due: list[bytes] = []
    for line, uptime_s in zip(lines, _uptimes(lines), strict=True):
        while (left_s := uptime_s / speed - (time.monotonic() - began_s)) > 0 and not stopped():
            if due:
                yield b"".join(due)
                due = []
            time.sleep(min(left_s, LONGEST_WAIT_S))
        if stopped():
            break
        due.append(line)
    if due:
        yield b"".join(due)


def _uptimes(lines: list[bytes]) -> list[float]:
    """Seconds of uptime of every line."""
    known = [(at, float(found[1])) for at, line in enumerate(lines) if (found := UPTIME.match(line))]
    uptimes, last_at, last_s = [0.0] * len(lines), -1, 0.0
    for at, uptime_s in known:
        for between in range(last_at + 1, at + 1):
            uptimes[between] = last_s + (uptime_s - last_s) * (between - last_at) / (at - last_at)
        last_at, last_s = at, max(last_s, uptime_s)
    for after in range(last_at + 1, len(lines)):
        uptimes[after] = last_s
    return uptimes
