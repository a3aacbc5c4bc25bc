"""What a rule is made of: quantities, series, functions, comparisons; and what is said where it makes no sense.

Every part knows at which character of the text it begins (`at`, from 0), for the caret of a message; two parts are
equal when they say the same, wherever they stand.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from gctail.errors import UsageError
from gctail.rules.units import Unit

DEFAULT_COOLDOWN_S = 300.0
WHITESPACE = "\t\r\n"
"""What may stand between the words of a rule that is written on several lines; shown as a blank."""


class RuleError(UsageError, ValueError):
    """A rule that cannot be used: its sentence, the text, and a caret under the place (`column` counts from 1)."""

    def __init__(self, sentence: str, text: str = "", at: int | None = None, where: str = "") -> None:
        self.sentence, self.text, self.at, self.where = sentence, text, at, where
        self.column = None if at is None else at + 1
        super().__init__(sentence)

    def __str__(self) -> str:
        said = _printable(f"{self.where}: {self.sentence}" if self.where else self.sentence)
        return said if self.at is None else f"{said}\n  {_printable(self.text)}\n  {' ' * self.at}^"

    def within(self, where: str, text: str = "", begin: int = 0) -> RuleError:
        """The same error, told as part of something larger: of `text`, from its character `begin` on."""
        if not text:
            return RuleError(self.sentence, self.text, self.at, where)
        return RuleError(self.sentence, text, begin + (self.at or 0), where)


def nearest(name: str, names: Iterable[str], least: float = 0.6) -> str | None:
    """The one of the names that was probably meant."""
    from difflib import get_close_matches  # costs 10 ms, for a message only

    return next(iter(get_close_matches(name.lower(), tuple(names), 1, least)), None)


def _printable(text: str) -> str:
    """No line break and no escape sequence: a message is shown on a terminal, its caret under the right place."""
    return "".join(each if each.isprintable() else " " if each in WHITESPACE else "\ufffd" for each in text)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit as it was written: `2GiB`, `30s`, `25%`, `10MB/min`, `3`. `value` is in MiB and s."""

    text: str
    value: float
    unit: Unit
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Series:
    """A series by its name: what every collection says anew."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a series or condition, most of them within a window."""

    function: str
    arguments: tuple[Part, ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`."""

    operand: Part
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`x + y`, and with `-`, `*`, `/`."""

    sign: str
    left: Part
    right: Part
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`x > y`, and with `>=`, `<`, `<=`, `==`, `!=`."""

    sign: str
    left: Part
    right: Part
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b`, `a or b`."""

    word: str
    left: Part
    right: Part
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not a`."""

    operand: Part
    at: int = field(default=0, compare=False, repr=False)


Part = Quantity | Series | Call | Negative | Arithmetic | Comparison | Logic | Not


@dataclass(frozen=True, slots=True)
class Fact:
    """A word of a summary that is no part of the language: `{service}`, `{rule}`."""

    name: str


Text = str | Fact | Part
"""One piece of a summary."""


class Rule(Struct, frozen=True):
    """One rule. `for_s` is how long its condition must hold, `cooldown_s` how far two onsets lie apart at least."""

    name: str
    condition: Part
    hold: Quantity | None = None
    severity: str = "warning"
    summary: tuple[Text, ...] = ()
    enabled: bool = True
    cooldown_s: float = DEFAULT_COOLDOWN_S

    @property
    def for_s(self) -> float:
        """Seconds for which the condition must hold before the rule speaks."""
        return self.hold.value if self.hold else 0.0

    @property
    def when(self) -> str:
        """The rule as text, with single blanks and no needless parenthesis."""
        return written(self.condition) + (f" for {self.hold.text}" if self.hold else "")


_BINDING = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "atom": 8}


CALCULATE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
"""What the signs of `Arithmetic` do with two numbers."""


def written(part: Part) -> str:
    """The text of a part; read again it gives an equal one."""
    match part:
        case Quantity():
            text = part.text
        case Series():
            text = part.name
        case Call():
            text = f"{part.function}({', '.join(map(written, part.arguments))})"
        case Negative():
            text = "-" + _within(part.operand, "atom")
        case Not():
            text = "not " + _within(part.operand, "not")
        case Comparison():
            text = f"{_within(part.left, '+')} {part.sign} {_within(part.right, '+')}"
        case Logic():
            text = f"{_within(part.left, part.word)} {part.word} {_within(part.right, part.word, 1)}"
        case Arithmetic():
            text = f"{_within(part.left, part.sign)} {part.sign} {_within(part.right, part.sign, 1)}"
    return text


def _within(part: Part, outer: str, tighter: int = 0) -> str:
    """In parentheses where it binds less than what is around it; `tighter` on the right: all group to the left."""
    text = written(part)
    return text if _BINDING[_kind(part)] >= _BINDING[outer] + tighter else f"({text})"


def _kind(part: Part) -> str:
    match part:
        case Logic():
            return part.word
        case Arithmetic():
            return part.sign
        case Comparison():
            return "compare"
        case Not():
            return "not"
        case Negative():
            return "negative"
        case _:
            return "atom"


def compared(part: Part) -> dict[str, Part]:
    """What a condition compares, by its text, fixed quantities left out: the evidence for it."""
    match part:
        case Comparison():
            return {written(side): side for side in (part.left, part.right) if not isinstance(side, Quantity)}
        case Logic():
            return {**compared(part.left), **compared(part.right)}
        case Not():
            return compared(part.operand)
        case _:
            return {}
