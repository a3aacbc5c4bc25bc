"""Keys as they come, in bounded memory: a fair sample of the different ones, and short stretches of all of them.

Which keys are in the sample depends on their hash alone: a key is in it from its first line on or never, so what is
known of it (how often it came, when first and last) is true. When there are too many, half of the hashes leave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from zlib import crc32

from msgspec import Struct

MOST_KEYS = 8192
LONGEST_KEY = 256
"""Characters; what is longer is told apart by its whole, and shown by its beginning."""
MOST_STRETCH, MOST_STRETCHES = 256, 64


class Seen(Struct):
    """One key: how often it came, and when first and last (seconds, on the clock of whoever tells it)."""

    key: str
    count: int
    first_s: float
    last_s: float
    hashed: int = 0


class KeySample:
    """What is remembered of the values of one slot."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self.most = most
        self.lines = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.halvings = 0
        self.is_cut = False
        """More lines came than were looked at."""
        self.stretches: list[list[tuple[float, str]]] = []
        """Consecutive lines, each with its own time: to see what comes in bursts."""
        self._seen: dict[bytes, Seen] = {}

    def add(self, keys: Sequence[bytes], now_s: float) -> None:
        """Keys of consecutive lines; `now_s` is the time of all of them."""
        if not keys:
            return
        self.lines += len(keys)
        self.first_s = now_s if self.first_s is None else self.first_s
        self.last_s = now_s
        counts = Counter(keys)
        mask = (1 << self.halvings) - 1
        for key, count in counts.items():
            if mask and _hash(key) & mask:
                continue
            name = key if len(key) <= LONGEST_KEY else _short(key)
            seen = self._seen.get(name)
            if seen is not None:
                seen.count += count
                seen.last_s = now_s
            else:
                self._seen[name] = Seen(_text(key), count, now_s, now_s, _hash(key))
                if len(self._seen) > self.most:
                    self._halve()
                    mask = (1 << self.halvings) - 1

    def keep(self, seen: Iterable[Seen]) -> None:
        """Keys of which somebody else has kept how often they came, and when."""
        for each in seen:
            self.lines += each.count
            self.first_s = each.first_s if self.first_s is None else min(self.first_s, each.first_s)
            self.last_s = each.last_s if self.last_s is None else max(self.last_s, each.last_s)
            self._seen[each.key.encode("utf-8", "surrogatepass")] = each

    def stretch(self, run: Sequence[tuple[float, bytes]]) -> None:
        """Some consecutive lines with the time of each. They are to be given to `add` as well."""
        if len(self.stretches) < MOST_STRETCHES and len(run) > 1:
            self.stretches.append([(time_s, _text(key)) for time_s, key in run[:MOST_STRETCH]])

    def _halve(self) -> None:
        self.halvings += 1
        mask = (1 << self.halvings) - 1
        self._seen = {name: seen for name, seen in self._seen.items() if not seen.hashed & mask}

    @property
    def seen(self) -> list[Seen]:
        """The sampled keys, in the order of their first line."""
        return sorted(self._seen.values(), key=lambda seen: seen.first_s)

    @property
    def scale(self) -> int:
        """For so many keys does each sampled one stand."""
        return 1 << self.halvings

    @property
    def distinct(self) -> int:
        """How many different keys there were: exact while no half has left."""
        return min(self.lines, len(self._seen) * self.scale)


def _hash(key: bytes) -> int:
    """32 bits, the same on every machine. CRC-32 is linear, so that its bits alone would choose keys by their form."""
    mixed = crc32(key) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ mixed >> 31) * 0xBF58476D1CE4E5B9 >> 32 & 0xFFFFFFFF


def _short(key: bytes) -> bytes:
    return key[: LONGEST_KEY - 32] + blake2b(key, digest_size=16).digest()


def _text(key: bytes) -> str:
    return key[:LONGEST_KEY].decode("utf-8", "replace")
