"""What is remembered of each partition, and where it is kept: in a store of the engine, which Kafka has a copy of.

The engine keeps the state of a partition in RocksDB and writes every change to a changelog topic, in the same
transaction as what was produced and how far was read. We work on objects, and lay them down in the store when the
engine takes a checkpoint. A partition may go to another process and come back meanwhile. So with each object a stamp is
stored; where the stamp in the store is not the one that we left, the object is made anew from the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

from quixstreams.dataframe import StreamingDataFrame
from quixstreams.state import State

STAMP = "stamp"


class Kept(Protocol):
    """What is remembered of one partition."""

    def save(self, state: State[str, Any]) -> bool:
        """Lay down what has changed. False where nothing has."""


K = TypeVar("K", bound=Kept)


class Stores(Generic[K]):
    """The objects of all partitions of one stream that are ours. `make` makes one out of what is stored."""

    def __init__(self, frame: StreamingDataFrame, make: Callable[[int, Callable[[], State[str, Any]]], K]) -> None:
        frame.register_store()
        self._frame, self._make = frame, make
        self._known: dict[int, tuple[K, str | None]] = {}
        self._reached: dict[int, int] = {}
        self._checked: set[int] = set()
        self._checkpoint: object = None

    def of(self, partition: int, offset: int | None = None) -> K:
        """The partition's object, as the next message (at `offset`) is to find it."""
        checkpoint = self._frame.processing_context.checkpoint
        if checkpoint is not self._checkpoint:
            self._checkpoint = checkpoint
            self._checked.clear()
        again = offset is not None and offset <= self._reached.get(partition, -1)
        if offset is not None:
            self._reached[partition] = offset
        known = self._known.get(partition)
        if known is None or again or partition not in self._checked:
            stamp = self._state(partition).get(STAMP)
            if known is None or again or known[1] != stamp:
                known = self._known[partition] = (self._make(partition, lambda: self._state(partition)), stamp)
            self._checked.add(partition)
        return known[0]

    def keep(self, partitions: set[int]) -> None:
        """These are ours now; what we know of others is forgotten."""
        for partition in self._known.keys() - partitions:
            del self._known[partition]
            self._reached.pop(partition, None)

    def known(self, partition: int) -> K | None:
        """The partition's object, where there is one here."""
        known = self._known.get(partition)
        return None if known is None else known[0]

    def values(self) -> list[K]:
        """All objects that are here."""
        return [kept for _, (kept, _) in sorted(self._known.items(), key=lambda each: each[0])]

    def save(self) -> None:
        """A checkpoint is taken: lay everything down. What is not laid down to its end is not trusted any more."""
        if self._frame.processing_context.checkpoint is not self._checkpoint:
            return  # nothing was touched since the last one
        for partition in sorted(self._checked & self._known.keys()):
            kept = self._known[partition][0]
            before = self._known.pop(partition)
            state = self._state(partition)
            if kept.save(state):
                stamp = uuid4().hex
                state.set(STAMP, stamp)
                before = (kept, stamp)
            self._known[partition] = before

    def _state(self, partition: int) -> State[str, Any]:
        checkpoint = self._frame.processing_context.checkpoint
        return checkpoint.get_store_transaction(self._frame.stream_id, partition).as_state("gctail")


def store_key(kind: str, name: str) -> str:
    """A key of the store for a name; hostile bytes in it stay apart."""
    return f"{kind} " + name.encode("utf-8", "surrogateescape").decode("latin-1")
