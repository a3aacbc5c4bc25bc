"""Of an access log the route is told whose handler keeps something."""

import random

import pytest
from msgspec import to_builtins

from gctail.attribution.choosing import suspects
from gctail.attribution.wording import sentence
from gctail.templates.mine import Mine

ROUTES = ("/v2/me", "/v2/reports/%d", "/v2/reports/%d/rows", "/v2/charts/%d", "/healthz", "/v2/users/%d/avatar")
ECHO = '{"time":"2026-11-28T04:31:43Z","remote_ip":"%s","method":"GET","uri":"%s","status":200,"bytes_out":%d}'
GIN = '[GIN] 2026/11/28 - 04:31:43 | 200 |   45.786477ms |    %s | GET      "%s" %d'
COMBINED = '%s - - [28/Nov/2026:04:35:51 +0000] "GET %s HTTP/1.1" 200 %d "-" "Mozilla/5.0"'
KEPT_MIB = 0.3


def an_access_log(form, seed):
    """A mine of a service where one request in twenty asks for a report as PDF, and that is kept."""
    dice, mine, live_mib = random.Random(seed), Mine(), 20.0  # noqa: S311  (seeded)
    for at in range(60):
        lines = []
        for _ in range(dice.randrange(60, 160)):
            route = dice.choice(ROUTES)
            if dice.random() < 0.05:
                route, live_mib = "/v2/reports/%d/pdf", live_mib + KEPT_MIB
            path = route % dice.randrange(40_000) if "%" in route else route
            address = ".".join(str(dice.randrange(1, 250)) for _ in range(4))
            lines.append(f"{form % (address, path, dice.randrange(90, 90_000))}\n")
        mine.read("".join(lines).encode())
        mine.tick(float(at + 1), live_mib + dice.random())
    return mine.courses()


@pytest.mark.parametrize("form", [ECHO, GIN, COMBINED])
@pytest.mark.parametrize("seed", range(3))
def test_the_route_that_keeps_something_comes_first(form, seed):
    first, *_ = suspects(an_access_log(form, seed), 1.0)
    assert "/pdf" in f"{first.only} {first.message}"
    assert "/pdf" in first.example
    assert first.per_event_kib == pytest.approx(KEPT_MIB * 1024, rel=0.2)


def test_the_sentence_names_the_route_and_its_share():
    first, *_ = suspects(an_access_log(ECHO, 1), 1.0)
    assert first.only == "uri=GET /v2/reports/<*>/pdf"
    assert first.only_share == pytest.approx(0.05, abs=0.01)
    assert first.distinct == pytest.approx(first.events, rel=0.1)
    assert "with uri GET /v2/reports/<*>/pdf (5 % of them)" in sentence(to_builtins(first))


def test_the_number_of_a_request_is_no_size():
    """Traefik counts all requests in its access log: the heap follows that number as it follows any line."""
    dice, mine, live_mib, number = random.Random(4), Mine(), 20.0, 0  # noqa: S311  (seeded)
    for at in range(40):
        lines = []
        for _ in range(dice.randrange(60, 160)):
            number, path = number + 1, dice.choice(("/cart", "/", "/feed", "/search"))
            live_mib += 0.01
            lines.append(f'10.0.0.1 - - [28/Nov/2026:04:35:51 +0000] "GET {path} HTTP/1.1" 200 90 "-" "-" {number}\n')
        mine.read("".join(lines).encode())
        mine.tick(float(at + 1), live_mib + dice.random())
    accused = suspects(mine.courses(), 1.0)
    assert [each.kind for each in accused if each.kind == "level"] == []


def test_where_routes_are_as_likely_each_of_them_is_told():
    """A route is a piece of code: what two of them keep evenly is not told of one alone."""
    dice, mine, live_mib = random.Random(5), Mine(), 20.0  # noqa: S311  (seeded)
    for at in range(40):
        pdf = csv = 10 + at % 2
        lines = [GIN % ("10.0.0.1", f"/v2/reports/{dice.randrange(9999)}/pdf", 7)] * pdf
        lines += [GIN % ("10.0.0.1", f"/v2/charts/{dice.randrange(9999)}/csv", 7)] * csv
        lines += [GIN % ("10.0.0.1", dice.choice(ROUTES[::4]), 7) for _ in range(dice.randrange(60, 160))]
        mine.read("".join(f"{line}\n" for line in lines).encode())
        live_mib += 0.1 * pdf
        mine.tick(float(at + 1), live_mib + dice.random() / 4)
    told = " ".join(f"{each.only} {each.message}" for each in suspects(mine.courses(), 1.0))
    assert "/pdf" in told
    assert "/csv" in told
