"""How often lines like a given one come, and what a log said differently in a stretch of time."""

import random

import pytest

from gctail.attribution.changes import changes
from gctail.attribution.usual import Rate, Usual, begins, often, says
from gctail.templates.mine import Mine


def mined(lines_of, seconds=200, every_s=2):
    """A mine that heard `lines_of(second)` for each second, with a collection now and then."""
    mine = Mine()
    for second in range(seconds):
        mine.read("".join(f"{line}\n" for line in lines_of(second)).encode())
        if second % every_s == every_s - 1:
            mine.tick(float(second + 1), 10.0)
    return mine


def steady(second):
    """Ten requests and one note of the cache each second; a rare warning."""
    yield from (f'level=info msg="request processed" path=/api/{each} duration_ms={second % 30}' for each in range(10))
    yield f'level=debug msg="cache hit" key=product:{second}'
    if second == 100:
        yield 'level=warn msg="replica lagging" seconds=3'


@pytest.fixture(scope="module")
def usual():
    """A steady service."""
    return Usual(mined(steady))


def test_the_rate_of_a_line_is_that_of_its_like(usual):
    """Whatever its values are."""
    rate = usual.of('level=info msg="request processed" path=/api/99 duration_ms=777')
    assert rate is not None
    assert rate.message == "request processed"
    assert rate.usual_per_min == pytest.approx(600, rel=0.02)
    assert rate.recent_per_min == pytest.approx(600, rel=0.02)
    assert rate.total == 2000


def test_a_line_that_never_came_has_no_rate_and_leaves_no_trace(usual):
    """Asked twice, the answer is the same."""
    for _ in range(2):
        assert usual.of('level=fatal msg="out of cheese"') is None
    assert usual.of("") is None


def test_json_lines_have_rates_too():
    """Structured lines are known by their message."""
    usual = Usual(
        mined(lambda second: [f'{{"level":"info","msg":"order placed","id":{second},"n":{each}}}' for each in range(3)])
    )
    rate = usual.of('{"level":"info","msg":"order placed","id":7,"n":9}')
    assert rate is not None
    assert rate.usual_per_min == pytest.approx(180, rel=0.03)


def rate(usual=60.0, recent=60.0, total=500, template="t"):
    """A rate."""
    return Rate("m", template, usual, recent, total, 0.0)


@pytest.mark.parametrize(
    ("told", "suspects", "words"),
    [
        (rate(2400, 2400), (), "it comes 40 times a second all the time: innocent"),
        (rate(5, 5), (), "it comes 5 times a minute all the time: innocent"),
        (rate(0.05, 0.05), (), "it comes 3 times an hour all the time: innocent"),
        (rate(60, 600), (), "it comes once a second, but came 10 times a second at the end"),
        (rate(60, 1), (), "it came once a second, but only once a minute at the end"),
        (rate(1, 1, total=2), (), "such a line came 2 times in all"),
        (rate(1, 1, total=1), (), "such a line came once in all"),
        (rate(60, 60), ("t",), "a suspect; it comes once a second"),
        (None, (), "no line like it came before"),
    ],
)
def test_what_is_to_be_thought_of_a_line_is_said(told, suspects, words):
    """Innocent, suspected, unlike itself, or new."""
    assert says(told, frozenset(suspects)) == words


def test_whoever_is_named_as_a_suspect_is_not_called_innocent():
    """If not first; one report does not accuse and acquit the same line."""
    told = says(rate(900, 900, template="login ok <*>"), frozenset({"bad password"}), frozenset({"login ok <*>"}))
    assert told == "named among the suspects, if not first; it comes 15 times a second"


def test_often_is_said_in_the_unit_in_which_it_can_be_read():
    """Down to once in some hours."""
    assert [often(each) for each in (6000, 60, 2, 1 / 60, 1 / 600, 0)] == [
        "100 times a second", "once a second", "2 times a minute", "once an hour", "once in 10 hours", "never",
    ]  # fmt: skip


def test_a_log_that_begins_in_the_middle_has_no_long_first_bin():
    """Else all rates would be too low."""
    assert begins([2.0, 4.0, 6.0]) == [0.0, 2.0, 4.0]
    assert begins([1000.0, 1002.0, 1004.0]) == [998.0, 1000.0, 1002.0]
    assert begins([]) == []


def test_a_first_bin_is_as_long_as_it_was_where_the_log_has_the_beginning():
    """A process that collects every second, and at its end a hundred times a second: most bins are short."""
    assert begins([70.0, 70.3, 70.6], 0.0) == [0.0, 70.0, 70.3]
    assert begins([1000.0, 1002.0, 1004.0], 997.5) == [997.5, 1000.0, 1002.0]


def batch(second):
    """A steady service in which a batch runs from second 80 to 90: its own lines, more cache hits, no health checks."""
    yield from (f'level=info msg="request processed" path=/api/{each}' for each in range(10))
    runs = 80 <= second < 90
    yield from (f'level=debug msg="cache hit" key=product:{each}' for each in range(8 if runs else 1))
    if runs:
        yield from (f'level=info msg="export row written" row={each}' for each in range(5))
    else:
        yield from (f'level=info msg="health checked" peer={each}' for each in range(3))


def test_new_more_and_missing_messages_are_told_in_that_order():
    """What did not change is not told."""
    found = changes(Usual(mined(batch)), 80.0, 90.0)
    assert found is not None
    assert [(each.kind, each.message) for each in found.told] == [
        ("new", "export row written"), ("more", "cache hit"), ("vanished", "health checked"),
    ]  # fmt: skip
    new, more, missing = found.told
    assert (new.factor, new.per_min) == (None, 300.0)
    assert more.factor == pytest.approx(8.0, rel=0.05)
    assert (missing.per_min, missing.usual_per_min) == (0.0, 180.0)


def test_what_all_lines_do_is_no_change_of_one():
    """Three times the traffic is told once, for all."""
    busy = Usual(mined(lambda second: list(steady(0)) * (3 if 80 <= second < 90 else 1)))
    found = changes(busy, 80.0, 90.0)
    assert found is not None
    assert found.told == ()
    assert found.lines_factor == pytest.approx(3.0, rel=0.05)


def test_chance_is_no_change():
    """Rare lines come in clusters by chance; over many stretches of a steady log hardly any is told."""
    chance = random.Random(4)  # noqa: S311  (a repeatable log)
    seconds = [
        [f'msg="rare {kind}" n=1' for kind in "abcdefgh" if chance.random() < 0.1] + ['msg="tick"'] for _ in range(400)
    ]
    usual = Usual(mined(lambda second: seconds[second], seconds=400))
    told = [changes(usual, float(at), at + 10.0) for at in range(20, 380, 10)]
    assert sum(len(each.told) for each in told if each is not None) <= 1


def test_there_is_nothing_to_compare_with_where_the_stretch_is_all():
    """Or nearly all, or where there were no collections."""
    usual = Usual(mined(steady, seconds=20))
    assert changes(usual, 0.0, 18.0) is None
    assert changes(Usual(Mine()), 0.0, 1.0) is None
    assert Usual(Mine()).of("hello") is None
