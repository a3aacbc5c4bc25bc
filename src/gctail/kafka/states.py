"""State kept in a compacted topic: one record a service, and one a partition that says how far all of them go.

The state topic has a partition for each partition of the input, so whoever takes over an input partition reads just
that much. A record is plain data with a version. Since services and their partition are written in one transaction,
what is read is one moment; without transactions a service may be ahead of its partition, and says itself how far it is.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from kafka.errors import KafkaError
from msgspec import Struct

from gctail.kafka.places import Place
from gctail.kafka.writing import Outgoing, make_topic, topic_partitions
from gctail.service import VERSION as STATE_VERSION
from gctail.service import lighter
from kafka import KafkaConsumer, TopicPartition

VERSION = 1
LARGEST_BYTES = 900_000
"""A broker takes messages of 1 MB, unless it was told otherwise (message.max.bytes)."""
PLACE_KEY = b"\0place "
"""No name of a service begins with a NUL."""


class Context(Struct, frozen=True):
    """What a lane knows beside its services: the last line, and whether its lines have times of their own."""

    lane: str = ""
    before: str = ""
    timed: bool = False


class Living(Struct, frozen=True):
    """One service as it is kept: its state, how far it is in each partition, and what stood before."""

    state: dict[str, Any]
    positions: dict[Place, int]
    context: Context


class Kept(Struct, frozen=True):
    """What the state topic knows of one input partition: where to read on, and its services.

    `services` holds them by name.
    """

    offset: int | None
    note: str
    services: dict[str, Living]
    refused: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()  # services whose state a newer program wrote
    whole: bool = True  # no transaction is open behind what was read


class States:
    """The state topic of one group."""

    def __init__(self, servers: str, settings: Mapping[str, str | bool], topic: str) -> None:
        self.servers, self.settings, self.topic = servers, dict(settings), topic
        self.partitions = 0

    def prepare(self, partitions: int) -> bool:
        """See to it that the topic is there; whether it had to be made. Raises KafkaError."""
        wanted = max(1, partitions)
        there = topic_partitions(self.servers, self.settings, self.topic)
        self.partitions = there or make_topic(self.servers, self.settings, self.topic, wanted, compacted=True)
        return not there

    def partition_of(self, home: Place) -> int:
        """Where the state of what lives in an input partition is kept."""
        return (home.partition + zlib.crc32(home.topic.encode())) % self.partitions

    def service_record(self, name: str, home: Place, living: Living) -> Outgoing:
        """One service, as it is kept."""
        context = living.context
        told = {
            "version": VERSION,
            "home": list(home),
            "positions": [[*place, offset] for place, offset in sorted(living.positions.items())],
            "context": [context.lane, context.before, context.timed],
            "state": living.state,
        }
        value = _dumps(told)
        if len(value) > LARGEST_BYTES:
            value = _dumps({**told, "state": lighter(living.state)})
        return Outgoing(self.topic, _key(name), value, partition=self.partition_of(home))

    def place_record(self, place: Place, offset: int, note: str) -> Outgoing:
        """How far an input partition is, as it is kept; the note also stands beside the group's offset."""
        value = orjson.dumps({"version": VERSION, "offset": offset, "note": note})
        return Outgoing(self.topic, PLACE_KEY + str(place).encode(), value, partition=self.partition_of(place))

    def restore(self, places: set[Place], within_s: float = 60.0) -> dict[Place, Kept]:
        """What is kept of some input partitions. Raises KafkaError."""
        numbers = sorted({self.partition_of(place) for place in places})
        latest: dict[bytes, bytes] = {}
        records, whole = self._read(numbers, within_s)
        for key, value in records:
            if value is None:
                latest.pop(key, None)
            else:
                latest[key] = value
        return {place: _kept(place, latest, whole=whole) for place in places}

    def _read(self, numbers: list[int], within_s: float) -> tuple[list[tuple[bytes, bytes | None]], bool]:
        """All that is committed in some partitions; and whether nothing stands behind it that is not."""
        partitions = [TopicPartition(self.topic, number) for number in numbers]
        until_s = time.monotonic() + within_s
        consumer = self._consumer("read_committed")
        try:
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions, timeout_ms=within_s * 1000)
            found: list[tuple[bytes, bytes | None]] = []
            while any(consumer.position(each) < ends[each] for each in partitions):
                for records in consumer.poll(200, max_records=2000).values():
                    found += [(record.key or b"", record.value) for record in records]
                if time.monotonic() > until_s:
                    raise KafkaError(f"the state topic {self.topic} could not be read within {within_s:.0f} s")
        finally:
            consumer.close(autocommit=False)
        other = self._consumer("read_uncommitted")
        try:
            whole = other.end_offsets(partitions, timeout_ms=within_s * 1000) == ends
        finally:
            other.close(autocommit=False)
        return found, whole

    def _consumer(self, isolation_level: str) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self.servers.split(","),
            isolation_level=isolation_level,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 << 20,
            fetch_max_wait_ms=100,
            bootstrap_timeout_ms=5000,
            metrics_enabled=False,
            **{"client_id": "gctail", **self.settings},
        )


def _kept(place: Place, latest: Mapping[bytes, bytes], *, whole: bool) -> Kept:
    """The part of the state that belongs to one input partition."""
    offset: int | None = None
    note = ""
    services: dict[str, Living] = {}
    refused: list[str] = []
    newer: list[str] = []
    for key, value in latest.items():
        try:
            told = _loads(value)
            if key.startswith(PLACE_KEY):
                if key == PLACE_KEY + str(place).encode() and told["version"] <= VERSION:
                    offset, note = int(told["offset"]), str(told["note"])
            elif tuple(told["home"]) != place:
                continue
            elif told["version"] > VERSION or told["state"]["version"] > STATE_VERSION:
                newer.append(_name(key))
            else:
                positions = {Place(topic, number): at for topic, number, at in told["positions"]}
                services[_name(key)] = Living(told["state"], positions, Context(*told["context"]))
        except (KeyError, TypeError, ValueError) as error:
            refused.append(f"state of {key[:80]!r} cannot be read: {error}")
    return Kept(offset, note, services, tuple(refused), tuple(newer), whole)


def _key(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _name(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def _dumps(told: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(told)
    except (orjson.JSONEncodeError, TypeError):  # a lone surrogate or a huge whole number in hostile text
        return json.dumps(told).encode()


def _loads(value: bytes) -> Any:  # noqa: ANN401  (JSON of any shape)
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return json.loads(value)
