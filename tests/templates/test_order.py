"""Lines are read form by form; what is known of them is as if they had been read one after the other."""

from random import Random

import orjson
import pytest

from gctail.templates.mine import Mine

USERS = ["ann", "bob", "user-x", "user-y", "u7", "u42"]


def line(dice):
    """Of seven kinds, each in several forms: names with and without digits, quotes, units, missing fields."""
    user, number = dice.choice(USERS), dice.randrange(1000)
    return dice.choice([
        f'level=info msg="cache stored" key={user} size={number}',
        f"2026-11-28T01:01:{number % 60:02d}Z INFO cache stored key={user} size={number}",
        f"queue depth {number}",
        f'{{"level":"info","msg":"job {user} done in {number}ms","n":{number}}}',
        f'{{"level":"warn","msg":"slow","path":"/{number % 5}","ms":{dice.choice([number, "null", 1.5])}}}',
        f'user "{dice.choice(["Ann Lee", "Bo", ""])}" logged in from 10.0.0.{number % 9}',
        f"error: {dice.choice(['timeout', 'refused'])} after {number} tries",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_a_mine_goes_on_exactly_from_its_state_whatever_forms_it_has_seen(seed):
    dice, straight = Random(seed), Mine()  # noqa: S311
    saved = straight
    for at in range(5):
        text = "".join(f"{line(dice)}\n" for _ in range(dice.randrange(1, 200))).encode()
        if at == seed % 4 + 1:
            saved = Mine.restore(orjson.loads(orjson.dumps(straight.state())))
        for mine in (straight, saved) if saved is not straight else (straight,):
            mine.read(text)
            mine.tick(at + 1.0, 30.0)
    assert saved is not straight
    assert orjson.loads(orjson.dumps(saved.state())) == orjson.loads(orjson.dumps(straight.state()))


def test_the_last_number_is_that_of_the_last_line():
    """Whatever form that has, and however often it came before."""
    lines = ["stored key=ann size=1", "stored key=u7 size=2", "stored key=bob size=3", "stored key=u8 size=4"]
    for first in range(4):
        mine = Mine()
        order = lines[first:] + lines[:first]
        mine.read("".join(f"{each}\n" for each in order * 5).encode())
        mine.tick(1.0, 1.0)
        [template] = mine.courses().templates
        [size] = [slot for slot in template.slots if slot.name == "size"]
        assert size.last == [float(order[-1][-1])]
