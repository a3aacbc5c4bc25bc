"""Whom the log accuses: on courses that are played, where the culprit is known."""

import pytest
from msgspec import structs

from gctail.attribution.choosing import accusation, suspects
from gctail.attribution.columns import table
from gctail.attribution.describing import EVER_MORE
from gctail.attribution.ranking import appearance
from gctail.attribution.wording import nobody
from gctail.templates.courses import Slot
from played_courses import Played

SEEDS = range(8)


def with_decoys(seed, **options):
    """A service whose other lines follow the load: requests, look-ups with keys that are always new, a heartbeat."""
    played = Played(seed, **options)
    played.lines("request served", share=0.5, keys=lambda count: count)
    played.lines("token verified", share=0.2)
    played.lines("cache looked up", share=0.1, keys=lambda count: min(count, 3))
    played.lines("heartbeat", per_s=2)
    return played


@pytest.mark.parametrize("seed", SEEDS)
def test_the_line_whose_events_are_kept_comes_first(seed):
    played = with_decoys(seed)
    played.keep(0.1, played.lines("session opened", share=0.1))
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.kind) == ("session opened", "lines")
    assert first.p_value < 0.01
    assert first.share > 0.8
    assert first.per_event_kib == pytest.approx(102.4, rel=0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_heap_that_follows_new_keys_among_repeated_ones_accuses_the_keys(seed):
    """Three of four lines bring a key that was there before; bursts of new ones come by themselves."""
    played = with_decoys(seed)
    new = []

    def some_of(count):
        new.append(sum(played.dice.random() < (0.5 if len(new) // 10 % 3 == 0 else 0.1) for _ in range(count)))
        return new[-1]

    played.lines("session looked up", share=0.3, keys=some_of)
    played.keep(0.2, new)
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.kind, first.slot) == ("session looked up", "keys", "key")
    assert first.distinct == sum(new)
    assert first.p_value < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_that_is_the_size_of_what_grows_is_found_as_such(seed):
    """As an operator finds it with grep size=, in a line that is one in two hundred."""
    played = with_decoys(seed)
    inserted = [played.some(0.02 * traffic) for traffic in played.traffic]
    played.keep(1.0, inserted)
    played.lines("putIfAbsent", per_s=0.5, numbers=lambda at: sum(inserted[: at + 1]))
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.kind, first.field) == ("putIfAbsent", "level", "size")
    assert first.per_event_kib == pytest.approx(1024, rel=0.15)
    assert first.p_value < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_where_the_log_says_nothing_of_the_growth_nobody_is_proven(seed):
    """Memory is kept by something that writes no line, by fits and starts."""
    played = with_decoys(seed)
    played.keep(1.0, [played.some(1.0) for _ in range(played.bins)])
    assert [each for each in suspects(played.courses(), 10.0) if each.p_value < 0.01] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_heap_that_grows_evenly_while_the_load_waves_accuses_nobody(seed):
    """A goroutine keeps something by itself: whatever follows the load would have made waves in the heap."""
    played = Played(seed)
    played.lines("request served", share=0.5, keys=lambda count: count)
    played.lines("token verified", share=0.2)
    played.lines("mail queued", share=0.01)
    played.keep(1.0, [1.0] * played.bins)
    assert suspects(played.courses(), 10.0) == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_of_lines_that_go_as_evenly_the_rarer_one_comes_first_unless_a_clock_writes_it(seed):
    """What every request writes is the load, and a heartbeat is the time."""
    played = Played(seed, onset=0)
    played.traffic = [100.0] * played.bins
    played.lines("request in", share=0.9)
    played.lines("quote out", counts=[3 + at % 2 for at in range(played.bins)])
    kept = played.lines("alpha beta", share=0.05)
    played.keep(0.2, kept)
    first, *_ = suspects(played.courses(), 0.0)
    assert first.message == "alpha beta"


def test_lines_that_always_come_together_are_one_group():
    played = with_decoys(1)
    opened = played.lines("session opened", share=0.1)
    played.lines("session registered", counts=opened)
    played.keep(0.1, opened)
    first, second, *_ = suspects(played.courses(), 10.0)
    assert {first.message, second.message} == {"session opened", "session registered"}
    assert first.group == second.group


def test_two_leaks_share_the_growth():
    played = with_decoys(2)
    played.keep(0.2, played.lines("event archived", share=0.05))
    played.keep(0.2, played.lines("preview built", per_s=2))
    told = suspects(played.courses(), 10.0)
    assert {each.message for each in told[:2]} == {"event archived", "preview built"}
    assert sum(each.share for each in told[:2]) == pytest.approx(1.0, abs=0.2)
    assert told[0].group != told[1].group


def test_a_leak_under_a_load_that_falls_is_found_though_the_heap_ends_no_higher():
    played = Played(3, onset=0, load_mib=30.0)
    played.traffic = [200.0 - 1.5 * at + 25 * (at % 20 < 10) for at in range(played.bins)]
    played.lines("job leased", share=0.9)
    kept = played.lines("table snapshot taken", per_s=3)
    played.keep(0.15, kept)
    courses = played.courses()
    assert courses.live_mib[-1] < courses.live_mib[0] + 5
    first, *_ = suspects(courses, 0.0)
    assert first.message == "table snapshot taken"
    assert first.mib == pytest.approx(0.15 * sum(kept), rel=0.3)


def test_what_has_come_to_a_stand_is_accused_of_nothing():
    """A ring is full after two thirds of the time; its lines go on, and print its size."""
    played = with_decoys(9, onset=0)
    stored = played.lines("failure kept in ring", share=0.05)
    sizes, size = [], 0
    for at, count in enumerate(stored):
        size += count if at < 60 else 0
        sizes.append(size)
    played.lines("ring", counts=[1] * played.bins, numbers=lambda at: sizes[at])
    played.keep(0.2, [count if at < 60 else 0 for at, count in enumerate(stored)])
    assert suspects(played.courses(), 0.0) == ()


def test_a_heap_that_does_not_grow_accuses_nobody():
    assert suspects(with_decoys(3).courses(), 0.0) == ()


def test_a_few_collections_accuse_nobody():
    played = with_decoys(4, bins=5, onset=0)
    played.keep(1.0, played.lines("session opened", share=0.1))
    assert suspects(played.courses(), 0.0) == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_collections_prove_nothing_and_are_enough_to_name_somebody(seed):
    """A service with a large heap collects rarely, and dies after a few."""
    played = with_decoys(seed, bins=10, onset=0)
    played.keep(2.0, played.lines("session opened", share=0.1))
    told = suspects(played.courses(), 0.0)
    assert "session opened" in [each.message for each in told]
    assert min(each.p_value for each in told) > 0.01


def test_what_speaks_against_a_suspect_is_said():
    """It came as often before, when nothing grew; and the growth is too even to prove anything."""
    played = with_decoys(5, onset=50)
    played.keep(0.5, played.lines("session opened", per_s=6, counts=[6] * played.bins))
    told = {each.message: each for each in suspects(played.courses(), 50.0)}
    against = " / ".join(told["session opened"].counter_evidence)
    assert "a straight line in time fits as well" in against
    assert "lines like it came in the" in against


def test_a_number_that_only_counts_up_is_no_size():
    """`order=100001`, then 100002: at so many KiB each, the first hundred thousand would fill the heap many times."""
    played = Played(7, load_mib=1.0)
    orders = played.lines("order filled", share=0.05, numbers=lambda at: 100_000 + 5 * at)
    played.keep(0.2, orders)
    [first] = suspects(played.courses(), 10.0)
    assert (first.message, first.kind, first.field) == ("order filled", "lines", None)


def test_a_line_that_comes_first_when_the_growth_begins_is_proven_the_better_the_nearer():
    """An even growth says nothing of who made it; that it begins with a line does."""
    told = {}
    for onset in (50, 75):
        played = with_decoys(8, onset=50)
        played.traffic = [100.0] * played.bins
        counts = [0] * onset + [6] * (played.bins - onset)
        played.lines("recommendation computed", counts=counts)
        late = played.templates[-1]
        played.templates[-1] = structs.replace(late, first_uptime_s=float(onset + 1))
        played.keep(0.3, [6] * played.bins)
        told[onset] = {each.message: each for each in suspects(played.courses(), 50.0)}
    assert told[50]["recommendation computed"].p_value < 0.1
    assert next(iter(told[50])) == "recommendation computed"
    assert "recommendation computed" not in told[75]


def test_numbers_that_no_memory_has_are_no_candidates():
    """A log may print anything: what is beyond all sizes, or no number at all, disturbs nobody."""
    played = with_decoys(6)
    played.lines("overflow", share=0.1, numbers=lambda at: 1e30 * at)
    played.lines("nonsense", share=0.1, numbers=lambda at: float("inf") if at == 50 else at)
    played.keep(0.1, played.lines("session opened", share=0.1))
    assert suspects(played.courses(), 10.0)[0].message == "session opened"


def test_where_growth_and_lines_are_all_even_nobody_is_named_but_those_that_fit_are_said():
    """They are not proven, and the words say why; with a suspect nothing of the kind is said."""
    played = Played(1, onset=0)
    played.traffic = [100.0] * played.bins
    played.lines("request served", counts=[60] * played.bins)
    played.lines("token checked", counts=[40] * played.bins)
    played.keep(1.0, [1.0] * played.bins)
    courses = played.courses()
    assert suspects(courses, 0.0) == ()
    told = accusation(courses, 0.0).indistinct
    assert {each.message for each in told} == {"request served", "token checked"}
    assert [each.p_value for each in told if each.p_value < 0.05] == []
    said = nobody([structs.asdict(each) for each in told], 10_000)
    assert said.startswith("none is proven: the growth is so even that nothing tells these lines apart: ")
    assert nobody([], 10_000) == "no log line explains the growth (10,000 were looked at)"
    played.lines("session stored", counts=[5] * played.bins)
    assert suspects(played.courses(), 0.0)[0].message == "session stored"
    assert accusation(played.courses(), 0.0).indistinct == ()


def growing_with_the_load(seed):
    """One line in ten is a new title, and so much of the load is kept; no single line is the load."""
    played = Played(seed, onset=0)
    served = [round(played.dice.uniform(0.2, 0.7) * traffic) for traffic in played.traffic]
    checked = [round(0.9 * all_) - one for all_, one in zip(played.traffic, served, strict=True)]
    played.lines("page served", counts=served)
    played.lines("page checked", counts=checked)
    played.keep(0.05, [0.1 * traffic for traffic in played.traffic])
    played.lines("new title stored", share=0.1, keys=lambda count: count)
    return suspects(played.courses(), 0.0)


def test_where_the_growth_goes_with_the_load_the_likeliest_part_of_the_load_is_named():
    """The sum of all lines always fits better than a part that chance has drawn: that is held against none."""
    found = [growing_with_the_load(seed) for seed in SEEDS]
    assert all(found)
    assert sum("new title stored" in [each.message for each in told] for told in found) >= len(found) - 1


@pytest.mark.parametrize("seed", SEEDS)
def test_where_every_line_brings_a_new_key_their_estimated_number_is_no_better_than_that_of_the_lines(seed):
    """The error of an estimate follows some ups and downs of the heap by accident, and proves nothing."""
    played = Played(seed)
    kept = played.lines("job leased", share=0.1)
    wrong = [0.5 * played.dice.random() for _ in kept]
    played.keep(0.2, [count * (0.75 + error) for count, error in zip(kept, wrong, strict=True)])
    last = played.templates.pop()
    new = [count * (0.75 + error) for count, error in zip(kept, wrong, strict=True)]
    slot = Slot("lease", "id", last.total, 0.99 * last.total, 1.0, new, [], [], ())
    played.templates.append(structs.replace(last, slots=(slot,)))
    columns = table(played.courses(), 0)
    lines, keys = (columns.values[:, at] for at in range(2))
    assert [each.kind for each in columns.candidates] == ["lines", "keys"]
    assert (lines == keys).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_for_each_is_told_of_as_many_keys_as_there_are(seed):
    """Members that write come six times as often as rooms, and new ones as evenly: it is the rooms that keep."""
    played = Played(seed, onset=0)
    new = [played.some(4 * traffic / 100) for traffic in played.traffic]
    lines = played.lines("message", counts=[60 * each for each in new], keys=lambda count: count // 60)
    [room] = played.templates[-1].slots
    member = structs.replace(
        room, name="from", distinct=6 * room.distinct, new_keys=[6 * each for each in room.new_keys]
    )
    slots = (member, structs.replace(room, name="room"))
    played.templates[-1] = structs.replace(played.templates[-1], slots=slots, total=sum(lines))
    played.lines("consumed", share=0.6)
    played.keep(0.06, new)
    first, *_ = suspects(played.courses(), 0.0)
    assert first.kind == "keys"
    assert first.per_event_kib * first.distinct / 1024 == pytest.approx(first.mib, rel=0.2)


def test_nobody_is_named_beside_a_suspect_who_is_less_likely_by_far():
    """Of one in twenty it is not said that the log cannot tell it apart."""
    played = Played(1, onset=0)
    played.traffic = [100.0] * played.bins
    stored = played.lines("session stored", counts=[2 + 6 * (at % 2) for at in range(played.bins)])
    played.lines("cache hit", counts=[12 * count for count in stored])
    played.keep(0.2, stored)
    assert [each.message for each in suspects(played.courses(), 0.0)] == ["session stored"]


def test_a_line_that_comes_every_so_often_is_not_new_when_it_comes_first():
    """Metrics are scraped every fifteen seconds, first after fifteen; a growth that begins then has nothing to do with it."""
    played = Played(1, onset=15)
    scraped = [int(at % 15 == 14) for at in range(played.bins)]
    late = [0] * 15 + [6] * (played.bins - 15)
    for message, counts in (("metrics scraped", scraped), ("session stored", late), ("request served", [50] * 100)):
        played.lines(message, counts=counts)
        first_s = 1.0 + next(at for at, count in enumerate(counts) if count)
        played.templates[-1] = structs.replace(played.templates[-1], first_uptime_s=first_s)
    by_accident = appearance(played.courses(), 15.0)
    assert by_accident[0] == by_accident[2] == 1.0
    assert by_accident[1] < 0.1


def test_the_sum_of_a_number_that_counts_is_told_as_lines_that_keep_ever_more():
    """`rev=` is one higher each time: bytes for each unit of it would mean nothing."""
    played, revision = Played(3), iter(range(100, 10_000, 10))
    counts = played.lines("operation applied", share=0.3, numbers=lambda _: next(revision))
    [slot] = played.templates[0].slots
    played.templates[0] = structs.replace(played.templates[0], slots=(structs.replace(slot, name="rev"),))
    played.lines("cursor moved", share=0.3)
    played.keep(0.001, [number * bool(count) for number, count in zip(range(100, 1100, 10), counts, strict=True)])
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.kind, first.field) == ("operation applied", "lines", None)
    assert EVER_MORE in first.counter_evidence


@pytest.mark.parametrize("seed", SEEDS)
def test_what_fills_up_after_its_line_is_found_behind_it_and_not_proven(seed):
    """A channel of who has gone takes in what is sent for some seconds more: the heap follows the lines with a lag."""
    played = Played(seed)
    played.lines("article served", share=0.5)
    played.lines("headline sent", per_s=2)
    left = played.lines("subscriber left", share=0.05, keys=lambda count: count)
    played.keep(0.4, [0] * 5 + left[:-5])
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.p_value) == ("subscriber left", 1.0)
