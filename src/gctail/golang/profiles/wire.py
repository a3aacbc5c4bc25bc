"""The wire format of protocol buffers, as much of it as profile.proto needs: fields, numbers, packed numbers.

Strict: what ends early, or is of a kind that the format does not have, is `Malformed` and never half a value.
Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator

from gctail.golang.profiles.values import Malformed

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDEST_VARINT = 10
Value = int | memoryview


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """The fields of a message in order: their numbers, and an integer or the bytes of what is inside."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(data, at)
        elif kind in {FIXED64, FIXED32}:
            size = 8 if kind == FIXED64 else 4
        else:
            raise Malformed(f"byte {at} begins a field of the unknown kind {kind}")
        if size > end - at:
            raise Malformed(f"the field at byte {at} says that it has {size} bytes, and {end - at} are left")
        yield number, data[at : at + size]
        at += size


def numbers(value: Value) -> list[int]:
    """A repeated number: alone, or packed with its like."""
    if isinstance(value, int):
        return [value]
    found, number, shift = [], 0, 0
    for byte in value:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            found.append(number)
            number = shift = 0
        elif shift >= 7 * (WIDEST_VARINT - 1):
            raise Malformed("a number is longer than ten bytes")
        else:
            shift += 7
    if shift:
        raise Malformed("a list of numbers ends within one of them")
    return found


def whole(value: Value) -> int:
    """A number that may be unsigned or an int64 in two's complement; here it stays unsigned."""
    if isinstance(value, int):
        return value
    raise Malformed("text stands where a number should")


def message(value: Value) -> memoryview:
    """The bytes of a message or a text."""
    if isinstance(value, memoryview):
        return value
    raise Malformed("a number stands where a message should")


def signed(value: int) -> int:
    """An int64 out of its two's complement."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    return value - (1 << 64) if value >> 63 else value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    number = 0
    for step in range(WIDEST_VARINT):
        if at + step >= len(data):
            raise Malformed(f"it ends within the number at byte {at}")
        byte = data[at + step]
        number |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return number, at + step + 1
    raise Malformed(f"the number at byte {at} is longer than ten bytes")
