"""Messages of several lines are one line each before anything is counted."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.attribution.usual import Usual
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.templates.mine import Mine
from gctail.templates.multiline import MOST_PROSE, joined, message_at

STAMP = "2026-11-27 21:31:42,757 [INFO] "
FRAMES = """main.(*Server).handle(0xc000, {0x1, 0x2})
\t/home/x/file.go:123 +0x1d
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:2171 +0x4b4
"""
TOLD = {
    "fields": ("{0}tile cached\n    key: geo:1:2\n    ms: 52\n", "{0}tile cached key=geo:1:2 ms=52\n"),
    "a field of several words": ("{0}tile cached\n    why: it was new\n", '{0}tile cached why="it was new"\n'),
    "words": ("{0}request\n    GET /tile\n    stored it\n", "{0}request GET /tile stored it\n"),
    "fields with equals signs": ('{0}stored\n\tkey=k1\n\tname="a b"\n', '{0}stored key=k1 name="a b"\n'),
    "a struct of fmt": (
        '{0}stored &main.Session{{\n    User: "alice",\n    Max:  3,\n}}\n',
        '{0}stored &main.Session{{ User="alice" Max=3\n',
    ),
    "JSON behind words": ('{0}stored: {{\n  "user": "u1",\n  "of": {{\n    "max": 3\n  }}\n}}\n', '{0}stored: {{ user="u1" max=3\n'),
    "frames of zap": ("{0}failed\nmain.run\n\t/src/a.go:12\nruntime.main\n\t/go/proc.go:283\n", "{0}failed\n"),
    "frames of a panic": ("{0}panic serving 10.0.0.1\ngoroutine 34 [running]:\n" + FRAMES.replace("{", "{{").replace("}", "}}"), "{0}panic serving 10.0.0.1\n"),
    "frames of Java": ("{0}failed\njava.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused by: x\n\tat a.B.d(B.java:2)\n\t... 22 more\n", "{0}failed\n"),
    "a list of things that happened": ("{0}batch\n  stored item 1\n  stored item 2\n", "{0}batch\nstored item 1\nstored item 2\n"),
    "fields below a line without a time": ("cache add\n  key: u1\n", "cache add key=u1\n"),
    "words below a line without a time": ("statistics\n  entries 12\n  bytes 99\n", "statistics\nentries 12\nbytes 99\n"),
    "indented lines that begin by themselves": (" INFO  started\n INFO  user added\n", "INFO  started\nINFO  user added\n"),
}  # fmt: skip


@pytest.mark.parametrize("which", TOLD)
@pytest.mark.parametrize(
    "stamp", [STAMP, "2026/11/27 21:31:42 ", "\x1b[36mINFO\x1b[0m[0042] ", "I1127 21:31:42.1 7 a.go:1] "]
)
def test_what_stands_indented_belongs_to_the_line_before(which, stamp):
    """Names and values as fields, other words as part of the message, frames of stacks not at all."""
    written, told = (text.format(stamp) for text in TOLD[which])
    assert joined(written.encode() * 3, None) == (told.encode() * 3, None)


def test_an_object_of_json_over_several_lines_is_one_line_of_json():
    """As json.MarshalIndent writes it."""
    found = {"level": "info", "msg": "session stored", "user": {"id": "u1", "tags": ["a"]}}
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n"
    lines = joined(text * 2, None)[0].splitlines()
    assert [orjson.loads(line) for line in lines] == [found, found]


def test_of_many_words_only_the_first_lines_are_part_of_the_message():
    """A message must not be without end."""
    text = STAMP + "request\n" + "".join(f"  w{each} said\n" for each in range(40))
    assert (
        joined(text.encode(), None)[0].decode()
        == STAMP + "request" + "".join(f" w{each} said" for each in range(MOST_PROSE)) + "\n"
    )


def test_what_stands_indented_at_the_beginning_has_lost_its_line():
    """It is no message; but a text of nothing else is what it is."""
    assert joined(f"    ms: 2\n{STAMP}tile\n".encode(), None)[0] == f"{STAMP}tile\n".encode()
    assert joined(b"  hello\n  you\n", None)[0] == b"hello\nyou\n"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text('ab {}:="\t.,[]()\\-0', max_size=12), max_size=12), st.sampled_from([None, "cri", "docker-json"])
)
def test_any_text_stays_text_of_whole_lines_and_without_indented_ones_as_it_is(lines, wrapper):
    """Nothing raises, and nothing is joined that does not stand indented."""
    text = "".join(f"{line}\n" for line in lines).encode()
    found, _ = joined(text, wrapper)
    assert found == text or found.endswith(b"\n") or not found
    if wrapper is None and not any(line[:1] in {" ", "\t", "}"} for line in lines):
        assert found == text


def tiles(count=600):
    """A service that tells fields below its messages: one in three keeps a tile."""
    for each in range(count):
        stamp = f"2026-11-27 21:31:{each // 60 % 60:02},{each % 1000:03} [INFO]"
        if each % 3:
            yield f"{stamp} tile\n    key: geo:{each % 40:x}:7\n    cache: hit\n    ms: {each % 9}\n"
        else:
            yield f"{stamp} tile rendered and cached\n    key: geo:{each:05x}:{each % 18}\n    ms: {each % 90}\n"


def told(courses):
    """Messages with their numbers, the names of their slots, and the keys."""
    return {
        each.message: (each.total, [(slot.name, round(slot.distinct, -1)) for slot in each.slots])
        for each in courses.templates
    }


TILES = {
    "tile rendered and cached": (200, [("key", 200), ("ms", 0)]),
    "tile": (400, [("key", 40), ("cache", 0), ("ms", 0)]),
}


def as_cri(line):
    """As containerd writes it to disk."""
    return f"2026-11-27T21:31:42.123456789Z stderr F {line}\n"


def as_docker(line):
    """As Docker does."""
    return (
        orjson.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-11-27T21:31:42.123456789Z"}).decode() + "\n"
    )


def as_kubectl(line):
    """As `kubectl logs --timestamps --prefix` prints it."""
    return f"[pod/tiles-0/tiles] 2026-11-27T21:31:42.123456789Z {line}\n"


@pytest.mark.parametrize(
    "wrap", ["{}\n".format, as_cri, as_docker, as_kubectl], ids=["bare", "cri", "docker", "kubectl"]
)
def test_a_wrapper_on_every_line_changes_nothing(wrap):
    """Read as a log is, through the scanner and the engine."""
    gc = "gc {} @{}.000s 1%: 0.1+0.2+0.1 ms clock, 0.1+0.2/0.1/0.0+0.1 ms cpu, 4->4->{} MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P"
    scanner, engine = Scanner("tiles.log", "tiles"), Engine()
    engine.mined.share = 1.0
    lines = []
    for each, message in enumerate(tiles()):
        if each % 60 == 0:
            lines.append(gc.format(each // 60 + 1, each // 60 + 1, 2 + each // 60))
        lines += message.splitlines()
    scanner.feed("".join(map(wrap, [*lines, gc.format(99, 99, 20)])).encode())
    scanner.flush()
    list(engine.all(scanner.take()))
    [mine] = [epoch.mine for service in engine.services.values() for epoch in service.epochs if epoch.mine]
    assert told(mine.courses()) == TILES


@pytest.mark.parametrize("size", [1, 77, 4096, 1 << 20])
def test_it_does_not_matter_in_which_pieces_a_message_comes(size):
    """Nor where a block of text is cut."""
    text, mine = "".join(tiles(6000)).encode(), Mine()
    for at in range(0, len(text), size):
        mine.read(text[at : at + size])
    mine.tick(1.0, 10.0)
    found = told(mine.courses())
    assert [(message, total) for message, (total, _) in found.items()] == [
        ("tile rendered and cached", 2000),
        ("tile", 4000),
    ]
    assert found["tile"][1] == TILES["tile"][1]


def test_messages_of_several_lines_are_counted_where_there_is_no_time_to_read_them():
    """The share that is read closely changes no number of them, nor what they are called."""
    mine = Mine(share=0.02, closely_bytes=1 << 15)
    text = "".join(tiles(6000)).encode()
    for at in range(1, 6):
        mine.read(text)
        mine.tick(float(at), 10.0)
    courses = mine.courses()
    assert courses.sampled < 0.5
    assert {each.message: each.total for each in courses.templates} == {
        "tile": 20_000,
        "tile rendered and cached": 10_000,
    }
    assert sum(courses.lines) == 30_000


def test_a_last_line_that_is_part_of_a_message_is_as_usual_as_that():
    """So a field is not told as a line that never came before."""
    mine = Mine()
    for second, message in enumerate(tiles(), 1):
        mine.read(message.encode())
        mine.tick(float(second), 10.0)
    lines = "".join(tiles(2)).splitlines()
    rates = [Usual(mine).at(lines, at) for at in range(len(lines))]
    assert [rate.message for rate in rates if rate] == ["tile rendered and cached"] * 3 + ["tile"] * 4
    assert message_at(lines, 4).endswith("] tile key=geo:1:7 cache=hit ms=1")
