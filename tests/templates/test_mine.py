"""Application lines become templates with typed slots, counted between collections."""

from random import Random

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gctail.templates.mine import BLOCK_BYTES, Mine

SEED_LINE = "2026-11-23T08:17:00.123Z WARN [SessionCache] putIfAbsent(key=uid_{0}, value=Session{{...}}) → size={0}\n"


def mined(*intervals: str, **options):
    """The courses of a mine that reads each text and then sees a collection."""
    mine = Mine(**options)
    for number, text in enumerate(intervals, 1):
        mine.read(text.encode())
        mine.tick(float(number), 10.0 * number)
    return mine.courses()


def only(courses):
    """The one template, and its slots by name."""
    [template] = courses.templates
    return template, {slot.name: slot for slot in template.slots}


def test_the_line_that_tells_the_size_of_a_map_gives_its_key_and_its_size():
    """Keys that are new with every line, and a level that grows."""
    intervals = ["".join(SEED_LINE.format(880_000 + 10 * each + line) for line in range(10)) for each in range(4)]
    template, slots = only(mined(*intervals))
    assert template.text == "[SessionCache] putIfAbsent(key=<*>, value=<*>) → size=<*>"
    assert (template.level, template.count, template.total) == ("warn", [10, 10, 10, 10], 40)
    assert (slots["key"].type, slots["key"].distinct, slots["key"].new_keys) == (
        "id",
        pytest.approx(40, rel=0.1),
        [10.0, 10.0, pytest.approx(10, abs=1), pytest.approx(10, abs=1)],
    )
    assert slots["key"].once == 1.0
    assert slots["size"].last == [880_009, 880_019, 880_029, 880_039]


def test_a_value_is_no_name_of_the_next_one():
    """`dev-7: 3s old` does not call the seconds `dev-7`."""
    template, _ = only(mined("".join(f"stale fix for dev-{at}: {at}m3s old\n" for at in range(9))))
    assert (template.text, [slot.name for slot in template.slots]) == ("stale fix for <*>: <*> old", ["", ""])


FORMS = {
    "slog json": '{"time":"2026-11-23T08:17:00.123Z","level":"INFO","msg":"session stored","user":"u%d","bytes":%d}',
    "slog text": 'time=2026-11-23T08:17:00.123Z level=INFO msg="session stored" user=u%d bytes=%d',
    "logrus text": 'time="2026-11-23T08:17:00Z" level=info msg="session stored" user=u%d bytes=%d',
    "logrus console": "INFO[0042] session stored   user=u%d bytes=%d",
    "zap json": '{"level":"info","ts":1795421820.5,"caller":"app/main.go:42","msg":"session stored","user":"u%d","bytes":%d}',
    "zap console": '2026-11-23T08:17:00.123Z\tINFO\tapp/main.go:42\tsession stored\t{"user": "u%d", "bytes": %d}',
    "zerolog": '{"level":"info","user":"u%d","bytes":%d,"time":"2026-11-23T08:17:00Z","message":"session stored"}',
    "zerolog console": "8:17AM INF main.go:12 > session stored user=u%d bytes=%d",
    "klog": 'I1123 08:17:00.123456   12345 main.go:12] "session stored" user="u%d" bytes=%d',
    "zap console, named": '2026-11-23T08:17:00.123Z\tINFO\tapi.db\tapp/main.go:42\tsession stored\t{"user": "u%d", "bytes": %d}',
    "std log with prefix": "myapp: 2026/11/23 08:17:00 main.go:12: INFO session stored user=u%d bytes=%d",
    "hclog": "2026-11-23T03:12:00.123Z [INFO]  session stored user=u%d bytes=%d",
    "phuslu console": "2026-11-28T00:53:06.224Z INF 1 logs.go:130 > user=u%d bytes=%d session stored",
    "plain": "2026/11/23 08:17:00 INFO session stored user=u%d bytes=%d",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_logger_gives_the_same_template(form):
    """Time, level, caller and goroutine are taken off; the rest is the message and its fields."""
    text = "".join(form % (line, 10 * line) + "\n" for line in range(20))
    template, slots = only(mined(text))
    assert (template.message, template.level, template.count) == ("session stored", "info", [20])
    assert template.id == only(mined("INFO session stored\n"))[0].id
    assert template.example == form % (0, 0)
    assert [name for name in slots if name != "logger"] == ["user", "bytes"]
    assert (slots["user"].type, slots["user"].distinct) == ("id", 20)
    assert (slots["bytes"].type, slots["bytes"].sums, slots["bytes"].last) == ("int", [1900.0], [190.0])


NAMES = ["ann", "bob", "cid", "dora", "emil", "fay", "gus", "hedy", "ivo", "jon", "k-9", "l33t"]
numbered = st.sampled_from(
    [
        b"INFO request %d done in 3.5ms",
        b'{"level":"INFO","msg":"stored","n":%d}',
        b'{"level":"INFO","msg":"batch %d stored","n":"x"}',
        b'level=warn msg="cache miss" key=k%d size=12MiB',
        b"user name%d logged in",
        b"\xff\xfe broken \x00 %d",
        b"{%d",
    ]
).flatmap(lambda form: st.integers(0, 10**6).map(lambda number: form % number))
named = st.builds(
    lambda form, name, other: (form % (name, other)).encode(),
    st.sampled_from(["INFO user %s met %s in town", '{"msg":"user %s met %s in town","n":1}', "%s left, %s stayed on"]),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
)
MET = b"INFO user k-9 met %b in town"
lines = st.lists(st.one_of(numbered, named, st.just(b""), st.just(b"  ")), max_size=60)


@settings(deadline=None, max_examples=60)
@given(lines, st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_it_does_not_matter_in_which_pieces_the_text_comes(lines, sizes):
    """A line may be cut between two of them."""
    text = b"".join(line + b"\n" for line in lines)
    whole, pieces = Mine(), Mine()
    whole.read(text)
    place, turn = 0, 0
    while place < len(text):
        size = sizes[turn % len(sizes)]
        pieces.read(memoryview(text)[place : place + size])
        place, turn = place + size, turn + 1
    whole.tick(1.0, 1.0)
    pieces.tick(1.0, 1.0)
    assert orjson.dumps(whole.state()) == orjson.dumps(pieces.state())


@settings(deadline=None, max_examples=60)
@given(st.lists(lines, min_size=2, max_size=6), st.integers(1, 5))
@example([[MET % b"bob"], [], [], [MET % b"k-9", MET % b"bob"]], 1)  # a word that varies is known until its last line
def test_a_mine_that_was_saved_and_restored_goes_on_exactly(intervals, stop):
    """At any place, on any machine: the state is JSON."""
    straight, saved = Mine(bins=2), Mine(bins=2)
    for number, each in enumerate(intervals):
        for mine in (straight, saved):
            mine.read(b"".join(line + b"\n" for line in each))
            mine.tick(float(number), 5.0)
        if number == stop:
            saved = Mine.restore(orjson.loads(orjson.dumps(saved.state())))
    assert orjson.dumps(saved.state()) == orjson.dumps(straight.state())
    assert orjson.dumps(straight.state()["grid"]["bins"]) <= b"2"


def test_a_state_of_a_newer_program_is_refused():
    """With a sentence."""
    with pytest.raises(ValueError, match="version 99 is newer"):
        Mine.restore({**Mine().state(), "version": 99})


def test_a_line_longer_than_a_block_is_passed_over():
    """The lines around it are read."""
    mine = Mine()
    mine.read(b"INFO started\n" + b"x" * (3 * BLOCK_BYTES) + b"\nINFO stopped\n")
    mine.tick(1.0, 1.0)
    assert [template.text for template in mine.courses().templates] == ["started", "stopped"]


WRAPPED = {
    "docker-json": '{"log":"INFO stored key=\\"k%d\\"\\n","stream":"stdout","time":"2026-11-23T03:12:00.123456789Z"}\n',
    "cri": '2026-11-23T03:12:00.123456789Z stdout F INFO stored key="k%d"\n',
    "docker-compose": 'web-1  | INFO stored key="k%d"\n',
}


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_lines_that_are_still_wrapped_give_the_same_templates(wrapper):
    """As they come out of a run of Docker's or the kubelet's lines that nobody has looked at one by one."""
    mine = Mine()
    mine.read("".join(WRAPPED[wrapper] % line for line in range(20)).encode(), wrapper)
    mine.tick(1.0, 1.0)
    template, slots = only(mine.courses())
    assert (template.text, template.count, template.example) == ("stored key=<*>", [20], 'INFO stored key="k0"')
    assert (slots["key"].distinct, slots["key"].keys[0].text[0]) == (20, "k")


def test_colours_and_carriage_returns_are_no_part_of_a_template():
    """What a terminal is told is not what the application says."""
    template, _ = only(mined("\x1b[32mINFO\x1b[0m started 1 worker\r\n\x1b[32mINFO\x1b[0m started 2 worker\r\n"))
    assert (template.text, template.level, template.total) == ("started <*> worker", "info", 2)


def test_a_field_with_an_empty_name_is_a_field():
    """Any text may come."""
    mine = Mine()
    mine.read(b'{"msg":"kept 7","":"a1"}\n{"msg":"kept 8","":"a2"}\n' * 9)
    mine.tick(1.0, 2.0)
    [template] = mine.courses().templates
    assert template.text == "kept <*> =<*>"
    assert [slot.hole for slot in template.slots] == [0, 1]


def test_lines_with_names_of_random_letters_are_all_read():
    """They look unlike each other, and are soon known: a few objects that failed must not be lost among many."""
    dice, mine, failed = Random(7), Mine(), 0  # noqa: S311
    for at in range(20):
        names = ["".join(dice.choices("BCDFGHJKLMNPQRSTVWXYZ2456789", k=9)) for _ in range(300)]
        said = [("failed" if dice.random() < 0.01 else "done", name) for name in names]
        mine.read("".join(f'level=info msg="object {what}" object="ci/job-{name}"\n' for what, name in said).encode())
        mine.tick(at + 1.0, 20.0)
        failed += sum(what == "failed" for what, _ in said)
    assert mine.sampled == 1.0
    assert {template.message: template.total for template in mine.courses().templates}["object failed"] == failed


def test_a_message_within_an_object_is_the_message():
    """As Elastic's schema and services that nest what they log have it."""
    mine = Mine()
    line = '{"ctx":{"series":"s%d"},"event":{"message":"series created"},"log":{"level":"warn","logger":"db"}}\n'
    mine.read("".join(line % at for at in range(9)).encode())
    mine.tick(1.0, 2.0)
    [template] = mine.courses().templates
    assert (template.message, template.level) == ("series created", "warn")
    assert template.text == "series created ctx.series=<*>"
