"""A set of rules made ready to run: which series are read, which windows are kept, and each rule as a function.

A plan is made once and shared by all services; what one process has shown is kept by its watch (watch.py).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, cast

from gctail.detectors.added import Addition
from gctail.rules.meaning import meaning_of_value
from gctail.rules.series import MOVING, SOURCES, Source
from gctail.rules.units import Unit
from gctail.rules.values import (
    CALCULATE,
    Arithmetic,
    Call,
    Comparison,
    Fact,
    Logic,
    Negative,
    Not,
    Part,
    Quantity,
    Rule,
    RuleError,
    Series,
    compared,
    written,
)
from gctail.rules.windows import Beginning, Spread, Summary, Tally, Trail, Window

MOST_RULES = 100
MOST_WINDOWS = 100
"""Of all rules together; rules that ask for the same share one."""

_COMPARE = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_WINDOWS: dict[str, tuple[type[Any], str]] = {
    "growth": (Trail, "growth"),
    "slope": (Summary, "slope"),
    "min": (Summary, "low"),
    "max": (Summary, "high"),
    "avg": (Summary, "mean"),
    "over": (Summary, "mean_with_now"),
    "rate": (Tally, "rate"),
    "since_start": (Beginning, "change"),
}
"""The kind of window that a function asks, and what it asks of it. Counters ask a tally, `quantile` a spread."""


class Now(Protocol):
    """What a rule is a function of: the values of the plan's series, its windows, and the time since process start."""

    clock_s: float
    values: list[float | None]
    windows: list[Any]


Value = Callable[[Now], float | None]
Truth = Callable[[Now], bool | None]


class Slot:
    """One window of the plan: how it is made and fed. `moves` where it also changes without a collection."""

    __slots__ = ("feed", "key", "make", "moves", "window_s")

    def __init__(self, key: str, make: type[Any], window_s: float, feed: Value, *, moves: bool) -> None:
        self.key, self.make, self.window_s, self.feed, self.moves = key, make, window_s, feed, moves

    def new(self) -> Window:
        """An empty one."""
        return cast("Window", self.make(self.window_s))


class Ready:
    """One rule as functions: whether it holds, and the values that its evidence and its summary tell."""

    __slots__ = ("evidence", "holds", "rule", "summary")

    def __init__(self, rule: Rule, plan: Plan) -> None:
        self.rule = rule
        self.holds = plan.truth(rule.condition)
        self.evidence = [
            (text, meaning_of_value(part), plan.value(part)) for text, part in compared(rule.condition).items()
        ]
        self.summary: list[str | Fact | tuple[Unit, Value]] = [
            piece if isinstance(piece, str | Fact) else (meaning_of_value(piece), plan.value(piece))
            for piece in rule.summary
        ]


class Plan:
    """The enabled ones of some rules, and detectors that were added. False where there are none of either."""

    def __init__(self, rules: Iterable[Rule], added: Mapping[str, Addition] | None = None) -> None:
        self.added = added or {}
        enabled = [rule for rule in rules if rule.enabled]
        if len(enabled) > MOST_RULES:
            raise RuleError(f"at most {MOST_RULES} rules can be switched on, these are {len(enabled)}")
        self._slot_of: dict[str, int] = {}
        self.places: dict[str, int] = {}  # of the series among the values
        self.series: list[Source] = []
        self.moving: list[tuple[int, Source]] = []
        self.slots: list[Slot] = []
        self.rules = [Ready(rule, self) for rule in enabled]

    def __bool__(self) -> bool:
        return bool(self.rules or self.added)

    @property
    def names(self) -> frozenset[str]:
        """The series that are asked for; only `errors` makes it worth while to read the levels of lines."""
        return frozenset(self.places)

    def value(self, part: Part) -> Value:
        """A value as a function; it answers None where something it needs is not known."""
        match part:
            case Quantity():
                constant = part.value
                return lambda _: constant
            case Series():
                place = self._place(part.name)
                return lambda now: now.values[place]
            case Negative():
                return _negative(self.value(part.operand))
            case Arithmetic():
                return _calculated(CALCULATE[part.sign], self.value(part.left), self.value(part.right))
            case Call():
                return self._asked(part)
            case _:
                raise AssertionError(part)  # a condition; the meaning of the rule was read before

    def truth(self, part: Part) -> Truth:
        """A condition as a function; None where what is known does not decide it."""
        match part:
            case Comparison(sign, left, Quantity() as constant):
                return _compared_with(_COMPARE[sign], self.value(left), constant.value)
            case Comparison():
                return _compared(_COMPARE[part.sign], self.value(part.left), self.value(part.right))
            case Not():
                return _not(self.truth(part.operand))
            case Logic():
                return (_and if part.word == "and" else _or)(self.truth(part.left), self.truth(part.right))
            case _:
                raise AssertionError(part)

    def _asked(self, call: Call) -> Value:
        if call.function in SOURCES:
            return _of_window(self._window(Tally, Series(call.function), call.arguments[0]), "increase")
        if call.function == "quantile":
            share = cast("Quantity", call.arguments[2]).value
            return _quantile(self._window(Spread, call.arguments[0], call.arguments[1]), share)
        make, question = _WINDOWS[call.function]
        window = call.arguments[1] if len(call.arguments) > 1 else None
        return _of_window(self._window(make, call.arguments[0], window), question)

    def _window(self, make: type[Any], of: Part, window: Part | None) -> int:
        """The slot of a window; the same for whoever asks for the same."""
        window_s = window.value if isinstance(window, Quantity) else 0.0
        key = f"{make.__name__.lower()} {written(of)}, {window_s!r} s"
        slot = self._slot_of.get(key)
        if slot is None:
            if len(self.slots) >= MOST_WINDOWS:
                raise RuleError(f"the rules together ask for more than {MOST_WINDOWS} windows")
            slot = self._slot_of[key] = len(self.slots)
            feed = _as_number(self.truth(of)) if isinstance(of, Comparison | Logic | Not) else self.value(of)
            self.slots.append(Slot(key, make, window_s, feed, moves=make is Tally))
        return slot

    def _place(self, name: str) -> int:
        place = self.places.get(name)
        if place is None:
            place = self.places[name] = len(self.series)
            self.series.append(SOURCES[name])
            if name in MOVING:
                self.moving.append((place, SOURCES[name]))
        return place


def _negative(value: Value) -> Value:
    def negative(now: Now) -> float | None:
        found = value(now)
        return None if found is None else -found

    return negative


def _calculated(calculate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    def calculated(now: Now) -> float | None:
        one, other = left(now), right(now)
        if one is None or other is None:
            return None
        try:
            return calculate(one, other)
        except ZeroDivisionError:
            return None

    return calculated


def _compared(compare: Callable[[float, float], bool], left: Value, right: Value) -> Truth:
    def holds(now: Now) -> bool | None:
        one, other = left(now), right(now)
        return None if one is None or other is None else compare(one, other)

    return holds


def _compared_with(compare: Callable[[float, float], bool], value: Value, constant: float) -> Truth:
    def holds(now: Now) -> bool | None:
        found = value(now)
        return None if found is None else compare(found, constant)

    return holds


def _not(truth: Truth) -> Truth:
    def holds(now: Now) -> bool | None:
        found = truth(now)
        return None if found is None else not found

    return holds


def _and(left: Truth, right: Truth) -> Truth:
    def holds(now: Now) -> bool | None:
        one = left(now)
        if one is False:
            return False
        other = right(now)
        return other if one or other is False else None

    return holds


def _or(left: Truth, right: Truth) -> Truth:
    def holds(now: Now) -> bool | None:
        one = left(now)
        if one:
            return True
        other = right(now)
        return other if one is False or other else None

    return holds


def _as_number(truth: Truth) -> Value:
    def number(now: Now) -> float | None:
        found = truth(now)
        return None if found is None else float(found)

    return number


def _of_window(slot: int, question: str) -> Value:
    def answer(now: Now) -> float | None:
        found: float | None = getattr(now.windows[slot], question)(now.clock_s)
        return found

    return answer


def _quantile(slot: int, share: float) -> Value:
    return lambda now: cast("float | None", now.windows[slot].quantile(now.clock_s, share))
