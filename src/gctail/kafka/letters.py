"""Dead letters: a message that is of no use, as it was, with the reason and its place beside it."""

from __future__ import annotations

from gctail.kafka.places import Message
from gctail.kafka.writing import Outgoing


def letter_of(topic: str, message: Message, reason: str) -> Outgoing:
    """The message for the topic of dead letters; headers `gctail-reason` and `gctail-place` (logs/3:1200)."""
    place = f"{message.topic}/{message.partition}:{message.offset}"
    told = (("gctail-reason", reason.encode("utf-8", "replace")), ("gctail-place", place.encode()))
    return Outgoing(topic, message.key, message.value, (*message.headers, *told))
