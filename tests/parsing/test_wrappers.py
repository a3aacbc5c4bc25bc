"""Container runtimes, journald, syslog and shippers are taken off a line, and the text inside is left as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.errors import UsageError
from gctail.parsing.entry import Entry, seconds_of
from gctail.parsing.formats import formats, read_formats
from gctail.parsing.joins import MAX_HELD_BYTES, MAX_LINE_BYTES, MAX_STREAMS, Joins
from gctail.parsing.times import parse_time
from gctail.parsing.wrapper_formats import Sample, Wrapper, expected, to_the_millisecond
from gctail.parsing.wrapper_json import DOCKER_CUT_BYTES, RecordReader
from gctail.parsing.wrappers import Unwrapper, wrappers

GC = "gc 1 @0.016s 9%: 1.8+1.6+0.004 ms clock, 14+0.12/1.2/0+0.035 ms cpu, 4->4->1 MB, 5 MB goal, 8 P"
STAMP = "2026-11-23T08:17:00.698095214Z"
AT = seconds_of(STAMP.encode())

SAMPLES = [
    pytest.param(wrapper, sample, id=f"{wrapper.name}-{number}")
    for wrapper in wrappers()
    for number, sample in enumerate(wrapper.definition.sample, 1)
]
JSON_INSIDE = {"journald-json-sse"}  # their text is itself wrapped, and is taken off as well
BARE = [
    b'{"time":"2026-11-23T08:17:00Z","level":"INFO","msg":"request processed","id":1}',
    b'{"time":"2026-11-23T08:17:00Z","level":"INFO","source":{"function":"main.run","line":3},"msg":"gc tuned"}',
    b'{"level":"info","ts":1795421820.5,"caller":"server/main.go:12","msg":"request processed","stream":"orders"}',
    b'{"level":"info","message":"request processed","time":1795421820}',
    b'{"animal":"walrus","level":"info","msg":"request processed","time":"2026-11-23T08:17:00Z"}',
    b'{"@timestamp":"2026-11-23T08:17:00Z","log.level":"info","message":"served","ecs.version":"1.6.0"}',
    b'{"@timestamp":"2026-11-23T08:17:00Z","@version":"1","level":"info","message":"served","host":"n1"}',
    b'{"stream":"ORDERS","message":"served","level":"info"}',
    b'{"msg":"served","pod":"x"}',
    b'{"log":"x"}',
    b"I1123 08:17:00.123456    1 main.go:12] request processed",
    b"2026-01-02T03:04:05Z INFO request served id=1",
    b'2026-01-02T03:04:05.000Z\tINFO\tserver/main.go:12\tserved\t{"id":1}',
    b"2026-01-02T03:04:05Z INFO main: request served",
    b'Nov 23 08:17:00.123 info: pay: request served: {"id":1}',
    b"2026-01-02T03:04:05Z main server: listening",
    b'time=2026-01-02T03:04:05Z level=INFO msg="request served" id=1',
    b"2026/01/02 03:04:05 request served",
    b'[GIN] 2026/11/23 - 08:17:00 | 200 |   1.2ms |       127.0.0.1 | GET      "/"',
    b'127.0.0.1 - - [23/Nov/2026:08:17:00 +0000] "GET / HTTP/1.1" 200 12',
    b"worker-12 started processing",
    b"request-12345 handler done",
    b"name | value",
    b"total 3 | 4 | 5",
    b"[1] started",
    b'data: {"id":1}',
    b"  P0: status=1 schedtick=2",
    b"\t/usr/local/go/src/runtime/proc.go:250 +0x1d",
    b"main.main()",
    b"goroutine 1 [running]:",
    b"<nil> pointer",
    b"gc ",
    b" @",
    b"1",
    b"",
    GC.encode(),
]


def unwrap_all(lines: list[bytes], forced: str | None = None) -> list[Entry]:
    """Everything that comes out of the lines of one input, a bare line as an entry without any knowledge."""
    unwrapper = Unwrapper(forced)
    found: list[Entry] = []
    for line in lines:
        taken = unwrapper.unwrap(line)
        found += [Entry(line)] if taken is None else taken
    return [*found, *unwrapper.flush()]


def texts(lines: list[bytes], forced: str | None = None) -> list[bytes]:
    return [entry.text for entry in unwrap_all(lines, forced)]


def docker(log: str, stream: str = "stderr", **more: Any) -> bytes:
    record = {"log": log, "stream": stream, "time": STAMP, **more}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).replace(">", "\\u003e").encode()


# --- The formats prove themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrapper", "sample"), SAMPLES)
def test_a_sample_is_taken_by_its_own_wrapper_and_by_none_before_it(wrapper: Wrapper, sample: Sample) -> None:
    """The whole way, with the order, the search pattern and the evidence, gives what the sample promises."""
    forced = wrapper.name if sample.in_force else None
    found = unwrap_all(sample.line.encode().split(b"\n"), forced)[0]
    if wrapper.name not in JSON_INSIDE and found.service != "kernel":
        assert to_the_millisecond(found) == replaced_partial(expected(sample, thin=wrapper.thin), found)
    if not wrapper.thin and not sample.in_force:
        assert formats().sniff(sample.line.encode().split(b"\n")[0]) == wrapper.name


def replaced_partial(entry: Entry, found: Entry) -> Entry:
    """A part that stays alone comes out of flush, partial as the sample says it is."""
    assert found.partial == entry.partial
    return entry


@pytest.mark.parametrize(("wrapper", "sample"), SAMPLES)
def test_the_search_pattern_finds_every_sample_in_the_bulk_of_a_file(wrapper: Wrapper, sample: Sample) -> None:
    """The source of the pattern, put behind a newline, matches wherever sniff would name a wrapper."""
    search = re.compile(rb"\n" + formats().sniff_source)
    text = b"an application's line\n" + sample.line.encode() + b"\nanother\n"
    if not wrapper.thin and not sample.in_force:
        found = search.search(text)
        assert found
        assert found.start() == text.index(b"\n")


def test_no_head_matches_across_a_newline() -> None:
    """A class without \\n in it, or \\s, would let a head run into the next line of a buffer."""
    for wrapper in wrappers():
        for head in wrapper.heads:
            assert not re.search(r"\\[sSDW](?!\))", head.source), wrapper.name
            for negated in re.findall(r"\[\^[^\]]*\]?[^\]]*\]", head.source):
                assert r"\n" in negated or wrapper.definition.quoted, (wrapper.name, negated)


@pytest.mark.parametrize("line", BARE, ids=lambda line: line.decode()[:40])
def test_an_applications_own_line_is_no_wrapper(line: bytes) -> None:
    """What zap, slog, logrus, klog, gin and the runtime itself write stays whole, whatever it looks like."""
    assert formats().sniff(line) is None
    assert Unwrapper().unwrap(line) is None


@pytest.mark.parametrize("line", BARE, ids=lambda line: line.decode()[:40])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_inside_a_wrapper_an_applications_line_comes_through_byte_for_byte(line: bytes, stream: str) -> None:
    """Leading spaces and fragments too: a log driver may make each fragment of a torn line a record of its own."""
    want = [Entry(line, None, stream, AT)]
    assert unwrap_all([docker(line.decode() + "\n", stream)]) == want
    assert unwrap_all([f"{STAMP} {stream} F ".encode() + line]) == want


def test_the_order_follows_from_the_samples() -> None:
    """No wrapper takes a sample of one that is tried after it."""
    tried = [wrapper for wrapper in wrappers() if not wrapper.thin]
    for at, wrapper in enumerate(tried):
        for sample in wrapper.definition.sample:
            assert [earlier.name for earlier in tried[:at] if earlier.take(sample.line.encode())] == []


SMALL = """plain_keys = ["time"]
own_keys = ["level"]
shared = []
[patterns]
evidence = "gc"
runtime = "gc"
strict = "gc"
gap = " "
"""


def small(*sections: str) -> bytes:
    return (SMALL + "".join(sections)).encode()


def section(name: str, heads: str, *lines: str) -> str:
    samples = "".join(f'[[wrapper.sample]]\nline = "{line}"\ntext = "{line.split(" ")[-1]}"\n' for line in lines)
    return f'[[wrapper]]\nname = "{name}"\nabout = "x"\nheads = [\'{heads}\']\n{samples}'


def test_a_more_general_wrapper_is_tried_later_wherever_it_stands_in_the_file() -> None:
    """The order of the file does not matter where the samples decide."""
    general, strict = section("general", "[a-z]+ ", "b x"), section("strict", "a ", "a x")
    for order in ((general, strict), (strict, general)):
        assert [wrapper.name for wrapper in read_formats(small(*order)).wrappers] == ["strict", "general"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            small(section("one", "[ab] ", "a x"), section("two", "[ab] ", "b x")),
            """take each other's samples: "two" takes sample 1 of "one", "one" takes sample 1 of "two".""",
        ),
        (
            small(section("one", "a ", "a x", "b x")),
            'wrappers.toml: wrapper "one", sample 2: its own wrapper does not take it',
        ),
        (
            small(section("one", "a ", "a x").replace('text = "x"', 'text = "y"')),
            "wrappers.toml: wrapper \"one\", sample 1: text is b'x', and the sample says b'y'",
        ),
        (small(section("one", "a ").replace("about", "sample = []\nabout")), 'wrapper "one" has no sample'),
        (small(section("one", "a(", "a x")), 'wrappers.toml: wrapper "one": missing )'),
        (
            small(section("one", "%{nope}", "a x")),
            'wrappers.toml: wrapper "one": there is no pattern %{nope}: give it in [patterns]',
        ),
        (small(section("one", "(?:a|b) ", "a x")), "a head begins with a literal, a class or"),
        (small(section("one", "a ", "a x"), section("one", "b ", "b x")), 'two wrappers are named "one"'),
        (small("[[wrapper]]\nnam = 1\n"), "wrappers.toml: "),
        (b"= 1", "wrappers.toml: "),
    ],
    ids=["cycle", "not-taken", "found-else", "no-sample", "pattern", "macro", "head", "twice", "key", "toml"],
)
def test_a_mistake_in_the_file_is_reported_with_its_place(toml: bytes, message: str) -> None:
    """Whoever adds a wrapper is told which sample of which wrapper is wrong."""
    with pytest.raises(UsageError) as problem:
        read_formats(toml)
    assert message in str(problem.value)


def test_an_unknown_wrapper_cannot_be_forced() -> None:
    """The message names those that can."""
    with pytest.raises(UsageError, match=r'no wrapper is called "dokcer".*docker-json, cri'):
        Unwrapper("dokcer")


def test_none_takes_nothing() -> None:
    """The user may know better."""
    assert Unwrapper("none").unwrap(docker("x\n")) is None
    assert Unwrapper("none").name is None


# --- Parts are joined -------------------------------------------------------------------------------------------------


def test_a_line_cut_at_16_kib_is_whole_again() -> None:
    """Only the last part of Docker ends in a newline; the time is the first part's; nothing is put in between."""
    parts = ["a" * DOCKER_CUT_BYTES, " b" * (DOCKER_CUT_BYTES // 2), "end\n"]
    (entry,) = unwrap_all([docker(part) for part in parts])
    assert entry == Entry("".join(parts)[:-1].encode(), None, "stderr", AT)


def test_parts_of_two_streams_do_not_mix() -> None:
    """stdout and stderr of a container interleave in one file."""
    lines = [
        f"{STAMP} stdout P out1 ".encode(),
        f"{STAMP} stderr P err1 ".encode(),
        f"{STAMP} stdout P out2 ".encode(),
        f"{STAMP} stderr F err2".encode(),
        f"{STAMP} stdout F out3".encode(),
    ]
    assert [(entry.text, entry.stream) for entry in unwrap_all(lines)] == [
        (b"err1 err2", "stderr"),
        (b"out1 out2 out3", "stdout"),
    ]


def test_parts_of_two_services_do_not_mix() -> None:
    """The name on the outer wrapper keeps the parts of the inner one apart."""

    def filebeat(pod: str, message: str) -> bytes:
        record = {
            "@timestamp": STAMP,
            "message": message,
            "kubernetes": {"pod": {"name": pod}},
            "input": {"type": "log"},
        }
        return json.dumps(record).encode()

    lines = [
        filebeat("pay-0", f"{STAMP} stderr P one "),
        filebeat("pay-1", f"{STAMP} stderr P two "),
        filebeat("pay-0", f"{STAMP} stderr F end"),
        filebeat("pay-1", f"{STAMP} stderr F end"),
    ]
    assert [(entry.service, entry.text) for entry in unwrap_all(lines)] == [
        ("pay-0", b"one end"),
        ("pay-1", b"two end"),
    ]


def test_a_held_part_is_not_lost_at_the_end_of_input() -> None:
    """It comes out as what it is: partial."""
    unwrapper = Unwrapper()
    assert unwrapper.unwrap(f"{STAMP} stderr P gc 1 ".encode()) == ()
    assert unwrapper.flush() == [Entry(b"gc 1 ", None, "stderr", AT, partial=True)]
    assert unwrapper.flush() == []


def test_a_writer_that_never_ends_its_lines_is_believed() -> None:
    """A file whose texts have no newline at all holds lines, not one endless line; not even the first ones are lost."""
    lines = [docker(f"line {number}") for number in range(30)]
    assert texts(lines) == [f"line {number}".encode() for number in range(30)]
    assert texts(lines[:3]) == [b"line 0", b"line 1", b"line 2"]


def test_short_parts_are_joined_where_the_writer_ends_its_lines() -> None:
    """One newline is enough to know it."""
    lines = [docker("gc 1 "), docker("@0.016s "), docker("9%:\n"), *[docker("x")] * 20, docker("y\n")]
    assert texts(lines) == [b"gc 1 @0.016s 9%:", b"x" * 20 + b"y"]


def test_joins_are_bounded() -> None:
    """An endless line comes in pieces, and too many open streams let go of the oldest."""
    joins = Joins()
    part = Entry(b"x" * 65536, "pay", "stderr", 1.0, partial=True)
    out = [entry for _ in range(40) for entry in joins.add(part)]
    assert [len(entry.text) for entry in out] == [MAX_LINE_BYTES + 65536] * 2
    assert all(entry.partial for entry in out)

    joins = Joins()
    out = [entry for number in range(MAX_STREAMS + 3) for entry in joins.add(Entry(b"p", str(number), partial=True))]
    assert [entry.service for entry in out] == ["0", "1", "2"]

    joins, held, largest = Joins(), 0, 0
    for number in range(100):
        held += 900_000 - sum(len(entry.text) for entry in joins.add(Entry(b"x" * 900_000, str(number), partial=True)))
        largest = max(largest, held)
    assert largest <= MAX_HELD_BYTES


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["stdout", "stderr"]),
            st.lists(
                st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20), min_size=1, max_size=4
            ),
        ),
        max_size=8,
    )
)
def test_whatever_was_cut_comes_back_whole(lines: list[tuple[str, list[str]]]) -> None:
    """Cut anywhere, wrapped as CRI or Docker, each line is what it was, in the order in which the lines ended."""
    cri, json_file = [], [docker("first\n")]
    for stream, parts in lines:
        for at, part in enumerate(parts):
            last = at == len(parts) - 1
            cri.append(f"{STAMP} {stream} {'F' if last else 'P'} {part}".encode())
            json_file.append(docker(part + ("\n" if last else ""), stream))
    want = [("".join(parts).encode(), stream) for stream, parts in lines]
    # pinned, because a text may itself look like another wrapper
    found = [(entry.text, entry.stream) for entry in flat(cri, "cri")]
    assert found == want
    assert [(entry.text, entry.stream) for entry in flat(json_file, "docker-json")][1:] == want


def flat(lines: list[bytes], name: str) -> list[Entry]:
    """One wrapper alone with its joins, nothing inside taken off."""
    (wrapper,) = (one for one in wrappers() if one.name == name)
    joins, out = Joins(), []
    for line in lines:
        for entry in wrapper.take(line) or ():
            out += joins.add(entry, by_newline=wrapper.by_newline)
    return out


# --- What lies inside one another -------------------------------------------------------------------------------------


def test_wrappers_inside_wrappers_are_taken_off() -> None:
    """journald around docker-compose; kubectl's prefix around its time stamps; syslog around the kernel's ring."""
    journal = json.dumps(
        {"__CURSOR": "s=1", "_SYSTEMD_UNIT": "shop.service", "_PID": "9", "MESSAGE": f"web-1  | {GC}"}
    ).encode()
    assert unwrap_all([journal]) == [Entry(GC.encode(), "web-1", pid=9)]
    assert unwrap_all([f"[pod/pay-0/app] {STAMP} {GC}".encode()]) == [Entry(GC.encode(), "pay-0/app", time_s=AT)]
    line = b"Nov 23 08:17:00 node-3 kernel: [12345.678901] Out of memory: Killed process 4711 (pay)"
    assert unwrap_all([line]) == [Entry(b"Out of memory: Killed process 4711 (pay)", "kernel")]


def test_a_time_stamp_under_a_wrapper_that_knows_the_time_is_the_applications_own() -> None:
    """It stays in the text."""
    text = STAMP + ' {"level":"info"}'
    assert texts([docker(text + "\n")]) == [text.encode()]


def test_a_bracketed_number_in_a_container_is_not_the_kernel() -> None:
    """Only syslog and journald hold kernel lines."""
    assert unwrap_all([docker("[12345.678901] ready\n")])[0].text == b"[12345.678901] ready"


def test_the_depth_is_bounded() -> None:
    """Ten wrappers deep, four are taken off."""
    line = "x"
    for _ in range(10):
        line = docker(line + "\n").decode()
    (entry,) = unwrap_all([line.encode()])
    assert entry.text.startswith(b'{"log":')


def test_one_line_may_hold_many_entries() -> None:
    """OpenTelemetry, Loki and CloudWatch batch; a stack that a shipper glued together is lines again."""
    records = [{"timeUnixNano": "1795421820000000000", "body": {"stringValue": text}} for text in ("one", "two\nthree")]
    resource = {"attributes": [{"key": "k8s.pod.name", "value": {"stringValue": "pay-0"}}]}
    line = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}, {"logRecords": []}]}] * 2}
    found = unwrap_all([json.dumps(line).encode()])
    assert [entry.text for entry in found] == [b"one", b"two", b"three"] * 2
    assert {entry.service for entry in found} == {"pay-0"}


# --- What a file teaches ----------------------------------------------------------------------------------------------


def test_time_stamps_are_believed_once_the_runtime_speaks_behind_one() -> None:
    """Until then `2026-01-02T03:04:05Z INFO …` may be the application's own line; after it, fragments come through."""
    lines = [
        f"{STAMP} INFO before".encode(),
        f"{STAMP} {GC}".encode(),
        f"{STAMP} INFO after".encode(),
        f"{STAMP}  @".encode(),
        f"{STAMP} 1".encode(),
        f"{STAMP} gc 2026-01-02T03:04:05Z INFO request served id=2918".encode(),
    ]
    found = texts(lines)
    assert found[0] == lines[0]
    assert found[1:] == [
        GC.encode(),
        b"INFO after",
        b" @",
        b"1",
        b"gc 2026-01-02T03:04:05Z INFO request served id=2918",
    ]


def test_time_stamps_are_no_longer_believed_where_lines_come_without_them() -> None:
    """Every line of `docker logs -t` has one: three without are too many."""
    unwrapper = Unwrapper()
    unwrapper.unwrap(f"{STAMP} {GC}".encode())
    assert unwrapper.name == "timestamps"
    for _ in range(3):
        assert unwrapper.unwrap(b"a bare line") is None
    assert unwrapper.name is None
    assert unwrapper.unwrap(b"2026-01-02T03:04:05Z INFO request served id=1") is None


def test_a_forced_wrapper_is_believed_at_once() -> None:
    """And no other one is taken for it."""
    assert texts([f"{STAMP} INFO before".encode(), docker("x\n")], "timestamps") == [b"INFO before", docker("x\n")]


def test_another_wrapper_may_follow_in_the_same_file() -> None:
    """Somebody concatenated two logs."""
    unwrapper = Unwrapper()
    assert [entry.text for entry in unwrapper.unwrap(docker("one\n")) or ()] == [b"one"]
    assert [entry.text for entry in unwrapper.unwrap(f"{STAMP} stderr F two".encode()) or ()] == [b"two"]
    assert unwrapper.name == "cri"


def test_a_torn_line_at_the_head_of_a_bare_log_is_no_wrapper() -> None:
    """A fragment of the runtime in front of an application's line is left for mending."""
    lines = [b"gc 2026-01-02T03:04:05Z INFO request served id=2918", b"1 @0.5s 2026-01-02T03:04:05Z INFO served"]
    assert texts(lines) == lines


# --- journald's export format -----------------------------------------------------------------------------------------


def export(message: bytes, *, binary: bool = False) -> bytes:
    field = b"MESSAGE\n" + len(message).to_bytes(8, "little") + message if binary else b"MESSAGE=" + message
    return (
        b"__CURSOR=s=7;i=1\n__REALTIME_TIMESTAMP=1795421820698095\n_PID=7\n"
        + field
        + b"\n_SYSTEMD_UNIT=pay.service\n\n"
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=600), min_size=1, max_size=4))
def test_binary_fields_of_the_journal_come_through(messages: list[bytes]) -> None:
    """Whatever bytes they hold, newlines even in the length: a field of 10 bytes has \\n as its first length byte."""
    data = b"".join(export(message, binary=True) for message in messages)
    unwrapper = Unwrapper("journald-export")
    found = [entry for line in data.split(b"\n") for entry in unwrapper.unwrap(line) or ()]
    want = [line for message in messages for line in message.removesuffix(b"\n").split(b"\n")]
    assert [entry.text for entry in found] == want
    assert {(entry.service, entry.pid) for entry in found} <= {("pay.service", 7)}


def test_a_journal_entry_without_its_empty_line_comes_out_at_the_end() -> None:
    """A journal that is cut off loses nothing that it said."""
    assert texts(export(b"one").rstrip(b"\n").split(b"\n")) == [b"one"]
    assert texts([*export(b"one").rstrip(b"\n").split(b"\n"), b"stray line"]) == [b"one", b"stray line"]


# --- Thin wrappers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"2016/07/06 18:35:09 %s",
        b"[pay] 2016/07/06 18:35:09.123456 run.go:12: %s",
        b"> > %s",
        b"    %s",
        b"\t%s",
        b"> 2016/07/06 18:35:09 %s",
        b"2026-11-23 08:17:00,123 INFO %s",
        b"[ERROR] %s",
        b'{"level":"info","component":"child","msg":"%s"}',
        b'time=2026-11-23T08:17:00Z level=info msg="%s" pid=3',
    ],
)
def test_runtime_output_is_found_in_thin_wrappers(line: bytes) -> None:
    """At the outside they say that they are thin; inside another wrapper only what is certain is taken off."""
    (entry,) = unwrap_all([line % GC.encode()])
    assert (entry.text, entry.thin) == (GC.encode(), True)
    (entry,) = unwrap_all([f"{STAMP} stderr F ".encode() + line % GC.encode()])
    assert (entry.text, entry.thin, entry.stream) == (GC.encode(), False, "stderr")
    assert Unwrapper().unwrap(line % b"gc percent is 100") is None


def test_a_stack_in_thin_wrappers_comes_out_whole() -> None:
    """A dump that was moved to the right keeps the tabs that are its own."""
    dump = [b"panic: boom", b"goroutine 1 [running]:", b"main.main()", b"\t/app/main.go:12 +0x1d", b"exit status 2"]
    assert texts([b"    " + line for line in dump]) == dump
    assert texts(dump) == dump


# --- Details of single formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "want"),
    [
        (b"2026-11-23T08:17:00Z stdout F ", Entry(b"", None, "stdout", 1795421820.0)),
        (b"2026-11-23T08:17:00Z stdout F:TAG x", Entry(b"x", None, "stdout", 1795421820.0)),
        (
            b'<30>1 2026-11-23T08:17:00Z h pay - - [a@1 x="]"] \xef\xbb\xbfx',
            Entry(b"x", "pay", None, 1795421820.0, data=b'[a@1 x="]"]'),
        ),
        (b"<30>1 - - - - - -", Entry(b"")),
        (b"Nov 23 08:17:00 h docker/pay[7]:  two spaces", Entry(b" two spaces", "docker/pay", pid=7)),
        (b"Nov 23 08:17:00 h pay[7]:", Entry(b"", "pay", pid=7)),
        (b"kern  :info  : [Mon Nov 23 08:17:00 2026] x", Entry(b"x", "kernel", None, 1795421820.0)),
        ("[пн ноя 23 08:17:00 2026] x".encode(), Entry(b"x", "kernel", None, 1795421820.0)),
        (b'{"MESSAGE":"a\\nb","_PID":"x","SYSLOG_IDENTIFIER":"pay"}', Entry(b"a", "pay")),
        (b'{"log":"\\ud800\\n","stream":"stderr","time":"x"}', Entry(b"?", None, "stderr")),
        (b'{"log":"\xff\xfe\\n","stream":"stderr","time":"x"}', Entry(b"\xff\xfe", None, "stderr")),
        (b'{"log":"a\\u0000b\\n","stream":"stderr","time":"x"}', Entry(b"a\x00b", None, "stderr")),
        (b'{"log":7,"stream":"stderr","time":"x"}', Entry(b"7", None, "stderr", None, partial=True)),
    ],
    ids=range(13),
)
def test_odd_lines_are_read(line: bytes, want: Entry) -> None:
    """Empty texts, tags, byte order marks, languages, bytes that are no UTF-8, wrong types."""
    assert unwrap_all([line])[0] == want


def test_a_year_completes_the_times_of_syslog() -> None:
    """Without one they are unknown: a guess would need a clock."""
    line = b"Nov 23 08:17:00 h pay[7]: x"
    assert [entry.time_s for entry in Unwrapper(year=2026).unwrap(line) or ()] == [1795421820.0]
    assert [entry.time_s for entry in Unwrapper().unwrap(line) or ()] == [None]


@settings(deadline=None, max_examples=60)
@given(st.datetimes(), st.integers(0, 999_999_999), st.integers(1, 9))
def test_the_quick_clock_agrees_with_parse_time(moment: Any, nanos: int, digits: int) -> None:
    """To the resolution of a double."""
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}"[: 20 + digits].encode() + b"Z"
    slow, quick = parse_time(stamp), seconds_of(stamp)
    assert (slow is None) == (quick is None)
    if slow is not None and quick is not None:
        assert abs(slow - quick) < 1e-5


# --- Hostile input ----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def leaf_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(found for key in value for found in leaf_paths(value[key], (*path, key)))]
    if isinstance(value, list):
        return [path, *(found for at in range(len(value)) for found in leaf_paths(value[at], (*path, at)))]
    return [path]


JSON_SAMPLES = [
    json.loads(sample.line)
    for wrapper in wrappers()
    for sample in wrapper.definition.sample
    if sample.line[0] == "{" and "\x1b" not in sample.line
]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_wrong_types_in_json_never_raise(data: st.DataObject) -> None:
    """Any value of any sample may be anything at all."""
    record = json.loads(json.dumps(data.draw(st.sampled_from(JSON_SAMPLES))))
    path = data.draw(st.sampled_from(leaf_paths(record)))
    value = data.draw(json_values)
    if path:
        holder = record
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
    check_never_raises(json.dumps(record).encode())


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([sample.line.encode() for one in wrappers() for sample in one.definition.sample]), st.data())
def test_damaged_lines_never_raise_and_sniff_agrees_with_the_search_pattern(line: bytes, data: st.DataObject) -> None:
    """Cut, doubled, overwritten: what comes out is bytes that went in, and sniff names only what the pattern finds."""
    begin = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(begin, len(line)))
    check_never_raises(line[:begin] + data.draw(st.binary(max_size=6)) + line[end:])
    check_never_raises(line[begin:] + line[:end])


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(line: bytes) -> None:
    """Nothing that stands in a file is an error here."""
    check_never_raises(line)


SEARCH = re.compile(rb"(?:" + formats().sniff_source + rb")")


def check_never_raises(data: bytes) -> None:
    unwrapper = Unwrapper()
    for line in data.split(b"\n"):
        for entry in unwrapper.unwrap(line) or ():
            assert isinstance(entry.text, bytes)
            assert b"\n" not in entry.text
            assert entry.service is None or entry.service.isprintable() or entry.service
            assert entry.time_s is None or abs(entry.time_s) < 1e12
        if formats().sniff(line):
            assert SEARCH.match(line + b"\nnext")
    unwrapper.flush()
    for wrapper in wrappers():
        wrapper.take(data)


@pytest.mark.parametrize(
    "line",
    [
        b'{"log":' + b"[" * 100_000,
        b'{"kubernetes":' + b'{"a":' * 50_000,
        b'{"log":"' + b"\\" * 200_001,
        b"<30>1 " + b"[" * 100_000,
        b"<30>1 a b c d e [" + b'"x"' * 50_000,
        b"a" * 300_000,
        b"a=" * 100_000,
        b'a="b" ' * 50_000,
        b"> " * 100_000,
        b" " * 300_000,
        b"2026-11-23T08:17:00Z {" + b'a="' * 50_000,
        b'{"resourceLogs":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"time":"' + b"x" * 100_000 + b'",' * 3,
        b'{"time":1,' * 30_000,
        b"\x1b[1m" * 50_000,
        b'{"MESSAGE":[' + b"1," * 100_000 + b'300],"_PID":"1"}',
        b'{"_PID":' + b"9" * 5000 + b',"MESSAGE":"x"}',
        b'{"@message":"x","@timestamp":1e999}',
    ],
    ids=range(18),
)
@pytest.mark.timeout(5)
def test_hostile_lines_take_no_time(line: bytes) -> None:
    """Deep, long or full of what a pattern could try again and again."""
    check_never_raises(line)
    Unwrapper().unwrap(f"{STAMP} stderr F ".encode() + line)


@given(
    data=st.data(),
    keys=st.lists(
        st.sampled_from(
            [
                "log",
                "stream",
                "time",
                "attrs",
                "MESSAGE",
                "_PID",
                "kubernetes",
                "kubernetes.pod_name",
                "k8s",
                "labels",
                "line",
                "x",
            ]
        ),
        unique=True,
    ),
)
def test_what_is_known_of_keys_says_what_looking_everywhere_says(data: st.DataObject, keys: list[str]) -> None:
    """A reader that has seen records with the same keys looks only where something can lie."""
    value = st.one_of(
        st.none(),
        st.sampled_from(["stdout", "12", "2026-11-23T03:12:00Z", ""]),
        st.just({"pod_name": "pay-0", "container_name": "app", "line": "x"}),
    )
    seen, now = ({key: data.draw(value) for key in keys} for _ in range(2))
    for wrapper in wrappers():
        if wrapper.reader is None:
            continue
        wrapper.reader.entries(seen)
        wrapper.reader.entries(seen)
        assert wrapper.reader.entries(now) == LooksEverywhere(wrapper.reader.shape).entries(now)


class LooksEverywhere(RecordReader):
    """Remembers nothing of keys."""

    def _of_keys(self, record: dict[str, object]) -> Any:
        there = frozenset(record)
        fits = (not self._only or self._only >= there) and not self._never & there
        return self._all if fits else None
