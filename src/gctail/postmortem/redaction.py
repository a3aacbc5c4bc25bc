"""Values that nobody outside should see, replaced by pseudonyms: the same value by the same one, wherever it stands.

A pseudonym is a keyed hash (BLAKE2b) of the value, so it tells nothing about it without the key, which is thrown away.
What is only digits becomes other digits of the same length, so that JSON stays JSON and tables stay tables. It finds
what looks like a secret; what looks like nothing (a name in a sentence) it cannot find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any

import msgspec

from gctail.postmortem.certificate import Case, Replaced
from gctail.postmortem.sensitive import places

MOST_DISTINCT = 1 << 20
_LOCAL = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "255.255.255.255"})  # noqa: S104  (nothing is bound)
_WORDS = frozenset({"true", "false", "null", "nil", "none", "unknown", "anonymous", "root", "id", "terminated"})
_OURS = re.compile(rb"<(?:token|secret|email|card|ip|user):[0-9a-f]{8}>")
_OURS_BYTES = len("<secret:01234567>")
_KERNEL = re.compile(rb"oom-kill:|total-vm:|oom_score|\[ {0,10}\d+\] {1,10}\d+ ")


class Redactor:
    """Replaces, and counts what it replaced. The key makes pseudonyms that nobody can guess values from."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._times: dict[str, int] = {}
        self._distinct: dict[str, set[bytes]] = {}

    def text(self, text: str) -> str:
        """The text with everything replaced that looks like it should be."""
        if len(text) < 3:
            return text
        return self.data(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def data(self, data: bytes) -> bytes:
        """The same for bytes of a log."""
        return b"".join(self._pieces(data))

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        at = 0
        for place in places(data):
            value = data[place.value_begin : place.value_end].decode("utf-8", "surrogateescape")
            if not _counts(place.kind, value) or _begins_in_ours(data, place.value_begin):
                continue
            if place.kind == "user" and _KERNEL.search(_line(data, place.begin)):
                continue
            yield data[at : place.value_begin]
            yield self._pseudonym(place.kind, value).encode()
            at = place.value_end
        yield data[at:]

    def case(self, case: Case) -> Case:
        """A case in which every text was replaced, and which says so."""
        plain = self._walk(msgspec.to_builtins(case))
        return msgspec.structs.replace(msgspec.convert(plain, Case), redacted=self.told())

    def told(self) -> tuple[Replaced, ...]:
        """What was replaced so far."""
        return tuple(Replaced(kind, times, len(self._distinct[kind])) for kind, times in sorted(self._times.items()))

    def _walk(self, value: Any) -> Any:  # noqa: ANN401  (data of any shape)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            slot = value.get("slot") if "examples" in value else None
            return {
                self.text(key) if isinstance(key, str) else key: self._field(slot or key, each)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._walk(each) for each in value]
        return value

    def _field(self, name: object, value: Any) -> Any:  # noqa: ANN401
        """What a field holds, in the light of its name: `alice` is nobody, the `user` `alice` is."""
        if isinstance(value, str) and isinstance(name, str) and '"' not in value:
            before = f'{name}="'
            told = self.text(f'{before}{value}"')
            if told.startswith(before) and told.endswith('"'):
                return told[len(before) : -1]
        if isinstance(value, list | tuple) and isinstance(name, str):
            return [self._field(name, each) for each in value]
        return self._walk(value)

    def _pseudonym(self, kind: str, value: str) -> str:
        digest = blake2b(value.encode("utf-8", "surrogateescape"), key=self._key, digest_size=16)
        self._times[kind] = self._times.get(kind, 0) + 1
        seen = self._distinct.setdefault(kind, set())
        if len(seen) < MOST_DISTINCT:
            seen.add(digest.digest()[:8])
        if value.isdecimal() and kind in {"user", "secret"}:
            number = str(int.from_bytes(digest.digest()[:16]))[-len(value) :]
            return ("1" + number[1:]).ljust(len(value), "7")
        return f"<{kind}:{digest.hexdigest()[:8]}>"


def _begins_in_ours(data: bytes, at: int) -> bool:
    """What was redacted before stays as it is: in `<user:01234567>` no user is named once more."""
    nearby = _OURS.finditer(data, max(0, at - _OURS_BYTES), at + _OURS_BYTES)
    return any(found.start() <= at < found.end() for found in nearby)


def _line(data: bytes, at: int) -> bytes:
    return data[data.rfind(b"\n", 0, at) + 1 : data.find(b"\n", at) % (len(data) + 1)]


def _counts(kind: str, value: str) -> bool:
    """Whether the value is what it looks like."""
    if kind == "card":
        return luhn("".join(filter(str.isdecimal, value)))
    if kind == "ip":
        return value not in _LOCAL and _is_address(value)
    if kind == "user":
        return value.casefold() not in _WORDS
    return value.casefold() not in _WORDS and not value.startswith("<")


def _is_address(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return address.version == 4 or "::" in value or value.count(":") == 7


def luhn(digits: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1)."""
    if not 13 <= len(digits) <= 19:
        return False
    total = 0
    for at, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + at % 2)
        total += number - 9 * (number > 9)
    return total % 10 == 0
