"""Batches of records read in one loop: the same records as the client reads, of every shape that brokers store."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from gctail.kafka.batches import Records, records_of
from gctail.kafka.client import Client, Moves, Wanted
from gctail.kafka.places import Place, Record
from gctail.kafka.writing import make_topic
from kafka import KafkaProducer
from kafka_topics import wait_for

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

HEADER = some.tuples(some.text(max_size=5), some.none() | some.binary(max_size=200))
RECORD = some.tuples(
    some.integers(0, 1 << 41),
    some.none() | some.binary(max_size=200),
    some.none() | some.binary(max_size=200) | some.integers(100, 20_000).map(bytes),
    some.lists(HEADER, max_size=3),
)


def batch_of(records, codec=0):
    """As a producer makes it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1 << 24,
    )  # fmt: skip
    for at, (written_ms, key, value, headers) in enumerate(records):
        builder.append(at, timestamp=written_ms, key=key, value=value, headers=headers)
    return bytes(builder.build())


@given(some.lists(RECORD, min_size=1, max_size=200), some.sampled_from([0, 1]))
def test_records_are_those_that_the_client_reads(records, codec):
    """Keys, values and headers that are none, empty or long, written in any order of time, in plain or with gzip."""
    data = batch_of(records, codec)
    theirs = [
        Record("logs", 3, each.offset, each.timestamp, each.key, each.value, tuple(each.headers))
        for each in DefaultRecordBatch(data)
    ]
    assert records_of(DefaultRecordBatch(data), "logs", 3) == theirs
    assert [each.value for each in theirs] == [value for _, _, value, _ in records]


def test_a_header_whose_name_is_no_text_stops_nobody():
    """Clients in C write any bytes."""
    data = batch_of([(0, b"key", b"value", [("trace", b"1"), ("svc", b"\xff")])]).replace(b"trace", b"tr\xff\xfee")
    [record] = records_of(DefaultRecordBatch(data), "logs", 0)
    assert record.headers == (("tr\ufffd\ufffde", b"1"), ("svc", b"\xff"))


def test_batches_of_an_older_format_are_read():
    """A topic that was written before 2017 may still have them."""
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=1, batch_size=1 << 20)
    for at in range(3):
        builder.append(at, timestamp=1_500_000_000_000, key=b"checkout", value=b"line %d" % at)
    [batch] = MemoryRecords(bytes(builder.build()))
    assert [each.value for each in records_of(batch, "logs", 0)] == [b"line 0", b"line 1", b"line 2"]


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_batch_that_is_cut_is_none(cut):
    """Its length says how much there should be."""
    batch = DefaultRecordBatch(batch_of([(0, b"key", b"value" * 30, [])] * 5))
    batch._buffer = batch._buffer[:-cut]
    with pytest.raises(CorruptRecordError):
        records_of(batch, "logs", 0)


def reader(servers, topic):
    """Reads a topic from its beginning, committed messages only."""

    def nothing(places):
        pass

    return Client(Wanted(servers, (topic,), reset="earliest"), Moves(nothing, nothing))


def test_the_client_reads_batches_so(brokers):
    """From the middle of a batch as well; what a transaction gave up is not there."""
    make_topic(brokers, {}, "batches", 1)
    producer = KafkaProducer(bootstrap_servers=brokers, transactional_id="batches", compression_type="gzip")
    producer.init_transactions()
    for name, keep in ((b"kept", True), (b"given up", False), (b"kept too", True)):
        producer.begin_transaction()
        for number in range(100):
            producer.send("batches", key=b"a", value=b"%s %d" % (name, number), headers=[("h", b"1")])
        producer.flush()
        (producer.commit_transaction if keep else producer.abort_transaction)()
    producer.close()

    client, found = reader(brokers, "batches"), []
    wait_for(lambda: found.extend(client.poll(0.2).get(Place("batches", 0), ())) or len(found) >= 200)
    assert client.consumer._fetcher.PartitionRecords is Records
    assert isinstance(found[0], Record)
    values = [b"%s %d" % (name, number) for name in (b"kept", b"kept too") for number in range(100)]
    assert [each.value for each in found] == values
    assert {(each.key, each.headers, each.topic, each.partition) for each in found} == {
        (b"a", (("h", b"1"),), "batches", 0)
    }
    wait_for(lambda: client.poll(0.2) or client.position(Place("batches", 0)) == client.end(Place("batches", 0)))
    client.seek(Place("batches", 0), found[150].offset)
    again = []
    wait_for(lambda: again.extend(client.poll(0.2).get(Place("batches", 0), ())) or len(again) >= 50)
    assert again == found[150:]
    client.close()
