"""A program's own helpers that write lines, `s.Noticef("…")`, `app.report("…")`: found by what they forward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gctail.golang.source.callers import Callers
from gctail.golang.source.facts import FIXED, Call, Forward, LogCall, Tags
from gctail.golang.source.logcalls import LEVEL, level_of
from gctail.golang.source.strings import Pieces, formatted, joined, shown

MOST_ROUNDS = 3
"""A helper that calls a helper that calls a helper is still understood."""
MOST_WAYS = 4


class _Way(NamedTuple):
    """A parameter (by its place) that goes into a line: its level, and the letters that the line has around it."""

    place: int
    level: str
    letters: int


def forwarded(
    forwards: Iterable[Forward], calls: Iterable[Call], callers: Callers, known: Iterable[LogCall]
) -> list[LogCall]:
    """The log calls that go through such helpers; those in `known` are left out."""
    helpers: dict[tuple[str, str], list[_Way]] = {}
    for each in forwards:
        _learn(helpers, each, callers)
    worded = [call for call in calls if call.texts or any(map(_parameters, call.arguments))]
    seen = {(each.at.file, each.at.line) for each in known}
    found = []
    for _ in range(MOST_ROUNDS if helpers else 0):
        before = sum(map(len, helpers.values()))
        for call in worded:
            for target in callers.meant(call):
                ways = helpers.get(target, [])
                called = level_of(target[1].rpartition(".")[2])
                told = _told(call, ways)
                if told and (call.at.file, call.at.line) not in seen:
                    seen.add((call.at.file, call.at.line))
                    level, letters = called or ways[0].level, ways[0].letters
                    found += [LogCall(call.at, "own", level, pieces, call.keys, around=letters) for pieces in told]
                for way in list(ways) if not told else ():
                    for name in _parameters(call.arguments[way.place] if way.place < len(call.arguments) else FIXED):
                        _learn(helpers, Forward(call.at, name, called or way.level, way.letters), callers)
        if sum(map(len, helpers.values())) == before:
            break
    return found


def _told(call: Call, ways: list[_Way]) -> list[Pieces]:
    """What a call hands to a helper as a message; of several texts all in their order, and the longest alone."""
    texts = dict(call.texts)
    places = sorted(way.place for way in ways)
    handed = [formatted(texts[at]) for at in places if texts.get(at) and not LEVEL.fullmatch(shown(texts[at]))]
    if len(handed) < 2:
        return handed
    whole: Pieces = tuple(piece for pieces in handed for piece in (*pieces, None))
    return [joined(whole), max(handed, key=lambda pieces: len(shown(pieces)))]


def _parameters(tags: Tags) -> list[str]:
    return [tag[6:] for tag in sorted(tags) if tag.startswith("param:")]


def _learn(helpers: dict[tuple[str, str], list[_Way]], forward: Forward, callers: Callers) -> None:
    function = callers.functions.get((forward.at.package, forward.at.function))
    names = [name for name, _ in function.parameters] if function is not None else []
    if forward.parameter in names:
        ways = helpers.setdefault((forward.at.package, forward.at.function), [])
        index = names.index(forward.parameter)
        if len(ways) < MOST_WAYS and all(way.place != index for way in ways):
            ways.append(_Way(index, forward.level, forward.letters))
