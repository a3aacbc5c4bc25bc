"""The text form of a heap profile: what `/debug/pprof/heap?debug=1` shows in a browser.

    heap profile: 93: 1024 [120: 4096] @ heap/1048576
    2: 917504 [3: 1376256] @ 0x6f2a45 0x6f29f1
    #<tab>0x6f2a44<tab>main.(*Cache).Put+0x84<tab>/src/cache.go:31

Objects and bytes in use, then in brackets all that were allocated; unlike those of the binary form they are what was
sampled and not yet scaled. Source: writeHeapInternal in go/src/runtime/pprof/pprof.go; the scaling is that of
parseHeapHeader and scaleHeapSample in github.com/google/pprof/profile/legacy_profile.go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from gctail.golang.profiles.values import MOST_FRAMES, Frame, HeapProfile, Malformed, Stack

# heap profile: 93: 1024 [120: 4096] @ heap/1048576
HEADER = re.compile(r"heap profile: +\d{1,19}: \d{1,19} \[ *(\d{1,19}): \d{1,19}\] @ heap/(\d{1,15})\s*$")
# 2: 917504 [3: 1376256] @ 0x6f2a45 0x6f29f1
RECORD = re.compile(r" *(-?\d{1,19}): (-?\d{1,19}) \[ *(-?\d{1,19}): (-?\d{1,19})\] @((?: 0x[0-9a-f]{1,16})*)\s*$")
# #	0x6f2a44	main.(*Cache[...]).Put+0x84		/src/cache.go:31
FRAME = re.compile(r"#\t0x[0-9a-f]{1,16}\t+(\S.*?)(?:\+0x[0-9a-f]{1,16})?\t+(\S.*):(\d{1,9})\s*$")
MOST_RECORDS = 1 << 18
LONGEST_LINE = 8192


def read_plain(data: bytes) -> HeapProfile:
    """The profile. Raises `Malformed`."""
    lines = data.decode("utf-8", "replace").split("\n")
    header = HEADER.match(lines[0])
    if header is None:
        raise Malformed("its first line is no header of a heap profile")
    rate = int(header[2]) // 2
    stacks = list(_stacks(lines[1:], rate))
    told = sum(int(found[3]) for line in lines[1:] if (found := RECORD.match(line[:LONGEST_LINE])) is not None)
    if told < int(header[1]):
        raise Malformed(f"it is cut off: its first line tells of {int(header[1]):,} objects, and {told:,} are there")
    return HeapProfile("text", tuple(stacks), rate_bytes=rate or None)


def _stacks(lines: Iterable[str], rate: int) -> Iterable[Stack]:
    """Each record with the frames below it; what the runtime says of itself (`# Alloc = `) is passed over."""
    record: re.Match[str] | None = None
    frames: list[Frame] = []
    count = 0
    for at, line in enumerate(lines, 2):
        if line.startswith("#\t"):
            found = FRAME.match(line[:LONGEST_LINE])
            if record is not None and found is not None and len(frames) < MOST_FRAMES:
                frames.append(Frame(found[1], found[2], int(found[3])))
            continue
        if not line.strip() or line.startswith("#"):
            continue
        if record is not None:
            yield _stack(record, frames, rate)
        record, frames, count = RECORD.match(line[:LONGEST_LINE]), [], count + 1
        if record is None:
            raise Malformed(f"line {at} is neither a record nor a frame")
        if count > MOST_RECORDS:
            raise Malformed(f"it has more than {MOST_RECORDS:,} records")
    if record is not None:
        yield _stack(record, frames, rate)


def _stack(record: re.Match[str], frames: list[Frame], rate: int) -> Stack:
    objects, size, all_objects, all_size = (int(record[at]) for at in range(1, 5))
    inuse, allocated = _scale(objects, size, rate), _scale(all_objects, all_size, rate)
    return Stack(
        tuple(frames) or (Frame("no frames", None, None),),
        round(size * inuse), round(objects * inuse), round(all_size * allocated), round(all_objects * allocated),
    )  # fmt: skip


def _scale(objects: int, size: int, rate: int) -> float:
    """How many stand behind each sampled one: an allocation of `size` is sampled with 1 - exp(-size / rate)."""
    if objects <= 0 or size <= 0 or rate <= 1:
        return 1.0
    return -1 / math.expm1(-(size / objects) / rate)
