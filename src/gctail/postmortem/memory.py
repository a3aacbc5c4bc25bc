"""The memory at the end: how much was Go heap, stacks and globals, how much was outside, and against which limit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from gctail.advice.of_death import limit_told_mib
from gctail.amounts import size
from gctail.detectors.goroutines import REAL_PER_SCANNED
from gctail.postmortem.certificate import Cause, Memory
from gctail.postmortem.lives import Person
from gctail.records import Death
from gctail.traces import Bin

LEAST_OUTSIDE_MIB = 16.0
JUMP = 1.3
DOUBLED = 2.2
"""What grew by an array twice as large asks for twice as much the next time; append and maps take a little more."""


def memory(person: Person, cause: Cause, bins: Sequence[Bin] = (), *, limit_is_given: bool = True) -> Memory:
    """What is known of it. `outside_mib` is what surely was neither heap nor stacks: never more than can be proved.

    `bins` are the course of the process.
    """
    epoch = person.epoch
    last = epoch.last if epoch is not None else None
    derived = epoch.last_derived if epoch is not None else None
    limit_mib, source = _limit(person, given=limit_is_given)
    rss_mib = _rss(person)
    gomemlimit = derived.memory_limit_estimate_mib if derived is not None else None
    if limit_mib is None and gomemlimit is not None:
        limit_mib, source = gomemlimit, "gomemlimit"
    asked = next((cause.details.get(key) for key in ("size_bytes", "ask_bytes") if cause.details.get(key)), None)
    asked_mib = asked / (1 << 20) if isinstance(asked, int) and asked > 0 else None
    if last is None:
        in_use = cause.details.get("in_use_bytes")
        rss_mib = in_use / (1 << 20) if rss_mib is None and isinstance(in_use, int) else rss_mib
        return Memory(rss_mib=rss_mib, limit_mib=limit_mib, limit_source=source, asked_mib=asked_mib,
                      sentence=_held(rss_mib, limit_mib))  # fmt: skip
    goal = derived.due_mib if derived is not None else None
    most_heap = max(float(last.heap_end_mib), goal or float(last.goal_mib or 0))
    stacks = (last.stacks_mib or 0) * REAL_PER_SCANNED
    outside = beyond = jump = None
    if rss_mib is not None:
        outside = max(0.0, rss_mib - most_heap - stacks - (last.globals_mib or 0))
        jump = _jump_mib(bins)
        if outside >= _least_outside(rss_mib) and outside <= DOUBLED * jump:
            outside, beyond = None, outside
    return Memory(
        heap_live_mib=float(last.heap_live_mib),
        heap_end_mib=float(last.heap_end_mib),
        goal_mib=float(last.goal_mib) if last.goal_mib is not None else None,
        next_goal_mib=goal,
        stacks_mib=float(last.stacks_mib) if last.stacks_mib is not None else None,
        globals_mib=float(last.globals_mib) if last.globals_mib is not None else None,
        outside_mib=outside,
        beyond_mib=beyond,
        jump_mib=jump if beyond is not None else None,
        rss_mib=rss_mib,
        limit_mib=limit_mib,
        limit_source=source,
        gomemlimit_mib=gomemlimit,
        asked_mib=asked_mib,
        sentence=_jumped(rss_mib, beyond, jump)
        or _sentence(float(last.heap_live_mib), most_heap, last.stacks_mib, rss_mib, outside),
    )


def _details(person: Person) -> list[dict[str, Any]]:
    return [each.record.details for each, _ in person.told if isinstance(each.record, Death)]


def _limit(person: Person, *, given: bool) -> tuple[float | None, str | None]:
    if given and person.service.limit_mib is not None:
        return person.service.limit_mib, "option"
    for details in _details(person):
        told = limit_told_mib(details)
        if told is not None:
            return told, "kernel"
        mib = details.get("limit_mib")
        if isinstance(mib, int | float):
            return float(mib), str(details.get("limit_source") or "kubernetes")
    return None, None


def _rss(person: Person) -> float | None:
    """Anonymous and shared memory: pages of files are given back before anybody is killed."""
    for details in _details(person):
        kib = details.get("anon_rss_kib")
        if isinstance(kib, int | float):
            return (kib + (details.get("shmem_rss_kib") or 0)) / 1024
        for key, divisor in (("rss_mib", 1.0), ("rss_bytes", 1 << 20), ("rss_kib", 1024.0)):
            value = details.get(key)
            if isinstance(value, int | float):
                return value / divisor
    return None


def _held(rss_mib: float | None, limit_mib: float | None) -> str:
    if rss_mib is None:
        return ""
    return f"It held {size(rss_mib)}{f' of {size(limit_mib)}' if limit_mib else ''}."


def _least_outside(rss_mib: float) -> float:
    """Less is the runtime's own, and fragments."""
    return max(LEAST_OUTSIDE_MIB, 0.15 * rss_mib)


def _jump_mib(bins: Sequence[Bin]) -> float:
    """The largest rise of the live heap (MiB) from one collection to the next, by a third or more; 0 without any."""
    rises = [
        after.live_high_mib - before.live_low_mib
        for before, after in pairwise(bins)
        if before.collections == after.collections == 1 and after.live_high_mib >= JUMP * before.live_low_mib
    ]
    return float(max(rises, default=0))


def _jumped(rss_mib: float | None, beyond_mib: float | None, jump_mib: float | None) -> str:
    if rss_mib is None or beyond_mib is None or jump_mib is None:
        return ""
    return (
        f"Of {size(rss_mib)} {size(beyond_mib)} were beyond what the heap was due to reach: asked for at once after "
        f"the last collection, or held outside the Go heap. The heap rose by {size(jump_mib)} at once before: what "
        "doubles (a slice, a buffer, a map) asks for twice as much the next time."
    )


def _sentence(live: float, most: float, stacks: int | None, rss: float | None, outside: float | None) -> str:
    garbage = max(0.0, most - live)
    told = f"{size(live)} of the Go heap were in use"
    if rss is None:
        told += f"; with garbage it may have grown to {size(most)} before the next collection"
    else:
        told += f", and up to {size(garbage)} more were garbage waiting for the next collection"
    if stacks:
        told += f"; stacks {size(stacks)} scanned, about {size(stacks * REAL_PER_SCANNED)} in use"
    if rss is None or outside is None:
        return told + "."
    if outside >= _least_outside(rss):
        return f"Of {size(rss)} at least {size(outside)} were outside the Go heap; {told}."
    return f"Of {size(rss)} all can be Go heap: {told}."
