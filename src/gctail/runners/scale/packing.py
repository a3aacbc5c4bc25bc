"""Events of one lane become packets: records go on, of the text between them a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gctail.kafka.lanes import owner
from gctail.parsing.reading import Event
from gctail.parsing.wrappers import unwrapped
from gctail.records import Death, Digest, Passage, Sighting
from gctail.rules import Plan
from gctail.rules.series import Counts
from gctail.runners.scale.packets import Packet, Part

END_BYTES = 2048
"""Of the text before a record, so much of its end goes with it."""
MOST_HELD = 256
"""Services of one lane whose text waits for a record; the one that waits longest goes first."""


class Packing:
    """Gathers what one lane finds. Text waits here until a record of its service comes, unless rules count lines."""

    def __init__(self, plan: Plan | None, held: Mapping[str, Digest]) -> None:
        names = plan.names if plan is not None else frozenset[str]()
        self._count = "lines" in names or "errors" in names
        self._levels = "errors" in names
        self._parts: dict[str, list[Part]] = {}
        self._digests = dict(held)
        self.rumours: list[Sighting] = []

    def add(self, event: Event) -> None:
        """The next event of the lane."""
        name = owner(event)
        if isinstance(event, Passage):
            self._digests[name] = self._more(self._digests.get(name, Digest()), event)
            return
        if isinstance(event.record, Death) and event.record.source != "go":
            self.rumours.append(event)
            return
        digest = self._digests.pop(name, None)
        parts = self._parts.setdefault(name, [])
        if digest is not None or not parts:
            parts.append(Part(digest, [event]))
        else:
            parts[-1].sightings.append(event)

    def packets(self) -> Iterable[Packet]:
        """All that can go."""
        going = list(self._digests) if self._count else list(self._digests)[:-MOST_HELD]
        for name in going:
            self._parts.setdefault(name, []).append(Part(self._digests.pop(name)))
        parts, self._parts = self._parts, {}
        return [Packet(name, found) for name, found in parts.items()]

    def held(self) -> dict[str, Digest]:
        """Text that waits."""
        return dict(self._digests)

    def _more(self, digest: Digest, passage: Passage) -> Digest:
        text = bytes(passage.text)
        counts = Counts(digest.lines, digest.errors)
        counts.read(text, levels=self._levels)
        end = text[-END_BYTES:]
        if passage.wrapper is not None:
            lines = end[len(text) > END_BYTES and end.find(b"\n") + 1 :].decode("utf-8", "surrogateescape").splitlines()
            end = "".join(f"{line}\n" for line in unwrapped(lines, passage.wrapper)).encode("utf-8", "surrogateescape")
        return Digest(counts.lines, counts.errors, (digest.end + end)[-END_BYTES:])
