"""Lanes: what is found in them, and where it stands, however the messages were cut into batches."""

import gzip
import random
from pathlib import Path

import pytest

from gctail.kafka.lanes import Lane
from gctail.kafka.places import Record
from gctail.parsing.scanner import Scanner
from gctail.records import Death, Sighting
from kafka_topics import LEAK

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples" / "logs"
CRASH = gzip.decompress((SAMPLES / "go-out-of-memory-go1.23.log.gz").read_bytes()).splitlines()


def found(lines, sizes):
    """What the runtime wrote in these lines, a message each, of which other services' messages stand between."""
    lane, events = Lane("checkout", Scanner("logs/0", "checkout"), decides=False), []
    messages = [Record("logs", 0, 7 * at, 1_800_000_000_000 + at, b"checkout", line) for at, line in enumerate(lines)]

    def take(event):
        if isinstance(event, Sighting):
            events.append(event)

    while messages:
        size = next(sizes)
        lane.feed(messages[:size], take)
        del messages[:size]
    lane.rest(take)
    return events


@pytest.mark.parametrize("most", [1, 3, 10, 50, 200])
def test_a_report_stands_where_it_begins_also_when_the_next_process_has_begun_behind_it(most):
    """It is told when it is over, after the lines behind it: its place, and so its id, must not depend on the batches."""
    lines = [*CRASH, *LEAK[:300], *CRASH, *LEAK[:300]]
    chance = random.Random(most)  # noqa: S311  (repeatable, no secret)
    calm = found(lines, iter([len(lines)]))
    assert found(lines, iter(lambda: chance.randint(1, most), None)) == calm
    deaths = [event for event in calm if isinstance(event.record, Death)]
    assert [lines[event.offset // 7].decode() for event in deaths] == [event.record.lines[0] for event in deaths]
    assert len(deaths) == 2
