"""Keys that another line knew long before are not what is kept now."""

import random

import pytest

from gctail.attribution.choosing import accusation
from gctail.attribution.known import Known
from gctail.templates.mine import Mine


def courses_of(begin_s):
    """Drones that report their place from the start, and ever more of which have a low battery after `begin_s`."""
    dice, mine = random.Random(5), Mine()  # noqa: S311  (seeded)
    for at in range(60):
        for drone in range(140) if at < 2 else dice.sample(range(140), 20):
            mine.read(f'{{"level":"info","msg":"telemetry frame","uav":"UAV-{drone}"}}\n'.encode())
        for drone in dice.sample(range(140), 3) if at >= begin_s else ():
            mine.read(f'{{"level":"warn","msg":"battery low","uav":"UAV-{drone}"}}\n'.encode())
        mine.tick(float(at + 1), 20.0 + at)
    return mine.courses()


def is_known(courses, message):
    """Whether the keys of this message were known before."""
    known = Known(courses)
    [at] = [at for at, each in enumerate(courses.templates) if each.message == message]
    return known.before(at, courses.templates[at].slots[0])


@pytest.mark.parametrize(("message", "expected"), [("battery low", True), ("telemetry frame", False)])
def test_keys_that_another_line_has_had_for_long_are_known(message, expected):
    assert is_known(courses_of(12), message) is expected


def test_keys_of_one_piece_of_work_are_new_in_all_of_its_lines():
    mine = Mine()
    for at in range(40):
        for each in range(at * 5, at * 5 + 5):
            mine.read(
                f'{{"msg":"order received","order":"o-{each}"}}\n{{"msg":"order kept","order":"o-{each}"}}\n'.encode()
            )
        mine.tick(float(at + 1), 20.0 + at)
    assert not is_known(mine.courses(), "order kept")


@pytest.mark.parametrize("key", ["uav", ""])
def test_keys_that_bring_no_news_are_accused_of_nothing_however_closely_the_heap_follows_them(key):
    """Drones that were known, or plain numbers: fewer new ones are left in the end, and the heap happens to bend, too."""
    dice, mine, seen = random.Random(7), Mine(), set()  # noqa: S311  (seeded)
    for at in range(60):
        for drone in range(140) if at < 2 else dice.sample(range(140), 20):
            mine.read(f'{{"level":"info","msg":"telemetry frame","uav":"UAV-{drone}"}}\n'.encode())
        for drone in dice.sample(range(140), 2) if at >= 12 else ():
            seen.add(drone)
            said = f'"battery low","uav":"UAV-{drone}"' if key else f'"battery of {drone} is low"'
            mine.read(f'{{"level":"warn","msg":{said}}}\n'.encode())
        mine.tick(float(at + 1), 20.0 + len(seen))
    told = accusation(mine.courses(), 12.0)
    assert [each for each in (*told.suspects, *told.indistinct) if each.kind == "keys"] == []
