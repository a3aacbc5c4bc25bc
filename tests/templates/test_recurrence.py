"""What is known of lines that are not read: their number exactly, and how many different keys they bring."""

from random import Random
from statistics import mean

import orjson
import pytest

from gctail.templates.mine import Mine
from gctail.templates.recurrence import MOST_KEYS, Recurrence, merged, recurring

LINES, BINS = 40_000, 10
SEEDS = range(4)


def played(seed, times, form):
    """A mine that reads a tenth of a log in which each key comes so often; the lines with keys, and the keys."""
    dice, mine = Random(seed), Mine(share=0.1, closely_bytes=1 << 16)  # noqa: S311
    keys = [f"{dice.getrandbits(48):012x}" for _ in range(LINES // 2 // times)]
    order = keys * times
    dice.shuffle(order)
    lines = [form.format(key=key, at=at) for at, key in enumerate(order)]
    lines += [f'{{"msg":"request served","path":"/x/{at}","ms":{at % 9}}}' for at in range(LINES - len(lines))]
    dice.shuffle(lines)
    for at in range(BINS):
        mine.read("".join(f"{line}\n" for line in lines[at::BINS]).encode())
        mine.tick(at + 1.0, 30.0)
    [template] = [each for each in mine.courses().templates if "cart" in each.text]
    return template, len(order), len(keys)


@pytest.mark.parametrize("form", ['{{"msg":"cart loaded","cart":"{key}","n":{at}}}', "cart {key} loaded at step {at}"])
@pytest.mark.parametrize("times", [1, 3, 20])
def test_rates_are_exact_and_numbers_of_keys_unbiased_though_a_key_comes_again_where_nobody_reads(times, form):
    off = []
    for seed in SEEDS:
        template, lines, keys = played(seed, times, form)
        assert sum(template.count) == lines
        assert template.read_share < 0.3
        off.append(template.slots[0].distinct / keys)
    assert mean(off) == pytest.approx(1.0, abs=0.2)
    assert max(off) < 2.0
    assert min(off) > 0.5


def test_keys_that_come_three_times_are_told_from_such_as_come_once():
    dice = Random(3)  # noqa: S311
    for times in (1, 3):
        counted = Recurrence()
        order = [*range(4000)] * times
        dice.shuffle(order)
        for key in order[: len(order) // 5]:
            counted.add([key * 0x9E3779B1 % 2**32], lambda _: 1)
        assert len(counted.hashes) == MOST_KEYS
        assert recurring(counted.counts, 0.2) == pytest.approx(times, rel=0.3)


def test_it_can_be_saved_and_merged():
    one, other = Recurrence(), Recurrence()
    one.add([5, 3, 9], [1, 2, 3].__getitem__)
    other.add([3, 4], [10, 20].__getitem__)
    saved = Recurrence.restore(orjson.loads(orjson.dumps(one.state())))
    both = merged(saved, other)
    assert both.state() == [[3, 4, 5, 9], [12, 20, 1, 3]]
    assert merged(None, other) is other
