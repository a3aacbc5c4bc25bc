"""The grammar of the runtime's other trace lines, each in the order in which the runtime prints it.

Every line gives its parts by the names that gctail.parsing.runtime_parts knows, as text, and its kind under `KIND`.
Blanks between the words count for nothing. Imported when the first odd line comes: see gctrace_grammar.
"""

from __future__ import annotations

from pyparsing import Empty, Literal, MatchFirst, Opt, ParserElement, Regex, Suppress, original_text_for, replace_with

from gctail.parsing.gctrace_grammar import END, label

KIND = "kind"


def whole(name: str, words: str = "a whole number") -> ParserElement:
    """A whole number, signed where the runtime's type is."""
    return Regex(r"-?[0-9]{1,20}").set_name(words)(name)


def real(name: str) -> ParserElement:
    """A float64 as `print` writes it: `+8.023947e-001` up to Go 1.25, `0.806` since, `NaN`, `+Inf`."""
    form = r"NaN|[+-]?(?:Inf|[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,4})?)"
    return Regex(form).set_name("a number")(name)


def time(name: str) -> ParserElement:
    """Milliseconds as `fmtNSAsMS` writes them."""
    return Regex(r"[0-9]{1,15}(?:\.[0-9]{1,9})?").set_name("a time in ms")(name)


def address(name: str) -> ParserElement:
    """A hexadecimal number."""
    return Regex(r"0x[0-9a-f]{1,16}").set_name("a hexadecimal number")(name)


def flag(name: str, words: str) -> ParserElement:
    """Words that a line may have or not."""
    return label(words) + Empty().add_parse_action(replace_with(words))(name)


def kind(name: str, line: ParserElement) -> ParserElement:
    """A whole line of the kind `name`."""
    return line + Empty().add_parse_action(replace_with(name))(KIND) + END


DELTA = Suppress(Regex("[\u0394\u2206]").set_name("Δ"))
FORCED = Opt(flag("forced", "(forced)"))
RESET = Opt(flag("reset", "[controller reset]"))

# forced scvg: 2 MB released        scvg1: inuse: 4, idle: 59, sys: 63, released: 59, consumed: 4 (MB)
RELEASED = (address("released_mib") | whole("released_mib", "the memory released in MB")) + label("MB released")
SUMMARY = (
    label("inuse:") - whole("inuse_mib") + label(", idle:") + whole("idle_mib") + label(", sys:") + whole("sys_mib")
    + label(", released:") + whole("released_mib") + label(", consumed:") + whole("consumed_mib") + label("(MB)")
)  # fmt: skip
SCVG = (
    Opt(flag("forced", "forced")) + label("scvg") + Opt(whole("round", "the round")) + label(":")
    + (flag("gc_forced", "GC forced") | SUMMARY | RELEASED)
)  # fmt: skip

# scav 1 296 KiB work, 60840 KiB total, 61% util
# scav 0 KiB work (bg), 16 KiB work (eager), 7696 KiB now, 100% util (forced)
GENERATION = Opt(Regex(r"[0-9]{1,20}(?=\s+[0-9])")("generation"))  # Go 1.15 to 1.18
RELEASED_NOW = (label("total") | label("now")).set_name('"total" or "now"')
SCAV = (
    label("scav") + GENERATION + whole("work_kib", "the memory released in KiB") + label("KiB work")
    + Opt(label("(bg),") - whole("eager_kib") + label("KiB work (eager)")) + label(",")
    + whole("released_kib", "the memory now released in KiB") + label("KiB") + RELEASED_NOW
    + label(",") + whole("util_percent", "the use in %") + label("% util") + FORCED + RESET
)  # fmt: skip

# pacer: assist ratio=+8.167141e-001 (scan 0 MB in 3->4 MB) workers=0++2.500000e-001
ASSIST = (
    label("pacer: assist ratio=") - real("assist_ratio") + label("(scan") + whole("scan_mib") + label("MB in")
    + whole("heap_mib") + label("->") + whole("goal_mib") + label("MB) workers=")
    + whole("dedicated_workers") + label("+") + real("fractional_workers")
)  # fmt: skip

# pacer: sweep done at heap size 2MB; allocated 0MB during sweep; swept 553 pages at +5.420453e-004 pages/byte
SPAN = (label("of spans;") | label("during sweep;")).set_name('"during sweep;"')  # "of spans" up to Go 1.8
SWEEP = (
    label("pacer: sweep done at heap size") - whole("heap_mib") + label("MB; allocated") + whole("allocated_mib")
    + label("MB") + SPAN + label("swept") + whole("swept_pages") + label("pages")
    + Opt(label("at") - real("pages_per_byte") + label("pages/byte"))
)  # fmt: skip

# pacer: H_m_prev=2339272 h_t=+7.929954e-001 H_T=4194304 … W_a=177104 goalΔ=+2.070046e-001 actualΔ=… u_a/u_g=…
OLD_PACER = (
    label("pacer: H_m_prev=") - whole("marked_prev_bytes") + label("h_t=") + real("trigger_ratio")
    + label("H_T=") + whole("trigger_bytes") + label("h_a=") + real("actual_ratio")
    + label("H_a=") + whole("heap_bytes") + label("h_g=") + real("goal_ratio") + label("H_g=") + whole("goal_bytes")
    + label("u_a=") + real("utilization") + label("u_g=") + real("utilization_goal")
    + label("W_a=") + whole("scan_work_bytes") + label("goal") + DELTA + label("=") + real("goal_delta")
    + label("actual") + DELTA + label("=") + real("actual_delta") + label("u_a/u_g=") + real("utilization_ratio")
)  # fmt: skip

# pacer: 25% CPU (25 exp.) for 87288+2768+151882 B work (151882 B exp.) in 4005888 B -> 4145152 B (∆goal -49152, …
NEW_PACER = (
    label("pacer:") + whole("cpu_percent", "the CPU share in %") + label("% CPU (") + whole("cpu_expected_percent")
    + label("exp.) for") + whole("heap_scan_bytes") + label("+") + whole("stack_scan_bytes") + label("+")
    + whole("globals_scan_bytes") + label("B work (") + whole("scan_expected_bytes") + label("B exp.) in")
    + whole("trigger_bytes") + label("B ->") + whole("heap_bytes") + label("B (") + DELTA + label("goal")
    + whole("goal_delta_bytes") + label(", cons/mark") + real("cons_mark") + label(")") + RESET
)  # fmt: skip

# SCHED 1002ms: gomaxprocs=2 … runqueue=0 [ 0 0 ] schedticks=[ 51692 53085 ]
# SCHED 0ms: gomaxprocs=2 … runqueue=0 gcwaiting=false nmidlelocked=-1 stopwait=0 sysmonwait=false
NUMBERS = Regex(r"[0-9]{1,20}(?:\s+[0-9]{1,20})*").set_name("numbers")
COUNT = Regex(r"(?!schedticks=|sysmonwait=)[a-z]{1,30}=(?:-?[0-9]{1,20}|true|false|nil)").set_name("a count")
LAST_COUNT = Regex(r"sysmonwait=(?:-?[0-9]{1,20}|true|false)").set_name('"sysmonwait="')
QUEUES = label("[") - NUMBERS("run_queues") + label("]")
TICKS = label("schedticks=[") - Opt(NUMBERS("sched_ticks")) + label("]")  # since Go 1.25
SCHED = (
    label("SCHED") + whole("uptime_ms", "the ms since the first line") + label("ms:")
    + (original_text_for(COUNT[1, ...] + LAST_COUNT)("counts")
       | original_text_for(COUNT[1, ...])("counts") + QUEUES + Opt(TICKS))
)  # fmt: skip

# init unicode @7.0 ms, 0.006 ms clock, 512 bytes, 4 allocs
INIT = (
    label("init") + Regex(r"\S{1,300}").set_name("a package")("package") + label("@") + time("at_ms") + label("ms,")
    + time("clock_ms") + label("ms clock,") + whole("bytes") + label("bytes,") + whole("allocs") + label("allocs")
)  # fmt: skip

# scan: class 256B 4792+0+0=4792 objs, 0+0=0 spans
COUNTED = Suppress(whole(""))
SPANS = label(",") - COUNTED + label("+") + COUNTED + label("=") + whole("spans") + label("spans")  # with Green Tea
SIZE_CLASS = label("class") - Regex(r"L|[0-9]{1,9}B").set_name("a size class")("size_class")
SCAN = (
    label("scan:") + (SIZE_CLASS | label("total"))
    + Opt(COUNTED + label("+") + COUNTED + label("+") + COUNTED + label("=")) + whole("objects") + label("objs")
    + Opt(SPANS)
)  # fmt: skip

# checkfinalizers: queue: 0 finalizers + 0 cleanups
QUEUE = label("queue:") + whole("finalizers") + label("finalizers +") + whole("cleanups") + label("cleanups") + END
CHECK_FINALIZERS = label("checkfinalizers:") + (QUEUE | Suppress(Regex(r"(?!queue:)[^\r\n]+").set_name("a report")))

# tracealloc(0xc000028000, 0x2500, runtime.p)     tracefree(0xc000028000, 0x2500)     tracegc()     end tracegc
TYPE = label(",") + Suppress(Regex(r"\S(?s:.{0,1000})(?=\))").set_name("a type"))
ALLOC = Literal("tracealloc")("what") | Literal("tracefree")("what")
ALLOC_FREE = (
    ALLOC + label("(") - address("address") + label(",") + address("size_bytes") + Opt(TYPE) + label(")")
    | Literal("tracegc")("what") + label("()")
    | flag("what", "end tracegc")
)  # fmt: skip

RUNTIME_LINE = (
    MatchFirst([
        kind("GC forced", label("GC forced")),
        kind("scvg", SCVG),
        kind("scav", SCAV),
        kind("pacer assist", ASSIST),
        kind("pacer sweep", SWEEP),
        kind("pacer old", OLD_PACER),
        kind("pacer new", NEW_PACER),
        kind("SCHED", SCHED),
        kind("init", INIT),
        kind("scan", SCAN),
        kind("checkfinalizers", CHECK_FINALIZERS),
        kind("allocfreetrace", ALLOC_FREE),
    ])
    .set_name("a trace line of the runtime")
    .parse_with_tabs()
)  # fmt: skip
