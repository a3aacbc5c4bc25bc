"""The lines of a program that hold its heap: all stacks that allocate at one line together, now and before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from gctail.golang.profiles.internals import RUNTIME, grown, is_standard, own_frame
from gctail.golang.profiles.values import Frame, HeapProfile, Stack

MOST_CALLERS = 24


class Site(Struct, frozen=True):
    """One line of the program and what it allocated, in bytes and objects.

    `kind` is what grows there (map, slice, buffer, …), empty where the frames do not say; `shown_by` is the frame that
    shows it. `through` is the function of another module or of the standard library that allocated on its behalf.
    `before_bytes` is what was in use at the earlier profile, None where there is only one.
    """

    at: Frame
    kind: str
    shown_by: str
    through: str
    inuse_bytes: int
    inuse_objects: int
    alloc_bytes: int
    alloc_objects: int
    before_bytes: int | None
    callers: tuple[Frame, ...]
    """Of the stack that holds most, from the line outwards."""
    stacks: int

    @property
    def grown_bytes(self) -> int:
        """How much more is in use than at the earlier profile; all of it where there is none."""
        return self.inuse_bytes - (self.before_bytes or 0)


class _Line(NamedTuple):
    """What makes stacks one site."""

    function: str
    file: str | None
    line: int | None
    kind: str


def sites(profile: HeapProfile, before: HeapProfile | None = None) -> list[Site]:
    """All sites: those that grew most first, or without `before` those that hold most."""
    now = _by_line(profile.stacks)
    then = _by_line(before.stacks) if before is not None else {}
    found = [
        _site(line, now.get(line, []), then.get(line, []), compared=before is not None) for line in {**now, **then}
    ]
    return sorted(found, key=lambda site: (-site.grown_bytes, -site.inuse_bytes, -site.alloc_bytes, site.at.function))


def earlier_first(one: HeapProfile, other: HeapProfile) -> bool:
    """Whether `one` was taken before `other`, as far as they say; else the order in which they were given counts."""
    return one.time_s is None or other.time_s is None or one.time_s <= other.time_s


def _by_line(stacks: Iterable[Stack]) -> dict[_Line, list[Stack]]:
    found: dict[_Line, list[Stack]] = {}
    for stack in stacks:
        at = own_frame(stack.frames)
        frame = stack.frames[at] if stack.frames else Frame("?", None, None)
        kind, _ = grown(stack.frames[: at + 1])
        found.setdefault(_Line(frame.function, frame.file, frame.line, kind), []).append(stack)
    return found


def _site(line: _Line, now: list[Stack], then: list[Stack], *, compared: bool) -> Site:
    largest = max(now or then, key=lambda stack: (stack.inuse_bytes, stack.alloc_bytes))
    at = own_frame(largest.frames)
    _, shown_by = grown(largest.frames[: at + 1])
    above = [frame for frame in largest.frames[:at] if not frame.function.startswith(RUNTIME)]
    foreign = [frame for frame in above if not is_standard(frame)]
    through = (foreign or above)[-1].function if above else ""
    return Site(
        at=Frame(line.function, line.file, line.line),
        kind=line.kind,
        shown_by=shown_by,
        through=through,
        inuse_bytes=sum(stack.inuse_bytes for stack in now),
        inuse_objects=sum(stack.inuse_objects for stack in now),
        alloc_bytes=sum(stack.alloc_bytes for stack in now),
        alloc_objects=sum(stack.alloc_objects for stack in now),
        before_bytes=sum(stack.inuse_bytes for stack in then) if compared else None,
        callers=largest.frames[at : at + MOST_CALLERS],
        stacks=len(now),
    )
