"""Forensics on a distributed engine: what a topic has retained, up to its present end or a time, and the verdicts."""

import json
import subprocess

import pytest
from confluent_kafka import Producer

from gctail.kafka.places import Place
from gctail.kafka.starting import End
from gctail.kafka.writing import make_topic
from gctail.runners.scale.ending import ends
from gctail.runners.scale.packets import Last, encoded
from kafka import KafkaProducer
from kafka_storm import GCTAIL
from kafka_topics import LEAK, STARTED, read, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

SERVICES = ("checkout", "cart", "search")


def until(servers, topic, group, where="end", *options):
    """One process that reads up to there."""
    command = [
        GCTAIL, "scale", "run", "--brokers", servers, "--topic", topic, "--group", group, "--until", where,
        "--checkpoint", "1", "--session-timeout", "6", "--limit", "256MiB", *options,
    ]  # fmt: skip
    STARTED.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    return STARTED[-1]


def told(process):
    """What it says when it has ended by itself."""
    output, said = process.communicate(timeout=200)
    assert process.returncode == 0, said.decode()
    return output.decode()


def verdicts(output):
    """By service: what matters of each."""
    return {
        each["service"]: (each["collections"], each["verdict"]["leak"], each["verdict"]["kind"])
        for each in json.loads(output)["services"]
    }


def test_it_ends_at_the_present_end_with_the_verdicts_of_one_consumer(brokers, report):
    """The report is that of `gctail kafka --until end`; what comes later is read by whoever reads on."""
    messages = [(name.encode(), line) for line in LEAK for name in SERVICES]
    write(brokers, "retained", messages, partitions=3)
    one = told(until(brokers, "retained", "forensic", "end", "--output", "json"))
    calm = report("retained", "--limit", "256MiB")
    assert verdicts(one) == verdicts(json.dumps(calm))
    assert {name: found[1] for name, found in verdicts(one).items()} == dict.fromkeys(SERVICES, True)
    facts = json.loads(one)["input"]
    assert (facts["kafka"]["messages"], facts["lines"]) == (len(messages), len(messages))
    kinds = {json.loads(record.value)["kind"] for record in read(brokers, "gctail-findings-forensic")}
    assert kinds >= {"leak", "next-goal-over-limit"}

    write(brokers, "retained", [(b"late", line) for line in LEAK[:200]])
    again = told(until(brokers, "retained", "forensic", "end", "--output", "json"))
    assert json.loads(again)["input"]["kafka"]["messages"] == 200
    assert "late" in verdicts(again)


def test_what_an_earlier_reading_left_behind_does_not_end_a_later_one(brokers):
    """It said at last, perhaps more than once, that all was read: of its own end. And where nothing new is, it ends."""
    write(brokers, "left", [(name.encode(), line) for line in LEAK[:300] for name in SERVICES], partitions=3)
    first = told(until(brokers, "left", "left", "end", "--output", "json"))
    ends = [encoded(Last(f"left/{number}", 3, "earlier")) for number in range(3)]
    producer = KafkaProducer(bootstrap_servers=brokers)
    for number in range(3):
        for end in ends:
            producer.send("gctail-packets-left", value=end, partition=number)
    producer.close()
    write(brokers, "left", [(b"late", line) for line in LEAK[:200]])
    again = told(until(brokers, "left", "left", "end", "--output", "json"))
    assert json.loads(again)["input"]["kafka"]["messages"] == 200
    assert verdicts(again).keys() == {*SERVICES, "late"}
    nothing = told(until(brokers, "left", "left", "end", "--output", "json"))
    assert json.loads(nothing)["input"].get("kafka", {}).get("messages", 0) == 0
    assert verdicts(nothing) == verdicts(again)
    assert verdicts(first).items() <= verdicts(nothing).items()


def test_two_processes_tell_all_verdicts_between_them(brokers):
    """Each ends by itself; the one that ends last has what the other has left."""
    write(brokers, "shared-past", [(name.encode(), line) for line in LEAK for name in SERVICES], partitions=4)
    both = [until(brokers, "shared-past", "shared-past", "end", "--output", "json") for _ in range(2)]
    found = [verdicts(told(each)) for each in both]
    assert {name for each in found for name in each} == set(SERVICES)
    assert all(leak and collections == 131 for each in found for collections, leak, _ in each.values())


def test_it_ends_at_a_time(brokers):
    """Later messages are left to a later reading of the group, though they had come already; text says so, too."""
    make_topic(brokers, {}, "past-hours", 1)
    producer = KafkaProducer(bootstrap_servers=brokers)
    for minute in range(60):
        producer.send("past-hours", value=b"line", timestamp_ms=1_795_424_400_000 + minute * 60_000)
    producer.close()
    first = told(until(brokers, "past-hours", "hours", "2026-11-23T09:19:30Z", "--start", "2026-11-23T09:10:00Z"))
    assert "10 lines" in first
    rest = told(until(brokers, "past-hours", "hours", "end", "--output", "json"))
    assert json.loads(rest)["input"]["kafka"]["messages"] == 40


def test_the_end_is_behind_the_last_message_whatever_stands_behind_it(brokers):
    """Marks of transactions take places, and nobody gets to see them: who waits for the message there waits for ever."""
    make_topic(brokers, {}, "marked", 3)
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": "marked"})
    producer.init_transactions()
    for number in range(130):
        producer.begin_transaction()
        producer.produce("marked", b"line", partition=int(number > 4))
        producer.flush()
        (producer.commit_transaction if number in {0, 1, 7} else producer.abort_transaction)()
    places = [Place("marked", number) for number in range(3)]
    assert ends({"bootstrap.servers": brokers}, "nobody", End(), places) == {places[0]: 3, places[1]: 5, places[2]: 0}
