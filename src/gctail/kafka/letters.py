"""Dead letters: a message that is of no use, as it was, with the reason and its place beside it."""

from __future__ import annotations

from gctail.kafka.places import Message


def headers_of(message: Message, reason: str) -> tuple[tuple[str, bytes | None], ...]:
    """Its own, and `gctail-reason` and `gctail-place` (logs/3:1200)."""
    place = f"{message.topic}/{message.partition}:{message.offset}"
    told = (("gctail-reason", reason.encode("utf-8", "replace")), ("gctail-place", place.encode()))
    return (*message.headers, *told)
