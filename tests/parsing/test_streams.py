"""Whose a line is, where a program's own lines name somebody and those of its runtime nobody."""

import json

import pytest

from gctail.parsing.messages import read_message
from gctail.parsing.scanner import Scanner
from gctail.records import GcCycle, Passage, Sighting

GC = (
    "gc {n} @{n}.5s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, "
    "0 MB stacks, 0 MB globals, 2 P\n"
)
RFC5424 = '<134>1 2026-11-28T00:53:{n:02}.5Z vm-17 {name} 316 APP [ctx qid="{n}"] {text}\n'


def wrapped(number, name="relay", text="connect"):
    return RFC5424.format(n=number, name=name, text=text)


def mixed(*others):
    """Collections without a head, and below each some lines with one; `others` are put in front of those."""
    return "".join(
        "".join(other(n) for other in others)
        + "".join(wrapped(n, text=f"connect {each}") for each in range(40))
        + GC.format(n=n)
        for n in range(1, 9)
    )


def owners(log, chunk):
    """Lines of the application by service, and the services of the collections."""
    scanner, lines, collections = Scanner("a.log", "a"), {}, set()
    for start in range(0, len(log), chunk):
        scanner.feed(log.encode()[start : start + chunk])
        if start + chunk >= len(log):
            scanner.flush()
        for event in scanner.take():
            if isinstance(event, Passage):
                lines[event.service] = lines.get(event.service, 0) + bytes(event.text).count(b"\n")
            elif isinstance(event, Sighting) and isinstance(event.record, GcCycle):
                collections.add(event.service)
    return lines, collections


@pytest.mark.parametrize("chunk", [61, 1 << 20])
@pytest.mark.parametrize("others", [(), (lambda n: wrapped(n, "kernel", "usb 1-1: reset"),)], ids=["alone", "kernel"])
def test_the_only_one_who_is_named_is_the_one_whose_runtime_writes_bare_lines(chunk, others):
    """As with a logger that writes RFC 5424 itself; only what came before the first collection is nobody's."""
    lines, collections = owners(mixed(*others), chunk)
    kernel = lines.pop("kernel", 0)
    assert (lines, kernel, collections) == ({"relay": 40, "a": 280}, 8 * len(others), {"a"})


@pytest.mark.parametrize("other", [
    lambda n: wrapped(n, "nginx", "GET /"), lambda n: wrapped(n, text=GC.format(n=n + 3).rstrip()),
    lambda n: f"tile {n} of the map of the world was drawn and is kept in the cache of tiles\n" * 20,
], ids=["several", "own collections", "bare lines"])  # fmt: skip
def test_others_who_are_named_stay_others(other):
    """Where several are named, where the one who is named has collections of its own, or where bare lines say more."""
    assert owners(mixed(other), 1 << 20)[0]["relay"] == 320


def seconds_since(number, text="mapfiles: row appended, key=7f"):
    return "".join(f"[    {number}.{each:06}] {text}\n" for each in range(5))


@pytest.mark.parametrize("chunk", [61, 1 << 20])
def test_a_program_that_counts_the_seconds_since_its_start_is_no_kernel(chunk):
    """Its lines come between the collections of its runtime; only those before the fourth are nobody's."""
    lines, collections = owners("".join(seconds_since(n) + GC.format(n=n) for n in range(1, 41)), chunk)
    assert (lines, collections) == ({"kernel": 20, "a": 180}, {"a"})


def test_a_kernel_in_front_of_a_log_or_behind_it_stays_the_kernel():
    """As where both were written into one file, or where the application has lines of its own."""
    boot = "".join(seconds_since(n, "usb 1-1: reset") for n in range(1, 41))
    collected = "".join(GC.format(n=n) for n in range(1, 41))
    spoken = "tile 7 of the map was drawn and is kept in the cache of tiles\n" * 20
    for log in (boot + collected, collected + boot, boot + spoken + collected + boot):
        assert owners(log, 1 << 20)[0]["kernel"] == boot.count("\n") * log.count(boot)


def test_a_scanner_that_goes_on_knows_whose_the_lines_are():
    """The state at the end of a line holds who is named."""
    first = Scanner("a.log", "a")
    first.feed(mixed().encode())
    first.release()
    again = Scanner("a.log", "a")
    again.resume(first.state())
    again.feed(wrapped(9).encode())
    again.flush()
    assert {event.service for event in again.take()} == {"a"}


@pytest.mark.parametrize("said", [
    'time="2026-11-28T01:08:54Z" level=info msg=boot', "2026-11-28 01:08:54 boot", '{"ts":1795828134,"msg":"boot"}',
])  # fmt: skip
def test_a_collection_behind_a_head_without_a_time_has_the_time_of_the_line_before_it(said):
    """`kubectl logs --prefix`: only the application's lines know what time it is."""
    scanner = Scanner("a.log", "a")
    scanner.feed(
        "".join(f"[pod/shop-7d9f8c6b5-x2kqz/shop] {line}\n" for line in (said, GC.format(n=1).strip())).encode()
    )
    scanner.flush()
    (collection,) = [event for event in scanner.take() if isinstance(event, Sighting)]
    assert (collection.service, collection.time_s, collection.near_s) == (
        "shop-7d9f8c6b5-x2kqz/shop",
        None,
        1795828134.0,
    )


def test_a_bare_collection_has_the_time_that_the_head_of_the_line_before_it_tells():
    """The program writes RFC 5424 itself."""
    scanner = Scanner("a.log", "a")
    scanner.feed((wrapped(54) + GC.format(n=1)).encode())
    scanner.flush()
    (collection,) = [event for event in scanner.take() if isinstance(event, Sighting)]
    assert (collection.time_s, collection.near_s) == (None, None)  # of somebody else, as far as it is known by then
    scanner.feed((wrapped(54) + GC.format(n=2)).encode())
    scanner.flush()
    (collection,) = [event for event in scanner.take() if isinstance(event, Sighting)]
    assert (collection.time_s, collection.near_s) == (None, 1795827234.5)


def test_the_fields_of_rfc5424_are_those_of_the_message():
    """Behind it, by the name of their element; a collection has none, and a text of JSON its own."""
    scanner, said = Scanner("a.log", "a"), ("served", GC.format(n=1).rstrip(), '{"msg":"kept"}', "served")
    scanner.feed("".join(wrapped(n, text=text) for n, text in enumerate(said)).encode())
    scanner.flush()
    events = scanner.take()
    texts = [line for event in events if isinstance(event, Passage) for line in bytes(event.text).splitlines()]
    assert texts == [b'served ctx.qid="0"', b'{"msg":"kept"}', b'served ctx.qid="3"']
    assert sum(isinstance(event, Sighting) for event in events) == 1


@pytest.mark.parametrize("chunk", [1 << 20, 700, 61])
@pytest.mark.parametrize(
    "head",
    [
        "",
        "<30>Nov 28 18:15:{n:02} edge-7 idp[4411]: ",
        "2026-11-28T18:15:{n:02}.123456+0000 node3 idp[901]: ",
        "2026-11-28T18:15:{n:02}.123456789Z stderr F ",
    ],
)
@pytest.mark.parametrize(
    "form", ["auth: ldap in sync", "audit: 3 entries", "login failed: bad password", "INFO db: slow"]
)
def test_a_time_stamp_and_the_name_of_a_module_are_the_applications_own(chunk, head, form):
    log = "".join(
        "".join(f"{head}Nov 28 18:15:{{n:02}}.5{each:02} {form}\n" for each in range(30)).format(n=n)
        + head.format(n=n)
        + GC.format(n=n)
        for n in range(1, 9)
    )

    lines, collections = owners(log, chunk)

    assert len(collections) == 1
    assert lines == {collections.pop(): 240}


def otlp(number, each, name="tail-sampler", attributes=(("trace_id", "7fe3"), ("log.file.name", "0.log"))):
    record = {
        "timeUnixNano": f"17958899{number:02}60298{each:04}",
        "severityText": "INFO",
        "body": {"stringValue": f"trace {each} waits"},
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}) + "\n"


def in_a_container(log):
    return "".join(
        f"2026-11-28T18:19:43.{n:09}Z stderr F {line}" for n, line in enumerate(log.splitlines(keepends=True))
    )


@pytest.mark.parametrize("chunk", [61, 1 << 20])
def test_the_records_of_otlp_are_those_of_the_container_whose_runtime_writes_plain_lines(chunk):
    log = "".join("".join(otlp(n, each) for each in range(40)) + GC.format(n=n) for n in range(1, 9))
    lines, collections = owners(in_a_container(log), chunk)
    assert (lines, collections) == ({"tail-sampler": 40, "a": 280}, {"a"})


@pytest.mark.parametrize("chunk", [61, 1 << 20])
def test_what_others_say_in_otlp_stays_theirs_in_the_log_of_a_container(chunk):
    """Where the container says more than collections itself, as a collector does that prints what it was sent."""
    said = "".join(f"batch {n} of 512 records was exported to the gateway within its deadline\n" for n in range(20))
    log = otlp(0, 0) + said + "".join(otlp(n, n) * 40 + GC.format(n=n) for n in range(1, 9))
    lines, collections = owners(in_a_container(log), chunk)
    assert (lines, collections) == ({"tail-sampler": 321, "a": 20}, {"a"})


def test_the_attributes_of_a_record_of_otlp_are_the_fields_of_its_message():
    """Those that the program gave; a record read from a file, which has only the file's, is its text."""
    scanner = Scanner("a.log", "a")
    scanner.feed((otlp(1, 1) + otlp(1, 2, attributes=[("log.file.name", "0.log"), ("logtag", "F")])).encode())
    scanner.flush()
    texts = [line for e in scanner.take() if isinstance(e, Passage) for line in bytes(e.text).splitlines()]
    whole, plain = texts
    assert plain == b"trace 2 waits"
    message = read_message(whole)
    assert (message.level, message.message, message.fields["trace_id"]) == ("info", "trace 1 waits", "7fe3")
