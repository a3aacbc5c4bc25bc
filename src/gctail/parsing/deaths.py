"""How a process died, read line by line from Go's own reports, with their dumps.

What a whole report says is in death_report.py, and what others say about a death in reports.py and kernel.py.

Source of the anatomy: go/src/runtime/panic.go (`fatalthrow`, `printpanics`), signal_unix.go (`sighandler`) and
traceback.go; the sentences are data, in data/deaths.toml.

    [lines that begin with `runtime: `]
    panic: VALUE  |  fatal error: MESSAGE  |  SIGQUIT: quit          Go 1.0: `throw: MESSAGE`
    [signal SIGSEGV: … addr=0x0 pc=0x…]
    <blank>
    goroutine 1 [running]: …                                          see dumps.py
"""

from __future__ import annotations

import re

from msgspec import Struct

from gctail.parsing.death_report import MOST_LINE_BYTES, OPENS, Report, is_proof, record_of
from gctail.records import Death, Dump

MOST_LINES_KEPT = 64
MOST_HELD_LINES, MOST_HELD_BYTES = 256, 1 << 16
"""Lines held back until it is certain that they belong to a report, and not to the application."""
MOST_FOREIGN_LINES = 16
"""Lines that are no part of a dump, one after the other, after which it is over. Others can only write before the
world is frozen, so that few get in between."""
MOST_TORN_PIECES = 32


class Step(Struct, frozen=True):
    """What became of a line that was offered to a reader.

    `taken`: the line is the reader's, for now. Not taken: the caller handles it like any other. `open`: the report goes
    on after this line. `record`: a report is finished (before this line where it was not taken). `back`: lines that
    came earlier and turned out to be the application's, in order, byte for byte; they stood before this line.
    """

    taken: bool
    open: bool
    record: Death | Dump | None = None
    back: tuple[bytes, ...] = ()


_SOFT = re.compile(  # a line that may stand before one that `OPENS`
    r"runtime(?:: ?|/cgo: )\S|\[signal |found next stack barrier |(?:signal \d+|signal) received |non-Go code set up "
    r"|unexpected fault address |fatal: (?:morestack|systemstack|bad g |runtime)"
)
_DETAIL = re.compile(  # base=0x82047adf8 k=0x41023d …     *(obj+8) = 0x88202a2028
    r"\s*[\w.*()+\[\]-]{1,60} ?= ?(?:0x[0-9a-f]|\{)|\[signal |PC=0x|panic during |signal arrived during "
    r"|instruction bytes: |malloc during signal|panic holding locks|runtime(?:: ?|/cgo: )|stack: frame=|traceback "
    r"|\[originating from |0x[0-9a-f]{8,16}: |\[recovered"
)
_ENDED = re.compile(r"(?:exit status |rc=)(?P<exit_code>\d{1,3})\s*$")
_TRACE = re.compile(
    r"gc #?\d+ @|gc\d+\(\d+\): |scvg-?\d*: |scvg\d|scav \d|SCHED \d+ms: |pacer: |GC forced|init \S+ @|checkfinalizers: "
    r"|  ?[PMG]\d+: |(?:tracealloc|tracefree|tracegc)\(|end tracegc"
)
_NEW_PROCESS = re.compile(r"gc #?1 @|gc1\(\d+\): |SCHED 0ms: |(?:tracealloc|tracefree|tracegc)\(|end tracegc")
_LOG_LINE = re.compile(  # where a line of an application surely begins
    r'\{"\w|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|(?:time|ts|level|lvl|msg)=\S|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d'
    r"|(?:INFO|WARN|ERRO|DEBU|FATA|PANI)\[\d{4}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{2}:\d\d:\d\d[. ]"
)
_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? ")
_QUOTED = re.compile(rb"[ \t]*+(?>(?:>[ \t]?+)+)")


class DeathReader:
    """Reads Go's crash reports and goroutine dumps, line by line, from one stream of one service.

    Lines come without their newline and without what a wrapper put in front. A report is not over before something else
    comes (`MOST_FOREIGN_LINES` lines of it) or `flush` is called: who reads live calls `flush` after a silence.
    """

    START = (  # the look at the first character keeps a scanner quick: most lines begin with a digit or a brace
        rb"(?=[pftrgSuEsnT*\[])(?:\*\*)?(?:panic: |fatal error: |throw: |runtime(?::|/cgo:| stack:)"
        rb"|goroutine \d{1,19} (?:\[|gp=|m=)|SIG[A-Z]{3,6}: |\[signal |unexpected fault address 0x|Exception 0x"
        rb"|fatal: (?:morestack|systemstack|bad g |runtime)|found next stack barrier |signal (?:\d{1,3} )?received "
        rb"|non-Go code set up )"
    )

    def __init__(self) -> None:
        self._report: Report | None = None

    @property
    def busy(self) -> bool:
        """A report is open: the next line must be offered to it."""
        return self._report is not None

    def starts(self, line: bytes) -> bool:
        """May this line begin a report of death, or a dump? What it is turns out later."""
        return _STARTS.match(line) is not None

    def feed(self, line: bytes) -> Step:
        """Offer a line: the first one because it `starts` a report, then every line while the reader is `busy`."""
        text = _text(line)
        report = self._report
        if report is None:
            return self._open(line, text)
        torn: tuple[bytes, ...] = ()
        if report.pending:
            joined = self._join(report, line, text)
            if joined is not None:
                return joined
            torn = self._release(report)
        if not text.strip():
            report.blank = True
            step = self._took(report, line, text)
        else:
            step = self._in_stacks(report, line, text) if report.in_stacks else self._in_head(report, line, text)
        return Step(step.taken, step.open, step.record, step.back + torn) if torn else step

    def flush(self) -> Step:
        """The input ends, or nothing has come for a while."""
        if self._report is None:
            return Step(taken=False, open=False)
        return self._finish(taken=False, at_end=True)

    # -- the head: everything before the first stack

    def _open(self, line: bytes, text: str) -> Step:
        report = Report()
        bare = _head_line(text)
        if bare.startswith(("goroutine ", "runtime stack:")):
            if not report.stacks.take(bare):
                return Step(taken=False, open=False)
            report.in_stacks = True
        elif not OPENS.match(bare) and not _SOFT.match(bare):
            return Step(taken=False, open=False)
        self._report = report
        cut = _torn_at(bare)
        if cut is not None and bare[:cut] in {"fatal error: ", "throw: "}:
            return self._suspend(report, line, bare, cut)
        if not report.in_stacks:
            report.head.append(bare)
        return self._took(report, line, text)

    def _in_head(self, report: Report, line: bytes, text: str) -> Step:
        bare = _head_line(text)
        if self._begins_stacks(report, bare, text):
            report.in_stacks, report.blank_before_stacks, report.exit_code = True, report.blank, None
            return self._took(report, line, text)
        if _TRACE.match(text):
            return self._foreign(report, text)
        opens = OPENS.match(bare) is not None
        if opens and not text[:1].isspace() and report.opened is not None:
            return self._finish(taken=False)
        if opens or _DETAIL.match(bare):
            report.head.append(bare)
            return self._took(report, line, text)
        return self._finish(taken=False) if report.opened is None else self._in_value(report, line, text)

    def _begins_stacks(self, report: Report, bare: str, text: str) -> bool:
        if bare.startswith(("goroutine ", "runtime stack:")):
            return report.stacks.take(text)
        # Go 1.0 to 1.2 begin the dump of a signal without a header; r60 put the place before the call.
        signalled = report.blank and any(line.startswith("PC=") for line in report.head)
        if signalled or ("+0x" in bare and (report.opened or "").startswith("throw: ")):
            return not _LOG_LINE.match(bare) and report.stacks.take(text)
        return False

    def _in_value(self, report: Report, line: bytes, text: str) -> Step:
        """A line before the dump that may be a further line of the panic's value (at column 0 up to Go 1.22)."""
        ended = _ENDED.match(text.strip())
        if ended is not None:  # of a program that was told to print no stacks; or a line of the value, if stacks follow
            report.exit_code = int(ended["exit_code"])
        cut = _torn_at(text)
        if cut is not None and text[:cut].lstrip().startswith("goroutine "):
            return self._suspend(report, line, text, cut)
        if ended is None and (not report.panics or (cut == 0 and not text[:1].isspace())):
            return self._foreign(report, text)
        report.value.append(text)
        return self._took(report, line, text)

    # -- the stacks

    def _in_stacks(self, report: Report, line: bytes, text: str) -> Step:
        bare = text.strip()
        if not bare.startswith(("goroutine ", "trace", "-----")) and report.stacks.take(text):  # nearly all lines
            report.foreign = 0
            return self._took(report, line, text)
        ended = _ENDED.match(bare)
        if ended is not None:
            report.exit_code = int(ended["exit_code"])
            self._keep(line, text)
            return self._finish(taken=True)
        if _TRACE.match(text):
            return self._foreign(report, text)
        if _begins_another(report, bare):
            return self._finish(taken=False)
        report.separated |= bare.startswith("-----")
        if OPENS.match(bare) or report.stacks.take(text) or self._take_stamped(report, text):
            report.foreign = 0
            return self._took(report, line, text)
        cut = _torn_at(text)
        if cut is None and report.stacks.could_begin(text):
            cut = len(text)
        return self._suspend(report, line, text, cut) if cut else self._foreign(report, text)

    def _take_stamped(self, report: Report, text: str) -> bool:
        """A dump that went through a logger which puts the time in front of every line."""
        stamp = _STAMP.match(text)
        return stamp is not None and report.stacks.take(text[stamp.end() :])

    # -- torn and wrapped lines

    def _suspend(self, report: Report, line: bytes, text: str, cut: int) -> Step:
        """Hold a line whose beginning may be the runtime's, until the next one shows whether it goes on there."""
        fragment = text[:cut].encode("utf-8", "surrogateescape")
        intruder = line[line.find(fragment) + len(fragment) :] if cut < len(text) else b""
        report.pending.append((line, text[:cut], intruder))
        return Step(taken=True, open=True)

    def _join(self, report: Report, line: bytes, text: str) -> Step | None:
        """The line as the rest of what was torn off; None where it is not."""
        torn = "".join(fragment for _, fragment, _ in report.pending)
        intruders = tuple(intruder for _, _, intruder in report.pending if intruder)
        if torn in {"fatal error: ", "throw: "}:
            return self._join_head(report, line, torn + text, intruders)
        took = report.stacks.joins(torn, text)
        if took:
            report.pending, report.foreign = [], 0
            if not report.in_stacks:
                report.in_stacks, report.blank_before_stacks = True, report.blank
            self._keep(line, torn + text)
            return Step(taken=True, open=True, back=intruders)
        cut = _torn_at(text)
        if intruders and cut is not None and cut > 0 and len(report.pending) < MOST_TORN_PIECES:
            return self._suspend(report, line, text, cut)
        return None

    def _join_head(self, report: Report, line: bytes, whole: str, intruders: tuple[bytes, ...]) -> Step | None:
        """`fatal error: {"level":…}` and `out of memory` on the next line: certain where the message is a known one."""
        if not is_proof(whole.strip()):
            raw = report.pending.pop()[0]
            report.head.append(_text(raw).strip())
            report.held.append(raw)
            return None
        report.pending = []
        report.head.append(whole.strip())
        self._keep(line, whole)
        return Step(taken=True, open=True, back=intruders)

    def _release(self, report: Report) -> tuple[bytes, ...]:
        """What was held of torn lines, as it came: it was the application's."""
        lines = tuple(raw for raw, _, _ in report.pending)
        report.pending = []
        report.foreign += len(lines)
        return lines

    # -- the ends

    def _took(self, report: Report, line: bytes, text: str) -> Step:
        self._keep(line, text)
        if not report.in_stacks:
            report.held.append(line)
            report.held_bytes += len(line)
            if len(report.held) > MOST_HELD_LINES or report.held_bytes > MOST_HELD_BYTES:
                return self._finish(taken=True)
        return Step(taken=True, open=True)

    def _keep(self, line: bytes, text: str) -> None:
        report = self._report
        if report is not None and len(report.lines) < MOST_LINES_KEPT and (line.strip() or report.lines):
            report.lines.append(text.rstrip())

    def _foreign(self, report: Report, text: str) -> Step:
        report.foreign += 1
        if report.foreign > MOST_FOREIGN_LINES or _NEW_PROCESS.match(text):
            return self._finish(taken=False)
        return Step(taken=False, open=True)

    def _finish(self, *, taken: bool, at_end: bool = False) -> Step:
        report, self._report = self._report or Report(), None
        report.stacks.close()
        record = record_of(report, at_end=at_end)
        back = tuple(report.held) if not isinstance(record, Death) else ()
        return Step(taken, open=False, record=record, back=back + self._release(report))


_STARTS = re.compile(rb"[ \t>]*+(?:" + DeathReader.START + rb")")


def _text(line: bytes) -> str:
    quoted = _QUOTED.match(line) if b">" in line[:16] else None
    start = quoted.end() if quoted is not None else 0
    return line[start : start + MOST_LINE_BYTES].decode("utf-8", "surrogateescape").rstrip("\r")


def _head_line(text: str) -> str:
    """The line without indentation, and without stars: `**fatal error: out of memory**`, as people paste it."""
    bare = text.strip()
    if bare.startswith("**"):
        bare = bare.strip("*").strip()
    return bare if bare != "panic:" else "panic: "


def _begins_another(report: Report, line: str) -> bool:
    """After stacks: this line begins a report of its own."""
    if OPENS.match(line):  # with GOTRACEBACK=crash, every thread prints its signal behind a row of dashes
        return not (report.separated and line.startswith("SIG"))
    if line.startswith("goroutine "):
        return report.opened is None and report.foreign > 0
    return _SOFT.match(line) is not None and is_proof(line)


def _torn_at(text: str) -> int | None:
    """Where an application's line begins in this one; None where none surely does."""
    found = _LOG_LINE.search(text)
    return found.start() if found is not None else None
