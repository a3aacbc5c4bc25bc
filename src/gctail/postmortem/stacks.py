"""The goroutines of a dump, grouped by where they stand: counts and waiting times, the largest groups first."""

from __future__ import annotations

from statistics import median

from gctail.postmortem.certificate import StackGroup
from gctail.records import Death, Dump, Frame, Goroutine

MOST_GROUPS, MOST_FRAMES, MOST_IDS = 32, 24, 8
_MACHINERY = ("runtime.gopark", "runtime.goparkunlock", "runtime.goexit")


def grouped(record: Death | Dump | None) -> tuple[StackGroup, ...]:
    """Groups of goroutines with the same stack and the same creator; arguments and addresses do not count."""
    if record is None:
        return ()
    groups: dict[tuple[object, ...], list[Goroutine]] = {}
    for goroutine in record.goroutines:
        created = _place(goroutine.created_by) if goroutine.created_by is not None else None
        key = (tuple(map(_place, goroutine.frames[:MOST_FRAMES])), created)
        groups.setdefault(key, []).append(goroutine)
    dies = isinstance(record, Death) and not record.cause.startswith("signal-")
    guilty = record.goroutines[0].id if dies and record.goroutines else None
    told = [_group(members, guilty) for members in groups.values()]
    told.sort(key=lambda each: (-each.count, not each.guilty, each.ids))
    kept = told[:MOST_GROUPS]
    return (*kept, *(each for each in told[MOST_GROUPS:] if each.guilty))


def _group(members: list[Goroutine], guilty: int | None) -> StackGroup:
    states: dict[str, int] = {}
    for each in members:
        states[each.state] = states.get(each.state, 0) + 1
    minutes = [each.wait_minutes for each in members if each.wait_minutes is not None]
    first = members[0]
    return StackGroup(
        count=len(members),
        states=dict(sorted(states.items(), key=lambda item: (-item[1], item[0]))),
        stack=tuple(_place(frame) for frame in first.frames if frame.function not in _MACHINERY)[:MOST_FRAMES],
        created_by=_place(first.created_by) if first.created_by is not None else None,
        wait_minutes_median=float(median(minutes)) if minutes else None,
        wait_minutes_max=max(minutes, default=None),
        ids=tuple(each.id for each in members[:MOST_IDS]),
        guilty=any(each.id == guilty for each in members),
    )


def _place(frame: Frame) -> str:
    if frame.file is None:
        return frame.function
    return f"{frame.function} {frame.file}:{frame.line}" if frame.line is not None else f"{frame.function} {frame.file}"
