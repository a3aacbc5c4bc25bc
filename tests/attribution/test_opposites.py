"""What some lines bring and others take back: the heap follows the difference."""

import numpy as np
import pytest
from msgspec import structs

from gctail.attribution.choosing import accusation, case_of, suspects, without_takers
from gctail.attribution.opposites import pairs
from gctail.attribution.under_way import under_way
from gctail.attribution.wording import sentence
from gctail.templates.courses import Part, Slot
from played_courses import Played


@pytest.mark.parametrize(
    ("come", "go"),
    [
        ("stream opened by", "stream closed after messages"),
        ("client connected", "client disconnected"),
        ("session started", "session expired"),
        ("entry stored in cache", "entry evicted"),
        ("subscribed to topic", "unsubscribed from topic"),
        ("job enqueued", "job done"),
    ],
)
def test_lines_about_the_same_are_opposites(come, go):
    said = [(1, come, ""), (2, "heartbeat sent", ""), (3, go, "")]
    assert list(pairs(said)) == [(0, 2)]


def test_lines_about_different_things_are_none():
    assert list(pairs([(1, "file opened", ""), (2, "connection closed", "")])) == []


def test_values_of_one_line_are_opposites_and_those_of_different_lines_are_not():
    said = [(1, "membership changed", "subscribe"), (1, "membership changed", "unsubscribe"), (2, "rpc", "unsubscribe")]
    assert list(pairs(said)) == [(0, 1)]


def opened_and_closed(played, share=0.8):
    opened = played.lines("stream opened", share=0.1)
    waiting, closed = 0.0, []
    for count in opened:
        waiting += count
        closed.append(min(round(share * count + played.dice.gauss(0, 2)), int(waiting)) if count else 0)
        closed[-1] = max(closed[-1], 0)
        waiting -= closed[-1]
    played.lines("stream closed", counts=closed)
    return opened, closed


@pytest.mark.parametrize("seed", range(4))
def test_the_heap_that_follows_what_was_opened_and_not_closed_says_so(seed):
    played = Played(seed, onset=0)
    played.lines("request served", share=0.5, keys=lambda count: count)
    opened, closed = opened_and_closed(played)
    played.keep(0.4, [one - other for one, other in zip(opened, closed, strict=True)])
    first, *_ = suspects(played.courses(), 1.0)
    assert (first.message, first.less) == ("stream opened", "stream closed")
    assert first.held_share == pytest.approx(1 - sum(closed) / sum(opened), abs=0.05)
    assert first.per_event_kib == pytest.approx(0.4 * 1024, rel=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_what_takes_back_is_no_suspect_beside_what_it_takes_back(seed):
    played = Played(seed, onset=0)
    opened, closed = opened_and_closed(played)
    played.keep(0.4, [one - other for one, other in zip(opened, closed, strict=True)])
    case = case_of(played.courses(), 1.0)
    places = {(each.template, each.less is not None): at for at, each in enumerate(case.columns.candidates)}
    stays, comes, goes = places[0, True], places[0, False], places[1, False]
    assert without_takers(case, [stays, goes, comes]) == [stays, comes]
    assert without_takers(case, [goes, comes]) == [goes, comes]


def with_values(played, message, counts):
    """A line of which each value of one slot comes so often in each bin."""
    totals = [sum(each) for each in zip(*counts.values(), strict=True)]
    played.lines(message, counts=totals)
    parts = tuple(Part(value, [float(count) for count in each]) for value, each in counts.items())
    slot = Slot("tenant", "word", sum(totals), float(len(parts)), 0.0, [], [], [], (), parts=parts)
    played.templates[-1] = structs.replace(played.templates[-1], slots=(slot,))


@pytest.mark.parametrize("seed", range(4))
def test_the_one_tenant_whose_lines_are_kept_is_named(seed):
    played = Played(seed)
    played.lines("request served", share=0.5, keys=lambda count: count)
    counts = {name: [played.some(0.05 * traffic) for traffic in played.traffic] for name in ("acme", "bolt", "cyan")}
    with_values(played, "order placed", counts)
    played.keep(0.2, counts["acme"])
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.only) == ("order placed", "tenant=acme")
    assert first.p_value < 0.01
    assert first.events < sum(sum(each) for each in counts.values()) / 2
    told = sentence(structs.asdict(first))
    assert "the heap grew with every such line with tenant acme (3" in told
    assert first.only_share == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_where_all_values_are_kept_none_is_named(seed):
    played = Played(seed)
    counts = {name: [played.some(0.05 * traffic) for traffic in played.traffic] for name in ("acme", "bolt", "cyan")}
    with_values(played, "order placed", counts)
    played.keep(0.1, [sum(each) for each in zip(*counts.values(), strict=True)])
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.only) == ("order placed", "")


def test_the_pace_of_what_fills_up_falls_and_that_of_a_leak_does_not():
    """For whoever judges whether it will go on."""
    paces = {}
    for name, rate in (("leak", lambda _: 10), ("cache", lambda at: round(20 * 0.96**at))):
        played = Played(3, onset=0)
        stored = played.lines("entry stored", counts=[rate(at) for at in range(played.bins)])
        played.keep(0.2, stored)
        paces[name] = suspects(played.courses(), 1.0)[0].pace
    assert paces["leak"] == pytest.approx(1.0, abs=0.1)
    assert paces["cache"] < 0.2


BINS_S = np.arange(1, 41) * 3.0


def course(rate_at, kept_share, takes_s=4.0, seed=1):
    """Arrivals at a rate (1/s), each open for some seconds, a share of them for ever: balance and total in each bin."""
    chance = np.random.default_rng(seed)
    came_s = [t + chance.uniform(0, 1) for t in range(int(BINS_S[-1])) for _ in range(chance.poisson(rate_at(t)))]
    ends_s = [np.inf if chance.random() < kept_share else t + chance.exponential(takes_s) for t in came_s]
    brought = np.searchsorted(np.sort(came_s), BINS_S).astype(float)
    return brought - np.searchsorted(np.sort(ends_s), BINS_S), brought


LOADS = {
    "even": lambda _: 40,
    "steps": lambda t: 10 + 30 * (t // 30),
    "ramp": lambda t: 10 + t,
    "wave": lambda t: 40 + 30 * np.sin(t / 12),
    "doubling": lambda t: 10 * 2 ** (t / 40),
}


@pytest.mark.parametrize("load", ["steps", "ramp"])
def test_what_a_rising_load_has_under_way_is_not_kept(load):
    """Little's law: the balance is the rate times the seconds that each takes; of a doubling load nobody can tell."""
    for seed in range(5):
        assert under_way(*course(LOADS[load], 0.0, seed=seed), BINS_S)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_what_is_kept_is_not_taken_for_under_way(load, share):
    """Whatever the load does; a tenth of 120 s is three times as much as what is under way for 4 s."""
    for seed in range(5):
        assert not under_way(*course(LOADS[load], share, seed=seed), BINS_S)


@pytest.mark.parametrize("seed", range(5))
def test_beside_what_is_under_way_an_even_line_is_known_for_what_it_keeps(seed):
    """Charging holds memory for some 8 s in waves; each heartbeat keeps some, however many are charging."""
    balance, brought = course(LOADS["wave"], 0.0, takes_s=8.0, seed=seed)
    played = Played(seed, bins=BINS_S.size, onset=0)
    played.lines("charge started", counts=np.diff(brought, prepend=0.0).tolist())
    played.lines("charge stopped", counts=np.diff(brought - balance, prepend=0.0).tolist())
    beats = played.lines("heartbeat of station", per_s=40)
    played.keep(0.05, beats)
    courses = played.courses()
    live = [level + 0.2 * held for level, held in zip(courses.live_mean_mib, balance, strict=True)]
    found = accusation(structs.replace(courses, live_mib=live, live_mean_mib=live, live_low_mib=live), 3.0)
    first, *_ = found.suspects or found.indistinct
    assert first.message == "heartbeat of station"
