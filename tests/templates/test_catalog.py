"""Which lines are one template: words that vary become slots, a few different ones do not; bounded under a hostile log."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.templates.catalog import MANY, MOST_TEMPLATES
from gctail.templates.mine import Mine

NAMES = ["ann", "bob", "cid", "dora", "emil", "fay", "gus", "hedy", "ivo", "jon"]


def courses_of(*lines):
    """What a mine makes of these lines, in one interval."""
    mine = Mine()
    mine.read("".join(line + "\n" for line in lines).encode())
    mine.tick(1.0, 1.0)
    return mine.courses()


def test_a_word_that_takes_many_values_is_a_slot_with_keys():
    """The names were templates of their own until there were too many: what is known of them is kept."""
    courses = courses_of(*[f"INFO user {NAMES[line % 10]} has logged in" for line in range(40)])
    [template] = courses.templates
    [slot] = template.slots
    assert (template.text, template.message, template.count) == ("user <*> has logged in", "user has logged in", [40])
    assert (slot.type, slot.values, slot.distinct, slot.new_keys) == ("word", 40, 10, [10])
    assert sorted((key.text, key.count) for key in slot.keys) == [(name, 4) for name in NAMES]


def test_a_word_that_takes_few_values_tells_templates_apart():
    """A hit is not a miss."""
    courses = courses_of(*[f"DEBUG cache {word} for item {line}" for line in range(9) for word in ("hit", "miss")])
    assert [template.text for template in courses.templates] == ["cache hit for item <*>", "cache miss for item <*>"]


def test_a_message_of_one_word_is_never_a_slot_altogether():
    """Nothing would be left to know it by."""
    assert len(courses_of(*[f"INFO {word}ing" for word in NAMES]).templates) == len(NAMES)


def test_levels_tell_templates_apart():
    """The same words at another level come from another place in the program."""
    assert len(courses_of("INFO connection lost now", "WARN connection lost now").templates) == 2


MESSAGES = [
    ("info", "session stored", {"user": "u1", "bytes": 7}),
    ("info", "session stored", {"bytes": 8}),
    ("warn", "slow query", {"table": "orders", "took": "3ms"}),
    ("error", "upstream failed", {}),
    ("info", "batch 17 of 20 done", {"rows": 3}),
]
LAYOUTS = {
    "json": lambda level, text, fields: (
        '{"level":"' + level + '","msg":"' + text + '"'
        + "".join(f',"{name}":' + (f'"{value}"' if isinstance(value, str) else str(value)) for name, value in fields.items())
        + "}"
    ),
    "logfmt": lambda level, text, fields: f'level={level} msg="{text}" ' + " ".join(f"{name}={value}" for name, value in fields.items()),
}  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.permutations(MESSAGES * 2), st.sampled_from(sorted(LAYOUTS)))
def test_structured_lines_have_the_same_ids_in_any_order_and_layout(messages, layout):
    """On every machine: the id is made of level and literal text."""
    courses = courses_of(*[LAYOUTS[layout](*message) for message in messages])
    assert {template.id for template in courses.templates} == {
        "12b97510c08b0c6a", "d1292a046285b34f", "bacedb1b5e22fba6", "4a43b0231b73959e",
    }  # fmt: skip


def nonsense(chance, count):
    """Lines that share hardly anything."""
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(3000)]
    return [f"INFO {' '.join(chance.choices(words, k=chance.randint(3, 9)))}" for _ in range(count)]


def test_a_hostile_log_fills_a_bounded_catalog_and_the_rest_is_counted():
    """A frequent template survives among thousands that never come again."""
    chance, mine, most = random.Random(7), Mine(), 0  # noqa: S311 - no secret
    tracemalloc.start()
    for number in range(12):
        lines = nonsense(chance, 500)
        for at in range(0, 500, 10):
            lines[at] = f"WARN kept entry {number}.{at} forever"
        mine.read("".join(line + "\n" for line in lines).encode())
        mine.tick(float(number), 1.0)
        most = max(most, len(mine.catalog.tallies))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    courses = mine.courses()
    [kept] = [template for template in courses.templates if template.level == "warn"]
    assert most <= MOST_TEMPLATES
    assert sum(kept.count) == pytest.approx(600, rel=0.5)
    assert sum(courses.other) + sum(sum(template.count) for template in courses.templates) == pytest.approx(
        6000, rel=0.3
    )
    assert held < 6 << 20


def test_fields_and_slots_without_end_are_bounded():
    """Names of fields come from the log, too."""
    lines = ["{" + ",".join(f'"f{line}_{each}":{each}' for each in range(50)) + "}" for line in range(50)]
    courses = courses_of(*[line.replace("{", '{"level":"info","msg":"m",') for line in lines])
    [template] = courses.templates
    assert len(template.slots) == 24
    assert MANY > 2


def test_of_a_hostile_log_a_small_part_of_every_bin_is_read_closely():
    """Of a usual one of the same size, all of it."""
    chance, hostile, usual = random.Random(7), Mine(), Mine()  # noqa: S311 - no secret
    lines = nonsense(chance, 2000)
    for number in range(6):
        hostile.read("".join(line + "\n" for line in chance.sample(lines, 2000)).encode())
        usual.read("".join(f"INFO stored {line} of {number} rows in the shard\n" for line in range(2000)).encode())
        for mine in (hostile, usual):
            mine.tick(float(number), 1.0)
    assert (hostile.sampled < 0.5, usual.sampled) == (True, 1.0)
    assert all(hostile.grid.whole("read"))
