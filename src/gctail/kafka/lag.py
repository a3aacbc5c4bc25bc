"""How far behind we are: in messages, and in seconds since the newest message that was read was written."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from gctail.kafka.places import Place

LIVE_S = 3600.0


def is_live(last_s: float | None, now_s: float) -> bool:
    """Whether a service is read as it writes, by the Unix time of its last line; None where that is not known.

    One whose last line is an hour old is read from the past: the wall's clock says nothing of it.
    """
    return last_s is not None and now_s - last_s < LIVE_S


class Lag(Struct, frozen=True):
    """Of one partition. `seconds` is 0 where nothing is left to read."""

    messages: int
    seconds: float


class Facts(Struct):
    """What a consumer knows of itself, for the report and whoever shows it."""

    group: str | None = None
    messages: int = 0
    bytes: int = 0
    findings: int = 0
    saved: int = 0
    restored: int = 0
    rebalances: int = 0
    tombstones: int = 0
    paused: bool = False
    poisoned: dict[str, int] = {}
    lag: dict[str, Lag] = {}

    @property
    def behind(self) -> int:
        """Messages that are left to read, in all partitions."""
        return sum(each.messages for each in self.lag.values())

    @property
    def seconds(self) -> float:
        """How old what is read now is: the worst partition."""
        return max((each.seconds for each in self.lag.values()), default=0.0)

    def told(self, lines: int) -> dict[str, Any]:
        """Facts of the input, so many lines of it, for the report."""
        kafka = {**msgspec.to_builtins(self), "behind": self.behind, "seconds": self.seconds}
        return {"bytes": self.bytes, "lines": lines, "kafka": kafka, "notes": self.remarks()}

    def remarks(self) -> list[str]:
        """What a person should know of it at the end."""
        remarks = [f"{count} messages were of no use: {reason}" for reason, count in sorted(self.poisoned.items())]
        if self.behind:
            old = f"the newest that was read is {self.seconds:.0f} s old"
            remarks.append(f"{self.behind:,} messages are left to read; {old}")
        return remarks


def lag_of(place: Place, position: int, end: int, written_s: float | None, now_s: float) -> tuple[str, Lag]:
    """By the partition's name."""
    left = max(0, end - position)
    seconds = 0.0 if not left or written_s is None else max(0.0, now_s - written_s)
    return str(place), Lag(left, round(seconds, 3))
