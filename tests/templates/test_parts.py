"""A slot with a few values counts each for itself, over time."""

import orjson

from gctail.templates.mine import Mine

LINES = "".join(
    f'{{"level":"info","msg":"membership changed","event":"{event}","room":"r{at}"}}\n'
    for at, event in enumerate(["subscribe", "subscribe", "keepalive", "unsubscribe"] * 5)
)


def parts(mine):
    [template] = mine.courses().templates
    return {slot.name: {part.value: part.count for part in slot.parts} for slot in template.slots}


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


def test_a_slot_with_many_words_has_no_parts():
    words = ["oak", "elm", "ash", "fir", "yew", "bay", "box", "fig", "sal", "ivy"]
    mine = Mine()
    mine.read("".join(f'{{"msg":"tree felled","tree":"{word}"}}\n' for word in words).encode())
    mine.tick(1.0, 1.0)
    assert parts(mine) == {"tree": {}}
