"""Lines are read many at a time: which of them are taken apart one by one."""

from __future__ import annotations

from collections import Counter

from gctail.templates.catalog import Catalog
from gctail.templates.forms import Forms
from gctail.templates.sketch import Sketch, sketch

REQUESTS = "GET /api/v1/orders/{0}", "POST /login", "GET /static/app.{0}.css", "PUT /users/{0}/cart"


def access_log(first: int) -> list[bytes]:
    """A hundred requests, of all kinds in turn."""
    return [
        f'10.0.0.{at % 200} - - [23/Nov/2026:03:12:00 +0000] "{REQUESTS[at % 4].format(at)} HTTP/1.1" 200 {at}'.encode()
        for at in range(first, first + 100)
    ]


def taken_apart(blocks: list[list[bytes]]) -> list[int]:
    """How many lines of each block were taken apart by themselves."""
    times: Counter[int] = Counter()
    now = 0

    def take(line: bytes, _: str | None) -> Sketch:
        times[now] += 1
        return sketch(line)

    forms = Forms(Catalog(), take, lines=True)
    for now, block in enumerate(blocks):
        for _ in forms.read(block, None, float(now)):
            pass
    return [times[at] for at in range(len(blocks))]


def test_lines_that_look_alike_without_their_quoted_texts_are_read_in_bulk_once_each_kind_is_known() -> None:
    first, *others = taken_apart([access_log(at) for at in range(0, 500, 100)])
    assert first >= len(REQUESTS)
    assert others == [0] * len(others)


def test_values_of_several_kinds_in_one_place_do_not_keep_their_lines_from_being_read_in_bulk() -> None:
    ids = [f"session {at * 7919:08x} closed" if at % 3 else f"session {at:08d} closed" for at in range(1000, 1600)]
    blocks = [[line.encode() for line in ids[at : at + 100]] for at in range(0, 600, 100)]
    assert taken_apart(blocks)[-1] == 0
