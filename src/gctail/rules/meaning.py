"""Whether a rule makes sense: names that exist, units that fit, functions with what they take.

All of it is found out when a rule is read, never while it runs.
"""

from __future__ import annotations

from typing import NamedTuple

from gctail.rules.series import SOURCES
from gctail.rules.units import COUNT, DURATION, EXAMPLES, NUMBER, SHARE, Unit
from gctail.rules.values import (
    CALCULATE,
    Arithmetic,
    Call,
    Comparison,
    Logic,
    Negative,
    Not,
    Part,
    Quantity,
    RuleError,
    Series,
    nearest,
    written,
)

_TIMES = frozenset({
    "second", "seconds", "sec", "secs", "minute", "minutes", "mins", "hour", "hours", "hr", "day", "days", "week",
})  # fmt: skip
SHORTEST_WINDOW_S = 1.0
LONGEST_WINDOW_S = 31 * 86400.0


class Function(NamedTuple):
    """What a function takes (a value, a counter or a condition), how it is written, and what it answers."""

    takes: str
    usage: str
    about: str


FUNCTIONS = {
    "growth": Function("value", "growth(live, 30s)", "change from the beginning of the window to now"),
    "slope": Function("value", "slope(live, 30m)", "change per time, by least squares over the window"),
    "since_start": Function("value", "since_start(live)", "change since the first collection that was seen"),
    "rate": Function("counter", "rate(errors, 1m)", "how many per time, on average over the window"),
    "min": Function("value", "min(live, 1h)", "lowest of the collections before, within the window"),
    "max": Function("value", "max(live, 1h)", "highest of the collections before, within the window"),
    "avg": Function("value", "avg(live, 1h)", "mean of the collections before, within the window"),
    "quantile": Function("value", "quantile(pause, 1h, 99%)", "what this share of the collections before did not pass"),
    "over": Function("condition", "over(pause > 10ms, 5m)", "share of the window's collections that met the condition"),
}
_MEANT = {
    "delta": "growth", "idelta": "growth", "increase": "growth", "deriv": "slope", "irate": "rate",
    "avg_over_time": "avg", "max_over_time": "max", "min_over_time": "min", "quantile_over_time": "quantile",
    "count": "collections", "mean": "avg", "median": "quantile", "percentile": "quantile", "changes": "growth",
    "heap": "live", "cpu": "gc_cpu", "heap_live": "live", "gc_pause": "pause", "gomemlimit": "limit",
    "memory_limit": "limit", "error": "errors", "gomaxprocs": "procs", "allocs": "alloc_rate", "heap_goal": "goal",
    "stack": "stacks", "age": "uptime", "p50": "quantile", "p90": "quantile", "p95": "quantile", "p99": "quantile",
}  # fmt: skip


def meaning_of_condition(part: Part, text: str) -> None:
    """Raise RuleError with a caret into `text` where the condition makes no sense."""
    Reader(text).condition(part)


def meaning_of_value(part: Part, text: str = "") -> Unit:
    """The unit of a value. Raises RuleError with a caret into `text` where it makes no sense."""
    return Reader(text).value(part)


def suggestion(name: str, names: tuple[str, ...], otherwise: str = "") -> str:
    """`; did you mean "live"?`, where any of the names is close."""
    meant = _MEANT.get(name.lower(), "")
    close = meant if meant in names else nearest(name, names)
    return f'; did you mean "{close}"?' if close else otherwise


class Reader:
    """Follows a rule from the inside out; remembers the function whose window it is in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.inside: str | None = None

    def wrong(self, sentence: str, part: Part) -> RuleError:
        """The error that points at `part`."""
        return RuleError(sentence, self.text, part.at)

    def condition(self, part: Part) -> None:
        """It has to be one that holds or does not."""
        match part:
            case Comparison():
                self._comparison(part)
            case Logic():
                self.condition(part.left)
                self.condition(part.right)
            case Not():
                self.condition(part.operand)
            case _:
                unit = self.value(part)
                example = f"{written(part)} > {EXAMPLES.get(unit, '0')}"
                raise self.wrong(
                    f"{written(part)} is {unit.words}, which neither holds nor fails; compare it: {example}", part
                )

    def value(self, part: Part) -> Unit:
        """It has to be one with a unit, which is returned."""
        match part:
            case Quantity():
                return part.unit
            case Series():
                return self._series(part)
            case Negative():
                return self.value(part.operand)
            case Arithmetic():
                return self._arithmetic(part)
            case Call():
                return self._call(part)
            case _:
                raise self.wrong(f"{written(part)} holds or fails; it has no value to count with", part)

    def _comparison(self, part: Comparison) -> None:
        left, right = self.value(part.left), self.value(part.right)
        if fixed(part.left) is not None and fixed(part.right) is not None:
            said = f"{written(part)} is the same for ever: nothing in it comes from the service; compare a series"
            raise self.wrong(f"{said}, such as live > 512MiB", part)
        if part.left == part.right:
            raise self.wrong(f"{written(part)} compares {written(part.left)} with itself", part.right)
        if _nought(part.left) or _nought(part.right):
            return
        if left.joined(right) is None:
            raise self.wrong(self._unlike(part.left, left, part.right, right, "compared"), part.right)
        sides = (part.left, left, right, part.right), (part.right, right, left, part.left)
        for one_part, one, unit, other in sides:
            if one == SHARE and unit == NUMBER and isinstance(other, Quantity) and other.value > 1:
                said = f"a share is between 0 and 1, and {other.text} is a plain number; did you mean {other.text}%?"
                raise self.wrong(said, other)
            if (
                isinstance(one_part, Series)
                and one == unit == SHARE
                and isinstance(other, Quantity)
                and other.value > 1
            ):
                raise self.wrong(f"{one_part.name} is a share, of which there is never more than 100%", other)

    def _unlike(self, left: Part, left_unit: Unit, right: Part, right_unit: Unit, done: str) -> str:
        said = f"{written(left)} is {left_unit.words} and {written(right)} is {right_unit.words}, "
        said += f"which cannot be {done}"
        literal, wanted = (right, left_unit) if isinstance(right, Quantity) else (left, right_unit)
        example = EXAMPLES.get(wanted)
        return f"{said}; write {wanted.words} such as {example}" if isinstance(literal, Quantity) and example else said

    def _arithmetic(self, part: Arithmetic) -> Unit:
        left, right = self.value(part.left), self.value(part.right)
        if part.sign == "*":
            return left.times(right)
        if part.sign == "/":
            if fixed(part.right) == 0:
                raise self.wrong(f"{written(part)} divides by nothing, which never has a value", part.right)
            return left.per(right)
        if _nought(part.right):
            return left
        if _nought(part.left):
            return right
        joined = left.joined(right)
        if joined is None:
            done = "added" if part.sign == "+" else "subtracted"
            raise self.wrong(self._unlike(part.left, left, part.right, right, done), part.right)
        return joined

    def _series(self, part: Series) -> Unit:
        source = SOURCES.get(part.name)
        if source:
            return source.unit
        if part.name in FUNCTIONS:
            raise self.wrong(f"{part.name} is a function; write for example {FUNCTIONS[part.name].usage}", part)
        otherwise = f"; there are {', '.join(SOURCES)}"
        if part.name.lower() in _TIMES:
            otherwise = "; times are written 30s, 5m, 1h or 2d, and sizes per time 10MB/min or 1GB/h"
        raise self.wrong(f'there is no series "{part.name}"{suggestion(part.name, tuple(SOURCES), otherwise)}', part)

    def _call(self, part: Call) -> Unit:
        name = part.function
        if name in SOURCES:
            return self._count(part)
        function = FUNCTIONS.get(name)
        if function is None:
            otherwise = f"; there are {', '.join(FUNCTIONS)}"
            near = suggestion(name, (*FUNCTIONS, "collections"), otherwise)
            raise self.wrong(f'there is no function "{name}"{near}', part)
        usage = f"; write for example {function.usage}"
        wanted = {"since_start": 1, "quantile": 3}.get(name, 2)
        if len(part.arguments) != wanted:
            takes = {1: "one argument, a series", 2: "two arguments, the second a window", 3: "three arguments"}[wanted]
            raise self.wrong(f"{name} takes {takes}{usage}", part)
        if wanted > 1:
            self._window(part.arguments[1], usage)
        if name == "quantile":
            self._share(part.arguments[2], usage)
        return self._answer(part, function, usage)

    def _answer(self, part: Call, function: Function, usage: str) -> Unit:
        """The unit of what a function answers, its first argument being what it takes."""
        of, name = part.arguments[0], part.function
        self._enter(part)
        if function.takes == "condition":
            if not isinstance(of, Comparison | Logic | Not):
                raise self.wrong(f"{name} takes a condition, and {written(of)} is {self.value(of).words}{usage}", of)
            self.condition(of)
        elif fixed(of) is not None:
            raise self.wrong(f"{name} takes a series first, and {written(of)} is a quantity{usage}", of)
        unit = SHARE if function.takes == "condition" else self.value(of)
        self.inside = None
        if function.takes == "counter" and not (isinstance(of, Series) and SOURCES[of.name].counter):
            raise self.wrong(f"rate takes a counter, and {written(of)} is none; write slope(…) or growth(…)", of)
        return unit.per(DURATION) if name in {"slope", "rate"} else unit

    def _count(self, part: Call) -> Unit:
        """`errors(5m)`: how many within the window."""
        name = part.function
        if not SOURCES[name].counter:
            said = f"{name} is a value and no function; write for example {name}, avg({name}, 5m) or growth({name}, 5m)"
            raise self.wrong(said, part)
        usage = f"; write for example {name}(30s)"
        if len(part.arguments) != 1:
            raise self.wrong(f"{name} takes one argument, a window{usage}", part)
        self._window(part.arguments[0], usage)
        self._enter(part)
        self.inside = None
        return COUNT

    def _enter(self, part: Call) -> None:
        if self.inside:
            raise self.wrong(f"{part.function} stands within {self.inside}: a window within a window is not kept", part)
        self.inside = part.function

    def _window(self, part: Part, usage: str) -> None:
        if not isinstance(part, Quantity) or part.unit != DURATION:
            raise self.wrong(f"a window is a duration such as 30s, 5m or 1h, not {written(part)}{usage}", part)
        if not SHORTEST_WINDOW_S <= part.value <= LONGEST_WINDOW_S:
            raise self.wrong(f"a window lasts from 1s to 31d, not {part.text}", part)

    def _share(self, part: Part, usage: str) -> None:
        fits = isinstance(part, Quantity) and part.unit in {SHARE, NUMBER} and 0 <= part.value <= 1
        if not fits:
            meant = isinstance(part, Quantity) and part.unit == NUMBER and 1 < part.value <= 100
            usage = f"; did you mean {written(part)}%?" if meant else usage
            raise self.wrong(f"a quantile is a share between 0% and 100%, not {written(part)}{usage}", part)


def fixed(part: Part) -> float | None:
    """The value, in MiB and seconds, of what no collection changes: `2GiB`, `-3 * 4`. None where a series is in it."""
    match part:
        case Quantity():
            return part.value
        case Negative():
            value = fixed(part.operand)
            return None if value is None else -value
        case Arithmetic():
            left, right = fixed(part.left), fixed(part.right)
            if left is None or right is None or (part.sign == "/" and right == 0):
                return None
            result: float = CALCULATE[part.sign](left, right)
            return result
        case _:
            return None


def _nought(part: Part) -> bool:
    """A plain 0 fits every unit."""
    return isinstance(part, Quantity) and part.value == 0 and part.unit == NUMBER
