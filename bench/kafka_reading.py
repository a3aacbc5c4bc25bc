"""How fast gctail reads a topic, beside the bare client: `python bench/kafka_reading.py [--messages 300000]`.

Starts a real broker (tests/kafka_broker.py), writes plain lines with a collection in every thousand to one partition,
and reads them five times each way, in turn, with suspects looked for as `gctail kafka` does by itself. The design asks
for at least 0.8 of the bare client. The time of the processor is told too, which others on the machine do not change.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from gctail.engine import USUAL_MINING, Engine
from gctail.kafka import Message, Place
from gctail.kafka.client import POLL_RECORDS, Wanted
from gctail.kafka.naming import Naming
from gctail.kafka.starting import End, Start
from gctail.kafka.writing import make_topic
from gctail.runners.kafka import Consumption, Course
from gctail.runners.outputs import Outputs
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka_broker import Kafka

GC = (
    b"gc %d @%d.%03ds 1%%: 0.038+3.4+0.007 ms clock, 0.15+0.16/3.1/0+0.030 ms cpu, 80->83->41 MB, 84 MB goal, "
    b"0 MB stacks, 0 MB globals, 4 P"
)
LINE = (
    b"2026-01-02T03:04:05.123Z INFO request processed method=GET path=/api/v1/items/%d status=200 duration=%dms "
    b"user=u%d trace=abcdef0123456789abcdef0123456789 bytes=12345 cache=hit"
)


def write(servers: str, count: int) -> None:
    """The topic."""
    make_topic(servers, {}, "lines", 1)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=50, batch_size=1 << 18)
    for number in range(count):
        cycle = number // 1000 + 1
        line = GC % (cycle, cycle, 0) if number % 1000 == 999 else LINE % (number, number % 97, number % 1000)
        producer.send("lines", value=line, key=b"checkout")
    producer.flush()
    producer.close()


def bare(servers: str, count: int) -> float:
    """Messages a second of a loop that only polls."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False,
        max_poll_records=POLL_RECORDS, max_partition_fetch_bytes=4 << 20,
    )  # fmt: skip
    consumer.assign([TopicPartition("lines", 0)])
    consumer.poll(0)
    seen, begun_s = 0, time.perf_counter()
    while seen < count:
        seen += sum(len(records) for records in consumer.poll(1000).values())
    taken_s = time.perf_counter() - begun_s
    consumer.close()
    return count / taken_s


def ours(servers: str, count: int) -> float:
    """Messages a second of the whole path, up to the verdict."""
    wanted = Wanted(servers, ("lines",), reset="earliest")
    course = Course(wanted, Start("earliest"), End())
    engine = Engine()
    engine.mined.share = USUAL_MINING
    consumption = Consumption(course, engine, Naming(), Outputs([]), tell=print)
    times: list[float] = []
    read = consumption.reading.read

    def timed(place: Place, messages: Sequence[Message], now_s: float) -> None:
        """As the bare client's: neither connecting nor leaving counts."""
        if not times:
            times.append(time.perf_counter())
        read(place, messages, now_s)
        times.append(time.perf_counter())

    consumption.reading.read = timed  # type: ignore[method-assign]
    consumption.run()
    assert consumption.facts.messages == count  # noqa: S101
    return count / (times[-1] - times[0])


def measured(read: Callable[[str, int], float], servers: str, count: int) -> tuple[float, float]:
    """Messages a second, and microseconds of the processor for each (of `ours`, with connecting and leaving)."""
    before_s = time.process_time()
    rate = read(servers, count)
    return rate, (time.process_time() - before_s) / count * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=300_000)
    count = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder)) as kafka:
        write(kafka.servers, count)
        ours(kafka.servers, count)  # loads the models
        pairs = [[measured(read, kafka.servers, count) for read in (bare, ours)] for _ in range(5)]
    share = median(mine / alone for (alone, _), (mine, _) in pairs)
    for name, runs in zip(("bare client", "gctail"), zip(*pairs, strict=True), strict=True):
        rate, cpu_us = (median(each) for each in zip(*runs, strict=True))
        print(f"{name}: {rate:,.0f} messages/s, {cpu_us:.1f} µs of the processor for each")
    print(f"gctail reads at {share:.2f} of the bare client's speed (0.8)")


if __name__ == "__main__":
    main()
