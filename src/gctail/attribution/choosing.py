"""Chooses whom to suspect: the best column of each template, and no more of them than the log can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.columns import KEYS, LEVEL, SUM, Table, lines_of, table
from gctail.attribution.doubts import doubts
from gctail.attribution.hints import hint, reason, stamped, tells_no_more
from gctail.attribution.keys.glimpse import glimpse
from gctail.attribution.ranking import Ranked, Window, appearance, rank, window
from gctail.attribution.regression import fits
from gctail.attribution.values import Suspect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.columns import Candidate
    from gctail.templates.courses import Courses, Slot, Template

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MOST_SUSPECTS = 5
MOST_UNPROVEN = 3
CERTAIN = 0.01
LEAST_GROWTH_MIB = 1.0
LEAST_LEAD = -5.0
"""A line that fits so much worse than a straight line in time does not explain the growth, unless its ups and downs do.

Log-likelihood. Of 95 culprits in the recorded runs two lay below, of the best lines of leaks that log nothing none lay
above -7.
"""
BEHIND = 4.0
"""Where somebody is told, others are that fit worse by no more than this."""
LEAST_SHARE = 0.1
NEAR = 8.0
"""A line whose score is so much lower than the first one's is not told."""
APART = 1.0
"""Evidence that is closer together than this does not tell two lines apart."""
ALIKE = 0.98
"""Nor does any log where their courses are so much alike after trend and traffic."""
SAME = 5.0
"""What comes in one line fits alike; so much (log-likelihood) depends on where in a bin the line came."""
LONG = frozenset({"struct", "quoted", "list"})
"""Types of slots that hold more than a key."""
GOES_ALONG = 0.9
"""Correlation of the level from which a second key or number of the same line is named beside the first."""


def suspects(courses: Courses, onset_s: float) -> tuple[Suspect, ...]:
    """Who is suspected of the growth since `onset_s` (s since the process began), most suspected first.

    Nobody where there are too few collections, where nothing grew, and where no line explains it.
    """
    seen = window(courses, onset_s)
    if seen is None or seen.growth_mib < LEAST_GROWTH_MIB:
        return ()
    columns = table(courses, seen.begin)
    if not columns.candidates:
        return ()
    ranked, hints = ranked_since(courses, onset_s, seen, columns)
    best = best_of_each(ranked, columns, courses, explaining(ranked, seen, LEAST_LEAD))
    if not best:
        return ()
    first = best[0]
    best = best_of_each(
        ranked, columns, courses, explaining(ranked, seen, min(LEAST_LEAD, ranked.lead[first] - BEHIND))
    )
    parts = contributors(seen, ranked, [first, *best_of_each(ranked, columns, courses, ranked.slope > 0)])
    near = [at for at in best if ranked.score[at] > ranked.score[first] - NEAR]
    most = MOST_SUSPECTS if ranked.p_value[near].min() < CERTAIN else MOST_UNPROVEN
    told = sorted({*near[:most], *parts}, key=lambda at: -ranked.score[at])[:MOST_SUSPECTS]
    groups = grouped(seen, ranked, told)
    told.sort(key=lambda at: (groups[at], -hints[at], -ranked.score[at]))
    describe = Describer(courses, seen, columns, ranked, onset_s)
    return tuple(describe.suspect(at, groups[at], parts.get(at), after(at, told, groups)) for at in told)


def ranked_since(courses: Courses, onset_s: float, seen: Window, columns: Table) -> tuple[Ranked, Floats]:
    """All candidates, ranked, and what the line of each says of itself (log-likelihood)."""
    hints = np.array([hint(courses.templates[each.template], each) for each in columns.candidates])
    appeared = appearance(courses, onset_s)[[each.template for each in columns.candidates]]
    return rank(seen, columns, hints, appeared), hints


def after(at: int, told: list[int], groups: dict[int, int]) -> int | None:
    """Before whom this one is told though the log cannot tell them apart; None where it is not the first of several."""
    same = [other for other in told if groups[other] == groups[at]]
    return same[1] if len(same) > 1 and same[0] == at else None


def explaining(ranked: Ranked, seen: Window, least_lead: float) -> Flags:
    """Who fits no worse than time or traffic, or is proven by ups and downs; and is not about a mere trifle."""
    found: Flags = (ranked.mib >= LEAST_SHARE * seen.growth_mib) & (ranked.slope > 0)
    found &= (ranked.lead >= least_lead) | (ranked.p_value < CERTAIN)
    return found


def best_of_each(ranked: Ranked, columns: Table, courses: Courses, able: Flags) -> list[int]:
    """The best column of each template, best template first.

    Of one template that which tells most: the size of what grows, else the keys, where they fit about as well as lines.
    """
    best: dict[int, int] = {}
    for at in np.argsort(-ranked.score, kind="stable").tolist():
        if not able[at]:
            continue
        candidate = columns.candidates[at]
        first = best.setdefault(candidate.template, at)
        about_as_well = ranked.score[at] > ranked.score[first] - SAME
        template = courses.templates[candidate.template]
        if about_as_well and tells(candidate, template) > tells(columns.candidates[first], template):
            best[candidate.template] = at
    return sorted(best.values(), key=lambda at: -ranked.score[at])


def tells(candidate: Candidate, template: Template) -> int:
    """Which column of a template says most of what grows."""
    if candidate.kind == LEVEL:
        return 3
    if candidate.slot is None or candidate.value:
        return 0
    slot = template.slots[candidate.slot]
    if candidate.kind == SUM or tells_no_more(slot, template.total):
        return -1
    return 2 if stamped(slot) else 1


def contributors(seen: Window, ranked: Ranked, best: list[int]) -> dict[int, float]:
    """Columns that explain the growth together, with the MiB of each: the first, and those proven beside it."""
    chosen = [best[0]]
    while len(chosen) < 3:
        beside = ranked.values[:, chosen]
        rest = [at for at in best if at not in chosen and ranked.slope[at] > 0]
        if not rest:
            break
        proof = fits(seen.live_mib, np.column_stack([seen.thorough, beside]), ranked.values[:, rest])
        chance = np.where(proof.slope > 0, proof.p_value, 1.0) * len(ranked.slope)
        at = int(chance.argmin())
        if chance[at] >= CERTAIN or together(seen, ranked, [*chosen, rest[at]])[-1] < LEAST_SHARE * seen.growth_mib:
            break
        chosen.append(rest[at])
    return dict(zip(chosen, together(seen, ranked, chosen), strict=True)) if len(chosen) > 1 else {}


def together(seen: Window, ranked: Ranked, chosen: list[int]) -> list[float]:
    """How much of the growth (MiB) each of the chosen columns explains beside the others."""
    values = ranked.values[:, chosen]
    explained = []
    for at in range(len(chosen)):
        others = np.column_stack([seen.steady, np.delete(values, at, axis=1)])
        slope = fits(seen.live_mib, others, values[:, [at]]).slope[0]
        explained.append(float(slope * (values[-1, at] - values[0, at])))
    return explained


def grouped(seen: Window, ranked: Ranked, told: list[int]) -> dict[int, int]:
    """A number for each of `told`, the same for those that this log does not tell apart."""
    basis = np.linalg.qr(seen.thorough)[0]
    values = ranked.values[:, told]
    rest = values - basis @ (basis.T @ values)
    rest /= np.maximum(np.sqrt((rest * rest).sum(0)), 1e-12)
    alike = rest.T @ rest
    groups: dict[int, int] = {}
    for place, at in enumerate(told):
        twin = next(
            (
                other
                for before, other in enumerate(told[:place])
                if alike[before, place] >= ALIKE or abs(ranked.gain[other] - ranked.gain[at]) < APART
            ),
            None,
        )
        groups[at] = groups[twin] if twin is not None else 1 + max(groups.values(), default=0)
    return groups


class Describer:
    """Writes down what is known of a chosen column."""

    def __init__(self, courses: Courses, seen: Window, columns: Table, ranked: Ranked, onset_s: float) -> None:
        self.courses, self.seen, self.columns, self.ranked, self.onset_s = courses, seen, columns, ranked, onset_s

    def suspect(self, at: int, group: int, part_mib: float | None, before: int | None) -> Suspect:
        """The suspect; `part_mib` is what it explains beside others, `before` whom it leads in its group."""
        candidate = self.columns.candidates[at]
        template = self.courses.templates[candidate.template]
        key, number = self._beside(candidate, KEYS), self._beside(candidate, SUM if candidate.kind == SUM else LEVEL)
        mib = part_mib if part_mib is not None else float(self.ranked.mib[at])
        mib = min(max(mib, 0.0), self.seen.growth_mib)
        key_slot = template.slots[key] if key is not None else None
        return Suspect(
            template=template.text,
            message=template.message,
            kind=candidate.kind,
            slot=named(key_slot, key),
            field=named(template.slots[number], number) if number is not None else None,
            mib=round(mib, 2),
            share=round(mib / self.seen.growth_mib, 4),
            p_value=float(f"{self.ranked.p_value[at]:.3g}"),
            correlation=round(self._correlation(at), 4),
            per_event_kib=float(f"{self.ranked.slope[at] * 1024:.4g}"),
            events=round(sum(lines_of(self.courses, candidate)[self.seen.begin :])),
            distinct=round(key_slot.distinct) if key_slot is not None else None,
            since_uptime_s=round(max(self.onset_s, template.first_uptime_s), 3),
            group=group,
            example=template.example,
            about_keys=glimpse(template.slots, key_slot),
            only=self._only(candidate),
            less=self._less(candidate),
            held_share=self._held(candidate),
            pace=self._pace(at),
            counter_evidence=(
                *self._tie(candidate, before),
                *doubts(self.courses, self.seen, self.ranked, at, candidate),
            ),
        )

    def _only(self, candidate: Candidate) -> str:
        if candidate.slot is None or not candidate.value:
            return ""
        slot = self.courses.templates[candidate.template].slots[candidate.slot]
        return f"{named(slot, candidate.slot)}={candidate.value}"

    def _less(self, candidate: Candidate) -> str:
        other = candidate.less
        return (self._only(other) or self.courses.templates[other.template].message) if other is not None else ""

    def _held(self, candidate: Candidate) -> float | None:
        """What came and did not go, of all that came."""
        if candidate.less is None:
            return None
        came, went = (sum(lines_of(self.courses, each)[self.seen.begin :]) for each in (candidate, candidate.less))
        return round(max(0.0, 1.0 - went / came), 4) if came else None

    def _pace(self, at: int) -> float | None:
        """How fast the column grows at the end of the time since the onset, beside its beginning."""
        values, uptime_s = self.ranked.values[:, at], self.seen.uptime_s
        begin_s, end_s = uptime_s[max(self.seen.before - 1, 0)], uptime_s[-1]
        third = (end_s - begin_s) / 3
        first, last = np.diff(np.interp([begin_s, begin_s + third, end_s - third, end_s], uptime_s, values))[[0, 2]]
        return round(float(last / first), 3) if first > 0 else None

    def _tie(self, candidate: Candidate, before: int | None) -> list[str]:
        """That another one fits as well, and why this one is told first."""
        if before is None:
            return []
        other = self.columns.candidates[before]
        templates = self.courses.templates
        second = templates[other.template]
        why = reason((templates[candidate.template], candidate), (second, other))
        told = f"; it is told first because {why}" if why else ", and nothing says which comes first"
        return [f'the log cannot tell it from "{second.message}"{told}']

    def _correlation(self, at: int) -> float:
        """Of the live heap and the column."""
        return float(np.corrcoef(self.seen.live_mib, self.ranked.values[:, at])[0, 1])

    def _beside(self, candidate: Candidate, kind: str) -> int | None:
        """The slot of the same line that is its best candidate of this kind, where the heap goes along with it.

        Where two keys are about as good, one with a time in it, else the first that is no list of others: `key=u1`, not
        `value=Session{u1 web}`.
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
        slots = self.courses.templates[candidate.template].slots
        best = max(able.values()) - SAME
        near = [slot for slot in able if able[slot] >= best]
        return min(near, key=lambda slot: (not stamped(slots[slot]), slots[slot].type in LONG, slot))


def named(slot: Slot | None, place: int | None) -> str | None:
    """What to call a slot: by its name, else by its place in the line."""
    if slot is None or place is None:
        return None
    return slot.name or f"#{place + 1}"
