"""The goroutines of a dump, grouped by where they stand: counts and waiting times, the largest groups first."""

from __future__ import annotations

from statistics import median

from gctail.postmortem.certificate import StackGroup
from gctail.records import Death, Dump, Frame, Goroutine

MOST_GROUPS, MOST_FRAMES, MOST_IDS = 32, 24, 8
LONGEST_ROUND, LEAST_ROUNDS = 4, 3
_RUNTIME = ("runtime.", "internal/runtime")
_LIBRARY = (*_RUNTIME, "internal/", "sync.", "syscall.", "time.")
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
    guilty = _guilty(record)
    told = [_group(members, guilty) for members in groups.values()]
    told.sort(key=lambda each: (is_the_runtimes(each), -each.count, not each.guilty, each.ids))
    kept = told[:MOST_GROUPS]
    return (*kept, *(each for each in told[MOST_GROUPS:] if each.guilty))


def _guilty(record: Death | Dump) -> int | None:
    """The goroutine that was running when it died: the report begins with it. Nobody, where the system stack died."""
    if not isinstance(record, Death) or record.cause.startswith("signal-") or not record.goroutines:
        return None
    first = record.goroutines[0]
    at_fault = first.state.startswith("running") or record.cause in {"runtime-fault", "panic"}
    return first.id if at_fault else None


def is_the_runtimes(group: StackGroup) -> bool:
    """Goroutines that the runtime started for itself: every frame is its own."""
    return bool(group.stack) and all(frame.startswith(_RUNTIME) for frame in group.stack)


def own_frame(group: StackGroup) -> str:
    """Where the program itself stands: the innermost frame outside the runtime and what it waits in."""
    own = [frame for frame in group.stack if not frame.startswith(_LIBRARY)]
    return (own or list(group.stack) or ["no frames"])[0]


def folded(stack: tuple[str, ...]) -> list[str]:
    """The stack with recursion told once: `f (97 times)`, or a few frames in turns and how often they came."""
    told: list[str] = []
    at = 0
    while at < len(stack):
        length, times = _round_at(stack, at)
        told += stack[at : at + length]
        if times > 1 and length == 1:
            told[-1] += f" ({times} times)"
        elif times > 1:
            told.append(f"(these {length} {times} times)")
        at += length * times
    return told


def _round_at(stack: tuple[str, ...], at: int) -> tuple[int, int]:
    """How many frames from here on repeat as a round, and how often: at least three times, or it is (1, 1)."""
    for length in range(1, LONGEST_ROUND + 1):
        times = 1
        while stack[at : at + length] == stack[at + times * length : at + (times + 1) * length] != ():
            times += 1
        if times >= LEAST_ROUNDS:
            return length, times
    return 1, 1


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
