"""Where to begin and where to end: --start and --until as places in partitions."""

from __future__ import annotations

import re
from typing import Protocol

from msgspec import Struct

from gctail.errors import UsageError
from gctail.kafka.places import Place
from gctail.parsing.times import parse_moment

_OFFSETS = re.compile(r"(?:(?P<topic>[\w.-]+)/)?(?P<partition>\d+):(?P<offset>\d+)")


class Offsets(Protocol):
    """Who knows what stands where in a partition. All raise the client's own errors."""

    def offset_at(self, place: Place, time_s: float) -> int | None:
        """The first message that was written at that time or later; None where there is none."""

    def beginning(self, place: Place) -> int:
        """The oldest message that is still there."""

    def end(self, place: Place) -> int:
        """Where the next message will stand."""


class Start(Struct, frozen=True):
    """Where to begin in a partition that the group has not read yet: earliest, latest, a time, or given offsets."""

    kind: str
    time_s: float = 0.0
    offsets: dict[Place, int] = {}

    def offset(self, client: Offsets, place: Place) -> int:
        """The first message to read."""
        if self.kind == "offsets":
            given = self.offsets.get(place, self.offsets.get(Place("", place.partition)))
            return client.beginning(place) if given is None else given
        if self.kind == "time":
            found = client.offset_at(place, self.time_s)
            return client.end(place) if found is None else found
        return client.beginning(place) if self.kind == "earliest" else client.end(place)


def parse_start(text: str, now_s: float) -> Start:
    """`earliest`, `latest`, a time such as 2026-11-23T03:12:00Z or -3h, or offsets such as `logs/0:1200,logs/1:900`."""
    if text in {"earliest", "latest"}:
        return Start(text)
    parts = text.split(",")
    found = [_OFFSETS.fullmatch(part.strip()) for part in parts]
    if all(found):
        offsets = {Place(each["topic"] or "", int(each["partition"])): int(each["offset"]) for each in found if each}
        return Start("offsets", offsets=offsets)
    try:
        return Start("time", parse_moment(text, now_s))
    except ValueError as error:
        raise UsageError(
            f"--start {text}: use earliest, latest, a time, or TOPIC/PARTITION:OFFSET,… ({error})"
        ) from error


class End(Struct, frozen=True):
    """Where to end: at what is there now (`time_s` None), or at a time."""

    time_s: float | None = None

    def offset(self, client: Offsets, place: Place) -> int:
        """The first message that is not read any more."""
        found = client.offset_at(place, self.time_s + 0.001) if self.time_s is not None else None
        return client.end(place) if found is None else found


def parse_end(text: str | None, now_s: float) -> End | None:
    """`end` for what is there now, or a time; None reads for ever."""
    if text is None or text == "end":
        return None if text is None else End()
    try:
        return End(parse_moment(text, now_s))
    except ValueError as error:
        raise UsageError(f"--until {text}: use end or a time ({error})") from error
