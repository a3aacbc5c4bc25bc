"""Batches of records as brokers store them, read in one loop.

The client (kafka-python 3.0) makes several Python calls and two objects for each record, 6 µs in all; that was three
quarters of what reading a line cost. Here a record costs 1 µs. All else stays the client's: fetching, positions,
checksums, decompression, and which transactions were aborted.

    Record => Length Attributes TimestampDelta OffsetDelta KeyLength Key ValueLength Value [Header]

with all numbers but the attributes as zigzag varints, as in Protocol Buffers
(https://kafka.apache.org/documentation/#recordbatch).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch

import kafka
from gctail.kafka.places import Record
from kafka import TopicPartition

KNOWN = "3.0."
"""Versions of the client whose inner parts are as they are used here; of others we read with what they bring."""
READ_COMMITTED = 1


class Records(Fetcher.PartitionRecords):  # type: ignore[misc]  # the client has no types
    """What one answer of a broker holds of one partition, in the client's place of it."""

    def _unpack_records(self, tp: TopicPartition, records: Any, *_: object) -> Iterator[Record]:  # noqa: ANN401
        batch = None
        while records.has_next():
            batch = records.next_batch()
            if self.check_crcs and not batch.validate_crc():
                raise CorruptRecordError(f"{tp.topic}/{tp.partition}:{batch.base_offset}: the checksum is wrong")
            if batch.magic == 2 and self._is_left_out(batch):
                self.next_fetch_offset = batch.next_offset
                continue
            for record in records_of(batch, *tp):
                self.next_fetch_offset = record.offset + 1
                yield record
            self.bytes_read += batch.size_in_bytes
        if batch is not None and batch.magic == 2:
            self.next_fetch_offset = batch.next_offset  # compaction may have taken the last records
        self.drain()

    def _is_left_out(self, batch: DefaultRecordBatch) -> bool:
        """It is of a transaction that was aborted, or only says how one ended."""
        self.leader_epoch = batch.leader_epoch
        if self.isolation_level == READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return True
        return bool(batch.is_control_batch)


def read_quickly(fetcher: Fetcher) -> None:
    """Let this fetcher read batches as above, where it is one that we know."""
    if kafka.__version__.startswith(KNOWN):
        fetcher.PartitionRecords = Records


def records_of(batch: Any, topic: str, partition: int) -> list[Record]:  # noqa: ANN401  (the client has no types)
    """The records of one batch, in order. Raises CorruptRecordError where it is none."""
    if batch.magic < 2:  # written before 2017, and kept since
        return [
            Record(topic, partition, each.offset, each.timestamp, each.key, each.value, tuple(each.headers))
            for each in batch
        ]
    batch._maybe_uncompress()  # noqa: SLF001
    try:
        return _records(bytes(batch._buffer), batch._pos, batch, topic, partition)  # noqa: SLF001
    except IndexError as error:
        raise CorruptRecordError(f"{topic}/{partition}:{batch.base_offset}: {error}") from error


def _records(data: bytes, at: int, batch: DefaultRecordBatch, topic: str, partition: int) -> list[Record]:
    """Numbers that fit into one byte, and most do, are read without a call."""
    base_offset, first_ms = batch.base_offset, batch.first_timestamp
    appended_ms = batch.max_timestamp if batch.timestamp_type == DefaultRecordBatch.LOG_APPEND_TIME else None
    found = []
    for _ in range(batch.records_count):
        size, at = (data[at], at + 1) if data[at] < 128 else _number(data, at)
        end = at + (size >> 1)
        late, at = (data[at + 1], at + 2) if data[at + 1] < 128 else _number(data, at + 1)
        ahead, at = (data[at], at + 1) if data[at] < 128 else _number(data, at)
        length, at = (data[at], at + 1) if data[at] < 128 else _number(data, at)
        key = None if length & 1 else data[at : (at := at + (length >> 1))]  # -1, the only odd one, is none
        length, at = (data[at], at + 1) if data[at] < 128 else _number(data, at)
        value = None if length & 1 else data[at : (at := at + (length >> 1))]
        count, at = (data[at], at + 1) if data[at] < 128 else _number(data, at)
        headers: tuple[tuple[str, bytes | None], ...] = ()
        if count:
            headers, at = _headers(data, at, count >> 1)
        if at != end:
            raise CorruptRecordError(f"{topic}/{partition}:{base_offset + (ahead >> 1)}: a record of the wrong length")
        written_ms = first_ms + ((late >> 1) ^ -(late & 1)) if appended_ms is None else appended_ms
        found.append(Record(topic, partition, base_offset + (ahead >> 1), written_ms, key, value, headers))
    if at != len(data):
        raise CorruptRecordError(f"{topic}/{partition}:{base_offset}: {len(data) - at} bytes too many")
    return found


def _headers(data: bytes, at: int, count: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    headers = []
    for _ in range(count):
        length, at = _number(data, at)
        name = data[at : (at := at + (length >> 1))].decode("utf-8", "replace")  # some clients write any bytes
        length, at = _number(data, at)
        headers.append((name, None if length & 1 else data[at : (at := at + (length >> 1))]))
    return tuple(headers), at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A varint, its sign still in its lowest bit, and where it ends."""
    number = shift = 0
    while data[at] > 127:
        number |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1
