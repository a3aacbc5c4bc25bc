"""A judgement with its reasons: the kind of a course put into words, with what others, the log and the limit say."""

from __future__ import annotations

from typing import Any, NamedTuple

from gctail.detectors.ending import Ending
from gctail.detectors.episodes import Zigzag
from gctail.detectors.others import Others
from gctail.detectors.reasons import climbing_sentence, limit_sentence, reasons_of
from gctail.detectors.regression import Regression
from gctail.detectors.shape import Course
from gctail.records import Forecast

WORTH_A_FORECAST = 0.4
MOST_TOLD = 80
NO_CACHES = ("idle", "steady", "death-spiral")
"""What a course is called where the log tells of something full, and that is not what moves the heap."""


class Judgement(NamedTuple):
    """Everything behind a verdict; onset and rate (MiB/s) are of the growth that was found, leak or not."""

    probability: float
    kind: str
    onset_s: float
    rate_mib_per_s: float
    forecast: Forecast | None
    why: tuple[str, ...]
    evidence: dict[str, Any] = {}  # noqa: RUF012  (never changed)


NO_JUDGEMENT = Judgement(0.0, "too-few-points", 0.0, 0.0, None, ("no collection was seen",))


class Heard(NamedTuple):
    """What was heard beside the heap: other processes, as long as this one climbs, and lines of the log.

    One that it pauses with, and what they say of its end; `is_full` is whether it has come.
    """

    others: Others
    climbs: bool
    pauses_with: str = ""
    ends: str = ""
    is_full: bool = False


def explained(  # noqa: PLR0913, PLR0917  (everything that a verdict may speak of)
    course: Course,
    kind: str,
    zigzag: Zigzag,
    found: Regression,
    end: Ending,
    heard: Heard,
    limit_mib: float | None,
    origin_s: float,
) -> Judgement:
    """The judgement of a course of this kind; `origin_s` is the uptime at which its clock began."""
    rate, said = end.rate_mib_per_s, heard.others
    if heard.is_full and kind not in NO_CACHES:
        kind = "bounded-cache"
    why = reasons_of(course, kind, rate, zigzag, found.load_share)
    evidence = said.evidence()
    if heard.climbs and (told := said.sentences(course.level)):
        if course.probability < WORTH_A_FORECAST and said.calls_warm_up(course.level):
            kind, why = "warm-up", (climbing_sentence(course.level, course.now_s - end.onset_s, rate),)
        why, evidence = (*why, *told), {**evidence, "others_say": told}
    if heard.pauses_with:
        why = (*why, f'it paused when "{heard.pauses_with[:MOST_TOLD]}" did, which it follows')
    if heard.ends:
        why = (*why, heard.ends)
    about_limit = limit_sentence(end.forecast, limit_mib, course.level, rate)
    if about_limit is not None and course.probability >= WORTH_A_FORECAST:
        why = (*why, about_limit)
    return Judgement(course.probability, kind, end.onset_s + origin_s, rate, end.forecast, why, evidence)
