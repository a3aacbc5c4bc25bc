"""What a line says of itself: evidence for where the log's figures cannot tell lines apart, and there alone.

Where growth is perfectly even, every line that comes evenly fits it, and a request's number is as new as a session's.
Then it counts what a number is called, whether keys are new among repeated ones, how rare the line is, whether its
words say that something is stored or that something is over, and whether it tells of a failure. The weights are those
of a logistic regression over the recorded runs (bench/attribution), rounded.
"""

from __future__ import annotations

import re
from math import log
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from gctail.attribution.columns import KEYS, LEVEL
from gctail.attribution.deeds import deeds
from gctail.attribution.families import HOLE
from gctail.attribution.names import COUNTERS, REQUESTS, SIZES, words

if TYPE_CHECKING:
    from gctail.attribution.columns import Candidate
    from gctail.templates.courses import Slot, Template

ALWAYS_NEW = 0.9
FEW_REPEATED = 0.6
"""Of numbers: such as go up to a million hardly come again by chance."""
LITTLE = 0.35
NET, PART, SUMMED, ROUTE = 1.2, -0.7, -0.8, -0.7
"""What is there after what went; lines with one value, and sums, of which there are many to try."""
SIZE, NUMBER, COUNTER = 3.4, 1.0, -0.5
NEW_KEYS, AMONG_REPEATED, STAMPED = 1.3, 2.0, 2.9
KEEPS, KEEPS_AND_ENDS, IS_OVER, PASSED_OVER = 1.3, 0.3, -1.2, -1.2
UNDER_WAY = -1.6
"""What comes to an end by another line keeps nothing, whatever it says."""
WEAK = {"serves": -0.4, "puts": 0.5, "gets": -0.5}
BY_METHOD = {"POST": 0.3, "PUT": 0.3, "DELETE": -1.2, "HEAD": -1.2, "OPTIONS": -1.2}
FAILED = 0.5
"""A warning, an error, or words of one tell of something unusual, and the growth is."""
WARNS = frozenset({"warn", "error", "fatal", "panic"})
RARER = 0.5
"""For each time that a line is e times rarer: what every request writes is the load, and seldom the cause."""
RAREST = 0.01
"""Of all lines; below, it is no evidence how rare a line is."""
ENOUGH_POINTS, TOO_FEW = 10, 2.5
"""What changes so seldom goes along with a growth by accident, and that it is rare says nothing."""
ACCESS, TOKENS = "HTTP/", frozenset({"uuid", "hex"})
_STAMPED = re.compile(r".*(?<!\d)(?:1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?|20\d\d-?\d\d-?\d\d[T-].*)(?!\d).*")
"""Seconds, ms, µs or ns since 1970, or a date, inside a key."""


class Hint(Struct, frozen=True):
    """How much likelier than another such a column is the cause, in log-likelihood: by what it counts, and so on."""

    kind: float
    rare: float
    words: float
    failed: float
    under_way: bool = False
    """Its every event comes to an end that another line tells."""

    @property
    def total(self) -> float:
        """Between -3 and 8."""
        return self.kind + self.rare + self.words + self.failed


def hint(template: Template, candidate: Candidate, share: float = 1.0) -> Hint:
    """What speaks for a column; `share` is that of its line among all that are no clock's."""
    spoken = said(template)
    if candidate.kind == LEVEL:
        spoken = max(spoken, 0.0)  # how large something is may be told at the end of anything
    return Hint(_by_kind(candidate, template), rare(share), spoken, failed(template))


def answered_by_others(found: Hint) -> Hint:
    """The same of a line whose every event comes to an end."""
    return structs.replace(found, words=UNDER_WAY, under_way=True)


def weakened(found: Hint, points: int) -> Hint:
    """The same of a column that moves at a few points only."""
    part = min(points / ENOUGH_POINTS, 1.0)
    return structs.replace(found, kind=found.kind * part - TOO_FEW * (1.0 - part), rare=found.rare * part)


def rare(share: float) -> float:
    """What it makes likely that a line is so much of the log."""
    return -RARER * log(min(max(share, RAREST), 1.0))


def said(template: Template) -> float:
    """What the words of a message make likely; of a route its method, for the others are those of every request."""
    if template.route:
        return BY_METHOD.get(template.route.partition("=")[2].partition(" ")[0], 0.0)
    done = deeds(template.message)
    if "passes" in done:
        return PASSED_OVER
    if "keeps" in done:
        return KEEPS_AND_ENDS if done & {"ends", "reads", "serves"} else KEEPS
    if done & {"ends", "reads"} or tells_a_level(template):
        return IS_OVER
    return sum(weight for deed, weight in WEAK.items() if deed in done)


def tells_a_level(template: Template) -> bool:
    """Whether a line says how much there is of something and nothing else, as when a queue is longer than usual."""
    return deeds(template.message) == {"levels"}


def failed(template: Template) -> float:
    """What it makes likely that something went wrong."""
    return FAILED if template.level in WARNS or "fails" in deeds(template.message) else 0.0


def reason(template: Template, candidate: Candidate, ours: Hint, theirs: Hint, fits: float) -> str:
    """Why one is told before another that the log cannot tell from it; empty where nothing speaks for that.

    `fits` is by how much its fit makes it the likelier.
    """
    kept = "its words say that something is kept" if ours.words > 0 else "the other's words say that it keeps nothing"
    told = (
        (ours.kind - theirs.kind, _why_its_kind(template, candidate)),
        (ours.rare - theirs.rare, "it comes more rarely, and what every request writes is seldom the cause"),
        (ours.words - theirs.words, kept),
        (ours.failed - theirs.failed, "it tells of a failure"),
        (fits, "it fits a little better"),
    )
    much, why = max(told, key=lambda each: each[0])
    return why if much > LITTLE else ""


def _why_its_kind(template: Template, candidate: Candidate) -> str:
    if candidate.less is not None:
        return "it says what comes, and another line what goes"
    if candidate.kind == LEVEL:
        return "it prints the size of something"
    if candidate.kind != KEYS:
        return "it is one kind of line, and not one number or value of it"
    if always_new(template.slots[candidate.slot or 0], template.total):
        return "its keys are no numbers of requests"
    return "its keys are new among repeated ones"


def always_new(slot: Slot, lines: int) -> bool:
    """Nearly every line brings a value that was never there before."""
    return slot.distinct >= (FEW_REPEATED if slot.type == "int" else ALWAYS_NEW) * lines


def stamped(slot: Slot) -> bool:
    """Its keys have a time in them."""
    return bool(slot.keys) and all(_STAMPED.fullmatch(key.text) for key in slot.keys)


def tells_no_more(template: Template, slot: Slot) -> bool:
    """Its values are new in every line and a number, or that of a request: what they tell, the lines tell.

    In the line of an access log a token without a name is that of the request.
    """
    if slot.type == "int":
        return not slot.name or always_new(slot, template.total)
    of_a_request = (
        not REQUESTS.isdisjoint(words(slot.name)) if slot.name else slot.type in TOKENS and ACCESS in template.text
    )
    return of_a_request and always_new(slot, template.total)


def _by_kind(candidate: Candidate, template: Template) -> float:
    if candidate.less is not None:
        return NET
    if candidate.value:
        return PART + _new_in_each(template)
    if candidate.slot is None:
        return 0.0
    slot = template.slots[candidate.slot]
    match candidate.kind:
        case "level":
            return _level(called(template, candidate.slot))
        case "keys":
            return _keys(slot, template.total)
    return SUMMED


def _new_in_each(template: Template) -> float:
    """What a key counts that each line of a template brings anew, and so each line of a part of it."""
    new = (slot for slot in template.slots if slot.new_keys and always_new(slot, template.total))
    return max((_keys(slot, template.total) for slot in new if not tells_no_more(template, slot)), default=0.0)


def _level(said: frozenset[str]) -> float:
    if said & COUNTERS and not said & SIZES:
        return COUNTER
    return SIZE if said & SIZES else NUMBER


def called(template: Template, place: int) -> frozenset[str]:
    """The words of a variable's name; where it has none, those that stand around it: `tick 17`, `34 entries`."""
    slot = template.slots[place]
    if slot.name:
        return frozenset(words(slot.name))
    texts = template.text.split(HOLE)
    return frozenset(word for before in texts[slot.hole : slot.hole + 1] for word in words(before)[-1:]) | frozenset(
        word for behind in texts[slot.hole + 1 : slot.hole + 2] for word in words(behind)[:1]
    )


def _keys(slot: Slot, lines: int) -> float:
    """A time inside a key is how keys come to be new without end; some are new among others that come again."""
    if stamped(slot):
        return STAMPED
    return NEW_KEYS + AMONG_REPEATED * max(0.0, 1.0 - slot.distinct / max(lines, 1))
