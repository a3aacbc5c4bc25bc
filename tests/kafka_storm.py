"""A storm over a group of consumers: members and brokers are killed at random, and the findings must stay the same.

Real logs of Go services go to a topic, again and again under new names. One quiet consumer reads all of it in peace;
a group of three reads it while members (SIGKILL, SIGTERM, SIGSTOP) and brokers are hurt. Both write findings to a
topic, and those that a reader of committed messages sees there must be the same set, none of them twice.
"""

from __future__ import annotations

import lzma
import os
import random
import signal
import subprocess
import sysconfig
import time
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

from kafka_broker import Kafka

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "bench" / "detection" / "runs"
CRASH = (b"fatal error: ", b"runtime: out of memory", b"panic: ")
GCTAIL = Path(sysconfig.get_path("scripts")) / "gctail"


PROGRAMS = {"kafka": ("kafka",), "scale": ("scale", "run", "--checkpoint", "1")}
"""What may be hurt: consumers that judge what they read, or processes that work together on an engine."""
SETTLED_S = 30.0
"""What `gctail scale` has read it has not judged yet: when no finding has come for so long, none will."""


class Member:
    """One process of a group."""

    def __init__(self, servers: str, group: str, number: int, folder: Path, program: str) -> None:
        self.log = folder / f"{group}-{number}.log"
        command = [
            GCTAIL, *PROGRAMS[program], "--brokers", servers, "--topic", "logs", "--group", group,
            "--start", "earliest", "--session-timeout", "3", "--findings-topic", f"findings-{group}",
            "--output", "jsonl",
        ]  # fmt: skip
        environment = os.environ | {"PYTHONFAULTHANDLER": "1"}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT, env=environment)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it politely, or not."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGABRT)  # its log then says where every thread stood
                self.process.wait()
                raise


def produce(servers: str, services: int, *, seconds: float = 0.0, copies_of: int = 40) -> int:
    """Write the logs of so many services, keyed by name, interleaved as a shipper would; spread over some time.

    Returns the number of messages.
    """
    from kafka import KafkaProducer

    logs = real_logs(copies_of)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20, batch_size=1 << 18, retry_backoff_ms=50)
    count, at, begun_s = 0, 0, time.monotonic()
    longest = max(len(lines) for lines in logs)
    calm = [crash_of(lines) for lines in logs]
    open_logs = [(number, number % len(logs)) for number in range(services)]
    while open_logs:
        for number, log in open_logs:
            for line in logs[log][at : at + 5] if at < calm[log] else logs[log][at:]:
                producer.send("logs", value=line, key=b"service-%d" % number)
                count += 1
        open_logs = [(number, log) for number, log in open_logs if len(logs[log]) > at + 5 and at < calm[log]]
        at += 5
        time.sleep(max(0.0, begun_s + seconds * at / longest - time.monotonic()))
    producer.flush()
    producer.close()
    return count


class Flood:
    """Writes the logs of so many services as fast as the brokers take them; who has ended or died begins anew.

    It waits where more than `most_left` messages are left to read for the group: consumers are never without a backlog,
    and the disk is not full of it.
    """

    def __init__(self, servers: str, services: int, *, most_left: int, copies_of: int = 280) -> None:
        from confluent_kafka import Producer

        self._logs = real_logs(copies_of)
        self._calm = [crash_of(lines) for lines in self._logs]
        self._lives = [[number % len(self._logs), 0] for number in range(services)]
        self._producer = Producer({
            "bootstrap.servers": servers, "enable.idempotence": True, "linger.ms": 20, "log_level": 2,
            "queue.buffering.max.messages": 200_000,
        })  # fmt: skip
        self._servers, self._most_left = servers, most_left
        self.count = 0
        self.backlogs: list[int] = []
        """How many messages were left to read, once a second."""

    def run(self, seconds: float) -> int:
        """Write for so long; returns the number of messages."""
        watch, next_look_s, until_s = Watch(self._servers, "storm"), 0.0, time.monotonic() + seconds
        while (now_s := time.monotonic()) < until_s:
            if now_s >= next_look_s:
                next_look_s = now_s + 1.0
                left = watch.left()
                if left is not None:
                    self.backlogs.append(left)
            if self.backlogs and self.backlogs[-1] > self._most_left:
                self._producer.poll(0.2)
            else:
                self._round()
        self._producer.flush()
        watch.close()
        return self.count

    def _round(self) -> None:
        """Some lines of each service."""
        for number, life in enumerate(self._lives):
            log, at = life
            lines = self._logs[log]
            more = lines[at : at + 5] if at < self._calm[log] else lines[at:]
            for line in more:
                self._write(line, b"service-%d" % number)
            life[1] += len(more)
            if life[1] >= len(lines):
                life[:] = (log + 1) % len(self._logs), 0

    def _write(self, line: bytes, key: bytes) -> None:
        while True:
            try:
                self._producer.produce("logs", line, key)
            except BufferError:  # the brokers take no more for now
                self._producer.poll(0.1)
            else:
                self.count += 1
                return


class Watch:
    """Looks how much a group has left to read, as a client that stays connected."""

    def __init__(self, servers: str, group: str) -> None:
        from confluent_kafka import Consumer

        self._consumer = Consumer({
            "bootstrap.servers": servers, "group.id": group, "enable.auto.commit": False, "log_level": 2,
        })  # fmt: skip

    def left(self) -> int | None:
        """Messages that are not committed; None where the brokers do not say it at once."""
        from confluent_kafka import KafkaException, TopicPartition

        try:
            known = self._consumer.list_topics("logs", timeout=1).topics["logs"].partitions
            committed = self._consumer.committed([TopicPartition("logs", each) for each in known], timeout=1)
            ends = [self._consumer.get_watermark_offsets(each, timeout=1)[1] for each in committed]
        except KafkaException:
            return None
        return sum(end - max(0, each.offset) for end, each in zip(ends, committed, strict=True))

    def close(self) -> None:
        """Look no more."""
        self._consumer.close()


def real_logs(copies_of: int) -> list[list[bytes]]:
    """The lines of so many recorded runs."""
    names = sorted(path.name for path in RUNS.glob("*.log.xz"))[:: max(1, 280 // copies_of)]
    return [lzma.decompress((RUNS / name).read_bytes()).split(b"\n")[:-1] for name in names]


def crash_of(lines: list[bytes]) -> int:
    """Where the process begins to die, or a little before: its report comes at once, as a runtime writes it."""
    found = next((at for at, line in enumerate(lines) if line.startswith(CRASH)), len(lines) + 5)
    return found - 5


def lag(servers: str, group: str) -> int:
    """Messages that the group has not committed yet."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    try:
        partitions = [TopicPartition("logs", number) for number in consumer.partitions_for_topic("logs") or ()]
        ends = consumer.end_offsets(partitions)
        return sum(ends[each] - (consumer.committed(each) or 0) for each in partitions)
    finally:
        consumer.close(autocommit=False)


def findings(servers: str, group: str) -> Counter[bytes]:
    """Every finding that the group wrote, by its whole text, with how often it is there."""
    from kafka import KafkaConsumer, TopicPartition

    topic = f"findings-{group}"
    consumer = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        found: Counter[bytes] = Counter()
        while any(consumer.position(each) < ends[each] for each in partitions):
            for records in consumer.poll(500).values():
                found.update(record.value for record in records)
        return found
    finally:
        consumer.close()


def wait_until_read(servers: str, group: str, program: str, within_s: float) -> None:
    """Until the group has committed all there is, and judged it."""
    until_s = time.monotonic() + within_s
    while (left := lag(servers, group)) > 0:
        if time.monotonic() > until_s:
            raise TimeoutError(f"{left} messages of group {group} are still unread after {within_s:.0f} s")
        time.sleep(0.5)
    count, since_s = -1, time.monotonic()
    while program == "scale" and time.monotonic() - since_s < SETTLED_S:
        time.sleep(2)
        if (now := findings(servers, group).total()) != count:
            count, since_s = now, time.monotonic()


def quiet(servers: str, folder: Path, within_s: float, program: str = "kafka") -> Counter[bytes]:
    """What one process finds in peace."""
    member = Member(servers, "quiet", 0, folder, program)
    try:
        wait_until_read(servers, "quiet", program, within_s)
    finally:
        member.end()
    return findings(servers, "quiet")


def storm(
    kafka: Kafka,
    folder: Path,
    producing: Future[int],
    *,
    seconds: float,
    seed: int,
    program: str = "kafka",
    within_s: float = 600,
) -> tuple[Counter[bytes], list[str]]:
    """What a group of three finds while it is hurt; and what was done to it."""
    chance = random.Random(seed)  # noqa: S311  (repeatable, no secret)

    def member(number: int) -> Member:
        return Member(kafka.servers, "storm", number, folder, program)

    members = {number: member(number) for number in range(3)}
    done: list[str] = []
    until_s = time.monotonic() + seconds
    try:
        while time.monotonic() < until_s:
            time.sleep(chance.uniform(1.0, 4.0))
            number = chance.randrange(3)
            what = chance.choice(("kill", "kill", "term", "freeze", "broker" if len(kafka.nodes) > 2 else "kill"))
            done.append(f"{what} {number}")
            if what == "broker":
                kafka.kill(number + 1)
                time.sleep(chance.uniform(0.5, 2.0))
                kafka.start(number + 1)
            elif what == "freeze":  # longer than its session: the others take over, and it must not write any more
                os.kill(members[number].process.pid, signal.SIGSTOP)
                time.sleep(chance.uniform(3.5, 6.0))
                os.kill(members[number].process.pid, signal.SIGCONT)
            else:
                members[number].end(signal.SIGKILL if what == "kill" else signal.SIGTERM)
                members[number] = member(number)
        producing.result()
        wait_until_read(kafka.servers, "storm", program, within_s)
    finally:
        for each in members.values():
            each.end()
    return findings(kafka.servers, "storm"), done
