"""Where a group begins that has read nothing yet: at a time or at given offsets, which the engine does not know."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from gctail.kafka.places import Place
from gctail.kafka.starting import Start

ANSWER_S = 10.0
HAS_MEMBERS = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS}
"""What a broker answers who is no member and commits for a group that has some."""


class Watermarks:
    """What stands where, as brokers tell it. All raise KafkaException."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def offset_at(self, place: Place, time_s: float) -> int | None:
        """The first message that was written at that time or later; None where there is none."""
        asked = TopicPartition(*place, int(time_s * 1000))
        [found] = self._consumer.offsets_for_times([asked], timeout=ANSWER_S)
        return int(found.offset) if found.offset >= 0 else None

    def beginning(self, place: Place) -> int:
        """The oldest message that is still there."""
        return int(self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=ANSWER_S)[0])

    def end(self, place: Place) -> int:
        """Where the next message will stand."""
        return int(self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=ANSWER_S)[1])


def begin(settings: Mapping[str, str], group: str, start: Start, places: list[Place]) -> None:
    """Give the group its offsets in partitions where it has none. Raises KafkaException.

    Where it has members already it has begun.
    """
    consumer = Consumer({**settings, "group.id": group, "enable.auto.commit": False})
    try:
        known = consumer.committed([TopicPartition(*place) for place in places], timeout=ANSWER_S)
        unread = [Place(each.topic, each.partition) for each in known if each.offset < 0]
        marks = Watermarks(consumer)
        offsets = [TopicPartition(*place, start.offset(marks, place)) for place in unread]
        if offsets:
            consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as error:
        if error.args[0].code() not in HAS_MEMBERS:
            raise
    finally:
        consumer.close()
