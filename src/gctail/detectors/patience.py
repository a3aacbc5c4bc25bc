"""How long an alarm waits: belief counts less while the growth is young, or rests on few collections."""

from __future__ import annotations

from math import inf, log

YOUNG_S, YOUNG_URGENT_S = 20.0, 7.0
"""Belief counts half when the growth is this old: many things grow for ten seconds, few for a minute."""
SHARPLY = 4
PATIENCE = 0.3
"""Where a known limit is near, an alarm waits for no more than this share of the time left, but `YOUNG_URGENT_S`."""
YOUNG_COLLECTIONS = 6
"""The same of collections, half as many where a limit is known: a first rise of a few of them is no certainty."""

TO_LIMIT = 0.85
"""Of a belief in growth up to a limit that is known and near: what is near its limit is believed more, well or not."""

HASTE = 1.2
"""How much more a belief counts in a young process. What leaks fast kills within the hour, while nobody else watches;
and a process begins seldom, so few of the false alarms of a day are those of its first hour."""
HASTE_S, UNHURRIED_S = 3600.0, 7200.0
"""A process is young until then, and not young any more from then on."""


def settled(belief: float, age_s: float, end_s: float, collections: int) -> float:
    """What an alarm heeds of a belief in growth of this age, whose end is so far off (s), after so many collections."""
    young_s = min(YOUNG_S, max(PATIENCE * end_s, YOUNG_URGENT_S))
    few = YOUNG_COLLECTIONS if end_s == inf else YOUNG_COLLECTIONS / 2
    lasted, counted = age_s**SHARPLY, collections**2
    return belief * lasted / (lasted + young_s**SHARPLY) * counted / (counted + few**2)


def haste(belief: float, uptime_s: float) -> float:
    """What an alarm heeds of a belief in a process of this age (s)."""
    youth = 1.0 - log(max(uptime_s, 1.0) / HASTE_S) / log(UNHURRIED_S / HASTE_S)
    return min(belief * (1.0 + (HASTE - 1.0) * min(max(youth, 0.0), 1.0)), 1.0)
