"""The rule book: advice as data (data/advice.toml), each piece with the condition under which this log calls for it.

A condition is a list of clauses joined by `;`, and all of them must hold:

    leak; limit_mib known; gomemlimit_mib unknown; live_of_limit > 40; cause in exit-137 sigkill

A clause names a fact of `gctail.advice.facts`. A fact that the log does not tell satisfies nothing but `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import msgspec
from msgspec import Struct

from gctail.advice.facts import Facts
from gctail.data import shipped
from gctail.records import SEVERITIES

NAMES = frozenset(field.name for field in msgspec.structs.fields(Facts))
_CLAUSE = re.compile(
    r"(?P<not>not )?(?P<name>[a-z_]+)"
    r"(?: (?P<known>known|unknown)| (?P<sign>>=|<=|>|<) (?P<number>-?[\d.]+)"
    r"| (?P<among>not in|in) (?P<words>[\w.+ -]+))?$"
)  # fmt: skip

_FACT = re.compile(r"\{(?P<name>[a-z_]+)(?::(?P<form>[^{}\s]*))?\}")


class Advice(Struct, frozen=True):
    """One piece of advice from the rule book, with what in this log calls for it."""

    id: str
    severity: str
    title: str
    text: str
    evidence: tuple[str, ...]
    setting: str
    """The exact setting or pattern of code; empty where there is none."""
    url: str
    place: str
    """The place in Go's documentation that says so, in words."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. `evidence` are templates over facts (`{live_mib:.0f}`): one whose facts are not known is left out."""

    id: str
    severity: str
    when: str
    title: str
    text: str
    evidence: tuple[str, ...]
    url: str
    place: str
    setting: str = ""


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """All rules, the most urgent first within a severity."""

    rule: tuple[Rule, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """The rule book, read once. Raises ValueError where a condition is none."""
    text = shipped("advice.toml")
    book = msgspec.toml.decode(text, type=Book).rule
    for rule in book:
        for clause in clauses(rule.when):
            _parsed(clause)
    return book


def advise(facts: Facts) -> tuple[Advice, ...]:
    """Every piece of advice that these facts call for, the most severe first."""
    told = []
    for rule in rules():
        if not holds(rule.when, facts):
            continue
        evidence = _different(line for each in rule.evidence if (line := filled(each, facts)) is not None)
        if evidence:
            told.append(
                Advice(
                    id=rule.id,
                    severity=rule.severity,
                    title=filled(rule.title, facts) or rule.title,
                    text=" ".join(rule.text.split()),
                    evidence=evidence,
                    setting=(filled(rule.setting, facts) or "").expandtabs(4),
                    url=rule.url,
                    place=rule.place,
                )
            )
    told.sort(key=lambda each: -SEVERITIES.index(each.severity))
    return tuple(told)


def _different(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines, without those that say less of the same as one before."""
    kept: list[str] = []
    for line in lines:
        if not any(line in other for other in kept):
            kept.append(line)
    return tuple(kept)


def clauses(when: str) -> list[str]:
    """The clauses of a condition."""
    return [" ".join(clause.split()) for clause in when.split(";") if clause.strip()]


def holds(when: str, facts: Facts) -> bool:
    """Whether all clauses hold."""
    return all(_holds(clause, facts) for clause in clauses(when))


def _parsed(clause: str) -> re.Match[str]:
    found = _CLAUSE.match(clause)
    if found is None or found["name"] not in NAMES:
        raise ValueError(f"advice: no condition: {clause!r}")
    return found


def _holds(clause: str, facts: Facts) -> bool:
    found = _parsed(clause)
    value = getattr(facts, found["name"])
    if found["known"]:
        return (value is None) == (found["known"] == "unknown")
    if found["sign"]:
        return value is not None and _compares(float(value), found["sign"], float(found["number"]))
    if found["among"]:
        among = str(value) in found["words"].split()
        return value is not None and among == (found["among"] == "in")
    return bool(value) != bool(found["not"])


def _compares(value: float, sign: str, number: float) -> bool:
    return {">": value > number, ">=": value >= number, "<": value < number, "<=": value <= number}[sign]


def filled(template: str, facts: Facts) -> str | None:
    """The template with its facts; None where one of them is not known. Other braces are code, and stay."""
    whole = True

    def value(found: re.Match[str]) -> str:
        nonlocal whole
        if found["name"] not in NAMES:
            return found[0]
        known = getattr(facts, found["name"])
        whole &= known is not None
        return format(known, found["form"] or "") if known is not None else ""

    text = _FACT.sub(value, template).strip()
    return text if whole else None
