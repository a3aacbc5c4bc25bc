"""How reading scales with processes: `python bench/kafka_processes.py [--messages 250000] [--processes 1 2 4]`.

Starts a real broker, and for each number of processes a group of them, of `gctail kafka` and of `gctail scale run`.
Each process is held to a share of one core (`--share 0.1`; 0 lets them run), so that few cores show what many would.
When all are members, so many plain lines for each come at once, with a collection in every thousand, spread over four
partitions and forty services. Counted is the time from the first commit after that to the last, and what was committed
in it; what the processes take of the processor for each message is told as well.
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
from quota import Quota

from gctail.kafka.writing import make_topic
from kafka_broker import Kafka
from kafka_storm import GCTAIL

PARTITIONS, SERVICES = 4, 40


def measured(  # noqa: PLR0913
    servers: str, command: list[str], group: str, *, processes: int, messages: int, share: float
) -> tuple[float, float]:
    """Messages a second, and microseconds of the processor for each, of all processes together."""
    make_topic(servers, {}, group, PARTITIONS)
    options = ["--brokers", servers, "--topic", group, "--group", group, "--start", "earliest"]
    members = [
        subprocess.Popen([GCTAIL, *command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(processes)
    ]
    quotas: list[Quota] = []
    try:
        wait_for_members(servers, group, processes)
        if share:
            for number, each in enumerate(members):
                quotas.append(Quota(f"{group}-{number}", share))
                quotas[-1].take(each.pid)
        busy_s = sum(cpu_s(each.pid) for each in members)
        produce(servers, group, messages)
        rate = steady_rate(servers, group, messages)
        return rate, (sum(cpu_s(each.pid) for each in members) - busy_s) / messages * 1e6
    finally:
        for each in members:
            each.kill()
        for each in members:
            each.wait(60)
        for quota in quotas:
            quota.close()


def steady_rate(servers: str, group: str, messages: int) -> float:
    """Messages a second between the first commit that is seen and the last."""
    first: tuple[float, int] | None = None
    while True:
        done, now_s = committed(servers, group), time.monotonic()
        if first is None and done:
            first = now_s, done
        if done >= messages and first is not None:
            return (done - first[1]) / max(now_s - first[0], 1e-3)
        time.sleep(0.2)


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
    parser.add_argument("--messages", type=int, default=250_000, help="for each process")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--share", type=float, default=0.1, help="of one core for each process; 0 for no limit")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder)) as kafka:
        for command in (["kafka"], ["scale", "run", "--checkpoint", "1"]):
            alone = 0.0
            for processes in options.processes:
                group = f"{command[0]}-{processes}"
                rate, cpu_us = measured(
                    kafka.servers, command, group, processes=processes, messages=options.messages * processes,
                    share=options.share,
                )  # fmt: skip
                told = f"{rate:,.0f} messages/s, {cpu_us:.1f} µs of the processor for each"
                alone = alone or rate / processes
                print(f"gctail {command[0]}, {processes} processes: {told}, {rate / alone:.2f} ×", flush=True)


if __name__ == "__main__":
    main()
