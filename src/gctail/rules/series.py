"""The series that a rule may name: what each collection says anew, and what is counted all along."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from gctail.golang.pacer import Derived
from gctail.records import GcCycle
from gctail.rules.units import COUNT, DURATION, NUMBER, SHARE, SIZE, SPEED, Unit

BAD_LEVELS = frozenset({"error", "fatal", "panic"})


class Counts(Struct):
    """Totals of one process epoch that no collection tells.

    Application lines, those of them at level error or worse, and collections that the log lost or that were mended.
    """

    lines: int = 0
    errors: int = 0
    missing: int = 0
    mended: int = 0

    def read(self, text: bytes | bytearray | memoryview, *, levels: bool = True) -> None:
        """Count whole application lines; their levels only where a rule asks for `errors`: that costs 5 us a line."""
        from gctail.parsing.messages import read_message  # costs 40 ms, which few rules need

        text = bytes(text)
        self.lines += text.count(b"\n")
        if levels:
            self.errors += sum(read_message(line).level in BAD_LEVELS for line in text.splitlines())


class Instant(NamedTuple):
    """All that a series may be read from. `limit_mib` is the container's limit, where somebody told it.

    Where time passed without a collection, only the series of `MOVING` are read, and there is no cycle.
    """

    cycle: GcCycle | None
    derived: Derived | None
    clock_s: float
    counts: Counts
    collections: int
    limit_mib: float | None


class Source(NamedTuple):
    """One series: its unit, what it is, and where it is read. `counter` is a total that only grows."""

    unit: Unit
    about: str
    read: Callable[[Instant], float | None]
    counter: bool = False


def _pause_s(instant: Instant) -> float | None:
    return None if instant.derived is None else instant.derived.pause_ms / 1000


def _forced(instant: Instant) -> float | None:
    return None if instant.cycle is None else float(instant.cycle.forced)


def _limit(instant: Instant) -> float | None:
    if instant.limit_mib is not None or instant.derived is None:
        return instant.limit_mib
    return instant.derived.memory_limit_estimate_mib


SOURCES = {
    "live": Source(SIZE, "live heap after the collection", attrgetter("derived.heap_live_mib")),
    "marked": Source(SIZE, "heap marked by the collection", attrgetter("cycle.heap_marked_mib")),
    "start": Source(SIZE, "heap when the collection began", attrgetter("cycle.heap_start_mib")),
    "end": Source(SIZE, "heap when marking ended", attrgetter("cycle.heap_end_mib")),
    "goal": Source(SIZE, "heap goal of the collection", attrgetter("cycle.goal_mib")),
    "next_goal": Source(SIZE, "goal that GOGC will ask for next", attrgetter("derived.next_goal_mib")),
    "stacks": Source(SIZE, "goroutine stacks (Go 1.18 and later)", attrgetter("cycle.stacks_mib")),
    "globals": Source(SIZE, "global variables (Go 1.18 and later)", attrgetter("cycle.globals_mib")),
    "limit": Source(SIZE, "memory limit: --limit, or GOMEMLIMIT where it shows in the goals", _limit),
    "headroom": Source(SIZE, "goal less the heap when marking ended", attrgetter("derived.headroom_mib")),
    "pause": Source(DURATION, "time the world stood still", _pause_s),
    "alloc_rate": Source(SPEED, "allocation since the collection before", attrgetter("derived.alloc_rate_mib_per_s")),
    "gc_cpu": Source(SHARE, "CPU spent on collecting since the collection before", attrgetter("derived.gc_cpu_share")),
    "assist": Source(
        SHARE, "CPU of the collection that allocating goroutines gave", attrgetter("derived.assist_share")
    ),
    "mark_share": Source(SHARE, "time that a collection was under way", attrgetter("derived.mark_share")),
    "procs": Source(COUNT, "GOMAXPROCS", attrgetter("cycle.procs")),
    "goroutines": Source(COUNT, "goroutines (printed by Go 1.4 only)", attrgetter("cycle.goroutines")),
    "interval": Source(DURATION, "time since the collection before", attrgetter("derived.interval_s")),
    "uptime": Source(DURATION, "age of the process", attrgetter("clock_s")),
    "forced": Source(NUMBER, "1 where the collection was forced, else 0", _forced),
    "collections": Source(COUNT, "collections seen", attrgetter("collections"), counter=True),
    "lines": Source(COUNT, "application lines", attrgetter("counts.lines"), counter=True),
    "errors": Source(COUNT, "application lines at level error or worse", attrgetter("counts.errors"), counter=True),
    "missing": Source(COUNT, "collections that the log lost", attrgetter("counts.missing"), counter=True),
    "mended": Source(COUNT, "torn collections that were mended", attrgetter("counts.mended"), counter=True),
}

MOVING = frozenset({"uptime", *(name for name, source in SOURCES.items() if source.counter)})
"""What changes while time passes without a collection."""
