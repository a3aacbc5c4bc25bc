"""Who takes back what another line brings is told by its keys, whatever its words are."""

import random

import pytest

from gctail.attribution.choosing import suspects
from gctail.attribution.takers import takers
from gctail.templates.mine import Mine


def courses_of(*, share=0.6, later_s=3, same_keys=True, seed=4):
    """Reservations of which a share is given up after some seconds; the others keep 0.2 MiB each, for ever."""
    dice, mine, open_, live = random.Random(seed), Mine(), [], 5.0  # noqa: S311  (seeded)
    for at in range(60):
        for _ in range(dice.randrange(4, 20)):
            key = f"order-{dice.randrange(900)}-{dice.randrange(1 << 24):06x}"
            mine.read(f'{{"msg":"platz belegt","key":"{key}"}}\n'.encode())
            live += 0.2
            if dice.random() < share:
                open_.append((at + later_s, key))
        for due_s, key in [each for each in open_ if each[0] <= at]:
            open_.remove((due_s, key))
            live -= 0.2
            named = key if same_keys else f"order-{dice.randrange(900)}-{dice.randrange(1 << 24):06x}"
            mine.read(f'{{"msg":"tisch ist leer","key":"{named}"}}\n'.encode())
        mine.read(b'{"msg":"quote"}\n' * dice.randrange(10, 40))
        mine.tick(float(at + 1), live + dice.gauss(0, 0.1))
    return mine.courses()


def told(courses):
    return [(courses.templates[one].message, courses.templates[other].message) for one, other in takers(courses)]


def test_a_line_whose_keys_came_before_in_another_one_takes_those_back():
    assert told(courses_of()) == [("platz belegt", "tisch ist leer")]


@pytest.mark.parametrize(
    "other",
    [
        {"same_keys": False},
        {"later_s": 0},  # two lines of one moment: nothing is held between them
        {"share": 0.0},
    ],
)
def test_lines_with_other_keys_or_of_the_same_moment_take_nothing_back(other):
    assert told(courses_of(**other)) == []


@pytest.mark.parametrize("seed", range(3))
def test_what_came_and_was_not_taken_back_is_suspected_in_any_language(seed):
    first, *_ = suspects(courses_of(seed=seed), 0.0)
    assert (first.message, first.less) == ("platz belegt", "tisch ist leer")
    assert first.per_event_kib == pytest.approx(0.2 * 1024, rel=0.1)
    assert first.p_value < 0.01
    assert first.about_keys == "", "that each has a key of its own is as it should be"
