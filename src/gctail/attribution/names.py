"""What the names of variables say: which are sizes, which only count, which are the heap itself."""

from __future__ import annotations

import re
from functools import lru_cache

from gctail.parsing.metrics import known_pairs, parse_sample

SIZES = frozenset({
    "size", "len", "length", "count", "entries", "items", "depth", "pending", "active", "open", "live",
    "goroutines", "sessions", "connections", "conns", "clients", "subscribers", "subscriptions", "listeners",
    "watchers", "handlers", "cached", "cardinality", "series", "keys", "backlog", "queue", "queued", "inflight",
    "waiting", "retained", "held", "buffered", "outstanding", "stored", "present", "waiters", "blocked", "tracked",
    "registered", "objects", "rows", "seen", "kept",
})  # fmt: skip
COUNTERS = frozenset({
    "total", "served", "requests", "processed", "seq", "sequence", "offset", "iteration", "iterations", "number",
    "counter", "received", "sent", "handled", "uptime", "elapsed", "id", "ms", "us", "ns", "sec", "seconds",
    "duration", "time", "tick", "ts", "timestamp", "version", "revision", "attempt", "page", "line", "index", "epoch",
})  # fmt: skip
BYTES = frozenset({"bytes", "byte", "kb", "mb", "kib", "mib", "volume", "amount", "weight"})
CODES = frozenset({
    "status", "code", "port", "pid", "ppid", "tid", "uid", "gid", "line", "version", "revision", "shard", "partition",
    "worker", "node", "zone", "level", "priority", "exit", "exitcode", "statuscode", "errno", "signal", "year", "month",
    "day", "hour", "minute", "proto", "slot", "cpu", "core",
})  # fmt: skip
"""Names whose numbers say which one and not how many: their sum means nothing."""
REQUESTS = frozenset({
    "request", "req", "trace", "span", "correlation", "transaction", "txn", "rid", "reqid", "traceid", "requestid",
})  # fmt: skip
_HEAP = frozenset({
    "heap", "rss", "alloc", "allocs", "mem", "memory", "memstats", "resident", "sys",
})  # fmt: skip
_OF_A_HEAP = _HEAP | frozenset({
    "total", "in", "use", "inuse", "used", "usage", "size", "live", "objects", "mb", "mib", "kb", "kib", "gb",
    "gib", "bytes", "b", "go", "runtime", "process", "proc", "current", "now", "after", "gc", "idle", "released",
    "next", "target", "percent", "pct", "ratio", "max", "peak", "stats",
})  # fmt: skip
_SMALL, _LARGE = "a-zß-öø-ÿ", "A-ZÀ-ÖØ-Þ"
_WORD = re.compile(rf"[{_LARGE}]?[{_SMALL}]+|[{_LARGE}]+(?![{_SMALL}])|[^\W\d_\x00-\u024f]+")


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """`heapAlloc_mb` is heap, alloc, mb."""
    return tuple(word.lower() for word in _WORD.findall(text))


def is_a_code(name: str) -> bool:
    """A number that says which one, such as an HTTP status or a port: no size, and its sum is no amount."""
    found = words(name)
    return bool(found) and found[-1] in CODES


def is_a_size(name: str) -> bool:
    """A number that says how much there is of something."""
    return not (SIZES | BYTES).isdisjoint(words(name))


def is_the_heap(name: str) -> bool:
    """A number that the service prints of its own heap grows with it, and explains nothing."""
    found = frozenset(words(name))
    return bool(found & _HEAP) and found <= _OF_A_HEAP


@lru_cache(maxsize=4096)
def reports_the_heap(line: str, numbers: int) -> bool:
    """A line that tells of the heap and, of so many variables, of hardly anything else: nobody's memory is in it."""
    if parse_sample(line.encode("utf-8", "replace")) is None:
        return False
    return len(known_pairs(line)) > numbers / 2
