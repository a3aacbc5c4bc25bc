"""A slice that is only appended to, seen by the arrays that it leaves behind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from gctail.detectors.copies import Copies


def appended(count: int, *, factor: float = 1.25, full_after: int = 1000, base: float = 20.0) -> list[float]:
    """What lives beside an array that is copied when it is full: for one collection the old one is there, too."""
    lives: list[float] = []
    capacity, used = 10.0, 8.0
    for at in range(count):
        used += 0.4 if at < full_after else 0.0
        if used <= capacity:
            lives.append(base + capacity)
            continue
        lives.append(base + capacity + factor * capacity)
        capacity *= factor
    return lives


@pytest.mark.parametrize("factor", [1.25, 1.4, 2.0])
def test_a_slice_that_is_appended_to_is_known_by_its_copies(factor: float) -> None:
    copies = Copies()
    for at, low in enumerate(appended(200, factor=factor)):
        copies.follow(float(at), low)
    assert len(copies.seen) >= 4
    assert copies.seen[-1].array_mib == pytest.approx(copies.seen[-1].kept_mib / (factor - 1.0), rel=0.01)
    assert copies.belief(30.0, copies.seen[-1].end_s + 3.0) > 0.35


def test_it_is_a_leak_though_it_stands_still_nearly_all_the_time(story: Any) -> None:
    lives = appended(100)
    fourth = [at for at, (low, after) in enumerate(pairwise(lives)) if after < low - 5][4]
    assert story(lives[: fourth + 8])[0].verdict().leak


def test_three_copies_may_be_a_model_that_is_loaded_anew() -> None:
    """Each larger than the one before by three tenths, and both alive for a moment: nobody knows that it goes on."""
    copies = Copies()
    levels = [20.0 + each for each in (18, 42, 24, 24, 24, 55, 31, 31, 31, 70, 39, 39)]
    for at, low in enumerate(levels):
        copies.follow(float(at), low)
    assert len(copies.seen) == 3
    assert copies.belief(60.0, 12.0) == 0.0


def test_when_no_copy_comes_the_slice_is_full(story: Any) -> None:
    judge, _ = story(appended(220, full_after=60))
    assert judge.verdict().probability < 0.1


def test_spikes_of_one_height_are_no_copies() -> None:
    """A report leaves a little more each time, and holds the same."""
    copies = Copies()
    for at in range(90):
        copies.follow(float(at), 20 + 0.5 * at + (30.0 if at % 10 == 5 else 0.0))
    assert copies.belief(20.0, 90.0) == 0.0


def test_what_grows_from_copy_to_copy_and_keeps_nothing_is_none() -> None:
    copies = Copies()
    for at in range(60):
        copies.follow(float(at), 20 + (10.0 * 1.3 ** (at // 10) if at % 10 == 5 else 0.0))
    assert copies.belief(20.0, 60.0) == 0.0


def test_a_judge_saved_within_a_copy_goes_on_as_if_never_saved(make: Any) -> None:
    straight, saved = make.straight_and_saved(appended(90), lambda _: True)
    assert saved == straight
