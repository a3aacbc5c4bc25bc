"""Every trace line of the Go runtime but gctrace: scavenger, pacer, scheduler, initialisation, finalizers, allocations.

As with gctrace there are two lanes: `parse_runtime` with a compiled pattern for each shape, exactly as printed, and
`read_runtime` with a grammar that goes by the labels and says where a line stops making sense. Both name the parts of
a line alike and hand them to the same function, which makes the record.

Sources, in go/src/runtime (Go 1.0 to 1.4: the .c files of the same names): mheap.go and mgcscavenge.go (scvg, scav),
mgcpacer.go and mgcsweep.go (pacer), proc.go (SCHED, init, GC forced), mgcmark_greenteagc.go (scan), mprof.go
(tracealloc). "MB" is MiB, "KiB" is KiB, both truncated.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gctail.parsing.gctrace import Misfit
from gctail.parsing.runtime_parts import (
    Parts,
    alloc_free,
    check_finalizers,
    gc_forced,
    init,
    pacer_assist,
    pacer_new,
    pacer_old,
    pacer_sweep,
    scan,
    scav,
    sched,
    scvg,
)
from gctail.records import Record

LONGEST_LINE = 1 << 16  # a SCHED line has two numbers for each P, and machines have a thousand

RUNTIME_START: bytes = (
    rb"(?:gc[ #\d]|GC forced|s(?:cvg|cav \d|can: )|forced scvg|pacer: |SCHED |init \S{1,300}+ @|checkfinalizers: |"
    rb"trace(?:alloc|free|gc)\(|end tracegc)"
)
"""How a runtime line begins, gctrace included: the source of a bytes pattern, unanchored and without groups."""


class NotRuntime(Misfit):
    """No trace line of the runtime: at `column` (from 0) it stops making sense, `expected` is what belongs there."""


_N = "[0-9]{1,20}+"
_S = "-?+[0-9]{1,20}+"
_F = r"(?:NaN|[+-]?+(?:Inf|[0-9]{1,20}+(?>\.[0-9]{1,20}+|)(?>e[+-]?+[0-9]{1,4}+|)))"
_T = r"[0-9]{1,15}+(?>\.[0-9]{1,9}+|)"
_COUNT = "(?!sysmonwait=|schedticks=)[a-z]{1,30}+"
_HEX = "0x[0-9a-f]{1,16}+"
_DELTA = "[\u0394\u2206]"  # goalΔ of the old pacer is a Greek letter, ∆goal of the new one a sign of arithmetic
_TAG = r"(?>(?P<forced> \(forced\))|)(?>(?P<reset> \[controller reset\])|)"

_LINES: tuple[tuple[str, str, Callable[[Parts], Record]], ...] = (
    ("GC", "GC forced", gc_forced),
    # scvg3: 0x1f MB released     scvg-1: 63 MB released     scvg1: GC forced     forced scvg: 2 MB released
    (
        "scv for",
        (
            rf"(?>(?P<forced>forced )|)scvg(?>(?P<round>{_S})|): "
            rf"(?:(?P<released_mib>{_HEX}|{_N}) MB released|(?P<gc_forced>GC forced))"
        ),
        scvg,
    ),
    # scvg1: inuse: 4, idle: 59, sys: 63, released: 59, consumed: 4 (MB)
    (
        "scv for",
        (
            rf"(?>(?P<forced>forced )|)scvg(?>(?P<round>{_S})|): inuse: (?P<inuse_mib>{_S}), idle: (?P<idle_mib>{_S}), "
            rf"sys: (?P<sys_mib>{_S}), released: (?P<released_mib>{_S}), consumed: (?P<consumed_mib>{_S}) \(MB\)"
        ),
        scvg,
    ),
    # scav 1 296 KiB work, 60840 KiB total, 61% util
    (
        "sca",
        (
            rf"scav (?>(?P<generation>{_N}) (?=[0-9])|)(?P<work_kib>{_N}) KiB work, (?P<released_kib>{_N}) KiB total, "
            rf"(?P<util_percent>{_N})% util{_TAG}"
        ),
        scav,
    ),
    # scav 0 KiB work (bg), 16 KiB work (eager), 7696 KiB now, 100% util (forced)
    (
        "sca",
        (
            rf"scav (?P<work_kib>{_N}) KiB work \(bg\), (?P<eager_kib>{_N}) KiB work \(eager\), "
            rf"(?P<released_kib>{_N}) KiB (?:now|total), (?P<util_percent>{_N})% util{_TAG}"
        ),
        scav,
    ),
    # pacer: assist ratio=+8.167141e-001 (scan 0 MB in 3->4 MB) workers=0++2.500000e-001
    (
        "pac",
        (
            rf"pacer: assist ratio=(?P<assist_ratio>{_F}) \(scan (?P<scan_mib>{_N}) MB in (?P<heap_mib>{_N})->"
            rf"(?P<goal_mib>{_N}) MB\) workers=(?P<dedicated_workers>{_S})\+(?P<fractional_workers>{_F})"
        ),
        pacer_assist,
    ),
    # pacer: sweep done at heap size 2MB; allocated 0MB of spans; swept 543 pages at +5.033851e-004 pages/byte
    (
        "pac",
        (
            rf"pacer: sweep done at heap size (?P<heap_mib>{_N})MB; allocated (?P<allocated_mib>{_N})MB "
            rf"(?:of spans|during sweep); swept (?P<swept_pages>{_N}) pages"
            rf"(?> at (?P<pages_per_byte>{_F}) pages/byte|)"
        ),
        pacer_sweep,
    ),
    # pacer: H_m_prev=2339272 h_t=+7.9e-001 H_T=4194304 h_a=+9.0e-001 H_a=4447984 h_g=+1.0e+000 H_g=4678544 u_a=…
    (
        "pac",
        (
            rf"pacer: H_m_prev=(?P<marked_prev_bytes>{_S}) h_t=(?P<trigger_ratio>{_F}) H_T=(?P<trigger_bytes>{_S}) "
            rf"h_a=(?P<actual_ratio>{_F}) H_a=(?P<heap_bytes>{_S}) h_g=(?P<goal_ratio>{_F}) H_g=(?P<goal_bytes>{_S}) "
            rf"u_a=(?P<utilization>{_F}) u_g=(?P<utilization_goal>{_F}) W_a=(?P<scan_work_bytes>{_S}) "
            rf"goal{_DELTA}=(?P<goal_delta>{_F}) actual{_DELTA}=(?P<actual_delta>{_F}) "
            rf"u_a/u_g=(?P<utilization_ratio>{_F})"
        ),
        pacer_old,
    ),
    # pacer: 25% CPU (25 exp.) for 87288+2768+151882 B work (151882 B exp.) in 4005888 B -> 4145152 B (∆goal -49152, …
    (
        "pac",
        (
            rf"pacer: (?P<cpu_percent>{_S})% CPU \((?P<cpu_expected_percent>{_S}) exp\.\) for (?P<heap_scan_bytes>{_S})"
            rf"\+(?P<stack_scan_bytes>{_S})\+(?P<globals_scan_bytes>{_S}) B work "
            rf"\((?P<scan_expected_bytes>{_S}) B exp\.\) in (?P<trigger_bytes>{_S}) B -> (?P<heap_bytes>{_S}) B "
            rf"\({_DELTA}goal (?P<goal_delta_bytes>{_S}), cons/mark (?P<cons_mark>{_F})\)"
            r"(?>(?P<reset>\[controller reset\])|)"
        ),
        pacer_new,
    ),
    # SCHED 1002ms: gomaxprocs=2 idleprocs=2 threads=5 spinningthreads=0 … runqueue=0 [ 0 0 ] schedticks=[ 51692 53085 ]
    (
        "SCH",
        (
            rf"SCHED (?P<uptime_ms>{_S})ms:(?P<counts>(?>(?: {_COUNT}={_S})+)) "
            rf"\[ ?+(?P<run_queues>{_N}(?>(?: {_N})*)) ?+\](?> schedticks=\[ (?P<sched_ticks>(?>(?:{_N} )*))\]|)"
        ),
        sched,
    ),
    # SCHED 0ms: gomaxprocs=2 … runqueue=0 gcwaiting=false nmidlelocked=-1 stopwait=0 sysmonwait=false
    (
        "SCH",
        (
            rf"SCHED (?P<uptime_ms>{_S})ms:"
            rf"(?P<counts>(?>(?: {_COUNT}=(?:{_S}|true|false|nil))+) sysmonwait=(?:{_S}|true|false))"
        ),
        sched,
    ),
    # init unicode @7.0 ms, 0.006 ms clock, 512 bytes, 4 allocs
    (
        "ini",
        (
            rf"init (?P<package>\S{{1,300}}+) @(?P<at_ms>{_T}) ms, (?P<clock_ms>{_T}) ms clock, (?P<bytes>{_N}) bytes, "
            rf"(?P<allocs>{_N}) allocs"
        ),
        init,
    ),
    # scan: class 256B 4792+0+0=4792 objs, 0+0=0 spans     scan: class L 3 objs     scan: total 4758 objs
    (
        "sca",
        (
            rf"scan: (?:class (?P<size_class>L|[0-9]{{1,9}}+B)|total) (?>{_N}\+{_N}\+{_N}=|)(?P<objects>{_N}) objs"
            rf"(?>, {_N}\+{_N}=(?P<spans>{_N}) spans|)"
        ),
        scan,
    ),
    # checkfinalizers: queue: 0 finalizers + 0 cleanups
    (
        "che",
        (
            rf"(?P<text>checkfinalizers: "
            rf"(?:queue: (?P<finalizers>{_N}) finalizers \+ (?P<cleanups>{_N}) cleanups|(?!queue:).++))"
        ),
        check_finalizers,
    ),
    # tracealloc(0xc000028000, 0x2500, runtime.p)     tracefree(0xc000028000, 0x2500)
    (
        "tra",
        rf"(?P<what>tracealloc|tracefree)\((?P<address>{_HEX}), (?P<size_bytes>{_HEX})(?:, \S.{{0,1000}})?\)",
        alloc_free,
    ),
    ("tra", r"(?P<what>tracegc)\(\)", alloc_free),
    ("end", r"(?P<what>end tracegc)", alloc_free),
)

_Reader = tuple[Callable[[str], re.Match[str] | None], Callable[[Parts], Record]]


def _readers() -> dict[bytes, list[_Reader]]:
    """Patterns and what they make, by the first three bytes of a line: most lines of a log fit none of them."""
    readers: dict[bytes, list[_Reader]] = {}
    for starts, pattern, record in _LINES:
        for start in starts.split():
            readers.setdefault(start.encode().ljust(3), []).append((re.compile(pattern).fullmatch, record))
    return readers


_READERS = _readers()
_DETAIL = re.compile(rb"[ \t>]*+[PMG]-?+[0-9]{1,20}+: (?:status|p)=[-a-z0-9(]")


def parse_runtime(line: bytes) -> Record | None:
    """The record that `line` (without its newline) is, or None where it is no intact trace line. Not for gctrace."""
    readers = _READERS.get(line[:3])
    if readers is None or len(line) > LONGEST_LINE:
        return None
    text = line.decode("utf-8", "replace").removesuffix("\r")
    for fullmatch, record in readers:
        found = fullmatch(text)
        if found is not None:
            return record(found.groupdict())
    return None


def is_sched_detail(line: bytes) -> bool:
    """Whether `line` tells of one P, M or G, as `scheddetail=1` adds them below a SCHED line.

    `  P0: status=1 schedtick=3 …`, `  M2: p=-1 curg=nil …`, `  G1: status=4(chan receive) m=-1 …`
    """
    return _DETAIL.match(line) is not None


def read_runtime(text: str) -> Record:
    """The record that `text` is, read by its labels, whatever blanks are between them (0.5 ms). Raises NotRuntime."""
    from pyparsing import ParseBaseException

    from gctail.parsing.runtime_grammar import KIND, RUNTIME_LINE

    if len(text) > LONGEST_LINE:
        raise NotRuntime(LONGEST_LINE, "a shorter line")
    try:
        found = RUNTIME_LINE.parse_string(text).as_dict()
    except ParseBaseException as misfit:
        raise NotRuntime(misfit.loc, misfit.msg.removeprefix("Expected ").partition(", found")[0]) from None
    return _RECORDS[found[KIND]]({**found, "text": text})


_RECORDS: dict[str, Callable[[Parts], Record]] = {
    "GC forced": gc_forced,
    "scvg": scvg,
    "scav": scav,
    "pacer assist": pacer_assist,
    "pacer sweep": pacer_sweep,
    "pacer old": pacer_old,
    "pacer new": pacer_new,
    "SCHED": sched,
    "init": init,
    "scan": scan,
    "checkfinalizers": check_finalizers,
    "allocfreetrace": alloc_free,
}
