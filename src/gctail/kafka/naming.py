"""Whose a message is: by its payload, its key, a header, a field or its topic."""

from __future__ import annotations

import re

import orjson

from gctail.errors import UsageError
from gctail.kafka.places import Message
from gctail.parsing.wrapper_json import Path, name_of

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ufffd]")
MOST_NAMES = 65_536
LONGEST_NAME = 200


class Nameless(ValueError):
    """It cannot be told whose a message is; says why."""


class Naming:
    """Gives every message a name. By default the payload decides, then the key, then the topic.

    `decides` says that the name stands even where the payload names another.
    """

    def __init__(self, rule: str | None = None) -> None:
        self.rule = rule or "payload"
        self.kind, _, self.argument = self.rule.partition(":")
        kinds = {"payload": False, "key": False, "topic": False, "header": True, "field": True}
        if self.kind not in kinds or bool(self.argument) != kinds[self.kind]:
            raise UsageError(f"--service-from {rule}: use key, header:NAME, field:PATH, topic or payload")
        self.decides = self.kind != "payload"
        self._path = Path(self.argument)
        self._names: dict[bytes, str | None] = {}

    @property
    def by_key(self) -> bool:
        """The key alone decides, so that messages can be sorted by it."""
        return self.kind in {"payload", "key"}

    def of_key(self, key: bytes | None, topic: str) -> str:
        """The name that a key stands for; the topic's where it is none, or no text."""
        if not key:
            return topic
        name = self._names.get(key, "")
        if name == "":
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            name = self._names[key] = _name(key)
        return name or topic

    def of(self, message: Message) -> str:
        """The name of any message. Raises Nameless where a header or field that must decide is not there."""
        if self.by_key:
            return self.of_key(message.key, message.topic)
        if self.kind == "topic":
            return message.topic
        if self.kind == "header":
            return self._of_header(message)
        return self._of_field(message)

    def _of_header(self, message: Message) -> str:
        for name, value in message.headers:
            if name == self.argument and value is not None and (found := _name(value)):
                return found
        raise Nameless(f"no header {self.argument}")

    def _of_field(self, message: Message) -> str:
        try:
            record = orjson.loads(message.value or b"")
        except orjson.JSONDecodeError:
            raise Nameless(f"no JSON, so no field {self.argument}") from None
        found = name_of(self._path.find(record))
        if found is None:
            raise Nameless(f"no field {self.argument}")
        return found[:LONGEST_NAME]


def _name(key: bytes) -> str | None:
    """A key as a name; None where it is no text (a number in binary, Avro)."""
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return None
    text = text.strip().strip('"')
    return text[:LONGEST_NAME] if text and not _UNFIT.search(text) else None
