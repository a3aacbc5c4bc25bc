"""What the parts of a runtime line make: one function for each kind of record, whichever lane has read the line."""

from __future__ import annotations

from collections.abc import Mapping

from gctail.records import AllocFree, CheckFinalizers, GcForced, Init, Pacer, ScanClass, Scav, Sched, Scvg

Parts = Mapping[str, str | None]
"""The parts of a line by name, as printed; None or absent where the line has no such part."""


def _int(parts: Parts, name: str) -> int | None:
    text = parts.get(name)
    return None if text is None else int(text, 0) if text.startswith("0x") else int(text)


def _whole(parts: Parts, name: str) -> int:
    return _int(parts, name) or 0


def _real(parts: Parts, name: str) -> float | None:
    """A float64 of Go's `print`: `+8.023947e-001` up to 1.25, `0.806` since; NaN is None."""
    text = parts.get(name)
    return None if text is None or text == "NaN" else float(text)


def gc_forced(_: Parts) -> GcForced:
    """Go 1.4 and later; before that it is a report of the scavenger."""
    return GcForced()


def scvg(parts: Parts) -> Scvg:
    """Round -1 (Go 1.2 to 1.12) and `forced scvg` (1.13) are debug.FreeOSMemory.

    Sizes that went below zero in the runtime stand as printed, just under 2**44 (golang/go issues 8430 and 8544).
    """
    number = _int(parts, "round")
    return Scvg(
        round=number,
        forced=parts.get("forced") is not None or number == -1,
        released_mib=_int(parts, "released_mib"),
        inuse_mib=_int(parts, "inuse_mib"),
        idle_mib=_int(parts, "idle_mib"),
        sys_mib=_int(parts, "sys_mib"),
        consumed_mib=_int(parts, "consumed_mib"),
        gc_forced=parts.get("gc_forced") is not None,
    )


def scav(parts: Parts) -> Scav:
    """`go` is as much of the version as the shape tells."""
    reset = parts.get("reset") is not None
    if parts.get("eager_kib") is not None:
        go = "1.21+"
    elif parts.get("generation") is not None:
        go = "1.15-1.18"
    else:
        go = "1.19-1.20" if reset else "1.14, 1.19-1.20"
    return Scav(
        work_kib=_whole(parts, "work_kib"),
        eager_kib=_int(parts, "eager_kib"),
        released_kib=_whole(parts, "released_kib"),
        util_percent=_whole(parts, "util_percent"),
        forced=parts.get("forced") is not None,
        controller_reset=reset,
        generation=_int(parts, "generation"),
        go=go,
    )


def pacer_assist(parts: Parts) -> Pacer:
    """A cycle starts: how much each allocated byte has to mark, the heap then and the goal, and the workers."""
    return Pacer(
        "assist",
        {
            "assist_ratio": _real(parts, "assist_ratio"),
            "scan_mib": _int(parts, "scan_mib"),
            "heap_mib": _int(parts, "heap_mib"),
            "goal_mib": _int(parts, "goal_mib"),
            "dedicated_workers": _int(parts, "dedicated_workers"),
            "fractional_workers": _real(parts, "fractional_workers"),
        },
    )


def pacer_sweep(parts: Parts) -> Pacer:
    """A sweep is done; `pages_per_byte` is None up to Go 1.6, which did not print it."""
    return Pacer(
        "sweep",
        {
            "heap_mib": _int(parts, "heap_mib"),
            "allocated_mib": _int(parts, "allocated_mib"),
            "swept_pages": _int(parts, "swept_pages"),
            "pages_per_byte": _real(parts, "pages_per_byte"),
        },
    )


def pacer_old(parts: Parts) -> Pacer:
    """A cycle ends, up to Go 1.17: H_m_prev, h_t, H_T, h_a, H_a, h_g, H_g, u_a, u_g, W_a and what follows from them."""
    wholes = ("marked_prev_bytes", "trigger_bytes", "heap_bytes", "goal_bytes", "scan_work_bytes")
    reals = ("trigger_ratio", "actual_ratio", "goal_ratio", "utilization", "utilization_goal", "goal_delta")
    values: dict[str, float | int | None] = {name: _int(parts, name) for name in wholes}
    values |= {name: _real(parts, name) for name in (*reals, "actual_delta", "utilization_ratio")}
    return Pacer("old", values)


def pacer_new(parts: Parts) -> Pacer:
    """A cycle ends, since Go 1.18. `goal_bytes` is not printed: it is the heap less `goal_delta_bytes`, exactly."""
    wholes = ("cpu_percent", "cpu_expected_percent", "heap_scan_bytes", "stack_scan_bytes", "globals_scan_bytes")
    sizes = ("scan_expected_bytes", "trigger_bytes", "heap_bytes", "goal_delta_bytes")
    values: dict[str, float | int | None] = {name: _int(parts, name) for name in (*wholes, *sizes)}
    values["goal_bytes"] = _whole(parts, "heap_bytes") - _whole(parts, "goal_delta_bytes")
    values["cons_mark"] = _real(parts, "cons_mark")
    values["controller_reset"] = int(parts.get("reset") is not None)
    return Pacer("new", values)


_COUNT_WORDS: dict[str, int | None] = {"true": 1, "false": 0, "nil": None}


def sched(parts: Parts) -> Sched:
    """Counts by the runtime's own labels, `true` and `false` (since Go 1.20) as 1 and 0."""
    counts: dict[str, int | None] = {}
    for pair in (parts.get("counts") or "").split():
        key, _, value = pair.partition("=")
        counts[key] = _COUNT_WORDS[value] if value in _COUNT_WORDS else int(value)
    return Sched(
        uptime_ms=_whole(parts, "uptime_ms"),
        counts=counts,
        run_queues=tuple(map(int, (parts.get("run_queues") or "").split())),
        sched_ticks=tuple(map(int, (parts.get("sched_ticks") or "").split())),
    )


def init(parts: Parts) -> Init:
    """One package is initialised (Go 1.16 and later); the times are milliseconds."""
    return Init(
        package=parts.get("package") or "",
        at_ms=_real(parts, "at_ms") or 0.0,
        clock_ms=_real(parts, "clock_ms") or 0.0,
        bytes=_whole(parts, "bytes"),
        allocs=_whole(parts, "allocs"),
    )


def scan(parts: Parts) -> ScanClass:
    """The sums: of objects scanned one by one, from sparse and from dense spans; spans only with Green Tea."""
    return ScanClass(parts.get("size_class") or "total", _whole(parts, "objects"), _int(parts, "spans"))


def check_finalizers(parts: Parts) -> CheckFinalizers:
    """Both counts are None where the line says something else about finalizers."""
    return CheckFinalizers(_int(parts, "finalizers"), _int(parts, "cleanups"), (parts.get("text") or "").strip())


def alloc_free(parts: Parts) -> AllocFree:
    """The address stays text: it is good for comparing only."""
    return AllocFree(parts.get("what") or "", parts.get("address"), _int(parts, "size_bytes"))
