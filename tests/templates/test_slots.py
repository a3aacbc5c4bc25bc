"""Variables of a line are found, named, typed, and read in base units."""

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gctail.templates.mine import Mine
from gctail.templates.numbers import amount, numbers_of
from gctail.templates.pattern import compiled, readings
from gctail.templates.sketch import sketch
from gctail.templates.slots import SlotTally, When


def slots_of(*lines):
    """The slots of the one template of these lines."""
    mine = Mine()
    mine.read("".join(line + "\n" for line in lines).encode())
    mine.tick(1.0, 1.0)
    [template] = mine.courses().templates
    return template.slots


KINDS = {
    "stored 17 rows": ("int", ""),
    "load is 0.75 now": ("float", ""),
    "took 3.5ms in all": ("duration", ""),
    "took 1m3.5s in all": ("duration", ""),
    "wrote 12MiB to disk": ("size", ""),
    "wrote 1.5 KB to disk": ("size", ""),
    "filled 93.5% of it": ("percent", ""),
    "request 7b2f19ac done": ("hex", ""),
    "at 0x7fa609c5ea00 again": ("hex", ""),
    "run 0b5e7a52-6c1f-4a5e-9e5b-0d8f6e2c1a77 done": ("uuid", ""),
    "from 10.0.3.7:5432 again": ("ip", ""),
    "from db.internal.example:5432 again": ("host", ""),
    "open /var/lib/app/spool/x.dat now": ("path", ""),
    "since 2026-11-23T08:17:00Z again": ("time", ""),
    "worker shard-12 is up": ("id", ""),
    "user ab12-cd#9 is up": ("id", ""),
    'said "good morning" to all': ("word", ""),
    "saved {User:ann Device:web} at last": ("struct", ""),
    "queue: 77 now": ("int", "queue"),
    "done, left = 12 now": ("int", "left"),
    "done, retry 7 now": ("int", "retry"),
    "served took_ms 58, once more": ("int", "took_ms"),
    "for requestId 7b2f19ac again": ("hex", "requestId"),
    "put(key=uid_1, n=3) now": ("id", "key"),
}


def test_numbers_with_names_in_braces_are_fields():
    """A struct that Go prints has no space behind its colons."""
    slots = slots_of("list stats {entries: 7, lookups: 90}", "list stats {entries: 8, lookups: 93}")
    assert [(slot.name, slot.type) for slot in slots] == [("entries", "int"), ("lookups", "int")]


def test_what_happened_is_the_message_where_there_is_no_other():
    """Of OpenTelemetry's body, of Serilog's message template, and of a named event; each has its own template."""
    bodies = ('{"Body":{"Type":"String","Value":"%s"},"n":1}', '{"@mt":"%s","n":1}', '{"event":"%s","n":1}')
    for body in bodies:
        mine = Mine()
        mine.read("".join(body % said + "\n" for said in ("job stored", "queue drained")).encode())
        mine.tick(1.0, 1.0)
        assert sorted(each.message for each in mine.courses().templates) == ["job stored", "queue drained"]


def test_attributes_that_are_listed_are_fields():
    """As OpenTelemetry writes them; the time of such a line is none."""
    line = (
        '{"attributes":[{"key":"key","value":{"stringValue":"uid_%d"}},{"key":"size","value":{"intValue":"%d"}}],'
        '"body":{"stringValue":"put"},"timeUnixNano":"179542182000000000%d"}'
    )
    slots = slots_of(*(line % (n, n, n) for n in range(5)))
    assert [(slot.name, slot.type) for slot in slots] == [("key", "id"), ("size", "int")]


@pytest.mark.parametrize("line", KINDS)
def test_each_kind_of_value_is_known_by_its_looks(line):
    """And has the name that stands before it."""
    slot = slots_of(line)[0]
    assert (slot.type, slot.name) == KINDS[line]


def test_amounts_are_in_seconds_and_bytes():
    """Whatever unit each line has."""
    took, size = slots_of(
        "INFO done took=900us size=512", "INFO done took=1.5s size=2KiB", "INFO done took=1m size=1MiB"
    )
    assert (took.type, took.sums, took.last) == ("duration", [pytest.approx(61.5009)], [60.0])
    assert (size.last, size.sums) == ([2.0**20], [512 + 2048 + 2.0**20])


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"12", 12), (b"1h2m3.5s", 3723.5), (b"7\xc2\xb5s", 7e-6), (b"3GiB", 3 * 2**30), (b"5%", 5), (b"abc", None), (b"5 apples", None), (b"", None)],
)  # fmt: skip
def test_an_amount_is_read_or_is_none(text, value):
    """No amount is no zero."""
    assert amount(text) == (value if value is None else pytest.approx(value))


def test_a_field_is_the_same_slot_in_quotes_and_without():
    """logfmt puts quotes only where a value has spaces."""
    [user] = slots_of("INFO seen user=ann", 'INFO seen user="ann"', 'INFO seen user="ann lee"')
    assert (user.distinct, sorted(key.text for key in user.keys)) == (2, ["ann", "ann lee"])


def test_whole_numbers_in_quotes_are_keys_as_those_without():
    """RFC 5424 quotes every value of its structured data."""
    plain, quoted = (
        slots_of(*(f"INFO seen {field} ok" for field in fields))[0]
        for fields in ([f"user={n}" for n in range(700, 720)], [f'user="{n}"' for n in range(700, 720)])
    )
    assert (quoted.type, quoted.distinct) == (plain.type, plain.distinct) == ("int", 20)


def test_groups_of_json_are_fields_with_dots_in_their_names():
    """And what is no number now and then does not spoil the numbers."""
    slots = {
        slot.name: slot
        for slot in slots_of(*[f'{{"msg":"m","http":{{"ms":{n},"path":"/a{n}"}},"n":null}}' for n in range(3)])
    }
    assert (list(slots), slots["http.ms"].sums) == (["http.ms", "http.path"], [3.0])


PIECES = ["stored", "user=ann", "n=12", '"a b"', "3.5ms", "10.0.0.1", "(key=uid_7,", "x=Session{a:1 b:2})", "→", "{", "}", "7b2f19ac", "[12]",
          "2026-11-23", "08:17:00", "level=info", 'msg="a 1"', "INFO", "main.go:12:", "a-1_b#2", "=", ":", "\\", "%", "*", "/var/x/1", "1,2,3", "\xff"]  # fmt: skip


@settings(deadline=None, max_examples=200)
@example(["0h\x80"], " ")  # begins with the same byte as the micro sign
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=12), st.sampled_from([" ", "  ", "\t"])
)
def test_the_pattern_made_of_a_line_reads_that_line_as_it_was_read(pieces, space):
    """The fast way and the careful way have one meaning."""
    line = space.join(pieces).encode().replace(b"\n", b" ")
    taken = sketch(line)
    slots, source = readings(taken.parts, frozenset())
    match = compiled(source.general).fullmatch(line)
    assert match is not None
    assert list(match.groups()) == [reading.value for reading in slots]


@pytest.mark.parametrize("values", [[b""], [b" "], [b"1,2"], [b"", b""], [b"3", b"1,2"]])
def test_a_value_that_is_empty_or_holds_a_comma_is_no_number(values):
    """`duration_ms=` is where a line was cut; between brackets it would be a list of none."""
    assert numbers_of(values) is None
    tally = SlotTally("ms", "ms", "number")
    tally.add(values, When(0.0, 1, 1))
    assert tally.values == len(values)


def test_slots_stand_in_the_order_of_the_line_when_a_word_becomes_one():
    """Or the second would be taken for what stands at the place of the first."""
    mine = Mine()
    for provider in ("stripe", "adyen", "worldline", "mollie", "square", "klarna", "paypal", "swish"):
        mine.read("".join(f"no answer of {provider} within {ms} ms\n" for ms in range(300, 320)).encode())
    mine.tick(1.0, 1.0)
    [template] = mine.courses().templates
    assert template.text == "no answer of <*> within <*> ms"
    assert [slot.type for slot in template.slots] == ["word", "int"]


@pytest.mark.parametrize("unit", ["ms", "µs,", "s", "bytes", "KiB", "%", "cents"])
def test_an_amount_of_something_is_no_key(unit):
    """`within 451 ms`: nobody files a thing under that, also after it was saved."""
    mine = Mine()
    for at in range(40):
        mine.read(f"no answer of peer {at} within {at * 37} {unit} today\n".encode())
    mine = Mine.restore(orjson.loads(orjson.dumps(mine.state())))
    mine.read(f"no answer of peer 7 within 99 {unit} today\n".encode())
    mine.tick(1.0, 1.0)
    peer, amount = mine.courses().templates[0].slots
    assert sum(peer.new_keys) == pytest.approx(40, rel=0.02)
    assert amount.new_keys == []
    assert sum(amount.sums) > 0


@pytest.mark.parametrize("name", ["cents", "order_amount", "unit-price", "risk.score", "edges", "graph_nodes"])
def test_an_amount_with_a_name_is_no_key(name):
    [slot] = slots_of(*(f"payment authorised {name}={at * 37}" for at in range(40)))
    assert slot.new_keys == []
