"""gctail on a distributed engine: what travels between its halves, what is kept of them, and many processes on a real Kafka."""

import gzip
import json
import lzma
import random
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from zlib import compress, decompress

import msgspec
import pytest
from confluent_kafka import Producer

from gctail.engine import Engine
from gctail.kafka.lanes import Lane
from gctail.kafka.naming import Naming
from gctail.kafka.places import Place, Record
from gctail.kafka.starting import Start
from gctail.kafka.writing import make_topic
from gctail.parsing.scanner import Scanner
from gctail.records import Death, Digest, GcCycle, Sighting
from gctail.runners.outputs import Outputs
from gctail.runners.scale import Topology, Wanted
from gctail.runners.scale.packets import (
    LARGEST_BYTES,
    Clock,
    Packet,
    Part,
    Rumour,
    encoded,
    home_of,
    message_of,
    messages_of,
)
from gctail.runners.scale.packing import SAMPLE_BYTES
from gctail.runners.scale.shares import Share
from gctail.runners.scale.strips import Memory, Strip, Views, Way
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka_storm import GCTAIL, RUNS
from kafka_topics import COLLECTIONS, STARTED, committed_all, ended, members_of, topics, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

ROOT = Path(__file__).resolve().parent.parent.parent
LEAK = (ROOT / "samples" / "logs" / "unbounded-map-go1.27.log").read_bytes().splitlines()
CRASH = gzip.decompress((ROOT / "samples" / "logs" / "go-out-of-memory-go1.23.log.gz").read_bytes()).splitlines()
ALIVE = (
    "trimmed-buffer-go1.27-1", "explicit-collections-go1.24-3", "silent-ring-go1.27-1", "stopped-timers-go1.24-3",
    "office-cache-go1.24-3", "soft-limit-plateau-go1.27-1",
)  # fmt: skip
"""Runs of which some find something, and that do not end in a crash, for whose report a reader waits."""
FILEBEAT = {"@timestamp": "2026-11-23T03:12:00.000Z", "agent": {"type": "filebeat"}}
VIEWS = Views(Naming(), None, None, 2026, print)


class Store(dict):
    """A dictionary is a store."""

    get_bytes = dict.get
    set = set_bytes = dict.__setitem__

    def delete(self, key):
        self.pop(key, None)


def messages(lines, topic="logs"):
    return [Record(topic, 0, number, 1_800_000_000_000, b"checkout", line) for number, line in enumerate(lines)]


def way(memory=None):
    return Way(Lane("checkout", Scanner("logs/0", "checkout"), decides=False), None, memory)


def sightings(found):
    return [
        sighting for each in found for packet in each.packets for part in packet.parts for sighting in part.sightings
    ]


def digests(found):
    """All text, whichever record it travelled with."""
    parts = [part.digest for each in found for packet in each.packets for part in packet.parts if part.digest]
    return sum(digest.lines for digest in parts)


@pytest.mark.parametrize("seed", range(4))
def test_a_lane_goes_on_from_its_memory_as_if_nothing_had_been(seed):
    """Handed over between any two messages, also inside a torn line or a crash report, it finds the same."""
    torn = [line for line in LEAK if line.startswith(b"gc ")][:6]
    pieces = [piece for line in torn for piece in (line[:3], line[3:40], line[40:], b"INFO between")]
    stream = messages([*LEAK[:300], *pieces, *CRASH, b"INFO the end", b"INFO the end"])
    whole = way()
    calm = [whole.feed(stream), whole.rest()]

    chance = random.Random(seed)  # noqa: S311  (repeatable, no secret)
    wild, current, at = [], way(), 0
    while at < len(stream):
        count = chance.randint(1, 40)
        wild.append(current.feed(stream[at : at + count]))
        at += count
        current = way(msgspec.msgpack.decode(msgspec.msgpack.encode(current.memory), type=Memory))
    wild.append(current.rest())
    assert sightings(wild) == sightings(calm)
    assert any(isinstance(sighting.record, Death) for sighting in sightings(calm))
    assert digests(wild) == digests(calm)


def docker(line):
    return json.dumps({"log": line.decode() + "\n", "stream": "stderr", "time": "2026-11-23T03:12:00.5Z"}).encode()


@pytest.mark.parametrize("wrap", [bytes, docker])
def test_what_is_searched_for_suspects_does_not_depend_on_how_it_came(wrap):
    """The beginning of the text between two records, without its wrapper, whole lines: in one piece or in many."""
    first, second = COLLECTIONS[:2]
    text = [b"INFO %d " % number + b"x" * 150 for number in range(300)]
    stream = messages([wrap(line) for line in (first, *text, second)])

    def sample(*pieces):
        current, found = way(), []
        for piece in pieces:
            found.append(current.feed(piece))
            current = way(msgspec.msgpack.decode(msgspec.msgpack.encode(current.memory), type=Memory))
        parts = [part for each in found for packet in each.packets for part in packet.parts if part.digest]
        return "".join(part.digest.sample for part in parts)

    told = sample(stream)
    assert told == sample(*(stream[at : at + 7] for at in range(0, len(stream), 7)))
    assert told == sample(*([message] for message in stream))
    assert 0.98 * SAMPLE_BYTES < len(told) <= SAMPLE_BYTES
    assert told.startswith("INFO 0 xxx")
    assert told.endswith("xxx\n")


def test_a_packet_that_no_broker_would_take_travels_in_parts():
    """What comes of them is what had come of it."""
    found = way().feed(messages(LEAK))
    [packet] = [Packet("checkout", [part for packet in found.packets for part in packet.parts])]
    large = Packet("checkout", [*packet.parts, Part(None, [packet.parts[-1].sightings[-1]] * 3000)])
    told = list(messages_of(large))
    assert len(told) > 2
    assert max(map(len, told)) <= LARGEST_BYTES
    parts = [part for each in told for part in message_of(each).parts]
    assert [part.digest for part in parts if part.digest] == [part.digest for part in large.parts if part.digest]
    assert [each for part in parts for each in part.sightings] == [
        each for part in large.parts for each in part.sightings
    ]


def test_a_strip_that_moves_remembers_what_was_open():
    """The first half of a torn line was read by another process."""
    store = Store()
    line = next(line for line in LEAK if line.startswith(b"gc "))
    first = Strip(Place("logs", 0), VIEWS, lambda: store)
    assert sightings([first.feed("checkout", messages([line[:30]]))]) == []
    assert first.save(store)
    second = Strip(Place("logs", 0), VIEWS, lambda: store)
    found = second.feed("checkout", messages([line[30:]]))
    [sighting] = sightings([found])
    assert isinstance(sighting.record, GcCycle)
    assert sighting.mended


def test_what_another_gctail_kept_of_a_lane_is_told_and_begins_anew(capsys):
    """It cannot be read here: no message is called poison for that."""
    line = next(line for line in LEAK if line.startswith(b"gc "))
    for kept in (b"no zlib", compress(b"no msgpack"), compress(msgspec.msgpack.encode({"lane": {}, "held": {}}))):
        store = Store({"lane checkout": kept, "open": ["checkout"]})
        strip = Strip(Place("logs", 0), VIEWS, lambda store=store: store)
        assert len(sightings([strip.feed("checkout", messages([line]))])) == 1
        assert "what was open in checkout of logs/0 cannot be used" in capsys.readouterr().out
        strip.save(store)
        assert Strip(Place("logs", 0), VIEWS, lambda store=store: store).feed("checkout", messages([b"line"]))
        assert not capsys.readouterr().out


def test_packets_come_back_as_they_were():
    """Records of the runtime, digests with any bytes, names that are no text."""
    [cycle] = sightings([way().feed(messages([next(line for line in LEAK if line.startswith(b"gc "))]))])
    for name in ("checkout", "hostile \udcff name"):
        packet = Packet(name, [Part(Digest(3, 1, b"\xff\xfe"), [msgspec.structs.replace(cycle, service=name)])])
        assert message_of(encoded(packet)) == packet
    assert message_of(encoded(Clock("logs/1", 12.5, 3))) == Clock("logs/1", 12.5, 3)


def test_a_service_is_the_same_whoever_has_it():
    """Taken over after every packet, it finds what a service finds that stays."""
    lane = way()
    told = [lane.feed([message]) for message in messages(LEAK)]
    packets = [packet for each in told for packet in each.packets]

    def found(*, moving):
        store, told = Store(), []
        share = Share(Engine(), lambda: store, print)
        for packet in packets:
            told += share.take(packet)
            if moving:
                share.save(store)
                share = Share(Engine(), lambda: store, print)
        return [finding.id for finding in told]

    assert found(moving=True) == found(moving=False)
    assert found(moving=False)


def test_state_of_an_older_gctail_goes_on_and_that_of_a_newer_one_is_left_alone():
    """Two versions in one group: the newer takes its service up again where it left it."""
    lane = way()
    packets = [packet for message in messages(LEAK[:2000]) for packet in lane.feed([message]).packets]
    store, said = Store(), []
    first = Share(Engine(), lambda: store, said.append)
    for packet in packets[: len(packets) // 2]:
        first.take(packet)
    first.save(store)
    key = "service checkout"
    before = json.loads(decompress(store[key]))

    older = {name: value for name, value in before.items() if name not in {"mining", "pulse", "findings"}}
    store[key] = compress(json.dumps(older).encode())
    goes_on = Share(Engine(), lambda: store, said.append)
    goes_on.take(packets[len(packets) // 2])
    assert goes_on.engine.services["checkout"].collections > before["collections"]
    assert not said

    newer = store[key] = compress(json.dumps({**before, "version": 99}).encode())
    anew = Share(Engine(), lambda: store, said.append)
    for packet in packets[3 * len(packets) // 4 :]:
        anew.take(packet)
    assert anew.engine.services["checkout"].collections < before["collections"]
    assert "a newer gctail has kept the state of checkout" in said[0]
    anew.save(store)
    assert store[key] == newer


def test_a_rumour_finds_its_service_and_else_stays_where_it_was_heard():
    """A kernel's report reaches every partition; the one that has the container's service takes it."""
    death = Death(
        "kernel-oom-kill-cgroup", "kernel", "Killed process 7 (checkout)", (), {"process": "checkout", "pid": 7}
    )
    sighting = Sighting(death, "kernel", "logs/0", 5)
    [cycle] = sightings([way().feed(messages([next(line for line in LEAK if line.startswith(b"gc "))]))])
    with_it, without, home = (Share(Engine(), Store, print) for _ in range(3))
    with_it.take(Packet("checkout", [Part(None, [cycle])]))
    assert [finding.service for finding in with_it.take(Rumour(sighting, home=False))] == ["checkout"]
    assert without.take(Rumour(sighting, home=False)) == []
    assert [finding.service for finding in home.take(Rumour(sighting, home=True))] == ["kernel"]


def test_services_live_where_librdkafka_puts_their_keys(brokers):
    """Its partitioner is `consistent`: others may write to the topic too, with the name as key."""
    make_topic(brokers, {}, "keyed-by-librdkafka", 7)
    producer, went = Producer({"bootstrap.servers": brokers}), {}
    for name in ("checkout", "payments", "größe"):
        producer.produce(
            "keyed-by-librdkafka",
            b"",
            name.encode(),
            on_delivery=lambda _, sent: went.update({sent.key(): sent.partition()}),
        )
    producer.flush()
    assert went == {name.encode(): home_of(name, 7) for name in ("checkout", "payments", "größe")}


def test_findings_are_the_same_in_any_number_of_processes(brokers, tmp_path):
    """One process; one, then four of which one is killed, then one again: the same bytes, none of them twice.

    The topic is keyed by machine, not by service, and several machines' services are in each partition.
    """
    logs = {
        f"service-{number}": lzma.decompress((RUNS / f"{name}.log.xz").read_bytes()).splitlines()
        for number, name in enumerate(ALIVE)
    } | {"shop": LEAK}
    make_topic(brokers, {}, "machines", 4)
    write_machines(brokers, logs)

    alone = [finding for name, lines in logs.items() for finding in found_in(name, lines)]
    count = len(alone)
    assert count > 3
    assert any(finding.suspects for finding in alone)

    alone = [process(brokers, "alone", tmp_path)]
    wait_for(lambda: len(findings(brokers, "alone")) >= count)
    end(alone)
    expected = Counter(findings(brokers, "alone"))
    assert sum(expected.values()) == count
    assert any(json.loads(text)["suspects"] for text in expected)

    changing = [process(brokers, "changing", tmp_path)]
    wait_for(lambda: findings(brokers, "changing"))
    changing += [process(brokers, "changing", tmp_path) for _ in range(3)]
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    wait_for(lambda: len(members_of(admin, "changing")) == 4)
    admin.close()
    changing.pop(1).kill()
    write_machines(brokers, {f"late-{name}": lines for name, lines in logs.items()})
    time.sleep(3)
    end(changing[1:])
    wait_for(lambda: len(findings(brokers, "changing")) >= 2 * count)
    end(changing[:1])
    found = Counter(findings(brokers, "changing"))
    early = Counter({text: times for text, times in found.items() if b'"service":"late-' not in text})
    assert early == expected
    assert sum(found.values()) == 2 * count
    assert max(found.values()) == 1


def found_in(name, lines):
    """What the core finds in a log by itself."""
    lane, share = way(), Share(Engine(), Store, print)
    share.engine.mined.share = 1.0
    stream = [Record("logs", 0, number, 1_800_000_000_000, name.encode(), line) for number, line in enumerate(lines)]
    for found in (lane.feed(stream), lane.rest()):
        for packet in found.packets:
            yield from share.take(packet)


def write_machines(servers, logs):
    """Lines as Filebeat sends them, keyed by the machine that they come from."""
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20, batch_size=1 << 18)
    for number, (name, lines) in enumerate(logs.items()):
        for line in lines:
            event = {**FILEBEAT, "message": line.decode(), "container": {"name": name}}
            producer.send("machines", value=json.dumps(event).encode(), key=b"machine-%d" % (number % 5))
    producer.flush()
    producer.close()


def process(servers, group, folder):
    with (folder / f"{group}.log").open("ab") as output:
        made = subprocess.Popen(
            [
                GCTAIL, "scale", "run", "--brokers", servers, "--topic", "machines", "--group", group, "--start", "earliest",
                "--checkpoint", "1", "--session-timeout", "2", "--output", "jsonl",
            ],
            stdout=output, stderr=output, cwd=ROOT,
        )  # fmt: skip
    STARTED.append(made)
    return made


def end(processes):
    for each in processes:
        each.send_signal(signal.SIGTERM)
    assert [each.wait(60) for each in processes] == [0] * len(processes)


def findings(servers, group):
    topic = f"gctail-findings-{group}"
    consumer = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not partitions:
            return []
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends, found, until_s = consumer.end_offsets(partitions), [], time.monotonic() + 20
        while any(consumer.position(each) < ends[each] for each in partitions) and time.monotonic() < until_s:
            for records in consumer.poll(200).values():
                found += [record.value for record in records]
        return found
    finally:
        consumer.close(autocommit=False)


def start(servers, topic, *options):
    """A process that reads a topic, in a group of the same name."""
    options = ("--topic", topic, "--group", topic, "--checkpoint", "1", "--session-timeout", "6", *options)
    command = [GCTAIL, "scale", "run", "--brokers", servers, *options]
    STARTED.append(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL))
    return STARTED[-1]


def test_a_group_begins_at_a_time(brokers):
    """What was written before is not read; a second process begins where the first one is."""
    make_topic(brokers, {}, "minutes", 1)
    producer = KafkaProducer(bootstrap_servers=brokers)
    for minute in range(60):
        producer.send("minutes", value=b"line", timestamp_ms=1_795_424_400_000 + minute * 60_000)
    producer.flush()
    first = start(brokers, "minutes", "--start", "2026-11-23T09:10:00Z")
    wait_for(lambda: committed_all(brokers, "minutes", "minutes"))
    second = start(brokers, "minutes", "--start", "2026-11-23T09:10:00Z")
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    wait_for(lambda: len(members_of(admin, "minutes")) == 2)
    admin.close()
    assert "50 messages were read" in ended(first)
    producer.send("minutes", value=b"line")
    producer.close()
    wait_for(lambda: committed_all(brokers, "minutes", "minutes"))
    assert "1 messages were read" in ended(second)


def waiting(servers, topic, said):
    """A process that says this while it waits; ended, and what it has said by then."""
    made = start(servers, topic)
    line = made.stderr.readline().decode()
    assert said in line
    return line + ended(made)


def test_who_waits_for_a_broker_or_a_topic_can_be_ended(brokers):
    """A signal counts before there is anything to read, too."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        for servers, said in (
            (f"127.0.0.1:{nobody.getsockname()[1]}", "does not answer"),
            (brokers, "there is no topic not-yet yet; waiting"),
        ):
            assert "0 messages were read" in waiting(servers, "not-yet", said)


def read_by(servers, topic, *options, kinds=frozenset()):
    """One process, until all that was written is read, and findings of these kinds are there; what it said."""
    one = start(servers, topic, "--start", "earliest", *options)
    wait_for(lambda: committed_all(servers, topic, topic))
    wait_for(lambda: {json.loads(text)["kind"] for text in findings(servers, topic)} >= kinds)
    return ended(one)


def changelogs(servers, group):
    """The topics in which the engine keeps what is remembered."""
    return [topic for topic in topics(servers) if topic.startswith(f"changelog__{group}--")]


def test_who_is_ended_while_it_begins_ends(brokers, monkeypatch):
    """The engine forgets a wish that comes before it polls, which is some seconds on a machine under load."""
    write(brokers, "beginnings", [(b"a", b"line")])
    wanted = Wanted(brokers, ("beginnings",), "beginners", "beginners-findings", start=Start("earliest"))
    topology = Topology(wanted, VIEWS, Engine, Outputs([]), print)
    monkeypatch.setattr("gctail.runners.scale.topology.Quiet._setup_signal_handlers", lambda _: topology.stop())
    running = threading.Thread(target=topology.run, daemon=True)
    running.start()
    running.join(40)
    assert not running.is_alive()


@pytest.mark.parametrize("kept", [True, False])
def test_lost_state_is_learned_anew_and_the_reading_goes_on(brokers, tmp_path, kept):
    """Somebody has deleted the topics of state, with and without a copy of it in the process's own directory."""
    topic = f"forgetful-{kept}"
    options = ("--state-dir", str(tmp_path)) if kept else ()
    write(brokers, topic, [(b"checkout", line) for line in LEAK[:2000]])
    assert "2000 messages were read" in read_by(brokers, topic, *options, kinds={"growing"})
    gone = changelogs(brokers, topic)
    assert gone
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    admin.delete_topics(gone)
    wait_for(lambda: not changelogs(brokers, topic))
    admin.close()
    write(brokers, topic, [(b"checkout", line) for line in LEAK])
    said = read_by(brokers, topic, *options, kinds={"growing", "leak"})
    assert f"{len(LEAK)} messages were read" in said
    told = f"the topics of the state in {tmp_path} are gone" if kept else "what was learned from it is gone"
    assert told in said
    assert "models begin anew" in said
    assert {json.loads(text)["epoch"] for text in findings(brokers, topic)} == {1}


def test_a_restart_from_yesterday_reads_what_is_left(brokers):
    """The broker has deleted some of it meanwhile; the models go on."""
    write(brokers, "since-yesterday", [(b"checkout", line) for line in LEAK[:1000]])
    read_by(brokers, "since-yesterday")
    write(brokers, "since-yesterday", [(b"checkout", line) for line in LEAK[1000:4000]])
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    admin.delete_records({TopicPartition("since-yesterday", 0): 2500})
    admin.close()
    said = read_by(brokers, "since-yesterday", kinds={"leak"})
    assert "1500 messages were read" in said
    assert "gone" not in said
    assert {json.loads(text)["epoch"] for text in findings(brokers, "since-yesterday")} == {1}
