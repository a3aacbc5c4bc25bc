"""Of two variables of a line that are new each time, which one something is filed under."""

import pytest

from gctail.attribution.likeliest import rank
from gctail.templates.mine import Mine

LINES = {
    "one that holds another": ('"user":"u{at:05d}","slot":"u{at:05d}/{at}"', "slot"),
    "one with a time in it": ('"id":"{at:08x}","entry":"room{at}@1795802{at:06d}"', "entry"),
    "one put together of a token and more": ('"trace":"{hash:016x}","cart":"c{small}:{hash:016x}"', "cart"),
    "one that is called a key": ('"value":"v{at}","key":"k{at}"', "key"),
    "one that is not called a value": ('"payload":"p{at}","room":"r{at}"', "room"),
}


@pytest.mark.parametrize("what", LINES)
def test_the_likelier_key_is(what):
    fields, expected = LINES[what]
    mine = Mine()
    filled = (fields.format(at=at, small=at % 7, hash=at * 0x9E3779B97F4A7C15 % 2**64) for at in range(200))
    mine.read("".join(f'{{"msg":"stored",{each}}}\n' for each in filled).encode())
    mine.tick(1.0, 1.0)
    [template] = mine.courses().templates
    best = min(range(len(template.slots)), key=lambda place: rank(template, place))
    assert template.slots[best].name == expected
