"""The second half: what was found comes to its service, and is judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from confluent_kafka import TopicPartition
from quixstreams.dataframe import StreamingDataFrame
from quixstreams.sinks import BaseSink
from quixstreams.state import State

from gctail.engine import Engine
from gctail.kafka.places import Place
from gctail.records import Finding
from gctail.runners.scale.packets import Last, message_of
from gctail.runners.scale.shares import Onlooker, Share
from gctail.runners.scale.stores import STAMP, Stores
from gctail.runners.scale.trouble import Trouble
from gctail.sinks import Sink
from gctail.sinks.jsonl import finding_json

ANSWER_S, TURN_S = 10.0, 0.25
AWAY_S = 10.0
"""In every rebalance all partitions are away for a moment: so long they are remembered."""


class Judging(BaseSink):
    """Takes packets, and tells findings: to their topic with the checkpoint, and to the other sinks before it."""

    def __init__(  # noqa: PLR0913  (the parts it joins)
        self,
        frame: StreamingDataFrame,
        engine: Callable[[], Engine],
        *,
        topic: str,
        outputs: Sink,
        trouble: Trouble,
        onlooker: Onlooker,
        ends: bool,
    ) -> None:
        """`ends` says that this reading is to have an end."""
        super().__init__(lambda: None)
        self.findings = self.unknown = 0
        self._frame, self._topic, self._outputs, self._trouble = frame, topic, outputs, trouble
        self._onlooker, self._ends = onlooker, ends
        self._next_turn_s = 0.0
        self._ours_s: dict[int, float] = {}  # when a partition was ours the last time
        self._found: list[Finding] = []
        self.by = uuid4().hex  # who we are, in what we say: this beginning of this process
        self._before: dict[int, int] = {}  # all that stood in a partition before this offset was there before us
        self._engine = engine
        self._stores = Stores(frame, self._share)

    def _share(self, partition: int, state: Callable[[], State[str, Any]]) -> Share:
        """The services of a partition, as they are remembered."""
        if state().get(STAMP) is None:
            [place] = self._frame.topics
            consumer = self._frame.processing_context.consumer
            [at] = consumer.committed([TopicPartition(place.name, partition)], timeout=ANSWER_S)
            if at.offset > 0:
                lost = f"{place.name}/{partition}: it is read up to {at.offset}, but what was learned from it is gone"
                self._trouble.say(f"{lost}: models begin anew")
        return Share(self._engine(), state, self._trouble.say, self._onlooker)

    def turn(self) -> None:
        """Called all the time: what belongs to others by now is forgotten, and who looks on is shown the rest."""
        now_s = time.monotonic()
        if now_s < self._next_turn_s:
            return
        self._next_turn_s = now_s + TURN_S
        context, [topic] = self._frame.processing_context, self._frame.topics
        if not context.state_manager.recovery_required:
            ours = {each.partition for each in context.consumer.assignment() if each.topic == topic.name}
            self._ours_s |= dict.fromkeys(ours, now_s)
            ours = {partition for partition, ours_s in self._ours_s.items() if now_s - ours_s < AWAY_S}
            self._stores.keep(ours)
            self._before = {partition: end for partition, end in self._before.items() if partition in ours}
        self._onlooker.turn(self.engines())

    def is_over(self, partition: int, inputs: Sequence[Place]) -> bool:
        """All of the input that was to be read is judged here. Of these `inputs`, our own, we have said it ourselves.

        What another process said of one that has come to us since is said of where that one was to end.
        """
        share = self._stores.known(partition)
        return share is not None and share.over and all(share.ended.get(str(place)) == self.by for place in inputs)

    def engines(self) -> list[Engine]:
        """Those of the partitions that are here, each with its services."""
        return [share.engine for share in self._stores.values()]

    # fmt: off
    def add(  # noqa: PLR0913, PLR0917  (the engine calls it so)
        self, value: Any, key: Any, timestamp: int, headers: Any, topic: str, partition: int, offset: int,  # noqa: ANN401, ARG002
    ) -> None:
        # fmt: on
        """One packet, rumour or clock."""
        self._trouble.over()
        share = self._stores.of(partition, offset)
        if partition not in self._before:
            consumer = self._frame.processing_context.consumer
            _, self._before[partition] = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        try:
            message = message_of(value)
        except (msgspec.MsgspecError, ValueError) as error:
            if not self.unknown:
                self._trouble.say(f"{topic}/{partition}:{offset} cannot be read (by a newer gctail?): {error}")
            self.unknown += 1
            return
        if isinstance(message, Last) and self._is_of_old(message, partition, offset):
            return
        self._found += share.take(message)

    def _is_of_old(self, last: Last, partition: int, offset: int) -> bool:
        """It is none of ours, where we read on for ever; or perhaps an earlier reading has left it behind.

        That had an earlier end. Who is still here will say it again.
        """
        return not self._ends or (last.by != self.by and offset < self._before[partition])

    def flush(self) -> None:
        """A checkpoint is taken."""
        found, self._found = self._found, []
        if found:
            self._outputs.take(found)
        for finding in found:
            key = finding.service.encode("utf-8", "surrogateescape")
            self._frame.processing_context.producer.produce(self._topic, finding_json(finding), key)
        self.findings += len(found)
        self._stores.save()
