"""Reads one stream of text, line by line and closely: what is the runtime's, what is the application's.

One `LineReader` stands behind every stream of every service. It is given only the lines that may matter (a bulk scanner
skips the others) and all lines after them for as long as it is `busy` with something that spans several lines: a torn
record, a goroutine dump, a kernel's report, a SCHED block.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable

from msgspec.structs import replace

from gctail.parsing.beginnings import Beginnings
from gctail.parsing.burst import Found
from gctail.parsing.deaths import DeathReader, Step
from gctail.parsing.gctrace import parse_gctrace
from gctail.parsing.heads import THIN
from gctail.parsing.intact import complete, misfit_column, parse_record, read_record
from gctail.parsing.kernel import KernelReader
from gctail.parsing.layouts import START
from gctail.parsing.mending import Mended, Mender, Piece
from gctail.parsing.metrics_blocks import SampleReader, SampleStep
from gctail.parsing.runtime import RUNTIME_START, is_sched_detail
from gctail.parsing.text import plain
from gctail.parsing.times import LOOK_INTO_BYTES, find_time
from gctail.records import GcCycle, Passage, Record, Sched, Sighting, Unreadable

INTERESTING = re.compile(
    THIN
    + rb"(?:\*\*)?(?:"
    + RUNTIME_START
    + rb"|gc(?=$|\n|scvg)|"
    + DeathReader.START
    + rb"|"
    + KernelReader.START
    + rb"|"
    + SampleReader.START
    + rb")"
)
"""A line that may be the runtime's or about a death. 2016/07/06 18:35:09 gc 5 @1.234s 0%: …"""

GLUED = re.compile(rb"gc #?\d++ @\d++\.\d{3}s |gc\d++\(\d++\): \d++\+\d")
"""A collection in the middle of a line, behind text that the application ended without a newline."""

THIN_PREFIX = re.compile(THIN)
PASSAGE_BYTES = 1 << 16
MOST_DETAILS = 100_000
"""P, M and G lines kept of one SCHED block."""
FALSE_STARTS = 3
"""Application lines of one shape that may look like a torn record before the shape is known to be the application's."""

NEIGHBOURS = 32
"""Collections whose neighbour's time stamp is read after a start; later only every `NEIGHBOUR_EVERY`th."""
NEIGHBOUR_EVERY = 64

Event = Sighting | Passage


class LineReader:
    """One stream of one service: lines in, sightings and passages out (appended to `events`, in order)."""

    def __init__(self, service: str, origin: str, stream: str | None, events: list[Found]) -> None:
        self.service, self.origin, self.stream = service, origin, stream
        self.events = events
        self.mender = Mender(Beginnings())
        self.deaths = DeathReader()
        self.kernel = KernelReader()
        self.samples, self.samples_seen = SampleReader(), 0
        self.sample_offset = self.sample_lines = 0
        self.sched: tuple[Sched, int, int] | None = None
        self.details: list[str] = []
        self.lines: list[bytes] = []
        self.lines_size = 0
        self.lines_offset = 0
        self.lines_mended = False
        self.report_offset = 0
        self.report_lines = 0
        self.report_place = (0, -1)
        self.handed_on = 0
        self.next_number: int | None = None
        self.procs: int | None = None
        self.false_starts: Counter[bytes] = Counter()
        self.recent = b""
        self.tell_news: Callable[[str], None] | None = None
        self.busy = False
        """Something that spans several lines has begun: the next line must come here too."""
        self.time_s: float | None = None
        self.near_s: float | None = None
        self.year: int | None = None
        """What completes time stamps that have none."""
        self._quote = b""
        self._entities = False
        self._queue: deque[tuple[Piece, bool]] = deque()

    @property
    def _open(self) -> bool:
        """Something that spans several lines has begun."""
        reports = self.deaths.busy or self.kernel.busy or self.samples.busy
        return reports or self.mender.busy or self.sched is not None

    def feed(self, line: bytes, offset: int, time_s: float | None = None) -> None:
        """One line without its newline, at `offset` of the input; `time_s` is what its wrapper says."""
        self.near_s = self.time_s if time_s is None else None
        self.time_s = time_s
        self._queue.append((Piece(line, offset), False))
        while self._queue:
            piece, mended = self._queue.popleft()
            self._read(piece, mended=mended)
        self.busy = self._open

    def takes(self, line: bytes, offset: int) -> bool:
        """Take a line, when nothing is open, if it is the application's for certain; else it is to be fed."""
        if INTERESTING.match(line) is not None or b"@" in line or b"): " in line:
            return False
        if self.lines_size > PASSAGE_BYTES or self.lines_mended:
            return False
        if self.next_number is None and self.samples.starts(line):
            return False
        if not self.lines:
            self.lines_offset = offset
        self.lines.append(line)
        self.lines_size += len(line) + 1
        return True

    def flush(self) -> None:
        """No more lines: whatever is open ends here."""
        while self._open:
            if self.mender.busy:
                mended = self.mender.flush()
                if mended is not None:
                    self._take(mended)
            elif self.deaths.busy:
                self._outcome(self.deaths.flush(), None)
            elif self.kernel.busy:
                self._outcome(self.kernel.flush(), None)
            elif self.samples.busy:
                self._samples_told(self.samples.flush())
            else:
                self._end_sched()
            while self._queue:
                piece, mended_piece = self._queue.popleft()
                self._read(piece, mended=mended_piece)
        self.busy = False
        self.end_passage()

    def end_passage(self) -> None:
        """Hand on the application lines read so far."""
        if not self.lines:
            return
        self.handed_on += 1
        text = b"\n".join(self.lines) + b"\n"
        self.events.append(
            Passage(text, self.service, self.origin, self.lines_offset, self.time_s, self.stream, self.lines_mended)
        )
        self.lines, self.lines_size, self.lines_mended = [], 0, False

    def _read(self, piece: Piece, *, mended: bool) -> None:
        line = piece.line
        if self.mender.busy:
            done = self.mender.feed(self._unquoted(line), piece.offset)
            if done is not None:
                self._take(done)
            return
        if self.sched is not None and self._sched_goes_on(line):
            return
        if (self.deaths.busy or self.kernel.busy) and self._report_goes_on(piece):
            return
        seeks = self.next_number is None  # gctrace tells more: beside it, samples are the application's lines
        if (self.samples.busy or (seeks and self.samples.starts(line))) and self._sampled(piece):
            return
        self._begin(piece, mended=mended)

    def _sampled(self, piece: Piece) -> bool:
        """A line in which the program tells its heap by another channel; True where the line holds nothing else."""
        if not self.samples.busy:
            self.sample_offset = piece.offset
        step = self.samples.feed(piece.line)
        if step.records:
            self._note_time(piece.line)
        return self._samples_told(step)

    def _samples_told(self, step: SampleStep) -> bool:
        for line in step.back:
            self._application(line, self.sample_offset, mended=True)
        self.samples_seen += len(step.records)
        self.sample_lines += step.taken - len(step.back)
        for sample in step.records:
            self._emit(sample, self.sample_offset, lines=self.sample_lines)
            self.sample_lines = 0
        return step.taken

    def _give_back(self, lines: tuple[bytes, ...], offset: int) -> None:
        """Lines that looked like a report and are the application's stand before those that came since."""
        at, held = self.report_place
        if self.lines and held == self.handed_on:
            self.lines[at:at] = lines
            self.lines_size += sum(map(len, lines)) + len(lines)
            return
        for line in lines:
            self._application(line, offset, mended=True)

    def _begin(self, piece: Piece, *, mended: bool) -> None:
        """A line with nothing open: a record, the beginning of something longer, or the application's."""
        line, offset = piece
        if INTERESTING.match(line) is None:
            if not (b"@" in line or b"): " in line) or not self._glued(piece):
                self._application(line, offset, mended=mended)
            return
        record = parse_record(line)
        if record is not None:
            self._record(record, offset)
            return
        text = plain(line)
        bare = text[THIN_PREFIX.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty text too
        record = parse_record(bare) if bare != line else None
        record = record or read_record(bare)
        if record is not None:
            self._note_time(line)
            self._record(record, offset)
            return
        if self._report_begins(bare, piece):
            return
        if self._torn(bare, offset, line) or self._glued(piece):
            return
        self._application(line, offset, mended=mended)

    def _torn(self, bare: bytes, offset: int, line: bytes) -> bool:
        """Open the mender on what begins like a record and is not whole."""
        if START.match(bare) is None:
            return False
        shape = bytes(bare[:24])
        if self.false_starts[shape] >= FALSE_STARTS:
            return False
        beginnings = self.mender.beginnings
        beginnings.learn(self.lines[-64:])
        if self.recent:
            beginnings.learn(self.recent.split(b"\n")[:-1])
            self.recent = b""
        self._quote = THIN_PREFIX.match(line).group()  # type: ignore[union-attr]  # it matches the empty text too
        self._entities = b"&gt;" in line
        return self.mender.open(bare, offset + len(line) - len(bare), self.next_number)

    def _unquoted(self, line: bytes) -> bytes:
        """The lines after a torn one are indented, quoted, coloured or escaped as it was."""
        quote = self._quote
        if quote and line.startswith(quote):
            line = line[len(quote) :]
            if b"\x1b" in quote:
                line = line.removesuffix(b"\x1b[0m")
        return plain(line) if self._entities else line

    def _take(self, mended: Mended) -> None:
        """What the mender gives back: the record, and the lines to read as if they had come now."""
        record = mended.record or complete(mended.text, self.procs)
        if record is not None:
            self._record(record, mended.offset, mended=True, lines=mended.lines_used)
        elif mended.plain is not None:
            self._false_start(mended.plain)
        else:
            reason = "cut off by the end of the input" if mended.cut else "torn, and the rest of it never came"
            self._unreadable(mended.text, reason, mended.offset, mended.lines_used)
        whole = record is not None or mended.cut
        if whole:
            self.mender.beginnings.learn(piece.line for piece in mended.lines)
        self._queue.extendleft((piece, whole) for piece in reversed(mended.lines))

    def _false_start(self, piece: Piece) -> None:
        self.false_starts[bytes(piece.line[:24])] += 1
        if len(self.false_starts) > 256:
            self.false_starts.clear()
        self._application(piece.line, piece.offset, mended=False)

    def _glued(self, piece: Piece) -> bool:
        """A collection behind application text that had no newline: `Ready. Loaded 1002662 serialsgc 17 @6.215s …`."""
        line, offset = piece
        found = GLUED.search(line)
        if found is None or found.start() == 0:
            return False
        record = parse_gctrace(plain(line[found.start() :]))
        if record is None:
            return self._torn_glued(line, offset, found.start())
        self._glued_prefix(line[: found.start()], offset)
        self._record(record, offset + found.start())
        return True

    def _torn_glued(self, line: bytes, offset: int, start: int) -> bool:
        """A collection that is both glued to the application's text and torn after it."""
        if not self._torn(plain(line[start:]), offset + start, line[start:]):
            return False
        self._glued_prefix(line[:start], offset)
        return True

    def _glued_prefix(self, prefix: bytes, offset: int) -> None:
        stamp = find_time(prefix)
        is_wrapper = not prefix.strip(b" \t>\0") or (stamp is not None and not prefix[stamp[2] :].strip(b" \t]|:"))
        if is_wrapper:
            self._note_time(prefix)
        else:
            self._application(prefix, offset, mended=True)

    def _note_time(self, text: bytes) -> None:
        """A time stamp in front of a runtime line was written with it."""
        if self.time_s is None:
            found = find_time(text)
            self.time_s = found[0] if found is not None else None

    def _look_before(self, number: int) -> None:
        """Where nothing tells the time of a collection, the application's line before it may."""
        known = self.time_s is not None or self.near_s is not None
        if known or not self.lines or (number > NEIGHBOURS and number % NEIGHBOUR_EVERY):
            return
        found = find_time(self.lines[-1][:LOOK_INTO_BYTES], self.year)
        self.near_s = found[0] if found is not None else None

    def _record(self, record: Record, offset: int, *, mended: bool = False, lines: int = 1) -> None:
        if isinstance(record, GcCycle):
            self.next_number, self.procs = record.number + 1, record.procs
            self._look_before(record.number)
            if record.rest and self.tell_news is not None:
                self.tell_news(record.rest)
        elif isinstance(record, Sched) and not record.run_queues and not mended:
            self.sched, self.details = (record, offset, lines), []
            return
        self._emit(record, offset, mended=mended, lines=lines)

    def _emit(self, record: Record, offset: int, *, mended: bool = False, lines: int = 1) -> None:
        self.end_passage()
        self.events.append(
            Sighting(record, self.service, self.origin, offset, self.time_s, self.stream, mended, lines, self.near_s)
        )

    def _unreadable(self, text: bytes, reason: str, offset: int, lines: int) -> None:
        shown = text[:1000].decode("utf-8", "replace")
        self._emit(Unreadable(shown, reason, misfit_column(shown)), offset, lines=lines)

    def _application(self, line: bytes, offset: int, *, mended: bool) -> None:
        if self.lines and (self.lines_size > PASSAGE_BYTES or mended != self.lines_mended):
            self.end_passage()
        if not self.lines:
            self.lines_offset, self.lines_mended = offset, mended
        self.lines.append(line)
        self.lines_size += len(line) + 1

    def _sched_goes_on(self, line: bytes) -> bool:
        if not is_sched_detail(line):
            self._end_sched()
            return False
        if len(self.details) < MOST_DETAILS:
            self.details.append(line.decode("utf-8", "replace").strip())
        record, offset, lines = self.sched or (Sched(0, {}), 0, 0)
        self.sched = (record, offset, lines + 1)
        return True

    def _end_sched(self) -> None:
        if self.sched is not None:
            record, offset, lines = self.sched
            self.sched = None
            self._emit(replace(record, details=tuple(self.details)), offset, lines=lines)
            self.details = []

    def _report_goes_on(self, piece: Piece) -> bool:
        """Offer a line to the open report; True when it took the line."""
        reader = self.deaths if self.deaths.busy else self.kernel
        return self._outcome(reader.feed(plain(piece.line)), piece)

    def _report_begins(self, bare: bytes, piece: Piece) -> bool:
        """A line that may begin a crash report, a dump, or a kernel's report of a kill."""
        for reader in (self.deaths, self.kernel):
            if not reader.busy and reader.starts(bare):
                self.report_offset, self.report_lines = piece.offset, 0
                self.report_place = (len(self.lines), self.handed_on)
                return self._outcome(reader.feed(bare), piece)
        return False

    def _outcome(self, step: Step, piece: Piece | None) -> bool:
        """Do what a report's reader says of a line. Lines that it gives back are the application's."""
        self.report_lines += step.taken - len(step.back)
        offset = piece.offset if piece is not None else self.report_offset
        if step.back:
            self._give_back(step.back, offset)
        if step.record is not None:
            self._emit(step.record, self.report_offset, lines=max(0, self.report_lines))
            self.report_offset, self.report_lines = offset, 0
        return step.taken
