"""The rule book, rule by rule: each is played both ways, with the facts that call for it and with each of them turned."""

import re

import msgspec
import pytest

from gctail.advice.book import Rule, _parsed, advise, clauses, rules
from gctail.advice.facts import Facts, facts_from
from gctail.advice.of_suspect import told_by_suspect
from gctail.parsing.causes import CAUSES
from gctail.records import SEVERITIES
from postmortem_cases import LOGS, certificate_of

TYPES = {field.name: str(field.type) for field in msgspec.structs.fields(Facts)}
PLACES = ("https://go.dev/doc/", "https://go.dev/blog/", "https://go.dev/ref/", "https://pkg.go.dev/")
WITHOUT_SETTING = {"gomemlimit-is-no-cure"}


def typical(name: str) -> object:
    """Some value of this fact."""
    kind = TYPES[name]
    return 7 if "int" in kind else 7.5 if "float" in kind else "checkout" if "str" in kind else True


def answer(clause: str, *, turned: bool = False) -> tuple[str, object]:
    """A value of a fact that satisfies the clause, or one that does not."""
    found = _parsed(clause)
    name = found["name"]
    if found["known"]:
        return name, typical(name) if (found["known"] == "known") != turned else None
    if found["sign"]:
        number = float(found["number"])
        above = (found["sign"] in {">", ">="}) != turned
        value = number + 1 if above else number - 1
        return name, int(value) if "int" in TYPES[name] else value
    if found["among"]:
        first = found["words"].split()[0]
        return name, first if (found["among"] == "in") != turned else "anything-else"
    return name, (found["not"] is None) != turned


def calling_for(rule: Rule) -> dict[str, object]:
    """Facts under which the rule must speak; those of its first line of evidence and its setting are known too."""
    facts: dict[str, object] = {"cause": "unknown"}
    for text in (rule.evidence[0], rule.setting, rule.title):
        facts |= {name: typical(name) for name in re.findall(r"\{([a-z_]+)", text)}
    for clause in clauses(rule.when):
        name, value = answer(clause)
        if _parsed(clause)["sign"] and name in facts and facts[name] is not None:
            facts.setdefault(name, value)
        facts[name] = value
    return both_ends(rule, facts)


def both_ends(rule: Rule, facts: dict[str, object]) -> dict[str, object]:
    """Where a fact has to lie between two numbers, the middle of them."""
    ends: dict[str, list[float]] = {}
    for clause in clauses(rule.when):
        found = _parsed(clause)
        if found["sign"]:
            ends.setdefault(found["name"], []).append(float(found["number"]))
    return facts | {name: sum(numbers) / 2 for name, numbers in ends.items() if len(numbers) == 2}


@pytest.mark.parametrize("rule", rules(), ids=[rule.id for rule in rules()])
def test_a_rule_speaks_when_it_applies_and_only_then(rule):
    """With every clause true it is told, with its evidence; with any one of them turned it is not."""
    facts = calling_for(rule)
    [told] = [each for each in advise(Facts(**facts)) if each.id == rule.id]
    assert told.evidence
    assert not re.search(r"[{}]", told.title + " ".join(told.evidence))
    for clause in clauses(rule.when):
        name, value = answer(clause, turned=True)
        silent = advise(Facts(**{**facts, name: value}))
        assert rule.id not in [each.id for each in silent], clause


def test_a_rule_without_evidence_is_silent():
    """Whatever holds: advice that cannot point at this log is not given."""
    for rule in rules():
        facts = calling_for(rule)
        needed = {name for line in rule.evidence for name in re.findall(r"\{([a-z_]+)", line)}
        free = needed - {_parsed(clause)["name"] for clause in clauses(rule.when)}
        if all(set(re.findall(r"\{([a-z_]+)", line)) & free for line in rule.evidence):
            bare = {name: value for name, value in facts.items() if name not in free}
            assert rule.id not in [each.id for each in advise(Facts(**bare))]


def test_the_book_is_deep_and_in_order():
    """Sixty rules and more, each with its name, severity, text, place in Go's documentation, and setting."""
    book = rules()
    assert len(book) >= 60
    assert len({rule.id for rule in book}) == len(book)
    assert {rule.severity for rule in book} == set(SEVERITIES)
    for rule in book:
        assert rule.url.startswith(PLACES), rule.id
        assert len(rule.text) > 40, rule.id
        assert rule.place, rule.id
        assert bool(rule.setting) == (rule.id not in WITHOUT_SETTING), rule.id
        assert len(rule.title) <= 66, rule.title


def test_conditions_name_causes_that_exist():
    """A misspelt cause would make a rule silent for ever."""
    for rule in rules():
        for clause in clauses(rule.when):
            found = _parsed(clause)
            if found["name"] == "cause":
                assert set(found["words"].split()) <= set(CAUSES), rule.id


def test_a_condition_that_is_none_is_refused():
    """At once, with the clause."""
    for clause in ("limit_mib ! 3", "no_such_fact", "limit_mib > much"):
        with pytest.raises(ValueError, match="no condition"):
            _parsed(clause)


def told(file: str, *more: object) -> set[str]:
    """The ids of the advice on a sample."""
    return {each.id for each in certificate_of(file, *more).advice}


def test_samples_get_the_advice_that_their_story_calls_for():
    """And what is well gets no critical piece of it."""
    leak = told("unbounded-map-go1.27.log", "--kernel-log", LOGS / "unbounded-map-go1.27.kernel.log")
    assert {"set-gomemlimit", "two-profiles", "profile-in-time"} <= leak
    assert {"goroutine-leak", "goroutines-at-one-place", "quit-was-asked"} <= told("goroutine-leak-go1.25.log.gz")
    assert {"map-cannot-double", "map-doubles-classic"} <= told("go-out-of-memory-go1.23.log.gz")
    assert "spiral-raise-or-bound" in told("memory-limit-spiral-go1.27.log.xz")
    for well in ("bounded-cache-go1.24.log.gz", "load-waves-go1.25.log.bz2", "idle-go1.27.log"):
        assert [each for each in certificate_of(well).advice if each.severity == "critical"] == []


@pytest.mark.parametrize("p_value", [1e-9, 1.0])
def test_a_number_in_a_summary_is_asked_what_it_counts(p_value):
    """A line that tells how many there are keeps nothing; one that tells a new key each time may keep an entry each."""
    summary = {"message": "broker stats", "kind": "level", "field": "pending_acks", "p_value": p_value, "share": 1.0}
    put = {**summary, "message": "put", "field": "size", "slot": "key", "distinct": 4000, "events": 4000}

    def first(suspect):
        facts = facts_from({"cause": "alive", "kind": "leak", "leak": True, **told_by_suspect([suspect])})
        return next((each.title, each.evidence[0]) for each in advise(facts) if each.severity == "critical")

    assert first(summary) == (
        "Find what pending_acks counts",
        'the live heap followed pending_acks of "broker stats"',
    )
    assert "counts" not in first(put)[0]
