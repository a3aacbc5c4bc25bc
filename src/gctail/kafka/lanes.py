"""Lanes: the messages of one name, joined again to the stream of lines that they were cut from.

A message holds a line, several lines, or one fragment of a torn line; each message ends at least one line. The scanner
sees only bytes, so a lane remembers which message each byte came from: a record's origin is `topic/partition`, its
offset that of its message, and where it begins inside a message of several lines the origin says at which byte
(`topic/partition+120`). So a finding's id is the same however the messages were cut into batches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from gctail.kafka.places import Message
from gctail.parsing.reading import Event
from gctail.parsing.scanner import Scanner
from gctail.parsing.times import find_time
from gctail.records import GcCycle, HeapSample, Passage, Sighting

LANE_TAIL_BYTES = 4096
"""What a lane remembers of the last text of a process, to find out who killed it."""

MOST_OPEN_BYTES = 16 << 20
"""What is open for longer ends as it is: so long all messages since its beginning are held."""


class Chunk:
    """Messages that were scanned together, and where in the lane's stream they stand."""

    __slots__ = ("_starts", "base", "before", "messages", "sizes")

    def __init__(self, base: int, messages: Sequence[Message], sizes: Sequence[int], before: bytes) -> None:
        """`before` is the line that came before the first message."""
        self.base, self.messages, self.sizes, self.before = base, messages, sizes, before
        self._starts: list[int] = []

    def message_at(self, at: int) -> tuple[Message, int]:
        """The message that holds byte `at` of the lane, and the byte inside it."""
        if not self._starts:
            self._starts = list(accumulate(self.sizes[:-1], initial=self.base))
        number = max(0, bisect_right(self._starts, at) - 1)
        return self.messages[number], at - self._starts[number]


class Lane:
    """One stream of lines. What it found has Kafka's places for origin and offset."""

    def __init__(self, name: str, scanner: Scanner, *, decides: bool) -> None:
        self.name = name
        self.scanner = scanner
        self.decides = decides  # the name stands, whatever the payload says
        self.places: set[tuple[str, int]] = set()
        self.timed = False  # the lines have times of their own, so the messages' are not needed
        self.last_fed_s = 0.0
        self.before = b""  # the last line so far: its time stamp is the neighbour of a collection that comes next
        self._chunks: list[Chunk] = []
        self._end = 0

    def feed(self, messages: Sequence[Message], take: Callable[[Event], object]) -> bytes:
        """Scan the messages, in this order; `take` gets what was found. Returns the lines that they are."""
        values = [message.value or b"" for message in messages]
        joined = b"\n".join(values) + b"\n"
        if joined.count(b"\n") != len(values):
            values = [_without_newline(value) for value in values]
            joined = b"\n".join(values) + b"\n"
        if self._chunks and self._end - self._chunks[0].base > MOST_OPEN_BYTES:
            self.rest(take)
        if not self.scanner.open():
            self._chunks.clear()
        self._chunks.append(Chunk(self._end, messages, [len(value) + 1 for value in values], self.before))
        self._end += len(joined)
        self.before = _last_line(values[-1])
        self.scanner.feed(joined)
        self.scanner.pause()
        self._hand_on(take)
        return joined

    def rest(self, take: Callable[[Event], object]) -> None:
        """Nothing has come for so long that what is open does not go on."""
        self.scanner.rest()
        self._hand_on(take)

    def close(self, take: Callable[[Event], object]) -> None:
        """No more will come."""
        self.scanner.flush()
        self._hand_on(take)

    def open(self) -> set[str] | None:
        """The services that have something open; None where it may be any of them."""
        names = self.scanner.open()
        return names if names is None or not (names and self.decides) else {self.name}

    def state(self) -> dict[str, Any]:
        """What is remembered between two messages, as plain data with bytes in it, when nothing is open."""
        return {"scanner": self.scanner.state(), "before": self.before, "timed": self.timed}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where another lane of this name was; to be called before anything is fed."""
        self.scanner.resume(state["scanner"])
        self.before, self.timed = state["before"], state["timed"]
        self._end = state["scanner"]["offset"]

    def first_offset(self, place: tuple[str, int]) -> int | None:
        """The oldest message of a partition that may still be needed."""
        for chunk in self._chunks:
            for message in chunk.messages:
                if (message.topic, message.partition) == place:
                    return message.offset
        return None

    def _hand_on(self, take: Callable[[Event], object]) -> None:
        for event in self.scanner.take():
            take(self._placed(event))
        self.scanner.release()

    def _placed(self, event: Event) -> Event:
        message, inside = self._message_at(event.offset)
        place = f"{message.topic}/{message.partition}"
        origin = f"{place}+{inside}" if inside else place
        service = self.name if self.decides else event.service
        if isinstance(event, Passage):
            return replace(event, service=service, origin=origin, offset=message.offset)
        near_s = event.near_s
        if event.time_s is None and type(event.record) is GcCycle:
            near_s = self._neighbour(event.offset, message, inside)
        self.timed = self.timed or event.time_s is not None or near_s is not None
        time_s = event.time_s if self.timed or message.timestamp < 0 else message.timestamp / 1000
        return replace(event, service=service, origin=origin, offset=message.offset, time_s=time_s, near_s=near_s)

    def _neighbour(self, at: int, message: Message, inside: int) -> float | None:
        """The time stamp of the line before: of every collection, so that it does not matter how chunks were cut."""
        if inside:
            line = _last_line((message.value or b"")[: inside - 1])
        elif at > self._chunks[0].base:
            line = _last_line(self._message_at(at - 1)[0].value or b"")
        else:
            line = self._chunks[0].before
        found = find_time(line)
        return found[0] if found is not None else None

    def _message_at(self, at: int) -> tuple[Message, int]:
        for chunk in reversed(self._chunks):  # a report is told after what came behind its beginning: none may be gone
            if at >= chunk.base:
                return chunk.message_at(at)
        return self._chunks[0].message_at(self._chunks[0].base)


def owner(event: Event) -> str:
    """The service that the engine gives it to: processes that tell their heap by labels are services of their own."""
    record = event.record if isinstance(event, Sighting) else None
    if isinstance(record, HeapSample) and record.instance:
        return f"{event.service} {record.instance}"
    return event.service


def _last_line(text: bytes) -> bytes:
    return text.rstrip(b"\r\n").rpartition(b"\n")[2][:512]


def _without_newline(value: bytes) -> bytes:
    """A shipper may leave the line's own newline in place; the join puts one there."""
    if value.endswith(b"\n"):
        value = value[:-1]
    return value[:-1] if value.endswith(b"\r") else value
