"""How unevenly a process allocates: how fast it may do so within the next time, and how much that may be off."""

from __future__ import annotations

from math import log, sqrt

from gctail.detectors.history import History

FEWEST = 6
"""So many blocks at least are asked, however short the time."""
STARTED = 0.15
"""Of its age: what a process allocates before that is its start-up."""
LATELY, EVER = (0.5, 0.9), (0.6, 0.95)
"""For so much of the time, lately and ever, a process allocated no faster than at the paces that it may have next: a
service that is calm by night is busy tomorrow again, and dies at one of its peaks."""
WINDOWS = 8
HALF = 0.5


def paces(history: History, now_s: float, ahead_s: float) -> tuple[float, ...]:
    """MiB a second that may be allocated within the next `ahead_s`: by as long a time before, and by all of it."""
    first = max(history.at(STARTED * now_s), 1)
    lately = max(min(history.at(now_s - ahead_s), len(history) - FEWEST), first)
    return tuple(sorted([*_paces(history, lately, LATELY), *_paces(history, first, EVER)]))


def swing(history: History, now_s: float, ahead_s: float, behind_s: float) -> float:
    """How far the pace of the time ahead may lie from that of the time behind: a deviation of its logarithm.

    Measured over as long a time (half of all at most) at some places of the past.
    """
    width_s = min(ahead_s, HALF * now_s)
    usual = history.pace(now_s - behind_s, now_s)
    begin_s, step_s = STARTED * now_s, ((1.0 - STARTED) * now_s - width_s) / WINDOWS
    others = [history.pace(begin_s + k * step_s, begin_s + k * step_s + width_s) for k in range(WINDOWS + 1)]
    if usual <= 0.0 or min(others) <= 0.0:
        return 0.0
    return sqrt(sum([log(other / usual) ** 2 for other in others]) / len(others))


def _paces(history: History, first: int, shares: tuple[float, ...]) -> list[float]:
    """The paces (MiB/s) that the blocks from `first` on did not exceed for these shares of the time."""
    ends_s, allocated = history.end_s[first - 1 :], history.allocated[first - 1 :]
    blocks = sorted(
        [
            ((allocated[at] - allocated[at - 1]) / width_s, width_s)
            for at in range(1, len(ends_s))
            if (width_s := ends_s[at] - ends_s[at - 1]) > 0.0
        ]
    )
    left_s = [share * sum([width_s for _, width_s in blocks]) for share in shares]
    found: list[float] = []
    passed_s = 0.0
    for pace, width_s in blocks:
        passed_s += width_s
        found += [pace for wanted_s in left_s if passed_s - width_s < wanted_s <= passed_s]
    return found
