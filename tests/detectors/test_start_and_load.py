"""Two things that look like a leak, or hide one: what a start-up fills, and what a rising load holds."""

from __future__ import annotations

from itertools import pairwise
from math import exp
from typing import Any

import pytest

from gctail.detectors import Judge, Moment
from gctail.golang.pacer import PacerView


def under_load(make: Any, rates: list[float], held_s: float) -> Judge:
    """A service that holds what it allocates for so long, besides 20 MiB."""
    judge, view = Judge(None), PacerView()
    clock_s, before = 0.5, 20.0
    lives = [20.0 + rate * held_s for rate in rates]
    for cycle, live, rate in zip(make.collections(lives), lives, rates, strict=True):
        start = 2 * before + 1
        clock_s += (start - before) / rate
        real = make.replaced(cycle, uptime_s=round(clock_s, 3), heap_start_mib=int(start), heap_end_mib=int(start))
        judge.observe(Moment(real, view.observe(real, real.uptime_s), clock_s))
        before = live
    return judge


def test_growth_that_follows_a_ramp_of_load_is_no_leak(make: Any) -> None:
    """Traffic triples; what is in flight triples with it."""
    judge = under_load(make, [30 + index for index in range(70)], 1.5)
    verdict = judge.verdict()
    assert not verdict.leak
    assert verdict.kind == "growth-with-load"


@pytest.mark.parametrize("start_up", [40, 150, 400])
def test_a_leak_behind_a_large_start_up_is_found(story: Any, make: Any, start_up: int) -> None:
    """The tables are read within eight seconds; what comes then is slow, straight, and does not end."""
    judge, _ = story(make.noisy(lambda i: min(5 + i * start_up / 8, start_up) + 0.25 * max(0, i - 8), 300, 0.5))
    found = judge.judgement()
    assert found.rate_mib_per_s == pytest.approx(0.25, rel=0.15)
    assert found.onset_s < 60
    assert found.probability > (0.5 if start_up < 400 else 0.2)


def test_a_cache_that_fills_ever_more_slowly_is_no_leak_behind_a_start_up(story: Any, make: Any) -> None:
    """A finite number of users, met at random."""
    judge, _ = story(make.noisy(lambda i: 20 + 80 * (1 - 0.98**i), 300, 0.5))
    assert judge.verdict().probability < 0.2


def test_a_leak_whose_collections_come_at_even_distances_does_not_follow_the_load(make: Any) -> None:
    """What is allocated between two collections is then the heap itself: that is GOGC, and no load."""
    judge, view = Judge(None), PacerView()
    for cycle in make.collections([190.0 + 3 * index for index in range(80)]):
        start = 2 * (cycle.heap_marked_mib or 0)
        real = make.replaced(cycle, heap_start_mib=start, heap_end_mib=start)
        judge.observe(Moment(real, view.observe(real, real.uptime_s), real.uptime_s or 0.0))
    assert judge.verdict().kind == "leak"


def test_a_heap_that_grows_while_nothing_was_seen_to_be_allocated_is_judged(make: Any) -> None:
    """Every second line of the log is lost: what was allocated between two collections is never known."""
    judge, view = Judge(None), PacerView()
    for cycle in make.collections(make.noisy(lambda i: 60 + 1.5 * i, 200))[::2]:
        judge.observe(Moment(cycle, view.observe(cycle, cycle.uptime_s), cycle.uptime_s or 0.0))
    assert judge.verdict().leak


def test_a_leak_over_a_cache_that_fills_is_seen_where_its_growth_has_become_straight(make: Any) -> None:
    """A bounded set fills, at twice the pace of what grows beside it all the time: the younger part is straight."""
    filled = [30.0 + 40.0 * (1.0 - exp(-second / 30.0)) for second in range(90)]
    for own, leaks in ((0.6, True), (0.0, False)):
        judge = Judge(None)
        levels = [round(level + own * second) for second, level in enumerate(filled)]
        for moment in make.moments(make.collections(levels, every_s=1.0)):
            judge.observe(moment)
        assert judge.verdict().leak is leaks


def test_new_highs_of_a_start_up_are_no_pace_of_what_comes_after(story: Any) -> None:
    """3 to 24 MiB at once, then ever less from collection to collection, though each is a new high."""
    lives = [3, 6, 12, 20, 24, 27, 30, 33, 35.5, 38, 40.5, 43, 45.5]
    judge, _ = story(lives)
    doubling, _ = story([3 * 1.35**at for at in range(13)])
    assert judge.verdict().probability < 0.85 < doubling.verdict().probability


def test_on_a_straight_line_belief_does_not_fall_from_one_collection_to_the_next(story: Any) -> None:
    """A real service: each is a new high; as the level rises, the steps are a smaller share of it."""
    lives = [3, 6, 13, 21, 23, 26, 28, 31, 34, 36, 39, 42, 45, 48, 51, 53, 56, 59, 62, 65, 67, 70, 72]
    counts = range(5, len(lives) + 1)
    beliefs = [story(lives[:count], every_s=3.0)[0].verdict().probability for count in counts]
    assert all(after > before - 0.06 for before, after in pairwise(beliefs))
