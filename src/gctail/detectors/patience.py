"""How long an alarm waits: what it heeds of a belief in growth of some age, and how much it asks for.

Evidence is the odds of a leak, and a growth is told once they reach a bound, so watching costs nothing: what counts
is the highest that they get. The bound depends on how many false alarms somebody bears, and on the age of the process.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log

YOUNG_S, YOUNG_URGENT_S = 20.0, 7.0
"""Belief counts half when the growth is this old: many things grow for ten seconds, few for a minute."""
SHARPLY = 4
PATIENCE = 0.3
"""Where a known limit is near, an alarm waits for no more than this share of the time left, but `YOUNG_URGENT_S`."""
YOUNG_COLLECTIONS = 3
"""The same of collections: a first rise of a few of them is no certainty."""

TO_LIMIT = 0.85
"""Of a belief in growth up to a limit that is known and near: what is near its limit is believed more, well or not."""

THRESHOLDS = ((1 / 7, 0.4), (1 / 30, 0.585), (1 / 100, 0.64), (1 / 365, 0.7))
"""False alarms a service-day, and the belief that held benign episodes to that rate, with a limit and without.

On 509 calm service-days of the tuning part of bench/detection, nine seeds."""
POINTS = ((4.0, 0.0), *THRESHOLDS, (THRESHOLDS[-1][0] / 4, 1.0))
FIRST_HOUR = 0.72
"""Of these odds so much is asked for in the first hour of a process, and up to `OLD_S` ever more.

Fewer collections make every belief weaker, in growth that ends by itself as in leaks: on 550 calm days of runs of ten
minutes and of an hour and a half 0.76 held the rate of one in 30 days, and this one in 23."""
HOUR_S, OLD_S, DAY_S = 3600.0, 7200.0, 86400.0
SPENT = 0.1
"""After a day the rate that is borne falls with this power of the age. Chances for a false alarm come with each
doubling of the age, so all those of a life without end add up to those of the next ten e-folds at a day's rate."""


def settled(belief: float, age_s: float, end_s: float, collections: int) -> float:
    """What an alarm heeds of a belief in growth of this age, whose end is so far off (s), after so many collections."""
    young_s = min(YOUNG_S, max(PATIENCE * end_s, YOUNG_URGENT_S))
    lasted, counted = age_s**SHARPLY, collections**2
    return belief * lasted / (lasted + young_s**SHARPLY) * counted / (counted + YOUNG_COLLECTIONS**2)


def asked(budget_per_day: float, uptime_s: float) -> float:
    """The belief at which to speak of a process of this age, for at most so many false alarms a service-day."""
    rate = budget_per_day * _borne(uptime_s)
    for (often, low), (seldom, high) in pairwise(POINTS):
        if rate >= seldom:
            belief = low + (high - low) * max(log(often / rate), 0.0) / log(often / seldom)
            return _weighed(belief, _odds_of_age(uptime_s))
    return 1.0


def false_alarms_per_day(belief: float, uptime_s: float) -> float:
    """The budget that `asked` answers with this belief: how often benign services of this age reach it."""
    belief = _weighed(belief, 1.0 / _odds_of_age(uptime_s))
    for (often, low), (seldom, high) in pairwise(POINTS):
        if belief <= high:
            return often * exp(log(seldom / often) * (belief - low) / (high - low)) / _borne(uptime_s)
    return POINTS[-1][0] / _borne(uptime_s)


def _borne(uptime_s: float) -> float:
    """The share of the budget that is spent at this age."""
    return 1.0 if uptime_s <= DAY_S else (DAY_S / uptime_s) ** SPENT


def _odds_of_age(uptime_s: float) -> float:
    """Of the odds asked for later, those asked for now: straight in the logarithm of the age."""
    youth = 1.0 - log(max(uptime_s, 1.0) / HOUR_S) / log(OLD_S / HOUR_S)
    return float(FIRST_HOUR ** min(max(youth, 0.0), 1.0))


def _weighed(belief: float, odds: float) -> float:
    """The belief at odds so many times as high."""
    return odds * belief / (1.0 + (odds - 1.0) * belief)
