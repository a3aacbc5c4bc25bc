"""The consumer behind a small port: poll, pause, seek, lag; and what becomes of partitions that come and go.

kafka-python runs its own thread for the network and for heartbeats, so a slow sink never costs the membership. Its
rebalance callbacks run on that thread while our `poll` waits for them; what they call here runs on a thread of its own,
so that it may take its time and may use the consumer.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Thread
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError
from kafka.structs import MemberState
from msgspec import Struct

from gctail.kafka.batches import read_quickly
from gctail.kafka.places import Message, Place
from kafka import AsyncConsumerRebalanceListener, KafkaConsumer, TopicPartition

POLL_RECORDS = 5000
"""As many as one call takes, at about 30 MB/s a tenth of a second's work."""
REQUEST_S = 15.0


class Wanted(Struct, frozen=True):
    """What to read, as whom, and how to reach it. `group` None reads all partitions alone and commits nothing."""

    servers: str
    topics: tuple[str, ...] = ()
    pattern: str | None = None
    group: str | None = None
    instance: str | None = None
    session_s: float = 10.0
    reset: str = "latest"
    settings: dict[str, str | bool] = {}


class Moves(Struct):
    """What to do when partitions are taken away: `revoked` while they are still ours, `lost` when they are no more."""

    revoked: Callable[[set[Place]], None]
    lost: Callable[[set[Place]], None]


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Hands the client's callbacks to a thread of their own and waits for it without blocking the heartbeat."""

    def __init__(self, client: Client, moves: Moves) -> None:
        self._client, self._moves = client, moves

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._client.arrived.extend(_places(assigned))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._aside(self._moves.revoked, revoked)

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        await self._aside(self._moves.lost, lost)

    async def _aside(self, do: Callable[[set[Place]], None], places: Iterable[TopicPartition]) -> None:
        going = set(_places(places))
        thread = Thread(target=do, args=(going,), name="gctail-rebalance")
        thread.start()
        while thread.is_alive():
            await self._client.consumer._net.sleep(0.005)  # noqa: SLF001  (the client's loop has no public name)


class Client:
    """One member of a group, or a reader of its own."""

    def __init__(self, wanted: Wanted, moves: Moves) -> None:
        """Raises KafkaError where no broker answers within a few seconds."""
        self.wanted = wanted
        self.arrived: deque[Place] = deque()
        self.paused = False
        self._expulsions = 0
        grouped = {
            "group_id": wanted.group,
            "group_instance_id": wanted.instance,
            "session_timeout_ms": int(wanted.session_s * 1000),
            "heartbeat_interval_ms": max(100, int(wanted.session_s * 1000 / 4)),
            "partition_assignment_strategy": [CooperativeStickyAssignor()],
        }
        self.consumer = KafkaConsumer(
            bootstrap_servers=wanted.servers.split(","),
            enable_auto_commit=False,
            auto_offset_reset=wanted.reset,
            isolation_level="read_committed",
            max_poll_records=POLL_RECORDS,
            max_partition_fetch_bytes=4 << 20,
            metadata_max_age_ms=5000,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=5000,
            reconnect_backoff_max_ms=1000,
            metrics_enabled=False,
            **(grouped if wanted.group is not None else {}),
            **{"client_id": "gctail", **wanted.settings},
        )
        read_quickly(self.consumer._fetcher)  # noqa: SLF001  (the client has no public place for it)
        if wanted.group is not None:
            self._count_expulsions()
            self.consumer.subscribe(wanted.topics, wanted.pattern, _Listener(self, moves))
        else:
            self.look_for_partitions()

    def topics(self) -> tuple[str, ...]:
        """The topics that are there now of those that are wanted."""
        pattern = self.wanted.pattern
        if pattern is None:
            return self.wanted.topics
        return tuple(sorted(topic for topic in self.consumer.topics() if re.match(pattern, topic)))

    def partitions(self, topic: str) -> list[int]:
        """The partitions of a topic; none where it is not there, or nobody knows yet."""
        return sorted(self.consumer.partitions_for_topic(topic) or ())

    def look_for_partitions(self) -> None:
        """Without a group: read every partition there is; topics and partitions may appear later."""
        partitions = {topic: self.partitions(topic) for topic in self.topics()}
        found = [Place(topic, number) for topic, numbers in partitions.items() for number in numbers]
        known = self.assignment()
        new = [place for place in found if place not in known]
        if new:
            self.consumer.assign([TopicPartition(*place) for place in {*known, *found}])
            self.arrived.extend(new)

    def poll(self, timeout_s: float, most: int = POLL_RECORDS) -> Mapping[Place, Sequence[Message]]:
        """So many messages at most, by partition, each in order; perhaps none. Raises KafkaError."""
        if self.wanted.group is not None:
            self._complete_rebalance()
        polled: dict[Place, Sequence[Message]] = self.consumer.poll(int(timeout_s * 1000), most)
        return polled

    def _complete_rebalance(self) -> None:
        """One that is under way is not to be forgotten: what it brings is taken over in `poll`.

        The client (3.0.12) asks whether the metadata has changed since the last one, which is not so any more when one
        that the metadata have caused outlasts a poll. Its partitions would stay unread, and its heartbeat silent.
        """
        coordinator = self.consumer._coordinator  # noqa: SLF001
        if getattr(coordinator, "_join_task", None) is not None:
            coordinator.rejoin_needed = True

    def _count_expulsions(self) -> None:
        coordinator = self.consumer._coordinator  # noqa: SLF001
        forget = coordinator.reset_generation

        def counted(*arguments: object, **named: object) -> None:
            self._expulsions += 1
            forget(*arguments, **named)

        coordinator.reset_generation = counted

    def came_back(self) -> bool:
        """We were thrown out of the group, and are in it again: others have had meanwhile what we have.

        The client (3.0.12) says it only where it was not joining just then: else it keeps its partitions, and goes on
        where it was, behind what the others have read, or where the group is, before what we have read.
        """
        if not self._expulsions or self.consumer.group_metadata().state != MemberState.STABLE:
            return False
        self._expulsions = 0
        return True

    def take_arrived(self) -> list[Place]:
        """Partitions that have become ours since the last call."""
        arrived: list[Place] = []
        while self.arrived:
            arrived.append(self.arrived.popleft())
        return [place for place in dict.fromkeys(arrived) if place in self.assignment()]

    def assignment(self) -> set[Place]:
        """The partitions that are ours."""
        return set(_places(self.consumer.assignment()))

    def pause(self) -> None:
        """Read nothing for now, of what is ours and what will come; membership and heartbeat go on."""
        self.consumer.pause(*self.consumer.assignment())
        self.paused = True

    def resume(self) -> None:
        """Read on."""
        self.consumer.resume(*self.consumer.paused())
        self.paused = False

    def seek(self, place: Place, offset: int) -> None:
        """Read on from there."""
        self.consumer.seek(TopicPartition(*place), offset)

    def committed(self, place: Place, within_s: float = REQUEST_S) -> tuple[int, str] | None:
        """The group's offset and what was noted beside it; None where it has none.

        Raises KafkaError, also where a transaction stays open in which a new offset stands (KIP-447).
        """
        found = self.consumer.committed(TopicPartition(*place), metadata=True, timeout_ms=within_s * 1000)
        return None if found is None or found.offset < 0 else (found.offset, found.metadata or "")

    def offset_at(self, place: Place, time_s: float) -> int | None:
        """The first message that was written at that time or later; None where there is none."""
        partition = TopicPartition(*place)
        found = self.consumer.offsets_for_times({partition: int(time_s * 1000)}, timeout_ms=REQUEST_S * 1000)
        at = found.get(partition)
        return None if at is None else int(at.offset)

    def beginning(self, place: Place) -> int:
        """The oldest message that is still there."""
        partition = TopicPartition(*place)
        return int(self.consumer.beginning_offsets([partition], timeout_ms=REQUEST_S * 1000)[partition])

    def end(self, place: Place) -> int:
        """Where the next message will stand."""
        partition = TopicPartition(*place)
        return int(self.consumer.end_offsets([partition], timeout_ms=REQUEST_S * 1000)[partition])

    def position(self, place: Place) -> int:
        """The next message that will be asked for; past what a transaction or compaction left out."""
        return int(self.consumer.position(TopicPartition(*place), timeout_ms=REQUEST_S * 1000) or 0)

    def known_end(self, place: Place) -> int | None:
        """The end as the last answer of a broker told it."""
        highest = self.consumer.highwater(TopicPartition(*place))
        return None if highest is None else int(highest)

    def membership(self) -> Any:  # noqa: ANN401  (the client's own value, given back to the client's producer)
        """Who we are in the group: what fences a member that was thought dead."""
        return self.consumer.group_metadata()

    def commit(self, offsets: Mapping[Place, int], note: str) -> None:
        """Say how far the group is. Raises KafkaError, also where we are no member any more."""
        self.consumer.commit(as_offsets(offsets, note), timeout_ms=REQUEST_S * 1000)

    def close(self) -> None:
        """Leave the group; the partitions are taken away first, as in any rebalance."""
        try:
            self.consumer.close(autocommit=False, timeout_ms=5000)
        except KafkaError as error:
            logging.getLogger("kafka").warning("closing: %s", error)


def as_offsets(offsets: Mapping[Place, int], note: str) -> dict[TopicPartition, Any]:
    """Offsets as the client wants them."""
    from kafka import OffsetAndMetadata

    return {TopicPartition(*place): OffsetAndMetadata(offset, note, -1) for place, offset in offsets.items()}


REFUSED = re.compile(r"Authentication failed.*|CERTIFICATE_VERIFY_FAILED.*|Unsupported SASL mechanism.*")


class Complaints(logging.Handler):
    """What the client says of its troubles, kept for one sentence of ours instead of a flood of its own."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self.last_s = 0.0
        self.refusal = ""  # a password or a certificate that is wrong: what comes after it in the log hides it
        logger = logging.getLogger("kafka")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the newest; that the client's own loop was slow on a busy machine is no trouble of ours.

        Nor is it that a last checkpoint took its time: the loop that it warns of is not held up by `_Listener`.
        """
        if record.name == "kafka.net.selector" or str(record.msg).startswith("Rebalance listener"):
            return
        self.last, self.last_s = record.getMessage().splitlines()[0][:300], time.monotonic()
        if (found := REFUSED.search(self.last)) is not None:
            self.refusal = found[0].rstrip(")")


def _places(partitions: Iterable[TopicPartition]) -> list[Place]:
    return sorted(Place(partition.topic, partition.partition) for partition in partitions)
