"""A slot with a few values counts each for itself, over time."""

from collections import Counter

import orjson
import pytest

from gctail.templates.mine import Mine

LINES = "".join(
    f'{{"level":"info","msg":"membership changed","event":"{event}","room":"r{at}"}}\n'
    for at, event in enumerate(["subscribe", "subscribe", "keepalive", "unsubscribe"] * 5)
)
TENANTS = ("globex", "initech", "umbrella", "hooli")


def parts(mine):
    [template] = mine.courses().templates
    return {slot.name: {part.value: part.count for part in slot.parts} for slot in template.slots}


def told(lines):
    """What a mine with these lines, in one bin, knows of each slot."""
    mine = Mine()
    mine.read("".join(f"{line}\n" for line in lines).encode())
    mine.tick(1.0, 1.0)
    return {name: {value: sum(count) for value, count in found.items()} for name, found in parts(mine).items()}


def test_each_value_has_a_course_of_its_own():
    mine = Mine()
    for at in range(2):
        mine.read(LINES.encode())
        mine.tick(float(at + 1), 1.0)
    expected = {"subscribe": [10.0, 10.0], "keepalive": [5.0, 5.0], "unsubscribe": [5.0, 5.0]}
    assert parts(mine) == {"event": expected, "room": {}}


def test_they_go_on_from_a_state():
    mine = Mine()
    mine.read(LINES.encode())
    mine.tick(1.0, 1.0)
    saved = Mine.restore(orjson.loads(orjson.dumps(mine.state())))
    for each in (mine, saved):
        each.read(LINES.encode())
        each.tick(2.0, 1.0)
    assert parts(saved) == parts(mine)
    assert parts(saved)["event"]["keepalive"] == [5.0, 5.0]


def test_a_slot_whose_values_are_all_rare_has_no_parts():
    words = ["oak", "elm", "ash", "fir", "yew", "bay", "box", "fig", "sal", "ivy", "tea", "hop", "nut"]
    assert told(f'{{"msg":"tree felled","tree":"{word}"}}' for word in words) == {"tree": {}}


def test_of_many_values_the_frequent_ones_are_counted():
    lines = [f'{{"msg":"order placed","tenant":"{"acme" if at % 5 else f"t{at}"}"}}' for at in range(300)]
    assert told(lines) == {"tenant": {"acme": 240.0}}


def test_codes_flags_and_names_with_numbers_are_counted_too():
    lines = [
        f'{{"msg":"call made","status":{200 + 300 * (at % 2)},"cached":{"false" if at % 3 else "true"},'
        f'"zone":"eu-{at % 2}","took_ms":{at % 4}}}'
        for at in range(12)
    ]
    assert told(lines) == {
        "status": {"200": 6.0, "500": 6.0},
        "cached": {"true": 4.0, "false": 8.0},
        "zone": {"eu-0": 6.0, "eu-1": 6.0},
        "took_ms": {},
    }


def test_words_that_were_templates_of_their_own_keep_their_courses():
    """Six words in one place are a slot: what was known of each stays known."""
    names = (*TENANTS, "acme", "vandelay", "stark")
    mine = Mine()
    for at in range(3):
        mine.read(
            "".join(f"order {n} placed for {name} in eu\n" for n, name in enumerate(names[: 2 * at + 3])).encode()
        )
        mine.tick(float(at + 1), 1.0)
    [template] = mine.courses().templates
    [found] = [slot.parts for slot in template.slots if slot.type == "word"]
    assert {part.value: part.count for part in found} == {
        name: [float(at < 2 * bin_ + 3) for bin_ in range(3)] for at, name in enumerate(names)
    }


@pytest.mark.parametrize("style", ["json", "logfmt"])
def test_they_are_exact_though_hardly_a_line_is_read(style):
    """A word stands in the shape of its line, and shapes are counted."""
    line = {
        "json": '{{"level":"info","msg":"order placed","order":"{at:016x}","tenant":"{tenant}"}}',
        "logfmt": 'level=info msg="order placed" order={at:016x} tenant={tenant}',
    }[style]
    mine, true = Mine(share=0.02, closely_bytes=1 << 16), []
    for bin_ in range(6):
        names = ["acme" if at % (bin_ + 3) == 0 else TENANTS[at % 4] for at in range(20_000)]
        mine.read("".join(line.format(at=at, tenant=name) + "\n" for at, name in enumerate(names)).encode())
        mine.tick(bin_ + 1.0, 1.0)
        true.append(Counter(names))
    assert mine.sampled < 0.1
    expected = {name: [float(each[name]) for each in true] for name in (*TENANTS, "acme")}
    assert parts(mine)["tenant"].keys() == expected.keys()
    for name, counts in parts(mine)["tenant"].items():
        assert counts == pytest.approx(expected[name], rel=0.001)


def test_values_that_look_alike_without_digits_are_estimated():
    mine, true = Mine(share=0.1, closely_bytes=1 << 17), Counter()
    for bin_ in range(8):
        names = [f"eu-{1 + (at * 7919 % 100 < 30)}" for at in range(20_000)]
        mine.read(
            "".join(f'{{"msg":"order placed","zone":"{name}","n":{at}}}\n' for at, name in enumerate(names)).encode()
        )
        mine.tick(bin_ + 1.0, 1.0)
        true.update(names)
    assert mine.sampled < 0.2
    assert {value: sum(count) for value, count in parts(mine)["zone"].items()} == pytest.approx(true, rel=0.05)
