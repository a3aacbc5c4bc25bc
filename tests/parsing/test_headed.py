"""Lines behind heads are read in blocks, and nobody can tell by what is found."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing import headed
from gctail.parsing.entry import seconds_of
from gctail.parsing.wrapper_heads import Heads
from gctail.parsing.wrappers import Unwrapper, wrappers
from gctail.records import Passage
from parsing.test_scanner import GC, gc, read

HEADS = {
    "docker-compose": "{service}-1  | ",
    "kubectl-prefix": "[pod/{service}-7d9f8c5b6-x2xz9/app] ",
    "stern": "{service}-7d9f8c5b6-x2xz9 app ",
    "timestamps": "2026-11-23T03:12:{second:02d}.123456789Z ",
    "journald-full": "Mon 2026-11-23 03:12:{second:02d} UTC node-3 {service}[812]: ",
    "syslog-rfc3164": "Nov 23 03:12:{second:02d} node-3 {service}[812]: ",
    "syslog-iso": "2026-11-23T03:12:{second:02d}+00:00 node-3 {service}[812]: ",
    "syslog-rfc5424": "<14>1 2026-11-23T03:12:{second:02d}Z node-3 {service} 812 - - ",
    "syslog-rfc5424 with data": '<14>1 2026-11-23T03:12:{second:02d}Z node-3 {service} 812 - [ctx@4 id="{second}"] ',
    "heroku": "2026-11-23T03:12:{second:02d}.5+00:00 app[{service}]: ",
}
TEXTS = [
    *['time=2026-11-23T03:12:00Z level=INFO msg="request served" id={n}'] * 12,
    '{{"time":"2026-11-23T03:12:00Z","level":"INFO","msg":"session stored","user":{n}}}',
    GC.replace("{n}", "{{n}}").replace("{t:.3f}", "{{n}}.000").replace("{{n}}", "{n}"),
    "gc {n} @{n}.000s 1%: 0.038+0.34",
    "+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P",
    "readygc {n} @{n}.000s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, 2 P",
    "mail to somebody@example.com (retry {n}): done",
    "fatal error: runtime: out of memory",
    "goroutine {n} [running]:",
    "main.main()",
    "\t/app/main.go:{n} +0x1c",
    "#011/app/main.go:{n} +0x1c",
    "payments exited with code 137",
    "go_memstats_heap_inuse_bytes {n}e+06",
    "SCHED {n}ms: gomaxprocs=2 idleprocs=1 threads=5 spinningthreads=0 idlethreads=2 runqueue=0 [0 0]",
    '{{"log":"inside of docker {n}\\n","stream":"stderr","time":"2026-11-23T03:12:00.5Z"}}',
    "2026-11-23T03:12:01Z stdout F inside of a pod {n}",
    "> gc {n} @{n}.000s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, 2 P",
    "",
    "carriage return\r",
    "odd \x1b[31mbytes\x1b[0m \x00 {n}",
]
LINES = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(["shop", "shop", "pay", "kernel"]), st.integers(0, 59)),
    min_size=1,
    max_size=80,
)


def told(events):
    return [
        (bytes(event.text), *(getattr(event, name) for name in event.__struct_fields__ if name != "text"))
        if isinstance(event, Passage)
        else event
        for event in events
    ]


def log(head, lines):
    made = [
        head.format(service=service, second=number % 60) + text.format(n=number) + "\n"
        for number, (text, service, _) in enumerate(lines, 1)
    ]
    return "".join(made[at] if lines[at][2] else made[at].removeprefix(head[:3]) for at in range(len(made)))


@pytest.mark.parametrize("name", HEADS)
@settings(max_examples=40, deadline=None)
@given(lines=LINES)
def test_a_block_of_lines_tells_what_its_lines_tell_one_by_one(name, lines):
    """Torn collections, stacks, reports of a kill, wrappers inside, lines without a head: in any order."""
    whole = log(HEADS[name], lines)
    begun = log(HEADS[name], [(GC.replace("{n}", "1").replace("{t:.3f}", "1.000"), "shop", 1)])
    with patch.object(headed, "LEAST_BYTES", 1):
        at_once, scanner = read(begun + whole)
    with patch.object(headed, "LEAST_BYTES", 1 << 30):
        one_by_one, other = read(begun + whole)
    assert told(at_once) == told(one_by_one)
    assert (scanner.lines_read, scanner.notes) == (other.lines_read, other.notes)
    assert scanner.state() == other.state()


@pytest.mark.parametrize("name", HEADS)
def test_such_a_log_is_read_in_blocks(name):
    """What the test before compares is not one thing twice."""
    begun = log(HEADS[name], [(gc(1), "shop", 1)]).rstrip()
    unwrapper = Unwrapper()
    assert unwrapper.unwrap(begun.encode())
    heads = unwrapper.heads
    assert name.startswith(unwrapper.name)
    block = log(HEADS[name], [("request {n} served", "shop", 1)] * 40).encode()
    assert heads.run(bytearray(block), 0, len(block)).end() == len(block)


@pytest.mark.parametrize("wrapper", [each for each in wrappers() if each.in_bulk], ids=lambda wrapper: wrapper.name)
def test_a_row_says_what_the_wrapper_says(wrapper):
    """Text and time of each sample."""
    for sample in wrapper.definition.sample:
        line = sample.line.encode()
        entry = wrapper.take(line, year=2026)[0]
        rows = wrapper.in_bulk.rows(bytearray(line + b"\n"), 0, len(line) + 1)
        if line.endswith(entry.text):  # else it is escaped, and read by itself
            assert [row[-1] for row in rows] == [entry.text]
            stamp = wrapper.in_bulk.stamp(rows[0])
            assert (seconds_of(stamp, 2026) if stamp else None) == entry.time_s
        else:
            assert rows == []


def test_of_several_heads_the_first_that_fits_counts():
    """As where lines are taken one by one."""
    heads = Heads(["(?P<service>[a-z]+): ", "(?P<service>[a-z]+)(?P<time>:) "])
    rows = heads.rows(bytearray(b"pay: one\npay:two\n"), 0, 17)
    assert [row[-1] for row in rows] == [b"one"]
    assert heads.stamp(rows[0]) == b""
