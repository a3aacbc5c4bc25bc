"""Brokers that change under a reader: another one leads, or the network swallows everything for a while."""

import json
import signal
import time

import pytest

from kafka import KafkaAdminClient
from kafka_broker import Kafka
from kafka_topics import LEAK, committed_all, ended, member, read, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

HALF = len(LEAK) // 2


def leader_of(servers, topic):
    """The node that leads partition 0."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        [told] = admin.describe_topics([topic])
        return told["partitions"][0]["leader_id"]
    finally:
        admin.close()


def each_once(servers):
    """The kinds of findings that were written; none of them twice."""
    told = [json.loads(record.value) for record in read(servers, "findings")]
    ids = [finding["id"] for finding in told]
    assert len(ids) == len(set(ids))
    return {finding["kind"] for finding in told}


def lines(part):
    """A part of a log that leaks, keyed by its service."""
    return [(b"checkout", line) for line in part]


def test_another_broker_leads_and_the_reading_goes_on(three_brokers):
    """The one that led is ended politely in the middle, and comes back later."""
    servers = three_brokers.servers
    write(servers, "logs", lines(LEAK[:HALF]))
    one = member(servers, "logs", "led", "--findings-topic", "findings", "--limit", "256MiB")
    wait_for(lambda: committed_all(servers, "logs", "led"))
    before = leader_of(servers, "logs")
    three_brokers.kill(before, signal.SIGTERM)
    wait_for(lambda: leader_of(servers, "logs") not in {before, -1})
    write(servers, "logs", lines(LEAK[HALF:]))
    wait_for(lambda: committed_all(servers, "logs", "led"))
    three_brokers.start(before)
    ended(one)
    assert each_once(servers) >= {"leak", "next-goal-over-limit"}


def test_a_network_that_swallows_everything_is_waited_for(tmp_path):
    """Connections stay open, nothing comes back; it is said, and what was written meanwhile is read behind it.

    It may be said of the silence, and of the group that gave our place away meanwhile, but not of every try.
    """
    with Kafka(tmp_path / "kafka") as kafka:
        write(kafka.servers, "logs", lines(LEAK[:HALF]))
        one = member(kafka.servers, "logs", "cut-off", "--findings-topic", "findings", "--limit", "256MiB")
        wait_for(lambda: committed_all(kafka.servers, "logs", "cut-off"))
        kafka.running[1].send_signal(signal.SIGSTOP)
        time.sleep(45)
        kafka.running[1].send_signal(signal.SIGCONT)
        write(kafka.servers, "logs", lines(LEAK[HALF:]))
        wait_for(lambda: committed_all(kafka.servers, "logs", "cut-off"))
        said = ended(one)
        assert 1 <= said.count("waiting and trying again") <= 2
        assert "Kafka: going on" in said
        assert each_once(kafka.servers) >= {"leak", "next-goal-over-limit"}
