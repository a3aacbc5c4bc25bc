"""Logs to measure with, made from a seed: the same bytes on every machine.

`python bench/logs.py mixed 100 > mixed.log` writes 100 MiB: 65 % slog JSON, 33 % logfmt and 2 % gctrace lines of a
service that leaks a session with each login. `python bench/logs.py gctrace 100000 > gctrace.log` writes so many
collections and nothing else.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

SEED = 20261123
START = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
LINES_PER_S = 2000
GC_SHARE = 0.02
JSON_SHARE = 0.65
BLOCK_LINES = 1000


class Heap:
    """A service under GOGC=100 whose live heap grows with its uptime, and its gctrace lines as Go 1.24 prints them."""

    def __init__(self, chance: random.Random, leak_mib_per_s: float) -> None:
        self.chance, self.leak_mib_per_s = chance, leak_mib_per_s
        self.number = 0

    def line(self, uptime_s: float) -> bytes:
        """The next collection: mgc.go, gcMarkTermination."""
        self.number += 1
        chance = self.chance.random
        live = 40 + self.leak_mib_per_s * uptime_s + 3 * chance()
        start = 2 * live - 2 * chance()
        end = start + 2 * chance()
        mark_ms, pause_ms = 1.5 + 0.02 * live * (1 + chance()), 0.02 + 0.1 * chance()
        return b"gc %d @%.3fs %d%%: %.3f+%.1f+%.3f ms clock, %.2f+%.2f/%.1f/%.1f+%.3f ms cpu, %s" % (
            *(self.number, uptime_s, 1 + 2 * chance(), pause_ms, mark_ms, pause_ms / 4),
            *(4 * pause_ms, mark_ms * chance() / 3, mark_ms, mark_ms * chance(), pause_ms),
            b"%d->%d->%d MB, %d MB goal, 1 MB stacks, 0 MB globals, 4 P\n" % (start, end, live + 2, 2 * live + 1),
        )


def slog_line(time: bytes, chance: random.Random, at: int) -> bytes:
    """What log/slog's JSONHandler writes for the requests of a shop."""
    which = at % 5
    if which == 0:
        session = chance.getrandbits(64)
        return b'{"time":"%s","level":"INFO","msg":"session stored","session":"%016x","user":%d,"ttl":"0s"}\n' % (
            *(time, session, session % 999_983),
        )
    if which == 1:
        return (
            b'{"time":"%s","level":"WARN","msg":"slow query","table":"orders","rows":%d,"took_ms":%d,'
            b'"trace_id":"%016x"}\n' % (time, at % 977, at % 431, chance.getrandbits(64))
        )
    return (
        b'{"time":"%s","level":"INFO","msg":"request served","method":"GET","path":"/api/v1/orders/%d","status":%d,'
        b'"took_ms":%d,"bytes":%d,"remote":"10.%d.%d.%d:%d","user_agent":"okhttp/4.12.0"}\n'
        % (time, at % 65_537, 404 if at % 97 == 0 else 200, at % 211, at % 9973, *at.to_bytes(3, "big"), at % 64_511)
    )


def logfmt_line(time: bytes, at: int) -> bytes:
    """What slog's TextHandler and its many relatives write."""
    return (
        b'time=%s level=DEBUG msg="cache lookup" component=catalog key=item:%d hit=%s shard=%d took=%dus attempt=1 '
        b"node=shop-7d9f8c5b6-x2x%d zone=eu-central-1b\n"
        % (time, at % 32_749, b"true" if at % 3 else b"false", at % 16, at % 877, at % 9)
    )


def mixed(size_bytes: int, seed: int = SEED) -> Iterator[bytes]:
    """At least `size_bytes` of a mixed log, in blocks of whole lines."""
    chance = random.Random(seed)
    heap = Heap(chance, leak_mib_per_s=0.05)
    written = at = 0
    while written < size_bytes:
        uptime_s = at / LINES_PER_S
        time = (START + timedelta(seconds=uptime_s)).isoformat(timespec="milliseconds").encode()
        lines = []
        for _ in range(BLOCK_LINES):
            at += 1
            which = chance.random()
            if which < GC_SHARE:
                lines.append(heap.line(at / LINES_PER_S))
            elif which < GC_SHARE + JSON_SHARE:
                lines.append(slog_line(time, chance, at % (1 << 24)))
            else:
                lines.append(logfmt_line(time, at))
        block = b"".join(lines)
        written += len(block)
        yield block


def gctrace(count: int, seed: int = SEED) -> Iterator[bytes]:
    """`count` collections, one every half second, of a heap that grows a little."""
    chance = random.Random(seed)
    heap = Heap(chance, leak_mib_per_s=2000 / max(count, 1))
    for first in range(0, count, BLOCK_LINES):
        numbers = range(first, min(first + BLOCK_LINES, count))
        yield b"".join(heap.line(0.012 + number / 2) for number in numbers)


def write(blocks: Iterator[bytes], out: BinaryIO) -> int:
    """Write all of it; how many bytes."""
    return sum(out.write(block) for block in blocks)


if __name__ == "__main__":
    kind, amount = sys.argv[1], int(sys.argv[2])
    write(mixed(amount << 20) if kind == "mixed" else gctrace(amount), sys.stdout.buffer)
