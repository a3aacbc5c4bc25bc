"""The grammar of the rule language, written in pyparsing, and its messages.

    rule        = condition [ "for" DURATION ]
    condition   = both { "or" both }
    both        = negation { "and" negation }
    negation    = { "not" } comparison
    comparison  = sum [ ( ">" | ">=" | "<" | "<=" | "==" | "!=" ) sum ]
    sum         = product { ( "+" | "-" ) product }
    product     = factor { ( "*" | "/" ) factor }
    factor      = [ "-" ] ( QUANTITY | NAME "(" condition { "," condition } ")" | NAME | "(" condition ")" )

Each alternative is known by its first token, so that reading takes time in proportion to the text, and a message names
the one place where the text stops making sense. What the parts mean is checked afterwards (meaning.py). Importing
pyparsing costs a tenth of a second, so it is imported when the first rule is read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from gctail.rules.quantity import PATTERN, quantity
from gctail.rules.units import DURATION
from gctail.rules.values import (
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
)

if TYPE_CHECKING:
    from pyparsing import ParserElement, ParseResults

MOST_CHARACTERS = 1000
DEEPEST = 8
"""Parentheses within parentheses."""
MOST_OPERATORS = 64

_OPERATOR = re.compile(r"[-+*/<>=!,]+|\b(?:and|or|not)\b")
_FOUND = re.compile(r"\w[\w.%]*|&&|\|\||=[<>]|[<>=!]=?|.")
_INSTEAD = {
    "&&": 'write "and"',
    "||": 'write "or"',
    "!": 'write "not"',
    "=": 'write "=="',
    "<>": 'write "!="',
    "=>": 'write ">="',
    "=<": 'write "<="',
    "≥": 'write ">="',
    "≤": 'write "<="',
    "≠": 'write "!="',
    "×": 'write "*"',
    "of": 'write "*"',
    "per": "write a quantity per time as 10MB/min",
    "between": "write two comparisons, joined by and",
    '"': "names and quantities stand without quotes",
    "'": "names and quantities stand without quotes",
    "[": "a window is a second argument: avg(live, 5m)",
    "{": "a rule speaks of one service, so it selects none",
}
_COMPARES = re.compile(r"[<>]=?|[!=]=")
_CALLED = re.compile(r"\b(?!(?:and|or|not|for)\b)[a-z_]+\((?:[^()]*[^(),\s])$")
_KEYWORDS = ("and", "or", "not", "for")


def parse_condition(text: str) -> tuple[Part, Quantity | None]:
    """The condition of a rule, and for how long it has to hold. Raises RuleError."""
    found = _parsed(text, 0)
    return found[0], found[1] if len(found) > 1 else None


def parse_value(text: str) -> Part:
    """A condition or a value alone, without `for`: what a summary may hold in braces. Raises RuleError."""
    part: Part = _parsed(text, 1)[0]
    return part


def _parsed(text: str, which: int) -> list[Any]:
    from pyparsing import ParseBaseException

    text = re.sub(r"\s", " ", text)
    _refuse_monsters(text)
    try:
        return list(_grammar()[which].parse_string(text))
    except ParseBaseException as error:
        raise RuleError(_expected(text, error.loc, error.msg.removeprefix("Expected ")), text, error.loc) from None


def _refuse_monsters(text: str) -> None:
    """What no reader could follow, and no stack could bear."""
    if len(text) > MOST_CHARACTERS:
        raise RuleError(f"a rule has at most {MOST_CHARACTERS} characters, this one {len(text)}")
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > DEEPEST:
            raise RuleError(f"parentheses go at most {DEEPEST} deep", text, at)
    operators = list(_OPERATOR.finditer(text))
    if len(operators) > MOST_OPERATORS:
        at = operators[MOST_OPERATORS].start()
        raise RuleError(f"a rule has at most {MOST_OPERATORS} operators; make two of it", text, at)


def _expected(text: str, at: int, what: str) -> str:
    """One sentence: what would make sense here, and what is there instead."""
    rest = text[at:].lstrip()
    if not rest:
        return f"the rule ends where it should go on: expected {what}"
    found = _FOUND.match(rest)
    word = found[0] if found else rest[0]
    hint = _INSTEAD.get(word) or _misspelt(text, at, word)
    shown = f'"{word}"' if word != '"' else "a quote"
    return f"expected {what}, found {shown}" + (f"; {hint}" if hint else "")


def _misspelt(text: str, at: int, word: str) -> str | None:
    before = text[:at].rstrip()
    number = re.search(r"(?:^|[^\w.])([0-9.]+)$", before)
    if number and word.isalpha():
        try:
            quantity("", number[1] + word, 0)
        except RuleError:
            pass
        else:
            return f"write {number[1]}{word} without a blank"
    if _COMPARES.fullmatch(word) and re.search(r"[<>=]", before):
        return "write two comparisons, joined by and"
    if word in {"and", "or"} and re.search(r"\bfor\b", before):
        return '"for" stands at the end of the rule, once'
    if word == "," and re.match(r",\d", text[at:].lstrip()) and number:
        return "write a decimal point, and no sign between thousands"
    if _CALLED.search(before) and (word[0].isdigit() or word.isidentifier()):
        return "between two arguments stands a comma"
    close = nearest(word, _KEYWORDS)
    return f'did you mean "{close}"?' if close and word not in _KEYWORDS else None


@cache
def _grammar() -> tuple[ParserElement, ParserElement]:
    """The grammars of a rule and of a value. `-` instead of `+`: from here on there is no other way to read it."""
    from pyparsing import Forward, Keyword, Opt, Regex, StringEnd, Suppress, ZeroOrMore, one_of

    condition = Forward()
    number = Regex(PATTERN).add_parse_action(_quantity)
    name = Regex(rf"(?!(?:{'|'.join(_KEYWORDS)})\b)[A-Za-z_][A-Za-z0-9_]*")
    close = Suppress(")").set_name('an operator or ")"')
    arguments = condition + ZeroOrMore(Suppress(",") - condition)
    more = Suppress(")").set_name('an operator, "," or ")"')
    series = name.copy().add_parse_action(lambda _, at, found: Series(found[0], at))
    call = (name + Regex(r"(?=\()").suppress() + Suppress("(") - arguments - more).add_parse_action(_call)
    operand = number | call | series | (Suppress("(") - condition - close)
    operand.set_name('a series, a function, a quantity or "("')
    factor = operand | (Suppress("-") - operand).add_parse_action(lambda _, at, found: Negative(found[0], at))
    factor.set_name('a series, a function, a quantity or "("')
    product = (factor + ZeroOrMore(one_of("* /") - factor)).add_parse_action(_arithmetic)
    total = (product + ZeroOrMore(one_of("+ -") - product)).add_parse_action(_arithmetic)
    comparison = (total + Opt(one_of("> >= < <= == !=") - total)).add_parse_action(_comparison)
    negation = (ZeroOrMore(Keyword("not")) + comparison).add_parse_action(_negation)
    both = (negation + ZeroOrMore(Keyword("and") - negation)).add_parse_action(_logic)
    condition <<= (both + ZeroOrMore(Keyword("or") - both)).add_parse_action(_logic)
    duration = Regex(PATTERN).add_parse_action(_hold).set_name("a duration such as 5m")
    end = StringEnd()
    rule = condition + Opt(Suppress(Keyword("for")) - duration)
    return (
        rule + end.copy().set_name('an operator, "and", "or", "for" or the end of the rule'),
        condition + end.copy().set_name("an operator or the end"),
    )


def _quantity(text: str, at: int, found: ParseResults) -> Quantity:
    return quantity(text, found[0], at)


def _hold(text: str, at: int, found: ParseResults) -> Quantity:
    hold = quantity(text, found[0], at)
    if hold.unit != DURATION:
        raise RuleError(f'"for" takes a duration such as 5m, and {hold.text} is {hold.unit.words}', text, at)
    return hold


def _call(_: str, at: int, found: ParseResults) -> Call:
    return Call(found[0], tuple(found[1:]), at)


def _arithmetic(_: str, at: int, found: ParseResults) -> Part:
    part: Part = found[0]
    for sign, right in zip(found[1::2], found[2::2], strict=True):
        part = Arithmetic(sign, part, right, at)
    return part


def _comparison(_: str, at: int, found: ParseResults) -> Part:
    part: Part = Comparison(found[1], found[0], found[2], at) if len(found) == 3 else found[0]
    return part


def _logic(_: str, at: int, found: ParseResults) -> Part:
    part: Part = found[0]
    for word, right in zip(found[1::2], found[2::2], strict=True):
        part = Logic(word, part, right, at)
    return part


def _negation(_: str, at: int, found: ParseResults) -> Part:
    part: Part = found[-1]
    for _not in found[:-1]:
        part = Not(part, at)
    return part
