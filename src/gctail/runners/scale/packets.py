"""What travels between the two halves of the topology: records, digests of the text between them, rumours, the time.

JSON, so that a person can read along with any Kafka tool.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct

from gctail.epochs import without_stacks
from gctail.records import Digest, Sighting


class Part(Struct, frozen=True, omit_defaults=True):
    """Text that came first, and the records after it, up to the next text."""

    digest: Digest | None
    sightings: list[Sighting] = []


class Packet(Struct, frozen=True, tag="packet"):
    """The next things of one service, in order. The key of its message is the service's name."""

    service: str
    parts: list[Part]


class Rumour(Struct, frozen=True, tag="rumour"):
    """A death that a kernel, a guard or an orchestrator reports: every partition looks whether it has the service.

    `home` is true in the one partition where the service lives that the report came under.
    """

    sighting: Sighting
    home: bool


class Clock(Struct, frozen=True, tag="clock"):
    """An input partition is read up to this Unix time; there are `of` input partitions in all."""

    place: str
    time_s: float
    of: int


class Last(Struct, frozen=True, tag="last"):
    """An input partition is read to where the reading was to end; there are `of` input partitions in all.

    It stays in the topic, and whoever reads on later finds it: `by` names the beginning of a process that said it.
    """

    place: str
    of: int
    by: str = ""


LARGEST_BYTES = 500_000
"""A broker takes messages of 1 MB, unless it was told otherwise (message.max.bytes)."""

Message = Packet | Rumour | Clock | Last

_DECODER = msgspec.json.Decoder(Message)


def encoded(value: object) -> bytes:
    """As JSON; a lone surrogate of hostile text is escaped."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode()


def message_of(data: bytes) -> Message:
    """What `encoded` was given. Raises msgspec.ValidationError or ValueError."""
    try:
        found: Message = _DECODER.decode(data)
    except msgspec.DecodeError:  # a lone surrogate
        found = msgspec.convert(json.loads(data), Message)
    return found


def messages_of(packet: Packet) -> Iterator[bytes]:
    """The packet as JSON, in as many messages as it takes: a broker refuses one that is too large."""
    told = encoded(packet)
    if len(told) <= LARGEST_BYTES:
        yield told
        return
    service, parts = packet.service, packet.parts
    if len(parts) > 1:
        half = len(parts) // 2
        yield from messages_of(Packet(service, parts[:half]))
        yield from messages_of(Packet(service, parts[half:]))
    elif len(parts[0].sightings) > 1:
        [part] = parts
        half = len(part.sightings) // 2
        yield from messages_of(Packet(service, [Part(part.digest, part.sightings[:half])]))
        yield from messages_of(Packet(service, [Part(None, part.sightings[half:])]))
    else:  # a report of a crash with thousands of stacks
        yield encoded(Packet(service, [Part(part.digest, without_stacks(part.sightings)) for part in parts]))


def plain(data: bytes) -> dict[str, Any]:
    """Plain data that `encoded` was given. Raises ValueError."""
    try:
        found = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:  # a lone surrogate
        found = json.loads(data)
    return found


def home_of(service: str, partitions: int) -> int:
    """The partition in which a service lives, the same that librdkafka chooses for its name as a key."""
    return crc32(service.encode("utf-8", "surrogateescape")) % partitions
