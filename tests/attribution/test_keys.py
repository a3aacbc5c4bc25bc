"""Keys under the microscope: what makes each of them new, in one sentence, for keys of many kinds."""

import random
import uuid
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.attribution.keys import tapping
from gctail.attribution.keys.bursts import bursts
from gctail.attribution.keys.forms import is_restless, pieces
from gctail.attribution.keys.glimpse import glimpse
from gctail.attribution.keys.report import report
from gctail.attribution.keys.sample import MOST_KEYS, KeySample
from gctail.attribution.keys.tapping import SlotReader, literal_of, quick_pattern
from gctail.attribution.keys.variants import prefixes
from gctail.templates.mine import Mine

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
PUT = "{time} WARN [SessionCache] putIfAbsent(key={key}, value=Session{{...}}) → size={size}"
TEMPLATE = "[SessionCache] putIfAbsent(key=<*>, value=<*>) → size=<*>"


def sample_of(keys, every_s=0.1, at_once=10):
    """Keys as they come, so many lines in each interval."""
    sample = KeySample()
    for at in range(0, len(keys), at_once):
        sample.add([key.encode() for key in keys[at : at + at_once]], at / at_once * every_s)
    return sample


def made(kind, count=3000):
    """Keys of a kind."""
    chance = random.Random(7)  # noqa: S311  (a repeatable log)
    any_of = chance.randrange
    kinds = {
        "id with time": lambda at: f"uid_{887000 + any_of(60)}#device_{1700000000000 + any_of(10**11)}",
        "seconds": lambda at: f"lock:{1795000000 + at}:{any_of(3)}",
        "date": lambda at: f"report-2026-11-{1 + at // 1440 % 28:02d}T{at // 60 % 24:02d}:{at % 60:02d}:00Z-eu",
        "counter": lambda at: f"order:{1000 + at}",
        "uuid": lambda at: f"session:{uuid.UUID(int=chance.getrandbits(128), version=4)}",
        "base64": lambda at: "".join(chance.choice(ALPHABET) for _ in range(32)),
        "user and token": lambda at: f"user:{any_of(40)}:token:{chance.getrandbits(64):016x}",
        "user and UUID": lambda at: f"{any_of(40)}/cart/{uuid.UUID(int=chance.getrandbits(128), version=4)}",
        "hex": lambda at: f"trace-{chance.getrandbits(64):016x}",
        "object id": lambda at: f"{1795000000 + at:08x}{chance.getrandbits(64):016x}",
        "port": lambda at: f"10.0.{any_of(3)}.{any_of(9)}:{32768 + any_of(28000)}",
        "case": lambda at: "".join(
            chance.choice((each, each.upper())) for each in f"user-{'abcd'[any_of(4)] * 5}-{any_of(20)}"
        ),
        "slash": lambda at: f"/img/{any_of(300)}.png" + "/" * any_of(2),
        "query": lambda at: f"/search?q={any_of(10**6)}&page={any_of(4)}",
        "metric labels": lambda at: f"requests{{path=/users/{any_of(10**6)},code=200}}",
        "user numbers": lambda at: f"u{any_of(10**6):07d}",
        "few ids": lambda at: f"user:{any_of(300)}",
        "e-mail": lambda at: f"{'abc'[any_of(3)]}.x{any_of(10**6)}@mail.example.org",
        "route": lambda at: f"/v1/orders/{uuid.UUID(int=chance.getrandbits(128), version=4)}/items",
        "route with number": lambda at: f"/users/{any_of(10**6)}/orders",
        "statement": lambda at: "SELECT * FROM orders WHERE id = " + str(any_of(10**6)),  # noqa: S608  (nobody runs it)
        "IPv6 port": lambda at: f"[2001:db8::{any_of(9):x}]:{32768 + any_of(28000)}",
        "signed": lambda at: f"/files?folder={any_of(40)}&sig={chance.getrandbits(64):016x}",
        "agent": lambda at: f"sdk/{any_of(3)}.{any_of(9)}.{any_of(9)} (linux; quota=qk_{chance.getrandbits(32):08x})",
        "agent with number": lambda at: f"sdk/{any_of(3)}.{any_of(9)} (linux; quota={any_of(10**6)})",
        "host": lambda at: f"sdk/{any_of(3)}.{any_of(9)} (host={'abc'[any_of(3)] * 3}-{any_of(10**6)})",
        "few agents": lambda at: f"sdk/{(user := any_of(300)) % 7}.2 (linux; quota={user + 1000})",
        "words": lambda at: "".join(chance.choice("abcdefghijklmnop") for _ in range(9)),
    }
    return [kinds[kind](at) for at in range(count)]


@pytest.mark.parametrize(
    ("kind", "cause", "sentence"),
    [
        ("id with time", "time stamp", "Each key is new because of its time stamp in ms behind device: normalise it, leave the time out. Without it there would be 60 instead of"),
        ("seconds", "time stamp", "Each key is new because of its time stamp in s behind lock: normalise it, leave the time out."),
        ("date", "time stamp", "Each key is new because of its time stamp behind report: normalise it, leave the time out."),
        ("counter", "counter", "Each is a counter of its own, the id of something that happens once: whatever keeps an entry for each"),
        ("uuid", "UUID", "Each is a UUID of its own, the id of something that happens once: whatever keeps an entry for each"),
        ("base64", "random token", "Each is a random token of its own, the id of something that happens once"),
        ("hex", "random token", "Each is a random token of its own, the id of something that happens once"),
        ("object id", "random token", "Each is a random token of its own, the id of something that happens once"),
        ("user and token", "random token", "Each key is new because of its random token behind token: file it under what the token stands for. Without it there would be 40 instead of"),
        ("user and UUID", "UUID", "Each key is new because of its UUID behind cart: file it under what it is about, not under the request. Without it there would be 40 instead of"),
        ("port", "port", "Each key is new because of its port: file it under the host alone"),
        ("case", "number", "The same key is written in many ways: without upper and lower case there would be 80 instead of"),
        ("slash", "number", "The same key is written in many ways: without a slash at the end there would be 300 instead of 598"),
        ("query", "number", "Each key is new because of its query string, most of all the number behind q: without it there would be 1 instead of"),
        ("signed", "random token", "Each key is new because of its random token behind sig: leave that parameter out of the key. Without it there would be 40 instead of"),
        ("agent", "random token", "Each key is new because of its random token behind quota=qk: file it under what the token stands for."),
        ("agent with number", "number", "each has a number of its own behind quota. Without it there would be 27 instead of"),
        ("host", "number", "each has a number of its own behind host. Without it there would be"),
        ("few agents", "number", "100% of the keys come again. What tells them apart is the number behind quota, and the map needs a bound"),
        ("metric labels", "number", "keys came only once: each has a number of its own behind users. Without it there would be 1 instead of"),
        ("user numbers", "number", "keys came only once: each is a number of its own behind u, an id. Bound the map by size or age, or delete"),
        ("few ids", "number", "100% of the keys come again: they are ordinary ids, and the map needs a bound"),
        ("e-mail", "e-mail address", "each is an e-mail address of its own, an id. Bound the map by size or age"),
        ("route", "UUID", "Each key is new because of its UUID behind orders: file it under the route, /v1/orders/<UUID>/items."),
        ("route with number", "number", "each has a number of its own behind users. Without it there would be 1 instead of"),
        ("route with number", "number", "; file it under the route, /users/<number>/orders, or bound the map by size or age."),
        ("statement", "number", "each is a statement with its values in it. Put placeholders for them, or bound the map by size."),
        ("IPv6 port", "port", "Each key is new because of its port: file it under the host alone"),
        ("words", "", "No key came again, and nothing in their form says why: bound the map by size or age."),
    ],
)  # fmt: skip
def test_what_makes_keys_new_is_said_in_one_sentence(kind, cause, sentence):
    """And what to do about it."""
    found = report(sample_of(made(kind)))
    assert found is not None
    assert found.cause == cause
    assert sentence in found.sentence


def test_of_very_many_keys_the_ones_looked_at_are_told_as_such():
    """8,531 different values, of which 2,048 were taken apart: the two numbers stand one line apart."""
    few, many = (report(sample_of(made("id with time", count))) for count in (1000, 12_000))
    assert few.distinct == few.looked_at
    assert many.distinct > many.looked_at
    assert "of those looked at" not in few.sentence
    assert f"instead of {many.looked_at:,} of those looked at." in many.sentence


def test_all_but_one_key_are_not_told_as_all_of_them():
    chance = random.Random(5)  # noqa: S311
    found = report(sample_of([f"/items/{chance.randrange(10**9)}" for _ in range(400)] + ["/items/7", "/items/7"]))
    assert found is not None
    assert found.sentence.startswith("Nearly all keys came only once: each has a number of its own behind items.")


def test_tokens_that_come_again_are_ordinary_ids():
    """A job that is tried six times has one token: nothing in it makes a key new."""
    chance = random.Random(5)  # noqa: S311
    tokens = [f"{chance.getrandbits(48):012x}" for _ in range(400)]
    found = report(sample_of(tokens * 6))
    assert found is not None
    assert found.sentence.startswith("100% of the keys come again: they are ordinary ids")


def test_what_is_left_without_the_time_decides_whether_that_is_enough():
    """Where the users are new too, another key alone does not help."""
    chance = random.Random(3)  # noqa: S311
    keys = [f"uid_{chance.randrange(10**7)}#device_{1700000000000 + 7 * at}" for at in range(2000)]
    found = report(sample_of(keys))
    assert found is not None
    assert found.sentence.endswith("What is left differs in most keys too, so bound the map as well.")


def test_a_numbered_id_that_differs_in_the_rest_too_is_not_to_be_normalised():
    """A campaign's id is the campaign: without its running number there would be no fewer of them."""
    chance = random.Random(4)  # noqa: S311
    found = report(sample_of([f"cmp-{89012 + 9 * at}-{chance.getrandbits(16):04x}" for at in range(14)]))
    assert found is not None
    assert found.cause == "counter"
    assert found.conclusion == "id"
    assert "normalise" not in found.sentence
    assert "the id of something that happens once" in found.sentence


def test_seconds_are_times_only_where_they_rise_or_fit_the_clock():
    """Ten digits may be telephone numbers."""
    chance = random.Random(5)  # noqa: S311
    keys = [f"call:{1000000000 + chance.randrange(10**9)}" for _ in range(2000)]
    found = report(sample_of(keys))
    assert found is not None
    assert found.parts[-1].kind == "number"
    near = [f"call:{1795000000 + chance.randrange(300)}:{at % 7}" for at in range(2000)]
    told = report(sample_of(near), start_s=1795000000.0)
    assert told is not None
    assert told.parts[0].kind == "time stamp"


def mixed_keys(chance, accounts=700, with_time=0.45, count=2400):
    """Idempotency keys: some of them come with the time of the request behind, and never again."""
    return [
        f"acct_{chance.randrange(accounts):04d}:{chance.choice(['charge.succeeded', 'payout.paid'])}"
        + (f"?ts={1795827500000 + 40 * at}" if chance.random() < with_time else "")
        for at in range(count)
    ]


def test_of_two_sorts_of_keys_that_is_dissected_which_never_comes_again():
    found = report(sample_of(mixed_keys(random.Random(3))), 1795827500.0)  # noqa: S311
    assert (found.cause, found.detail, found.conclusion) == ("time stamp", "in ms", "part")
    assert found.pattern == "acct_<number>:<word>.<word>?ts=<time stamp>"
    assert found.mixture.again == 0
    share, _, rest = found.sentence.partition(
        "% of the keys have a time stamp in ms behind ts, and none of these comes "
    )
    assert float(share) == pytest.approx(60, abs=5)
    assert rest.startswith("again, while ")
    assert rest.endswith("without it do: normalise it, leave the time out.")


@pytest.mark.parametrize("seed", range(3))
def test_a_part_that_all_or_none_of_the_repeated_keys_have_is_no_mixture(seed):
    """Ids with and without a number behind, which come again alike."""
    chance = random.Random(seed)  # noqa: S311
    keys = [
        f"u{each:04d}" + (f"-{1795827500000 + each}" if each % 2 else "") for each in chance.choices(range(900), k=2400)
    ]
    assert report(sample_of(keys)).mixture is None


def test_parts_of_a_key_are_told_with_the_words_before_them():
    """Each with its values, and how many keys there would be without it."""
    found = report(sample_of(made("id with time")))
    assert found is not None
    user, device = found.parts
    assert (user.before, user.kind, user.distinct) == ("uid_", "number", 60)
    assert (device.before, device.kind, device.detail, device.without) == ("device_", "time stamp", "in ms", 60)
    assert found.pattern == "uid_<number>#device_<time stamp>"
    assert found.pattern_share == 1.0


def test_one_key_is_no_reason_for_growth():
    """However often it comes."""
    found = report(sample_of(["config"] * 500))
    assert found is not None
    assert found.sentence == "There is one key only: what grows is not the number of keys."
    assert report(KeySample()) is None


def test_ages_and_growth():
    """Keys that come once, keys that come again, and how many there were by when."""
    found = report(sample_of(["a", *(f"k{at}" for at in range(98)), "a"], every_s=1.0, at_once=1))
    assert found is not None
    assert found.ages.again == pytest.approx(1 / 99, abs=1e-3)
    assert found.ages.life_median_s == 99.0
    assert found.growth[-1] == (99.0, 99)
    assert [count for _, count in found.growth] == sorted(count for _, count in found.growth)


def test_a_sample_is_fair_however_many_keys_come():
    """A hundred thousand keys: memory stays, the number of different ones is near, times and counts of each are true."""
    sample = KeySample(most=1024)
    for at in range(2000):
        sample.add([b"key-%d" % (at * 50 + each) for each in range(50)] + [b"hot"] * 3, float(at))
    assert sample.lines == 106_000
    assert len(sample.seen) <= 1024
    assert sample.distinct == pytest.approx(100_001, rel=0.15)
    assert all(each.count in {1, 6000} for each in sample.seen)


def test_a_burst_is_one_thing_under_many_keys_within_moments():
    """Five devices of one user within four milliseconds; the ordinary flow of other users is none."""
    run = [(10.0 + 0.001 * at, f"uid_{at * 7919 % 1000}#device_{1700000000000 + at * 977}") for at in range(60)]
    storm = [(10.030 + 0.001 * at, f"uid_887421#device_{1700000000123 + at}") for at in range(5)]
    [burst] = bursts([sorted([*run, *storm])])
    assert (burst.keys, burst.span_ms) == (5, 4.0)
    assert all(key.startswith("uid_887421#") for key in burst.examples)
    assert bursts([run]) == ()


def test_what_all_lines_have_in_common_is_no_burst():
    """A metric of one path each is one kind of key, not one thing."""
    run = [(0.0001 * at, f"requests{{path=/users/{at},code=200}}") for at in range(200)]
    assert bursts([run]) == ()


def test_prefixes_are_the_longest_that_many_share():
    """Up to a mark, without those that say less of the same keys."""
    keys = [f"cache:user:{at}" for at in range(60)] + [f"cache:order:{at}" for at in range(40)]
    assert [(each.text, each.share) for each in prefixes(keys)] == [
        ("cache:", 1.0), ("cache:user:", 0.6), ("cache:order:", 0.4),
    ]  # fmt: skip


def test_random_text_is_told_from_names():
    """By how often small letters, capitals and digits take turns."""
    assert is_restless("aB3xY9kQ2mN7pR4t")
    assert not is_restless("User_12345-Session_99999")
    assert not is_restless("paymentprocessor")


@given(st.text(max_size=300))
def test_pieces_put_together_are_the_key_again(key):
    """Whatever it holds, nothing is lost."""
    assert "".join(piece.text for piece in pieces(key)) == key


@given(st.lists(st.text(max_size=40), max_size=60), st.booleans())
def test_any_keys_can_be_looked_at(keys, doubled):
    """Hostile ones too: the report is a sentence and shares between 0 and 1."""
    found = report(sample_of(keys * (1 + doubled)))
    if not keys:
        assert found is None
    else:
        assert found.sentence.endswith(".")
        assert 0 <= found.ages.again <= 1
        assert 0 < found.pattern_share <= 1


# -- taking them out of a log


def lines_of(count, wrap=lambda line: line):
    """A log in which every third line is a put into the cache."""
    out = []
    for at in range(count):
        time = f"2026-11-23T02:31:{at // 1000 % 60:02d}.{at % 1000:03d}Z"
        out.append(wrap(f"{time} INFO request processed path=/api/{at % 9} status=200"))
        if at % 3 == 0:
            out.append(wrap(PUT.format(time=time, key=f"uid_{at % 40}#device_{1700000000000 + at * 13}", size=at)))
    return ("\n".join(out) + "\n").encode()


@pytest.mark.parametrize("piece", [300, 5000, 10**9])
def test_keys_are_read_out_of_text_in_pieces_of_any_size(piece):
    """Each exactly once, with the time of its passage."""
    text = lines_of(1500)
    reader = SlotReader(TEMPLATE, ["key", "size"], PUT.format(time="", key="uid_1#device_17", size=1))
    lines = text.splitlines(keepends=True)
    block, now_s = b"", 0.0
    for line in lines:
        block += line
        if len(block) >= piece:
            reader.read(block, now_s)
            block, now_s = b"", now_s + 1.0
    reader.read(block, now_s)
    assert reader.literal == b"putIfAbsent(key="
    assert reader.samples["key"].lines == reader.samples["size"].lines == 500
    assert reader.samples["key"].distinct == 500
    assert {each.key for each in reader.samples["key"].seen} >= {
        "uid_0#device_1700000000000",
        "uid_3#device_1700000000039",
    }


def test_keys_are_read_inside_wrappers_and_json():
    """Docker's JSON, and a line that is an object itself."""
    docker = lines_of(
        300,
        lambda line: orjson.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2026-11-23T02:31:00Z"}).decode(),
    )
    reader = SlotReader(TEMPLATE, ["key"], PUT.format(time="", key="uid_1#device_17", size=1))
    reader.read(docker, 0.0, "docker-json")
    assert reader.samples["key"].distinct == 100
    objects = b"".join(
        b'{"level":"warn","msg":"session stored","key":"k-%d","size":%d}\n' % (at, at) for at in range(200)
    )
    reader = SlotReader("session stored key=<*> size=<*>", ["key"], objects.split(b"\n")[0].decode())
    reader.read(objects, 0.0)
    assert reader.samples["key"].distinct == 200


def test_keys_without_a_name_are_read_at_their_place_where_fewer_words_vary():
    """Of a family the text that is read again may have some words fixed."""
    text = b"".join(b"answer of adyen, v2 within %d ms to %d\n" % (each % 7, each) for each in range(300))
    reader = SlotReader(
        "answer of <*> v<*> within <*> ms to <*>", ["#3", "#4"], "answer of stripe, v2 within 3 ms to 5"
    )
    reader.read(text, 0.0)
    assert (reader.samples["#3"].distinct, reader.samples["#4"].distinct) == (7, 300)


def test_stretches_of_lines_keep_the_time_of_each():
    """So that bursts can be seen."""
    text = lines_of(3000)
    reader = SlotReader(TEMPLATE, ["key"], PUT.format(time="", key="uid_1#device_17", size=1))
    for at in range(0, len(text), 20_000):
        begin, end = text.rfind(b"\n", 0, at) + 1, text.rfind(b"\n", 0, at + 20_000) + 1
        reader.read(text[begin:end], 1.0, None, lambda line: float(line[17:23]))
    stretches = reader.samples["key"].stretches
    assert stretches
    assert all(one[0] <= other[0] for run in stretches for one, other in pairwise(run))
    assert reader.samples["key"].lines == 1000


def test_very_many_lines_are_looked_at_in_part(monkeypatch):
    """Memory and time have a bound; here it is small."""
    monkeypatch.setattr(tapping, "MOST_LINES", 300)
    reader = SlotReader(TEMPLATE, ["key"], PUT.format(time="", key="uid_1#device_17", size=1))
    text = lines_of(300)
    for at in range(9):
        reader.read(text, float(at))
    assert reader.is_full
    assert reader.samples["key"].lines == 300


def test_the_quick_way_finds_what_the_templates_find():
    """The same keys, with and without it; a field that moves about has no quick way."""
    text = lines_of(3000)
    example = PUT.format(time="", key="uid_1#device_17", size=1)
    quick, slow = SlotReader(TEMPLATE, ["key"], example), SlotReader(TEMPLATE, ["key"], example)
    quick.read(text, 0.0)
    for line in text.splitlines(keepends=True):
        slow.read(line, 0.0)
    assert [each.key for each in quick.samples["key"].seen] == [each.key for each in slow.samples["key"].seen]
    lines, keys = [b"put a=1 key=x", b"put key=y a=1"] * 40, [[b"x"], [b"y"]] * 40
    assert quick_pattern(lines, keys, b"put") is None


@pytest.mark.parametrize(
    "line", ["at=1 info {said} conn={key} topic=x", '{{"msg":"{said}","conn":"{key}"}}', "{said} conn={key} of=x"]
)
def test_the_quick_way_takes_no_line_whose_word_only_ends_alike(line):
    """`unsubscribed` ends in `subscribed`; the quick way is learnt before the first of those comes."""
    came = [line.format(said="subscribed", key=f"c-{at:04}").encode() for at in range(100)]
    went = [line.format(said="unsubscribed", key=f"c-{at:04}").encode() for at in range(60)]
    pattern = quick_pattern(came, [[b"c-%04d" % at] for at in range(100)], b"subscribed")
    assert pattern is not None
    assert len(pattern.findall(b"\n".join(came))) == 100
    assert pattern.findall(b"\n".join(went)) == []


def test_lines_of_another_template_are_passed_over():
    """Even where they hold the same words."""
    reader = SlotReader(TEMPLATE, ["key"], PUT.format(time="", key="a", size=1))
    reader.read(b"INFO [SessionCache] putIfAbsent(key=a) was slow\n" * 20, 0.0)
    assert reader.samples["key"].lines == 0


def test_the_literal_is_one_that_the_lines_really_hold():
    """Signs that wrappers escape are left out; where nothing is long enough, every line is looked at."""
    assert literal_of('say "héllo" to<*>', 'say "héllo" to bob') == b""
    assert literal_of("cache put <*> evicted=<*>", "cache put x evicted=3") == b"evicted="


def slots_of(keys, name="key"):
    """The slots of the only message of a log, as they are kept while it is read."""
    mine = Mine()
    for at, key in enumerate(keys):
        mine.read(f'level=warn msg="session stored" {name}={key} size={at}\n'.encode())
        if at % 5 == 4:
            mine.tick(float(at), 10.0)
    [template] = mine.courses().templates
    return template.slots


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "id with time",
            "Each key is new because of its time stamp in ms behind device: normalise it, leave the time out.",
        ),
        (
            "port",
            "Each key is new because of its port: file it under the host alone, for each connection has a port of its own.",
        ),
        ("slash", ""),
        ("uuid", ""),
        ("few ids", ""),
    ],
)
def test_a_few_keys_already_say_why_they_are_new(kind, sentence):
    """Two dozen are kept while a log is read; what they cannot say is not said."""
    slots = slots_of(made(kind, count=500))
    assert glimpse(slots, None) == sentence


def test_of_a_suspected_key_it_is_said_that_it_is_an_id():
    """Of a trace that waits, its id; of any other variable of the line that would say nothing."""
    slots = slots_of(made("uuid", count=500))
    assert glimpse(slots, slots[0]).startswith("Each is a UUID of its own, the id of something that happens once: ")


def test_a_variable_that_calls_itself_a_key_comes_before_the_suspected_one():
    """Whatever else is new in the same line."""
    slots = slots_of(made("id with time", count=500))
    assert glimpse(slots, slots[-1]).startswith("Each key is new because of its time stamp")
    other = slots_of(made("id with time", count=500), name="session")
    assert glimpse(other, None) == ""
    assert glimpse(other, other[0]).startswith("Each key is new because of its time stamp")


def test_the_bound_of_the_sample_is_what_it_says():
    """The default, too."""
    sample = KeySample()
    sample.add([b"%d" % at for at in range(3 * MOST_KEYS)], 0.0)
    assert len(sample.seen) <= MOST_KEYS
    assert sample.distinct <= sample.lines


def test_ids_that_rise_with_time_are_no_time_stamps_in_ns():
    """Snowflake and its like have as many digits, and rise; only the log's clock tells them from nanoseconds."""
    start_s = 1_795_830_000.0
    flakes = [str(int((start_s - 1_288_834_974.657 + at / 50) * 1000) << 22) for at in range(600)]
    stamps = [f"job:{int((start_s + at / 50) * 1e9) + at}" for at in range(600)]
    of_flakes, of_stamps = (report(sample_of(keys, every_s=0.2), start_s) for keys in (flakes, stamps))
    assert of_flakes is not None
    assert of_stamps is not None
    assert (of_flakes.cause, of_stamps.cause, of_stamps.detail) == ("counter", "time stamp", "in ns")
