"""A program's own helpers that write lines, `s.Noticef("…")`, `app.report("…")`: found by what they forward."""

from __future__ import annotations

from collections.abc import Iterable

from gctail.golang.source.callers import Callers
from gctail.golang.source.facts import Call, Forward, LogCall, Tags
from gctail.golang.source.logcalls import level_of
from gctail.golang.source.strings import formatted

MOST_ROUNDS = 3
"""A helper that calls a helper that calls a helper is still understood."""


def forwarded(
    forwards: Iterable[Forward], calls: Iterable[Call], callers: Callers, known: Iterable[LogCall]
) -> list[LogCall]:
    """The log calls that go through such helpers; those in `known` are left out."""
    helpers: dict[tuple[str, str], tuple[int, str]] = {}
    for each in forwards:
        _learn(helpers, each, callers)
    worded = [call for call in calls if call.texts or any(map(_parameters, call.arguments))]
    seen = {(each.at.file, each.at.line) for each in known}
    found = []
    for _ in range(MOST_ROUNDS if helpers else 0):
        before = len(helpers)
        for call in worded:
            for target in callers.meant(call):
                index, level = helpers.get(target, (-1, ""))
                level = level_of(target[1].rpartition(".")[2]) or level
                pieces = dict(call.texts).get(index)
                if pieces and (call.at.file, call.at.line) not in seen:
                    seen.add((call.at.file, call.at.line))
                    found.append(LogCall(call.at, "own", level, formatted(pieces), call.keys))
                elif not pieces and 0 <= index < len(call.arguments):
                    for name in _parameters(call.arguments[index]):
                        _learn(helpers, Forward(call.at, name, level), callers)
        if len(helpers) == before:
            break
    return found


def _parameters(tags: Tags) -> list[str]:
    return [tag[6:] for tag in sorted(tags) if tag.startswith("param:")]


def _learn(helpers: dict[tuple[str, str], tuple[int, str]], forward: Forward, callers: Callers) -> None:
    function = callers.functions.get((forward.at.package, forward.at.function))
    names = [name for name, _ in function.parameters] if function is not None else []
    if forward.parameter in names:
        helpers.setdefault((forward.at.package, forward.at.function), (names.index(forward.parameter), forward.level))
