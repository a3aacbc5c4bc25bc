"""The names under which programs tell the state of their heap, and what they mean.

They are those of MemStats, runtime/metrics and Prometheus, and what people make of them in their logs: `heap_alloc_mb`,
`memory.heapAlloc`, `Heap Alloc`.

Sources: go/src/runtime/mstats.go (`MemStats`), runtime/metrics/description.go, client_golang's go_collector.go and
process_collector.go (a runtime/metrics path with `_` for `/`, `:` and `-`, and `go_` in front).
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

LONGEST_NAME = 128
MOST_NAMES = 4096
"""Names remembered; a log that makes up more of them only costs time."""

KIB, MIB, GIB, TIB = 2.0**10, 2.0**20, 2.0**30, 2.0**40
SIZES = {  # Go programs divide by 1024 and write MB: an SI megabyte is next to never meant
    "b": 1.0, "byte": 1.0, "bytes": 1.0,
    "k": KIB, "kb": KIB, "kib": KIB, "ki": KIB, "m": MIB, "mb": MIB, "mib": MIB, "mi": MIB,
    "g": GIB, "gb": GIB, "gib": GIB, "gi": GIB, "t": TIB, "tb": TIB, "tib": TIB, "ti": TIB,
    "kilobytes": KIB, "megabytes": MIB, "gigabytes": GIB,
}  # fmt: skip
SECONDS = {
    "ns": 1e-9, "nanoseconds": 1e-9, "us": 1e-6, "µs": 1e-6, "\u03bcs": 1e-6, "micros": 1e-6, "microseconds": 1e-6,
    "ms": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0,
}  # fmt: skip


class Meaning(Struct, frozen=True):
    """What a name stands for.

    `field` is one of HeapSample's, or empty where the name only shows that Go's runtime is speaking. `rank`: of two
    names for one field the lower counts. `sure`: nothing but Go's heap is called so. `go`: a sign of Go beside a name
    that anybody may use. `unit` is bytes or seconds per unit where the name ends in one.
    """

    field: str
    rank: int = 0
    sure: bool = False
    go: bool = False
    unit: float | None = None


_ROWS: tuple[tuple[Meaning, str], ...] = (
    (Meaning("heap_alloc_mib", 0, sure=True, go=True), "heapalloc heapallocated memoryclassesheapobjects"),
    (Meaning("heap_alloc_mib", 1), "alloc allocated memalloc memoryalloc memallocated"),
    (Meaning("heap_alloc_mib", 2), "heap heapused heapsize heapusage"),
    (Meaning("heap_alloc_mib", 3, sure=True, go=True), "heapinuse"),  # a little more than HeapAlloc: whole spans
    (Meaning("heap_live_mib", 0, sure=True, go=True), "gcheaplive"),
    (Meaning("heap_live_mib", 1), "heaplive liveheap heapmarked"),
    (Meaning("next_goal_mib", 0, go=True), "nextgc gcnext nextgctarget nextgcgoal heapgoal gcheapgoal gcgoal"),
    (Meaning("heap_sys_mib", 0, go=True), "heapsys"),
    (Meaning("heap_released_mib", 0, go=True), "heapreleased heapreleasedbytestotal memoryclassesheapreleased"),
    (Meaning("stacks_mib", 0, go=True), "stackinuse stacksinuse memoryclassesheapstacks"),
    (Meaning("stacks_mib", 1), "stack stacks"),
    (Meaning("sys_mib", 0, go=True), "memoryclassestotal"),
    (Meaning("sys_mib", 1), "sys memsys memorysys systotal"),
    (Meaning("rss_mib", 0), "processresidentmemory rss rssmemory memoryrss memrss residentmemory"),
    (
        Meaning("number", 0, go=True),
        "numgc gcnum gcdurationsecondscount gccyclestotalgccycles gccyclestotalgccyclestotal",
    ),
    (Meaning("number", 1), "gccyclestotal gccycles gccount gcruns totalgcruns gcs numgcs"),
    (Meaning("last_gc_s", 0, go=True), "lastgc lastgctime lastgcunix"),
    (Meaning("pause_total_ms", 0, go=True), "pausetotal gcpausetotal totalgcpause pausetotalgc"),
    (Meaning("pause_total_ms", 0, go=True, unit=1.0), "gcdurationsecondssum"),
    (Meaning("gc_cpu_fraction", 0, go=True), "gccpufraction"),
    (
        Meaning("goroutines", 0, go=True),
        "goroutines numgoroutine numgoroutines goroutinecount schedgoroutines schedgoroutinesgoroutines",
    ),
    (Meaning("gogc_percent", 0, go=True), "gogc gcgogc gcpercent"),
    (Meaning("memory_limit_mib", 0, go=True), "gomemlimit gcgomemlimit"),
    (Meaning("objects", 0, go=True), "heapobjects gcheapobjects gcheapobjectsobjects"),
    (Meaning("start_s", 0), "processstarttime"),
    (
        Meaning("", 0, go=True),
        "totalalloc allocbytestotal mallocs mallocstotal frees freestotal lookups heapidle stacksys gcsys numforcedgc",
    ),
    (Meaning("", 0, go=True), "mspaninuse mspansys mcacheinuse mcachesys buckhashsys pausens"),
)
"""Meanings with their names, words run together."""

_TABLE = {name: meaning for meaning, names in _ROWS for name in names.split()}

MEMSTATS = frozenset(
    (
        "Alloc", "TotalAlloc", "Sys", "Lookups", "Mallocs", "Frees", "HeapAlloc", "HeapSys", "HeapIdle", "HeapInuse",
        "HeapReleased", "HeapObjects", "StackInuse", "StackSys", "MSpanInuse", "MSpanSys", "MCacheInuse", "MCacheSys",
        "BuckHashSys", "GCSys", "OtherSys", "NextGC", "LastGC", "PauseTotalNs", "NumGC", "NumForcedGC", "GCCPUFraction",
    )
)  # fmt: skip
"""The fields of runtime.MemStats, as they are spelled there."""

_SIZE_FIELDS = frozenset(
    (
        "heap_alloc_mib", "heap_live_mib", "next_goal_mib", "heap_sys_mib", "heap_released_mib", "stacks_mib",
        "sys_mib", "rss_mib", "memory_limit_mib",
    )
)  # fmt: skip
_TIME_FIELDS = frozenset(("pause_total_ms", "last_gc_s", "start_s"))
_HARMLESS = frozenset(  # words in front that change nothing
    (
        "go", "golang", "runtime", "memstats", "mem", "memory", "stats", "stat", "process", "proc", "system", "app",
        "current", "cur", "curr", "metrics", "metric", "server", "service", "debug", "health", "node", "api", "m", "ms",
        "rt", "info", "usage", "gauge", "gc",
    )
)  # fmt: skip
_OTHERWISE = frozenset(  # words in front that make it something else
    (
        "total", "max", "peak", "min", "delta", "diff", "initial", "start", "limit", "prev", "previous", "last", "old",
        "avg", "mean", "freed", "rate", "expected", "baseline", "released", "idle", "non", "cgo", "jemalloc",
    )
)  # fmt: skip
_SEGMENTS = re.compile(r"[./ ]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SIZE_AT_END = re.compile(r"(?<=[a-z0-9_])([KMGT]i?[Bb])\Z")


def is_size(field: str) -> bool:
    """Whether the field is a size in MiB."""
    return field in _SIZE_FIELDS


@lru_cache(MOST_NAMES)
def meaning_of(name: str) -> Meaning | None:
    """What `name` stands for, None where it is none of ours. A path is read from its end: `app.memory.heapAlloc`."""
    if len(name) > LONGEST_NAME:
        return None
    path, _, unit = name.partition(":")
    if unit in {"bytes", "seconds"}:  # /gc/heap/live:bytes
        path += "_" + unit
    segments = [_words(segment) for segment in _SEGMENTS.split(path) if segment]
    at = [(index, place) for index, words in enumerate(segments) for place in range(len(words))]
    for index, place in at:
        segment = segments[index]
        if not _HARMLESS.issuperset(segment[:place]):
            continue
        words = [*segment[place:], *(word for later in segments[index + 1 :] for word in later)]
        found = _read(words)
        if found is not None:
            return found
        if words[0] in _OTHERWISE:
            return None
    return None


def _words(segment: str) -> list[str]:
    """`HeapAllocMiB`, `heap_alloc_mib` and `heap-alloc-mib` as the same words."""
    split = _HUMP.sub("_", _SIZE_AT_END.sub(lambda found: "_" + found[1].lower(), segment))
    return [word for word in split.replace("-", "_").lower().split("_") if word]


def _read(words: list[str]) -> Meaning | None:
    whole = _TABLE.get("".join(words))
    if whole is not None or len(words) < 2:
        return whole
    found = _TABLE.get("".join(words[:-1]))
    if found is None:
        return None
    last, field = words[-1], found.field
    if field in _SIZE_FIELDS and last in SIZES:
        return Meaning(field, found.rank, found.sure, found.go, SIZES[last])
    if field in _TIME_FIELDS and last in SECONDS:
        return Meaning(field, found.rank, found.sure, found.go, SECONDS[last])
    if not field and (last in SIZES or last in SECONDS):
        return found
    return found if last in {"value", "gauge", "percent", "now", "current"} else None
