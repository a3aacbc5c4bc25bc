"""What a wrapper says about one piece of text."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from gctail.parsing.times import parse_time

_STRING = rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"'
_ELEMENT = re.compile(rb"\[([^\s=\]\"@]++)(?:@[\d.]*+)?((?>(?: ++[^\s=\]\"]++=" + _STRING + rb")*)) *\]", re.DOTALL)
_PARAMETER = re.compile(rb"[^\s=\]\"]++=" + _STRING, re.DOTALL)
_REGISTERED = frozenset({b"timeQuality", b"origin", b"meta"})  # RFC 5424, section 7
_T, _Z = b"TZ"
_TAI64_EPOCH = (1 << 62) + 10  # TAI64 labels count from 1970 in TAI, which was 10 s ahead of UTC when it began


class Entry(Struct, frozen=True, gc=False):
    """One line as the program wrote it, without the newline that ends it, and what its wrapper knows about it.

    `service` is the container, pod/container, unit or identifier, None where the wrapper does not say. `time_s` is Unix
    seconds. `partial` says that the line goes on in the next entry of the same service and stream. `thin` says that
    the wrapper is one that applications imitate: take the text only where it is the runtime's own output. `data` are
    the fields that the program gave its wrapper, as RFC 5424 has them: `[id name="value" …]…`; or, of OTLP, the record
    as JSON in which text and fields are together.
    """

    text: bytes
    service: str | None = None
    stream: str | None = None
    time_s: float | None = None
    partial: bool = False
    thin: bool = False
    pid: int | None = None
    data: bytes | None = None


def with_data(text: bytes, data: bytes) -> bytes:
    r"""The text of an application, and behind it the fields that its logger handed to syslog; a JSON text stays alone.

    `data` that is a record as JSON holds the text itself, and stands for it. What is registered (`timeQuality`,
    `origin`, `meta`) tells of the transport.

    >>> with_data(b"kept", rb'[timeQuality tzKnown="1"][ctx@32473 id="4" to="a \" b"]')
    b'kept ctx.id="4" ctx.to="a \\" b"'
    """
    if text.startswith(b"{"):
        return text
    if data.startswith(b"{"):
        return data
    pairs = [
        b" %b.%b" % (element[1], pair)
        for element in _ELEMENT.finditer(data)
        if element[1] not in _REGISTERED
        for pair in _PARAMETER.findall(element[2])
    ]
    return text + b"".join(pairs)


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
