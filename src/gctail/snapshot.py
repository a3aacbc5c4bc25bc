"""What views are shown at one moment: a row per service, details of those that are looked at, the last findings.

All of it is frozen, so that views in other threads read it without a lock; `gctail.board` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from gctail.records import Finding, Verdict
from gctail.traces import Bin


class Row(Struct, frozen=True):
    """One service in a table of many. Sizes in MiB; `None` is not known."""

    service: str
    state: str
    """The kind of its worst open incident, `died`, or else `well`."""
    severity: str | None
    """Of that incident: info, warning or critical."""
    probability: float
    """Of a leak, as believed after the last block of collections."""
    live_mib: int | None
    goal_mib: int | None
    limit_mib: float | None
    """Told, or inferred from the goals that GOMEMLIMIT held down."""
    rate_mib_per_s: float | None
    """How fast the live heap grows, where an incident says that it does."""
    lasts_s: float | None
    """How long the memory was forecast to last, at the last collection."""
    gc_cpu_share: float | None
    pause_ms: float | None
    collections: int
    epochs: int
    last_time_s: float | None
    """Unix time of its last collection, where the log tells."""
    uptime_s: float | None
    pauses: tuple[int, float] = (0, 0.0)
    """How many collections its current process has had, and their pauses in ms, summed."""
    trend: tuple[int, ...] = ()
    """The live heap in MiB over its whole run, in at most 24 steps: a spark line."""
    states: tuple[str, ...] = ()
    """`state`, and the kinds of all other open incidents."""
    any_moment: bool = False
    """The next collection is due at the limit or beyond: the memory may be gone before it."""


def limit_share(row: Row) -> float:
    """How much of its limit the heap will fill before the next collection, 0 where no limit is known."""
    return max(row.goal_mib or 0, row.live_mib or 0) / row.limit_mib if row.limit_mib else 0.0


def _lasting(row: Row) -> float:
    if row.any_moment:
        return 0.0
    return row.lasts_s if row.lasts_s is not None else FAR_S


URGENCY = {None: 0, "info": 1, "warning": 2, "critical": 3}
FAR_S = 1e12
ORDERS: dict[str, Callable[[Row], tuple[float, ...]]] = {
    "worst": lambda row: (-URGENCY[row.severity], _lasting(row), -row.probability, -(row.live_mib or 0)),
    "service": lambda _: (),
    "live": lambda row: (-(row.live_mib or 0),),
    "goal": lambda row: (-(row.goal_mib or 0),),
    "limit": lambda row: (-limit_share(row),),
    "growth": lambda row: (-(row.rate_mib_per_s or 0.0),),
    "probability": lambda row: (-row.probability,),
    "end": lambda row: (_lasting(row),),
    "gc_cpu": lambda row: (-(row.gc_cpu_share or 0.0),),
    "last": lambda row: (-(row.last_time_s or 0.0),),
}
"""How services can be sorted, the most urgent first; equals stand in the order of their names."""


def in_order(rows: Iterable[Row], order: str) -> list[Row]:
    """The services in one of `ORDERS`."""
    urgency = ORDERS[order]
    return sorted(rows, key=lambda row: (*urgency(row), row.service))


LIVE_S = 120.0
"""A service that was heard of so lately is watched live; an older log is seen as of its last line."""


def time_left_s(row: Row, now_s: float) -> float | None:
    """How long until the memory is forecast to be gone, at `now_s`; of an old log, from its last collection on.

    Where the log tells no times, too, it is from the last collection on.
    """
    if row.lasts_s is None or row.last_time_s is None or now_s - row.last_time_s >= LIVE_S:
        return row.lasts_s
    return row.last_time_s + row.lasts_s - now_s


class Line(Struct, frozen=True):
    """A line of a service's log."""

    number: int
    text: str
    mark: str = ""
    """`gc`: a collection, mended where it was torn. `suspect`: written by a suspect of the leak. Else empty."""


class Detail(Struct, frozen=True):
    """What there is to see of one service; `bins` is the course of its current process."""

    service: str
    epoch: int
    verdict: Verdict | None
    bins: tuple[Bin, ...]
    findings: tuple[Finding, ...]
    lines: tuple[Line, ...]
    """The newest lines since somebody looks at it, oldest first; at first the last ones that are remembered."""
    suspects: tuple[dict[str, Any], ...]
    death: str | None


class Snapshot(Struct, frozen=True):
    """Everything that views show, at one moment. `version` counts the snapshots."""

    version: int
    at_s: float
    rows: dict[str, Row]
    details: dict[str, Detail]
    findings: tuple[Finding, ...]
    """The last ones, oldest first."""
    told: dict[tuple[str, str], int]
    """How many findings there were, by kind and severity."""
    facts: dict[str, Any]
    """What is known of the input: bytes, lines, files, lag, notes; records, and which were mended or not to be read."""
