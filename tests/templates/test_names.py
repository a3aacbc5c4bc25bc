"""The same template has the same name whatever the order of lines, the pieces they come in, and the machine."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.templates.mine import Mine

NAMES = ("ann", "bob", "cid", "dora", "emil", "fay", "gus", "hedy")
LINES = (
    *(f"2026/11/23 08:17:00 INFO user {name} has logged in from 10.0.0.{at}" for at, name in enumerate(NAMES)),
    *(f"2026/11/23 08:17:00 INFO cache {word} for item {at}" for at, word in enumerate(("hit", "miss", "hit"))),
    *(f"2026/11/23 08:17:00 worker {at} took job {at * 7} of queue {word}" for at, word in enumerate(("mail", "sms"))),
    *(f"level=info msg=stored key=u{at} bytes={at}" for at in range(3)),
    *(f'{{"level":"info","msg":"session {at} opened","user":"u{at}"}}' for at in range(3)),
    *(f"2026/11/23 08:17:00 [INFO] tile cached\n    key: geo:{at:x}\n    ms: {at}" for at in range(3)),
    *(f"2026/11/23 08:17:00 limit of {value} rows reached" for value in (17, 4096, "unlimited", "100")),
    *(f"[GIN] 200 | GET /api/v1/items/{at}" for at in range(3)),
)


def names_of(lines, size=1 << 20, ticks=1):
    """Identity, text and number of lines of each template, of lines that come in pieces of so many bytes."""
    text, mine = "".join(line + "\n" for line in lines).encode(), Mine()
    for at in range(0, len(text), size):
        mine.read(text[at : at + size])
    for tick in range(ticks):
        mine.tick(float(tick + 1), 10.0)
    return {(each.id, each.text, each.total) for each in mine.courses().templates}


USUAL = names_of(LINES)

NAMED = {
    "[GIN] <*> | GET /api/<*>/items/<*>": "572ed07ea89f4efe",
    "cache hit for item <*>": "7351d93daa304db1",
    "cache miss for item <*>": "e1fc5152fd9af450",
    "limit of <*> rows reached": "813fa9764433309d",
    "session <*> opened user=<*>": "8474500f779d26d9",
    "stored key=<*> bytes=<*>": "3abe3d2aec6530ff",
    "tile cached key=<*> ms=<*>": "f188ce6c240fa6c7",
    "user <*> has logged in from <*>": "c0038b1229f4addd",
    "worker <*> took job <*> of queue mail": "8632ae3797315e89",
    "worker <*> took job <*> of queue sms": "e0fc335b5c004e4c",
}


def test_the_names_are_those_of_every_machine():
    """Made of level and literal text alone, so they may stand here."""
    assert {text: name for name, text, _ in USUAL} == NAMED


@settings(deadline=None, max_examples=60)
@given(st.permutations(LINES), st.integers(1, 600))
def test_neither_the_order_of_lines_nor_the_pieces_they_come_in_change_a_name(lines, size):
    """And each template has the same number of lines."""
    assert names_of(lines, size) == USUAL


@settings(deadline=None, max_examples=20)
@given(st.permutations(LINES), st.integers(0, len(LINES)))
def test_a_restart_in_the_middle_changes_no_name(lines, stop):
    """What was saved goes on with the same templates."""
    mine = Mine()
    mine.read("".join(line + "\n" for line in lines[:stop]).encode())
    mine = Mine.restore(mine.state())
    mine.read("".join(line + "\n" for line in lines[stop:]).encode())
    mine.tick(1.0, 10.0)
    assert {(each.id, each.text, each.total) for each in mine.courses().templates} == USUAL
