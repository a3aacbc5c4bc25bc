"""What the log says about a growth: whether it goes on by itself, or with a line that comes to an end.

A heap that stands still may hold a full cache, or may wait for the next request that keeps something: the log can tell.
Where the heap follows one line more closely than time or traffic, that line is the better clock. Growth is judged over
its running total as the judge does over time, and goes on where it does by that clock and the clock itself goes on: a
finite number of keys comes ever more rarely, and the size of a cache that is full rises no more. A clock that has
stopped while the heap rises on was none.
"""

from __future__ import annotations

from math import ceil, e, exp, inf, log
from typing import TYPE_CHECKING

import numpy as np

from gctail.attribution.ceilings import ceiling
from gctail.attribution.choosing import best_of_each, explaining, ranked_since
from gctail.attribution.columns import LEVEL, missing, running, table
from gctail.attribution.ranking import regular, window
from gctail.attribution.regression import fits
from gctail.attribution.releases import full
from gctail.attribution.under_way import beside
from gctail.detectors.episodes import REVERSAL_SHARE
from gctail.detectors.explaining import MOST_TOLD
from gctail.detectors.floor import floor_of
from gctail.detectors.hinge import fit
from gctail.detectors.load import Load
from gctail.detectors.outlook import by_regression
from gctail.detectors.regression import Regression
from gctail.detectors.standstill import pauses_fit
from gctail.detectors.values import Inquiry, Testimony

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gctail.attribution.columns import Table
    from gctail.attribution.ranking import Ranked, Window
    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]

FEWEST_BINS = 16
LEAST_GROWTH_MIB = 1.0
LEAST_SHARE = 0.5
"""A line that does not explain half of the growth is no clock of it."""
MOST_WEIGHT = 0.85
"""However well it fits, another line may be the cause, or none that is logged."""
BINS = 48
LOW_QUANTILE = 0.3
WHOLE = 100.0
"""What the clock has gone since the onset, in its own unit."""
CLOCK_NOISE = 0.5
STEP_SHARE = 0.04
SIZE_STEP_SHARE = 0.02
"""A size is printed as it is, without the noise of a heap: a new high of it is seen sooner."""
SAYS_OVER, GOES_ON = 0.3, 0.5
"""What is over is heard where the heap has not risen by half of its usual pace since then."""
DRIES_UP = 0.5
"""What comes ever more rarely, while all other lines come as before, is most likely a finite number of keys."""
ENDS = 0.02
"""What is left of the belief in growth whose end the log tells."""
HAS_A_CEILING = 0.75
"""What fills up to a declared size stops there; something else may grow beside it."""
MOSTLY_OPEN = 0.7
"""Of the growth: what else grows beside what is open is less."""
FEWEST_LINES, STEADY, HARDLY, FULL = 8, 0.5, 0.2, 0.15
"""A part of the time has so many lines; a size that rises with them has half of its usual rise in nine of ten parts.
Where it has a fifth of it, of the belief that it goes on so much is left."""
A_JOB = 0.1
"""Of the time before it began: a line that has come for so long is as likely of a job that will be done."""
STEADY_PACE, FRESH_PACE, LEAST_PACE = 0.6, 1.3, 0.35
"""The clock goes on where its last quarter went at 0.6 of its mean pace, or at 0.35 and faster than one before."""


def testimony(courses: Courses, asked: Inquiry) -> Testimony | None:
    """What the log says about it: that something is full, or what the line says that it follows; None for nothing."""
    stopped = full(courses, asked.noise_mib)
    if stopped is not None and stopped.since_s >= asked.onset_s:
        why = f'something is full: as many "{stopped.message[:MOST_TOLD]}" come as of what is stored'
        return Testimony(stopped.weight, ENDS, stopped.message, why, is_full=True)
    filling = ceiling(courses, asked.onset_s, asked.room_mib)
    if filling is not None:
        why = f'it follows a size with a ceiling, {filling.share:.0%} full, in "{filling.message[:MOST_TOLD]}"'
        return Testimony(HAS_A_CEILING, ENDS, filling.message, why)
    return followed(courses, asked)


def followed(courses: Courses, asked: Inquiry) -> Testimony | None:
    """What the line that the growth follows best says about it; None where none does."""
    seen = window(courses, asked.onset_s)
    if seen is None or seen.live_mib.size < FEWEST_BINS or seen.growth_mib < LEAST_GROWTH_MIB:
        return None
    columns = table(courses, seen.begin)
    if not columns.candidates:
        return None
    return _most_is_open(seen, columns, courses) or _by_clock(courses, asked, seen, columns)


def _by_clock(courses: Courses, asked: Inquiry, seen: Window, columns: Table) -> Testimony | None:
    """The same of the line by whose running total the growth is judged."""
    seen = beside(seen, columns.loads)
    ranked, _ = ranked_since(courses, asked.onset_s, seen, columns)
    able = explaining(ranked, seen, 0.0) & ~regular(seen, columns.values)  # what comes by a clock tells the time
    best = best_of_each(ranked, columns, courses, able)
    if not best:
        return None
    at = max(best, key=lambda each: float(ranked.gain[each]))  # a clock is chosen by figures alone, not by words
    candidate = columns.candidates[at]
    counts_what_is_there = candidate.kind == LEVEL or candidate.less is not None
    weight, by_fit = _weight(ranked, seen, at), _by_fit(ranked, seen, at)
    if max(weight, by_fit) <= 0.0:
        return None
    slope, clock = float(ranked.slope[at]), ranked.values[:, at] - ranked.values[0, at]
    size = ceil(clock.size / BINS)
    parts = [slice(max(0, end - size), end) for end in range(clock.size, 0, -size)][::-1]
    others = seen.traffic - lines_until(courses, candidate.template)[seen.begin :]
    worked, times_s, came = (
        [float(column[part].mean()) for part in parts] for column in (clock, seen.uptime_s, others)
    )
    kept_mib = _on_floor(seen, _without_requests(seen, clock))
    levels = [quantile(kept_mib[part], LOW_QUANTILE) for part in parts]
    gone = worked[-1] - worked[0]
    if gone <= 0.0:
        return None
    worked = [WHOLE * (each - worked[0]) / gone for each in worked]
    ahead = WHOLE * asked.ahead_mib / slope / gone
    goes_on = _clock_goes_on(times_s, worked, ahead)
    dries_up = max(goes_on, _clock_goes_on(came, worked, ahead)) < DRIES_UP
    goes_on *= _is_no_job(times_s, worked, courses.uptime_s[0])
    if counts_what_is_there:
        lines = lines_until(courses, candidate.template)[seen.begin :]
        there = _stays(worked) * pauses_fit(worked, times_s, SIZE_STEP_SHARE * WHOLE)
        there *= FULL if is_full(ranked.values[:, at], lines) else 1.0
        goes_on *= there
    if goes_on < SAYS_OVER or dries_up:
        rests = rests_with(seen, ranked.values[:, at], asked.noise_mib)
        told = max(weight, by_fit if counts_what_is_there or dries_up else 0.0)
        weight = told if rests else 0.0  # it is over, and the heap rises on: something else does it
    belief = _straight(worked, levels, asked) * goes_on
    return Testimony(weight, belief, courses.templates[candidate.template].message) if weight > 0.0 else None


def _most_is_open(seen: Window, columns: Table, courses: Courses) -> Testimony | None:
    """That most of the growth is what is open for its time, of which more come than before: it goes when fewer do."""
    grown = seen.live_mib[-1] - seen.live_mib[0]
    for template, held in columns.in_time:
        fit = fits(seen.live_mib, seen.steady, np.column_stack([held, seen.uptime_s]))
        if fit.gain[0] > fit.gain[1] and fit.slope[0] * (held[-1] - held[0]) >= MOSTLY_OPEN * grown > 0.0:
            message = courses.templates[template].message
            why = f'it follows what is open, which ends in its time: "{message[:MOST_TOLD]}"'
            return Testimony(HAS_A_CEILING, ENDS, message, why)
    return None


def _weight(ranked: Ranked, seen: Window, at: int) -> float:
    """How surely the growth follows this line and not time or traffic, after as many chances as there are lines.

    The worse of two odds: the likelihood over that of a straight line, and the most that a p-value can mean
    (Sellke, Bayarri and Berger 2001, "Calibration of p values for testing precise null hypotheses"). What is as even as
    time itself says nothing: with either of the two alone twice as many caches that filled were called leaks.
    """
    p = float(ranked.p_value[at])
    by_chance = inf if p <= 0.0 else 1.0 / (-e * p * log(p)) if p < 1 / e else 0.0
    return _worth(min(_odds(ranked, seen, at), by_chance))


def _by_fit(ranked: Ranked, seen: Window, at: int) -> float:
    """The same by the likelihood alone, for the size of something, what came less what went, or what dries up.

    Where that stands still, and the heap with it, no chance is asked: it is what holds the memory.
    """
    return _worth(_odds(ranked, seen, at))


def _odds(ranked: Ranked, seen: Window, at: int) -> float:
    """The likelihood over that of a straight line in time or traffic, after as many chances as there are lines."""
    lead = float(ranked.lead[at])
    if not np.isfinite(ranked.score[at]) or lead < 0.0 or ranked.mib[at] < LEAST_SHARE * seen.growth_mib:
        return 0.0
    return exp(min(lead, 50.0)) / len(ranked.slope)


def _worth(odds: float) -> float:
    return MOST_WEIGHT * (odds / (1.0 + odds) if odds < inf else 1.0)


def lines_until(courses: Courses, template: int) -> Floats:
    """How many lines of a template there were until each bin."""
    return running(courses.templates[template].count, missing(courses))


def is_full(sizes: Floats, lines: Floats) -> bool:
    """Whether a size that rose with the lines that print it rises no more, while they go on as before.

    One part of the time is enough to see it, where it rose in every one before: what is stored now takes the place of
    something else.
    """
    came = np.diff(lines)
    told = came >= FEWEST_LINES
    rises = np.diff(sizes)[told] / came[told]
    if rises.size <= FEWEST_BINS or not told[-1]:
        return False
    usual = quantile(rises[:-1], 0.5)
    return bool(quantile(rises[:-1], 0.1) > STEADY * usual > 0.0 and rises[-1] <= HARDLY * usual)


def rests_with(seen: Window, sizes: Floats, noise_mib: float) -> bool:
    """Whether the heap, too, has risen less since a size last rose: else something else grows."""
    stopped = int(np.searchsorted(np.maximum.accumulate(sizes), sizes.max() - SIZE_STEP_SHARE * np.ptp(sizes)))
    before = seen.uptime_s[stopped] - seen.uptime_s[0]
    if before <= 0.0:
        return False
    earlier = (seen.live_mib[stopped] - seen.live_mib[0]) / before
    usual = earlier * (seen.uptime_s[-1] - seen.uptime_s[stopped])
    return bool(seen.live_mib[-1] - seen.live_mib[stopped] <= max(GOES_ON * usual, 2 * noise_mib))


def _stays(sizes: list[float]) -> float:
    """1 where a size never fell, 0 where so much of its rise went that a heap's growth would be over."""
    top = fall = 0.0
    for size in sizes:
        top = max(top, size)
        fall = max(fall, top - size)
    return max(0.0, 1.0 - fall / (REVERSAL_SHARE * top)) if top > 0.0 else 1.0


def _without_requests(seen: Window, clock: Floats) -> Floats:
    """The live heap (MiB) less what requests hold while they run, as far as that follows their rate."""
    steady = seen.steady
    kept_mib: Floats = seen.live_mib - (steady - steady.mean(0)) @ seen.held_mib(clock)
    return kept_mib


def quantile(values: Floats, share: float) -> float:
    """What so large a share of these is below. `np.quantile` and `np.median` load masked arrays for it, 12 ms."""
    return float(np.interp(share * (values.size - 1), np.arange(values.size), np.sort(values)))


def _on_floor(seen: Window, kept_mib: Floats) -> Floats:
    """The same where what comes and goes again and again is at the floor beneath it."""
    found = floor_of(seen.uptime_s.tolist(), kept_mib.tolist())
    if found is None:
        return kept_mib
    low = np.array(found.beneath)
    low[found.places] = kept_mib[found.places]
    return low


def _straight(worked: list[float], levels: list[float], asked: Inquiry) -> float:
    """How likely the growth goes on as the clock does: by all curves, as over time, and by its pauses."""
    found = fit(worked, worked, levels, asked.noise_mib)
    chance = by_regression(Regression(found, Load(0.0, 0.0, 0.0)), worked[-1], asked.ahead_mib).probability
    step = max(2 * asked.noise_mib, STEP_SHARE * (max(levels) - min(levels)))
    return chance * pauses_fit(levels, worked, step)


def _clock_goes_on(times_s: list[float], worked: list[float], ahead: float) -> float:
    """How likely the clock goes on for as long as is needed, judged as a growth of its own over time.

    Before it began it did not pause.
    """
    begun = _begun(worked)
    found = fit(times_s, times_s, worked, CLOCK_NOISE)
    lasting = sum(curve.weight for curve in found.curves if curve.remaining_mib is None or curve.remaining_mib > ahead)
    quarters = np.diff(np.interp(np.linspace(times_s[0], times_s[-1], 5), times_s, worked)).tolist()
    mean, last = WHOLE / 4, quarters[-1]
    fresh = last >= LEAST_PACE * mean and last >= FRESH_PACE * min(quarters[:-1])
    goes = 1.0 if last >= STEADY_PACE * mean or fresh else lasting
    return goes * pauses_fit(worked[begun:], times_s[begun:], STEP_SHARE * WHOLE)


def _is_no_job(times_s: list[float], worked: list[float], since_s: float) -> float:
    """How likely a line that came for the first time so lately is none of a batch: it has to last for a while.

    `since_s` is when somebody began to listen (s).
    """
    begun_s = times_s[_begun(worked)]
    lasted_s, job_s = times_s[-1] - begun_s, A_JOB * max(begun_s - since_s, 0.0)
    return lasted_s**2 / (lasted_s**2 + job_s**2)


def _begun(worked: list[float]) -> int:
    """Where a clock began to go."""
    return max(at for at, each in enumerate(worked) if each <= 0.0)
