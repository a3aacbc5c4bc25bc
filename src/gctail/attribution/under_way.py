"""What is under way: connections that are open, jobs that are queued. It holds memory for a while, and keeps none.

Where the log tells when something begins and when it ends, or prints how much there is of it, the heap is a leak on top
of that: beside what is under way a line is held against what is left, which may be as even as time.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from msgspec import structs

from gctail.attribution.names import SIZES, is_the_heap, words
from gctail.attribution.regression import fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gctail.attribution.ranking import Window
    from gctail.templates.courses import Courses

    Floats = NDArray[np.float64]

SMOOTHED = 3
FEWEST_TO_COMPARE = 12
LEAST_CHANGE, LEAST_LIKENESS, MOST_KEPT = 0.5, 0.8, 0.25
"""What is under way is told from what is kept where its rate changes by half of its mean, as alike as this."""
FALLS, MOST_STAYS = 0.5, 0.4
"""What is under way has fallen by half of its range, at least once; over few waves a part of it seems to stay."""
FEWEST_CAME, TIMES_TRIED, MEAN_TIMES = 50, 96, (0.0003, 0.3)
"""Parts of all the time that something is open, on the mean; what is open for longer is not told from what stays."""
MOST_FOR_EVER, MOST_OFF = 0.15, 0.15
"""Beside how much it varies: what may seem to stay by chance, and how far off the rest may be."""
MOST_LOADS, CLEARLY = 2, 3.0
"""So many are taken out, if the heap follows them so clearly (log-likelihood), after as many chances as there are."""


def under_way(balance: Floats, brought: Floats, uptime_s: Floats) -> bool:
    """Whether what is open is only what takes its time: as many as come in a second, times the seconds that each takes.

    So it is where the balance follows the rate at which they come (Little 1961, "A proof for the queuing formula
    L = λW"), and a part of all that ever came, which is what a leak keeps, adds hardly anything to it.
    """
    rate, held, came = _rates(balance, brought, uptime_s)
    if rate.size < FEWEST_TO_COMPARE or np.ptp(rate) <= LEAST_CHANGE * rate.mean() or np.ptp(held) <= 0.0:
        return False
    by_rate, kept = _kept(rate, held, came)
    rise = by_rate * np.ptp(rate)
    return bool(rise > 0.0 and kept < MOST_KEPT * rise and np.corrcoef(held, rate)[0, 1] >= LEAST_LIKENESS)


def comes_and_goes(balance: Floats, brought: Floats, uptime_s: Floats) -> bool:
    """Whether what is open has come and gone for the most part, and no part of all that ever came stays in it."""
    rate, held, came = _rates(balance, brought, uptime_s)
    if rate.size < FEWEST_TO_COMPARE or not (falls(balance) and falls(-balance)):
        return False
    return bool(_kept(rate, held, came)[1] < MOST_STAYS * np.ptp(held))


def takes_its_time(balance: Floats, brought: Floats, uptime_s: Floats) -> bool:
    """Whether what is open is what a mean time makes of all that came, and no part of that stays for ever.

    Each that came is gone after some time, by chance (a queue of infinitely many servers: Eick, Massey and Whitt 1993,
    "The physics of the M_t/G/inf queue"). So it is also where the load only rises and nothing has fallen yet.
    """
    came, since = np.diff(brought), brought - brought[0]
    if balance.size < FEWEST_TO_COMPARE or came.sum() < FEWEST_CAME or np.ptp(balance) <= 0.0:
        return False
    mean_s = np.geomspace(*MEAN_TIMES, TIMES_TRIED) * (uptime_s[-1] - uptime_s[0])
    left = balance[:, None] - _open(float(balance[0]), came, np.maximum(np.diff(uptime_s), 1e-9), mean_s)
    kept = since @ left / (since @ since)
    at = int(np.square(left - np.outer(since, kept)).sum(0).argmin())
    off = np.sqrt(np.square(left[:, at]).mean())
    stays = abs(kept[at]) * since[-1]
    return bool(max(stays / MOST_FOR_EVER, off / MOST_OFF) <= np.ptp(balance))


def _open(begun: float, came: Floats, passed_s: Floats, mean_s: Floats) -> Floats:
    """How many are open after each stretch of time (bins x mean times), if each stays for so long on the mean."""
    held = [np.full(mean_s.size, begun)]
    for new, stretch_s in zip(came.tolist(), passed_s.tolist(), strict=True):
        stay = np.exp(-stretch_s / mean_s)
        held.append(held[-1] * stay + new / stretch_s * mean_s * (1.0 - stay))
    found: Floats = np.array(held)
    return found


def falls(held: Floats) -> bool:
    """Whether it has fallen by a good part of its range."""
    return bool((np.maximum.accumulate(held) - held).max() >= FALLS * np.ptp(held) > 0.0)


def gauges(courses: Courses, begin: int) -> Iterator[Floats]:
    """Printed sizes that come and go, over the bins from `begin` on: `open=12`, then `open=3`."""
    bins = np.arange(len(courses.uptime_s))
    for template in courses.templates:
        for slot in template.slots:
            if not slot.last or SIZES.isdisjoint(words(slot.name)) or is_the_heap(slot.name):
                continue
            last = np.asarray(slot.last, float)
            known = np.flatnonzero(np.isfinite(last))
            if 2 * np.count_nonzero(known >= begin) >= bins.size - begin and falls(last[known]) and falls(-last[known]):
                yield np.interp(bins, known, last[known])[begin:]


def beside(seen: Window, loads: Floats) -> Window:
    """The window with those of `loads` (bins x columns) taken out that its heap clearly follows."""
    for _ in range(MOST_LOADS if loads.size else 0):
        found = fits(seen.live_mib, np.column_stack([seen.steady, seen.trends]), loads)
        gain = np.where(found.slope > 0.0, found.gain, 0.0)
        at = int(gain.argmax())
        if gain[at] < CLEARLY + log(loads.shape[1]):
            break
        seen = structs.replace(seen, held=np.column_stack([seen.held, loads[:, at]]))
    return seen


def _rates(balance: Floats, brought: Floats, uptime_s: Floats) -> tuple[Floats, Floats, Floats]:
    """How many come in a second, over a few bins each, what is open then, and how many came."""
    wide = np.maximum(uptime_s[SMOOTHED:] - uptime_s[:-SMOOTHED], 1e-9)
    return (brought[SMOOTHED:] - brought[:-SMOOTHED]) / wide, balance[SMOOTHED:], brought[SMOOTHED:]


def _kept(rate: Floats, held: Floats, came: Floats) -> tuple[float, float]:
    """How much is open for each that comes in a second, and how much stays of all that came."""
    _, by_rate, by_all = np.linalg.lstsq(np.column_stack([np.ones_like(rate), rate, came]), held, rcond=None)[0]
    return float(by_rate), float(by_all * (came[-1] - came[0]))
