"""The runtime's other trace lines, in every wording: what is printed both lanes read alike, and nothing else."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from as_the_runtime_prints import ms, ns_as_ms, printed
from gctail.parsing.runtime import (
    LONGEST_LINE,
    RUNTIME_START,
    NotRuntime,
    is_sched_detail,
    parse_runtime,
    read_runtime,
)
from gctail.records import (
    AllocFree,
    CheckFinalizers,
    GcForced,
    Init,
    Pacer,
    ScanClass,
    Scav,
    Sched,
    Scvg,
)

START = re.compile(RUNTIME_START)

sizes = st.one_of(st.integers(0, 1000), st.integers(0, 2**64 - 1))
counts = st.integers(0, 10**6)


def both_lanes(line):
    """What the quick lane reads, after the grammar has read the same."""
    quick = parse_runtime(line.encode())
    assert quick is not None
    assert quick == read_runtime(line)
    return quick


def reals(go):
    """A float64 that comes back from print: seven digits up to Go 1.25, all of them since."""
    finite = st.floats(-1e12, 1e12, allow_nan=False)
    if go <= 25:
        finite = finite.map(lambda value: float(f"{value:+.6e}"))
    return st.one_of(st.none(), st.sampled_from([0.0, math.inf, -math.inf]), finite)


def times_ms():
    return st.integers(0, 20_000_000_000).map(lambda ns: float(ns_as_ms(ns)))


def scvg_sizes(round_, *sizes_mib, forced=False):
    return Scvg(round_, forced, *sizes_mib)


def scvgs(go):
    round_ = st.none() if go == 13 else st.integers(-1 if go >= 2 else 0, 10**6)
    # Only 1.2 and later give FreeOSMemory a round of -1; 1.13 puts "forced" in front.
    forced = st.booleans() if go == 13 else st.just(False)  # noqa: FBT003
    released = st.builds(Scvg, round=round_, forced=forced, released_mib=sizes)
    forms = [released, st.builds(Scvg, round_, forced, *[sizes] * 5)]
    if go <= 3:
        forms.append(st.builds(Scvg, round=round_, forced=forced, released_mib=st.none(), gc_forced=st.just(True)))  # noqa: FBT003
    report = st.one_of(forms)
    if go == 13:
        return report
    return report.map(lambda r: Scvg(r.round, r.round == -1, *[getattr(r, f) for f in r.__struct_fields__[2:]]))


def scavs(go):
    reset = st.booleans() if go >= 18 else st.just(value=False)
    name = "1.21+" if go >= 21 else "1.15-1.18" if 15 <= go <= 18 else None
    return st.builds(
        lambda forced, reset, **facts: Scav(
            forced=forced,
            controller_reset=reset and not forced,
            go=name or ("1.19-1.20" if reset and not forced else "1.14, 1.19-1.20"),
            **facts,
        ),
        work_kib=sizes,
        eager_kib=sizes if go >= 21 else st.none(),
        released_kib=sizes,
        util_percent=st.integers(0, 100),
        forced=st.booleans(),
        reset=reset,
        generation=counts if 15 <= go <= 18 else st.none(),
    )


def pacers(go):
    real, signed = reals(go), st.integers(-(2**40), 2**40)
    workers = real if go >= 10 else st.integers(0, 1)
    assist = st.fixed_dictionaries({
        "assist_ratio": real, "scan_mib": sizes, "heap_mib": sizes, "goal_mib": sizes,
        "dedicated_workers": counts, "fractional_workers": workers,
    })  # fmt: skip
    sweep = st.fixed_dictionaries({
        "heap_mib": sizes, "allocated_mib": sizes, "swept_pages": sizes,
        "pages_per_byte": real if go >= 7 else st.none(),
    })  # fmt: skip
    old = st.fixed_dictionaries(
        dict.fromkeys(("marked_prev_bytes", "trigger_bytes", "heap_bytes", "goal_bytes", "scan_work_bytes"), signed)
        | dict.fromkeys(("trigger_ratio", "actual_ratio", "goal_ratio", "utilization", "utilization_goal"), real)
        | dict.fromkeys(("goal_delta", "actual_delta", "utilization_ratio"), real)
    )
    new = st.fixed_dictionaries(
        dict.fromkeys(("cpu_percent", "cpu_expected_percent", "heap_scan_bytes", "stack_scan_bytes"), counts)
        | dict.fromkeys(("globals_scan_bytes", "scan_expected_bytes", "trigger_bytes", "heap_bytes"), counts)
        | {"goal_delta_bytes": signed, "cons_mark": real, "controller_reset": st.integers(0, 1)}
    ).map(lambda values: values | {"goal_bytes": values["heap_bytes"] - values["goal_delta_bytes"]})
    forms = [st.builds(Pacer, st.just("assist"), assist), st.builds(Pacer, st.just("sweep"), sweep)]
    if go <= 18:
        forms.append(st.builds(Pacer, st.just("old"), old))
    if go >= 18:
        forms.append(st.builds(Pacer, st.just("new"), new))
    return st.one_of(forms)


def scheds(go):
    names = ["gomaxprocs", "idleprocs", "threads"]
    names += ["spinningthreads"] * (go >= 4) + ["needspinning"] * (go >= 20) + ["idlethreads", "runqueue"]
    flag = st.integers(0, 1)
    detail = {"gcwaiting": flag, "nmidlelocked": st.integers(-1, 99)}
    detail |= {"nmspinning": counts} if go <= 3 else {}
    detail |= {"stopwait": counts, "sysmonwait": flag}
    plain = dict.fromkeys(names, counts)
    queues = st.lists(counts, min_size=1, max_size=70).map(tuple)
    uptime = st.one_of(st.integers(0, 10**9), st.just(-1470109654236))
    return st.one_of(
        st.builds(Sched, uptime, st.fixed_dictionaries(plain), queues, queues if go >= 25 else st.just(())),
        st.builds(Sched, uptime, st.fixed_dictionaries(plain | detail)),
    )


def inits(_):
    packages = st.from_regex(r"[a-z0-9./%~_-]{1,60}", fullmatch=True)
    return st.builds(Init, packages, times_ms(), times_ms(), sizes, sizes)


def scans(go):
    classes = st.one_of(st.sampled_from(["total", "L"]), st.integers(8, 32768).map(lambda size: f"{size}B"))
    return st.builds(ScanClass, classes, counts, counts if go >= 26 else st.none())


def finalizer_checks(_):
    def check(finalizers, cleanups):
        return CheckFinalizers(finalizers, cleanups, printed(CheckFinalizers(finalizers, cleanups, "")))

    return st.builds(check, counts, counts)


def alloc_frees(_):
    address = st.integers(0, 2**48).map(hex)
    whats = st.sampled_from(["tracealloc", "tracefree"])
    bare = st.sampled_from(["tracegc", "end tracegc"]).map(lambda what: AllocFree(what, None, None))
    return st.one_of(bare, st.builds(AllocFree, whats, address, st.integers(0, 2**40)))


RANGES = [
    (lambda _: st.just(GcForced()), range(4, 28)),
    (scvgs, range(14)),
    (scavs, range(14, 28)),
    (pacers, range(5, 28)),
    (scheds, range(2, 28)),
    (inits, range(16, 28)),
    (scans, range(25, 28)),
    (finalizer_checks, range(25, 28)),
    (alloc_frees, range(3, 23)),
]


@pytest.mark.parametrize("go", range(28))
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_what_any_runtime_prints_is_what_both_lanes_read(go, data):
    """Printed as Go 1.x does, every record comes back equal from both lanes, and the scanner's pattern finds it."""
    record = data.draw(st.one_of([records(go) for records, range_ in RANGES if go in range_]))
    line = printed(record, go)
    assert both_lanes(line) == record
    assert START.match(line.encode())


# One line of each wording, as really printed, and what it says.
REAL_LINES = [
    ("GC forced", GcForced()),
    ("scvg3: 0x1f MB released", Scvg(3, forced=False, released_mib=31)),
    ("scvg0: GC forced", Scvg(0, forced=False, released_mib=None, gc_forced=True)),
    ("scvg1: 59 MB released", Scvg(1, forced=False, released_mib=59)),
    ("scvg-1: 63 MB released", Scvg(-1, forced=True, released_mib=63)),
    ("forced scvg: 2 MB released", Scvg(None, forced=True, released_mib=2)),
    ("scvg: inuse: 46, idle: 81, sys: 127, released: 44, consumed: 83 (MB)", scvg_sizes(None, 44, 46, 81, 127, 83)),
    (
        "scvg0: inuse: 17592186044400, idle: 15, sys: 1, released: 0, consumed: 1 (MB)",
        scvg_sizes(0, 0, 17592186044400, 15, 1, 1),
    ),
    (
        "scav 320 KiB work, 60832 KiB total, 97% util",
        Scav(320, None, 60832, 97, forced=False, controller_reset=False, generation=None, go="1.14, 1.19-1.20"),
    ),
    (
        "scav 1 296 KiB work, 60840 KiB total, 61% util (forced)",
        Scav(296, None, 60840, 61, forced=True, controller_reset=False, generation=1, go="1.15-1.18"),
    ),
    (
        "scav 0 KiB work, 3928 KiB total, 39% util [controller reset]",
        Scav(0, None, 3928, 39, forced=False, controller_reset=True, generation=None, go="1.19-1.20"),
    ),
    (
        "scav 0 KiB work (bg), 16 KiB work (eager), 7696 KiB now, 100% util (forced)",
        Scav(0, 16, 7696, 100, forced=True, controller_reset=False, generation=None, go="1.21+"),
    ),
    ("init unicode @7.0 ms, 0.006 ms clock, 512 bytes, 4 allocs", Init("unicode", 7.0, 0.006, 512, 4)),
    ("scan: total 4818+18+15=4851 objs, 6+4=10 spans", ScanClass("total", 4851, 10)),
    ("scan: class L 3 objs", ScanClass("L", 3, None)),
    ("scan: class 256B 4792+0+0=4792 objs, 0+0=0 spans", ScanClass("256B", 4792, 0)),
    (
        "checkfinalizers: queue: 3 finalizers + 1 cleanups",
        CheckFinalizers(3, 1, "checkfinalizers: queue: 3 finalizers + 1 cleanups"),
    ),
    ("checkfinalizers: something new", CheckFinalizers(None, None, "checkfinalizers: something new")),
    ("tracealloc(0xc000028000, 0x2500, runtime.p)", AllocFree("tracealloc", "0xc000028000", 9472)),
    ("tracealloc(0xc000028000, 0x10, map[string]func(int) bool)", AllocFree("tracealloc", "0xc000028000", 16)),
    ("tracefree(0xc000028000, 0x2500)", AllocFree("tracefree", "0xc000028000", 9472)),
    ("tracegc()", AllocFree("tracegc", None, None)),
    ("end tracegc", AllocFree("end tracegc", None, None)),
    (
        ("SCHED 0ms: gomaxprocs=2 idleprocs=1 threads=2 idlethreads=0 runqueue=0 gcwaiting=false nmidlelocked=-1 "
        "stopwait=0 sysmonwait=true"),
        Sched(
            0,
            {
                "gomaxprocs": 2, "idleprocs": 1, "threads": 2, "idlethreads": 0, "runqueue": 0,
                "gcwaiting": 0, "nmidlelocked": -1, "stopwait": 0, "sysmonwait": 1,
            },
        ),
    ),
    (
        "SCHED 1002ms: gomaxprocs=2 threads=5 runqueue=0 [ 0 3 ] schedticks=[ 51692 53085 ]",
        Sched(1002, {"gomaxprocs": 2, "threads": 5, "runqueue": 0}, (0, 3), (51692, 53085)),
    ),
    ("SCHED 1007ms: gomaxprocs=1 runqueue=0 [0]", Sched(1007, {"gomaxprocs": 1, "runqueue": 0}, (0,))),
]  # fmt: skip


@pytest.mark.parametrize(("line", "record"), REAL_LINES)
def test_each_wording_says_what_it_says(line, record):
    """Every shape of every version, with the scanner's pattern finding it, and CR at the end not mattering."""
    assert both_lanes(line) == record
    assert both_lanes(line + "\r") == record
    assert START.match(line.encode())


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "pacer: assist ratio=+8.167141e-001 (scan 0 MB in 3->4 MB) workers=0++2.500000e-001",
            {
                "assist_ratio": 0.8167141,
                "heap_mib": 3,
                "goal_mib": 4,
                "dedicated_workers": 0,
                "fractional_workers": 0.25,
            },
        ),
        (
            "pacer: assist ratio=0.8060992697010869 (scan 0 MB in 3->4 MB) workers=0+0.25",
            {"assist_ratio": 0.8060992697010869, "fractional_workers": 0.25},
        ),
        ("pacer: assist ratio=+Inf (scan 0 MB in 3->4 MB) workers=2+0", {"assist_ratio": math.inf}),
        ("pacer: assist ratio=NaN (scan 0 MB in 3->4 MB) workers=2+0", {"assist_ratio": None}),
        (
            (
                "pacer: sweep done at heap size 270MB; allocated 28MB of spans; swept 61108 pages "
                "at +2.548577e-004 pages/byte"
            ),
            {"heap_mib": 270, "allocated_mib": 28, "swept_pages": 61108, "pages_per_byte": 2.548577e-4},
        ),
        (
            "pacer: sweep done at heap size 9649MB; allocated 0MB of spans; swept 1246890 pages",
            {"heap_mib": 9649, "pages_per_byte": None},
        ),
        (
            (
                "pacer: H_m_prev=2339272 h_t=+7.929954e-001 H_T=4194304 h_a=+9.014394e-001 H_a=4447984 "
                "h_g=+1.000000e+000 H_g=4678544 u_a=+3.358651e-001 u_g=+3.000000e-001 W_a=177104 "
                "goalΔ=+2.070046e-001 actualΔ=+1.084440e-001 u_a/u_g=+1.119550e+000"
            ),
            {"marked_prev_bytes": 2339272, "heap_bytes": 4447984, "goal_bytes": 4678544, "goal_delta": 0.2070046},
        ),
        (
            (
                "pacer: 25% CPU (25 exp.) for 87288+2768+151882 B work (151882 B exp.) in 4005888 B -> 4145152 B "
                "(\u2206goal -49152, cons/mark 0)[controller reset]"
            ),
            {"trigger_bytes": 4005888, "heap_bytes": 4145152, "goal_bytes": 4194304, "controller_reset": 1},
        ),
    ],
)
def test_the_pacer_speaks_in_bytes_where_it_is_exact(line, values):
    """Its forms: assist, sweep, old and new; NaN is None."""
    found = both_lanes(line).values
    assert {name: found[name] for name in values} == values


@pytest.mark.parametrize("line", [line for line, _ in REAL_LINES if " " in line and "finalizers" not in line])
def test_the_grammar_does_not_count_blanks(line):
    """A doubled space or a wrapped line reads as the whole line does."""
    for blank in ("  ", "\n    "):
        assert read_runtime(line.replace(" ", blank)) == read_runtime(line)


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("hello", 0, "a trace line of the runtime"),
        ("init internal/bytealg @SCHED 0ms: gomaxprocs=2", 23, "a time in ms"),
        ("scav 320 KiB work, 60832 KiB t", 29, '"total" or "now"'),
        ("pacer: assist ratio=+8.1e-001 (scan 0 MB in 3", 45, '"->"'),
        ("SCHED 1007ms: gomaxprocs=1 runqueue=0 [0", 40, '"]"'),
        ("GC forced gc 3 @4.070s", 10, "the end of the line"),
        ("SCHED " + "1" * LONGEST_LINE, LONGEST_LINE, "a shorter line"),
    ],
)
def test_a_line_that_does_not_fit_says_where_and_why(line, column, expected):
    """The column counts from 0, and the words are for people."""
    assert parse_runtime(line.encode()) is None
    with pytest.raises(NotRuntime) as misfit:
        read_runtime(line)
    assert (misfit.value.column, misfit.value.expected) == (column, expected)


@pytest.mark.parametrize("line", [line for line, _ in REAL_LINES if not line.startswith(("checkfin", "tracea"))])
def test_a_line_cut_anywhere_is_not_taken_for_a_whole_one(line):
    """One token short is too short, except where the rest is a whole line of an older Go."""
    older_whole = re.compile(r"scav .* util|SCHED .* \[[ 0-9]+\]|scan: .* objs")
    for end in range(len(line)):
        if not older_whole.fullmatch(line[:end]):
            assert parse_runtime(line[:end].encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        b"  P0: status=1 schedtick=1 syscalltick=0 m=0 runqsize=0 gfreecnt=0",
        b"  P1: status=0 schedtick=3 syscalltick=5 m=nil runqsize=0 gfreecnt=0 timerslen=0",
        b"  M2: p=-1 curg=-1 mallocing=0 throwing=0 gcing=0 locks=1 dying=0 helpgc=0 spinning=0 lockedg=-1",
        b"  M3: p=nil curg=nil mallocing=0 throwing=0 preemptoff= locks=0 spinning=false blocked=true lockedg=nil",
        b"  G1: status=4(chan receive (nil chan)) m=-1 lockedm=-1\r",
        b"> \tG17: status=6() m=nil lockedm=nil",
    ],
)
def test_the_details_of_the_scheduler_are_recognised(line):
    """The P, M and G lines below a SCHED line, from Go 1.2 to 1.27."""
    assert is_sched_detail(line)


@pytest.mark.parametrize("line", [b"", b"  P0:", b"  P0: fine", b"G1: hello=1", b"  Q1: status=0", b"PG: status=1"])
def test_an_application_line_is_no_detail_of_the_scheduler(line):
    """Unless it goes out of its way to look like one."""
    assert not is_sched_detail(line)


@pytest.mark.parametrize(
    "line", [b"scavenger hunt", b"initialised @ 3", b"GC for all", b"pacer:", b"schedule", b"gcc -o"]
)
def test_words_of_an_application_do_not_begin_like_the_runtime(line):
    """The scanner's pattern is cheap, but not that cheap."""
    assert not START.match(line)
    assert parse_runtime(line) is None


@settings(deadline=None, max_examples=120)
@given(
    line=st.sampled_from([line for line, _ in REAL_LINES]),
    at=st.integers(0, 120),
    length=st.integers(0, 6),
    put=st.one_of(
        st.sampled_from(["9" * 18, "9" * 30, "Δ", "e99999"]), st.text("0123456789.+-/ >()[]=KMBe", max_size=6)
    ),
)
def test_a_damaged_line_reads_the_same_in_both_lanes_or_only_in_the_grammar(line, at, length, put):
    """What the quick lane takes, the grammar takes, and reads the same from it."""
    damaged = line[:at] + put + line[at + length :]
    quick = parse_runtime(damaged.encode())
    if quick is not None:
        assert read_runtime(damaged) == quick


@settings(deadline=None, max_examples=120)
@given(
    start=st.sampled_from([line[:n].encode() for line, _ in REAL_LINES for n in (0, 6, 14, 30)]),
    end=st.one_of(st.binary(max_size=100), st.text(max_size=50).map(str.encode)),
)
def test_nothing_raises_on_any_bytes(start, end):
    """The quick lane says None, the grammar says where."""
    quick = parse_runtime(start + end)
    try:
        assert read_runtime((start + end).decode("utf-8", "replace")) is not None
    except NotRuntime:
        assert quick is None
    is_sched_detail(start + end)


def test_a_hostile_line_costs_no_time():
    """Neither lane goes back over what it has read."""
    for line in (
        "SCHED 0ms:" + " a=1" * 16_000,
        "SCHED 0ms: a=1 [" + "1 " * 30_000,
        "tracealloc(0x1, 0x1, " + ")x" * 30_000,
    ):
        assert parse_runtime(line.encode()) is None
        with pytest.raises(NotRuntime):
            read_runtime(line)


def test_a_time_is_printed_as_it_was(shared):
    """`init` and gctrace print times alike, so what was read is printed as it stood."""
    log = shared / "golden-runs" / "1.27.3" / "alltraces-leak.log"
    lines = [line for line in log.read_text("utf-8").splitlines() if re.fullmatch(r"init .* allocs", line)]
    assert len(lines) > 5
    for line in lines:
        record = both_lanes(line)
        assert printed(record) == line
        assert ms(record.at_ms) in line


def test_every_recorded_run_reads_the_same_in_both_lanes(shared):
    """Every twenty-ninth line of 27 Go versions; the rest differ in their numbers only."""
    begins, torn = re.compile(rb"(?!gc)" + RUNTIME_START), re.compile(rb"@SCHED|bytes, SCHED|scvgGC|^scvg$")
    kinds = set()
    for log in sorted((shared / "golden-runs").glob("1.*/*.log")):
        lines = [line for line in log.read_bytes().split(b"\n") if begins.match(line) and not torn.search(line)]
        for line in {*lines[:3], *lines[::29]}:
            kinds.add(type(both_lanes(line.decode())).__name__)
    assert kinds >= {"GcForced", "Scvg", "Scav", "Pacer", "Sched", "Init", "ScanClass", "CheckFinalizers", "AllocFree"}
