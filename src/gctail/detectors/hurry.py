"""Many collections of one process at once, exactly as one by one: same state, same signals, a third of the time.

A value for each collection (`GcCycle`, `Derived`, `Moment`) costs more than all the judging between two blocks. Between
the `GLANCES` at which GOGC and the limit are learned (`PacerView.glance`) a calm stretch of collections is taken column
by column; where anything is out of the ordinary, they are taken one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add, sub
from typing import TYPE_CHECKING, Any

from gctail.detectors.values import Moment, Signal, Stretch
from gctail.golang.pacer import FULL_LOOKS, GLANCES, next_goal_mib
from gctail.parsing.gctrace import MILLISECONDS, NO_GOAL_MIB, WHOLES, Groups, cycle_from_groups

if TYPE_CHECKING:
    from gctail.detectors.gathering import Gathering
    from gctail.detectors.judge import Judge
    from gctail.golang.pacer import PacerView

SHORTEST_STRETCH = 4


def hurry(view: PacerView, judge: Judge, lines: Sequence[Groups], begin: int, end: int) -> tuple[int, list[Signal]]:
    """Take the collections `begin` to `end` of `lines`, whose numbers follow those that `view` has seen.

    Stops after one that gives rise to signals, and before one that does not follow by its uptime; returns where.
    """
    at, signals = begin, list[Signal]()
    while at < end and not signals:
        until = min(end, at + max(1, min(_before_a_look(view), judge.gathering.room)))
        taken = _stretch(view, judge.gathering, lines[at:until]) if until - at >= SHORTEST_STRETCH else 0
        if taken:
            at += taken
            block = judge.gathering.close() if judge.gathering.is_complete else None
            signals = [] if block is None else judge.weigh(block)
            continue
        while at < until and not signals:
            cycle = cycle_from_groups(lines[at])
            uptime_s = cycle.uptime_s or 0.0
            if uptime_s < (view.start_s or 0.0):
                return at, signals
            signals = judge.observe(Moment(cycle, view.glance(cycle), uptime_s))
            at += 1
    return at, signals


def _before_a_look(view: PacerView) -> int:
    """How many collections come before the next one that the view wants to see closely."""
    following = view.number + 1
    return -following % GLANCES if following > FULL_LOOKS else 0


def _stretch(view: PacerView, gathering: Gathering, lines: Sequence[Groups]) -> int:
    """Take as many of these collections as are calm; 0 where they are to be looked at one by one."""
    columns: Any = [*zip(*lines, strict=True)]
    if None in columns[16]:
        return 0
    whole, ms = WHOLES.__getitem__, MILLISECONDS.__getitem__
    starts, ends, marked, goals, stacks, roots = ([*map(whole, column)] for column in columns[12:18])
    if max(goals) >= NO_GOAL_MIB:
        goals = [goal if goal < NO_GOAL_MIB else 0 for goal in goals]
    stretch = Stretch(
        first=view.number + 1,
        clocks_s=[*map(float, columns[1])],
        starts=starts,
        markings=[*map(sub, ends, starts)],
        marked=marked,
        goals=goals,
        stacks=stacks,
        roots=[*map(add, stacks, roots)],
        clocks_ms=columns[4:7],
        pauses_ms=[*map(add, map(ms, columns[4]), map(ms, columns[6]))],
        forced=[each is not None for each in columns[19]],
        gogc=view.last_gogc,
        before_s=view.start_s or 0.0,
        marked_before=view.marked_mib,
    )
    count = gathering.take_calm(stretch)
    if count:
        at = count - 1
        following = None if stretch.gogc is None else next_goal_mib(marked[at], stretch.roots[at], stretch.gogc)
        gathering.note(stacks[at], None, following, view.last_gogc, view.last_limit_mib, limit_bound=view.last_bound)
        view.pass_by(count, stretch.clocks_s[at], stretch.wall_ms(at), marked[at], stretch.markings[at])
    return count
