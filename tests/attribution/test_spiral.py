"""A heap that does not fit under its limit is collected thousands of times in its last moment: what was before counts."""

from random import Random
from statistics import median

import pytest

from gctail.attribution.choosing import suspects
from gctail.templates.mine import Mine

KEPT_MIB = 1 / 32
HEALTHY_S, SPIRAL_S = 120, 20


def first_suspect(seed):
    """2.5 collections a second, then 175; live heaps are told in whole MiB, and rates change every three seconds."""
    dice, mine, held, before_s, rates = Random(seed), Mine(), 10.0, 0.0, [0.0, 0.0]  # noqa: S311
    healthy = [at / 2.5 for at in range(HEALTHY_S * 5 // 2)]
    for now_s in [*healthy, *(HEALTHY_S + SPIRAL_S * at / 3500 for at in range(3500))]:
        if not before_s or now_s // 3 != before_s // 3:
            rates = [each * (0.3 + 1.4 * dice.random()) for each in (5, 40)]
        slowed = 1.0 if now_s <= HEALTHY_S else 0.3
        kept, served = (int(rate * (now_s - before_s) * slowed + dice.random()) for rate in rates)
        lines = [f"INFO change recorded by=svc-{dice.randrange(12)} cols={dice.randrange(9)}\n" for _ in range(kept)]
        lines += [f"INFO request served ms={dice.randrange(99)}\n" for _ in range(served)]
        mine.read("".join(lines).encode())
        held, before_s = held + KEPT_MIB * kept, now_s
        mine.tick(now_s, float(int(held + 1.5 * dice.random())))
    return suspects(mine.courses(), 1.0)[0]


def test_what_keeps_is_proven_by_the_time_before_the_spiral():
    """In bins of so many collections alone, the time before had a tenth of them."""
    found = [first_suspect(seed) for seed in range(7)]
    assert {(each.message, each.only) for each in found} == {("change recorded", "")}
    assert [each.per_event_kib for each in found] == pytest.approx([1024 * KEPT_MIB] * len(found), rel=0.05)
    assert median(each.p_value for each in found) < 1e-8
