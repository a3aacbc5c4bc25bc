"""Prints a record as the runtime of a given Go does, token for token.

`go` is the minor version: 0 to 27 for Go 1.0 to 1.27. Facts that a line has and its record has not (frees, handoffs,
steals) are made up. Ported from go/src/runtime/mgc.go, mgc0.c, mgcscavenge.go, mgcpacer.go, proc.go and print.go.
"""

from __future__ import annotations

import math

from gctail.records import (
    AllocFree,
    CheckFinalizers,
    GcCycle,
    GcForced,
    Init,
    Pacer,
    Record,
    ScanClass,
    Scav,
    Sched,
    Scvg,
)

NEWEST = 27


# --- Numbers ------------------------------------------------------------------------------------------------------


def itoa_div(value: int, decimals: int) -> str:
    """`itoaDiv` in mgc.go: the whole number `value` with a point before its last `decimals` digits."""
    digits = str(value).zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def ns_as_ms(ns: int) -> str:
    """`fmtNSAsMS` in mgc.go: two significant digits, truncated; whole milliseconds from 10 ms on; 0 below 1 µs."""
    if ns >= 10_000_000:
        return itoa_div(ns // 1_000_000, 0)
    us, decimals = ns // 1000, 3
    if us == 0:
        return "0"
    while us >= 100:
        us, decimals = us // 10, decimals - 1
    return itoa_div(us, decimals)


def ms(value: float) -> str:
    """A time in milliseconds that was printed once, printed again."""
    return ns_as_ms(round(value * 1_000_000))


def number(value: float | None, go: int) -> str:
    """A float64 of `print`: `+d.dddddde±ddd` up to Go 1.25, the shortest decimal since. None is NaN."""
    if value is None:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if go <= 25:
        mantissa, exponent = f"{value:+.6e}".split("e")
        return f"{mantissa}e{int(exponent):+04d}"
    return repr(float(value)).removesuffix(".0")


# --- gctrace ------------------------------------------------------------------------------------------------------


def gctrace(cycle: GcCycle, go: int) -> str:
    """The line that Go 1.`go` prints for `cycle` under gctrace=1."""
    if go >= 5:
        return _gctrace_since_1_5(cycle, go)
    head = f"gc{cycle.number}({cycle.procs}): "
    helpers = "3(41) handoff, 1(2) steal, 10/1/0 yields"
    if go >= 3:
        clock = "+".join(str(round(time * 1000)) for time in cycle.clock_ms)
        goroutines = f"{cycle.goroutines} goroutines, " if go == 4 else ""
        heap = f"{cycle.heap_prev_live_mib} -> {cycle.heap_end_mib} MB, {cycle.objects} (9-8) objects, "
        return f"{head}{clock} us, {heap}{goroutines}5/4/3 sweeps, {helpers}"
    clock = "+".join(str(round(time)) for time in cycle.clock_ms)
    heap = f"{cycle.heap_start_mib} -> {cycle.heap_marked_mib} MB 70 -> {cycle.objects} (77-7) objects"
    return f"{head}{clock} ms {heap} 0 handoff" if go == 0 else f"{head}{clock} ms, {heap}, {helpers}"


def _gctrace_since_1_5(cycle: GcCycle, go: int) -> str:
    clock = "+".join(map(ms, cycle.clock_ms))
    cpu = list(map(ms, cycle.cpu_ms))
    marking = "+".join([*cpu[:-4], "/".join(cpu[-4:-1]), cpu[-1]])
    infinite = 8796093022198 if go in {19, 20} else 8532210231552 if go > 20 else 17592186044415
    goal = infinite if cycle.goal_mib is None else cycle.goal_mib
    return (
        f"gc {cycle.number} @{itoa_div(round((cycle.uptime_s or 0) * 1000), 3)}s {cycle.gc_cpu_percent}%"
        + (" (checking for goroutine leaks)" if cycle.leak_check else "")
        + f": {clock} ms clock, {marking} ms cpu, "
        + f"{cycle.heap_start_mib}->{cycle.heap_end_mib}->{cycle.heap_marked_mib} MB, {goal} MB goal, "
        + (f"{cycle.stacks_mib} MB stacks, {cycle.globals_mib} MB globals, " if go >= 18 else "")
        + f"{cycle.procs} P"
        + (" (forced)" if cycle.forced else "")
    )


# --- The other lines ----------------------------------------------------------------------------------------------


def gc_forced(_: GcForced, go: int) -> str:
    """The line before a collection that sysmon starts (Go 1.4 and later)."""
    assert go >= 4
    return "GC forced"


def scvg(report: Scvg, go: int) -> str:
    """A line of the scavenger of Go 1.0 to 1.13."""
    assert go <= 13
    head = ("forced scvg: " if report.forced else "scvg: ") if go == 13 else f"scvg{report.round}: "
    if report.gc_forced:
        return head + "GC forced"
    if report.inuse_mib is None:
        return f"{head}{report.released_mib:#x} MB released" if go <= 1 else f"{head}{report.released_mib} MB released"
    return (
        f"{head}inuse: {report.inuse_mib}, idle: {report.idle_mib}, sys: {report.sys_mib}, "
        f"released: {report.released_mib}, consumed: {report.consumed_mib} (MB)"
    )


def scav(report: Scav, go: int) -> str:
    """A line of scavtrace=1, Go 1.14 and later."""
    assert go >= 14
    tag = " (forced)" if report.forced else " [controller reset]" if report.controller_reset else ""
    if go >= 21:
        work = f"{report.work_kib} KiB work (bg), {report.eager_kib} KiB work (eager), {report.released_kib} KiB now"
    else:
        generation = f"{report.generation} " if 15 <= go <= 18 else ""
        work = f"{generation}{report.work_kib} KiB work, {report.released_kib} KiB total"
    return f"scav {work}, {report.util_percent}% util{tag}"


def pacer(report: Pacer, go: int) -> str:
    """A line of gcpacertrace=1, Go 1.5 and later."""
    return "pacer: " + {"assist": _assist, "sweep": _sweep, "old": _old_pacer, "new": _new_pacer}[report.form](
        report, go
    )


def _assist(report: Pacer, go: int) -> str:
    v = report.values
    workers = number(v["fractional_workers"], go) if go >= 10 else v["fractional_workers"]
    return (
        f"assist ratio={number(v['assist_ratio'], go)} (scan {v['scan_mib']} MB "
        f"in {v['heap_mib']}->{v['goal_mib']} MB) workers="
        f"{v['dedicated_workers']}+{workers}"
    )


def _sweep(report: Pacer, go: int) -> str:
    v = report.values
    during = "of spans" if go <= 8 else "during sweep"
    pace = "" if go <= 6 else f" at {number(v['pages_per_byte'], go)} pages/byte"
    return (
        f"sweep done at heap size {v['heap_mib']}MB; allocated {v['allocated_mib']}MB {during}; "
        f"swept {v['swept_pages']} pages{pace}"
    )


def _old_pacer(report: Pacer, go: int) -> str:
    v = report.values
    assert go <= 18
    return (
        f"H_m_prev={v['marked_prev_bytes']} h_t={number(v['trigger_ratio'], go)} H_T={v['trigger_bytes']} "
        f"h_a={number(v['actual_ratio'], go)} H_a={v['heap_bytes']} h_g={number(v['goal_ratio'], go)} "
        f"H_g={v['goal_bytes']} u_a={number(v['utilization'], go)} u_g={number(v['utilization_goal'], go)} "
        f"W_a={v['scan_work_bytes']} goal\u0394={number(v['goal_delta'], go)} "
        f"actual\u0394={number(v['actual_delta'], go)} u_a/u_g={number(v['utilization_ratio'], go)}"
    )


def _new_pacer(report: Pacer, go: int) -> str:
    v = report.values
    assert go >= 18
    return (
        f"{v['cpu_percent']}% CPU ({v['cpu_expected_percent']} exp.) for {v['heap_scan_bytes']}+{v['stack_scan_bytes']}"
        f"+{v['globals_scan_bytes']} B work ({v['scan_expected_bytes']} B exp.) in {v['trigger_bytes']} B -> "
        f"{v['heap_bytes']} B (\u2206goal {v['goal_delta_bytes']}, cons/mark {number(v['cons_mark'], go)})"
        + ("[controller reset]" if v["controller_reset"] else "")
    )


def sched(report: Sched, go: int) -> str:
    """The summary line of schedtrace, Go 1.2 and later; with scheddetail where the counts say so."""
    assert go >= 2
    counts = dict(report.counts)
    detail = {
        key: counts.pop(key)
        for key in ("gcwaiting", "nmidlelocked", "nmspinning", "stopwait", "sysmonwait")
        if key in counts
    }
    head = f"SCHED {report.uptime_ms}ms: " + " ".join(f"{key}={value}" for key, value in counts.items())
    if detail:
        flags = {"gcwaiting", "sysmonwait"} if go >= 20 else set()
        return head + "".join(
            f" {key}={str(bool(value)).lower() if key in flags else value}" for key, value in detail.items()
        )
    queues = " ".join(map(str, report.run_queues))
    if go < 25:
        return f"{head} [{queues}]"
    return f"{head} [ {queues} ] schedticks=[ {' '.join(map(str, report.sched_ticks))} ]"


def init(report: Init, go: int) -> str:
    """A line of inittrace=1, Go 1.16 and later."""
    assert go >= 16
    return (
        f"init {report.package} @{ms(report.at_ms)} ms, {ms(report.clock_ms)} ms clock, "
        f"{report.bytes} bytes, {report.allocs} allocs"
    )


def scan(report: ScanClass, go: int) -> str:
    """A line of the table of gctrace=2: Go 1.25, or 1.26 and later with the Green Tea collector."""
    assert go >= 25
    name = "total" if report.size_class == "total" else f"class {report.size_class}"
    if report.spans is None:
        return f"scan: {name} {report.objects} objs"
    few = report.objects // 3
    return f"scan: {name} {report.objects - few}+{few}+0={report.objects} objs, {report.spans}+0={report.spans} spans"


def check_finalizers(report: CheckFinalizers, go: int) -> str:
    """The line after each collection under checkfinalizers=1, Go 1.25 and later."""
    assert go >= 25
    return f"checkfinalizers: queue: {report.finalizers} finalizers + {report.cleanups} cleanups"


def alloc_free(report: AllocFree, go: int) -> str:
    """A first line of allocfreetrace=1, Go 1.3 to 1.22."""
    assert 3 <= go <= 22
    if report.what == "tracegc":
        return "tracegc()"
    if report.what == "end tracegc":
        return "end tracegc"
    kind = ", *runtime.p" if report.what == "tracealloc" else ""
    return f"{report.what}({report.address}, {report.size_bytes:#x}{kind})"


_PRINTERS = {
    GcCycle: gctrace,
    GcForced: gc_forced,
    Scvg: scvg,
    Scav: scav,
    Pacer: pacer,
    Sched: sched,
    Init: init,
    ScanClass: scan,
    CheckFinalizers: check_finalizers,
    AllocFree: alloc_free,
}


def printed(record: Record, go: int = NEWEST) -> str:
    """The line, without its newline, that Go 1.`go` prints for `record`."""
    return _PRINTERS[type(record)](record, go)  # type: ignore[operator]
