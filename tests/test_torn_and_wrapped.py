"""A torn log inside every wrapper: the same collections and the same application lines come out."""

import json
import re

import pytest

from gctail.parsing.scanner import Scanner
from gctail.records import GcCycle, Passage, Sighting, Unreadable

LINES = 160
GC = (
    "gc {n} @{t:.3f}s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, 3->3->1 MB, 4 MB goal, "
    "0 MB stacks, 0 MB globals, 2 P"
)


def torn():
    """What a pipe holds when an application logs while the collector prints; and what each of them wrote."""
    application = [
        f'{{"time":"2026-11-23T02:53:{n % 60:02d}.{n:06d}Z","level":"INFO","msg":"served","id":{n}}}'
        for n in range(LINES)
    ]
    out, at, numbers = [], 0, []
    for number in range(1, 17):
        out.append("".join(line + "\n" for line in application[at : at + 4]))
        at += 4
        for place, piece in enumerate(
            re.findall(r"\d+(?:\.\d+)?|gc | P|%|: |[^\d%P]+", GC.format(n=number, t=number / 7))
        ):
            out.append(piece)
            if (place * 7 + number * 5) % 13 == 0 and number % 3 != 1:  # the first one is whole
                out.append(application[at] + "\n")
                at += 1
        out.append("\n")
        numbers.append(number)
    out.append("".join(line + "\n" for line in application[at:]))
    return "".join(out), application, numbers


TEXT, APPLICATION, NUMBERS = torn()


def stamp(at):
    return f"2026-11-23T02:{53 + at // 60:02d}:{at % 60:02d}.{at:09d}Z"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


WRAPPERS = {
    "none": lambda at, line: line,
    "crlf": lambda at, line: line + "\r",
    "docker": lambda at, line: compact({"log": line + "\n", "stream": "stderr", "time": stamp(at)}),
    "cri": lambda at, line: f"{stamp(at)} stderr F {line}",
    "compose": lambda at, line: f"pay-1  | {line}",
    "kubectl": lambda at, line: f"[pod/pay-5d4f7c9b6d-x2x4z/pay] {line}",
    "stern": lambda at, line: f"pay-5d4f7c9b6d-x2x4z pay {line}",
    "timestamps": lambda at, line: f"{stamp(at)} {line}",
    "rfc3164": lambda at, line: f"Nov 23 02:53:{at % 60:02d} host pay[4711]: {line}",
    "rfc5424": lambda at, line: f"<14>1 {stamp(at)[:-4]}Z host pay 4711 - - {line}",
    "journal-iso": lambda at, line: f"2026-11-23T02:53:{at % 60:02d}+0000 host pay[4711]: {line}",
    "journal-json": lambda at, line: compact(
        {"__CURSOR": f"s=a;i={at}", "_SYSTEMD_UNIT": "pay.service", "SYSLOG_IDENTIFIER": "pay", "MESSAGE": line}
    ),
    "journal-export": lambda at, line: f"__CURSOR=s=a;i={at}\n_SYSTEMD_UNIT=pay.service\n_PID=1\nMESSAGE={line}\n",
    "filebeat": lambda at, line: compact({"@timestamp": stamp(at), "message": line, "container": {"id": "abc"}}),
    "fluent-bit": lambda at, line: compact(
        {"date": 1795402380 + at, "log": line + "\n", "kubernetes": {"pod_name": "p"}}
    ),
    "vector": lambda at, line: compact({"message": line, "timestamp": stamp(at), "source_type": "file", "file": "/x"}),
    "otlp": lambda at, line: compact(
        {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [{"body": {"stringValue": line}}]}]}]}
    ),
    "message-only": lambda at, line: compact({"msg": line}),
}


def read(data):
    scanner = Scanner("a.log", "a", year=2026, every_line=True)
    events = []
    for start in range(0, len(data), 1000):
        scanner.feed(data[start : start + 1000])
        events += [bytes(event.text) if isinstance(event, Passage) else event for event in scanner.take()]
    scanner.flush()
    events += [bytes(event.text) if isinstance(event, Passage) else event for event in scanner.take()]
    lines = b"".join(event for event in events if isinstance(event, bytes)).decode().splitlines()
    return [event.record for event in events if isinstance(event, Sighting)], lines


@pytest.mark.parametrize("name", sorted(WRAPPERS))
def test_a_torn_log_inside_a_wrapper_is_mended(name):
    """The collector tears lines before the wrapper sees them."""
    wrap = WRAPPERS[name]
    data = "".join(wrap(at, line) + "\n" for at, line in enumerate(TEXT.split("\n")[:-1])).encode()
    records, lines = read(data)
    assert [record.number for record in records if isinstance(record, GcCycle)] == NUMBERS
    assert not [record for record in records if isinstance(record, Unreadable)]
    if name == "message-only":  # lines that were not torn stay as they are
        lines = [json.loads(line)["msg"] if line.startswith('{"msg":"{') else line for line in lines]
    assert lines == APPLICATION


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_torn_log_in_another_encoding_is_mended(tmp_path, gctail, encoding):
    """As PowerShell and some editors save it."""
    path = tmp_path / "a.log"
    path.write_bytes(TEXT.encode(encoding))
    told = [json.loads(line) for line in gctail("records", "--lines", path).stdout.splitlines()]
    assert [each["number"] for each in told if each["type"] == "gc"] == NUMBERS
    assert [each["text"] for each in told if each["type"] == "line"] == APPLICATION


def test_a_driver_that_makes_a_docker_record_of_every_write_is_mended():
    """Each fragment is a record of its own, with or without a newline."""
    pieces = re.findall(r"\d+(?:\.\d+)?|gc | P|%|: |[^\d%P]+", GC.format(n=1, t=0.5))
    for end in ("\n", ""):
        records = [
            compact({"log": piece + end, "stream": "stderr", "time": stamp(at)}) for at, piece in enumerate(pieces)
        ]
        found, _ = read(("\n".join(records * 3) + "\n").encode())
        assert [record.number for record in found if isinstance(record, GcCycle)] == [1, 1, 1]
