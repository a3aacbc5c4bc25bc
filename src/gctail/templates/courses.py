"""What a mine has found, over time: plain values for whoever compares them with the heap.

All courses have one number for each time bin, oldest first. A bin is a whole number of collections; additive numbers
are sums over it. NaN stands where a bin says nothing.
"""

from __future__ import annotations

from msgspec import Struct


class Key(Struct, frozen=True, gc=False):
    """A value that a slot took, from a sample that every value has the same chance to be in.

    The sample is by hash, so `count`, `first_uptime_s` and `last_uptime_s` are true for this key since its first line.
    """

    text: str
    count: int
    first_uptime_s: float
    last_uptime_s: float


class Part(Struct, frozen=True):
    """Those lines of a template in which a slot has this value."""

    value: str
    count: list[float]


class Slot(Struct, frozen=True):
    """One variable of a template.

    `name` is that of the field, empty where the text gives none. `type` is int, float, duration (in seconds), size
    (in bytes), percent, hex, uuid, ip, host, path, time, id (letters with digits), list, struct (as Go prints one),
    quoted, or word. `distinct` is exact while at most `distinct.EXACT` keys were seen. `once` is the share of keys
    that came one time and never again. `new_keys` counts keys that were never seen before; it is empty where the slot
    is a measure (float, duration, size, percent, time, or a name like `bytes`). `sums`, `last` and `told` are
    empty where the slot was never a number.
    """

    name: str
    type: str
    values: int
    distinct: float
    once: float
    new_keys: list[float]
    sums: list[float]
    last: list[float]
    keys: tuple[Key, ...]
    whole: bool = True
    """Keys were taken from every line."""
    parts: tuple[Part, ...] = ()
    """How often each value came, where it never had more than a few."""
    hole: int = 0
    """Which `<*>` of the text it is, from 0: not all of them are counted."""
    told: tuple[tuple[float, float], ...] = ()
    """When a number was told (s of uptime, as lines were written evenly in its bin) and which: two of each bin."""


class Template(Struct, frozen=True):
    """One kind of line. `id` depends on its level and literal text alone: it is the same on every machine.

    `text` shows slots as `<*>`; `message` is the text without them. `count` is whole; of these lines `read_share` was
    read closely, and the values of the others are estimated.
    """

    id: str
    text: str
    message: str
    level: str | None
    total: int
    first_uptime_s: float
    last_uptime_s: float
    example: str
    count: list[float]
    slots: tuple[Slot, ...]
    read_share: float = 1.0
    routes: tuple[Template, ...] = ()
    """The lines of each route, where one of the slots holds addresses: of these only the keys are known."""
    route: str = ""
    """Of lines of one route which slot it stands in, and the route: `uri=GET /v2/reports/<*>/pdf`."""


class Courses(Struct, frozen=True):
    """Everything that a mine knows, per time bin.

    `uptime_s` is that of the collection that closed the bin, `live_mib` the live heap after it; `live_mean_mib` and
    `live_low_mib` are over all collections of the bin. `lines` are all lines of the bin, `other` those of no template
    that was kept, and empty ones. `sampled` is the share of the text that was read closely; where it is below 1,
    lines are counted all the same, and what could not be taken out of them is scaled up to the whole.
    """

    uptime_s: list[float]
    live_mib: list[float]
    live_mean_mib: list[float]
    live_low_mib: list[float]
    collections: list[float]
    lines: list[float]
    other: list[float]
    templates: tuple[Template, ...]
    sampled: float
    """1.0 where every line was read."""
