"""A number that is told every now and then: when that was, and what it was at the collections between."""

import math

import numpy as np
import orjson
import pytest

from gctail.attribution.choosing import suspects
from gctail.attribution.columns import course_of, table
from gctail.templates.mine import Mine

FORMS = {
    "logfmt": ("level=info msg=served n={}\n", 'level=info msg="broker stats" pending={}\n'),
    "json": ('{{"msg":"served","n":{}}}\n', '{{"msg":"broker stats","pending":{}}}\n'),
    "text": ("INFO served {}\n", "INFO broker stats pending={}\n"),
}


def pending(at_s):
    """How many wait at a time: more at some times than at others."""
    return round(40 * at_s + 900 * (1 - math.cos(at_s / 9)))


def played(form, every_s=10.0, ends_s=(1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67, 79, 92, 106), bins=128):
    """Ten lines a second, and how many wait every ten seconds; collections come ever more rarely."""
    served, stats = FORMS[form]
    mine, told, before = Mine(bins=bins), 0, 0
    for end_s in ends_s:
        for at in range(before * 10, end_s * 10):
            if at / 10 >= told + every_s:
                told += every_s
                mine.read(stats.format(pending(told)).encode())
            mine.read(served.format(at % 97).encode())
        mine.tick(float(end_s), 5.0 + pending(end_s) / 64)
        before = end_s
    return mine


def slot_of(mine):
    return next(slot for each in mine.courses().templates for slot in each.slots if slot.name == "pending")


@pytest.mark.parametrize("form", FORMS)
def test_it_is_known_to_a_second_when_a_number_was_told(form):
    """Two of each bin: of three in one the first and the last."""
    told = dict(slot_of(played(form)).told)
    assert [*told] == pytest.approx([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], abs=0.5)
    assert [*told.values()] == [pending(at_s) for at_s in range(10, 101, 10)]


@pytest.mark.parametrize("form", FORMS)
def test_between_two_times_it_went_on_evenly_and_after_the_last_as_before(form):
    mine = played(form)
    courses = mine.courses()
    course = course_of(slot_of(mine), courses.uptime_s)
    true = np.interp(courses.uptime_s[4:-1], range(10, 101, 10), [pending(at_s) for at_s in range(10, 101, 10)])
    assert course[4:-1] == pytest.approx(true, rel=0.03, abs=30)
    assert course[-1] == pytest.approx(pending(100) + 0.6 * (pending(100) - pending(90)), rel=0.03)


def test_neighbours_that_are_merged_keep_the_first_time_and_the_last():
    """Of four bins two are left, then of these: the times stay those of the lines."""
    told = slot_of(played("logfmt", bins=4)).told
    assert {round(at_s) for at_s, _ in told} <= {*range(10, 101, 10)}
    assert all(value == pending(round(at_s)) for at_s, value in told)


def test_a_state_of_an_older_program_knows_the_bins_alone():
    mine = played("logfmt")
    state = orjson.loads(orjson.dumps(mine.state()))
    for tally in state["catalog"]["tallies"]:
        for slot in tally["slots"]:
            for since_version_5 in ("first", "first_s", "first_line", "last_s", "last_line"):
                del slot[since_version_5]
    state["version"] = 4
    slot = slot_of(Mine.restore(state))
    assert slot.told == ()
    assert slot.last == pytest.approx(slot_of(mine).last, nan_ok=True)
    assert "level" in {each.kind for each in table(Mine.restore(state).courses(), 0, closely=True).candidates}


@pytest.mark.parametrize("form", FORMS)
def test_a_heap_that_follows_a_number_told_every_ten_seconds_is_proven_to(form):
    first, *_ = suspects(played(form, ends_s=range(3, 140, 4)).courses(), 0.0)
    assert (first.kind, first.field) == ("level", "pending")
    assert first.p_value < 0.01
    assert first.per_event_kib == pytest.approx(16, rel=0.1)
