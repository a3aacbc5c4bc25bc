"""The scan lane: whatever the chunks, whatever stands around them, the runtime's lines are found and the rest is kept."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.heads import _FIND, SLACK_BYTES, Finder
from gctail.parsing.scanner import Scanner
from gctail.parsing.times import parse_time
from gctail.parsing.window import LINE_BYTES, Room
from gctail.parsing.wrappers import unwrapped
from gctail.records import Death, GcCycle, Passage, Sighting

GC = (
    "gc {n} @{t:.3f}s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, "
    "0 MB stacks, 0 MB globals, 2 P"
)


def gc(number):
    return GC.format(n=number, t=number * 0.5)


def read(data, chunk=None, **options):
    data = data.encode() if isinstance(data, str) else data
    scanner = Scanner("a.log", "a", **options)
    events = []
    for start in range(0, len(data), chunk or len(data) or 1):
        scanner.feed(data[start : start + (chunk or len(data))])
        events += [_kept(event) for event in scanner.take()]
    scanner.flush()
    return [*events, *(_kept(event) for event in scanner.take())], scanner


def _kept(event):
    if isinstance(event, Passage):
        return Passage(bytes(event.text), event.service, event.origin, event.offset, event.time_s, event.stream)
    return event


def numbers(events):
    return [
        event.record.number for event in events if isinstance(event, Sighting) and isinstance(event.record, GcCycle)
    ]


def application(events, service=None):
    return b"".join(
        event.text for event in events if isinstance(event, Passage) and service in (None, event.service)
    ).decode()


LOG = "".join(f"time=2026-11-23T03:12:{n % 60:02d}Z level=INFO msg=one id={n}\n" + gc(n) + "\n" for n in range(1, 40))


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 181, 4096, None])
def test_the_size_of_the_chunks_does_not_matter(chunk):
    """A line may be cut anywhere between two reads."""
    events, scanner = read(LOG, chunk)
    assert numbers(events) == list(range(1, 40))
    assert application(events) == "".join(line + "\n" for line in LOG.splitlines() if line.startswith("time="))
    assert scanner.lines_read == LOG.count("\n")


def test_offsets_lead_to_the_line():
    """Whoever wants to see it can seek to it."""
    events, _ = read(LOG, 100)
    data = LOG.encode()
    for event in events:
        if isinstance(event, Sighting):
            assert data[event.offset :].startswith(b"gc %d @" % event.record.number)
        else:
            assert data[event.offset :].startswith(event.text)


def test_a_last_line_without_a_newline_counts():
    """A log that simply stops."""
    events, _ = read(LOG + gc(40))
    assert numbers(events)[-1] == 40


@pytest.mark.parametrize(
    "line",
    [
        "    {}",
        "\t{}",
        "> {}",
        "2016/07/06 18:35:09 {}",
        "2016/07/06 18:35:09.123456 {}",
        "\x1b[32m{}\x1b[0m",
        "\0\0\0\0{}",
        "{}\r",
        "[pid 17] {}",
        "stderr: {}",
        "2026-11-23T03:12:00.123Z {}",
        "Nov 23 03:12:00 host pay[17]: {}",
        '{{"log":"{}\\n","stream":"stderr","time":"2026-11-23T03:12:00.123456789Z"}}',
        "2026-11-23T03:12:00.123456789Z stderr F {}",
        "pay-1  | {}",
        "[pod/pay-5d4f/pay] {}",
    ],
)
def test_a_collection_is_found_behind_whatever_stands_before_it(line):
    """Indentation, quoting, time stamps, colours, holes of NULs, container runtimes."""
    text = "".join(line.format(gc(n)) + "\n" for n in range(1, 6))
    events, _ = read(text)
    assert numbers(events) == [1, 2, 3, 4, 5]


def test_formats_may_be_mixed_in_one_file():
    """Two logs concatenated: first bare, then docker's, then bare again."""
    docker = "".join(
        json.dumps({"log": text + "\n", "stream": "stderr", "time": "2026-11-23T03:12:00.1Z"}, separators=(",", ":"))
        + "\n"
        for text in ("INFO one", gc(41), "INFO two", gc(42))
    )
    events, _ = read(LOG + docker * 3 + LOG)
    assert numbers(events) == [*range(1, 40), *[41, 42] * 3, *range(1, 40)]


def test_a_wrapped_line_gives_time_and_stream():
    """What the wrapper knows is kept."""
    line = "2026-11-23T03:12:00.5Z stderr F " + gc(1) + "\n"
    events, _ = read(line * 3)
    first = next(event for event in events if isinstance(event, Sighting))
    assert (first.stream, first.time_s) == ("stderr", 1795403520.5)


@pytest.mark.parametrize(("year", "time"), [(2026, "2026-11-23T08:17:00Z"), (None, None)])
def test_the_line_before_a_collection_gives_its_time_once_the_year_is_known(year, time):
    """klog's header has none; the year of the log completes it."""
    events, _ = read(f"I1123 08:17:00.000000   1 a.go:1] put\n{gc(1)}\n", year=year)
    [sighting] = [event for event in events if isinstance(event, Sighting)]
    assert sighting.near_s == (parse_time(time) if time else None)


def test_an_endless_line_costs_no_memory_and_hides_nothing_else():
    """Three times the largest line that is kept, without a newline; the line after it is read."""
    events, scanner = read(gc(1) + "\n" + "x" * (3 * LINE_BYTES) + "\n" + gc(2) + "\n", 1 << 18)
    assert numbers(events) == [1, 2]
    assert scanner.long_lines == 1
    assert scanner.lines_read == 3
    assert "MiB" in scanner.notes[0]


def test_a_hole_of_nuls_is_no_line():
    """copytruncate under a writer that does not append leaves a hole as long as the old file."""
    events, _ = read(b"\0" * (3 * LINE_BYTES) + gc(1).encode() + b"\n" + gc(2).encode() + b"\n", 1 << 18)
    assert numbers(events) == [1, 2]


def test_the_words_of_a_death_are_found_at_the_end():
    """What a shell or an orchestrator says after the last line."""
    events, _ = read(LOG + "INFO request processed\nsignal: killed\n")
    deaths = [event.record for event in events if isinstance(event, Sighting) and isinstance(event.record, Death)]
    assert [death.cause for death in deaths] == ["sigkill"]


def test_plain_json_around_the_runtimes_lines_names_the_service_of_all_lines():
    """What the program wrote belongs to the collections that came in such JSON; what names nobody, to the log."""

    def plain(text, **said):
        return json.dumps({"message": text, **said}) + "\n"

    checkout, cart = {"container": {"name": "checkout"}}, {"container": {"name": "cart"}}
    log = (
        plain(gc(1), **checkout) + plain("paid", **checkout) + plain("INFO dropped", **cart) + plain(gc(1), **cart)
        + plain("full", **cart) + plain(gc(2), **checkout) + plain("nobody") + plain("late", **cart, id=7)
        + plain(gc(3)[:30], **checkout) + plain("between", **cart) + plain(gc(3)[30:], **checkout)
    )  # fmt: skip
    events, _ = read(log)
    assert numbers(event for event in events if event.service == "checkout") == [1, 2, 3]
    assert numbers(event for event in events if event.service == "cart") == [1]
    assert application(events, "checkout") == plain("paid", **checkout)
    assert application(events, "cart") == plain("full", **cart) + plain("late", **cart, id=7) + plain("between", **cart)
    assert application(events, "a") == plain("INFO dropped", **cart) + plain("nobody")


def test_two_services_in_one_log_are_kept_apart():
    """docker compose writes all containers into one stream."""
    lines = [f"{name}-1  | {text}" for n in range(1, 9) for name, text in (("pay", gc(n)), ("cart", f"INFO id={n}"))]
    events, _ = read("\n".join(lines) + "\n")
    assert {event.service for event in events if isinstance(event, Sighting)} == {"pay-1"}
    assert application(events, "cart-1").splitlines() == [f"INFO id={n}" for n in range(1, 9)]


BEGINNINGS = [
    "gc 1 @",
    "gc",
    " gc 5 @1.2s",
    "panic: x",
    "INFO id=1",
    "{}",
    "",
    "2016/07/06 18:35:09 gc 1",
    "scav 1",
    "\x00gc 1",
    "gc\r",
    "info: x",
    "7",
    "2016/07/06 18:35:09.123456 GC forced",
    "goroutine 1 [running]:",
    "fatal error: x",
]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(BEGINNINGS),
        max_size=30,
    )
)
def test_the_vectors_find_what_the_pattern_finds(lines):
    """The quick way for much input may look at more lines, never at fewer."""
    data = ("\n" + "".join(line + "\n" for line in lines)).encode()
    buffer = bytearray(data + b"g" * SLACK_BYTES)
    plain, quick = Finder(buffer), Finder(buffer)
    quick.load()
    assert set(plain.find(1, len(data))) <= set(quick.find(1, len(data)))
    assert plain.lines == quick.lines == len(lines)
    assert _FIND.groups == 0


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_read_without_complaint(data, chunk):
    """Nothing raises, and what is no record is handed on as it stood."""
    events, scanner = read(data, chunk)
    assert scanner.bytes_read == len(data)
    assert all(isinstance(event, Sighting | Passage) for event in events)


@given(st.integers(1, 4000), st.integers(1, 300))
def test_scanners_that_share_their_room_find_what_each_finds_alone(first, second):
    """Two logs, read in turn through one buffer, cut in the middle of lines."""
    logs = {"a": "".join(f"{gc(n)}\nwork {n}\n" for n in range(1, 40)).encode(), "b": torn_log()}
    room = Room()
    scanners = {name: Scanner(name, name, room=room) for name in logs}
    events = {name: [] for name in logs}
    for at in range(0, 6000, first):
        for name, log in logs.items():
            step = first if name == "a" else second
            scanners[name].feed(log[at // first * step : at // first * step + step])
            events[name] += [_kept(event) for event in scanners[name].take()]
            scanners[name].release()
    for name, log in logs.items():
        read_so_far = scanners[name].bytes_read
        alone, _ = read(log[:read_so_far])
        scanners[name].flush()
        found = [*events[name], *scanners[name].take()]
        assert numbers(found) == numbers(alone)


def torn_log():
    whole = gc(7).encode()
    return b"hello\n" + whole[:30] + b"2026-01-02T03:04:05Z INFO served\n" + whole[30:] + b"\n" + b"bye\n" * 20


@pytest.mark.parametrize("chunk", [40, 1000, None])
def test_a_killing_that_somebody_reports_is_found_wherever_the_input_is_cut(chunk):
    """The shell's word stands lines before the first collection of the next process."""
    log = f"{gc(1)}\n{gc(2)}\nbash: line 1: 4711 Killed    ./service\n" + "starting\n" * 30 + f"{gc(1)}\n"
    events, _ = read(log, chunk)
    deaths = [event.record.cause for event in events if isinstance(event, Sighting) and isinstance(event.record, Death)]
    assert len(deaths) == 1


@pytest.mark.parametrize("form", ["docker", "cri"])
def test_a_line_that_its_container_runtime_cut_comes_back_whole_between_lines_that_are_passed_on(form):
    stamp = "2026-11-23T03:12:00.123456789Z"

    def written(text):
        parts = [text[at : at + 16_000] for at in range(0, len(text), 16_000)]
        if form == "docker":
            ends = [""] * (len(parts) - 1) + ["\n"]
            records = [
                {"log": part + end, "stream": "stdout", "time": stamp} for part, end in zip(parts, ends, strict=True)
            ]
            return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in records)
        tags = ["P"] * (len(parts) - 1) + ["F"]
        return "".join(f"{stamp} stdout {tag} {part}\n" for part, tag in zip(parts, tags, strict=True))

    long = "render failed " + "x" * 40_000 + " kept=1"
    lines = [*["request processed"] * 50, long, *["request processed"] * 50, long, "bye"]
    scanner = Scanner("a.log", "a", wrapper={"docker": "docker-json", "cri": "cri"}[form])
    scanner.feed("".join(map(written, lines)).encode())
    scanner.flush()
    passages = [each for each in scanner.take() if isinstance(each, Passage)]
    got = [
        line
        for each in passages
        for line in (
            unwrapped(bytes(each.text).decode().splitlines(), each.wrapper)
            if each.wrapper
            else bytes(each.text).decode().splitlines()
        )
    ]
    assert got == lines
