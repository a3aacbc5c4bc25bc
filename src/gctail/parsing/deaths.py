"""How a process died: Go's own reports, with their dumps. What others say about it is in reports.py and kernel.py.

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
from typing import Any

from msgspec import Struct

from gctail.parsing.allocations import allocation, what_stacks_tell
from gctail.parsing.dumps import Stacks
from gctail.parsing.signatures import Known, recognise
from gctail.records import Death, Dump

MOST_LINES_KEPT = 64
MOST_LINE_BYTES = 4096
MOST_HELD_LINES, MOST_HELD_BYTES = 256, 1 << 16
"""Lines held back until it is certain that they belong to a report, and not to the application."""
MOST_FOREIGN_LINES = 16
"""Lines that are no part of a dump, one after the other, after which it is over. Others can only write before the
world is frozen, so that few get in between."""
MOST_TORN_PIECES = 32

CERTAIN, PROVED_BY_TEXT, LAST_WORDS, HEADLESS = 0.99, 0.8, 0.5, 0.6
"""Confidence: text and dump; text that only the runtime prints; `panic: ` as last words; a dump without its head."""


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


_OPENS = re.compile(  # a line that says by itself that a process dies
    r"(?:panic|fatal error|throw): |SIG(?:QUIT|ABRT|SEGV|BUS|ILL|TRAP|FPE|SYS|EMT|STKFLT|XCPU|XFSZ): "
    r"|Exception 0x[0-9a-f]"
)
_SOFT = re.compile(  # a line that may stand before such a line
    r"runtime(?:: ?|/cgo: )\S|\[signal |found next stack barrier |(?:signal \d+|signal) received |non-Go code set up "
    r"|unexpected fault address |fatal: (?:morestack|systemstack|bad g |runtime)"
)
_DETAIL = re.compile(  # base=0x82047adf8 k=0x41023d …     *(obj+8) = 0x88202a2028
    r"\s*[\w.*()+\[\]-]{1,60} ?= ?(?:0x[0-9a-f]|\{)|\[signal |PC=0x|panic during |signal arrived during "
    r"|instruction bytes: |malloc during signal|panic holding locks|runtime(?:: ?|/cgo: )|stack: frame=|traceback "
    r"|\[originating from |0x[0-9a-f]{8,16}: |\[recovered"
)
_SIGNAL = re.compile(
    r"\[signal (?P<signal>SIG[A-Z]{2,8}|0x[0-9a-f]{1,3})?.{0,60}?"
    r"(?: code=(?P<code>0x[0-9a-f]{1,8}))?(?: addr=(?P<addr>0x[0-9a-f]{1,16}))?(?: pc=(?P<pc>0x[0-9a-f]{1,16}))?\]"
)
_PROGRAM_COUNTER = re.compile(r"PC=(?P<pc>0x[0-9a-f]{1,16})(?: m=(?P<m>\d{1,9}))?(?: sigcode=(?P<sigcode>-?\d{1,9}))?")
_SIGNAL_NUMBERS = {
    "0x4": "SIGILL",
    "0x5": "SIGTRAP",
    "0x7": "SIGBUS",
    "0x8": "SIGFPE",
    "0xa": "SIGBUS",
    "0xb": "SIGSEGV",
}
_ENDED = re.compile(r"(?:exit status |rc=)(?P<exit_code>\d{1,3})\s*$")
_TRACE = re.compile(
    r"gc #?\d+ @|gc\d+\(\d+\): |scvg-?\d*: |scvg\d|scav \d|SCHED \d+ms: |pacer: |GC forced|init \S+ @|checkfinalizers: "
    r"|  ?[PMG]\d+: |(?:tracealloc|tracefree|tracegc)\(|end tracegc"
)
_NEW_PROCESS = re.compile(r"gc #?1 @|gc1\(\d+\): |SCHED 0ms: |(?:tracealloc|tracefree|tracegc)\(|end tracegc")
_FLAGS = re.compile(r" \[recovered(?:, repanicked)?\]")
_LOG_LINE = re.compile(  # where a line of an application surely begins
    r'\{"\w|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|(?:time|ts|level|lvl|msg)=\S|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d'
    r"|(?:INFO|WARN|ERRO|DEBU|FATA|PANI)\[\d{4}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{2}:\d\d:\d\d[. ]"
)
_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? ")
_QUOTED = re.compile(rb"[ \t]*+(?:>[ \t]?+)++")
_PRINTED_BY_APPLICATION = frozenset(
    ("runtime/debug.Stack", "runtime/debug.PrintStack", "runtime/debug.stack", "runtime/pprof.writeGoroutineStacks")
)
_WEAK = re.compile(r"panic|go-fatal-error|signal-")


class _Report:
    """A report that is being read."""

    def __init__(self) -> None:
        self.head: list[str] = []
        self.value: list[str] = []
        self.lines: list[str] = []
        self.held: list[bytes] = []
        self.held_bytes = 0
        self.stacks = Stacks()
        self.in_stacks = False
        self.blank = False
        self.blank_before_stacks = False
        self.foreign = 0
        self.separated = False
        self.exit_code: int | None = None
        self.pending: list[tuple[bytes, str, bytes]] = []

    @property
    def opened(self) -> str | None:
        """The line that says how: the first panic, fatal error or signal."""
        return next((line for line in self.head if _OPENS.match(line)), None)

    @property
    def panics(self) -> bool:
        opened = self.opened
        return opened is not None and opened.startswith("panic: ")


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
        self._report: _Report | None = None

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
        report = _Report()
        bare = _head_line(text)
        if bare.startswith(("goroutine ", "runtime stack:")):
            if not report.stacks.take(bare):
                return Step(taken=False, open=False)
            report.in_stacks = True
        elif not _OPENS.match(bare) and not _SOFT.match(bare):
            return Step(taken=False, open=False)
        self._report = report
        cut = _torn_at(bare)
        if cut is not None and bare[:cut] in {"fatal error: ", "throw: "}:
            return self._suspend(report, line, bare, cut)
        if not report.in_stacks:
            report.head.append(bare)
        return self._took(report, line, text)

    def _in_head(self, report: _Report, line: bytes, text: str) -> Step:
        bare = _head_line(text)
        if self._begins_stacks(report, bare, text):
            report.in_stacks, report.blank_before_stacks, report.exit_code = True, report.blank, None
            return self._took(report, line, text)
        if _TRACE.match(text):
            return self._foreign(report, text)
        opens = _OPENS.match(bare) is not None
        if opens and not text[:1].isspace() and report.opened is not None:
            return self._finish(taken=False)
        if opens or _DETAIL.match(bare):
            report.head.append(bare)
            return self._took(report, line, text)
        return self._finish(taken=False) if report.opened is None else self._in_value(report, line, text)

    def _begins_stacks(self, report: _Report, bare: str, text: str) -> bool:
        if bare.startswith(("goroutine ", "runtime stack:")):
            return report.stacks.take(text)
        # Go 1.0 to 1.2 begin the dump of a signal without a header; r60 put the place before the call.
        signalled = report.blank and any(line.startswith("PC=") for line in report.head)
        if signalled or ("+0x" in bare and (report.opened or "").startswith("throw: ")):
            return not _LOG_LINE.match(bare) and report.stacks.take(text)
        return False

    def _in_value(self, report: _Report, line: bytes, text: str) -> Step:
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

    def _in_stacks(self, report: _Report, line: bytes, text: str) -> Step:
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
        if _OPENS.match(bare) or report.stacks.take(text) or self._take_stamped(report, text):
            report.foreign = 0
            return self._took(report, line, text)
        cut = _torn_at(text)
        if cut is None and report.stacks.could_begin(text):
            cut = len(text)
        return self._suspend(report, line, text, cut) if cut else self._foreign(report, text)

    def _take_stamped(self, report: _Report, text: str) -> bool:
        """A dump that went through a logger which puts the time in front of every line."""
        stamp = _STAMP.match(text)
        return stamp is not None and report.stacks.take(text[stamp.end() :])

    # -- torn and wrapped lines

    def _suspend(self, report: _Report, line: bytes, text: str, cut: int) -> Step:
        """Hold a line whose beginning may be the runtime's, until the next one shows whether it goes on there."""
        fragment = text[:cut].encode("utf-8", "surrogateescape")
        intruder = line[line.find(fragment) + len(fragment) :] if cut < len(text) else b""
        report.pending.append((line, text[:cut], intruder))
        return Step(taken=True, open=True)

    def _join(self, report: _Report, line: bytes, text: str) -> Step | None:
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

    def _join_head(self, report: _Report, line: bytes, whole: str, intruders: tuple[bytes, ...]) -> Step | None:
        """`fatal error: {"level":…}` and `out of memory` on the next line: certain where the message is a known one."""
        known = recognise(whole.strip(), "go")
        if known is None or _WEAK.match(known[0].signature.name):
            raw = report.pending.pop()[0]
            report.head.append(_text(raw).strip())
            report.held.append(raw)
            return None
        report.pending = []
        report.head.append(whole.strip())
        self._keep(line, whole)
        return Step(taken=True, open=True, back=intruders)

    def _release(self, report: _Report) -> tuple[bytes, ...]:
        """What was held of torn lines, as it came: it was the application's."""
        lines = tuple(raw for raw, _, _ in report.pending)
        report.pending = []
        report.foreign += len(lines)
        return lines

    # -- the ends

    def _took(self, report: _Report, line: bytes, text: str) -> Step:
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

    def _foreign(self, report: _Report, text: str) -> Step:
        report.foreign += 1
        if report.foreign > MOST_FOREIGN_LINES or _NEW_PROCESS.match(text):
            return self._finish(taken=False)
        return Step(taken=False, open=True)

    def _finish(self, *, taken: bool, at_end: bool = False) -> Step:
        report, self._report = self._report or _Report(), None
        report.stacks.close()
        record = _record(report, at_end=at_end)
        back = tuple(report.held) if not isinstance(record, Death) else ()
        return Step(taken, open=False, record=record, back=back + self._release(report))


_STARTS = re.compile(rb"[ \t>]*+(?:" + DeathReader.START + rb")")


def _text(line: bytes) -> str:
    quoted = _QUOTED.match(line) if b">" in line[:16] else None
    start = quoted.end() if quoted is not None else 0
    return line[start : start + MOST_LINE_BYTES].decode("utf-8", "surrogateescape").rstrip("\r")


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _head_line(text: str) -> str:
    """The line without indentation, and without stars: `**fatal error: out of memory**`, as people paste it."""
    bare = text.strip()
    if bare.startswith("**"):
        bare = bare.strip("*").strip()
    return bare if bare != "panic:" else "panic: "


def _is_proof(text: str) -> bool:
    """Only the runtime prints this. `panic: ` and an unknown `fatal error: ` anybody may print."""
    known = recognise(text, "go")
    return known is not None and not _WEAK.match(known[0].signature.name)


def _begins_another(report: _Report, line: str) -> bool:
    """After stacks: this line begins a report of its own."""
    if _OPENS.match(line):  # with GOTRACEBACK=crash, every thread prints its signal behind a row of dashes
        return not (report.separated and line.startswith("SIG"))
    if line.startswith("goroutine "):
        return report.opened is None and report.foreign > 0
    return _SOFT.match(line) is not None and _is_proof(line)


def _torn_at(text: str) -> int | None:
    """Where an application's line begins in this one; None where none surely does."""
    found = _LOG_LINE.search(text)
    return found.start() if found is not None else None


# -- what a finished report says

_Told = tuple[str, tuple[Known, dict[str, Any]]]
"""A line of the head, the signature that took it, and its facts."""


def _record(report: _Report, *, at_end: bool) -> Death | Dump | None:
    """The death or the dump that was read; None where nothing of it is certain and the lines were the application's."""
    stacks = report.stacks
    has_stacks = bool(stacks.goroutines or stacks.runtime_stack or stacks.seen_runtime_stack)
    told = [(line, found) for line in report.head if (found := recognise(line, "go")) is not None]
    if has_stacks and (not told or _printed_by_application(report)):
        return _headless(report) if stacks.seen_runtime_stack and not told else _dump(report)
    confidence = CERTAIN if has_stacks or report.exit_code is not None else _proof(report, told, at_end=at_end)
    return _death(report, told, confidence) if told and confidence is not None else None


def _proof(report: _Report, told: list[_Told], *, at_end: bool) -> float | None:
    """How sure a report without stacks makes us: GOTRACEBACK=none leaves none, and neither does a log that is cut."""
    if any(not _WEAK.match(known.signature.name) for _, (known, _) in told):
        return PROVED_BY_TEXT
    if any(line.startswith(("[signal ", "PC=0x")) for line in report.head):
        return PROVED_BY_TEXT
    return LAST_WORDS if at_end and report.foreign == 0 else None


def _dump(report: _Report) -> Dump:
    text = next((line for line in report.lines if line.lstrip().startswith("goroutine ")), "")
    return Dump(_shown(text.strip()), tuple(report.stacks.goroutines))


def _headless(report: _Report) -> Death:
    """`runtime stack:` is printed by nothing but a fatal error, whose own line was lost."""
    details: dict[str, Any] = {"fault": "unknown", "confidence": HEADLESS, **what_stacks_tell(report.stacks)}
    return Death(
        "runtime-fault", "go", _shown(report.lines[0].strip()), _shown_lines(report), details,
        tuple(report.stacks.goroutines), report.stacks.runtime_stack, report.stacks.truncated,
    )  # fmt: skip


def _death(report: _Report, told: list[_Told], confidence: float) -> Death:
    opened = report.opened
    deciding = min(told, key=lambda each: each[1][0].place)
    if report.panics:  # its value may quote anything
        deciding = next(each for each in told if each[0] == opened)
        told = [deciding]
    details: dict[str, Any] = {}
    for _, (_, facts) in [deciding, *told]:
        details = {**facts, **details}
    details |= _signal(report.head)
    if report.panics:
        details |= _panic(report)
    if report.exit_code is not None:
        details["exit_code"] = report.exit_code
    cause = deciding[1][0].signature.cause
    details |= what_stacks_tell(report.stacks)
    if cause == "go-out-of-memory":
        details |= allocation(report.stacks, details.get("ask_bytes"))
    details["confidence"] = confidence
    return Death(
        cause, "go", _shown(opened or deciding[0]), _shown_lines(report),
        {key: _shown(value) if isinstance(value, str) else value for key, value in details.items()},
        tuple(report.stacks.goroutines), report.stacks.runtime_stack, report.stacks.truncated,
    )  # fmt: skip


def _shown_lines(report: _Report) -> tuple[str, ...]:
    return tuple(_shown(line) for line in report.lines)


def _printed_by_application(report: _Report) -> bool:
    """A recovered panic that the application printed with its stack: it lives on.

    A death has a blank line between the two. Where shippers drop blank lines, a stack that debug.Stack took, or one on
    which a deferred function runs above `panic`, is the sign of recovery.
    """
    goroutines = report.stacks.goroutines
    frames = goroutines[0].frames if goroutines else ()
    if frames and frames[0].function in _PRINTED_BY_APPLICATION:
        return True
    if report.blank_before_stacks or not report.panics or len(goroutines) != 1:
        return False
    text = "\n".join(report.head)
    above = any(frame.function in {"panic", "runtime.panic", "runtime.gopanic"} for frame in frames[1:])
    return above and "[recovered" not in text and "[signal " not in text


def _signal(head: list[str]) -> dict[str, Any]:
    """Signal, address and place of a fault. Up to Go 1.6 the signal is a number: `[signal 0xb code=0x1 addr=0x0 …]`."""
    told: dict[str, Any] = {}
    for line in head:
        found = _SIGNAL.match(line) or _PROGRAM_COUNTER.match(line)
        if found is not None:
            told |= {name: value for name, value in found.groupdict().items() if value is not None}
    if "signal" in told:
        told["signal"] = _SIGNAL_NUMBERS.get(told["signal"], told["signal"])
    return told


def _panic(report: _Report) -> dict[str, Any]:
    """The value of the panic that killed: the last of those that were nested, and whether others had been recovered."""
    panics = [line[7:] for line in report.head if line.startswith("panic: ")]
    flags = "".join("".join(_FLAGS.findall(value)) for value in panics)
    values = [_FLAGS.sub("", value) for value in panics]
    last = "\n".join([values[-1], *(line.strip("\t ") for line in report.value if line.strip())])
    told: dict[str, Any] = {"value": last[:MOST_LINE_BYTES]}
    if len(values) > 1:
        told["panics"] = values[:16]
    if flags:
        told["recovered"] = True
        told["repanicked"] = "repanicked" in flags or len(values) > 1
    return told
