"""The lines around each spike of the heap, read from where they stand: just before and after, and the telling ones."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from gctail.errors import UnreadableInput
from gctail.postmortem.certificate import Case, Certificate, Spike
from gctail.postmortem.witness import Words

BEFORE_BYTES, AFTER_BYTES = 1 << 15, 1 << 15
MOST_SPIKES = 3
LINES_BEFORE, LINES_AFTER, LINES_TELLING = 2, 1, 3
LONGEST_LINE = 1000
_RUNTIME = re.compile(r"gc \d+ @|gc #?\d+|scav|scvg|pacer: |SCHED |GC forced|init |goroutine \d+ \[|\t")

Read = Callable[[str, int, int], bytes]
"""Bytes of an input: origin, offset, how many."""


def with_surroundings(case: Case, read: Read, wrapper_of: Callable[[str], str | None]) -> Case:
    """The case with lines at its spikes; `wrapper_of` is in which wrapper a service's lines stand."""
    return replace(
        case,
        certificates=tuple(_looked_around(each, read, wrapper_of(each.service)) for each in case.certificates),
    )


def _looked_around(certificate: Certificate, read: Read, wrapper: str | None) -> Certificate:
    if not any(spike.offset is not None for spike in certificate.spikes[:MOST_SPIKES]):
        return certificate
    told = [
        replace(spike, lines=_around(spike, read, wrapper)) if at < MOST_SPIKES else spike
        for at, spike in enumerate(certificate.spikes)
    ]
    return replace(certificate, spikes=tuple(told))


def _around(spike: Spike, read: Read, wrapper: str | None) -> tuple[str, ...]:
    """Whole lines of the application, in order."""
    if spike.offset is None:
        return ()
    begin = max(0, spike.offset - BEFORE_BYTES)
    try:
        data = read(spike.origin, begin, spike.offset - begin + AFTER_BYTES)
    except UnreadableInput:
        return ()
    first = data.find(b"\n") + 1 if begin else 0
    words = Words(data[first : data.rfind(b"\n") + 1], spike.origin, begin + first, wrapper, exact=True)
    lines = [(text, place or 0) for text, place in words.lines() if not _RUNTIME.match(text)]
    middle = next((at for at, (_, place) in enumerate(lines) if place >= spike.offset), len(lines))
    near = range(max(0, middle - LINES_BEFORE), min(len(lines), middle + LINES_AFTER))
    wanted = [literal for each in spike.changes if each.kind != "vanished" and (literal := _literal(each.message))]
    telling = [at for at, (text, _) in enumerate(lines) if any(literal in text for literal in wanted)]
    telling.sort(key=lambda at: abs(at - middle))
    chosen = sorted({*near, *telling[:LINES_TELLING]})
    return tuple(lines[at][0][:LONGEST_LINE] for at in chosen)


def _literal(message: str) -> str:
    """The longest word of a message, by which its lines are found."""
    return max((word for word in message.split() if len(word) >= 5), key=len, default="")
