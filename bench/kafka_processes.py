"""How reading scales with processes: `python bench/kafka_processes.py [--messages 1000000] [--processes 1 2]`.

Starts a real broker, and for each number of processes a group of them, of `gctail kafka` and of `gctail scale run`.
When all are members, so many plain lines come at once, with a collection in every thousand, spread over four
partitions and forty services; the time until the group has committed all of them counts (it commits every 5 s at most).
What the processes take of the processor for each message is told as well: where that stays, more cores bring more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from kafka_reading import GC, LINE

from gctail.kafka.writing import make_topic
from kafka_broker import Kafka
from kafka_storm import GCTAIL

PARTITIONS, SERVICES = 4, 40


def measured(servers: str, command: list[str], group: str, processes: int, messages: int) -> tuple[float, float]:
    """Messages a second, and microseconds of the processor for each, of all processes together."""
    make_topic(servers, {}, group, PARTITIONS)
    options = ["--brokers", servers, "--topic", group, "--group", group, "--start", "earliest"]
    members = [
        subprocess.Popen([GCTAIL, *command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(processes)
    ]
    try:
        wait_for_members(servers, group, processes)
        begun_s, busy_s = time.monotonic(), sum(cpu_s(each.pid) for each in members)
        produce(servers, group, messages)
        while committed(servers, group) < messages:
            time.sleep(0.2)
        rate = messages / (time.monotonic() - begun_s)
        return rate, (sum(cpu_s(each.pid) for each in members) - busy_s) / messages * 1e6
    finally:
        for each in members:
            each.terminate()
        for each in members:
            each.wait(60)


def cpu_s(pid: int) -> float:
    """What a process has taken of the processor (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_members(servers: str, group: str, processes: int) -> None:
    """Until all are in the group and it is at rest."""
    admin = AdminClient({"bootstrap.servers": servers})
    while True:
        time.sleep(0.5)
        with suppress(KafkaException):  # the group is not there yet, or its broker is getting ready
            described = admin.describe_consumer_groups([group])[group].result(30)
            if len(described.members) == processes and described.state.name == "STABLE":
                time.sleep(5)
                return


def produce(servers: str, topic: str, messages: int) -> None:
    """Lines of forty services in turn, as fast as the broker takes them."""
    producer = Producer({
        "bootstrap.servers": servers, "linger.ms": 20, "queue.buffering.max.messages": messages,
        "queue.buffering.max.kbytes": 1 << 20,
    })  # fmt: skip
    for number in range(messages):
        cycle = number // 1000 // SERVICES + 1
        line = GC % (cycle, cycle, 0) if number % 1000 == 999 else LINE % (number, number % 97, number % 1000)
        producer.produce(
            topic, line, b"service-%d" % (number // 1000 % SERVICES), partition=number // 1000 % PARTITIONS
        )
    producer.flush()


def committed(servers: str, group: str) -> int:
    """How far the group is, in all partitions together."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": group, "enable.auto.commit": False})
    try:
        places = consumer.committed([TopicPartition(group, number) for number in range(PARTITIONS)], timeout=30)
        return sum(max(0, place.offset) for place in places)
    finally:
        consumer.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder)) as kafka:
        for command in (["kafka"], ["scale", "run", "--checkpoint", "1"]):
            for processes in options.processes:
                group = f"{command[0]}-{processes}"
                rate, cpu_us = measured(kafka.servers, command, group, processes, options.messages)
                told = f"{rate:,.0f} messages/s, {cpu_us:.1f} µs of the processor for each"
                print(f"gctail {command[0]}, {processes} processes: {told}", flush=True)


if __name__ == "__main__":
    main()
