"""Many lines of one form are read by what they have in common, and nothing is read otherwise than one by one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from gctail.templates.distinct import Distinct
from gctail.templates.mine import Mine
from gctail.templates.pattern import readings
from gctail.templates.shortcut import Shortcut
from gctail.templates.sketch import sketch

LINE = "time=2026-11-23T03:12:00Z level=INFO msg=stored key={key} zone={zone} took={at}ms"


def _block(keys: list[str], zone: str = "eu-1") -> bytes:
    return "".join(LINE.format(key=key, zone=zone, at=at) + "\n" for at, key in enumerate(keys)).encode()


def _columns(source: bytes, block: bytes) -> list[tuple[bytes, ...]]:
    return list(zip(*re.findall(source, block), strict=True))


def _form() -> tuple[bytes, Shortcut]:
    _, source = readings(sketch(_block(["item:1"]).rstrip()).parts, frozenset())
    return source.general, Shortcut(source)


def test_what_has_always_been_the_same_is_read_as_text_until_it_changes() -> None:
    """The zone is text after the first block; the second is read by that, the third has another zone and is not."""
    source, shortcut = _form()
    first, changed = _block([f"item:{at}" for at in range(100)]), _block([f"item:{at}" for at in range(100)], "us-2")
    assert shortcut.read(first, 100) is None
    shortcut.learn(_columns(source, first))
    for block in (first, _block([f"order/{at}" for at in range(80)])):
        lines = block.count(b"\n")
        assert list(map(tuple, shortcut.read(block, lines) or [])) == _columns(source, block)
    assert shortcut.read(changed, 100) is None
    shortcut.learn(_columns(source, changed))
    for block in (changed, first + changed):
        assert list(map(tuple, shortcut.read(block, block.count(b"\n")) or [])) == _columns(source, block)


def test_values_that_are_no_plain_words_any_more_are_read_whole() -> None:
    """A struct, a list, a quoted text and an empty value, where a hundred plain words were before."""
    source, shortcut = _form()
    odd = _block(["Session{User:uid_7}", "[7,8]", '"a b=c 1"', "", "&Session{Id:9}", "f(x,y)"] * 20)
    shortcut.learn(_columns(source, _block([f"item:{at}" for at in range(100)])))
    assert shortcut.read(odd, 120) is None
    shortcut.learn(_columns(source, odd))
    assert list(map(tuple, shortcut.read(odd, 120) or [])) == _columns(source, odd)


VALUES: dict[str, Callable[[int], str]] = {
    "whole number": str,
    "real number": "{}.5".format,
    "number below zero": "-{}".format,
    "duration": "{}.25ms".format,
    "long duration": "{}m3s".format,
    "address": "10.0.{}.7".format,
    "address and port": "10.0.7.{0}:80{0}".format,
    "hexadecimal": "{}a9f3ed".format,
    "identifier": "v{}".format,
    "identifier with a sign": "job-{}@b".format,
    "quoted": '"it was {}"'.format,
    "quoted with quotes": r'"it \"was\" {}"'.format,
    "the same number": lambda _: "7",
    "the same identifier": lambda _: "v1",
    "the same text": lambda _: '"all of it"',
}


@pytest.mark.parametrize(
    "behind", ["", " left", ", left", "; left", "/b", "] left", ") left", ".5 left", ":8 left", "-a b"]
)
def test_a_shortcut_finds_what_the_pattern_of_the_form_finds(behind: str) -> None:
    """Of every kind of value, whatever stands behind it; also where lines of another kind follow."""
    blocks = {
        kind: [f"INFO took ([ {value(at)}{behind}".encode() for at in range(100, 200)] for kind, value in VALUES.items()
    }
    read = 0
    for lines in blocks.values():
        _, source = readings(sketch(lines[0]).parts, frozenset())
        pattern = re.compile(source.general)
        own = [line for line in lines if source.captures and pattern.fullmatch(line)]
        for others in blocks.values() if own else ():
            shortcut = Shortcut(source)
            shortcut.learn(list(zip(*[_groups(pattern, line) for line in own], strict=True)))
            known = [line for line in others if pattern.fullmatch(line)]
            for each in (own, known):
                found = shortcut.read(b"\n".join(each), len(each)) if each else None
                if found is not None:
                    assert list(zip(*found, strict=True)) == [_groups(pattern, line) for line in each]
                    read += 1
    assert read > len(VALUES)


def _groups(pattern: re.Pattern[bytes], line: bytes) -> tuple[bytes, ...]:
    found = pattern.fullmatch(line)
    return tuple(found.groups()) if found else ()


def test_a_mine_hears_of_a_value_that_its_pattern_had_as_text() -> None:
    """Two blocks from one zone, then one from another: both are known by name."""
    mine = Mine()
    for zone in ("eu-1", "eu-1", "us-2", "eu-1"):
        mine.read(_block([f"item:{at}" for at in range(300)], zone))
        mine.tick(1.0, 10.0)
    (template,) = mine.courses().templates
    zones = next(slot for slot in template.slots if slot.name == "zone")
    assert {key.text: key.count for key in zones.keys} == {"eu-1": 900, "us-2": 300}


def test_keys_that_come_in_great_numbers_are_taken_in_as_if_they_had_been_counted_first() -> None:
    """Ten thousand keys, every third of them a second time: the same bits, the same sample, the same count."""
    counted, plain = Distinct(), Distinct()
    for begin in range(0, 10_000, 100):
        keys = [b"key-%d" % at for at in range(begin, begin + 100)]
        times = [1 + (at % 3 == 0) for at in range(100)]
        counted.add(keys, times.__getitem__, float(begin))
        as_they_come = [key for key, time in zip(keys, times, strict=True) for _ in range(time)]
        if plain.many(len(as_they_come)):
            plain.add_all(as_they_come, float(begin))
        else:
            plain.add(keys, times.__getitem__, float(begin))
    assert plain.many(len(keys))
    assert plain.state() == counted.state()


def test_a_block_of_json_is_read_as_its_lines_are() -> None:
    """With a line of text among them, a blank one, and a message that only some of them have."""
    hits = "null", "true"
    some = [
        f'{{"time":"2026-11-23T03:12:00Z","level":"INFO","msg":"stored","session":"s{at}","hit":{hits[at % 2]}}}'
        for at in range(200)
    ]
    others = [
        f'{{"level":"WARN","msg":"slow \\"{at}\\"","took_ms":{at}.5,"at":{{"shard":{at % 4}}}}}' for at in range(50)
    ]
    whole, text = Mine(), Mine()
    whole.read("\n".join([*some, *others, ""]).encode())
    text.read("\n".join([*some, *others, "", "prose of the application 17", ""]).encode())
    for mine in (whole, text):
        mine.tick(1.0, 10.0)
    shown = {template.id: template for template in text.courses().templates}
    assert [shown[template.id] for template in whole.courses().templates] == list(whole.courses().templates)
    assert len(shown) == len(whole.courses().templates) + 1
