"""Topics on a real Kafka, for tests: written, read, waited for; and the members of groups that read them."""

import subprocess
import time
from pathlib import Path

from gctail.kafka.writing import make_topic
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka_storm import GCTAIL

ROOT = Path(__file__).resolve().parent.parent
LEAK = (ROOT / "samples" / "logs" / "unbounded-map-go1.27.log").read_bytes().splitlines()
STARTED = []
"""The processes of the test that is running."""
COLLECTIONS = [line for line in LEAK if line.startswith(b"gc ")]


def write(servers, topic, messages, partitions=1):
    """Messages: values, or (key, value) or (key, value, headers)."""
    make_topic(servers, {}, topic, partitions)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20, batch_size=1 << 18)
    for message in messages:
        key, value, headers = (*message, [])[:3] if isinstance(message, tuple) else (None, message, [])
        producer.send(topic, value=value, key=key, headers=headers)
    producer.flush()
    producer.close()


def read(servers, topic, within_s=60):
    """All committed messages of a topic.

    A broker says that a transaction is committed before its partitions know: the end is asked for as it is written.
    """
    consumer = KafkaConsumer(bootstrap_servers=servers)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    ends = consumer.end_offsets(partitions)
    consumer.close()
    consumer = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    found, until_s = [], time.monotonic() + within_s
    while any(consumer.position(each) < ends[each] for each in partitions) and time.monotonic() < until_s:
        for records in consumer.poll(200).values():
            found += records
    consumer.close()
    return found


def command(servers, topic, group, *options):
    """A member of a group; topic None leaves it to the options."""
    named = ["--topic", topic] if topic is not None else []
    return [
        GCTAIL, "kafka", "--brokers", servers, *named, "--group", group, "--start", "earliest",
        "--session-timeout", "6", *options,
    ]  # fmt: skip


def topics(servers):
    """Their names."""
    consumer = KafkaConsumer(bootstrap_servers=servers)
    try:
        return consumer.topics()
    finally:
        consumer.close()


def committed_all(servers, topic, group, *, most_left=0):
    """The group has read all of partition 0, or nearly all."""
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    try:
        partition = TopicPartition(topic, 0)
        committed = consumer.committed(partition)
        return committed is not None and committed + most_left >= consumer.end_offsets([partition])[partition] > 0
    finally:
        consumer.close(autocommit=False)


def wait_for(condition, within_s=120, pause_s=0.3):
    """Until it holds."""
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(pause_s)


def member(servers, topic, group, *options):
    """A consumer of a group, as a process; what it says on standard error can be read."""
    arguments = command(servers, topic, group, *options)
    STARTED.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    return STARTED[-1]


def end_all():
    """A test is over, perhaps badly: none of its processes is left behind."""
    for process in STARTED:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    STARTED.clear()


def ended(process):
    """End it politely, and return what it said."""
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    return said.decode()


def members_of(admin, group):
    """Who is in the group, by the ids that the brokers gave: a member that was thrown out comes back with another."""
    return {each["member_id"] for each in admin.describe_groups([group])[group]["members"]}
