"""The first half: messages are unwrapped and scanned where they come in, and what is found goes to its service.

Of a thousand lines one record and one digest travel. Messages are scanned in batches, as the scanner likes it; a batch
is never older than a quarter of a second, and never lives over a checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from confluent_kafka import TopicPartition
from msgspec import Struct
from quixstreams.dataframe import StreamingDataFrame
from quixstreams.processing import ProcessingContext
from quixstreams.sinks import BaseSink
from quixstreams.state import State

from gctail.kafka.lag import Lag, lag_of
from gctail.kafka.letters import headers_of
from gctail.kafka.places import Place, Record
from gctail.kafka.sorting import Poison, Sorting
from gctail.records import Sighting
from gctail.runners.scale.packets import Clock, Last, Rumour, encoded, home_of, messages_of
from gctail.runners.scale.stores import Stores
from gctail.runners.scale.strips import Found, Strip, Views
from gctail.runners.scale.trouble import Trouble

BATCH = 2000
TURN_S, CLOCK_S, QUIET_S = 0.25, 5.0, 10.0
"""How often batches are scanned, how often the time travels, and after how long without a line what is open ends."""
IDLE_S = 2.0


class Shuffle(Struct, frozen=True):
    """The topic in which all that belongs to one service meets; the topic of dead letters; and who writes there."""

    context: ProcessingContext
    topic: str
    partitions: int
    letters: str
    by: str

    def send(self, found: Found) -> None:
        """What was found, each to where its service lives; a rumour goes everywhere."""
        for packet in found.packets:
            for message in messages_of(packet):
                self._to(home_of(packet.service, self.partitions), message, packet.service)
        for sighting in found.rumours:
            self._rumour(sighting)

    def _rumour(self, sighting: Sighting) -> None:
        home = home_of(sighting.service, self.partitions)
        for partition in range(self.partitions):
            self._to(partition, encoded(Rumour(sighting, partition == home)))

    def tick(self, clock: Clock | Last) -> None:
        """How late it is, or that nothing more comes, to everybody."""
        told = encoded(clock)
        for partition in range(self.partitions):
            self._to(partition, told)

    def bury(self, poison: Poison) -> None:
        """A message of no use."""
        message = poison.message
        headers: list[tuple[str, Any]] = [*headers_of(message, poison.reason)]  # None is left out of its types
        self.context.producer.produce(self.letters, message.value, message.key, headers)

    def _to(self, partition: int, value: bytes, service: str | None = None) -> None:
        key = None if service is None else service.encode("utf-8", "surrogateescape")
        self.context.producer.produce(self.topic, value, key, partition=partition)


class Extent(Struct, frozen=True):
    """How much there is to read: the partitions of the input, and where each ends where the reading is to end."""

    partitions: int
    ends: dict[Place, int] = {}


class Scanning(BaseSink):
    """Takes messages of the input and sends on what is in them."""

    def __init__(
        self,
        frames: Mapping[str, StreamingDataFrame],
        views: Views,
        shuffle: Shuffle,
        *,
        extent: Extent,
        trouble: Trouble,
    ) -> None:
        super().__init__(lambda: None)
        self.views, self.shuffle, self._trouble = views, shuffle, trouble
        self.inputs, self._ends = extent.partitions, extent.ends
        self.sorting = Sorting(views.naming)
        self.messages = 0
        self._stores = {topic: Stores(frame, partial(_strip, topic, views)) for topic, frame in frames.items()}
        self._next_turn_s = self._next_clock_s = 0.0

    # fmt: off
    def add(  # noqa: PLR0913, PLR0917  (the engine calls it so)
        self, value: Any, key: Any, timestamp: int, headers: Any, topic: str, partition: int, offset: int,  # noqa: ANN401
    ) -> None:
        # fmt: on
        """One message."""
        if self._ends and offset >= self._ends.get(Place(topic, partition), 0):
            self._pass_over(Place(topic, partition))
            return
        strip = self._stores[topic].of(partition, offset)
        strip.waiting.append(Record(topic, partition, offset, timestamp, key, value, tuple(headers or ())))
        if len(strip.waiting) >= BATCH:
            self._read(strip)

    def flush(self) -> None:
        """A checkpoint is taken."""
        for stores in self._stores.values():
            for strip in stores.values():
                self._read(strip)
            stores.save()
        self._end_there()

    def turn(self) -> None:
        """Called all the time: what has come is scanned, what is quiet is closed, the time is told."""
        now_s = time.monotonic()
        if now_s < self._next_turn_s:
            return
        self._next_turn_s = now_s + TURN_S
        context = self.shuffle.context
        if context.state_manager.recovery_required:
            return
        ours = context.consumer.assignment()
        clock = now_s >= self._next_clock_s
        for topic, stores in self._stores.items():
            partitions = {each.partition for each in ours if each.topic == topic}
            stores.keep(partitions)
            for partition in sorted(partitions):
                strip = stores.of(partition)
                self._read(strip)
                if not strip.over and self._is_at_its_end(strip):
                    self._close(strip)
                elif clock:
                    self._tell_time(strip)
        if clock:
            self._next_clock_s = now_s + CLOCK_S

    def is_over(self, place: Place) -> bool:
        """All of the partition is read that was to be read."""
        strip = self._stores[place.topic].known(place.partition)
        return strip is not None and strip.over

    def lag(self, now_s: float) -> dict[str, Lag]:
        """How far behind we are in each partition that is here; `now_s` is Unix time."""
        consumer = self.shuffle.context.consumer
        found: dict[str, Lag] = {}
        for strip in (strip for stores in self._stores.values() for strip in stores.values()):
            partition = TopicPartition(*strip.place)
            [at] = consumer.position([partition])
            _, end = consumer.get_watermark_offsets(partition, cached=True)
            if at.offset >= 0 <= end:
                left = end if end - at.offset > 1 else at.offset  # a transaction's end takes a place of its own
                found.update([lag_of(strip.place, at.offset, left, strip.read_s or None, now_s)])
        return found

    @property
    def lines(self) -> int:
        """Lines that were read in the partitions that are here."""
        return sum(strip.lines for stores in self._stores.values() for strip in stores.values())

    def _pass_over(self, place: Place) -> None:
        """This message stands behind the end: a later reading without one is to have it, and all after it."""
        self.shuffle.context.consumer.pause([TopicPartition(*place)])

    def _end_there(self) -> None:
        """The engine believes that a message was read which was passed over: the group's offset stays before it."""
        reached = self.shuffle.context.checkpoint._tp_offsets  # noqa: SLF001  (the engine has no public place for it)
        for place, end in self._ends.items():
            if reached.get(place, -1) >= end > 0:
                reached[place] = end - 1

    def _is_at_its_end(self, strip: Strip) -> bool:
        return bool(self._ends) and self._at(strip) >= self._ends.get(strip.place, 0)

    def _close(self, strip: Strip) -> None:
        for found in strip.close():
            self.shuffle.send(found)
        self._tell_last(strip)

    def _tell_last(self, strip: Strip) -> None:
        strip.advance(strip.clock_s)
        self.shuffle.tick(Last(str(strip.place), self.inputs, self.shuffle.by))

    def _read(self, strip: Strip) -> None:
        waiting, strip.waiting = strip.waiting, []
        if not waiting:
            return
        self._trouble.over()
        self.messages += len(waiting)
        strip.read_s = max(strip.read_s, min(time.time(), waiting[-1].timestamp / 1000))
        strip.fed_s = time.monotonic()
        for name, group in self.sorting.sorted(waiting).items():
            self._feed(strip, name, group)
        for poison in self.sorting.take_poison():
            self.shuffle.bury(poison)

    def _feed(self, strip: Strip, name: str, group: Sequence[Any]) -> None:
        try:
            found = strip.feed(name, group)
        except Exception as error:  # noqa: BLE001  (a line that breaks the reading must not end it for all services)
            strip.forget(name)
            for message in group:
                self.sorting.refuse(message, f"{type(error).__name__}: {error}")
            return
        self.shuffle.send(found)

    def _tell_time(self, strip: Strip) -> None:
        """Who has read all there is knows that it is now; who has not, that it is as late as the last message."""
        if strip.over:  # who has taken over a partition of services meanwhile has to know it, too
            self._tell_last(strip)
            return
        if self._caught_up(strip):
            for found in strip.rest(QUIET_S):
                self.shuffle.send(found)
            strip.advance(round(time.time(), 3))
        elif strip.read_s > strip.clock_s:
            strip.advance(strip.read_s)
        else:
            return
        self.shuffle.tick(Clock(str(strip.place), strip.clock_s, self.inputs))

    def _caught_up(self, strip: Strip) -> bool:
        _, end = self.shuffle.context.consumer.get_watermark_offsets(TopicPartition(*strip.place), cached=True)
        if end < 0 or time.monotonic() - strip.fed_s < IDLE_S:
            return False
        return bool(end - self._at(strip) <= 1)  # a transaction's end takes a place of its own

    def _at(self, strip: Strip) -> int:
        """The message that is read next."""
        consumer, partition = self.shuffle.context.consumer, TopicPartition(*strip.place)
        [at] = consumer.position([partition])
        if at.offset < 0:
            [at] = consumer.committed([partition], timeout=5)
        return max(0, int(at.offset))


def _strip(topic: str, views: Views, partition: int, state: Callable[[], State[str, Any]]) -> Strip:
    return Strip(Place(topic, partition), views, state)
