"""Keys of lines that are counted only: taken out by the names of their fields, without reading the rest of the lines.

Three times as fast as reading. So new keys of frequent lines are told apart from repeated ones, however little is read.
Only slots are watched that have a name and short values: others are estimated. Where a block brought no new key, as
most do of a slot with a hundred values, some of the next ones are not looked at, until a key is new again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gctail.templates.slots import MEASURES, SlotTally
from gctail.templates.tally import Tally

MOST_WATCHED = 2
"""Slots of a template."""
FEWEST_KEYS = 4
MOST_REST = 8
"""Blocks that are not looked at after one without a new key."""
ALWAYS_NEW = 0.9
"""Of such a slot the lines tell as much as the keys."""
_NAME = re.compile(r"[\w-]+")
_SHORT = re.compile(rb"[^\"\\,;:}\])\s]{1,64}")


def watched(tally: Tally) -> list[SlotTally]:
    """The slots whose keys are taken from every line; chosen when a line of the template is passed over first."""
    if tally.read_through is None:
        tally.read_through = tally.so_far
        place = len(tally.count.values)
        for slot in tally.slots.values():
            slot.recur()
        for slot in sorted(filter(_can_be_watched, tally.slots.values()), key=_novelty, reverse=True)[:MOST_WATCHED]:
            slot.whole_from = place
    return [slot for slot in tally.slots.values() if slot.whole_from is not None]


def its_turn(tally: Tally) -> bool:
    """Whether the keys of the lines of this block are looked at; asked once for each block with such lines."""
    if not watched(tally):
        return False
    tally.resting = max(0, tally.resting - 1)
    return not tally.resting


def watch(tally: Tally, lines: list[bytes], now_s: float) -> None:
    """Take the keys of lines that are passed over."""
    slots = watched(tally)
    text = b"\n".join(lines)
    before = _keys(slots)
    for slot in slots:
        pattern = _pattern(slot.name, lines[0])
        found = pattern.findall(text) if pattern else []
        if len(found) == len(lines):
            slot.see(found, now_s)
        else:  # the name stands there twice, or not in every line
            slot.whole_from = None
    tally.rest = min(2 * tally.rest + 1, MOST_REST) if _keys(slots) == before else 0
    tally.resting = tally.rest + 1


def _keys(slots: list[SlotTally]) -> float:
    return sum(slot.distinct.count for slot in slots if slot.distinct is not None)


def _can_be_watched(slot: SlotTally) -> bool:
    distinct = slot.distinct
    return bool(
        distinct is not None
        and distinct.count >= FEWEST_KEYS
        and slot.kind not in MEASURES
        and slot.routes is None
        and (slot.parts is None or slot.parts.many or slot.kind != "word")
        and _NAME.fullmatch(slot.name)
        and _novelty(slot) < ALWAYS_NEW
        and all(map(_SHORT.fullmatch, distinct.keys))
    )


def _novelty(slot: SlotTally) -> float:
    return slot.distinct.count / max(slot.values, 1) if slot.distinct is not None else 1.0


def _pattern(name: str, line: bytes) -> re.Pattern[bytes] | None:
    """What finds a field in lines like this one; None where nothing finds it once."""
    return next((each for each in _patterns(name) if len(each.findall(line)) == 1), None)


def value_of(name: str, line: bytes) -> bytes | None:
    """The whole value of a field in one line; empty where there is no such field, None where that is not clear."""
    name = name.rpartition(".")[2]
    if not _NAME.fullmatch(name):
        return None
    if name.encode() not in line:
        return b""
    found = _whole(name).findall(line)
    return (found[0][0] or found[0][1]) if len(found) == 1 else None


@lru_cache(maxsize=256)
def _whole(name: str) -> re.Pattern[bytes]:
    r"""What finds all of the value: `"user":"Ann Lee"`, `\"user\":\"u1\"`, `user="Ann Lee"`, `user=u1`."""
    literal = re.escape(name.encode())
    field = rb"(?<![\w.-])" + literal + rb'(?:\\*"\s?:\s?|=)'
    return re.compile(field + rb'(?:\\*"([^"\\]{1,64})\\*"|([^"\\\s,;)}\]]{1,64})(?=[\s,;)}\]]|\Z))')


@lru_cache(maxsize=256)
def _patterns(name: str) -> tuple[re.Pattern[bytes], ...]:
    r"""The value of a field: `"user":"u1"`, `\"user\":\"u1\"`, `user=u1`, `user: u1`, `user u1`."""
    literal = re.escape(name.encode())
    field = literal + rb"(?<![\w.-]" + literal + rb")"  # behind the literal: re looks for that first, and fast
    between = (rb'\\*"\s?:\s?', b"=", b": ", b" ")
    return tuple(re.compile(field + each + rb'\\*"?([^"\\,;:}\])\s]{1,64})') for each in between)
