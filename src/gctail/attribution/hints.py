"""What a line says of itself: evidence for where the log's figures cannot tell lines apart, and there alone.

Where growth is perfectly even, every line that comes evenly fits it, and a request's number is as new as a session's.
Then it counts what a number is called, whether keys are new among repeated ones, and whether the words say that
something is stored, or that something is over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gctail.attribution.columns import LEVEL
from gctail.attribution.names import COUNTERS, REQUESTS, SIZES, words

if TYPE_CHECKING:
    from gctail.attribution.columns import Candidate
    from gctail.templates.courses import Slot, Template

ALWAYS_NEW = 0.9
FEW_REPEATED = 0.6
"""Of numbers: such as go up to a million hardly come again by chance."""
LITTLE = 0.35
NET, PART = 0.5, -1.0
"""What is there after what went; and lines with one value, of which there are many to try."""
WARNED = 1.0
"""A warning or an error tells of something unusual, and the growth is."""
WARNS = frozenset({"warn", "error", "fatal", "panic"})
_ENDING = r")(?:[edrst]|e[drs]|[a-z]?ing|[a-z]?ed|[a-z]?ion|ions|ation)?"
_STORES = re.compile(
    "(?:put|add|insert|sav|regist|register|append|subscrib|subscript|enqueue|retain|kept|keep|hold|held|open|attach"
    "|connect|creat|start|spawn|allocat|remember|memoiz|intern|push|join|collect|leak|new"
    + _ENDING
    + "|(?:stor|cach|queu|buffer|track|pend|schedul|record|index|accumulat)(?:ed|ing)"  # `cache hit` stores nothing
)
_METHOD = re.compile(r"\b(?:GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS)\b")
_STAMPED = re.compile(r".*(?<!\d)(?:1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?|20\d\d-?\d\d-?\d\d[T-].*)(?!\d).*")
"""Seconds, ms, µs or ns since 1970, or a date, inside a key."""
_ENDS = re.compile(
    "(?:evict|remov|delet|clos|releas|expir|unsubscrib|unregister|unlock|deregister|disconnect|discard|detach|don|finish"
    "|complet|flush|drop|purg|clean|clear|stop|end|free|left|leav|pop|dequeu|process|serv|handl|sent|send|respond"
    "|response|repl|replied|hit|miss|look|lookup|check|verif|verifi|receiv|accept|access|heartbeat|health|prob|ping|render|relay"
    "|request|refresh|tick|get|span" + _ENDING
)


def hint(template: Template, candidate: Candidate) -> float:
    """In log-likelihood, between -2 and 4: how much likelier than another such a column is the cause."""
    return _by_kind(candidate, template) + said(template)


def said(template: Template) -> float:
    """What the words and the level of a message make likely."""
    spoken = words(_METHOD.sub("", template.message))
    warns = WARNED if template.level in WARNS else 0.0
    ends = any(map(_ENDS.fullmatch, spoken))
    if any(map(_STORES.fullmatch, spoken)):
        return warns + (0.4 if ends else 1.0)
    return warns - (0.6 if ends else 0.0)


def reason(first: tuple[Template, Candidate], second: tuple[Template, Candidate]) -> str:
    """Why one is told before another that the log cannot tell from it; empty where nothing speaks for that."""
    kinds = [_by_kind(each, template) for template, each in (first, second)]
    template, candidate = first
    if kinds[0] > kinds[1] + LITTLE:
        if candidate.less is not None:
            return "it says what comes, and another line what goes"
        if candidate.kind == LEVEL:
            return "it prints the size of something"
        if always_new(template.slots[candidate.slot or 0], template.total):
            return "its keys are no numbers of requests"
        return "its keys are new among repeated ones"
    spoken = said(template) - said(second[0])
    if spoken > LITTLE:
        return "its words say that something is kept"
    return "it is a warning" if spoken > 0 and template.level in WARNS else ""


def always_new(slot: Slot, lines: int) -> bool:
    """Nearly every line brings a value that was never there before."""
    return slot.distinct >= (FEW_REPEATED if slot.type == "int" else ALWAYS_NEW) * lines


def stamped(slot: Slot) -> bool:
    """Its keys have a time in them."""
    return bool(slot.keys) and all(_STAMPED.fullmatch(key.text) for key in slot.keys)


def tells_no_more(slot: Slot, lines: int) -> bool:
    """Its values are new in every line and a number, or that of a request: what they tell, the lines tell."""
    if slot.type == "int":
        return not slot.name or always_new(slot, lines)
    return always_new(slot, lines) and bool(REQUESTS.intersection(words(slot.name)))


def _by_kind(candidate: Candidate, template: Template) -> float:
    if candidate.less is not None or candidate.value:
        return NET if candidate.less is not None else PART
    if candidate.slot is None:
        return 0.0
    slot = template.slots[candidate.slot]
    match candidate.kind:
        case "level":
            return _level(slot)
        case "keys":
            return _keys(slot, template.total)
    return -0.5


def _level(slot: Slot) -> float:
    called = frozenset(words(slot.name))
    if called & COUNTERS and not called & SIZES:
        return -0.5
    return 2.0 if called & SIZES else 1.0


def _keys(slot: Slot, lines: int) -> float:
    """A time inside a key is how keys come to be new without end; some are new among others that come again."""
    if tells_no_more(slot, lines):
        return -0.1
    if stamped(slot):
        return 1.7
    return 0.7 + 0.8 * max(0.0, 1.0 - slot.distinct / max(lines, 1))
