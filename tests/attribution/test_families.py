"""Lines that differ in method and path alone are one suspect, unless one of them stands out."""

from random import Random

import pytest

from gctail.attribution.choosing import suspects
from gctail.attribution.describing import named
from gctail.attribution.families import family, with_families
from gctail.attribution.usual import Rate, says
from gctail.attribution.wording import called
from gctail.templates.mine import Mine
from played_courses import Played

ROUTES = (
    "method GET, path /feed,",
    "method PUT, path /feed,",
    "method GET, path /me,",
    "method POST, path /api/<*>/me,",
)


def service(seed):
    """Every request writes its route; some are looked up."""
    played = Played(seed)
    counts = {route: played.lines(f"completed {route} status", share=0.2) for route in ROUTES}
    played.lines("token verified", share=0.2)
    return played, counts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("completed method GET, path /feed, status <*>", "completed method <*>, path <*>, status <*>"),
        ('<*> - - "GET /feed HTTP/1.1" <*>', '<*> - - "<*> <*> HTTP/1.1" <*>'),
        ("GET /api/<*>/feed", "<*> <*>"),
        ("stream opened by <*>", "stream opened by <*>"),
        ("read 3 and/or 4 of GETTING", "read 3 and/or 4 of GETTING"),
    ],
)
def test_a_family_is_told_by_its_text_without_methods_and_paths(text, told):
    assert family(text) == told


def test_what_every_request_keeps_is_blamed_on_the_family_once():
    played, counts = service(1)
    played.keep(0.03, [sum(each) for each in zip(*counts.values(), strict=True)])
    [first] = suspects(played.courses(), 10.0)
    assert first.template == "completed method <*>, path <*>, status <*>"
    assert first.message == "completed method , path , status"
    assert first.per_event_kib == pytest.approx(30.7, rel=0.15)
    assert first.events == pytest.approx(sum(map(sum, counts.values())), rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_a_route_that_alone_keeps_something_is_blamed_alone(seed):
    played, counts = service(seed)
    played.keep(0.1, counts[ROUTES[2]])
    first, *_ = suspects(played.courses(), 10.0)
    assert first.template == f"completed {ROUTES[2]} status <*>"


def test_a_route_without_another_like_it_has_no_family():
    played = Played(1)
    played.lines("completed method GET, path /feed", share=0.2)
    courses, kin = with_families(played.courses())
    assert (len(courses.templates), kin) == (1, {})


def test_a_last_line_of_a_suspected_family_is_not_called_innocent():
    rate = Rate("completed method GET, path /me", "completed method GET, path /me", 60.0, 60.0, 100, 0.0)
    assert says(rate, frozenset({"completed method <*>, path <*>"})) == "a suspect; it comes once a second"
    assert says(rate, frozenset()).endswith("innocent")


def played_with(messages, seed=1):
    """A service that says each of these, with a share of all lines, and requests."""
    played = Played(seed)
    counts = {message: played.lines(message, share=share) for message, share in messages.items()}
    played.lines("token verified", share=0.5)
    return played, counts


def test_a_sentence_with_another_word_in_one_place_is_told_once_with_all_of_its_lines():
    """As printf writes it: three regions, and each kept something for a third of it."""
    played, counts = played_with({f"message for region {region} taken over": 0.1 for region in ("eu", "us", "apac")})
    played.keep(0.03, [sum(each) for each in zip(*counts.values(), strict=True)])
    first, *others = suspects(played.courses(), 10.0)
    assert first.template == "message for region <*> taken over <*>"
    assert first.message == "message for region taken over"
    assert first.events == pytest.approx(sum(map(sum, counts.values())), rel=0.15)
    assert not [each for each in others if each.message.startswith("message for region")]


def test_one_value_that_alone_keeps_something_is_blamed_alone():
    played, counts = played_with({f"message for region {region} taken over": 0.1 for region in ("eu", "us", "apac")})
    played.keep(0.1, counts["message for region us taken over"])
    assert suspects(played.courses(), 10.0)[0].message == "message for region us taken over"


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("cache hit for <*>", "cache miss for <*>", False),
        ("stream to peer <*> opened", "stream to peer <*> closed", False),
        ("user created", "user renamed", False),
        ("GET pedido <*> (estado: abierto)", "GET pedido <*> (estado: pagado)", True),
        ("job of queue mail picked up", "job of queue sms picked up", True),
        ("healthy of node ok true", "healthy of node ok false", True),
    ],
)
def test_what_was_done_is_no_value_but_what_stands_behind_a_label_is(one, other, is_one):
    played, _ = played_with({one: 0.1, other: 0.1})
    assert bool(with_families(played.courses())[1]) is is_one


def test_new_values_of_a_family_are_those_of_its_members():
    played = Played(1)
    for mode in ("duel", "brawl"):
        played.lines(f"player <*> queued for {mode} today", share=0.2, keys=lambda count: count)
    courses, kin = with_families(played.courses())
    assert set(kin) == {0, 1}
    [slot] = courses.templates[-1].slots
    members = [template.slots[0] for template in courses.templates[:2]]
    assert slot.distinct == sum(each.distinct for each in members)
    assert sum(slot.new_keys) == sum(sum(each.new_keys) for each in members)


def test_a_variable_is_told_by_its_place_whatever_word_before_it_becomes_one():
    """Of three payment services and ever new amounts of time the time is what stands after "within"."""
    mine = Mine()
    for at in range(8):
        for bank in ("stripe", "adyen", "worldline"):
            lines = (f"no answer of {bank} within {400 * at + each} ms, second try\n" for each in range(20))
            mine.read("".join(lines).encode())
        mine.tick(at + 1.0, 20.0 + at)
    family = with_families(mine.courses())[0].templates[-1]
    assert family.text == "no answer of <*> within <*> ms, second try"
    [slot] = family.slots
    assert called(named(slot), "value", family.text) == 'value after "within"'


def test_a_last_line_of_a_member_is_known_as_that_of_the_suspect():
    rate = Rate("message for region eu", "message for region eu", 60.0, 60.0, 100, 0.0)
    assert says(rate, frozenset({"message for region <*>"})).startswith("a suspect")
    assert says(rate, frozenset({"message of region <*>"})).endswith("innocent")


PATHS = ("/", "/img/logo.svg", "/u<*>/cart", "/u<*>/items/<*>", "/u<*>/home")


def accesses(seed, agent_of, kept_of):
    """A log of requests with the client before the route and the agent behind it; some agents are kept for good."""
    dice, mine, held = Random(seed), Mine(), 20.0  # noqa: S311
    for at in range(60):
        share, lines = 0.02 + 0.16 * dice.random(), []
        for _ in range(200 + dice.randrange(200)):
            path = dice.choice(PATHS)
            told = path.replace("<*>", str(dice.randrange(4000)))
            agent, fresh = agent_of(dice, share)
            held += kept_of(path, fresh)
            lines.append(f'10.0.0.{dice.randrange(9)} - - "GET {told} HTTP/2.0" {dice.choice([200, 404])} "{agent}"\n')
        mine.read("".join(lines).encode())
        mine.tick(at + 1.0, held + dice.gauss(0, 0.2))
    return mine.courses()


def browser(dice, share):
    """One of twenty that everybody has, or one with a token that never comes again."""
    fresh = dice.random() < share
    return (f"App/4.2 device={dice.getrandbits(64):016x}" if fresh else f"Mozilla/5.{dice.randrange(20)}"), fresh


@pytest.mark.parametrize("seed", range(4))
def test_keys_that_come_by_all_routes_are_kept_by_all_of_them(seed):
    """Each route brings a part of them, and alone would have to keep as many times more for each."""
    first, *others = suspects(accesses(seed, browser, lambda _, fresh: 0.03 * fresh), 1.0)
    assert (first.kind, others) == ("keys", [])
    assert family("GET /me") in first.template
    assert first.per_event_kib == pytest.approx(0.03 * 1024, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_keys_that_are_kept_by_one_route_alone_are_told_of_that_one(seed):
    told = suspects(accesses(seed, browser, lambda path, fresh: 0.15 * (fresh and path.endswith("cart"))), 1.0)
    assert "/cart" in told[0].template
    assert told[0].per_event_kib == pytest.approx(0.15 * 1024, rel=0.15)


def test_keys_that_come_by_several_routes_are_not_added_up():
    """A thousand users ask for one page after another: each is new to every one of them."""
    courses = accesses(1, lambda dice, _: (f"user-{dice.randrange(1000)}", False), lambda *_: 0.0)
    family_slots = with_families(courses)[0].templates[-1].slots
    assert [each for each in family_slots if each.distinct > 100] == []
