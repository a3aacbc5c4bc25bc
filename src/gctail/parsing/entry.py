"""What a wrapper says about one piece of text."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from gctail.parsing.times import parse_time

_T, _Z = b"TZ"
_TAI64_EPOCH = (1 << 62) + 10  # TAI64 labels count from 1970 in TAI, which was 10 s ahead of UTC when it began


class Entry(Struct, frozen=True, gc=False):
    """One line as the program wrote it, without the newline that ends it, and what its wrapper knows about it.

    `service` is the container, pod/container, unit or identifier, None where the wrapper does not say. `time_s` is Unix
    seconds. `partial` says that the line goes on in the next entry of the same service and stream. `thin` says that
    the wrapper is one that applications imitate: take the text only where it is the runtime's own output.
    """

    text: bytes
    service: str | None = None
    stream: str | None = None
    time_s: float | None = None
    partial: bool = False
    thin: bool = False
    pid: int | None = None


def seconds_of(stamp: bytes, year: int | None = None) -> float | None:
    """Unix seconds of a wrapper's time stamp; None where it is none. Neighbouring lines share their minute: 0.5 us.

    >>> seconds_of(b"2026-11-23T08:17:00.25Z")
    1795421820.25
    """
    size = len(stamp)
    if size > 19 and stamp[-1] == _Z and stamp[10] == _T and (minute_s := _minute_seconds(stamp[:17])) is not None:
        try:
            second_s = float(stamp[17:-1])
        except ValueError:
            return None
        return minute_s + second_s if 0 <= second_s < 61 else None
    if size == 24 and stamp[:1] == b"4":
        return _tai64n_seconds(stamp)
    return parse_time(stamp, year)


@lru_cache(maxsize=1024)
def _minute_seconds(stamp: bytes) -> float | None:
    return parse_time(stamp + b"00Z")


def _tai64n_seconds(stamp: bytes) -> float | None:
    try:
        return int(stamp[:16], 16) - _TAI64_EPOCH + int(stamp[16:], 16) / 1e9
    except ValueError:
        return None
