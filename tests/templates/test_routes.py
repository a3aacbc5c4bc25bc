"""Lines of one template are counted by the route of the address in them."""

import orjson
import pytest

from gctail.templates.mine import Mine
from gctail.templates.routes import MOST_ROUTES, MOST_SIBLINGS, is_address, name_of, route_of

ECHO = '{{"time":"2026-11-28T04:31:43Z","method":"{method}","uri":"{path}","status":200,"bytes_out":17}}\n'
GIN = '[GIN] 2026/11/28 - 04:31:43 | 200 |   45.786477ms |    59.227.37.26 | GET      "{path}"\n'
COMBINED = '9.9.9.9 - - [28/Nov/2026:04:35:51 +0000] "GET {path} HTTP/1.1" 200 46848 "-" "Mozilla/5.0"\n'
LOGFMT = 'time=2026-11-28T04:31:43Z level=info msg="http request" method=GET path={path} code=200\n'
NGINX = '{{"msg":"access","request":"GET {path} HTTP/1.1","status":200}}\n'
PATHS = [path for at in range(40) for path in (f"/v2/reports/{at}/pdf", f"/v2/reports/{at}", "/healthz")]
STATIC = [f"/{word}" for word in ("login", "logout", "cart", "orders", "about", "terms", "press", "jobs")]


def routes_of(text):
    """A mine with this text in one bin: its routes and their lines."""
    mine = Mine()
    mine.read(text.encode())
    mine.tick(1.0, 1.0)
    return {
        route.route.partition("=")[2]: sum(route.count) for each in mine.courses().templates for route in each.routes
    }


@pytest.mark.parametrize(
    ("address", "route"),
    [
        (b"/v2/reports/8213/pdf", b"/v2/reports/<*>/pdf"),
        (b"/u/ann@example.com?q=1&w=2", b"/u/<*>"),
        (b"/photos/9f86d081884c7d65.jpg", b"/photos/<*>.jpg"),
        (b"/carts/d3d63479-cdda-48f5-9dd9-0e7acc1fdec8/items", b"/carts/<*>/items"),
        (b"https://shop-a.example/items/17", b"shop-a.example/items/<*>"),
        (b'"/healthz"', b"/healthz"),
        (b"/" + b"/".join([b"a"] * 200), b"/a/a/a/a/a/a/a/<*>"),
        (b"no address", None),
    ],
)
def test_a_route_is_an_address_without_what_is_different_each_time(address, route):
    assert route_of(address) == route


def test_a_method_stands_before_its_route():
    assert name_of(b"/orders/7", "POST") == b"POST /orders/<*>"
    assert name_of(b"DELETE /orders/7 HTTP/1.1") == b"DELETE /orders/<*>"
    assert is_address("GET /orders/7 HTTP/1.1")
    assert not is_address("GET well soon")
    assert not is_address(17)


@pytest.mark.parametrize("form", [GIN, LOGFMT, NGINX, ECHO.replace("{method}", "GET")])
def test_each_route_is_counted(form):
    found = routes_of("".join(form.format(path=path) for path in PATHS))
    assert {route.removeprefix("GET "): lines for route, lines in found.items()} == {
        "/v2/reports/<*>/pdf": 40.0,
        "/v2/reports/<*>": 40.0,
        "/healthz": 40.0,
    }


def test_paths_that_were_words_of_templates_keep_their_counts():
    found = routes_of("".join(COMBINED.format(path=path) for path in STATIC * 5))
    assert found == dict.fromkeys(STATIC, 5.0)


def test_reading_and_writing_are_two_routes():
    found = routes_of("".join(ECHO.format(method=method, path="/photos/7") for method in ("GET", "POST", "GET") * 9))
    assert found == {"GET /photos/<*>": 18.0, "POST /photos/<*>": 9.0}


def test_new_keys_are_known_by_route_and_an_example_is_one_of_it():
    mine = Mine()
    mine.read("".join(LOGFMT.format(path=f"/u/{at % 7}") + LOGFMT.format(path=f"/o/{at}") for at in range(30)).encode())
    mine.tick(1.0, 1.0)
    [template] = mine.courses().templates
    assert {route.route: round(route.slots[0].distinct) for route in template.routes} == {
        "path=GET /u/<*>": pytest.approx(7, abs=1),
        "path=GET /o/<*>": pytest.approx(30, abs=1),
    }
    assert all(f"path=/{route.route[10]}/" in route.example for route in template.routes)


def test_a_word_of_which_there_are_too_many_is_a_users():
    names = [f"/{first}{second}" for first in "abcdefghijklm" for second in ("ann", "ben", "cat")]
    assert len(names) > MOST_SIBLINGS
    found = routes_of("".join(LOGFMT.format(path=f"/people{name}") for name in names * 3))
    assert found == {"GET /people/<*>": 117.0}


def test_a_hostile_log_finds_no_more_room_than_there_is():
    chars = "abcdefghijklmnopqrstuvwxyz"
    paths = [
        "/" + "/".join(chars[(at * step) % 26] * (at % 5 + 2) + "xy" for step in (1, 3, 7, 11)[: 1 + at % 4])
        for at in range(3000)
    ]
    assert len(routes_of("".join(LOGFMT.format(path=path) for path in paths))) <= MOST_ROUTES


def test_routes_go_on_from_a_state():
    text = "".join(GIN.format(path=path) for path in PATHS).encode()
    mine = Mine()
    mine.read(text)
    mine.tick(1.0, 1.0)
    saved = Mine.restore(orjson.loads(orjson.dumps(mine.state())))
    for each in (mine, saved):
        each.read(text)
        each.tick(2.0, 1.0)
    assert saved.courses() == mine.courses()
    assert saved.courses().templates[0].routes


def test_lines_that_are_not_read_are_counted_by_route_as_well():
    mine = Mine(share=0.2, closely_bytes=1 << 14)
    for at in range(8):
        mine.read("".join(LOGFMT.format(path=path) for path in PATHS * 40).encode())
        mine.tick(float(at + 1), 1.0)
    [template] = mine.courses().templates
    assert mine.sampled < 0.9
    assert {route.route: round(sum(route.count)) for route in template.routes} == {
        "path=GET /v2/reports/<*>/pdf": pytest.approx(12800, rel=0.02),
        "path=GET /v2/reports/<*>": pytest.approx(12800, rel=0.02),
        "path=GET /healthz": pytest.approx(12800, rel=0.02),
    }


def test_a_route_is_told_by_the_place_of_its_address_in_the_text() -> None:
    """The name of a logger stands before it in the line, and behind it in the text."""
    mine = Mine()
    for each in range(60):
        of = b"reports" if each % 3 else b"charts"
        mine.read(
            b'2026-11-28 04:41:15,421 INFO [w] c.a.M%d - sent %d bytes to "/v2/%s/%d/pdf"\n'
            % (each % 2, each, of, each)
        )
    mine.tick(1.0, 4.0)
    (template,) = mine.courses().templates
    assert template.text == "sent <*> bytes to <*> logger=<*>"
    assert sorted(route.route for route in template.routes) == ["#2=/v2/charts/<*>/pdf", "#2=/v2/reports/<*>/pdf"]
