"""What a death is judged by besides the models: where each process begins and ends, its first and last words.

Kept while a log is read, in bounded memory, because a log may be a pipe that cannot be read again.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from gctail.engine import MOST_SERVICES
from gctail.parsing.wrappers import unwrapped
from gctail.records import Death, Dump, GcCycle, Passage, Sighting
from gctail.service import MOST_EPOCHS_KEPT, Seen

HEAD_BYTES, TAIL_BYTES = 1 << 13, 1 << 14
MOST_REPORTS = 256
"""Deaths told by others than Go itself that are kept to be matched, of all logs together."""
MOST_DUMPS = 4


class Words(Struct, frozen=True):
    """Some application text as it came: whole lines, from `offset` of `origin` on."""

    text: bytes
    origin: str
    offset: int
    wrapper: str | None
    exact: bool
    """Whether it is a plain slice of the input, so that offsets inside it can be counted."""

    def lines(self) -> list[tuple[str, int | None]]:
        """Its lines that are not empty, each with the place in its input."""
        found: list[tuple[str, int | None]] = []
        offset = self.offset
        for raw in self.text.split(b"\n"):
            place = offset if self.exact else None
            offset += len(raw) + 1
            text = raw.decode("utf-8", "replace").rstrip("\r")
            inner = unwrapped([text], self.wrapper) if self.wrapper is not None and text else [text]
            found += [(each, place) for each in inner if each.strip()]
        return found


class Tail:
    """The end of a stream of text, about `TAIL_BYTES` of it."""

    def __init__(self) -> None:
        self.parts: deque[Words] = deque()
        self._size = 0

    def take(self, passage: Passage) -> None:
        """More text."""
        text, offset = passage.text, passage.offset
        if len(text) > TAIL_BYTES:
            cut = bytes(text[-TAIL_BYTES:]).find(b"\n") + 1 or 0
            offset += len(text) - TAIL_BYTES + cut
            text = text[len(text) - TAIL_BYTES + cut :]
        self.parts.append(Words(bytes(text), passage.origin, offset, passage.wrapper, not passage.mended))
        self._size += len(text)
        while self._size - len(self.parts[0].text) > TAIL_BYTES:
            self._size -= len(self.parts.popleft().text)


class Run(Struct):
    """One process, as far as its log shows it: its places, its first and its last words."""

    epoch: int
    origin: str = ""
    first_offset: int = 0
    last_offset: int = 0
    """Of its last collection."""
    words: tuple[Words, ...] = ()
    """Its last words; empty while it is the current one."""
    forced: int = 0
    limit_bound: int = 0
    busiest_share: float = 0.0


class Stream:
    """What is kept of one service."""

    def __init__(self) -> None:
        self.head = b""
        self.head_wrapper: str | None = None
        self.tail = Tail()
        self.runs: dict[int, Run] = {}
        self.dumps: list[Sighting] = []
        self.origins: dict[str, None] = {}
        self.first_offset: int | None = None
        self.end_offset = 0
        self.last_time_s: float | None = None
        self.run = Run(0)

    def read(self, passage: Passage) -> None:
        """Text of the application."""
        if len(self.head) < HEAD_BYTES:
            self.head += bytes(passage.text[: HEAD_BYTES - len(self.head)])
            self.head_wrapper = passage.wrapper
        if passage.time_s is not None:
            self.last_time_s = passage.time_s
        self.origins.setdefault(passage.origin)
        if self.first_offset is None:
            self.first_offset = passage.offset
        self.end_offset = passage.offset + len(passage.text)
        self.tail.take(passage)

    def collected(self, seen: Seen, cycle: GcCycle) -> None:
        """A collection: which process it was of, and what strikes about it."""
        run = self.run
        if seen.epoch != run.epoch:
            run = self._turn_to(seen)
        run.last_offset = seen.sighting.offset
        if seen.time_s is not None:
            self.last_time_s = seen.time_s
        derived = seen.derived
        if derived is None:
            return
        run.forced += cycle.forced
        run.limit_bound += derived.limit_bound
        if derived.gc_cpu_share is not None and derived.gc_cpu_share > run.busiest_share:
            run.busiest_share = derived.gc_cpu_share

    def _turn_to(self, seen: Seen) -> Run:
        """Another process speaks: what was said last were the last words of the one before."""
        known = self.runs.get(seen.epoch)
        if known is None:
            if self.run.epoch:
                self.run.words = tuple(self.tail.parts)
            known = Run(seen.epoch, seen.sighting.origin, seen.sighting.offset)
            self.runs[seen.epoch] = known
            while len(self.runs) > MOST_EPOCHS_KEPT:
                self.runs.pop(next(iter(self.runs)))
        self.run = known
        return known

    def words_of(self, epoch: int) -> tuple[Words, ...]:
        """The last words of a process."""
        run = self.runs.get(epoch)
        if run is None or not run.words:
            return tuple(self.tail.parts)
        return run.words


class Witness:
    """Sees everything that is read, and remembers what the certificates will need."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.reports: deque[Sighting] = deque(maxlen=MOST_REPORTS)

    def read(self, event: Sighting | Passage) -> None:
        """Something came in, before anybody made anything of it."""
        if isinstance(event, Passage):
            stream = self.streams.get(event.service)
            if stream is None:
                if len(self.streams) >= MOST_SERVICES:
                    return
                stream = self.streams[event.service] = Stream()
            stream.read(event)
            return
        record = event.record
        if isinstance(record, Death) and record.source != "go":
            self.reports.append(event)

    def see(self, seen: Seen) -> None:
        """What was made of a record."""
        sighting = seen.sighting
        record = sighting.record
        stream = self.streams.get(sighting.service)
        if stream is None:
            if len(self.streams) >= MOST_SERVICES:
                return
            stream = self.streams[sighting.service] = Stream()
        if type(record) is GcCycle:
            stream.collected(seen, record)
        elif isinstance(record, Dump):
            stream.dumps.append(sighting)
            del stream.dumps[:-MOST_DUMPS]
