"""Deaths: what Go prints when it dies, what only looks like it, and what others say about it."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.causes import TOLD
from gctail.parsing.deaths import MOST_FOREIGN_LINES, MOST_LINES_KEPT, DeathReader
from gctail.parsing.reports import find_report
from gctail.parsing.signatures import SOURCES, recognise, signatures
from gctail.records import Death, Dump
from reports_fed import read_with

# What the recorded programs of the reference data die of. They are named after it.
GOLDEN = {
    "oom": "go-out-of-memory", "oommapint": "go-out-of-memory", "oommapstr": "go-out-of-memory",
    "oomslice": "go-out-of-memory", "oom-tb-all": "go-out-of-memory", "oom-rlimit-data": "go-out-of-memory",
    "bigmake": "go-out-of-memory", "stack": "stack-overflow", "threads": "thread-limit", "newosproc": "thread-limit",
    "mapwrites": "concurrent-map-access", "maprw": "concurrent-map-access", "mapiter": "concurrent-map-access",
    "deadlock": "deadlock", "quit-system": "deadlock", "panic": "panic", "panicerr": "panic", "repanic": "panic",
    "nilptr": "panic", "nilmap": "panic", "index": "panic", "slicebounds": "panic", "makeslice": "panic",
    "makeslice-huge": "panic", "goroutine-minutes-locked-labels": "panic", "badpointer": "runtime-fault",
    "sigQUIT": "signal-quit", "sigABRT": "signal-abort",
}  # fmt: skip
# Endless recursion met `ulimit -v` before Go had a limit of its own.
GOLDEN_BY_VERSION = {("1.0.3", "stack"): "go-out-of-memory", ("1.1.2", "stack"): "go-out-of-memory"}
# Old runtimes did not look for races of maps, and these two were killed from outside: nobody said anything.
GOLDEN_SILENT = {("1.0.3", "oommapint"), ("1.2.2", "oommapint")} | {
    (version, case) for version in ("1.4.3", "1.5.4", "1.6.4") for case in ("mapwrites", "maprw", "mapiter")
} - {("1.6.4", "mapwrites"), ("1.6.4", "maprw")}


def read(text, reader=None):
    """All records of a log, and the lines that stay the application's."""
    return read_with(reader or DeathReader(), text)


def one(text):
    """The only record of a log."""
    [record], _ = read(text)
    return record


OOM = """\
runtime: out of memory: cannot allocate 4194304-byte block (381353984 in use)
fatal error: out of memory

goroutine 1 gp=0x34bdf14181e0 m=3 mp=0x34bdf1453008 [running]:
runtime.throw({0x4a33b5?, 0x1eefd092?})
\t/usr/local/go/src/runtime/panic.go:1243 +0x48 fp=0x34bdf1484c00 sp=0x34bdf1484bd0 pc=0x47a368
runtime.mallocgcSmallScanNoHeader(0xf8, 0x56b8b0)
\t/usr/local/go/src/runtime/malloc.go:1300 +0x1ab fp=0x34bdf1484c80 sp=0x34bdf1484c00 pc=0x41e2db
runtime.mallocgc(0xf8, 0x56b8b0, 0x1)
\t/usr/local/go/src/runtime/malloc.go:1084 +0x76 fp=0x34bdf1484ce0 sp=0x34bdf1484c80 pc=0x478f36
runtime.newobject(0x56b8b0?)
\t/usr/local/go/src/runtime/malloc.go:1714 +0x25 fp=0x34bdf1484d10 sp=0x34bdf1484ce0 pc=0x41b1c5
example.com/orders/store.(*Cache).Put(0x34bdf1484e00, {0x4a4f7c?, 0x5?})
\t/src/orders/store/cache.go:41 +0x45 fp=0x34bdf1484d40 sp=0x34bdf1484d10 pc=0x4a0f25
main.main()
\t/src/orders/main.go:23 +0x97 fp=0x34bdf1484eb8 sp=0x34bdf1484d40 pc=0x4a12b7

goroutine 2 gp=0x34bdf1418780 m=nil [force gc (idle), 7 minutes]:
runtime.gopark(0x0?, 0x0?, 0x0?, 0x0?, 0x0?)
\t/usr/local/go/src/runtime/proc.go:474 +0xca fp=0x34bdf144cfa8 sp=0x34bdf144cf88 pc=0x47a44a
runtime.goparkunlock(...)
\t/usr/local/go/src/runtime/proc.go:480
created by runtime.init.7 in goroutine 1
\t/usr/local/go/src/runtime/proc.go:375 +0x1a
"""

PANIC = """\
panic: something bad

goroutine 7 [running]:
main.work(0xc00001c0c0?)
\t/src/app/main.go:23 +0x2c
created by main.main in goroutine 1
\t/src/app/main.go:20 +0x1e5
"""


# -- the data


@pytest.mark.parametrize("known", signatures(), ids=lambda known: known.signature.name)
def test_a_signature_takes_its_samples_and_none_before_it_does(known):
    """A section of deaths.toml proves itself; its names are those of the closed lists."""
    signature = known.signature
    assert signature.samples
    assert signature.cause in TOLD
    assert signature.source in SOURCES
    for sample in signature.samples:
        if signature.source in {"go", "kernel"}:
            found = recognise(sample, signature.source)
            assert found is not None, sample
            assert found[0].signature.name == signature.name
        else:
            assert [death.details["signature"] for death in find_report(sample.encode())] == [signature.name], sample


def test_every_cause_has_a_signature_and_no_name_is_used_twice():
    """The closed list of causes and the file agree."""
    names = [known.signature.name for known in signatures()]
    assert len(names) == len(set(names))
    assert {known.signature.cause for known in signatures()} == set(TOLD)


@pytest.mark.parametrize(
    "known", [known for known in signatures() if known.signature.source == "go"], ids=lambda known: known.signature.name
)
def test_the_reader_starts_at_every_sentence_of_go(known):
    """A signature that the scanner never stops at would be of no use."""
    for sample in known.signature.samples:
        assert DeathReader().starts(sample.encode()), sample
        assert DeathReader().starts(b"> " + sample.encode()), sample


# -- recorded runs of 27 releases of Go


def golden_logs(shared: Path) -> list[Path]:
    return sorted(shared.glob("golden-runs/[0-9]*/*.log"))


def test_every_recorded_death_has_its_cause_and_nothing_else_is_a_death(shared):
    """27 releases, by the names of the runs; a trace is no death, however long."""
    wrong = {}
    for log in golden_logs(shared):
        version, case = log.parent.name, log.stem
        records, _ = read(log.read_bytes().split(b"\n"))
        causes = [record.cause for record in records if isinstance(record, Death)]
        expected = GOLDEN_BY_VERSION.get((version, case), GOLDEN.get(case))
        silent = expected is None or (version, case) in GOLDEN_SILENT
        if causes != ([] if silent else [expected]):
            wrong[f"{version}/{case}"] = causes
    assert wrong == {}


def test_nothing_of_a_recorded_dump_is_left_to_the_application(shared):
    """Every frame and header of every release was understood."""
    own = re.compile(rb"#|gc|scv|SCHED|pacer|init |  [PMG]\d|$")
    for log in golden_logs(shared):
        if log.stem in GOLDEN:
            _, application = read(log.read_bytes().split(b"\n"))
            assert [line for line in application if not own.match(line)] == [], log


def test_what_grew_is_read_off_the_stacks(shared):
    """Map, slice, one big object or many small ones, in the words of each release's runtime."""
    for log in golden_logs(shared):
        version, minor = log.parent.name, int(log.parent.name.split(".")[1])
        records, _ = read(log.read_bytes().split(b"\n"))
        if not records or minor == 0 or log.stem not in {"oom", "oommapint", "oomslice", "bigmake"}:
            continue
        expected = {
            "oom": "many-small-objects",
            "oommapint": "map-growth-swiss" if minor >= 24 else "map-growth-classic",
            "oomslice": "slice-growth",
            "bigmake": "big-make",
        }[log.stem]
        assert records[0].details["growth"] == expected, (version, log.stem)
        assert records[0].details["size_bytes"] > 0


def test_public_logs_of_dead_processes_are_understood(shared):
    """Quoted, wrapped at 80 columns, starred and double-spaced, as people posted them."""
    expected = {
        "025": ["runtime-fault"], "046": ["runtime-fault"], "054": ["runtime-fault"], "083": ["runtime-fault"],
        "084": ["go-out-of-memory"], "085": ["thread-limit", "go-out-of-memory"], "086": ["go-out-of-memory"],
        "087": ["go-out-of-memory"], "088": ["go-out-of-memory"], "089": ["go-out-of-memory"],
        "091": ["go-out-of-memory"], "092": ["go-out-of-memory"], "093": ["go-out-of-memory"],
        "094": ["go-out-of-memory"], "095": ["go-out-of-memory"], "098": ["go-out-of-memory"],
        "099": ["go-out-of-memory"], "105": ["concurrent-map-access"],
    }  # fmt: skip
    for number, causes in expected.items():
        [log] = shared.glob(f"corpus/raw/{number}-*.log")
        records, _ = read(log.read_bytes().replace(b"\r\n", b"\n").replace(b"</pre>", b"").split(b"\n"))
        assert [record.cause for record in records] == causes, log.name


# -- a report and its details


def test_out_of_memory_says_what_was_asked_and_by_whom():
    """ASK and INUSE from the text; the object's size, the growth and the application's frames from the stacks."""
    death = one(OOM)
    assert (death.cause, death.source, death.text) == ("go-out-of-memory", "go", "fatal error: out of memory")
    assert death.details["ask_bytes"] == 4194304
    assert death.details["in_use_bytes"] == 381353984
    assert death.details["size_bytes"] == 0xF8
    assert death.details["growth"] == "many-small-objects"
    assert death.details["goroutines"] == 2
    assert death.details["frames"] == [
        "example.com/orders/store.(*Cache).Put /src/orders/store/cache.go:41",
        "main.main /src/orders/main.go:23",
    ]
    assert death.lines[0].startswith("runtime: out of memory: cannot allocate")
    assert [goroutine.id for goroutine in death.goroutines] == [1, 2]
    assert death.goroutines[1].wait_minutes == 7
    assert not death.truncated


def test_a_stale_register_is_no_size():
    """`mallocgc(0x582300?, …)`: since Go 1.18 a question mark says that the argument may be anything."""
    death = one(OOM.replace("(0xf8, 0x56b8b0", "(0x582300?, 0x56b8b0"))
    assert "size_bytes" not in death.details


def test_a_panic_has_its_value_and_its_signal():
    """Also the number of the signal that Go printed up to 1.6."""
    head = "panic: runtime error: invalid memory address or nil pointer dereference\n{}\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n"
    for signal in (
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x496c5d]",
        "[signal 0xb code=0x1 addr=0x0 pc=0x496c5d]",
    ):
        death = one(head.format(signal))
        assert death.cause == "panic"
        assert death.details["runtime_error"] == "nil-pointer-dereference"
        assert (death.details["signal"], death.details["addr"], death.details["pc"]) == ("SIGSEGV", "0x0", "0x496c5d")


@pytest.mark.parametrize(
    ("head", "value", "repanicked"),
    [
        ("panic: first [recovered]\n\tpanic: second", "second", True),
        ("panic: first [recovered, repanicked]", "first", True),
        ("panic: something bad\nsecond line", "something bad\nsecond line", None),
        ("panic: something bad\n\tsecond line\n\tthird", "something bad\nsecond line\nthird", None),
        ("panic: a\n\nb", "a\nb", None),
        ('panic: main.E("text")', 'main.E("text")', None),
        ("panic: ", "", None),
    ],
)
def test_the_value_of_a_panic_may_have_lines_and_a_past(head, value, repanicked):
    """At column 0 up to Go 1.22, behind a tab since."""
    death = one(head + "\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n")
    assert death.details["value"] == value
    assert death.details.get("repanicked") == repanicked


def test_a_panic_that_quotes_another_death_is_a_panic():
    """The value is whatever the application likes to say."""
    death = one("panic: child: fatal error: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1")
    assert death.cause == "panic"


@pytest.mark.parametrize(
    ("text", "cause", "details"),
    [
        ("runtime: goroutine stack exceeds 1000000000-byte limit\nruntime: sp=0xc020080388 stack=[0xc020080000, 0xc040080000]\nfatal error: stack overflow", "stack-overflow", {"limit_bytes": 1000000000}),
        ("runtime: program exceeds 10000-thread limit\nfatal error: thread exhaustion", "thread-limit", {"limit": 10000}),
        ("runtime: failed to create new OS thread (have 4 already; errno=11)\nruntime: may need to increase max user processes (ulimit -u)\nfatal error: newosproc", "thread-limit", {"threads": 4, "errno": 11}),
        ("runtime: VirtualAlloc of 1048576 bytes failed with errno=1455\nfatal error: out of memory", "go-out-of-memory", {"ask_bytes": 1048576, "errno": 1455}),
        ("unexpected fault address 0xc627430000\nfatal error: fault\n[signal SIGBUS: bus error code=0x2 addr=0xc627430000 pc=0x4024df]", "runtime-fault", {"signal": "SIGBUS"}),
        ("fatal: morestack on g0\nSIGTRAP: trace trap\nPC=0x45f2c2 m=3 sigcode=128", "runtime-fault", {"signal": "SIGTRAP", "fault": "system-stack"}),
        ("runtime/cgo: out of memory in thread_start\nSIGABRT: abort\nPC=0x7f2bea6bc425 m=8 sigcode=18446744073709551610", "go-out-of-memory", {"signal": "SIGABRT"}),
    ],
)  # fmt: skip
def test_the_lines_before_a_fatal_error_count(text, cause, details):
    """They carry the numbers, and sometimes the cause."""
    death = one(text + "\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n")
    assert death.cause == cause
    assert details.items() <= death.details.items()


def test_without_stacks_a_known_text_is_a_death_and_panic_only_as_last_words():
    """GOTRACEBACK=none prints no stacks; an application may print `panic: ` and live on."""
    assert one("fatal error: all goroutines are asleep - deadlock!").details["confidence"] == pytest.approx(0.8)
    assert one("panic: boom").details["confidence"] == pytest.approx(0.5)
    assert one("panic: boom\nexit status 2").details["exit_code"] == 2
    lived_on = ["panic: boom", *(f"2024-01-02 03:04:{n:02} INFO still here" for n in range(40))]
    records, application = read("\n".join(lived_on))
    assert records == []
    assert sorted(application) == sorted(line.encode() for line in lived_on)


def test_an_unknown_fatal_error_of_another_program_is_given_back():
    """`fatal error: ` is what compilers say, too."""
    lines = ["fatal error: stdio.h: No such file or directory", "compilation terminated.", *["more"] * 40]
    records, application = read("\n".join(lines))
    assert records == []
    assert sorted(application) == sorted(line.encode() for line in lines)


def test_a_line_that_only_begins_like_the_runtime_is_given_back():
    """`runtime: ` may be anybody's; so may `SIGTERM: `."""
    lines = ["runtime: go1.22 linux/amd64", "starting up", "SIGTERM: shutting down", "bye"]
    records, application = read("\n".join(lines))
    assert records == []
    assert application == [line.encode() for line in lines]


def test_go_run_and_the_shell_end_a_report():
    """`exit status 2` is printed by the parent, and belongs to the report."""
    death = one(PANIC + "exit status 2\nnext line")
    assert death.details["exit_code"] == 2


def test_crash_mode_is_one_death():
    """With GOTRACEBACK=crash every thread prints its signal and stacks behind a row of dashes."""
    text = (
        PANIC
        + "\n-----\n\nSIGQUIT: quit\nPC=0x45e743 m=1 sigcode=0\n\ngoroutine 0 gp=0x581540 m=1 mp=0x582300 [idle]:\nruntime.futex()\n\t/go/src/runtime/sys_linux_amd64.s:558 +0x21\n\nrax    0xca\nrbx    0x0\n"
    )
    assert one(text).cause == "panic"


# -- what only looks like a death


@pytest.mark.parametrize(
    "text",
    [
        "goroutine 35 [running]:\nnet/http.(*conn).serve.func1()\n\t/go/src/net/http/server.go:1898 +0xb0\npanic({0x6a5f80?, 0x7d5ab0?})\n\t/go/src/runtime/panic.go:787 +0x132\nmain.handle()\n\t/src/a.go:5 +0x1\n",
        "panic: boom\ngoroutine 5 [running]:\nruntime/debug.Stack()\n\t/go/src/runtime/debug/stack.go:26 +0x5e\nmain.main.func1()\n\t/src/a.go:9 +0x1\npanic({0x1?, 0x2?})\n\t/go/src/runtime/panic.go:787 +0x132\nmain.main()\n\t/src/a.go:5 +0x1\n",
        "panic: boom\n\ngoroutine 5 [running]:\nruntime/debug.Stack()\n\t/go/src/runtime/debug/stack.go:26 +0x5e\nmain.main.func1()\n\t/src/a.go:9 +0x1\n",
        "panic: boom\ngoroutine 5 [running]:\nmain.main.func1()\n\t/src/a.go:9 +0x1\npanic({0x1?, 0x2?})\n\t/go/src/runtime/panic.go:787 +0x132\nmain.main()\n\t/src/a.go:5 +0x1\n",
        "goroutine 1 [running]:\nruntime/pprof.writeGoroutineStacks({0x5e1850, 0x5d1d9352030})\n\t/go/src/runtime/pprof/pprof.go:816 +0x69\n\ngoroutine 7 [chan receive (leaked)]:\nmain.main.func1()\n\t/src/leakp/main.go:14 +0x25\ncreated by main.main in goroutine 1\n\t/src/leakp/main.go:12 +0x27\n",
    ],
    ids=["net-http", "debug-stack", "debug-stack-after-a-blank", "runtime-stack", "pprof"],
)  # fmt: skip
def test_stacks_that_the_application_printed_are_a_dump(text):
    """A recovered panic, debug.PrintStack and pprof: the process lives on."""
    records, application = read("before\n" + text + "2024-01-02 03:04:05 INFO after")
    assert [type(record) for record in records] == [Dump]
    assert b"before" in application
    assert b"2024-01-02 03:04:05 INFO after" in application


def test_dumps_one_after_the_other_are_told_apart():
    """Every request that panics leaves one."""
    dump = "http: panic serving [::1]:5: boom\ngoroutine 35 [running]:\nmain.handle()\n\t/src/a.go:5 +0x1\n"
    records, application = read(dump * 3)
    assert len(records) == 3
    assert application.count(b"http: panic serving [::1]:5: boom") == 3


def test_a_shipper_that_drops_blank_lines_hides_no_death():
    """Many do. The head, a signal, or several goroutines without a blank line between them show what it was."""
    assert one("\n".join(line for line in OOM.split("\n") if line)).cause == "go-out-of-memory"
    assert one("\n".join(line for line in PANIC.split("\n") if line)).cause == "panic"


# -- lines of others in between


def test_traces_and_application_lines_in_between_are_not_taken():
    """Before the world is frozen others still write; the report goes on after their lines."""
    lines = OOM.split("\n")
    others = [
        "gc 9 @0.5s 0%: 0.1+0.1+0.1 ms clock",
        '{"level":"info","msg":"x"}',
        "2024-01-02T03:04:05Z INFO y",
        "plain words",
    ]
    mixed = lines[:2] + others[:3] + lines[2:6] + others + lines[6:]
    [death], application = read("\n".join(mixed))
    assert application == [line.encode() for line in others[:3] + others]
    assert death == one(OOM)


def test_a_report_is_over_when_others_have_written_long_enough():
    """And at once where a new process begins."""
    records, application = read(PANIC + "\n".join(["2024-01-02 INFO x"] * (MOST_FOREIGN_LINES + 2)) + "\n" + PANIC)
    assert [record.cause for record in records] == ["panic", "panic"]
    assert len(application) == MOST_FOREIGN_LINES + 2
    reader = DeathReader()
    for line in PANIC.encode().split(b"\n"):
        reader.feed(line)
    step = reader.feed(
        b"gc 1 @0.016s 9%: 1.8+1.6+0.004 ms clock, 3.6+0/0.15/0.05+0.008 ms cpu, 4->4->0 MB, 5 MB goal, 2 P"
    )
    assert (step.taken, step.open, step.record.cause) == (False, False, "panic")


TOKEN = re.compile(r"goroutine |(?<=goroutine )\d+| \[|0x[0-9a-f]+\??|, |\(|\t|:| \+|[^\s(:]+|.", re.DOTALL)


HEAD, STACKS = OOM.split("\n\n", 1)
TOKENS = TOKEN.findall(STACKS)


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(TOKENS) - 1), unique=True, max_size=12))
def test_a_torn_report_is_whole_and_so_are_the_lines_that_tore_it(cuts):
    """Fragments join, and the application's lines come back byte for byte, in order."""
    line = '{{"time":"2026-11-23T02:29:48Z","level":"INFO","msg":"handled","id":{}}}'
    pieces = [line.format(number) + "\n" + token if number in cuts else token for number, token in enumerate(TOKENS)]
    [death], application = read(HEAD + "\n\n" + "".join(pieces))
    whole = one(OOM)
    assert application == [line.format(number).encode() for number in sorted(cuts)]
    assert death.goroutines == whole.goroutines
    assert (death.cause, death.details) == (whole.cause, whole.details)


def test_a_torn_first_line_is_joined_where_the_message_is_known():
    """`fatal error: ` and the message are two writes."""
    text = OOM.replace("fatal error: out", 'fatal error: {"level":"info","id":1}\nout')
    [death], application = read(text.split("\n", 1)[1])
    assert death.text == "fatal error: out of memory"
    assert application == [b'{"level":"info","id":1}']


# -- bounds, and anything at all


def test_a_report_keeps_few_lines_and_a_bounded_value():
    """A panic may print a megabyte."""
    reader = DeathReader()
    lines = [
        b"panic: " + b"x" * 100_000,
        *[b"y" * 2000] * 100,
        b"",
        b"goroutine 1 [running]:",
        b"main.main()",
        b"\t/a.go:1 +0x1",
    ]
    records, application = read(lines, reader)
    assert sum(len(line) for line in application) > 50_000
    for record in records:
        assert isinstance(record, Dump) or len(record.lines) <= MOST_LINES_KEPT


LINES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([line.encode() for line in (OOM + PANIC).split("\n")]),
        st.sampled_from([line.encode()[:12] for line in (OOM + PANIC).split("\n")]),
        st.sampled_from(
            [
                b"exit status 2",
                b"-----",
                b"runtime: x",
                b'fatal error: {"a":1}',
                b"SIGQUIT: quit",
                b"PC=0x1 m=0",
                b"> goroutine 1 [running]:",
                b"gc 1 @0.1s",
            ]
        ),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(LINES)
def test_no_bytes_raise_and_no_line_is_invented(lines):
    """Whatever is fed: what comes back was fed, or is the end of what was fed."""
    lines = [line.replace(b"\n", b"") for line in lines]
    _, application = read(lines)
    assert len(application) <= len(lines)
    for line in application:
        assert any(fed.endswith(line) for fed in lines)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=400), st.text('Kiled: OM137exitscodgnal\n "[]{}=/', max_size=200).map(str.encode)))
def test_no_block_of_bytes_raises(block):
    """find_report answers on anything."""
    for death in find_report(block):
        assert death.cause in TOLD


def test_long_lines_of_one_character_take_no_time():
    """No pattern goes back and forth."""
    for unit in (
        b"(",
        b"0",
        b" ",
        b":1",
        b"a",
        b"[",
        b"\t",
        b"Killed ",
        b"OOMKilled ",
        b"exit status 137 ",
        b"a ",
        b"- ",
        b"1 ",
        b"State: Terminated ",
        b"exitCode: 1 ",
        b"Last State:  ",
        b"reason: OOMKilled\n",
    ):
        line = unit * (60_000 // len(unit))
        find_report(line)
        find_report(b"OOMKilled " + line)
        read(
            [
                b"panic: " + line,
                b"goroutine 1 [" + line,
                line,
                b"",
                b"goroutine 1 [running]:",
                line,
                line,
                b"main." + line,
            ]
        )


# -- what others say


@pytest.mark.parametrize(
    "line",
    [
        'level=info msg="watching for OOMKilled pods"',
        '{"level":"info","msg":"if you see exit status 137 the pod was OOM killed"}',
        "2024-01-02T03:04:05Z INFO Killed process cleanup finished",
        "INFO handled request id=137 status=200",
        "2024/01/02 03:04:05 worker exited with code 0",
        'level=info msg="Killed" count=3',
        'time="2024" level=warn msg="signal: killed is what the OOM killer leaves"',
        "docs: exit code 137 means OOMKilled",
        "Aborted transactions: 5",
        'level=error msg="retry after exit status 1" attempt=3',
        "2024-01-02 INFO terminated with exit code 137 handlers registered",
        '{"msg":"rule","expr":"kube_pod_container_status_last_terminated_reason{reason=\\"OOMKilled\\"}"}',
        "INFO Container payments was OOMKilled 3 times according to docs",
        "2024-01-02T03:04:05Z INFO game event: Killed",
        "The player was Killed",
        "the memory limit of 512 MiB is generous",
        "Out of memory: Killed process 1234 (payments) total-vm:2647612kB, anon-rss:2089996kB, file-rss:0kB",
    ],
)
def test_what_is_only_mentioned_is_no_death(line):
    """A message about killing is not a kill. (The kernel's own lines are read by another reader.)"""
    assert find_report(line.encode()) == []


def test_colours_hide_nothing():
    """docker compose paints the names of its services."""
    [death] = find_report(b"\x1b[36mpayments-1 exited with code 137\x1b[0m")
    assert (death.cause, death.details["container"]) == ("exit-137", "payments-1")


@pytest.mark.parametrize(
    "line",
    ["2024-01-02T03:04:05.123Z app[web.1]: Killed", "Jan  5 10:00:00 host run.sh[77]: Killed", "payments_1  | Killed"],
)
def test_what_a_shell_says_may_pass_through_a_logger(line):
    """Heroku, syslog and docker compose put a time and a name in front."""
    [death] = find_report(line.encode())
    assert (death.cause, death.source) == ("sigkill", "shell")


def test_a_report_inside_a_message_makes_less_sure():
    """A supervisor written in Go logs its child's end as a field."""
    [death] = find_report(b'time=2024-01-02T03:04:05Z level=error msg="child exited" err="signal: killed"')
    assert death.cause == "sigkill"
    assert death.details["confidence"] < 0.7
    [death] = find_report(b"signal: killed")
    assert death.details["confidence"] >= 0.9


def test_kubectl_describe_is_one_death_over_three_lines():
    """And the text is found again in the block."""
    block = b"    State:          Running\n    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n      Started:      Mon"
    [death] = find_report(block)
    assert (death.cause, death.source, death.details["exit_code"]) == ("oom-killed-report", "orchestrator", 137)
    assert death.text.encode() in block


def test_all_deaths_of_a_block_come_in_order_and_bounded():
    """systemd tells of one kill in two lines."""
    block = b"""\
Nov 23 08:17:01 host systemd[1]: payments.service: A process of this unit has been killed by the OOM killer.
2026-11-23T02:29:48Z INFO nothing to see
Nov 23 08:17:01 host systemd[1]: payments.service: Main process exited, code=killed, status=9/KILL
Nov 23 08:17:01 host systemd[1]: payments.service: Failed with result 'oom-kill'.
"""
    found = find_report(block)
    assert [death.cause for death in found] == ["oom-killed-report", "sigkill", "oom-killed-report"]
    assert {death.details["unit"] for death in found} == {"payments.service"}
    assert len(find_report(b"signal: killed\n" * 500)) == 64


def test_exit_status_after_a_dump_is_not_another_death():
    """`go run` prints it after every panic."""
    assert find_report(PANIC.encode() + b"exit status 2\n") == []
    assert [death.cause for death in find_report(b"exit status 2\n")] == ["exit-status"]
