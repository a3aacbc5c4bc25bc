"""gctail as a consumer, on a real Kafka: what it reads, where it begins, what it saves, who takes over."""

import json
import socket
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from confluent_kafka import Producer

from alert_receiver import Receiver
from gctail.kafka.writing import make_topic
from kafka import KafkaProducer
from kafka_storm import produce, quiet, storm
from kafka_topics import LEAK, STARTED, committed_all, ended, member, read, topics, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def test_the_service_comes_from_where_it_is_told_to_come_from(report, brokers):
    """Key, header, field of the payload, or the topic itself; what cannot be named is counted, with the reason."""
    gc = [line for line in LEAK if line.startswith(b"gc ")][:30]
    messages = [
        (b"by-key", json.dumps({"app": "by-field", "msg": line.decode()}).encode(), [("svc", b"by-header")])
        for line in gc
    ]
    write(brokers, "named", [*messages, (b"by-key", b"no json at all")])
    for rule, expected in (
        ("key", "by-key"),
        ("header:svc", "by-header"),
        ("field:app", "by-field"),
        ("topic", "named"),
    ):
        told = report("named", "--service-from", rule)
        assert [each["service"] for each in told["services"] if each["collections"]] == [expected]
    assert told["input"]["kafka"]["poisoned"] == {}
    told = report("named", "--service-from", "field:app")
    assert told["input"]["kafka"]["poisoned"] == {"no JSON, so no field app": 1}


def test_a_header_without_a_value_names_nobody(brokers, report):
    """Kafka has such headers. The service has its name from the next one, or the message has none."""
    make_topic(brokers, {}, "null-headers", 1)
    producer = Producer({"bootstrap.servers": brokers})
    for line in [line for line in LEAK if line.startswith(b"gc ")][:30]:
        producer.produce("null-headers", line, headers=[("svc", None), ("svc", b"by-header")])
    producer.produce("null-headers", b"hello", headers=[("svc", None)])
    assert producer.flush(20) == 0
    told = report("null-headers", "--service-from", "header:svc")
    assert [each["service"] for each in told["services"] if each["collections"]] == ["by-header"]
    assert told["input"]["kafka"]["poisoned"] == {"no header svc": 1}


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_compression_is_read(report, brokers, codec):
    """The brokers store what producers compressed."""
    topic = f"codec-{codec}"
    make_topic(brokers, {}, topic, 1)
    producer = KafkaProducer(bootstrap_servers=brokers, compression_type=codec, linger_ms=20)
    for line in LEAK[:600]:
        producer.send(topic, value=line)
    producer.close()
    assert report(topic)["input"]["kafka"]["messages"] == 600


def test_reading_begins_and_ends_where_it_is_told(report, brokers):
    """At an offset, at a time before all, at one after all."""
    write(brokers, "places", [b"line %d" % number for number in range(100)])
    assert report("places", "--start", "places/0:60")["input"]["kafka"]["messages"] == 40
    assert report("places", "--start", "2020-01-01T00:00:00Z")["input"]["kafka"]["messages"] == 100
    assert report("places", "--start", "latest")["input"]["kafka"]["messages"] == 0
    assert report("places", "--start", "-2h")["input"]["kafka"]["messages"] == 100
    make_topic(brokers, {}, "hours", 1)
    producer = KafkaProducer(bootstrap_servers=brokers)
    for minute in range(60):
        producer.send("hours", value=b"line", timestamp_ms=1_795_424_400_000 + minute * 60_000)
    producer.close()
    assert report("hours", "--start", "2026-11-23T09:10:00Z")["input"]["kafka"]["messages"] == 50
    until = ("--start", "2026-11-23T09:10:00Z", "--until", "2026-11-23T09:19:30Z")
    assert report("hours", *until)["input"]["kafka"]["messages"] == 10


def test_what_is_of_no_use_goes_to_the_dead_letters_with_its_reason(brokers):
    """Binary messages do not stop the reading, and nothing of them is lost."""
    write(brokers, "logs-with-poison", [(b"a", b"hello"), (b"a", b"\0\0\0\x01\x02avro"), (b"a", b"world")])
    one = member(brokers, "logs-with-poison", "poisoned")
    wait_for(lambda: "gctail-dead-letters-poisoned" in topics(brokers))
    wait_for(lambda: read(brokers, "gctail-dead-letters-poisoned"))
    ended(one)
    [letter] = read(brokers, "gctail-dead-letters-poisoned")
    headers = dict(letter.headers)
    assert letter.value == b"\0\0\0\x01\x02avro"
    assert headers["gctail-place"] == b"logs-with-poison/0:1"
    assert headers["gctail-reason"].startswith(b"binary")


def test_a_dead_letter_may_have_had_a_header_without_a_value(brokers):
    """The client writes no such headers, so it comes with an empty one."""
    make_topic(brokers, {}, "null-poison", 1)
    producer = Producer({"bootstrap.servers": brokers})
    producer.produce("null-poison", b"\0\0\0\x01\x02avro", b"a", headers=[("trace", None)])
    assert producer.flush(20) == 0
    one = member(brokers, "null-poison", "null-poisoned")
    wait_for(lambda: "gctail-dead-letters-null-poisoned" in topics(brokers))
    wait_for(lambda: read(brokers, "gctail-dead-letters-null-poisoned"))
    ended(one)
    [letter] = read(brokers, "gctail-dead-letters-null-poisoned")
    assert (dict(letter.headers)["trace"], dict(letter.headers)["gctail-place"]) == (b"", b"null-poison/0:0")


def test_a_group_goes_on_where_it_was_killed_and_tells_nothing_twice(gctail, brokers):
    """The leak is told once, and with the suspects of an undisturbed reading, though two consumers were killed."""
    topic, half = "taken-over", len(LEAK) // 2
    write(brokers, topic, [(b"checkout", line) for line in LEAK[:half]])
    for part in (LEAK[half : half + 1000], LEAK[half + 1000 :]):
        one = member(brokers, topic, "takers", "--findings-topic", "taken-findings", "--limit", "256MiB")
        wait_for(lambda: committed_all(brokers, topic, "takers"))
        write(brokers, topic, [(b"checkout", line) for line in part])
        wait_for(lambda: committed_all(brokers, topic, "takers"))
        one.kill()
        one.communicate()
    told = [json.loads(record.value) for record in read(brokers, "taken-findings")]
    ids = [finding["id"] for finding in told]
    assert len(ids) == len(set(ids))
    assert {finding["kind"] for finding in told} >= {"leak"}
    assert {finding["service"] for finding in told} == {"checkout"}
    calm = gctail(
        "kafka", "--brokers", brokers, "--topic", topic, "--until", "end", "--limit", "256MiB", "--output", "jsonl"
    )
    suspects = {each["id"]: each["suspects"] for each in map(json.loads, calm.stdout.splitlines())}
    assert {each["id"]: each["suspects"] for each in told} == {number: suspects[number] for number in ids}
    assert any(suspects[number] for number in ids)


def test_alert_sinks_are_those_of_the_configuration(brokers, tmp_path):
    """A member of a group wakes somebody by the sinks of gctail.toml."""
    receiver = Receiver()
    (tmp_path / "gctail.toml").write_text(
        f'[alerts]\nspool_dir = "{tmp_path}/spool"\n[sinks.oncall]\nkind = "webhook"\nurl = "{receiver.url}/alert"\n'
    )
    write(brokers, "alarming", [(b"checkout", line) for line in LEAK])
    one = member(brokers, "alarming", "woken", "--config", str(tmp_path / "gctail.toml"), "--limit", "256MiB")
    told = receiver.wait(1, within_s=90)
    assert any(b"checkout" in body for _, _, body in told)
    ended(one)
    receiver.close()


def labelled(line):
    told = {"@timestamp": "2026-11-23T03:12:00.000Z", "agent": {"type": "filebeat"}, "container": {"name": "checkout"}}
    return json.dumps({**told, "message": line.decode()}).encode()


def test_messages_are_keyed_anew_by_what_their_payload_says(gctail, brokers):
    """Unkeyed messages of two services end up under the services' names, in order, with their bytes as they were."""
    write(brokers, "unkeyed", [labelled(line) for line in LEAK[:50]])
    done = gctail("kafka", "--brokers", brokers, "--topic", "unkeyed", "--until", "end", "--rekey-to", "keyed")
    assert done.returncode == 0, done.stderr.decode()
    copies = read(brokers, "keyed")
    assert [copy.value for copy in copies] == [labelled(line) for line in LEAK[:50]]
    assert len({copy.key for copy in copies}) == 1
    assert b"checkout" in copies[0].key


def test_keys_and_headers_that_are_no_text_name_nobody_and_are_copied_as_they_are(gctail, brokers, report):
    """Binary keys, values that are no UTF-8 or not there at all: the topic is the service, and a copy keeps its key."""
    make_topic(brokers, {}, "no-text", 1)
    producer, key = Producer({"bootstrap.servers": brokers}), b"\xff\0\1"
    for line in [line for line in LEAK if line.startswith(b"gc ")][:30]:
        producer.produce("no-text", line, key, headers=[("trace", None), ("svc", b"\xff\xfe")])
    assert producer.flush(20) == 0
    assert [each["service"] for each in report("no-text")["services"] if each["collections"]] == ["no-text"]
    told = report("no-text", "--service-from", "header:svc")
    assert told["input"]["kafka"]["poisoned"] == {"no header svc": 30}
    done = gctail("kafka", "--brokers", brokers, "--topic", "no-text", "--until", "end", "--rekey-to", "no-text-keyed")
    assert done.returncode == 0, done.stderr.decode()
    copies = read(brokers, "no-text-keyed")
    assert {(copy.key, tuple(copy.headers)) for copy in copies} == {(key, (("trace", b""), ("svc", b"\xff\xfe")))}
    assert len(copies) == 30


def test_a_topic_may_appear_after_its_reader(brokers):
    """The reader waits for it."""
    one = member(brokers, "born-late", "early")
    time.sleep(2)
    write(brokers, "born-late", [(b"a", b"line")] * 10)
    wait_for(lambda: committed_all(brokers, "born-late", "early"))
    ended(one)


def test_a_storm_changes_nothing_of_what_is_found(three_brokers, tmp_path):
    """Three consumers and three brokers, killed and frozen at random while the logs come: the same, and none twice."""
    servers = three_brokers.servers
    make_topic(servers, {}, "logs", 6)
    with ThreadPoolExecutor(1) as aside:
        producing = aside.submit(produce, servers, 24, seconds=10)
        wild, _ = storm(three_brokers, tmp_path, producing, seconds=12, seed=3, within_s=120)
    calm = quiet(servers, tmp_path, 300)
    assert calm
    assert max(wild.values()) == 1
    assert wild == calm


def test_the_live_page_shows_what_is_consumed(gctail_program, brokers):
    """Its services, their logs, how far behind it is: also of a topic in which nothing new comes."""
    write(brokers, "looked-at", [(b"checkout", line) for line in LEAK])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = ("--brokers", brokers, "--topic", "looked-at", "--start", "earliest", "--limit", "256MiB")
    child = subprocess.Popen(
        [gctail_program, "kafka", *options, "--listen", address], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    STARTED.append(child)

    def asked(path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.read().decode()

    try:
        until_s, metrics, row, detail = time.monotonic() + 60, "", {}, None
        while (
            f"gctail_input_messages_total {len(LEAK)}.0" not in metrics or not detail
        ) and time.monotonic() < until_s:
            time.sleep(0.2)
            with suppress(OSError):
                metrics = asked("/metrics")
                row, detail = json.loads(asked("/api/v1/services/checkout")).values()
        assert f"gctail_input_messages_total {len(LEAK)}.0" in metrics
        assert 'gctail_input_lag_messages{partition="0",topic="looked-at"} 0.0' in metrics
        assert (row["collections"], row["severity"]) == (131, "critical")
        assert detail["lines"]
    finally:
        child.terminate()
        assert child.wait(30) == 0, child.stderr.read().decode()
        child.stderr.close()
