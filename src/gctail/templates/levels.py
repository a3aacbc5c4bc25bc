"""A bitmap in which keys leave bits: `distinct` counts them with some of these, of which each sees fewer keys."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from operator import or_

BITS = 4096
SPARSE = 64
"""A level with more bits set becomes a bitmap of 512 bytes; before it is a text of places, a character of 2 bytes each,
for a text is searched 20 times as fast as an array."""
_SCRAMBLE = 0x9E3779B97F4A7C15  # CRC-32 is linear: keys that count upwards would never meet on a bit otherwise


class Level:
    """The bits that keys leave by their hashes."""

    __slots__ = ("bits", "ones", "places")

    def __init__(self) -> None:
        self.ones = 0
        self.places = ""
        self.bits = bytearray()

    def add(self, hashes: Iterator[int], full: int = BITS) -> None:
        """Set the bits of these, until so many are set. A short loop on purpose: every key comes here."""
        scramble, last = _SCRAMBLE, BITS - 1
        if not self.bits:
            for hashed in hashes:
                self._put(hashed * scramble >> 52 & last)
                if self.bits:
                    break
        bits, ones = self.bits, self.ones
        for hashed in hashes:
            place = hashed * scramble >> 52 & last
            byte, bit = place >> 3, 1 << (place & 7)
            if not bits[byte] & bit:
                bits[byte] |= bit
                ones += 1
                if ones == full:
                    break
        self.ones = ones

    def _put(self, place: int) -> None:
        """A bit while there are few, and become a bitmap where there are more."""
        if chr(place) not in self.places:
            self.places += chr(place)
            self.ones += 1
            if self.ones > SPARSE:
                self._fill()

    def take(self, other: Level) -> None:
        """Set all bits that are set in the other."""
        for place in map(ord, other.places):
            if self.bits:
                self.bits[place >> 3] |= 1 << (place & 7)
            else:
                self._put(place)
        if other.bits:
            if not self.bits:
                self._fill()
            self.bits = bytearray(map(or_, self.bits, other.bits))
        if self.bits:
            self.ones = int.from_bytes(self.bits).bit_count()

    def _fill(self) -> None:
        self.bits = bytearray(BITS // 8)
        for place in map(ord, self.places):
            self.bits[place >> 3] |= 1 << (place & 7)
        self.places = ""

    def state(self) -> list[int] | str:
        """The level as plain data: places, or the bitmap in base64."""
        return b64encode(self.bits).decode() if self.bits else sorted(map(ord, self.places))

    @classmethod
    def restore(cls, state: list[int] | str) -> Level:
        """The level that `state` was taken of."""
        level = cls()
        if isinstance(state, str):
            level.bits = bytearray(b64decode(state))
            level.ones = int.from_bytes(level.bits).bit_count()
        else:
            level.places, level.ones = "".join(map(chr, state)), len(state)
        return level
