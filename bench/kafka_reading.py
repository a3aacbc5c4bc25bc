"""How fast gctail reads a topic, beside the bare client: `python bench/kafka_reading.py [--payload filebeat]`.

Starts a real broker (tests/kafka_broker.py), writes lines with a collection in every thousand to one partition, plain
or as a shipper wraps them (Filebeat a line a message, OTLP twenty), and reads them five times each way, in turn, with
suspects looked for as `gctail kafka` does by itself. The design asks for at least 0.8 of the bare client for plain
lines. The time of the processor is told too, which others on the machine do not change.
"""

from __future__ import annotations

import argparse
import json
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


def line(number: int) -> bytes:
    """Of the log."""
    cycle = number // 1000 + 1
    return GC % (cycle, cycle, 0) if number % 1000 == 999 else LINE % (number, number % 97, number % 1000)


def plain(number: int) -> bytes:
    """A message that is a line."""
    return line(number)


def filebeat(number: int) -> bytes:
    """A line as Filebeat sends it from a container."""
    event = {
        "@timestamp": "2026-01-02T03:04:05.123Z",
        "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.17.0"},
        "host": {"name": "node-1"},
        "agent": {"id": "5c3a", "name": "node-1", "type": "filebeat", "version": "8.17.0"},
        "log": {"offset": number * 180, "file": {"path": "/var/log/containers/checkout.log"}},
        "stream": "stderr",
        "kubernetes": {"container": {"name": "checkout"}, "namespace": "shop", "pod": {"name": "checkout-7d9"}},
        "message": line(number).decode(),
    }
    return json.dumps(event).encode()


def otlp(number: int) -> bytes:
    """Twenty lines as the OpenTelemetry collector sends them."""
    lines = [
        {"timeUnixNano": "1767323045123000000", "body": {"stringValue": line(number * OTLP_LINES + at).decode()}}
        for at in range(OTLP_LINES)
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": lines}]}]}).encode()


OTLP_LINES = 20
PAYLOADS = {"plain": (plain, 1), "filebeat": (filebeat, 1), "otlp": (otlp, OTLP_LINES)}
"""What makes a message, and the lines in it."""


def write(servers: str, count: int, payload: Callable[[int], bytes]) -> None:
    """The topic."""
    make_topic(servers, {}, "lines", 1)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=50, batch_size=1 << 18)
    for number in range(count):
        producer.send("lines", value=payload(number), key=b"checkout")
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
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--payload", choices=PAYLOADS, default="plain")
    options = parser.parse_args()
    payload, lines = PAYLOADS[options.payload]
    count = options.lines // lines
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder)) as kafka:
        write(kafka.servers, count, payload)
        ours(kafka.servers, count)  # loads the models
        pairs = [[measured(read, kafka.servers, count) for read in (bare, ours)] for _ in range(5)]
    share = median(mine / alone for (alone, _), (mine, _) in pairs)
    for name, runs in zip(("bare client", "gctail"), zip(*pairs, strict=True), strict=True):
        rate, cpu_us = (median(each) for each in zip(*runs, strict=True))
        told = f"{rate:,.0f} messages/s, {rate * lines:,.0f} lines/s"
        print(f"{name}: {told}, {cpu_us / lines:.1f} µs of the processor for each line")
    print(f"gctail reads at {share:.2f} of the bare client's speed (0.8)")


if __name__ == "__main__":
    main()
