"""What a finding advises: it comes with the alarm, and not only with a certificate."""

from collections import defaultdict
from pathlib import Path

import orjson
import pytest

from gctail.cli import main

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "logs"


def advised(capsys, sample):
    """Of each kind of finding of a sample, what its onset and its resolution advise."""
    assert main([str(SAMPLES / sample), "--output", "jsonl", "--limit", "256MiB"]) == 0
    told = defaultdict(dict)
    for line in capsys.readouterr().out.splitlines():
        finding = orjson.loads(line)
        if finding["type"] == "finding":
            told[finding["kind"]].setdefault(finding["evidence"].get("phase", "onset"), finding["advice"])
    return told


@pytest.mark.parametrize(
    ("sample", "kind", "first"),
    [
        ("unbounded-map-go1.27.log", "next-goal-over-limit", "Take a heap profile now"),
        ("goroutine-leak-go1.25.log.gz", "goroutine-growth", "Goroutines leak: give each a way to end"),
        ("memory-limit-spiral-go1.27.log.xz", "death-spiral", "End the death spiral: more memory, or less live"),
        ("go-out-of-memory-go1.23.log.gz", "map-growth", "Find that map, and bound it before it doubles again"),
        ("go-out-of-memory-go1.23.log.gz", "death", "Bound that map, or split it"),
    ],
)
def test_an_alarm_says_what_to_do_first(capsys, sample, kind, first):
    assert advised(capsys, sample)[kind]["onset"][0].startswith(first)


def test_a_leak_advises_at_most_three_steps_and_begins_with_its_suspect(capsys):
    advice = advised(capsys, "unbounded-map-go1.27.log")["leak"]["onset"]
    assert advice[0].startswith("Bound what keeps one entry per ")
    assert len(advice) <= 3


def test_what_is_over_advises_nothing(capsys):
    growing = advised(capsys, "bounded-cache-go1.24.log.gz")["growing"]
    assert growing["resolved"] == []
