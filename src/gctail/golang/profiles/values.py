"""A heap profile as values: stacks, and what was allocated by each."""

from __future__ import annotations

from msgspec import Struct

MOST_FRAMES = 512
"""Of one stack; what is deeper is recursion."""


class Malformed(ValueError):
    """The data is no heap profile, or is damaged; the message says how, in a few words."""


class Frame(Struct, frozen=True):
    """One call: the function as Go names it, with its package's whole path; the file may be absolute or trimmed."""

    function: str
    file: str | None
    line: int | None


class Stack(Struct, frozen=True):
    """One allocating stack, innermost call first, and how much of what it allocated is in use and was ever allocated.

    Estimates for the whole program, scaled up from what was sampled (`scaleHeapSample` in runtime/pprof/protomem.go).
    """

    frames: tuple[Frame, ...]
    inuse_bytes: int
    inuse_objects: int
    alloc_bytes: int
    alloc_objects: int


class HeapProfile(Struct, frozen=True):
    """A whole profile. `time_s` is Unix time, None in the text form, which does not say when it was taken.

    Heap profiles are as of the end of the last collection, so what is in use in them was live.
    """

    form: str
    """proto or text."""
    stacks: tuple[Stack, ...]
    time_s: float | None = None
    rate_bytes: int | None = None
    """One allocation in so many bytes was sampled."""
    program: str | None = None
    """The path of the executable."""

    @property
    def inuse_bytes(self) -> int:
        """All that is in use."""
        return sum(stack.inuse_bytes for stack in self.stacks)

    @property
    def alloc_bytes(self) -> int:
        """All that was ever allocated."""
        return sum(stack.alloc_bytes for stack in self.stacks)
