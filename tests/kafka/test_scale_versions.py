"""Two versions of gctail in one group of `gctail scale`, on a real Kafka: state of the other one in the changelog."""

import json
import subprocess
from zlib import compress, decompress

import pytest

from kafka import KafkaProducer
from kafka_storm import GCTAIL
from kafka_topics import COLLECTIONS, LEAK, read, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

CHANGELOG = "changelog__two-versions--gctail-packets-two-versions--default"


def run(servers):
    """One process, up to the present end: the collections of each service as it knows them, and what it said."""
    command = [
        GCTAIL, "scale", "run", "--brokers", servers, "--topic", "two-versions", "--group", "two-versions",
        "--until", "end", "--checkpoint", "1", "--output", "json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=200, check=True)
    return {each["service"]: each["collections"] for each in json.loads(done.stdout)["services"]}, done.stderr.decode()


def kept(servers):
    """The newest state of each service, and the record that holds it."""
    found = {record.key: record for record in read(servers, CHANGELOG) if b"service " in record.key}
    return {key.decode()[:-1].rpartition(" ")[2]: (decompress(each.value), each) for key, each in found.items()}


def put(servers, record, state):
    """Another state in the place of one, as the engine writes it."""
    producer = KafkaProducer(bootstrap_servers=servers)
    value = compress(json.dumps(state).encode())
    producer.send(CHANGELOG, value=value, key=record.key, headers=list(record.headers), partition=record.partition)
    producer.close()


def test_state_of_an_older_gctail_goes_on_and_that_of_a_newer_one_is_left_alone(brokers):
    """What the older does not know yet is not lost; models of a service that a newer one has kept begin anew."""
    half = LEAK.index(COLLECTIONS[60])
    write(brokers, "two-versions", [(name, line) for line in LEAK[:half] for name in (b"old", b"new")])
    assert run(brokers)[0] == {"old": 60, "new": 60}
    states = kept(brokers)
    (older, at_old), (newer, at_new) = ((json.loads(states[name][0]), states[name][1]) for name in ("old", "new"))
    put(brokers, at_old, {name: value for name, value in older.items() if name not in {"mining", "pulse", "findings"}})
    put(brokers, at_new, {**newer, "version": 99})
    write(brokers, "two-versions", [(name, line) for line in LEAK[half:] for name in (b"old", b"new")])
    collections, said = run(brokers)
    assert collections == {"old": len(COLLECTIONS), "new": len(COLLECTIONS) - 60}
    assert "a newer gctail has kept the state of new: it is left alone, and models begin anew here" in said
    assert json.loads(kept(brokers)["new"][0])["version"] == 99
