"""What the names of variables say: which are sizes, which only count, which are the heap itself."""

from __future__ import annotations

import re
from functools import lru_cache

SIZES = frozenset({
    "size", "len", "length", "count", "entries", "items", "depth", "pending", "active", "open", "live",
    "goroutines", "sessions", "connections", "conns", "clients", "subscribers", "subscriptions", "listeners",
    "watchers", "handlers", "cached", "cardinality", "series", "keys", "backlog", "queue", "queued", "inflight",
    "waiting", "retained", "held", "buffered", "outstanding", "stored", "present", "waiters", "blocked", "tracked",
    "registered", "objects", "rows",
})  # fmt: skip
COUNTERS = frozenset({
    "total", "served", "requests", "processed", "seq", "sequence", "offset", "iteration", "iterations", "number",
    "counter", "received", "sent", "handled", "uptime", "elapsed", "id", "ms", "us", "ns", "sec", "seconds",
    "duration", "time", "ts", "timestamp", "version", "revision", "attempt", "page", "line", "index", "epoch",
})  # fmt: skip
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
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """`heapAlloc_mb` is heap, alloc, mb."""
    return tuple(word.lower() for word in _WORD.findall(text))


def is_the_heap(name: str) -> bool:
    """A number that the service prints of its own heap grows with it, and explains nothing."""
    found = frozenset(words(name))
    return bool(found & _HEAP) and found <= _OF_A_HEAP
