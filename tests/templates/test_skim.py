"""Over its budget a mine counts every line, reads those of rare templates, and takes the keys of frequent ones out."""

from random import Random

import orjson
import pytest

from gctail.templates.mine import Mine
from gctail.templates.watch import MOST_REST, _pattern


def line(dice, at, sessions):
    """A line of a service, of which one in a hundred attaches a session, one in ten of these a new one."""
    if dice.random() < 0.01:
        if not sessions or dice.random() < 0.1:
            sessions.append(f"{dice.getrandbits(48):012x}")
        return f'{{"level":"info","ts":{at},"msg":"session attached","session":"{dice.choice(sessions)}"}}'
    if dice.random() < 0.5:
        return f'{{"level":"info","ts":{at},"msg":"request served","request_id":"{dice.getrandbits(64):016x}","ms":{at % 90}}}'
    return f'{{"level":"debug","ts":{at},"msg":"cart loaded","cart":"c{dice.randrange(3000)}","items":{at % 7}}}'


def mined(*, share, lines=60_000, wrap=str):
    """A mine that heard so many lines, with a collection after every five thousand; and what it should know."""
    dice, mine, sessions, counts = Random(7), Mine(share=share), [], {}  # noqa: S311
    for begin in range(0, lines, 5000):
        block = [line(dice, at, sessions) for at in range(begin, begin + 5000)]
        for each in block:
            said = each.partition('"msg":"')[2].partition('"')[0]
            counts[said] = counts.get(said, 0) + 1
        mine.read(("\n".join(map(wrap, block)) + "\n").encode())
        mine.tick(float(begin + 1), 1.0)
    return mine, counts, sessions


def by_message(mine):
    return {template.message: template for template in mine.courses().templates}


@pytest.fixture(scope="module")
def sampled():
    return mined(share=0.05)


def test_every_line_is_counted_however_little_is_read(sampled):
    mine, counts, _ = sampled
    assert mine.sampled < 0.3
    found = by_message(mine)
    assert {said: round(sum(found[said].count)) for said in counts} == counts


def test_the_keys_of_rare_lines_are_all_read(sampled):
    mine, _, sessions = sampled
    attached = by_message(mine)["session attached"]
    [session] = [slot for slot in attached.slots if slot.name == "session"]
    assert attached.read_share == 1.0
    assert session.distinct == pytest.approx(len(sessions), rel=0.1)


def test_new_keys_of_frequent_lines_are_told_from_repeated_ones(sampled):
    """Ten lines for each cart: read closely one in ten, all of them would look new."""
    mine, _, _ = sampled
    loaded = by_message(mine)["cart loaded"]
    [cart] = [slot for slot in loaded.slots if slot.name == "cart"]
    assert loaded.read_share < 0.5
    assert cart.whole
    assert sum(cart.new_keys) == pytest.approx(3000, rel=0.05)


def test_keys_that_never_come_again_are_estimated(sampled):
    mine, counts, _ = sampled
    served = by_message(mine)["request served"]
    [request] = [slot for slot in served.slots if slot.name == "request_id"]
    assert not request.whole
    assert sum(request.new_keys) == pytest.approx(counts["request served"], rel=0.1)


def test_a_mine_that_counts_goes_on_exactly_from_its_state():
    dice, sessions = Random(3), []  # noqa: S311
    straight, saved = Mine(share=0.05), Mine(share=0.05)
    for begin in range(0, 30_000, 5000):
        block = ("\n".join(line(dice, at, sessions) for at in range(begin, begin + 5000)) + "\n").encode()
        for mine in (straight, saved):
            mine.read(block)
            mine.tick(float(begin + 1), 1.0)
        saved = Mine.restore(orjson.loads(orjson.dumps(saved.state())))
    found, expected = by_message(saved), by_message(straight)
    assert {each: sum(found[each].count) for each in found} == {each: sum(expected[each].count) for each in expected}
    assert [slot.whole for slot in found["cart loaded"].slots] == [slot.whole for slot in expected["cart loaded"].slots]


def test_where_hardly_a_line_is_like_another_counts_are_scaled_up():
    dice, mine = Random(5), Mine(share=0.05)  # noqa: S311
    words = [f"{first}{last}" for first in "bdfgk" for last in ("amo", "irt", "ulv", "yns")]
    for begin in range(0, 40_000, 10_000):
        mine.read("".join(f"INFO {' '.join(dice.choices(words, k=7))}\n" for _ in range(10_000)).encode())
        mine.tick(float(begin + 1), 1.0)
    courses = mine.courses()
    assert sum(courses.lines) == 40_000
    assert mine.sampled < 0.5


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("user", b'{"msg":"user kept","user":"u1"}'),
        ("user", rb'{"log":"{\"msg\":\"kept\",\"user\":\"u1\"}\n"}'),
        ("user", b"INFO kept the user=u1"),
        ("user", b"INFO kept, user: u1"),
        ("user", b"INFO kept user u1, again"),
        ("id", b'{"request_id":7,"id":"u1"}'),
    ],
)
def test_a_field_is_found_by_its_name(name, line):
    pattern = _pattern(name, line)
    assert pattern is not None
    assert pattern.findall(line) == [b"u1"]


def test_a_field_that_stands_there_twice_is_not_taken():
    assert _pattern("id", b'{"id":1,"parent":{"id":2}}') is None


def test_a_slot_that_shows_nothing_new_is_looked_at_now_and_then_and_closely_once_a_key_is_new():
    """A hundred carts are known for a long time; then each line brings a new one."""
    mine, rests = Mine(share=0.02), []
    for begin in range(0, 400_000, 5000):
        carts = [f"n{at}" if at >= 300_000 else f"c{at % 100}" for at in range(begin, begin + 5000)]
        lines = [f'{{"level":"info","msg":"cart loaded","cart":"{cart}"}}' for cart in carts]
        mine.read(("\n".join(lines) + "\n").encode())
        mine.tick(float(begin + 1), 1.0)
        [tally] = mine.catalog
        rests.append(tally.rest)
    [template] = mine.courses().templates
    [cart] = template.slots
    assert template.total == 400_000
    assert max(rests[:60]) == MOST_REST
    assert rests[-1] == 0
    assert sum(cart.new_keys[:60]) == pytest.approx(100, abs=10)
    assert sum(cart.new_keys[60:]) == pytest.approx(100_000, rel=0.1)
