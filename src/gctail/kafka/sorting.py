"""Messages of one partition are sorted to the lanes that they belong to; those that are of no use are put aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from gctail.kafka.naming import Nameless, Naming
from gctail.kafka.places import Message

BINARY = re.compile(rb"\0{1,4}+(?=[^\0])")
"""A schema registry's magic byte and number: Avro or Protobuf, no line. (A truncated log's hole has more NULs.)"""
MOST_REASONS = 64


class Poison(Struct, frozen=True):
    """A message that cannot be used, and why."""

    message: Message
    reason: str


class Sorting:
    """Sorts messages by the name of their lane, and counts what it saw."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.poison: list[Poison] = []
        self.poisoned: Counter[str] = Counter()
        self.bytes = self.tombstones = 0

    def sorted(self, messages: Sequence[Message]) -> dict[str, Sequence[Message]]:
        """The messages that hold lines, by the name of their lane, each lane's in order."""
        names = self._by_key(messages) if self.naming.by_key else self._closely(messages)
        return {name: usable for name, group in names.items() if (usable := self._usable(group))}

    def refuse(self, message: Message, reason: str) -> None:
        """This message is of no use."""
        self.poison.append(Poison(message, reason))
        self.poisoned[reason if reason in self.poisoned or len(self.poisoned) < MOST_REASONS else "other"] += 1

    def take_poison(self) -> list[Poison]:
        """Messages that could not be used, since the last call."""
        poison, self.poison = self.poison, []
        return poison

    def _by_key(self, messages: Sequence[Message]) -> dict[str, list[Message]]:
        by_key: dict[bytes | None, list[Message]] = {}
        for message in messages:
            group = by_key.get(message.key)
            if group is None:
                by_key[message.key] = [message]
            else:
                group.append(message)
        names: dict[str, list[Message]] = {}
        for key, group in by_key.items():
            name = self.naming.of_key(key, group[0].topic)
            names[name] = sorted([*names[name], *group], key=_offset) if name in names else group
        return names

    def _closely(self, messages: Sequence[Message]) -> dict[str, list[Message]]:
        names: dict[str, list[Message]] = {}
        for message in messages:
            try:
                names.setdefault(self.naming.of(message), []).append(message)
            except Nameless as error:
                self.refuse(message, str(error))
        return names

    def _usable(self, group: Sequence[Message]) -> Sequence[Message]:
        """The messages that hold lines."""
        values = [message.value for message in group]
        if None in values:
            self.tombstones += values.count(None)
            group = [message for message in group if message.value is not None]
        self.bytes += sum(len(value) for value in values if value is not None)
        if any(value is not None and value[:1] == b"\0" for value in values):
            binary = [message for message in group if BINARY.match(message.value or b"")]
            for message in binary:
                self.refuse(message, "binary, not text (Avro or Protobuf with a schema's number?)")
            group = [message for message in group if message not in binary]
        return group


def _offset(message: Message) -> int:
    return message.offset
