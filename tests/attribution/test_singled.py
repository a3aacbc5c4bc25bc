"""One value of a line leaks, and those with other values do not: `tenant=acme`, not every order."""

from random import Random

import pytest
from msgspec import structs

from gctail.attribution.choosing import accusation, suspects
from gctail.attribution.wording import said, sentence
from gctail.templates.courses import Part, Slot
from gctail.templates.mine import Mine
from played_courses import Played

TENANTS = ("acme", "globex", "initech", "umbrella", "hooli")
SEEDS = range(6)


def slot(name, counts):
    parts = tuple(Part(value, [float(each) for each in count]) for value, count in counts.items())
    return Slot(name, "word", 1000, float(len(parts)), 0.0, [], [], [], (), parts=parts)


def orders(seed, share=0.12, bins=100):
    """Orders of five tenants, also by region and by kind, which are drawn by chance; and how many of each tenant."""
    played = Played(seed, bins=bins)
    played.lines("request served", share=0.5, keys=lambda count: count)
    played.lines("token verified", share=0.2)
    parts = [share, *[(1 - share) / 4] * 4]
    counts = {
        tenant: [played.some(0.2 * part * traffic) for traffic in played.traffic]
        for tenant, part in zip(TENANTS, parts, strict=True)
    }
    every = played.lines("order placed", counts=[sum(each) for each in zip(*counts.values(), strict=True)])
    slots = [slot("tenant", counts)]
    for name in ("region", "kind"):
        drawn = [[sum(played.dice.random() < 0.4 for _ in range(count)) for count in every]]
        drawn.append([count - some for count, some in zip(every, drawn[0], strict=True)])
        slots.append(slot(name, {str(at): each for at, each in enumerate(drawn)}))
    played.templates[-1] = structs.replace(played.templates[-1], slots=tuple(slots))
    return played, counts, every


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tenant_whose_lines_explain_the_growth_is_named(seed):
    played, counts, _ = orders(seed)
    played.keep(80.0 / sum(counts["acme"]), counts["acme"])
    first, *others = suspects(played.courses(), 10.0)
    assert (first.message, first.only) == ("order placed", "tenant=acme")
    assert first.only_share == pytest.approx(0.12, abs=0.03)
    assert "the heap grew with every such line with tenant acme (1" in sentence(structs.asdict(first))
    assert [each.only for each in others] == [""] * len(others)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_sentences_that_differ_in_a_word_with_a_digit_the_one_that_keeps_is_named(seed):
    """`peer speaks v1` or `v2` are one template, whose lines fit the growth half as well."""
    played = Played(seed)
    played.lines("handshake complete", share=0.5, keys=lambda count: count)
    every = played.lines("peer speaks", share=0.05, keys=lambda count: count)
    older = [sum(played.dice.random() < 0.5 for _ in range(count)) for count in every]
    counts = {"v1": older, "v2": [count - some for count, some in zip(every, older, strict=True)]}
    played.keep(50.0 / sum(older), older)
    last = played.templates[-1]
    spoken = structs.replace(slot("", counts), hole=0)
    played.templates[-1] = structs.replace(last, text="peer speaks <*> conn=<*>", slots=(spoken, *last.slots))
    first, *_ = suspects(played.courses(), 10.0)
    assert (first.message, first.only) == ("peer speaks", "#1=v1")
    assert said(structs.asdict(first)) == "peer speaks v1"
    assert sentence(structs.asdict(first)).startswith("the heap grew with every such line (")


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("mib", [15.0, 50.0])
def test_where_all_orders_are_kept_no_value_is_named(seed, mib):
    """Of nine parts of the lines one fits a little better by accident."""
    played, _, every = orders(seed)
    played.keep(mib / sum(every), every)
    told = suspects(played.courses(), 10.0)
    assert "order placed" in {each.message for each in told}
    assert [each.only for each in told] == [""] * len(told)


def test_a_growth_too_even_to_tell_values_apart_names_the_line():
    played = Played(3, onset=0)
    played.traffic = [100.0] * played.bins
    played.lines("request in", share=0.9)
    every = [3 + at % 2 for at in range(played.bins)]
    played.lines("alpha beta", counts=every)
    halves = slot("tenant", {"acme": [2] * played.bins, "globex": [count - 2 for count in every]})
    played.templates[-1] = structs.replace(played.templates[-1], slots=(halves,))
    played.keep(0.2, every)
    told = suspects(played.courses(), 0.0) or accusation(played.courses(), 0.0).indistinct
    assert "alpha beta" in {each.message for each in told}
    assert [each.only for each in told] == [""] * len(told)


def with_lines(line, share, seed=5, bins=60):
    """A service that keeps something of each line for which `line(n, leaks)` is true, read from its text."""
    dice, mine, held = Random(seed), Mine(), 20.0  # noqa: S311
    for at in range(bins):
        chance = share * (0.4 + 1.2 * dice.random())
        text = []
        for number in range(60 + dice.randrange(60)):
            leaks = dice.random() < chance
            held += 0.08 * leaks
            text.append(line(number, leaks, dice))
        mine.read("".join(f"{each}\n" for each in text).encode())
        mine.tick(float(at + 1), held + dice.gauss(0, 0.3))
    return suspects(mine.courses(), 1.0)[0]


STORIES = {
    "a route": (
        lambda at, leaks, dice: (
            f'{{"level":"info","msg":"request done","path":"/{"export" if leaks else dice.choice(["feed", "me"])}",'
            f'"ms":{at % 9}}}'
        ),
        "path /export (1",
    ),
    "a region with a number": (
        lambda at, leaks, dice: f"level=info msg=synced region=eu-{1 if leaks else dice.randrange(2, 6)} rows={at}",
        "region eu-1 (1",
    ),
    "a status": (
        lambda at, leaks, dice: f'{{"msg":"called","status":{500 if leaks else dice.choice([200, 204])},"ms":{at}}}',
        "status 500 (1",
    ),
    "a level": (
        lambda at, leaks, dice: f'{{"level":"{"error" if leaks else "info"}","msg":"job finished","job":{at}}}',
        "level error (1",
    ),
    "one tenant of hundreds": (
        lambda at, leaks, dice: f'level=info msg="row read" tenant={"acme" if leaks else dice.getrandbits(20)} n={at}',
        "tenant acme (1",
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_it_is_named_in_words_whatever_it_is(story):
    line, told = STORIES[story]
    first = with_lines(line, 0.12)
    assert f"the heap grew with every such line with {told}" in sentence(structs.asdict(first))
    assert first.p_value < 0.01
