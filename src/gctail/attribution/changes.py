"""What a log said differently in a stretch of time: messages that came more often, for the first time, or not."""

from __future__ import annotations

from math import sqrt

from msgspec import Struct

from gctail.attribution.usual import Usual
from gctail.templates.courses import Template

MORE = 2.0
"""A message is told where it came so many times as often as usual, beside what all lines did."""
SURE = 5.0
"""Standard deviations of a count (Poisson) beyond the usual: below, it may be chance."""
LEAST_MISSED = 10.0
"""Lines that should have come, before their absence is told."""
GONE = 0.1
MOST_CHANGES = 6


class Change(Struct, frozen=True):
    """One message in a stretch of time. `kind` is new, more or vanished; `factor` of its usual rate, None where new."""

    kind: str
    message: str
    template: str
    per_min: float
    usual_per_min: float
    factor: float | None
    example: str


class Changes(Struct, frozen=True):
    """All of them, the most telling first; `lines_factor` is how often any line came, beside the usual."""

    begin_s: float
    end_s: float
    lines_factor: float | None
    told: tuple[Change, ...]


def changes(usual: Usual, begin_s: float, end_s: float) -> Changes | None:
    """Between two uptimes, held against all the rest of the process; None where there is no rest to hold it against."""
    courses = usual.courses
    if len(courses.uptime_s) < 4:
        return None
    first, last = usual.bins(begin_s, end_s)
    inside_s = usual.seconds(first, last)
    outside_s = usual.seconds(0, len(courses.uptime_s)) - inside_s
    if inside_s <= 0 or outside_s < inside_s / 2:
        return None
    lines = sum(courses.lines[first:last])
    expected = (sum(courses.lines) - lines) * inside_s / outside_s
    factor = lines / expected if expected > 0 else None
    found = [_change(each, first, last, (inside_s, outside_s), factor or 1.0) for each in courses.templates]
    told = sorted((change for change in found if change is not None), key=_weight)
    return Changes(begin_s, end_s, factor, tuple(told[:MOST_CHANGES]))


def _change(template: Template, first: int, last: int, seconds: tuple[float, float], busy: float) -> Change | None:
    inside_s, outside_s = seconds
    count = sum(template.count[first:last])
    before = sum(template.count[:first])
    outside = sum(template.count) - count
    expected = outside * inside_s / outside_s
    kind = _kind(count, before, expected, busy, is_first=first == 0)
    if not kind:
        return None
    return Change(
        kind,
        template.message,
        template.text,
        round(60 * count / inside_s, 3),
        round(60 * outside / outside_s, 3),
        round(count / expected, 2) if kind != "new" and expected > 0 else None,
        template.example,
    )


def _kind(count: float, before: float, expected: float, busy: float, *, is_first: bool) -> str:
    if count and not before and not is_first:
        return "new"
    likely = expected * max(1.0, busy)
    if count > MORE * likely and count - likely > SURE * sqrt(likely + 1):
        return "more"
    return "vanished" if expected >= LEAST_MISSED and count <= GONE * expected else ""


def _weight(change: Change) -> tuple[int, float, str]:
    """New messages first, then what grew most, then what is missed most."""
    order = {"new": 0, "more": 1, "vanished": 2}[change.kind]
    much = (change.factor or 0.0) if change.kind == "more" else max(change.per_min, change.usual_per_min)
    return order, -much, change.template
