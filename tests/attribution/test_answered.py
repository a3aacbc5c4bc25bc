"""What comes to an end by another line is under way for a while, and keeps nothing by itself."""

import itertools

import numpy as np
import pytest
from msgspec import structs

from gctail.attribution.answered import endings
from gctail.attribution.choosing import hints_of, suspects
from gctail.attribution.columns import table
from gctail.attribution.ranking import window
from gctail.templates.mine import Mine
from played_courses import Played


def told(*said):
    """Which of these messages are answered; each with how many lines of it come in each bin."""
    played = Played(1)
    for message, count in said:
        played.lines(message, counts=[count] * played.bins)
    courses = played.courses()
    return [courses.templates[at].message for at in sorted(endings(courses, 0))]


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ([], []),
        ([("client upgraded", 10), ("client closed", 10)], ["client upgraded"]),
        ([("client upgraded", 20), ("client closed", 10)], []),
        ([("client upgraded", 10), ("file closed", 10)], []),
        ([("ticket opened", 20), ("match found", 18), ("ticket abandoned", 2)], ["ticket opened"]),
        ([("stream opened", 50), ("stream closed", 30), ("stream broken", 16)], ["stream opened"]),
        ([("stream opened", 50), ("stream closed", 30), ("file broken", 16)], []),
        ([("session opened", 10), ("session looked up", 10)], []),
        ([("session opened", 20), ("page rendered", 18), ("page fetched", 2)], []),
    ],
)
def test_as_many_ends_of_the_same_thing_answer_a_line(said, ended):
    assert told(*said) == ended


def test_what_shares_the_name_of_its_keys_is_about_the_same():
    """`queue active qid=7`, `removed qid=7`: no word of the one stands in the other."""
    played = Played(1)
    for message in ("queue active", "removed"):
        played.lines(message, counts=[10] * played.bins, keys=lambda count: count)
    courses = played.courses()
    assert [courses.templates[at].message for at in endings(courses, 0)] == ["queue active"]


def test_who_leaves_a_room_does_not_end_it():
    """As many members leave as rooms are opened, by chance; of some rooms several do."""
    mine, rooms = Mine(), itertools.count()
    for at in range(40):
        for room in itertools.islice(rooms, 10):
            mine.read(f'{{"msg":"room opened","room":"r-{room}"}}\n'.encode())
            mine.read(f'{{"msg":"member left","room":"r-{room - room % 3}"}}\n'.encode())
        mine.tick(at + 1.0, 20.0 + at)
    assert endings(mine.courses(), 0) == {}


def test_an_end_of_two_that_comes_when_the_heap_grows_is_no_less_likely_for_being_one():
    """Who is gone without a word is never taken off the list; that they are gone is all that the log says."""
    played = Played(2)
    opened = [played.some(0.2 * traffic) for traffic in played.traffic]
    lost = [count * 3 // 10 for count in opened]
    played.lines("client connected", counts=opened)
    played.lines("client disconnected", counts=[one - other for one, other in zip(opened, lost, strict=True)])
    played.lines("peer went away without close frame", counts=lost)
    courses = played.courses()
    seen = window(courses, 10.0)
    columns = table(courses, seen.begin)
    words = {
        courses.templates[each.template].message: hint.words
        for each, hint in zip(columns.candidates, hints_of(courses, seen, columns), strict=True)
        if each.less is None
    }
    assert words["peer went away without close frame"] == words["client disconnected"] == 0.0
    assert words["client connected"] < 0.0


@pytest.mark.parametrize("seed", range(4))
def test_of_tickets_the_abandoned_ones_are_blamed_and_not_those_that_were_opened(seed):
    """One in ten stays; the heap is full of those that wait, so it goes along with all that come."""
    played = Played(seed)
    played.lines("token verified", share=0.5)
    opened = [played.some(0.2 * traffic) for traffic in played.traffic]
    abandoned = [count // 10 for count in opened]
    played.lines("ticket opened", counts=opened)
    played.lines("match found", counts=[count - lost for count, lost in zip(opened, abandoned, strict=True)])
    played.lines("ticket abandoned", counts=abandoned)
    played.keep(0.1, abandoned)
    found = suspects(played.courses(), 10.0)
    assert found[0].message == "ticket abandoned"
    assert [each.message for each in found if each.message == "ticket opened" and each.p_value < 0.01] == []
    for each in found:
        if each.message == "ticket opened":
            assert "under way" in each.counter_evidence[0] + each.counter_evidence[-1]


@pytest.mark.parametrize("seed", range(4))
def test_of_two_ends_the_one_that_keeps_something_is_blamed(seed):
    """Streams are open for some seconds, in waves; of those that break something stays."""
    chance = np.random.default_rng(seed)
    played = Played(seed, bins=60, onset=0)
    came_s = chance.uniform(0, 60, 6000)
    came_s = came_s[chance.random(6000) < 0.5 + 0.45 * np.sin(came_s / 3)]
    ends_s, breaks = came_s + chance.exponential(2.0, came_s.size), chance.random(came_s.size) < 0.3
    count = lambda at_s: np.histogram(at_s, bins=60, range=(0, 60))[0].astype(float).tolist()  # noqa: E731
    for message, at_s in (("opened", came_s), ("closed", ends_s[~breaks]), ("broken", ends_s[breaks])):
        played.lines(f"stream {message}", counts=count(at_s))
    played.keep(0.07, count(ends_s[breaks]))
    courses, opened = played.courses(), np.cumsum(count(came_s)) - np.cumsum(count(ends_s))
    live = [level + 0.07 * held for level, held in zip(courses.live_mean_mib, opened, strict=True)]
    first, *_ = suspects(structs.replace(courses, live_mib=live, live_mean_mib=live, live_low_mib=live), 3.0)
    assert first.message == "stream broken"
