"""Lines that differ in method and path alone are one suspect, unless one of them stands out."""

import pytest

from gctail.attribution.choosing import suspects
from gctail.attribution.families import family, with_families
from gctail.attribution.usual import Rate, says
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
