"""Two leaks at once: the heap follows neither of their lines, and their sum all the better."""

import pytest

from gctail.attribution.choosing import suspects
from played_courses import Played


def two_leaks(seed, *, kept=(0.05, 0.25), onset=0, bins=80):
    """Two lines at paces of their own that keep 51 and 256 KiB each; others that keep nothing."""
    played = Played(seed, bins=bins, onset=onset)
    dice = played.dice
    one, other = ([], [])
    for _ in range(bins // 4):
        one += [played.some(dice.uniform(2, 40))] * 4
        other += [played.some(dice.uniform(0.5, 9))] * 4
    played.lines("registered series", counts=one)
    played.lines("message parked", counts=other)
    played.lines("scraped", share=0.2)
    played.lines("consumed", share=0.6)
    for each, events in zip(kept, (one, other), strict=True):
        played.keep(each, events)
    return played.courses()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("onset_s", [0.0, 50.0])
def test_two_that_explain_the_growth_together_are_both_told_with_what_each_keeps(seed, onset_s):
    """Also where the onset is found too late for what came since to tell."""
    found = suspects(two_leaks(seed), onset_s)
    assert {each.message: each.per_event_kib for each in found} == {
        "registered series": pytest.approx(51, rel=0.25),
        "message parked": pytest.approx(256, rel=0.25),
    }
    assert found[0].p_value < 0.01
    assert len({each.group for each in found}) == 2
    assert sum(each.share for each in found) <= 1.001


@pytest.mark.parametrize("seed", range(4))
def test_of_two_that_keep_much_neither_is_told_where_one_alone_keeps_all(seed):
    found = suspects(two_leaks(seed, kept=(0.0, 0.25)), 0.0)
    assert found[0].message == "message parked"
    assert [each.message for each in found if each.group != found[0].group] == []


def test_the_time_before_the_onset_proves_a_line_that_few_points_since_do_not():
    """Of sixty bins since the start twelve came since: as the heap followed this line before, it does now."""
    played = Played(3, bins=60, onset=0)
    counts = [played.some(played.dice.uniform(2, 40)) for _ in range(60)]
    played.lines("registered series", counts=counts)
    played.lines("consumed", share=0.6)
    played.keep(0.05, counts)
    courses = played.courses()
    first, *_ = suspects(courses, 52.0)
    assert first.message == "registered series"
    assert first.p_value < 0.01
