"""Writes down what is known of a column that is suspected: figures, an example, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.columns import KEYS, LEVEL, LINES, SUM, Table, counts_up, lines_of
from gctail.attribution.doubts import doubts
from gctail.attribution.hints import Hint, reason
from gctail.attribution.keys.glimpse import glimpse
from gctail.attribution.likeliest import rank
from gctail.attribution.pace import pace
from gctail.attribution.ranking import Ranked, Window
from gctail.attribution.values import Suspect
from gctail.attribution.wording import said

if TYPE_CHECKING:
    from gctail.attribution.columns import Candidate
    from gctail.templates.courses import Courses, Slot, Template

NEARLY = 3.0
"""Of the keys of one line, those whose score is no lower than this are about as good."""
UNDER_WAY = "as many lines tell that it ends: a heap may go along with it because of what is under way alone"
EVER_MORE = "each keeps more than the one before it: what is kept at once grows, too"
AS_MANY = 0.8
GOES_ALONG = 0.9
"""Correlation of the level from which a second key or number of the same line is named beside the first."""


class Describer:
    """Writes down what is known of a chosen column."""

    def __init__(self, courses: Courses, seen: Window, columns: Table, ranked: Ranked, hints: list[Hint]) -> None:
        self.courses, self.seen, self.columns, self.ranked, self.hints = courses, seen, columns, ranked, hints

    def suspect(self, at: int, group: int, before: int | None) -> Suspect:
        """The suspect; `before` is whom it leads in its group."""
        candidate = self.columns.candidates[at]
        template = self.courses.templates[candidate.template]
        key, number = self._beside(candidate, KEYS), self._beside(candidate, SUM if candidate.kind == SUM else LEVEL)
        mib = min(max(float(self.ranked.mib[at]), 0.0), self.seen.growth_mib)
        key_slot = template.slots[key] if key is not None else None
        events = round(sum(lines_of(self.courses, candidate)[self.seen.begin :]))
        per_event_mib = float(self.ranked.slope[at])
        counter = candidate.kind == SUM and candidate.slot is not None and counts_up(template.slots[candidate.slot])
        if counter:  # the later one comes, the more it keeps: so much tells a sum of numbers that count
            number, per_event_mib = None, mib / max(events, 1)
        return Suspect(
            template=template.text,
            message=template.message,
            kind=LINES if counter else candidate.kind,
            slot=(template.route.partition("=")[0] or named(key_slot)) if key_slot is not None else None,
            field=named(template.slots[number]) if number is not None else None,
            mib=round(mib, 2),
            share=round(mib / self.seen.growth_mib, 4),
            p_value=float(f"{self.ranked.p_value[at]:.3g}"),
            correlation=round(self._correlation(at), 4),
            per_event_kib=float(f"{per_event_mib * 1024:.4g}"),
            events=events,
            distinct=round(key_slot.distinct) if key_slot is not None else None,
            since_uptime_s=round(max(self.seen.onset_s, template.first_uptime_s), 3),
            group=group,
            example=template.example,
            about_keys=glimpse(template.slots, key_slot) if candidate.less is None else "",
            only=self._only(candidate),
            only_share=self._only_share(candidate),
            less=self._less(candidate),
            held_share=self._held(candidate),
            pace=self._pace(at),
            counter_evidence=(
                *self._tie(at, before),
                *([UNDER_WAY] if self.hints[at].under_way else []),
                *([EVER_MORE] if counter else []),
                *doubts(self.courses, self.seen, self.ranked, at, candidate),
            ),
        )

    def _only(self, candidate: Candidate) -> str:
        if route := self.courses.templates[candidate.template].route:
            return route
        if candidate.slot is None or not candidate.value:
            level = self.courses.templates[candidate.template].level
            return f"level={level}" if level and len(self._levels(candidate)) > 1 else ""
        slot = self.courses.templates[candidate.template].slots[candidate.slot]
        return f"{named(slot)}={candidate.value}"

    def _only_share(self, candidate: Candidate) -> float | None:
        if not self._only(candidate):
            return None
        every = [self.courses.templates[candidate.template]] if candidate.value else self._levels(candidate)
        if every[-1].route:
            every = [each for each in self.courses.templates if every[-1] in each.routes]
        whole = sum(sum(each.count[self.seen.begin :]) for each in every)
        return round(sum(lines_of(self.courses, candidate)[self.seen.begin :]) / whole, 4) if whole else None

    def _levels(self, candidate: Candidate) -> list[Template]:
        """The lines of all levels that say the same."""
        template = self.courses.templates[candidate.template]
        others = [each for each in self.courses.templates if each.message == template.message]
        return [each for each in others if each.level != template.level] + [template]

    def _less(self, candidate: Candidate) -> str:
        other = candidate.less
        return (self._only(other) or _said(self.courses.templates[other.template])) if other is not None else ""

    def _held(self, candidate: Candidate) -> float | None:
        """What came and did not go, of all that came."""
        if candidate.less is None:
            return None
        came, went = (sum(lines_of(self.courses, each)[self.seen.begin :]) for each in (candidate, candidate.less))
        return round(max(0.0, 1.0 - went / came), 4) if came else None

    def _pace(self, at: int) -> float | None:
        found = pace(self.seen, self.ranked.values[:, at])
        return round(found, 3) if found is not None else None

    def _tie(self, at: int, before: int | None) -> list[str]:
        """That another one fits as well, and why this one is told before it."""
        if before is None:
            return []
        candidate, other = (self.columns.candidates[each] for each in (at, before))
        templates, ours, theirs = self.courses.templates, self.hints[at], self.hints[before]
        fits = float(self.ranked.score[at] - ours.total - self.ranked.score[before] + theirs.total)
        why = reason(templates[candidate.template], candidate, ours, theirs, fits)
        told = f"; it is told before that because {why}" if why else ", and nothing says which comes first"
        return [f'the log cannot tell it from "{_said(templates[other.template])}"{told}']

    @staticmethod
    def _as_many(template: Template, slot: int, candidate: Candidate, kind: str) -> bool:
        """Whether a slot has as many keys as the one that the heap follows: what is kept for each is told of either."""
        if candidate.kind != kind or candidate.slot is None:
            return True
        ours, theirs = template.slots[candidate.slot].distinct, template.slots[slot].distinct
        return AS_MANY * max(ours, theirs) <= min(ours, theirs)

    def _correlation(self, at: int) -> float:
        """Of the live heap and the column."""
        return float(np.corrcoef(self.seen.live_mib, self.ranked.values[:, at])[0, 1])

    def _beside(self, candidate: Candidate, kind: str) -> int | None:
        """The slot of the same line that is its best candidate of this kind, where the heap goes along with it.

        Where two keys are about as good, the likelier: `key=u1`, not `value=Session{u1 web}`.
        """
        if candidate.value:
            return None
        if candidate.kind == kind != KEYS:
            return candidate.slot
        able = {
            each.slot: float(self.ranked.score[at])
            for at, each in reversed([*enumerate(self.columns.candidates)])
            if each.template == candidate.template
            and each.kind == kind
            and each.slot is not None
            and self.ranked.slope[at] > 0
            and self._correlation(at) >= GOES_ALONG
        }
        if not able:
            return candidate.slot if candidate.kind == kind else None
        template = self.courses.templates[candidate.template]
        best = max(able.values()) - NEARLY
        near = [slot for slot in able if able[slot] >= best and self._as_many(template, slot, candidate, kind)]
        return min(near, key=lambda slot: (*rank(template, slot), slot))


def _said(template: Template) -> str:
    return said({"message": template.message, "template": template.text})


def named(slot: Slot) -> str:
    """What to call a slot: by its name, else by its place in the text of its template."""
    return slot.name or f"#{slot.hole + 1}"
