"""A place in Kafka, and what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct


class Place(NamedTuple):
    """One partition of one topic. Equal to the client's own `TopicPartition`, which is the same pair."""

    topic: str
    partition: int

    def __str__(self) -> str:
        """As findings name it: `orders/3`."""
        return f"{self.topic}/{self.partition}"


class Message(Protocol):
    """What we look at in a message; the client's records have it all. `timestamp` is Unix time in milliseconds."""

    @property
    def topic(self) -> str:
        """Where it stands."""

    @property
    def partition(self) -> int:
        """Where it stands."""

    @property
    def offset(self) -> int:
        """Where it stands."""

    @property
    def timestamp(self) -> int:
        """When it was written, or -1."""

    @property
    def key(self) -> bytes | None:
        """What decided its partition."""

    @property
    def value(self) -> bytes | None:
        """The payload; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Beside the payload."""


class Record(Struct, frozen=True, gc=False):
    """A message that we hold ourselves, whichever client brought it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
