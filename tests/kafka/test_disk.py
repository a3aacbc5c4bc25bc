"""A broker whose disk is full, really."""

import json
import subprocess
from contextlib import suppress

import pytest
from confluent_kafka import Producer

from kafka_broker import Kafka, missing_programs
from kafka_topics import LEAK, committed_all, ended, member, read, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode or missing_programs():
        pytest.skip("needs the right to mount a small disk, and Java and Maven for a Kafka on it")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_of_the_broker_is_waited_out(small_disk, tmp_path):
    """The broker gives up; gctail says so once, and goes on when there is room again: all findings, none twice."""
    half = len(LEAK) // 2
    with Kafka(tmp_path / "kafka", **{"log.dirs": str(small_disk / "data")}) as kafka:
        write(kafka.servers, "logs", [(b"checkout", line) for line in LEAK[:half]])
        one = member(kafka.servers, "logs", "patient", "--findings-topic", "findings", "--limit", "256MiB")
        wait_for(lambda: committed_all(kafka.servers, "logs", "patient"))
        junk = small_disk / "junk"
        with suppress(OSError), junk.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        producer = Producer({"bootstrap.servers": kafka.servers, "message.timeout.ms": 4000})
        for line in LEAK[half:]:
            producer.produce("logs", line, b"checkout")
        producer.flush(10)
        wait_for(lambda: kafka.running[1].poll() is not None)
        junk.unlink()
        kafka.start(1)
        written = len(read(kafka.servers, "logs"))
        write(kafka.servers, "logs", [(b"checkout", line) for line in LEAK[written:]])
        wait_for(lambda: committed_all(kafka.servers, "logs", "patient"))
        said = ended(one)
        told = [json.loads(record.value) for record in read(kafka.servers, "findings")]
    assert said.count("waiting and trying again") >= 1
    assert "going on" in said
    ids = [finding["id"] for finding in told]
    assert len(ids) == len(set(ids))
    assert {finding["kind"] for finding in told} >= {"leak", "next-goal-over-limit"}
