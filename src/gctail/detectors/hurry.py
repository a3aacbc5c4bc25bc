"""Many collections of one process at once, exactly as one by one: same state, same signals, a third of the time.

A value for each collection (`GcCycle`, `Derived`, `Moment`) costs more than all the judging between two blocks. Once
GOGC and the limit are learned from one in `GLANCES` only (`PacerView.glance`), what a block still takes is taken column
by column where it is calm; where anything is out of the ordinary, collections are taken one by one.
"""

from __future__ import annotations

from operator import add, sub
from typing import TYPE_CHECKING

from gctail.detectors.values import Moment, Signal, Stretch
from gctail.golang.pacer import FULL_LOOKS, GLANCES
from gctail.parsing.gctrace import NO_GOAL_MIB

if TYPE_CHECKING:
    from gctail.detectors.gathering import Gathering
    from gctail.detectors.judge import Judge
    from gctail.golang.pacer import PacerView
    from gctail.parsing.burst import Burst

SHORTEST_STRETCH = 4


def hurry(view: PacerView, judge: Judge, burst: Burst, begin: int, end: int) -> tuple[int, list[Signal]]:
    """Take the collections `begin` to `end` of a burst, whose numbers follow those that `view` has seen.

    Stops after one that gives rise to signals, and before one that does not follow by its uptime; returns where.
    """
    at, signals = begin, list[Signal]()
    gathering = judge.gathering
    while at < end and not signals:
        until = min(end, at + max(1, gathering.room))
        taken, apart = _stretch(view, gathering, burst, at, until)
        at += taken
        if apart is not None:
            signals = judge.observe(apart)
            at += 1
        elif taken:
            block = gathering.close() if gathering.is_complete else None
            signals = [] if block is None else judge.weigh(block)
        else:
            while at < until and not signals:
                cycle = burst.cycle(at)
                uptime_s = burst.columns.uptime_s[at]
                if uptime_s < (view.start_s or 0.0):
                    return at, signals
                signals = judge.observe(Moment(cycle, view.glance(cycle), uptime_s))
                at += 1
    return at, signals


def _stretch(view: PacerView, gathering: Gathering, burst: Burst, begin: int, end: int) -> tuple[int, Moment | None]:
    """Take as many of these collections as are calm, 0 where they are to be looked at one by one.

    Where the one after them changed what is known of GOGC, that one is given back, to be judged by itself.
    """
    if end - begin < SHORTEST_STRETCH or view.number < FULL_LOOKS:
        return 0, None
    stretch = _columns(view, burst, begin, end)
    count, seen, derived = gathering.calm(stretch), 0, None
    while seen < count:
        ahead = min(-(stretch.first + seen) % GLANCES, count - seen)
        if ahead:
            seen, last, derived = seen + ahead, seen + ahead - 1, None
            moved = stretch.marked[last], stretch.markings[last]
            view.pass_by(ahead, stretch.clocks_s[last], stretch.wall_ms(last), *moved)
            continue
        cycle = burst.cycle(begin + seen)
        derived = view.observe(cycle)
        if view.last_gogc != stretch.gogc:
            if seen:
                gathering.take_calm(stretch, seen)
            return seen, Moment(cycle, derived, stretch.clocks_s[seen])
        seen += 1
    if count:
        gathering.take_calm(stretch, count)
        share = None if derived is None else derived.gc_cpu_share
        following = view.asked_next_mib(stretch.roots[count - 1], burst.go)
        known = share, following, view.last_gogc, view.last_limit_mib
        gathering.note(stretch.stacks[count - 1], *known, limit_bound=view.last_bound)
    return count, None


def _columns(view: PacerView, burst: Burst, begin: int, end: int) -> Stretch:
    """The stretch `begin` to `end` of a burst."""
    columns = burst.columns
    starts, marked = columns.heap_start_mib[begin:end], columns.heap_marked_mib[begin:end]
    goals = columns.goal_mib[begin:end]
    if max(goals) >= NO_GOAL_MIB:
        goals = [goal if goal < NO_GOAL_MIB else 0 for goal in goals]
    stacks = columns.stacks_mib[begin:end] or [0] * (end - begin)
    clocks_ms = tuple([column[begin:end] for column in columns.clock_ms])
    return Stretch(
        first=view.number + 1,
        clocks_s=columns.uptime_s[begin:end],
        starts=starts,
        markings=[*map(sub, columns.heap_end_mib[begin:end], starts)],
        marked=marked,
        goals=goals,
        stacks=stacks,
        roots=[*map(add, stacks, columns.globals_mib[begin:end])] if columns.globals_mib else stacks,
        clocks_ms=clocks_ms,
        pauses_ms=[*map(float, map(add, clocks_ms[0], clocks_ms[2]))],
        forced=columns.forced[begin:end],
        gogc=view.last_gogc,
        before_s=view.start_s or 0.0,
        marked_before=view.marked_mib,
    )
