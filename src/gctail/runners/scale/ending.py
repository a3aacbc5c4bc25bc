"""Where a reading ends that is not to go on for ever: behind the last message there is now, or before a time."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from gctail.kafka.places import Place
from gctail.kafka.starting import End
from gctail.runners.scale.beginning import ANSWER_S, Watermarks

NEAR_END = 100
OVER = KafkaError._PARTITION_EOF  # noqa: SLF001  (the client's own name for what it tells nobody else)


def ends(settings: Mapping[str, str], group: str, end: End, places: list[Place]) -> dict[Place, int]:
    """Behind the last message that is to be read, of each partition; 0 where none is. Raises KafkaException."""
    own = {"group.id": group, "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**settings, **own})
    try:
        marks = Watermarks(consumer)
        return {
            place: _behind_last(consumer, place, marks.beginning(place), end.offset(marks, place)) for place in places
        }
    finally:
        consumer.close()


def _behind_last(consumer: Consumer, place: Place, beginning: int, end: int) -> int:
    """Behind the last message before `end`: the marks of transactions stand in between, and nobody gets to see them."""
    back = NEAR_END
    while end > beginning:
        start = max(beginning, end - back)
        last = _last_between(consumer, place, start, end)
        if last is not None:
            return last + 1
        end, back = start, back * 10
    return 0


def _last_between(consumer: Consumer, place: Place, start: int, end: int) -> int | None:
    last = None
    consumer.assign([TopicPartition(*place, start)])
    while True:
        message = consumer.poll(ANSWER_S)
        error = KafkaError(KafkaError.REQUEST_TIMED_OUT) if message is None else message.error()
        if error is not None and error.code() != OVER:
            raise KafkaException(error)
        if message is None or error is not None or message.offset() >= end:
            return last
        last = message.offset()
