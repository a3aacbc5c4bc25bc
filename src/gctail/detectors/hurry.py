"""Many collections of one process at once, exactly as one by one: same state, same signals, a third of the time.

A value for each collection (`GcCycle`, `Derived`, `Moment`) costs more than all the judging between two blocks. Where
nobody wants to see them one by one, only every `GLANCES`th collection becomes one, from which GOGC and the limit are
learned, as `PacerView.glance` has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gctail.detectors.values import Moment, Signal
from gctail.golang.pacer import FULL_LOOKS, GLANCES
from gctail.parsing.gctrace import NO_GOAL_MIB, WHOLES, Groups, cycle_from_groups

if TYPE_CHECKING:
    from gctail.detectors.judge import Judge
    from gctail.golang.pacer import PacerView


def hurry(view: PacerView, judge: Judge, lines: Sequence[Groups], begin: int, end: int) -> tuple[int, list[Signal]]:
    """Take the collections `begin` to `end` of `lines`, whose numbers follow those that `view` has seen.

    Stops after one that gives rise to signals, and before one that does not follow by its uptime; returns where.
    """
    gathering = judge.gathering
    take = gathering.take
    whole: Any = WHOLES
    number, start_s, marked_before = view.number, view.start_s or 0.0, view.marked_mib
    end_s, live, marking = view.end_s, view.live_mib, view.marking_mib
    at = begin
    signals: list[Signal] = []
    while at < end and not signals:
        groups = lines[at]
        uptime_s = float(groups[1] or b"")
        if uptime_s < start_s:
            break
        number += 1
        at += 1
        if number <= FULL_LOOKS or number % GLANCES == 0 or groups[16] is None:
            view.number, view.start_s, view.end_s, view.marked_mib = number - 1, start_s, end_s, marked_before
            view.live_mib, view.marking_mib = live, marking
            cycle = cycle_from_groups(groups)
            signals = judge.observe(Moment(cycle, view.glance(cycle), uptime_s))
            start_s, end_s, marked_before = view.start_s, view.end_s, view.marked_mib
            live, marking = view.live_mib, view.marking_mib
            continue
        _, _, _, _, w1, w2, w3, _, _, _, _, _, h0, h1, h2, goal, stacks, roots, _, forced = groups
        stop_ms, mark_ms, end_ms = float(w1 or b""), float(w2 or b""), float(w3 or b"")
        start, marked, scanned = whole[h0], whole[h2], whole[stacks]
        marking = whole[h1] - start
        goal_mib = whole[goal]
        allocated = start - marked_before
        interval_s = uptime_s - start_s
        if marking > 0:
            live = marked - marking
            live = max(live, 0)
        else:
            live, marking = marked, 0
        wall_ms = sum((stop_ms, mark_ms, end_ms))
        start_s, end_s, marked_before = uptime_s, uptime_s + wall_ms / 1000, marked
        gogc = view.last_gogc
        following = None
        if gogc is not None:
            following = max(marked + (marked + scanned + whole[roots]) * gogc / 100, 4 * gogc / 100)
        if take(
            uptime_s,
            number,
            start,
            whole[h1],
            marked,
            goal_mib if goal_mib < NO_GOAL_MIB else 0,
            scanned,
            stop_ms + end_ms,
            wall_ms,
            interval_s if interval_s > 0 else None,
            max(0, allocated),
            following,
            forced=forced is not None,
        ):
            gathering.note(scanned, None, following, gogc, view.last_limit_mib, limit_bound=view.last_bound)
            block = gathering.close()
            if block is not None:
                signals = judge.weigh(block)
    view.number, view.start_s, view.end_s, view.marked_mib = number, start_s, end_s, marked_before
    view.live_mib, view.marking_mib = live, marking
    return at, signals
