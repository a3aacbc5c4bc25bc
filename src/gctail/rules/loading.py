"""Rules from text: one by itself, or a file of them in TOML."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from gctail.records import SEVERITIES
from gctail.rules.grammar import parse_condition, parse_value
from gctail.rules.meaning import meaning_of_condition, meaning_of_value
from gctail.rules.quantity import quantity
from gctail.rules.units import DURATION
from gctail.rules.values import (
    DEFAULT_COOLDOWN_S,
    Fact,
    Part,
    Rule,
    RuleError,
    Text,
    compared,
    nearest,
    written,
)

MOST_SAID = 2
"""Values that a summary tells where the rule has none of its own."""
FACTS = ("service", "rule", "when")
MOST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_BRACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def parse_rule(text: str, name: str) -> Rule:
    """The rule that `text` writes, with all else as by default. Raises RuleError, with a caret under the place."""
    return _rule(text, name, f'rule "{name}"')


def load_rules(toml_text: str) -> tuple[Rule, ...]:
    """The rules of a TOML text, enabled or not: `[[rule]]` with name, when, severity, summary, enabled, cooldown.

    Raises RuleError for whatever cannot be used.
    """
    if len(toml_text) > MOST_BYTES:
        raise RuleError(f"a file of rules has at most {MOST_BYTES} characters, this one {len(toml_text)}")
    try:
        document = tomllib.loads(toml_text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleError(f"this is no TOML: {error}") from None
    _refuse_unknown(document, ("rule",), "")
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError("rules are tables of a list: write [[rule]], in double brackets")
    rules = tuple(_loaded(table, number) for number, table in enumerate(tables, 1))
    _refuse_doubles(rules)
    return rules


def parse_summary(text: str) -> tuple[Text, ...]:
    """A summary in its pieces; in braces stands a value of the language, or `service`, `rule` or `when`."""
    pieces: list[Text] = []
    end = 0
    for found in _BRACE.finditer(text):
        pieces += [text[end : found.start()]] * (found.start() > end)
        end = found.end()
        if found[0] in {"{{", "}}"}:
            pieces.append(found[0][0])
        elif found[1] is None:
            raise RuleError(f'a single "{found[0]}"; write {found[0] * 2} for a brace', text, found.start())
        else:
            pieces.append(_placeholder(found[1], text, found.start(1)))
    return (*pieces, text[end:]) if end < len(text) else tuple(pieces)


def written_summary(pieces: tuple[Text, ...]) -> str:
    """The text of a summary; read again it gives the same one."""
    shown = []
    for piece in pieces:
        if isinstance(piece, str):
            shown.append(piece.replace("{", "{{").replace("}", "}}"))
        else:
            shown.append("{" + (piece.name if isinstance(piece, Fact) else written(piece)) + "}")
    return "".join(shown)


def _rule(text: str, name: str, where: str) -> Rule:
    if not _NAME.fullmatch(name):
        raise RuleError('a name has 1 to 64 letters, digits, "-", "_" and "."', where=where)
    try:
        condition, hold = parse_condition(text)
        meaning_of_condition(condition, text)
    except RuleError as error:
        raise error.within(where) from None
    return Rule(name, condition, hold, summary=_own_summary(condition))


def _own_summary(condition: Part) -> tuple[Text, ...]:
    """`quiet: interval > 4s (interval is 4.57 s)`."""
    pieces: list[Text] = [Fact("rule"), ": ", Fact("when")]
    for at, (text, part) in enumerate([*compared(condition).items()][:MOST_SAID]):
        pieces += [f"{', ' if at else ' ('}{text} is ", part]
    return (*pieces, ")") if len(pieces) > 3 else tuple(pieces)


def _loaded(table: dict[str, Any], number: int) -> Rule:
    name = table.get("name")
    where = f'rule "{name}"' if isinstance(name, str) else f"rule {number}"
    _refuse_unknown(table, ("name", "when", "severity", "summary", "enabled", "cooldown"), where)
    rule = _rule(_text(table, "when", where), _text(table, "name", where), where)
    severity = _text(table, "severity", where, "warning")
    if severity not in SEVERITIES:
        near = _near(severity, SEVERITIES)
        raise RuleError(f'severity is info, warning or critical, not "{severity}"{near}', where=where)
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise RuleError(f"enabled is true or false, not {enabled!r}", where=where)
    summary = _summary(_text(table, "summary", where, written_summary(rule.summary)), where)
    cooldown_s = _cooldown_s(table, where)
    return Rule(rule.name, rule.condition, rule.hold, severity, summary, enabled, cooldown_s)


def _summary(text: str, where: str) -> tuple[Text, ...]:
    try:
        return parse_summary(text)
    except RuleError as error:
        raise error.within(f"{where}, summary") from None


def _cooldown_s(table: dict[str, Any], where: str) -> float:
    if "cooldown" not in table:
        return DEFAULT_COOLDOWN_S
    text = _text(table, "cooldown", where)
    try:
        found = quantity(text, text, 0) if text else None
    except RuleError:
        found = None
    if found is None or (found.unit != DURATION and found.value != 0):
        raise RuleError(f'cooldown is a duration such as "10m", not "{text}"', where=where)
    return found.value


def _placeholder(text: str, summary: str, begin: int) -> Text:
    """What stands in one pair of braces."""
    name = text.strip()
    if name in FACTS:
        return Fact(name)
    try:
        part: Part = parse_value(text)
        meaning_of_value(part, text)
    except RuleError as error:
        near = _near(name, FACTS) if re.fullmatch(r"\w+", name) else ""
        if near:
            raise RuleError(f'there is no "{name}"{near}', summary, begin) from None
        raise error.within("", summary, begin) from None
    return part


def _text(table: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    found = table.get(key, default)
    if found is None:
        raise RuleError(f'"{key}" is missing; a rule has at least a name and a when', where=where)
    if not isinstance(found, str):
        raise RuleError(f"{key} is a text in quotes, not {found!r}", where=where)
    return found


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            otherwise = f"; there are {', '.join(known)}" if len(known) > 1 else f"; write [[{known[0]}]]"
            raise RuleError(f'there is no key "{key}"{_near(key, known) or otherwise}', where=where)


def _refuse_doubles(rules: tuple[Rule, ...]) -> None:
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise RuleError(
                f"there are {names.count(name)} rules of this name; give each its own", where=f'rule "{name}"'
            )


def _near(name: str, names: tuple[str, ...]) -> str:
    close = nearest(name, names)
    return f'; did you mean "{close}"?' if close else ""
