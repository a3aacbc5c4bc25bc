"""The gctrace line of every Go: what is printed is read, by both lanes alike, and nothing else is."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from as_the_runtime_prints import gctrace, ms, ns_as_ms
from gctail.parsing.gctrace import (
    LONGEST_LINE,
    MODERN,
    NotGctrace,
    checksum_holds,
    cycle_from_groups,
    parse_gctrace,
    read_gctrace,
)
from gctail.records import GcCycle

MODERN_LINE = (
    "gc 12 @2.311s 0%: 0.34+10+0.005 ms clock, 0.69+0/1.0/9.5+0.011 ms cpu, 45->45->30 MB, 49 MB goal, "
    "0 MB stacks, 1 MB globals, 2 P"
)
LINE_1_17 = (
    "gc 7 @0.461s 1%: 0.035+9.5+0.003 ms clock, 0.070+0.86/4.3/0.57+0.006 ms cpu, 18->19->13 MB, 19 MB goal, 2 P"
)
LINE_1_5 = (
    "gc 17 @4.539s 3%: 0.31+0.19+1.2+34+0.53 ms clock, 0.63+0.19+0+1.1/0.003/34+1.0 ms cpu, "
    "167->169->115 MB, 172 MB goal, 2 P"
)
LINE_1_4 = (
    "gc31(1): 2+0+68298+1 us, 103 -> 207 MB, 583821 (637454-53633) objects, 5 goroutines, 26566/6626/0 sweeps, "
    "0(0) handoff, 0(0) steal, 0/0/0 yields"
)
LINE_1_3 = LINE_1_4.replace("5 goroutines, ", "")
LINE_1_2 = "gc16(1): 3+0+0 ms, 15 -> 10 MB 44728 -> 43413 (48547-5134) objects, 0(0) handoff, 0(0) steal, 0/0/0 yields"
LINE_1_0 = "gc13(1): 4+0+0 ms 12 -> 8 MB 31051 -> 30034 (33827-3793) objects 0 handoff"
EVERY_LAYOUT = [MODERN_LINE, LINE_1_17, LINE_1_5, LINE_1_4, LINE_1_3, LINE_1_2, LINE_1_0]

sizes_mib = st.one_of(st.integers(0, 600), st.integers(0, 1 << 30))


def both_lanes(line: str) -> GcCycle:
    """What the quick lane reads, after the grammar has read the same."""
    quick = parse_gctrace(line.encode())
    assert quick == read_gctrace(line)
    assert quick is not None
    return quick


@st.composite
def stops(draw, procs):
    """Clock and CPU time of the two stops of the world, as printed: CPU is a whole multiple of clock."""
    k = draw(st.integers(1, procs))
    clock = draw(st.lists(st.integers(0, 60_000_000), min_size=2, max_size=2))
    return [float(ns_as_ms(ns)) for ns in clock], [float(ns_as_ms(ns * k)) for ns in clock]


@st.composite
def cycles(draw, go):
    """Any collection that Go 1.`go` can report."""
    number, procs = draw(st.integers(1, 2**32 - 1)), draw(st.integers(1, 256))
    h0, h1, h2 = draw(sizes_mib), draw(sizes_mib), draw(sizes_mib)
    if go < 5:
        return draw(early_cycles(go, number=number, procs=min(procs, 32), first_mib=h0, second_mib=h2))
    (first, last), (cpu_first, cpu_last) = draw(stops(procs))
    times = st.integers(0, 20_000_000_000).map(lambda ns: float(ns_as_ms(ns)))
    between, marking = (3, 5) if go == 5 else (1, 3)
    leak_check = go >= 26 and draw(st.booleans())
    modern = go >= 18
    return GcCycle(
        number=number,
        uptime_s=draw(st.integers(0, 10**9)) / 1000,
        gc_cpu_percent=draw(st.integers(0, 100)),
        clock_ms=(first, *draw(st.tuples(*[times] * between)), last),
        cpu_ms=(cpu_first, *draw(st.tuples(*[times] * marking)), cpu_last),
        heap_start_mib=h0,
        heap_end_mib=h1,
        heap_marked_mib=h2,
        goal_mib=draw(st.one_of(st.none(), sizes_mib)),
        stacks_mib=draw(sizes_mib) if modern else None,
        globals_mib=draw(sizes_mib) if modern else None,
        procs=procs,
        forced=draw(st.booleans()),
        leak_check=leak_check,
        go="1.5" if go == 5 else "1.26+" if leak_check else "1.18+" if modern else "1.6-1.17",
    )


@st.composite
def early_cycles(draw, go, *, number, procs, first_mib, second_mib):
    """Any collection that Go 1.0 to 1.4 can report."""
    whole = st.integers(0, 10**7)
    unswept = go >= 3
    clock = draw(st.tuples(*[whole] * (4 if unswept else 3)))
    return GcCycle(
        number=number,
        uptime_s=None,
        gc_cpu_percent=None,
        clock_ms=tuple(time / 1000 if unswept else float(time) for time in clock),
        cpu_ms=(),
        heap_start_mib=second_mib if unswept else first_mib,
        heap_end_mib=second_mib if unswept else first_mib,
        heap_marked_mib=None if unswept else second_mib,
        goal_mib=None,
        stacks_mib=None,
        globals_mib=None,
        procs=procs,
        forced=False,
        leak_check=False,
        go={0: "1.0", 1: "1.1-1.2", 2: "1.1-1.2", 3: "1.3", 4: "1.4"}[go],
        heap_prev_live_mib=first_mib if unswept else None,
        objects=draw(whole),
        goroutines=draw(whole) if go == 4 else None,
    )


@pytest.mark.parametrize("go", range(28))
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_what_any_runtime_prints_is_what_both_lanes_read(go, data):
    """Printed as Go 1.x does, a record comes back equal from both lanes, and its checksum holds."""
    cycle = data.draw(cycles(go))
    assert both_lanes(gctrace(cycle, go)) == cycle
    assert checksum_holds(cycle)


@settings(deadline=None, max_examples=200)
@given(ns=st.integers(0, 10**12))
def test_a_time_is_printed_in_two_digits_and_stays_so(ns):
    """`fmtNSAsMS` truncates; what it printed once it prints again."""
    printed = ns_as_ms(ns)
    assert re.fullmatch(r"0|0\.00[1-9]|0\.0[1-9]\d|0\.[1-9]\d|[1-9]\.\d|[1-9]\d+", printed)
    assert float(printed) <= ns / 1e6
    assert ms(float(printed)) == printed


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (MODERN_LINE, {"number": 12, "uptime_s": 2.311, "clock_ms": (0.34, 10.0, 0.005), "stacks_mib": 0, "procs": 2}),
        (MODERN_LINE, {"cpu_ms": (0.69, 0.0, 1.0, 9.5, 0.011), "globals_mib": 1, "goal_mib": 49, "go": "1.18+"}),
        (LINE_1_17 + " (forced)", {"heap_start_mib": 18, "heap_end_mib": 19, "heap_marked_mib": 13, "forced": True}),
        (LINE_1_17, {"stacks_mib": None, "globals_mib": None, "go": "1.6-1.17", "forced": False, "gc_cpu_percent": 1}),
        (LINE_1_5, {"clock_ms": (0.31, 0.19, 1.2, 34.0, 0.53), "go": "1.5", "pause_ms": 0.31 + 1.2 + 0.53}),
        (LINE_1_5, {"cpu_ms": (0.63, 0.19, 0.0, 1.1, 0.003, 34.0, 1.0), "heap_marked_mib": 115}),
        (LINE_1_4, {"heap_prev_live_mib": 103, "heap_end_mib": 207, "heap_marked_mib": None, "goroutines": 5}),
        (LINE_1_4, {"clock_ms": (0.002, 0.0, 68.298, 0.001), "objects": 583821, "uptime_s": None, "go": "1.4"}),
        (LINE_1_3, {"goroutines": None, "go": "1.3", "cpu_ms": ()}),
        (LINE_1_2, {"heap_start_mib": 15, "heap_marked_mib": 10, "objects": 43413, "go": "1.1-1.2"}),
        (LINE_1_0, {"heap_start_mib": 12, "heap_marked_mib": 8, "objects": 30034, "go": "1.0", "procs": 1}),
    ],
)
def test_each_field_means_what_the_runtime_meant(line, facts):
    """One line of each generation, really printed, and what it says."""
    cycle = both_lanes(line)
    assert {name: getattr(cycle, name) for name in facts} == facts


def test_a_check_for_goroutine_leaks_is_seen():
    """Since Go 1.26 a collection may say before its colon that it looks for leaked goroutines."""
    cycle = both_lanes(MODERN_LINE.replace("%:", "% (checking for goroutine leaks):") + " (forced)")
    assert (cycle.leak_check, cycle.forced, cycle.go) == (True, True, "1.26+")


@pytest.mark.parametrize("printed", ["8796093021775", "17592186044415", "8796093022198", "8532210231552"])
def test_a_goal_beyond_every_address_space_is_no_goal(printed):
    """GOGC=off prints an enormous goal, another one in nearly every version."""
    assert both_lanes(MODERN_LINE.replace(" 49 MB goal", f" {printed} MB goal")).goal_mib is None


def test_a_goal_of_terabytes_is_a_goal():
    """Machines with that much memory exist."""
    assert both_lanes(MODERN_LINE.replace(" 49 MB goal", " 4194304 MB goal")).goal_mib == 4194304


def test_the_development_versions_of_2015_are_read():
    """`gc #N`, whole milliseconds, no goal: lines that people posted before Go 1.5 was out."""
    cycle = both_lanes("gc #13204 @267.384s 18%: 0+0+0+9+0 ms clock, 0+0+0+0/9/0+1 ms cpu, 4->5->3 MB, 4 P")
    assert (cycle.number, cycle.clock_ms, cycle.goal_mib, cycle.go) == (13204, (0.0, 0.0, 0.0, 9.0, 0.0), None, "1.5")
    assert checksum_holds(cycle)


def test_a_heap_that_ends_below_its_start_is_no_reason_to_refuse_a_line():
    """It was printed in 2015."""
    assert both_lanes(LINE_1_5.replace("167->169->115", "167->160->115")).heap_end_mib == 160


@pytest.mark.parametrize("line", EVERY_LAYOUT)
def test_a_carriage_return_does_not_matter(line):
    """Trackers and Windows end lines in CR LF."""
    assert both_lanes(line + "\r") == both_lanes(line)


@pytest.mark.parametrize("line", EVERY_LAYOUT)
def test_the_grammar_does_not_count_blanks(line):
    """A doubled space, a tab or a line wrapped at a blank reads as the whole line does."""
    for blank in ("  ", "\t", "\n", "\r\n    "):
        assert read_gctrace(line.replace(" ", blank)) == read_gctrace(line)


@pytest.mark.parametrize("line", EVERY_LAYOUT)
def test_a_line_cut_anywhere_is_not_taken_for_a_whole_one(line):
    """A process that dies while it prints leaves such a line; one word short is too short."""
    for end in range(len(line)):
        assert parse_gctrace(line[:end].encode()) is None
        with pytest.raises(NotGctrace):
            read_gctrace(line[:end])


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (MODERN_LINE.replace("globals,", "globals, 3 MB weak,"), "3 MB weak"),
        (MODERN_LINE.replace("ms cpu,", "ms cpu, 7 ms queue,"), "7 ms queue"),
        (MODERN_LINE.replace("ms clock,", "ms clock, 0.1+2.0 ms stopping,"), "0.1+2.0 ms stopping"),
        (MODERN_LINE.replace("MB, 49", "MB, 12 MB cgroup, 49"), "12 MB cgroup"),
        (MODERN_LINE + ", 7 ms queue", "7 ms queue"),
        (MODERN_LINE + " (greedy)", "(greedy)"),
        (MODERN_LINE.replace("%:", "% (looking for cycles):"), "(looking for cycles)"),
        (MODERN_LINE.replace("globals,", "globals, 3 MB weak,") + ", 5 X", "3 MB weak, 5 X"),
        (LINE_1_4.replace("objects,", "objects, 3 widgets,"), "3 widgets"),
    ],
)
def test_a_part_that_no_go_has_printed_so_far_is_kept(line, rest):
    """A future layout still reads: known labels give the fields, the unknown part stands in `rest` as printed."""
    cycle = read_gctrace(line)
    assert cycle.rest == rest
    plain = read_gctrace(LINE_1_4 if line.startswith("gc31") else MODERN_LINE)
    assert [getattr(cycle, name) for name in cycle.__struct_fields__ if name != "rest"] == [
        getattr(plain, name) for name in plain.__struct_fields__ if name != "rest"
    ]


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("hello", 0, "a gctrace line"),
        ("", 0, "a gctrace line"),
        ("gc 4 @", 6, "the seconds since the start"),
        ("gc 14 @0.2482026-01-02T03:04:05Z INFO served", 16, '"s"'),
        (MODERN_LINE.replace("ms cpu", "ms cp"), MODERN_LINE.index("ms cpu"), '"ms cpu"'),
        (MODERN_LINE.replace("MB globals", "MB glo"), MODERN_LINE.index("MB globals"), '"MB globals"'),
        (MODERN_LINE.replace("45->45->30", "45->45+30"), MODERN_LINE.index("->30"), '"->"'),
        (MODERN_LINE + " id=7", len(MODERN_LINE) + 1, "the end of the line"),
        ("\t" + MODERN_LINE + " id=7", len(MODERN_LINE) + 2, "the end of the line"),
        (LINE_1_4.replace("5/4", "5-4").replace("handoff", "hand"), LINE_1_4.index("handoff"), '"handoff"'),
        ("gc 1 @" + "9" * LONGEST_LINE, LONGEST_LINE, "a shorter line"),
    ],
)
def test_a_line_that_does_not_fit_says_where_and_why(line, column, expected):
    """The column counts from 0, and the words are for people."""
    with pytest.raises(NotGctrace) as misfit:
        read_gctrace(line)
    assert (misfit.value.column, misfit.value.expected) == (column, expected)
    assert str(misfit.value) == f"column {column}: expected {expected}"


def test_the_modern_pattern_can_be_part_of_a_larger_one():
    """A scanner looks for several things at once, and builds the record from the groups in the middle."""
    scanner = re.compile(rb"(?:^|\n)(?:(panic: .*)|" + MODERN + rb"|(GC forced))")
    found = scanner.search(b"2026 INFO\n" + MODERN_LINE.encode() + b"\nmore")
    assert found is not None
    assert cycle_from_groups(found.groups()[1:-1]) == read_gctrace(MODERN_LINE)


@pytest.mark.parametrize("line", EVERY_LAYOUT)
def test_the_checksum_holds_on_what_was_really_printed(line):
    """The lines of this file come from real runs."""
    assert checksum_holds(read_gctrace(line))


@pytest.mark.parametrize(
    "line",
    [
        MODERN_LINE.replace("0.34+", "0.21+"),  # 0.69 is no whole multiple of 0.21
        MODERN_LINE.replace("+0.011 ms cpu", "+0.005 ms cpu"),  # k = 2 in one stop and 1 in the other
        MODERN_LINE.replace("2 P", "1 P"),  # more processors than there are
        LINE_1_17.replace("0.070+", "0.69+"),
        LINE_1_5.replace("+1.0 ms cpu", "+0.11 ms cpu"),
    ],
)
def test_the_checksum_fails_where_two_collections_were_glued_together(line):
    """CPU time of a stop is its clock time times one whole number of processors."""
    assert not checksum_holds(read_gctrace(line))


@settings(deadline=None, max_examples=300)
@given(line=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_nothing_raises_on_any_bytes(line):
    """The quick lane says None, the grammar says where."""
    for text in (line, b"gc " + line, b"gc1(1): " + line):
        quick = parse_gctrace(text)
        try:
            assert read_gctrace(text.decode("latin-1")) is not None
        except NotGctrace:
            assert quick is None


@settings(deadline=None, max_examples=300)
@given(
    line=st.sampled_from(EVERY_LAYOUT),
    at=st.integers(0, 150),
    length=st.integers(0, 6),
    put=st.one_of(st.sampled_from(["9" * 14, "9" * 18, "9" * 30]), st.text("0123456789.+-/ >()MBP,", max_size=6)),
)
def test_a_damaged_line_reads_the_same_in_both_lanes_or_only_in_the_grammar(line, at, length, put):
    """What the quick lane takes, the grammar takes, and reads the same from it."""
    damaged = line[:at] + put + line[at + length :]
    quick = parse_gctrace(damaged.encode())
    if quick is not None:
        assert read_gctrace(damaged) == quick


def test_a_hostile_line_costs_no_time():
    """Neither lane goes back over what it has read: a megabyte of digits is refused at once."""
    for line in ("gc 1 @" + "1" * 1_000_000, "gc" + "1" * 1_000_000 + "(", "gc 1 @1.000s 1%: " + "1+" * 500_000):
        assert parse_gctrace(line.encode()) is None
        with pytest.raises(NotGctrace):
            read_gctrace(line)


def test_reading_gctrace_lines_does_not_import_pyparsing():
    """It takes longer than `gctail --help` may; the first odd line pays for it."""
    program = (
        "import sys; from gctail.parsing.gctrace import parse_gctrace; "
        f"assert parse_gctrace({MODERN_LINE.encode()!r}); print('pyparsing' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_every_recorded_run_reads_the_same_in_both_lanes(shared):
    """Every eleventh line of 27 Go versions; the rest differ in their numbers only."""
    begins = re.compile(rb"gc ?#?\d")
    torn = re.compile(rb"INFO|^gc 4 @$|scvg\d")
    read = 0
    for log in sorted((shared / "golden-runs").glob("1.*/*.log")):
        for line in [line for line in log.read_bytes().split(b"\n") if begins.match(line)][::11]:
            if torn.search(line):
                continue
            read += 1
            cycle = both_lanes(line.decode())
            assert checksum_holds(cycle), line
            assert cycle.heap_live_mib >= 0
    assert read > 500


def test_every_whole_public_line_is_read(shared):
    """What people posted to issue trackers, from 2010 to 2016: indented, quoted, with blanks doubled."""
    whole = re.compile(r"gc #?\d+ @\S+s \d+%: \S+ ms clock, +\S+ ms cpu, \S+ MB, \d+ MB goal, \d+ P(?: \(forced\))?")
    lines = [
        found[0]
        for log in sorted((shared / "corpus" / "raw").glob("*.log"))
        for found in whole.finditer(log.read_text("utf-8", "replace"))
    ]
    assert len(lines) > 700
    for line in lines[::9]:
        cycle = read_gctrace(line)
        assert parse_gctrace(line.encode()) in (cycle, None)
        assert checksum_holds(cycle), line
