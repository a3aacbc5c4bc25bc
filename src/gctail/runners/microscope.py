"""The second look at a log: the lines of its suspects are read again, for the keys of their slots.

Only where a suspect has keys, and only the lines that hold its words: the rest passes by at the speed of the scanner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gctail.attribution.keys.sample import KeySample
from gctail.attribution.keys.tapping import SlotReader
from gctail.parsing.times import find_time
from gctail.postmortem.certificate import Certificate
from gctail.postmortem.keyed import Looked
from gctail.postmortem.witness import Run, Stream
from gctail.records import GcCycle, Passage, Sighting

MOST_SUSPECTS, MOST_FIELDS = 3, 8
LOOK_INTO_BYTES = 400
_KEY = re.compile(r"(?<![\w.])(?P<name>key|cache_?[kK]ey|cacheKey)=<\*>")
"""What a field is called whose values are keys, whatever is suspected beside it."""
_FIELD = re.compile(r"(?<![\w.])([\w.-]+)=<\*>")

Events = Iterable[list[Sighting | Passage]]


class Look:
    """One process whose suspects are looked at again, and the part of the logs that is its."""

    def __init__(self, certificate: Certificate, stream: Stream) -> None:
        self.service = certificate.service
        self.suspect = next((each for each in certificate.suspects[:MOST_SUSPECTS] if _slots(each)), None)
        self.reader = _reader(self.suspect) if self.suspect is not None else None
        runs = list(stream.runs.values())
        at = next((place for place, run in enumerate(runs) if run.epoch == certificate.epoch), None)
        self._run: Run | None = runs[at] if at is not None else None
        self._next: Run | None = runs[at + 1] if at is not None and at + 1 < len(runs) else None
        self._is_first = at in {0, None}
        self._others = {run.origin for run in runs} - ({self._run.origin} if self._run is not None else set())
        self._now_s = 0.0

    def take(self, event: Sighting | Passage) -> None:
        """What comes from the log, in order."""
        if event.service != self.service or not self._is_ours(event.origin, event.offset):
            return
        if isinstance(event, Sighting):
            if isinstance(event.record, GcCycle) and event.record.uptime_s is not None:
                self._now_s = event.record.uptime_s
            return
        if self.reader is not None:
            self.reader.read(bytes(event.text), self._now_s, event.wrapper, _time_of)

    def _is_ours(self, origin: str, offset: int) -> bool:
        """It stands between the first collection of this process and that of the next."""
        if self._run is None:
            return True
        if origin in self._others:
            return self._next is not None and origin == self._next.origin and offset < self._next.first_offset
        begins = origin != self._run.origin or offset >= self._run.first_offset or self._is_first
        ends = self._next is None or origin != self._next.origin or offset < self._next.first_offset
        return begins and ends

    def looked(self) -> list[Looked]:
        """What was seen, of the slots that have keys."""
        if self.suspect is None or self.reader is None:
            return []
        message = str(self.suspect.get("message") or self.suspect["template"])
        for sample in self.reader.samples.values():
            sample.is_cut = self.reader.is_full
        return [
            Looked(self.service, message, slot, sample)
            for slot, sample in _telling(self.reader.samples, _named(self.suspect))
        ]


def looks(certificates: Sequence[Certificate], streams: dict[str, Stream]) -> list[Look]:
    """What is worth a second look."""
    found = [Look(each, streams.get(each.service) or Stream()) for each in certificates]
    return [look for look in found if look.reader is not None]


def look_again(wanted: Sequence[Look], read: Callable[[], Events]) -> list[Looked]:
    """Read everything again for all of them."""
    if not wanted:
        return []
    for events in read():
        for event in events:
            for look in wanted:
                look.take(event)
    return [each for look in wanted for each in look.looked()]


def _reader(suspect: dict[str, Any]) -> SlotReader:
    return SlotReader(str(suspect["template"]), _slots(suspect), str(suspect["example"]))


def _telling(samples: dict[str, KeySample], named: list[str]) -> list[tuple[str, KeySample]]:
    """The slots that have several keys; where the suspect has named none, the one with most of them."""
    seen = [(slot, sample) for slot, sample in samples.items() if sample.lines]
    several = [each for each in seen if each[1].distinct > 1] or seen[:1]
    return several if named or not several else [max(several, key=lambda each: each[1].distinct)]


def _slots(suspect: dict[str, Any]) -> list[str]:
    """The slots whose keys are of interest; where none is named, all fields that may be."""
    if not suspect.get("template") or not suspect.get("example"):
        return []
    fields = [each for each in dict.fromkeys(_FIELD.findall(str(suspect["template"]))) if each != suspect.get("field")]
    told_by_number = suspect.get("kind") in {
        "level",
        "sum",
    }  # "size=128432" of a line of figures: the others are no keys
    return _named(suspect) or ([] if told_by_number else fields[:MOST_FIELDS])


def _named(suspect: dict[str, Any]) -> list[str]:
    """What calls itself a key, and the suspected slot. The size of what grows is no key of it."""
    key = _KEY.search(str(suspect["template"]))
    field, slot = str(suspect.get("field") or ""), str(suspect.get("slot") or "")
    found = [key["name"] if key is not None else "", slot if slot != field else ""]
    return list(dict.fromkeys(each for each in found if each))


def _time_of(line: bytes) -> float | None:
    found = find_time(line[:LOOK_INTO_BYTES])
    return found[0] if found is not None else None
