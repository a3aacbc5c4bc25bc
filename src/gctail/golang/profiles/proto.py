"""profile.proto, the form in which Go writes profiles by itself (`heap.pb.gz`).

Source: https://github.com/google/pprof/blob/main/proto/profile.proto; what Go puts into it: writeHeapProto in
go/src/runtime/pprof/protomem.go.
"""

from __future__ import annotations

from msgspec import Struct, field

from gctail.golang.profiles.values import MOST_FRAMES, Frame, HeapProfile, Malformed, Stack
from gctail.golang.profiles.wire import Value, fields, message, numbers, signed, whole

MOST_SAMPLES, MOST_ENTRIES = 1 << 20, 1 << 20
MOST_CALLS = 1 << 23
"""Of all stacks together."""
LONGEST_NAME = 4096
WANTED = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")


class _Draft(Struct):
    """The tables of a profile as they stand in it, before anything is looked up."""

    types: list[tuple[int, int]] = field(default_factory=list)
    samples: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    locations: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    functions: dict[int, tuple[int, int]] = field(default_factory=dict)
    strings: list[memoryview] = field(default_factory=list)
    programs: list[int] = field(default_factory=list)
    time_ns: int = 0
    period: int = 0
    calls: int = 0


def read_proto(data: bytes) -> HeapProfile:
    """The profile. Raises `Malformed` where it is none, or none of a heap."""
    draft = _Draft()
    for number, value in fields(memoryview(data)):
        _take(draft, number, value)
    return _resolved(draft)


def _take(draft: _Draft, number: int, value: Value) -> None:
    if number == 1:
        told = _ints(message(value))
        draft.types.append((told.get(1, 0), told.get(2, 0)))
    elif number == 2:
        _sample(draft, message(value))
    elif number == 3:
        draft.programs.append(_ints(message(value)).get(5, 0))
    elif number == 4:
        _location(draft, message(value))
    elif number == 5:
        told = _ints(message(value))
        draft.functions[told.get(1, 0)] = told.get(2, 0), told.get(4, 0)
    elif number == 6:
        draft.strings.append(message(value))
    elif number == 9:
        draft.time_ns = signed(whole(value))
    elif number == 12:
        draft.period = signed(whole(value))
    if max(len(draft.strings), len(draft.locations), len(draft.functions), len(draft.programs)) > MOST_ENTRIES:
        raise Malformed(f"it has tables of more than {MOST_ENTRIES:,} entries")


def _ints(data: memoryview) -> dict[int, int]:
    """The numbers of a small message, by field; of a repeated one the last."""
    return {number: value for number, value in fields(data) if isinstance(value, int)}


def _sample(draft: _Draft, data: memoryview) -> None:
    places: list[int] = []
    values: list[int] = []
    for number, value in fields(data):
        if number == 1:
            places += numbers(value)
        elif number == 2:
            values += numbers(value)
    draft.calls += len(places)
    if len(draft.samples) >= MOST_SAMPLES or draft.calls > MOST_CALLS:
        raise Malformed(f"it has more than {MOST_SAMPLES:,} stacks or {MOST_CALLS:,} calls in them")
    draft.samples.append((tuple(places), tuple(map(signed, values))))


def _location(draft: _Draft, data: memoryview) -> None:
    """Where an address lies: several lines where functions were inlined there, the innermost first."""
    name, lines = 0, []
    for number, value in fields(data):
        if number == 1:
            name = whole(value)
        elif number == 4:
            line = _ints(message(value))
            lines.append((line.get(1, 0), line.get(2, 0)))
    draft.locations[name] = lines[:MOST_FRAMES]


def _resolved(draft: _Draft) -> HeapProfile:
    order = _order(draft)
    frames = {name: tuple(_frame(draft, *line) for line in lines) for name, lines in draft.locations.items()}
    stacks: dict[tuple[int, ...], list[int]] = {}
    for places, values in draft.samples:
        if len(values) != len(draft.types):
            raise Malformed(f"a stack has {len(values)} values, and the profile has {len(draft.types)} kinds of them")
        held = stacks.setdefault(places, [0, 0, 0, 0])  # the same stack comes once per size of objects
        for at, index in enumerate(order):
            if index is not None:
                held[at] += values[index]
    return HeapProfile(
        "proto",
        tuple(Stack(_frames(places, frames), *held) for places, held in stacks.items()),
        time_s=draft.time_ns / 1e9 if draft.time_ns > 0 else None,
        rate_bytes=draft.period if draft.period > 0 else None,
        program=next((text for at in draft.programs[:1] if (text := _text(draft, at))), None),
    )


def _order(draft: _Draft) -> list[int | None]:
    """At which place of a sample each wanted value stands."""
    types = [(_text(draft, kind), _text(draft, unit)) for kind, unit in draft.types]
    names = [kind for kind, _ in types]
    if not types:
        raise Malformed("it names no kind of value; is it a profile?")
    if not {"inuse_space", "alloc_space"} & set(names):
        told = ", ".join(f"{kind}/{unit}"[:40] for kind, unit in types[:4])
        raise Malformed(f"it holds {told}: that is no heap profile; take /debug/pprof/heap")
    odd = [unit for kind, unit in types if kind in {"inuse_space", "alloc_space"} and unit != "bytes"]
    if odd:
        raise Malformed(f"it measures memory in {odd[0][:40]!r} instead of bytes")
    return [names.index(name) if name in names else None for name in WANTED]


def _frames(places: tuple[int, ...], frames: dict[int, tuple[Frame, ...]]) -> tuple[Frame, ...]:
    found: list[Frame] = []
    for place in places[:MOST_FRAMES]:
        if place not in frames:
            raise Malformed(f"a stack names the location {place}, which is not in it")
        found += frames[place]
    return tuple(found[:MOST_FRAMES])


def _frame(draft: _Draft, function: int, line: int) -> Frame:
    if function not in draft.functions:
        raise Malformed(f"a location names the function {function}, which is not in it")
    name, file = draft.functions[function]
    line = signed(line)
    return Frame(_text(draft, name) or "?", _text(draft, file) or None, line if line > 0 else None)


def _text(draft: _Draft, at: int) -> str:
    if not 0 <= at < max(1, len(draft.strings)):
        raise Malformed(f"it names the text {at} of {len(draft.strings)}")
    return bytes(draft.strings[at][:LONGEST_NAME]).decode("utf-8", "replace") if draft.strings else ""
