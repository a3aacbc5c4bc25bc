"""What the certificate has of the application's own lines: whom they accuse, and how often each kind of them came."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from gctail.postmortem.certificate import TemplateRate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.postmortem.lives import Person
    from gctail.templates.courses import Courses, Template

SPANS = 64
MOST_RATES = 8


def accusation_of(person: Person) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Whom the log accuses of this process's growth, most suspected first; if nobody, whom nothing tells apart."""
    if person.epoch is None:
        return (), ()
    suspects, indistinct = person.epoch.accusation(person.epoch.verdict())
    return tuple(suspects), tuple(indistinct)


def rates_of(person: Person, suspects: Sequence[dict[str, Any]]) -> tuple[TemplateRate, ...]:
    """How often the suspects came, and the most frequent lines beside them."""
    mine = person.epoch.mine if person.epoch is not None else None
    courses: Courses | None = mine.courses() if mine is not None else None
    if courses is None or len(courses.uptime_s) < 2:
        return ()
    accused = [each["template"] for each in suspects]
    order = sorted(
        courses.templates,
        key=lambda each: (accused.index(each.text) if each.text in accused else len(accused), -each.total),
    )
    return tuple(_rate(each, courses.uptime_s, suspect=each.text in accused) for each in order[:MOST_RATES])


def _rate(template: Template, uptime_s: Sequence[float], *, suspect: bool) -> TemplateRate:
    """Lines a second in equal spans; within a bin they are taken to have come evenly."""
    width_s = uptime_s[-1] / SPANS
    edges_s, total = [0.0, *uptime_s], [0.0, *accumulate(template.count)]
    until = [_at(edges_s, total, width_s * span) for span in range(SPANS + 1)]
    return TemplateRate(
        message=template.message,
        template=template.text,
        suspect=suspect,
        uptime_s=tuple(round(width_s * span, 3) for span in range(SPANS)),
        per_s=tuple(round(max(0.0, until[span + 1] - until[span]) / width_s, 4) for span in range(SPANS)),
        example=template.example,
    )


def _at(edges_s: Sequence[float], total: Sequence[float], time_s: float) -> float:
    """The running total at a time, with straight lines between the edges."""
    after = min(max(bisect_left(edges_s, time_s), 1), len(edges_s) - 1)
    begin_s, end_s = edges_s[after - 1], edges_s[after]
    part = (time_s - begin_s) / (end_s - begin_s) if end_s > begin_s else 1.0
    return total[after - 1] + min(max(part, 0.0), 1.0) * (total[after] - total[after - 1])
