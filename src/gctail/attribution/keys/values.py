"""What the microscope shows, as plain values: times are seconds on the clock of the sample, shares 0 to 1."""

from __future__ import annotations

from msgspec import Struct


class Part(Struct, frozen=True):
    """One part of the keys: the text before it, its kind, an example, how many values it takes.

    `without` is how many different keys there would be without it, of those that were looked at.
    """

    before: str
    kind: str
    detail: str
    example: str
    distinct: int
    without: int


class Variant(Struct, frozen=True):
    """Keys that differ in a trifle: so many would be left if they were written alike."""

    what: str
    left: int


class Prefix(Struct, frozen=True):
    """A beginning that keys share."""

    text: str
    share: float


class Burst(Struct, frozen=True):
    """Keys that differ in their volatile parts alone and came within moments of each other."""

    time_s: float
    keys: int
    span_ms: float
    examples: tuple[str, ...]


class Ages(Struct, frozen=True):
    """How long keys live: the share that came again after their first line, and for those the time until the last."""

    again: float
    life_median_s: float | None
    life_90_s: float | None


class Told(Struct, frozen=True):
    """One key of the sample."""

    key: str
    count: int
    first_s: float
    last_s: float


class Mixture(Struct, frozen=True):
    """Keys that have a part which others have not: how many, and how many came again, of either.

    `expected` is how many would have come again, were they like the others.
    """

    keys: int
    again: int
    others: int
    others_again: int
    expected: float


class KeyReport(Struct, frozen=True):
    """Everything about the keys of one slot.

    `distinct` is exact where `scale` is 1; else each key that was looked at stands for `scale` others. `entropy_bits`
    is that of the keys over the lines, at most log2 of `distinct`: near it, no key is more frequent than another.
    `pattern` is how `pattern_share` of the keys are built. `cause` is the kind of the part that makes them new, empty
    where none does; without all volatile parts `left` of `looked_at` keys would remain. `growth` are times and the
    number of different keys by then.
    """

    lines: int
    distinct: int
    scale: int
    looked_at: int
    entropy_bits: float
    pattern: str
    pattern_share: float
    parts: tuple[Part, ...]
    cause: str
    detail: str
    left: int | None
    variants: tuple[Variant, ...]
    prefixes: tuple[Prefix, ...]
    bursts: tuple[Burst, ...]
    ages: Ages
    growth: tuple[tuple[float, int], ...]
    keys: tuple[Told, ...]
    """The most frequent ones, then the latest."""
    cut: bool = False
    """Of very many lines only the first ones were looked at."""
    conclusion: str = ""
    """Why: part (one is new each time), id (of what happens once), spelling, again (they come again), once, or one."""
    sentence: str = ""
    mixture: Mixture | None = None
    """Where the cause stands in a part of the keys only, and those hardly ever come again, as others do."""
