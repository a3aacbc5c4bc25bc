"""Chooses whom to suspect: the best column of each template, and no more of them than the log can tell apart."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, structs

from gctail.attribution.columns import KEYS, LEVEL, LINES, SUM, Table, lines_of, table
from gctail.attribution.describing import Describer
from gctail.attribution.families import family, with_families
from gctail.attribution.hints import (
    PART,
    ROUTE,
    Hint,
    answered_by_others,
    hint,
    stamped,
    tells_a_level,
    tells_no_more,
    weakened,
)
from gctail.attribution.jointly import Part, contributors, two_at_once
from gctail.attribution.known import Known
from gctail.attribution.pace import faded
from gctail.attribution.ranking import Ranked, Window, appearance, rank, regular, window
from gctail.attribution.singled import singled
from gctail.attribution.under_way import beside
from gctail.attribution.values import Suspect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.columns import Candidate
    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MOST_SUSPECTS = 5
MOST_UNPROVEN = 3
CERTAIN = 0.01
LEAST_GROWTH_MIB = 1.0
LEAST_LEAD = -4.0
"""A line that fits so much worse than a straight line in time does not explain the growth, unless its ups and downs do.

Log-likelihood. Of 165 culprits two lay below; of a leak that logs nothing, lines with new keys lay at -4.2 and -5.7.
"""
BEHIND = 4.0
"""Where somebody is told, others are that fit worse by no more than this."""
LEAST_SHARE = 0.1
NEAR = 3.0
"""A line whose score is so much lower than the first one's is not told."""
LEAST_SCORE = 0.5
STANDS_OUT = 3.0
"""Where nothing is proven, somebody is told whose score is so high, or so much higher than that of all others.

Else the growth as likely writes no line: it goes on as evenly as time does, whatever the lines do.
"""
APART = 2.0
"""Evidence that is closer together than this does not tell two lines apart."""
ALIKE = 0.98
"""Nor does any log where their courses are so much alike after trend and traffic."""
LOOKS = 3.0
"""Times the p-value of all the time: it is asked for second, and before the onset something else may have grown."""
SAME = 3.0
"""What comes in one line fits alike; so much of its score depends on where in a bin the line came."""


class Case(Struct, frozen=True):
    """What a log says of a growth: all candidates, and those that explain it, one of each template, with their scores.

    `accused` is false where nothing tells who of them it was, and nobody is to be named.
    """

    seen: Window
    courses: Courses
    columns: Table
    ranked: Ranked
    hints: list[Hint]
    goes_on: Flags
    able: Flags
    best: dict[int, float]
    everybody: dict[int, float]
    accused: bool

    @property
    def is_proven(self) -> bool:
        """Whether it is no chance that the growth follows the likeliest of them."""
        return bool(self.best) and bool(self.ranked.p_value[next(iter(self.best))] < CERTAIN)

    def about(self, at: int) -> int:
        """Which template a column is about."""
        return self.columns.candidates[at].template

    def place(self, candidate: Candidate) -> int | None:
        """Where a column stands; None where it does not move here."""
        return next((at for at, each in enumerate(self.columns.candidates) if each == candidate), None)


class Accusation(Struct, frozen=True):
    """Who is suspected, most suspected first; or where nobody is, who goes as evenly as time does, likeliest first.

    So even is a growth then that nothing tells these apart, nor from what writes no line: none of them is proven.
    """

    suspects: tuple[Suspect, ...] = ()
    indistinct: tuple[Suspect, ...] = ()


def suspects(courses: Courses, onset_s: float) -> tuple[Suspect, ...]:
    """Who is suspected of the growth since `onset_s` (s since the process began), most suspected first."""
    return accusation(courses, onset_s).suspects


def accusation(courses: Courses, onset_s: float) -> Accusation:
    """Whom the log accuses of the growth since `onset_s` (s since the process began).

    Nobody where there are too few collections, where nothing grew, and where no line explains it.
    """
    case = case_of(courses, onset_s)
    if case is None:
        return Accusation()
    whole = case_of(courses, 0.0) if case.seen.begin and not case.is_proven else None
    if both := of_two_causes(case, whole):
        return Accusation(suspects=described(case, sorted(both, key=lambda at: -both[at].mib), both))
    if not case.accused:
        return Accusation(indistinct=described(case, [*case.best][:MOST_UNPROVEN], {}))
    if whole is not None:
        case = by_all_the_time(case, whole)
    seen, ranked, first = case.seen, case.ranked, next(iter(case.best))
    least_lead = min(LEAST_LEAD, ranked.lead[first] - BEHIND)
    able = case.goes_on & (case.able | explaining(ranked, seen, least_lead))
    best = best_of_each(ranked, case.columns, case.courses, able)
    parts = contributors(seen, ranked, [first, *case.everybody])
    highest = next(iter(best.values()))
    near = [at for at, score in best.items() if score > highest - NEAR]
    most = MOST_SUSPECTS if ranked.p_value[near].min() < CERTAIN else MOST_UNPROVEN
    scores = {at: ranked.score[at] for at in parts} | best
    told = without_takers(case, sorted({*near[:most], *parts}, key=lambda at: -scores[at])[:MOST_SUSPECTS])
    return Accusation(suspects=described(case, told, parts))


def case_of(courses: Courses, onset_s: float) -> Case | None:
    """What the log says of the growth since `onset_s`; None where there is none, or nothing to hold against it."""
    seen = window(courses, onset_s)
    if seen is None or seen.growth_mib < LEAST_GROWTH_MIB:
        return None
    courses, kin = with_families(courses)
    columns = table(courses, seen.begin, kin, closely=True)
    if not columns.candidates:
        return None
    seen = beside(seen, columns.loads)
    ranked, hints = ranked_since(courses, onset_s, seen, columns)
    goes_on = ~faded(courses, seen, columns)
    everybody = best_of_each(ranked, columns, courses, goes_on & (ranked.slope > 0))
    able = explaining(ranked, seen, LEAST_LEAD)
    best = best_of_each(ranked, columns, courses, goes_on & able)
    if not best and goes_with_the_load(ranked):
        able = explaining(ranked, seen, LEAST_LEAD, ranked.over_time)
        best = best_of_each(ranked, columns, courses, goes_on & able)
    accused = bool(best) and speaks(best, everybody, ranked)
    accused = accused and not ended(best_of_each(ranked, columns, courses, able & ~goes_on), best, ranked)
    return Case(seen, courses, columns, ranked, hints, goes_on, able, best, everybody, accused)


def of_two_causes(case: Case, whole: Case | None) -> dict[int, Part]:
    """Two columns that explain the growth together, where the likeliest is not proven alone.

    By `whole`, all that the process said, where the time since the onset does not tell.
    """
    for each in (case, whole) if not case.is_proven else ():
        if each is None:
            continue
        hints = np.array([hint.total for hint in each.hints])
        if both := two_at_once(each.seen, each.ranked, [*each.everybody], hints):
            told = {case.place(each.columns.candidates[at]): part for at, part in both.items()}
            return {at: part.over(case.ranked.values[:, at]) for at, part in told.items() if at is not None}
    return {}


def by_all_the_time(case: Case, whole: Case) -> Case:
    """The case with the p-values of all that the process said, where the same line is likeliest by that."""
    one, other = (next(iter(each.best), None) for each in (case, whole))
    if one is None or other is None or case.about(one) != whole.about(other):
        return case
    p_value = case.ranked.p_value.copy()
    for at, candidate in enumerate(whole.columns.candidates):
        if (place := case.place(candidate)) is not None:
            p_value[place] = min(p_value[place], LOOKS * whole.ranked.p_value[at])
    return structs.replace(case, ranked=structs.replace(case.ranked, p_value=p_value))


def without_takers(case: Case, told: list[int]) -> list[int]:
    """Those told, the first whoever it is; of the others none that takes back what another one of them brings."""
    takes = {each.less.template for at in told if (each := case.columns.candidates[at]).less is not None}
    return [at for place, at in enumerate(told) if not place or case.about(at) not in takes]


def described(case: Case, told: list[int], parts: dict[int, Part]) -> tuple[Suspect, ...]:
    """The chosen ones with all that is known of them; `parts` is what some of them explain beside the others."""
    ranked = beside_others(case.ranked, parts, case.seen.growth_mib)
    groups = grouped(case.seen, ranked, told, parts)
    describe = Describer(case.courses, case.seen, case.columns, ranked, case.hints)
    return tuple(describe.suspect(at, groups[at], after(at, told, groups, ranked)) for at in told)


def beside_others(ranked: Ranked, parts: dict[int, Part], growth_mib: float) -> Ranked:
    """The ranking with what some columns explain beside one another: together no more than all the growth."""
    slope, mib, p_value = (each.copy() for each in (ranked.slope, ranked.mib, ranked.p_value))
    most = min(1.0, growth_mib / max(sum(part.mib for part in parts.values()), 1e-9))
    for at, part in parts.items():
        slope[at], mib[at] = part.slope, part.mib * most
        p_value[at] = min(p_value[at], part.p_value)
    return structs.replace(ranked, slope=slope, mib=mib, p_value=p_value)


def speaks(best: dict[int, float], everybody: dict[int, float], ranked: Ranked) -> bool:
    """Whether anything speaks for the first one, beside that it goes on as time does."""
    first, score = next(iter(best.items()))
    if ranked.p_value[first] < CERTAIN or score >= LEAST_SCORE:
        return True
    others = [theirs for theirs in everybody.values() if theirs < score]
    return bool(others) and score - max(others) >= STANDS_OUT


def ended(gone: dict[int, float], best: dict[int, float], ranked: Ranked) -> bool:
    """Whether the growth was that of something which has come to a stand, and who is left is not proven.

    What stands has to fit better, too: of a line that goes on, a handful of keys comes to a stand soon.
    """
    first, score = next(iter(best.items()))
    stands = any(theirs > score and ranked.lead[at] > ranked.lead[first] for at, theirs in gone.items())
    return stands and bool(ranked.p_value[first] >= CERTAIN)


def ranked_since(courses: Courses, onset_s: float, seen: Window, columns: Table) -> tuple[Ranked, list[Hint]]:
    """All candidates, ranked, and what the line of each says of itself."""
    hints = hints_of(courses, seen, columns)
    appeared = appearance(courses, onset_s)[[each.template for each in columns.candidates]]
    events = np.array([_events(courses, seen, each) for each in columns.candidates])
    ranked = rank(seen, columns, np.array([each.total for each in hints]), appeared, events)
    under_way = np.array([each.under_way for each in hints])
    able = singled(ranked, columns, courses)
    tells = able & ~no_news(courses, columns)
    p_value, score = np.where(under_way | ~tells, 1.0, ranked.p_value), np.where(tells, ranked.score, -np.inf)
    return structs.replace(ranked, p_value=p_value, score=score, slope=np.where(able, ranked.slope, 0.0)), hints


def no_news(courses: Courses, columns: Table) -> Flags:
    """Keys that cannot be what grows: other lines knew them long before, or each line brings them anew as a number.

    Their course bends where few are left, or where numbers come again by chance; a heap that bends may follow that.
    """
    known = Known(courses)

    def has_none(each: Candidate) -> bool:
        if each.kind != KEYS or each.slot is None:
            return False
        template = courses.templates[each.template]
        slot = template.slots[each.slot]
        return tells_no_more(template, slot) or known.before(each.template, slot)

    return np.fromiter(map(has_none, columns.candidates), bool)


def _events(courses: Courses, seen: Window, candidate: Candidate) -> float:
    """How many lines brought what is counted; a size tells of more than its line."""
    return float("inf") if candidate.kind == LEVEL else sum(lines_of(courses, candidate)[seen.begin :])


def hints_of(courses: Courses, seen: Window, columns: Table) -> list[Hint]:
    """What each candidate's line says of itself.

    How rare it is counts for those that neither a clock writes nor a threshold that is crossed. A member of a
    family is as rare as that, and one of many to try.
    """
    clocks = {
        each.template
        for each, is_regular in zip(columns.candidates, regular(seen, columns.values).tolist(), strict=True)
        if is_regular and each.kind == LINES and not each.value and each.less is None
    }
    one_of_two = {at for ends in columns.ended.values() if len(ends) > 1 for at in ends}
    lines = sum(courses.lines)
    moves = np.count_nonzero(np.diff(columns.values, axis=0), axis=0).tolist()

    def of(each: Candidate, moved: int) -> Hint:
        template, all_of_it = courses.templates[each.template], columns.kin.get(each.template, each.template)
        is_route = is_a_route(columns, courses, each.template)
        all_of_it = each.template if is_route else all_of_it
        no_evidence = each.kind == LEVEL or each.template in clocks or tells_a_level(template)
        found = hint(template, each, 1.0 if no_evidence else sum(courses.templates[all_of_it].count) / lines)
        printed = template.slots[each.slot].last if each.kind == LEVEL and each.slot is not None else ()
        found = weakened(found, min(moved, sum(map(isfinite, printed[seen.begin :]))) if printed else moved)
        ends = columns.ended.get(each.template, ())
        if each.less is not None and each.less.template in ends and len(ends) > 1:
            found = structs.replace(found, words=0.0, kind=0.0)  # the other end tells what is left
        if each.template in one_of_two:
            found = structs.replace(found, words=max(found.words, 0.0))
        if {each.template, all_of_it} & columns.ended.keys() and each.less is None and each.kind != LEVEL:
            found = answered_by_others(found)
        if is_route:
            return structs.replace(found, kind=found.kind + ROUTE)
        return structs.replace(found, kind=min(found.kind, PART)) if all_of_it != each.template else found

    return [of(each, moved) for each, moved in zip(columns.candidates, moves, strict=True)]


def after(at: int, told: list[int], groups: dict[int, int], ranked: Ranked) -> int | None:
    """Before whom this one is told though the log cannot tell them apart; None where there is nobody."""
    later = told[told.index(at) + 1 :]
    proven = ranked.p_value[at] < CERTAIN
    return next((other for other in later if not proven or groups[other] == groups[at]), None)


def explaining(ranked: Ranked, seen: Window, least_lead: float, lead: Floats | None = None) -> Flags:
    """Who fits no worse than time or traffic, or is proven by ups and downs; and is not about a mere trifle.

    With another `lead`, who fits no worse than what that is over.
    """
    found: Flags = (ranked.mib >= LEAST_SHARE * seen.growth_mib) & (ranked.slope > 0)
    found &= ((ranked.lead if lead is None else lead) >= least_lead) | (ranked.p_value < CERTAIN)
    return found


def goes_with_the_load(ranked: Ranked) -> bool:
    """Whether the growth follows the number of all lines more closely than time.

    Then it comes of lines. A part of them, drawn by chance, never fits as well as their sum: that is held against none.
    """
    over_time = ranked.over_time[np.isfinite(ranked.score)] - ranked.lead[np.isfinite(ranked.score)]
    return bool(over_time.size) and float(over_time.max()) > -LEAST_LEAD


def best_of_each(ranked: Ranked, columns: Table, courses: Courses, able: Flags) -> dict[int, float]:
    """The best column of each template or family with the score of that, the best first.

    Of one template that which tells most: the size of what grows, else the keys, where they fit about as well as lines.
    Each route is a piece of code: where one of them is the best of a family, the others stand beside it.
    """
    best: dict[int, int] = {}
    highest: dict[int, float] = {}
    by_route: set[int] = set()
    for at in np.argsort(-ranked.score, kind="stable").tolist():
        if not able[at] or not isfinite(ranked.score[at]):
            continue
        candidate = columns.candidates[at]
        kin = columns.kin.get(candidate.template, candidate.template)
        if is_a_route(columns, courses, candidate.template) and (kin in by_route or kin not in best):
            by_route.add(kin)
            kin = candidate.template
        elif kin in by_route:
            continue
        first = best.setdefault(kin, at)
        about_as_well = ranked.score[at] > highest.setdefault(kin, ranked.score[at]) - SAME
        ours, theirs = (tells(columns.candidates[each], courses) for each in (at, first))
        if about_as_well and ours > theirs and not candidate.is_part:
            best[kin] = at
    return {at: highest[kin] for kin, at in best.items()}


def is_a_route(columns: Table, courses: Courses, at: int) -> bool:
    """Whether a template is that of one route, by an address among its variables or in its text."""
    template = courses.templates[at]
    return bool(template.route) or (at in columns.kin and family(template.text) != template.text)


def tells(candidate: Candidate, courses: Courses) -> int:
    """Which column of a template, or of a family, says most of what grows."""
    template = courses.templates[candidate.template]
    if candidate.kind == LEVEL:
        return 3
    if candidate.is_part:
        return 2  # it stands out, or it would not be here
    if candidate.slot is None or candidate.value:
        return 0
    slot = template.slots[candidate.slot]
    if candidate.kind == SUM or tells_no_more(template, slot):
        return -1
    return 2 if stamped(slot) else 1


def grouped(seen: Window, ranked: Ranked, told: list[int], parts: dict[int, Part]) -> dict[int, int]:
    """A number for each of `told`, the same for those that this log does not tell apart; `parts` are apart."""
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
                if not (at in parts and other in parts)
                and (alike[before, place] >= ALIKE or abs(ranked.gain[other] - ranked.gain[at]) < APART)
            ),
            None,
        )
        groups[at] = groups[twin] if twin is not None else 1 + max(groups.values(), default=0)
    return groups
