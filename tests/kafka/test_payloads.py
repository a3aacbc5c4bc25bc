"""What messages hold, as the shippers really write it: the same collections and the same verdict whatever it is."""

import json

import pytest

from kafka_topics import COLLECTIONS, LEAK, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

TIME, SECONDS = "2026-11-23T03:12:00.698Z", 1795403520.698095


def filebeat(line):
    """Filebeat 8, output.kafka, with add_kubernetes_metadata."""
    return {
        "@timestamp": TIME,
        "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.17.0"},
        "log": {"offset": 9127, "file": {"path": "/var/log/containers/checkout-7d9f_shop_checkout-1a2b.log"}},
        "stream": "stderr",
        "message": line,
        "input": {"type": "container"},
        "kubernetes": {"container": {"name": "checkout"}, "pod": {"name": "checkout-7d9f"}, "namespace": "shop"},
        "container": {"id": "1a2b3c", "runtime": "containerd"},
        "ecs": {"version": "8.0.0"},
        "agent": {"type": "filebeat", "version": "8.17.0", "name": "node-3"},
        "host": {"name": "node-3"},
    }


def fluent_bit(line):
    """Fluent Bit 3, output kafka with Format json: its time is a number under @timestamp."""
    return {
        "@timestamp": SECONDS,
        "stream": "stderr",
        "logtag": "F",
        "log": line,
        "kubernetes": {"pod_name": "checkout-7d9f", "namespace_name": "shop", "container_name": "checkout"},
    }


def vector(line):
    """Vector, sink kafka with encoding json, of source kubernetes_logs."""
    return {
        "file": "/var/log/pods/shop_checkout-7d9f_1/checkout/0.log",
        "kubernetes": {"container_name": "checkout", "pod_name": "checkout-7d9f", "pod_namespace": "shop"},
        "message": line,
        "source_type": "kubernetes_logs",
        "stream": "stderr",
        "timestamp": "2026-11-23T03:12:00.698095214Z",
        "timestamp_end": "2026-11-23T03:12:00.698095214Z",
    }


def logstash(line):
    """Logstash 8, output kafka with codec json, of input file; it names no service, so the key does."""
    return {
        "@timestamp": "2026-11-23T03:12:00.698140Z",
        "@version": "1",
        "event": {"original": line},
        "host": {"name": "node-3"},
        "log": {"file": {"path": "/var/log/checkout.log"}},
        "message": line,
    }


def otlp(*lines):
    """OpenTelemetry Collector, exporter kafka with encoding otlp_json: many records in one message."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    records = [
        {
            "timeUnixNano": "1795403520698095214",
            "observedTimeUnixNano": "1795403521000000000",
            "severityNumber": 9,
            "body": {"stringValue": line},
            "attributes": [{"key": "log.iostream", "value": {"stringValue": "stderr"}}],
        }
        for line in lines
    ]
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {}, "logRecords": records}]}]}


def docker(line):
    """Docker's own file driver, shipped as it is."""
    return {"log": f"{line}\n", "stream": "stderr", "time": "2026-11-23T03:12:00.698095214Z"}


def plain(line):
    """A shipper of one's own: nothing tells what it is, but it names the container."""
    return {"message": line, "container": {"name": "checkout"}}


TEXT = [line.decode() for line in LEAK]
KEY = b"checkout"


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("lines", [(KEY, line) for line in LEAK]),
        ("with-newlines", [(KEY, line + b"\r\n") for line in LEAK]),
        ("many-lines", [(KEY, b"\n".join(LEAK[at : at + 40])) for at in range(0, len(LEAK), 40)]),
        *(
            (shape.__name__, [(KEY, json.dumps(shape(line)).encode()) for line in TEXT])
            for shape in (docker, filebeat, fluent_bit, vector, logstash)
        ),
        ("otlp", [json.dumps(otlp(*TEXT[at : at + 25])).encode() for at in range(0, len(TEXT), 25)]),
    ],
)
def test_a_leak_is_found_whatever_a_message_holds(report, brokers, name, messages):
    """A line, forty lines, a shipper's JSON: the same collections and the same verdict."""
    write(brokers, f"payload-{name}", messages)
    [service] = [each for each in report(f"payload-{name}")["services"] if each["collections"]]
    assert "checkout" in service["service"]
    assert service["collections"] == 131
    assert service["verdict"]["leak"]


def test_plain_json_is_the_services_that_it_names_with_all_its_text(report, brokers):
    """Keyed by machine: the collections and the lines that grew with the heap meet under the container's name."""
    write(brokers, "payload-plain", [(b"node-3", json.dumps(plain(line)).encode()) for line in TEXT])
    [service] = report("payload-plain")["services"]
    assert (service["service"], service["collections"]) == ("checkout", 131)
    assert "putIfAbsent" in service["suspects"][0]["template"]


def test_what_was_read_is_kept_for_a_postmortem(gctail, brokers, tmp_path):
    """The last megabytes of every log, as lines, whatever the broker deletes."""
    write(brokers, "recorded", [(KEY, line) for line in LEAK])
    options = ("--brokers", brokers, "--topic", "recorded", "--until", "end", "--record", str(tmp_path / "box"))
    assert gctail("kafka", *options).returncode == 0
    assert b"".join(path.read_bytes() for path in (tmp_path / "box").glob("*/*.log")) == b"\n".join(LEAK) + b"\n"
    told = gctail("postmortem", str(tmp_path / "box"))
    assert b"checkout" in told.stdout
    assert b"131" in told.stdout


def test_a_line_that_came_as_one_message_for_every_write_is_mended(report, brokers):
    """Log drivers that send each write of the runtime on its own cut a collection into many messages."""
    pieces = [
        (b"a", piece) for line in COLLECTIONS[:20] for piece in (line[:3], line[3:10], line[10:60], line[60:], b"\n")
    ]
    write(brokers, "torn", pieces)
    [service] = report("torn")["services"]
    assert service["collections"] == 20


def test_a_line_that_came_in_pieces_of_json_is_mended(report, brokers):
    """The same from Docker's fluentd driver, which wraps every piece."""
    pieces = [
        (
            b"a",
            json.dumps(
                {"container_id": "1a2b", "container_name": "/checkout", "source": "stderr", "log": piece.decode()}
            ).encode(),
        )
        for line in COLLECTIONS[:20]
        for piece in (line[:3], line[3:10], line[10:60], line[60:] + b"\n")
    ]
    write(brokers, "torn-json", pieces)
    [service] = report("torn-json")["services"]
    assert service["collections"] == 20
