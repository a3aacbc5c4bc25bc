"""Copies messages to a topic that is keyed by service, so that the lines of one service meet in one partition.

A message goes over as it was, with its time and headers; only its key becomes the service's name. In a group the
copies and the offsets are written in one transaction, so each message is there once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

from kafka.errors import KafkaError

from gctail.kafka.client import Client, Moves
from gctail.kafka.naming import Nameless, Naming
from gctail.kafka.places import Message, Place
from gctail.kafka.reading import by_place
from gctail.kafka.writing import NotWritten, Outgoing, Writer, make_topic
from gctail.parsing.wrappers import Unwrapper
from gctail.runners.kafka.course import Course

WAIT_S = 0.25


class Rekeying:
    """One copier; several in a group share the partitions."""

    def __init__(self, course: Course, naming: Naming, topic: str, tell: Callable[[str], None]) -> None:
        self.wanted, self.start, self.end, self.naming, self.topic = (
            course.wanted, course.start, course.end, naming, topic,
        )  # fmt: skip
        self.stopped = False
        self.copied: Counter[str] = Counter()
        self._tell = tell
        self._unwrapper = Unwrapper(known=course.lexicon.formats if course.lexicon is not None else None)
        self._positions: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        grouped, wanted = course.grouped, course.wanted
        self._writer = Writer(wanted.servers, wanted.settings, f"gctail-{uuid4().hex[:12]}" if grouped else None)

    def stop(self) -> None:
        """End after this turn."""
        self.stopped = True

    def run(self) -> None:
        """Copy until stopped, or to the end that was asked for."""
        client = self._connected()
        if client is None:
            return
        try:
            while not self.stopped and not (self._ends and all(client.position(p) >= e for p, e in self._ends.items())):
                try:
                    self._turn(client)
                except (KafkaError, NotWritten) as error:
                    self._tell(f"Kafka: {error}; trying again")
                    self._back(client)
                    time.sleep(WAIT_S)
        finally:
            client.close()
            self._writer.close()

    def _connected(self) -> Client | None:
        told = False
        while not self.stopped:
            try:
                client = Client(self.wanted, Moves(self._forget, self._forget))
                most = max((len(client.partitions(topic)) for topic in client.topics()), default=1)
                make_topic(self.wanted.servers, self.wanted.settings, self.topic, most)
            except KafkaError as error:
                if not told:
                    self._tell(f"Kafka: {self.wanted.servers} does not answer ({error}); waiting and trying again")
                told = True
                time.sleep(WAIT_S)
            else:
                return client
        return None

    def _turn(self, client: Client) -> None:
        polled = client.poll(WAIT_S)
        arrived = client.take_arrived()
        for place in arrived:
            self._begin(client, place)
        copies: list[Outgoing] = []
        offsets: dict[Place, int] = {}
        for place, messages in by_place(polled):
            if place in arrived or place not in self._positions:
                continue
            end = self._ends.get(place)
            kept = [message for message in messages if end is None or message.offset < end]
            copies += [self._copy(message) for message in kept]
            offsets[place] = messages[-1].offset + 1
        if offsets:
            self._written(client, copies, offsets)
            self._positions.update(offsets)

    def _written(self, client: Client, copies: Sequence[Outgoing], offsets: Mapping[Place, int]) -> None:
        grouped = self.wanted.group is not None
        self._writer.write(copies, offsets if grouped else {}, client.membership() if grouped else None).result()

    def _begin(self, client: Client, place: Place) -> None:
        committed = client.committed(place) if self.wanted.group is not None else None
        offset = self.start.offset(client, place) if committed is None else committed[0]
        if self.end is not None:
            self._ends[place] = self.end.offset(client, place)
        self._positions[place] = offset
        client.seek(place, offset)

    def _back(self, client: Client) -> None:
        """Nothing of the last turn was written: read it again."""
        for place in client.assignment() & self._positions.keys():
            committed = client.committed(place) if self.wanted.group is not None else None
            client.seek(place, self._positions[place] if committed is None else committed[0])

    def _forget(self, places: set[Place]) -> None:
        for place in places:
            self._positions.pop(place, None)
            self._ends.pop(place, None)

    def _copy(self, message: Message) -> Outgoing:
        name = self._name(message)
        self.copied["keyed" if name else "nameless"] += 1
        key = name.encode("utf-8", "surrogateescape") if name else message.key
        written_ms = message.timestamp if message.timestamp >= 0 else None
        return Outgoing(self.topic, key, message.value, tuple(message.headers), timestamp_ms=written_ms)

    def _name(self, message: Message) -> str | None:
        """The service, where anything tells it."""
        if self.naming.decides:
            try:
                return self.naming.of(message)
            except Nameless:
                return None
        line = (message.value or b"").partition(b"\n")[0]
        entries = self._unwrapper.unwrap(line)
        named = next((entry.service for entry in entries or () if entry.service), None)
        return named or (self.naming.of_key(message.key, "") or None)
