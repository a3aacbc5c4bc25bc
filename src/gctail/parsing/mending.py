"""Puts torn runtime lines together again, and gives back whole the lines that tore them.

The runtime writes every item of a `print` with its own system call (go/src/runtime/print.go, `gwrite`): a gctrace line
is about 39 writes, and whatever else writes to the same descriptor lands between them:

    gc 2026-01-02T03:04:05Z INFO request served id=113980
    642026-01-02T03:04:05Z INFO request served id=113981
     @2026-01-02T03:04:05Z INFO request served id=113982
    0.340s 2%: …

A line of such a log is a *fragment* of the runtime's line (perhaps empty) and then an *intruder*: a whole line of
somebody else. Where one ends and the other begins is a search: fragments must join to a line of a known shape, cut
only between tokens; intruders should begin as lines of this log do. Log drivers that make a record of every write are
the special case of empty intruders, and lines wrapped at 80 columns the one of cuts that ignore the tokens.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gctail.parsing.beginnings import Beginnings
from gctail.parsing.gctrace import checksum_holds, parse_gctrace
from gctail.parsing.intact import parse_record, read_record
from gctail.parsing.layouts import CERTAIN, START, Shape, shapes, starts_of
from gctail.records import GcCycle, Record

MOST_LINES = 4096
"""Lines that one torn record may be spread over; in the worst pipe measured it was 60."""
MOST_BYTES = 1 << 20
MOST_GUESSES = 12
"""Ways to cut that are followed at the same time."""
MOST_IDLE = 256
"""Lines without a fragment between two fragments; the most seen through a full pipe was 45."""
MOST_WAIT = 64
"""Lines between the last field of a record and its newline."""
MOST_WRAPS = 4
SPLITS_A_NUMBER = 0.3
"""What a cut inside a run of digits costs: of two equal guesses the one that leaves numbers whole is the better."""


class Piece(NamedTuple):
    """A line given back: its bytes without the newline, and where it began in the input."""

    line: bytes
    offset: int


class Mended(Struct, frozen=True):
    """What came out of a torn place.

    `record` is None where the torn line could not be completed; then `text` is what there was of it. `lines` are the
    other lines that were held, in order: the reader reads them as if they had come now. `plain` is a line that only
    looked like a beginning: it is the application's. `lines_used` lines of the input were the runtime's alone.
    """

    record: Record | None
    offset: int
    lines: tuple[Piece, ...]
    lines_used: int
    text: bytes
    plain: Piece | None = None
    cut: bool = False


class _Guess(NamedTuple):
    """One way to have cut the lines so far."""

    score: float
    shape: Shape
    text: bytes
    cuts: tuple[int, ...]
    idle: int


_NO_SHAPE = Shape(b"", re.compile(b""))


class _Ending(NamedTuple):
    """A whole record whose newline, and perhaps ` (forced)`, has not come yet."""

    record: Record
    guess: _Guess
    driver: bool


class Mender:
    """Reads on from a line that begins like the runtime's and is not whole, until both sides are whole again."""

    def __init__(self, beginnings: Beginnings) -> None:
        self.beginnings = beginnings
        self.pending: list[Piece] = []
        self.guesses: list[_Guess] = []
        self.ending: _Ending | None = None
        self.size = 0
        self.waited = 0
        self.expected_number: int | None = None

    @property
    def busy(self) -> bool:
        """A torn line has begun and is not complete yet."""
        return bool(self.pending)

    def open(self, line: bytes, offset: int, expected_number: int | None = None) -> bool:
        """Begin with a line that starts like the runtime's; False where it is no beginning of any known shape.

        `expected_number` is the number of the collection that would come next in this process.
        """
        if START.match(line) is None:
            return False
        self.expected_number = expected_number
        nothing = _Guess(0.0, _NO_SHAPE, b"", (), 0)
        self.guesses = _best(
            [
                guess
                for start in starts_of(line)
                for shape in shapes(start)
                for guess in self._extended(nothing._replace(shape=shape), line)
                if guess.text
            ]
        )
        begun = bool(self.guesses) or CERTAIN.match(line) is not None
        if begun:
            self.pending, self.size, self.ending = [Piece(line, offset)], len(line), None
            whole = self._complete()  # torn before its newline: all of it stands here, and then an intruder
            if whole is not None:
                self._closed(whole)
        return begun

    def feed(self, line: bytes, offset: int) -> Mended | None:
        """The next line. The mended record when it is complete, or given up; None while it needs more."""
        if self.ending is not None:
            return self._end(self.ending, Piece(line, offset))
        if self._overtaken(line):
            return self._give_up(again=Piece(line, offset))
        self.pending.append(Piece(line, offset))
        self.size += len(line) + 1
        wrapped = self._wrapped()
        if wrapped is not None:
            return wrapped
        self.guesses = _best([longer for guess in self.guesses for longer in self._extended(guess, line)])
        whole = self._complete()
        if whole is not None:
            return self._finish(whole) if self._closed(whole) else None
        unlike = MOST_IDLE if len(self.pending) > MOST_WRAPS else 0
        idle = min((guess.idle for guess in self.guesses), default=unlike)
        gone = idle >= MOST_IDLE or len(self.pending) >= MOST_LINES or self.size > MOST_BYTES
        return self._give_up() if gone else None

    def flush(self) -> Mended | None:
        """No more lines will come, or none came for long: what is still open was cut off."""
        if not self.pending:
            return None
        if self.ending is not None:
            return self._finish(self.ending)
        whole = self._complete()
        return self._finish(whole) if whole is not None else self._give_up(cut=True)

    def _closed(self, whole: _Ending) -> bool:
        """The record's newline has been seen: nothing of it is still to come."""
        last_rest = self.pending[-1].line[whole.guess.cuts[-1] :]
        if last_rest or whole.driver:
            self.ending, self.waited = whole, 0
        return self.ending is None

    def _end(self, ending: _Ending, piece: Piece) -> Mended | None:
        """The lines behind a record whose newline is still due: an empty line, or ` (forced)` and then one."""
        line, forced = piece.line, b" (forced)"
        rest = line
        if line.startswith(forced) and isinstance(ending.record, GcCycle) and not ending.record.forced:
            ending = ending._replace(record=replace(ending.record, forced=True))
            rest = line[len(forced) :]
        elif line and (ending.driver or START.match(line) or parse_record(line) is not None):
            return self._finish(ending, again=piece)
        cut = len(line) - len(rest)
        guess = ending.guess
        self.ending = ending._replace(guess=guess._replace(cuts=(*guess.cuts, cut if cut or line else -1)))
        self.pending.append(piece)
        self.waited += 1
        over = (not rest and not (cut and ending.driver)) or self.waited > MOST_WAIT
        return self._finish(self.ending) if over else None

    def _finish(self, ending: _Ending, again: Piece | None = None) -> Mended:
        lines = self._intruders(ending.guess)
        used = len(self.pending) - len(lines)
        if again is not None:
            lines.append(again)
        result = Mended(ending.record, self.pending[0].offset, tuple(lines), max(0, used), ending.guess.text)
        return self._close(result)

    def _give_up(self, *, cut: bool = False, again: Piece | None = None) -> Mended:
        """No record: its torn beginning where that is certainly the runtime's, and every line after it as it stood."""
        first, rest = self.pending[0], list(self.pending[1:])
        best = max(self.guesses, key=lambda guess: len(guess.text), default=None)
        anew = [again] if again is not None else []
        if best is not None and len(best.cuts) == len(self.pending) and CERTAIN.match(best.text):
            lines = self._intruders(best)
            used = len(self.pending) - len(lines)
            return self._close(Mended(None, first.offset, (*lines, *anew), used, best.text, cut=cut))
        if CERTAIN.match(first.line):
            return self._close(Mended(None, first.offset, (*rest, *anew), 1, first.line, cut=cut))
        return self._close(Mended(None, first.offset, (*rest, *anew), 0, b"", plain=first))

    def _close(self, result: Mended) -> Mended:
        self.pending, self.guesses, self.ending, self.size = [], [], None, 0
        return result

    def _extended(self, guess: _Guess, line: bytes) -> list[_Guess]:
        """The ways to cut one more line, given the cuts before it."""
        joined = guess.text + line
        match = guess.shape.so_far.match(joined)
        longest = match.end() - len(guess.text) if match else 0
        likeness = self.beginnings.likeness
        ways = []
        for cut in {*_cuts(line, longest), *self.beginnings.likely_in(line, longest)}:
            text = guess.text + line[:cut]
            if cut and cut != longest and not guess.shape.so_far.fullmatch(text):
                continue
            rest = line[cut:]  # empty: a driver's record of one write, the last piece, or an empty line
            score = likeness(rest) if rest else 2.0 if cut else 0.5
            if cut and rest and score == 0.0:
                continue
            if rest[:1].isdigit() and line[cut - 1 : cut].isdigit():
                score -= SPLITS_A_NUMBER
            ways.append(
                _Guess(guess.score + score - 4.0, guess.shape, text, (*guess.cuts, cut), 0 if cut else guess.idle + 1)
            )
        return ways

    def _complete(self) -> _Ending | None:
        """The best guess whose fragments are a whole record, unless a better one still needs more."""
        whole = [(self._worth(guess, record), guess, record) for guess in self.guesses if (record := _read(guess))]
        if not whole:
            return None
        _, guess, record = max(whole, key=lambda item: item[0])
        if any(other.score > guess.score + 3.0 for other in self.guesses):
            return None
        alone = sum(len(piece.line) == cut for piece, cut in zip(self.pending, guess.cuts, strict=True))
        return _Ending(record, guess, driver=alone > MOST_WRAPS and alone == len(self.pending))

    def _worth(self, guess: _Guess, record: Record) -> float:
        worth = guess.score
        if isinstance(record, GcCycle):
            worth += 6.0 if checksum_holds(record) else -6.0
            worth += 4.0 if record.number == self.expected_number else 0.0
        return worth

    def _intruders(self, guess: _Guess) -> list[Piece]:
        """The lines that are not the runtime's; a line that held nothing but a fragment leaves none."""
        lines = []
        for piece, cut in zip(self.pending, guess.cuts, strict=True):
            if cut < 0:  # the empty line that is the record's own newline
                continue
            rest = piece.line[cut:]
            if rest or not cut:
                lines.append(Piece(rest, piece.offset + cut))
        return lines

    def _wrapped(self) -> Mended | None:
        """A line that an editor or a mailer wrapped: whole lines joined, with or without the blank at the joint."""
        if len(self.pending) > MOST_WRAPS:
            return None
        lines = [piece.line.strip(b"\r") for piece in self.pending]
        for joint in (b"", b" "):
            text = joint.join(part.strip() if joint else part for part in lines)
            record = parse_record(text) or read_record(text)
            if record is not None and not getattr(record, "rest", None):
                return self._close(Mended(record, self.pending[0].offset, (), len(lines), text))
        return None

    def _overtaken(self, line: bytes) -> bool:
        """Another collection begins: the runtime prints them one at a time, so the torn one never ended."""
        if not line.startswith(b"gc") or not self.pending[0].line.startswith(b"gc"):
            return False
        later = parse_gctrace(line)
        if later is None:
            return CERTAIN.match(line) is not None or self._begins_torn(line)
        begun = re.match(rb"gc #?(\d+) @", max((guess.text for guess in self.guesses), key=len, default=b""))
        number = int(begun[1]) if begun else self.expected_number
        return number is None or later.number > number

    def _begins_torn(self, line: bytes) -> bool:
        """`gc 92026-01-02T03:04:05Z INFO …`: the first words of a collection, and then a line as this log has them."""
        begun = re.match(rb"gc #?\d*", line)
        if begun is None:
            return False
        likeness = self.beginnings.likeness
        return begun.end() == len(line) or any(likeness(line[cut:]) >= 3.0 for cut in range(3, begun.end() + 1))


def _cuts(line: bytes, longest: int) -> list[int]:
    """Where the fragment may end: as far as it fits, anywhere in its last number, at the token before, or nowhere."""
    cuts = [longest]
    at = longest
    while at > 0 and line[at - 1 : at] in b"0123456789.":
        at -= 1
        cuts.append(at)
    if cuts[-1] != 0:
        cuts.append(0)
    return cuts


def _read(guess: _Guess) -> Record | None:
    return parse_record(guess.text)


def _best(guesses: list[_Guess]) -> list[_Guess]:
    """The few most likely guesses; one that is far behind the best is not followed."""
    if len(guesses) <= 1:
        return guesses
    guesses.sort(key=lambda guess: guess.score, reverse=True)
    least = guesses[0].score - 12.0
    return [guess for guess in guesses[:MOST_GUESSES] if guess.score >= least]
