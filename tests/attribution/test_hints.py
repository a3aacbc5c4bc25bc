"""What lines say of themselves decides where the log's figures cannot, and nowhere else."""

import pytest
from msgspec import structs

from gctail.attribution.choosing import suspects
from gctail.attribution.columns import KEYS, LEVEL, LINES, Candidate
from gctail.attribution.hints import COUNTER, NUMBER, SIZE, failed, hint, rare, said, tells_no_more
from gctail.attribution.names import is_the_heap, reports_the_heap
from gctail.templates.courses import Key, Slot, Template
from played_courses import Played


def line(message, level="info"):
    return Template(message, message, message, level, 100, 0.0, 1.0, message, [], ())


def even(bins=100):
    """A service in which nothing varies: so many requests each second, and a heap that grows by as much."""
    played = Played(1, bins=bins, onset=0)
    played.traffic = [100.0] * bins
    played.keep(1.0, [1.0] * bins)
    return played


@pytest.mark.parametrize(
    ("storing", "other"),
    [
        ("session cached", "session looked up"),
        ("listener registered", "heartbeat from peer"),
        ("[SessionCache] putIfAbsent(key=, value=)", "request processed"),
        ("appending event to journal", "GET /feed"),
        ("stream opened", "stream closed"),
        ("entry stored", "cache hit"),
        ("goroutine started for job", "request finished"),
        ("document cached", "dispatch queue length"),
        ("login ok", "password checked"),
        ("expiry armed in", "inventory low"),
    ],
)
def test_what_says_that_something_is_kept_is_likelier_than_what_says_that_it_is_over(storing, other):
    assert said(line(storing)) > said(line(other))


@pytest.mark.parametrize(
    "unusual", [line("map is large", "warn"), line("pricing: deadline exceeded, falling back"), line("retryScheduled")]
)
def test_a_failure_is_likelier_by_its_level_or_its_words(unusual):
    assert 0 < failed(unusual) - failed(line("map is large")) <= 1.0


def test_a_rarer_line_is_likelier_but_not_without_end():
    assert rare(1.0) == 0.0 < rare(0.5) < rare(0.05) < rare(0.001) == rare(0.0001) < 3.0


@pytest.mark.parametrize("first", [True, False])
def test_of_lines_that_always_come_together_the_one_that_stores_is_told_first_and_why(first):
    played = even()
    both = [("session cached", [10] * 100), ("session looked up", [10] * 100)]
    for message, counts in both if first else both[::-1]:
        played.lines(message, counts=counts)
    told = suspects(played.courses(), 0.0)
    assert [each.message for each in told] == ["session cached", "session looked up"]
    assert told[0].group == told[1].group
    assert told[0].counter_evidence[0] == (
        'the log cannot tell it from "session looked up"; it is told before that because its words say that something is kept'
    )
    assert min(each.p_value for each in told) == 1.0


def test_a_line_that_cannot_be_told_apart_is_named_with_its_variables_where_they_stand():
    """Its words alone, `order of placed`, are no sentence, and no line of the log has them."""
    played = even()
    for message in ("order {} of {} stored", "account {} of {} looked up"):
        played.lines(message.replace("{} ", ""), counts=[10] * 100)
        played.templates[-1] = structs.replace(played.templates[-1], text=message.replace("{}", "<*>"))
    first, *_ = suspects(played.courses(), 0.0)
    assert 'cannot tell it from "account <*> of <*> looked up"' in first.counter_evidence[0]


def test_of_lines_that_always_come_together_new_keys_among_repeated_ones_come_first():
    """A number that every request has is as new, and says nothing."""
    played = even()
    played.lines("alpha beta", counts=[10] * 100, keys=lambda count: count)
    played.lines("gamma delta", counts=[10] * 100, keys=lambda count: count // 2)
    first, *_ = suspects(played.courses(), 0.0)
    assert (first.message, first.kind) == ("gamma delta", "keys")
    assert "it is told before that because its keys are new among repeated ones" in first.counter_evidence[0]


def test_new_keys_come_before_a_rare_failure_that_brings_none():
    """Of what fails now and then at the same pace nothing new is known; that keys are new without end is."""
    played = even()
    played.lines("proxy error", counts=[3] * 100)
    played.lines("page shown", counts=[20] * 100, keys=lambda count: count // 2)
    first, *_ = suspects(played.courses(), 0.0)
    assert (first.message, first.kind) == ("page shown", "keys")


def test_where_the_figures_decide_words_do_not():
    """What is stored does not stay; what is only looked at does."""
    played = Played(2)
    played.lines("session cached", share=0.03)
    played.keep(0.3, played.lines("profile looked up", share=0.03))
    first, *_ = suspects(played.courses(), 10.0)
    assert first.message == "profile looked up"
    assert first.p_value < 0.01


@pytest.mark.parametrize(
    "name", ["heap_alloc_mb", "HeapInuse", "rss", "mem_used_bytes", "memory", "heap.live", "sys_mb"]
)
def test_a_number_that_is_the_heap_itself_explains_nothing(name):
    assert is_the_heap(name)


@pytest.mark.parametrize("name", ["size", "cache_bytes", "goroutines", "heap_entries_of_cache", "live", "sessions"])
def test_a_number_of_things_in_the_heap_is_not_the_heap(name):
    assert not is_the_heap(name)


def test_the_services_own_statistics_are_not_accused():
    played = Played(3)
    kept = played.lines("job scheduled", share=0.1)
    played.keep(0.1, kept)
    courses = played.courses()
    mirrored = Slot("heap_mb", "int", 100, 50.0, 0.9, [], courses.live_mib, courses.live_mib, ())
    played.lines("statistics", per_s=1, counts=[1] * played.bins)
    last = played.templates.pop()
    played.templates.append(
        Template(last.id, last.text, last.message, "info", 100, 0.0, 100.0, "", last.count, (mirrored,))
    )
    assert [each.message for each in suspects(played.courses(), 10.0)] == ["job scheduled"]


def test_keys_with_a_time_in_them_come_before_others_and_numbers_of_requests_are_none():
    """`u1@1795802640241102` is new for ever, by the hand of the programmer."""
    stamped = tuple(Key(f"u{at}@17958026402{at:05d}", 1, 0.0, 0.0) for at in range(10))
    random = tuple(Key(f"{at:016x}", 1, 0.0, 0.0) for at in range(10))
    shared = ("id", 100, 100.0, 1.0, [1.0] * 100, [], [])
    slots = (Slot("slot", *shared, stamped), Slot("token", *shared, random), Slot("request_id", *shared, random))
    template = Template("", "", "presence", "info", 100, 0.0, 1.0, "", [], slots)
    first, second = (hint(template, Candidate(0, KEYS, place)).kind for place in range(2))
    assert first > second > 0
    assert [tells_no_more(template, slot) for slot in slots] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ('"POST /api/<*> HTTP/1.1" <*> <*>', "", True),
        ('"POST /api/<*> HTTP/1.1" <*> <*>', "session", False),
        ("stroke <*> committed", "", False),
        ("stroke committed request_id=<*>", "request_id", True),
    ],
)
def test_a_token_that_ends_the_line_of_an_access_log_is_the_number_of_a_request(text, name, expected):
    slot = Slot(name, "hex", 100, 100.0, 1.0, [1.0] * 100, [], [], ())
    template = Template("", text, "", None, 100, 0.0, 1.0, "", [], (slot,))
    assert tells_no_more(template, slot) is expected


def test_of_two_keys_in_a_line_the_one_with_a_time_in_it_is_named():
    """Of four thousand users most are new, too, while the log is young; `u1@1795802640241102` is what is filed under."""
    played = Played(4)
    kept = played.lines("presence updated", share=0.1)
    played.keep(0.2, kept)
    new = [float(count) for count in kept]
    users = tuple(Key(f"u{at:05d}", 1, 0.0, 0.0) for at in range(10))
    stamps = tuple(Key(f"u{at:05d}@17958026402{at:05d}", 1, 0.0, 0.0) for at in range(10))
    slots = tuple(
        Slot(name, "id", sum(kept), sum(new), 1.0, new, [], [], keys)
        for name, keys in (("user", users), ("slot", stamps))
    )
    last = played.templates.pop()
    played.templates.append(
        Template(last.id, last.text, last.message, "info", last.total, 0.0, 100.0, "", last.count, slots)
    )
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.kind, first.slot) == ("keys", "slot")


def test_a_key_comes_before_a_value_that_holds_a_time():
    """`putIfAbsent(key=uid_887421, value=Session{… Expires:1795427488})`: what to bound is one entry per key."""
    played = Played(4)
    kept = played.lines("putIfAbsent", share=0.1)
    played.keep(0.2, kept)
    new = [float(count) for count in kept]
    ids = tuple(Key(f"uid_{at:06d}", 1, 0.0, 0.0) for at in range(10))
    sessions = tuple(Key(f"Session{{uid_{at:06d} Expires:17958026{at:02d}}}", 1, 0.0, 0.0) for at in range(10))
    slots = tuple(
        Slot(name, kind, sum(kept), 0.99 * sum(new), 1.0, new, [], [], keys)
        for name, kind, keys in (("key", "id", ids), ("value", "struct", sessions))
    )
    last = played.templates.pop()
    played.templates.append(structs.replace(last, slots=slots))
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.kind, first.slot) == ("keys", "key")


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("player moved, tick <*>", COUNTER),
        ("<*> entries in the cache", SIZE),
        ("queue <*>", SIZE),
        ("shards <*>", NUMBER),
    ],
)
def test_a_number_without_a_name_is_called_by_the_words_around_it(text, weight):
    nameless = Slot("", "int", 100, 100.0, 1.0, [], [], [1.0], ())
    template = Template("", text, text.replace("<*>", ""), "info", 100, 0.0, 1.0, "", [], (nameless,))
    assert hint(template, Candidate(0, LEVEL, 0)).kind == weight


def test_a_size_that_is_told_when_something_ends_is_no_less_a_size():
    pinned = Slot("pinned", "int", 100, 100.0, 1.0, [], [], [1.0], ())
    template = Template("", "tiles expired", "tiles expired", "info", 100, 0.0, 1.0, "", [], (pinned,))
    assert hint(template, Candidate(0, LINES)).words < 0.0
    assert hint(template, Candidate(0, LEVEL, 0)).words == 0.0


def test_what_is_passed_over_may_be_proven_and_what_another_line_ends_may_not():
    """A line that says `skipped` has no other that ends it."""
    played = Played(2)
    played.lines("request served", share=0.5)
    played.keep(0.3, played.lines("message skipped", share=0.03))
    first, *_ = suspects(played.courses(), 10.0)
    assert first.message == "message skipped"
    assert first.p_value < 0.01


def test_a_line_of_which_each_would_keep_megabytes_stands_behind_one_that_would_keep_kilobytes():
    """That a line is rare speaks for it as long as what it would keep is what programs keep."""
    played = Played(1, bins=100, onset=0)
    played.traffic = [100.0] * 100
    played.keep(4.0, [1.0] * 100)
    played.lines("user greeted", counts=[at % 2 for at in range(100)])
    played.lines("page crawled", counts=[20 + at % 2 for at in range(100)], keys=lambda count: count)
    told = [each.message for each in suspects(played.courses(), 0.0)]
    assert told[0] == "page crawled"


@pytest.mark.parametrize(
    ("warning", "first"), [("dispatch queue length", "job leased"), ("caller greeted", "caller greeted")]
)
def test_that_a_warning_is_rare_speaks_for_it_unless_it_only_tells_how_long_a_queue_is(warning, first):
    """That one comes when a threshold is crossed, and not when something is kept."""
    played = Played(1, bins=100, onset=0)
    played.traffic = [100.0] * 100
    waves = [1 + 2 * (at // 10 % 2) for at in range(100)]
    played.keep(0.05, played.lines("job leased", counts=[5 * each for each in waves]))
    played.lines(warning, counts=waves)
    assert suspects(played.courses(), 0.0)[0].message == first


@pytest.mark.parametrize(
    ("line", "numbers", "reports"),
    [
        ("Alloc = 5 MiB\tTotalAlloc = 340 MiB\tSys = 71 MiB\tNumGC = 7", 4, True),
        ('{"level":"info","msg":"mem","heap_alloc":12582912,"num_gc":7}', 2, True),
        ("level=info msg=served path=/a user=u1 took=3ms heap_alloc=12582912 num_gc=7", 5, False),
        ("request of u1 done in 3ms, HeapAlloc: 12 MB", 3, False),
        ("session opened user=u1", 1, False),
    ],
)
def test_a_line_that_tells_of_the_heap_and_of_nothing_else_is_no_suspect(line, numbers, reports):
    assert reports_the_heap(line, numbers) is reports
