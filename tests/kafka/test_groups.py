"""Members of a group on a real Kafka: topics that appear, members that return, sinks that do not take, state of others."""

import json
import time

import pytest
from kafka.admin import ConfigResource

from gctail.kafka.client import Client, Moves, Wanted
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka_topics import LEAK, committed_all, ended, member, members_of, read, topics, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def test_a_topic_that_appears_later_belongs_to_the_pattern(brokers):
    """The reader of a pattern takes it up by itself."""
    write(brokers, "shop-orders", [(b"a", b"line")] * 10)
    one = member(brokers, None, "patterned", "--pattern", "shop-.*")
    wait_for(lambda: committed_all(brokers, "shop-orders", "patterned"))
    write(brokers, "shop-payments", [(b"b", b"line")] * 10)
    wait_for(lambda: committed_all(brokers, "shop-payments", "patterned"))
    ended(one)


def test_a_rebalance_that_outlasts_a_poll_is_completed(brokers):
    """The client forgets one that new partitions have caused; whoever polls for moments only would never have them."""
    write(brokers, "momentary", [(b"a", b"line")])

    def nothing(places):
        pass

    client = Client(Wanted(brokers, ("momentary",), group="momentary"), Moves(nothing, nothing))
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    for count in (1, 2, 3):
        if count > 1:
            admin.create_partitions({"momentary": count})
        wait_for(lambda count=count: client.poll(0.002) or len(client.assignment()) == count, pause_s=0.0)
    admin.close()
    client.close()


def test_a_member_with_a_name_of_its_own_returns_to_its_partitions(brokers):
    """Killed and started again it goes on at once, though its session would live for two minutes more."""
    write(brokers, "static", [(b"a", b"line")] * 10)
    options = ("--instance-id", "reader-1", "--session-timeout", "150")
    first = member(brokers, "static", "returning", *options)
    wait_for(lambda: committed_all(brokers, "static", "returning"))
    first.kill()
    first.communicate()
    write(brokers, "static", [(b"a", b"line")] * 10)
    begun_s = time.monotonic()
    second = member(brokers, "static", "returning", *options)
    wait_for(lambda: committed_all(brokers, "static", "returning"))
    assert time.monotonic() - begun_s < 120
    ended(second)


def test_without_transactions_every_finding_comes_at_least_once(brokers):
    """Killed in the middle it may tell a finding again, with the same id."""
    half = len(LEAK) // 2
    options = ("--findings-topic", "at-least-findings", "--limit", "256MiB", "--at-least-once")
    write(brokers, "at-least", [(b"checkout", line) for line in LEAK[:half]])
    first = member(brokers, "at-least", "at-least", *options)
    wait_for(lambda: committed_all(brokers, "at-least", "at-least"))
    write(brokers, "at-least", [(b"checkout", line) for line in LEAK[half:]])
    first.kill()
    first.communicate()
    second = member(brokers, "at-least", "at-least", *options)
    wait_for(lambda: committed_all(brokers, "at-least", "at-least"))
    ended(second)
    told = [json.loads(record.value) for record in read(brokers, "at-least-findings")]
    assert {finding["kind"] for finding in told} >= {"leak", "next-goal-over-limit"}
    by_id = {finding["id"]: finding for finding in told}
    assert all(by_id[finding["id"]] == finding for finding in told)


def test_copiers_in_a_group_copy_every_message_once(brokers):
    """Two share the partitions, one is killed: nothing is missing and nothing is there twice."""
    told = {"@timestamp": "2026-11-23T03:12:00.000Z", "agent": {"type": "filebeat"}}
    events = [{**told, "container": {"name": f"s{number % 5}"}, "message": f"{number}"} for number in range(4000)]
    messages = [(b"node-%d" % (number % 7), json.dumps(event).encode()) for number, event in enumerate(events)]
    write(brokers, "by-node", messages[:2000], partitions=4)
    copiers = [member(brokers, "by-node", "copiers", "--rekey-to", "by-service") for _ in range(2)]
    wait_for(lambda: "by-service" in topics(brokers) and read(brokers, "by-service"))
    write(brokers, "by-node", messages[2000:])
    copiers[0].kill()
    copiers[0].communicate()
    wait_for(lambda: len(read(brokers, "by-service")) >= 4000)
    ended(copiers[1])
    copies = read(brokers, "by-service")
    assert sorted(copy.value for copy in copies) == sorted(value for _, value in messages)
    assert {copy.key for copy in copies} == {b"s%d" % number for number in range(5)}


def test_a_sink_that_does_not_take_stops_the_reading_and_never_the_heartbeat(brokers):
    """Dead letters cannot be written for three sessions: the member waits, stays a member, and then nothing is missing."""
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    unwritable = {"min.insync.replicas": "2"}  # of one replica: brokers refuse to write
    admin.create_topics({"unwritable": {"num_partitions": 1, "configs": unwritable}}, wait_for_metadata=True)
    write(brokers, "poison", [(b"a", b"\0\0\0\x01\x02avro")] * 3000)
    one = member(brokers, "poison", "pressed", "--dead-letters", "unwritable", "--session-timeout", "6")
    said = b""
    while b"reading stops" not in said:
        said = one.stderr.readline()
        assert said, "it ended"
    generation = members_of(admin, "pressed")
    assert len(generation) == 1
    time.sleep(18)
    assert members_of(admin, "pressed") == generation
    admin.alter_configs([ConfigResource("TOPIC", "unwritable", {"min.insync.replicas": "1"})])
    wait_for(lambda: len(read(brokers, "unwritable")) == 3000)
    admin.close()
    assert "reading goes on" in ended(one)


def states(servers, group):
    """The newest record of every key in the state topic of a group."""
    return {record.key: record for record in read(servers, f"gctail-state-{group}")}


def run_once(servers, topic, group, *options):
    """One member, until all is read; what it said."""
    one = member(servers, topic, group, *options)
    wait_for(lambda: committed_all(servers, topic, group))
    return ended(one)


def keep(servers, record, told):
    """Put another state in the place of one."""
    producer = KafkaProducer(bootstrap_servers=servers)
    producer.send(record.topic, key=record.key, value=json.dumps(told).encode(), partition=record.partition)
    producer.close()


def test_state_of_an_older_gctail_is_read_and_that_of_a_newer_one_left_alone(brokers):
    """Two versions in one group: what the older does not know yet is not lost; what it knows goes on."""
    lines = [(name, line) for line in LEAK[:1500] for name in (b"old", b"new")]
    write(brokers, "versions", lines)
    run_once(brokers, "versions", "versions")
    before = states(brokers, "versions")
    older, newer = (json.loads(before[name].value) for name in (b"old", b"new"))
    for name in ("mining", "budget_per_day", "trace_points", "findings"):
        older["state"].pop(name)
    keep(brokers, before[b"old"], older)
    newer["state"]["version"] = 99
    keep(brokers, before[b"new"], newer)
    write(brokers, "versions", [(name, line) for line in LEAK[1500:3000] for name in (b"old", b"new")])
    said = run_once(brokers, "versions", "versions")
    assert "a newer gctail has kept the state of new: it is left alone, and models begin anew here" in said
    assert "old" not in said
    after = {key: json.loads(record.value) for key, record in states(brokers, "versions").items()}
    assert after[b"new"] == newer
    assert after[b"old"]["state"]["collections"] > older["state"]["collections"]
    assert after[b"old"]["state"]["epochs_seen"] == 1


def test_a_lost_state_topic_is_told_and_the_reading_goes_on(brokers):
    """Somebody has deleted it: the group's offset stands, the models begin anew."""
    write(brokers, "stateless", [(b"checkout", line) for line in LEAK[:1000]])
    run_once(brokers, "stateless", "stateless")
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    admin.delete_topics(["gctail-state-stateless"])
    wait_for(lambda: "gctail-state-stateless" not in topics(brokers))
    admin.close()
    write(brokers, "stateless", [(b"checkout", line) for line in LEAK[1000:2000]])
    said = run_once(brokers, "stateless", "stateless")
    assert "the state topic knows nothing of it: models begin anew at offset 1000" in said
    [state] = [
        json.loads(record.value) for record in read(brokers, "gctail-state-stateless") if record.key == b"checkout"
    ][-1:]
    assert 0 < state["state"]["collections"] <= len([line for line in LEAK[1000:2000] if line.startswith(b"gc ")])


def test_a_restart_from_yesterday_knows_what_the_broker_has_deleted_meanwhile(brokers):
    """The models go on from yesterday, at the oldest message that is left; how many are lost is said."""
    write(brokers, "yesterday", [(b"checkout", line) for line in LEAK[:1000]])
    run_once(brokers, "yesterday", "yesterday")
    write(brokers, "yesterday", [(b"checkout", line) for line in LEAK[1000:4000]])
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    admin.delete_records({TopicPartition("yesterday", 0): 2500})
    admin.close()
    said = run_once(brokers, "yesterday", "yesterday")
    assert "yesterday/0: 1500 messages were deleted by the broker before they were read" in said
    state = json.loads(states(brokers, "yesterday")[b"checkout"].value)["state"]
    seen = [line for line in LEAK[:1000] + LEAK[2500:4000] if line.startswith(b"gc ")]
    assert state["collections"] == len(seen)
    assert state["epochs_seen"] == 1
