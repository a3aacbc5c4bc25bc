"""Events of one lane become packets: records go on, and of the text between them a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from gctail.kafka.lanes import owner
from gctail.parsing.reading import Event
from gctail.parsing.wrappers import unwrapped
from gctail.records import Death, Digest, Passage, Sighting
from gctail.rules import Plan
from gctail.rules.series import Counts
from gctail.runners.scale.packets import Packet, Part

END_BYTES = 2048
"""Of the text before a record, so much of its end goes with it."""
SAMPLE_BYTES = 16 << 10
"""Of the text between two records of a service, so much of its beginning goes along, to be searched for suspects.

As it grows suspects are surer and more travels: of a collection in a thousand lines 16 KiB are a tenth of the text."""
MOST_HELD = 256
"""Services of one lane whose text waits for a record; the one that waits longest goes first."""


class Waiting(Struct, frozen=True):
    """Text of a service since its last record: what did not go on yet, and how much of it has or will."""

    digest: Digest = Digest()
    sampled_bytes: int = 0


class Packing:
    """Gathers what one lane finds. Text waits here until a record of its service comes, unless rules count lines."""

    def __init__(self, plan: Plan | None, held: Mapping[str, Waiting]) -> None:
        names = plan.names if plan is not None else frozenset[str]()
        self._count = "lines" in names or "errors" in names
        self._levels = "errors" in names
        self._parts: dict[str, list[Part]] = {}
        self._waiting = dict(held)
        self.rumours: list[Sighting] = []

    def add(self, event: Event) -> None:
        """The next event of the lane."""
        name = owner(event)
        if isinstance(event, Passage):
            self._waiting[name] = self._more(self._waiting.get(name, Waiting()), event)
            return
        if isinstance(event.record, Death) and event.record.source != "go":
            self.rumours.append(event)
            return
        waiting = self._waiting.pop(name, None)
        parts = self._parts.setdefault(name, [])
        if waiting is not None and waiting.digest.lines:
            parts.append(Part(waiting.digest, [event]))
        elif parts:
            parts[-1].sightings.append(event)
        else:
            parts.append(Part(None, [event]))

    def packets(self) -> Iterable[Packet]:
        """All that can go."""
        if self._count:
            for name, waiting in self._waiting.items():
                self._go(name, waiting)
                self._waiting[name] = replace(waiting, digest=Digest())
        for name in list(self._waiting)[:-MOST_HELD]:
            self._go(name, self._waiting.pop(name))
        parts, self._parts = self._parts, {}
        return [Packet(name, found) for name, found in parts.items()]

    def rest(self) -> None:
        """No record will come: what waits goes with the next packets."""
        for name, waiting in self._waiting.items():
            self._go(name, waiting)
        self._waiting.clear()

    def held(self) -> dict[str, Waiting]:
        """Text that waits."""
        return dict(self._waiting)

    def _go(self, name: str, waiting: Waiting) -> None:
        if waiting.digest.lines:
            self._parts.setdefault(name, []).append(Part(waiting.digest))

    def _more(self, waiting: Waiting, passage: Passage) -> Waiting:
        digest, text = waiting.digest, bytes(passage.text)
        counts = Counts(digest.lines, digest.errors)
        counts.read(text, levels=self._levels)
        begin, whole = _begin(text, passage.wrapper, SAMPLE_BYTES - waiting.sampled_bytes)
        end = text[-END_BYTES:]
        if passage.wrapper is not None:
            end = _bare(end[len(text) > END_BYTES and end.find(b"\n") + 1 :], passage.wrapper)
        sample = begin.decode("utf-8", "surrogateescape")
        told = Digest(counts.lines, counts.errors, (digest.end + end)[-END_BYTES:], digest.sample + sample)
        return Waiting(told, waiting.sampled_bytes + len(begin) if whole else SAMPLE_BYTES)


def _begin(text: bytes, wrapper: str | None, most: int) -> tuple[bytes, bool]:
    """The first lines of a text, at most so many bytes without their wrapper; and whether these are all."""
    sample, at = b"", 0
    while at < len(text) and len(sample) <= most:
        cut = text.rfind(b"\n", at, at + SAMPLE_BYTES) + 1 or len(text)
        sample += text[at:cut] if wrapper is None else _bare(text[at:cut], wrapper)
        at = cut
    if len(sample) <= most:
        return sample, True
    return sample[: sample.rfind(b"\n", 0, most) + 1], False


def _bare(text: bytes, wrapper: str) -> bytes:
    """Whole lines without their wrapper."""
    lines = unwrapped(text.decode("utf-8", "surrogateescape").splitlines(), wrapper)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
