"""All that goes back to Kafka: findings, state, dead letters and offsets, in one transaction where there is a group.

A transaction carries the offsets with the member's generation (KIP-447), so what a member wrote that was thought dead
is never seen: neither its state nor its findings. It runs on a thread of its own, so that reading goes on meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any

from kafka.errors import KafkaError, TopicAlreadyExistsError
from msgspec import Struct

from gctail.kafka.client import as_offsets
from gctail.kafka.places import Place
from kafka import KafkaAdminClient, KafkaProducer

TRANSACTION_S = 5.0
"""After so long a broker gives up the transaction of a member that died in it (it looks every 10 s)."""
ATTEMPT_S = 10.0
"""So long at most an attempt to write may take."""
NOTE = "gctail"
"""Stands beside our offsets: an offset without it was set by somebody else, and then it counts."""


COMPACTED = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "max.message.bytes": str(8 << 20)}
"""How a topic of state is made: the newest of every key stays, and it may be large."""


class Outgoing(Struct, frozen=True):
    """One message to write; partition None leaves it to the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    partition: int | None = None
    timestamp_ms: int | None = None


class NotWritten(Exception):
    """Nothing more of it will be written; it may be tried again. Says why.

    In a transaction it is certain only who looks: the answer to the commit may have been lost. The note beside the
    group's offsets tells (`Writer.write`).
    """


class Writer:
    """Writes batches of messages, one after the other, each in a time that is limited.

    The client has calls that wait for ever when a broker is lost in the middle of them (seen with 3.0.12: offsets sent
    to a transaction while the coordinator moves). So every attempt has a thread of its own; one that takes too long is
    abandoned and its producer fenced by a new one of the same name, after which it can write nothing any more.
    """

    def __init__(self, servers: str, settings: Mapping[str, str | bool], name: str | None = None) -> None:
        """With a name, in transactions of that name (Kafka's `transactional.id`)."""
        self._servers, self._settings = servers.split(","), {"client_id": "gctail", **settings}
        self._name = name
        self._producer: Any = None
        self._closed = False
        self.written = 0

    def write(
        self, messages: Sequence[Outgoing], offsets: Mapping[Place, int] | None = None, member: object = None,
        note: str = NOTE,
    ) -> Future[float]:  # fmt: skip
        """Write all of it or nothing, with `note` beside the offsets.

        The future tells how many seconds it took, or raises NotWritten.
        """
        future: Future[float] = Future()
        begun_s = time.monotonic()

        def work() -> None:
            try:
                self._within_time(lambda: self._write(messages, offsets or {}, member, note))
            except NotWritten as error:
                self._fence()
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001  (whoever waits for the future gets it)
                future.set_exception(error)
            else:
                self.written += len(messages)
                future.set_result(time.monotonic() - begun_s)

        Thread(target=work, name="gctail-writer", daemon=True).start()
        return future

    def _within_time(self, do: Callable[[], None]) -> None:
        """Do it on a thread that can be left behind. Raises NotWritten."""
        done: Future[None] = Future()

        def attempt() -> None:
            try:
                do()
            except BaseException as error:  # noqa: BLE001
                done.set_exception(error)
            else:
                done.set_result(None)

        Thread(target=attempt, name="gctail-writing", daemon=True).start()
        try:
            done.result(ATTEMPT_S)
        except TimeoutError as error:
            raise NotWritten(f"no answer within {ATTEMPT_S:.0f} s") from error
        except KafkaError as error:
            raise NotWritten(str(error) or type(error).__name__) from error

    def _write(self, messages: Sequence[Outgoing], offsets: Mapping[Place, int], member: object, note: str) -> None:
        if self._producer is None:
            self._producer = self._new()
        producer = self._producer
        if self._name is not None:
            producer.begin_transaction()
        sent = [
            producer.send(
                each.topic, value=each.value, key=each.key, partition=each.partition, timestamp_ms=each.timestamp_ms,
                headers=[(name, value or b"") for name, value in each.headers],  # this client writes none without value
            )
            for each in messages
        ]  # fmt: skip
        if self._name is None:
            producer.flush(timeout=ATTEMPT_S)
        else:
            if offsets:
                producer.send_offsets_to_transaction(as_offsets(offsets, note), member)
            producer.commit_transaction()
        for each in sent:
            each.get(timeout=ATTEMPT_S)

    def _fence(self) -> None:
        """Give the producer up and make one of the same name, so that nothing of the old one can be written later."""
        while not self._closed:
            old, self._producer = self._producer, None
            if old is not None:
                Thread(target=_close, args=(old, 1.0), daemon=True).start()
            if self._name is None:
                return
            try:
                self._within_time(self._renew)
            except NotWritten:
                time.sleep(0.5)
            else:
                return

    def _renew(self) -> None:
        self._producer = self._new()

    def _new(self) -> Any:  # noqa: ANN401  (the client has no types)
        own = {"transactional_id": self._name, "transaction_timeout_ms": int(TRANSACTION_S * 1000)}
        limit_ms = int(ATTEMPT_S * 900)
        producer = KafkaProducer(
            bootstrap_servers=self._servers,
            linger_ms=5,
            batch_size=1 << 18,
            compression_type="gzip",
            delivery_timeout_ms=limit_ms,
            request_timeout_ms=limit_ms - 1000,
            max_block_ms=limit_ms,
            retry_backoff_ms=20,
            reconnect_backoff_max_ms=1000,
            bootstrap_timeout_ms=5000,
            max_request_size=8 << 20,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **(own if self._name is not None else {}),
            **self._settings,
        )
        if self._name is not None:
            producer.init_transactions()
        return producer

    def end_transaction_of(self, name: str) -> None:
        """End what a member that died left open under this name, and let it write no more. Raises NotWritten."""
        other = Writer(",".join(self._servers), self._settings, name)
        try:
            other._within_time(other._renew)
        finally:
            other.close()

    def close(self) -> None:
        """No more will be written."""
        self._closed = True
        if self._producer is not None:
            closing = Thread(target=_close, args=(self._producer, 2.0), daemon=True)
            closing.start()
            closing.join(3)
            self._producer = None


def _close(producer: Any, within_s: float) -> None:  # noqa: ANN401  (the client has no types)
    """What it has not written by then it will never write, and whoever waits for it knows."""
    with suppress(KafkaError):
        producer.close(timeout=within_s)


def make_topic(
    servers: str, settings: Mapping[str, str | bool], name: str, partitions: int, *, compacted: bool = False
) -> int:
    """Make a topic unless it is there; the number of its partitions. Raises KafkaError."""
    admin = KafkaAdminClient(bootstrap_servers=servers.split(","), bootstrap_timeout_ms=5000, **settings)
    try:
        if name not in admin.list_topics():
            configs = COMPACTED if compacted else {}
            wanted = {name: {"num_partitions": partitions, "configs": configs}}
            try:
                admin.create_topics(wanted, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                pass
            else:
                return partitions
        [topic] = admin.describe_topics([name])
        count = len(topic["partitions"])
        if not count:
            raise KafkaError(f"topic {name} is not there yet")
        return count
    finally:
        admin.close()


def topic_partitions(servers: str, settings: Mapping[str, str | bool], name: str) -> int:
    """The number of a topic's partitions; 0 where there is no such topic. Raises KafkaError."""
    admin = KafkaAdminClient(bootstrap_servers=servers.split(","), bootstrap_timeout_ms=5000, **settings)
    try:
        if name not in admin.list_topics():
            return 0
        [topic] = admin.describe_topics([name])
        return len(topic["partitions"])
    finally:
        admin.close()
