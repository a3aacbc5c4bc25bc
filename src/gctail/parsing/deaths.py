"""How a process died: Go's own reports with their dumps, and what orchestrators, guards and shells say about it.

The sentences are data, in data/deaths.toml. Source of the report's anatomy: go/src/runtime/panic.go (`fatalthrow`,
`printpanics`), signal_unix.go (`sighandler`) and traceback.go:

    [lines that begin with `runtime: `]
    panic: VALUE  |  fatal error: MESSAGE  |  SIGQUIT: quit          Go 1.0: `throw: MESSAGE`
    [signal SIGSEGV: … addr=0x0 pc=0x…]
    <blank>
    goroutine 1 [running]: …                                          see dumps.py
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct

from gctail.parsing.dumps import Stacks
from gctail.records import Death, Dump, Frame, Goroutine

CAUSES = (
    "go-out-of-memory", "kernel-oom-kill-global", "kernel-oom-kill-cgroup", "oom-killed-report", "exit-137", "sigkill",
    "stack-overflow", "thread-limit", "concurrent-map-access", "deadlock", "panic", "runtime-fault", "signal-quit",
    "signal-abort", "signal-segv", "terminated", "guard-kill", "exit-status",
)  # fmt: skip
SOURCES = ("go", "kernel", "guard", "orchestrator", "shell")

MOST_LINES_KEPT = 64
MOST_LINE_BYTES = 4096
MOST_HELD_LINES, MOST_HELD_BYTES = 256, 1 << 16
"""Lines held back until it is certain that they belong to a report, and not to the application."""
MOST_FOREIGN_LINES = 16
"""Lines that are no part of a dump, one after the other, after which it is over. Others can only write before the
world is frozen, so that few get in between."""
MOST_TORN_PIECES = 32
MOST_FRAMES_TOLD = 8
MOST_DEATHS_FOUND = 64

CERTAIN, PROVED_BY_TEXT, LAST_WORDS, HEADLESS = 0.99, 0.8, 0.5, 0.6
"""Confidence: text and dump; text that only the runtime prints; `panic: ` as the last words; a dump without its head."""

_NUMBERS = frozenset(
    "pid uid exit_code errno threads limit index length score oom_score_adj invoker_oom_score_adj signal_number kills"
    " in_use_bytes ask_bytes".split()
)
_UNITS_KIB = {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence by which a death is known: one section of data/deaths.toml, where the fields are explained."""

    name: str
    cause: str
    source: str
    about: str
    pattern: str
    samples: tuple[str, ...]
    confidence: float = 0.95
    inside: float | None = None
    needs: tuple[str, ...] = ()
    several_lines: bool = False
    details: dict[str, Any] = {}


class Known(Struct, frozen=True):
    """A signature with its pattern compiled, and its place in the file: the first that takes a line decides."""

    place: int
    signature: Signature
    regex: re.Pattern[str]

    def facts(self, found: re.Match[str]) -> dict[str, Any]:
        """What the named groups carry, numbers as numbers, with what the sentence implies."""
        told = dict(self.signature.details)
        for name, value in found.groupdict().items():
            if value is not None:
                key = name[:-2] if name[-2:] in {"_2", "_3", "_4"} else name
                told[key] = _number(value) if _is_number(key) else value
        return _sizes_in_kib(told)


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    signature: tuple[Signature, ...]


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


@cache
def signatures() -> tuple[Known, ...]:
    """All signatures, in the order of the file. Raises re.error or msgspec.ValidationError on a bad file."""
    text = (resources.files("gctail") / "data" / "deaths.toml").read_bytes()
    table = msgspec.toml.decode(text, type=_Table)
    return tuple(
        Known(place, signature, re.compile(signature.pattern)) for place, signature in enumerate(table.signature)
    )


@cache
def signatures_of(source: str) -> tuple[Known, ...]:
    """The signatures of one source, in the order of the file."""
    return tuple(known for known in signatures() if known.signature.source == source)


def recognise(text: str, source: str) -> tuple[Known, dict[str, Any]] | None:
    """The first signature of the source that takes the line from its start, with the facts that it carries."""
    for known in signatures_of(source):
        found = known.regex.match(text)
        if found is not None:
            return known, known.facts(found)
    return None


def _is_number(name: str) -> bool:
    return name in _NUMBERS or name.endswith(("_kib", "_mib", "_bytes"))


def _number(text: str) -> int | float | str:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def _sizes_in_kib(facts: dict[str, Any]) -> dict[str, Any]:
    """`limit` and `limit_unit`, which people write in any unit, as `limit_kib`; the same for `used`."""
    for name in ("limit", "used"):
        unit = facts.pop(f"{name}_unit", None)
        if unit is not None and isinstance(size := _number(str(facts.pop(name))), int | float):
            facts[f"{name}_kib"] = int(size * _UNITS_KIB[unit[0]])
    return facts


# ------------------------------------------------------------------------------------------------------- Go's reports

_OPENS = re.compile(  # a line that says by itself that a process dies
    r"(?:panic|fatal error|throw): |SIG(?:QUIT|ABRT|SEGV|BUS|ILL|TRAP|FPE|SYS|EMT|STKFLT|XCPU|XFSZ): "
    r"|Exception 0x[0-9a-f]|fatal: (?:morestack|systemstack|bad g |runtime)|unexpected fault address "
)
_SOFT = re.compile(  # a line that may stand before such a line
    r"runtime(?:: ?|/cgo: )\S|\[signal |found next stack barrier |(?:signal \d+|signal) received |non-Go code set up "
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

    START = (
        rb"(?:\*\*)?(?:panic: |fatal error: |throw: |runtime(?::|/cgo:| stack:)|goroutine \d{1,19} (?:\[|gp=|m=)"
        rb"|SIG[A-Z]{3,6}: |\[signal |unexpected fault address 0x|Exception 0x|fatal: (?:morestack|systemstack|bad g |runtime)"
        rb"|found next stack barrier |signal \d+ received |signal received |non-Go code set up )"
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
        if self._report is None:
            return self._open(line, text)
        report = self._report
        bare = text.strip()
        ended = _ENDED.match(bare)
        if ended is not None and (report.in_stacks or report.opened):
            report.exit_code = int(ended["exit_code"])
            self._keep(line, text)
            return self._finish(taken=True)
        if not bare:
            report.blank = True
            return self._took(line, text)
        return self._in_stacks(line, text) if report.in_stacks else self._in_head(line, text)

    def flush(self) -> Step:
        """The input ends, or nothing has come for a while."""
        if self._report is None:
            return Step(taken=False, open=False)
        return self._finish(taken=False, at_end=True)

    # -- the head: everything before the first stack

    def _open(self, line: bytes, text: str) -> Step:
        report = _Report()
        bare = _without_stars(text.strip())
        if bare.startswith(("goroutine ", "runtime stack:")):
            if not report.stacks.take(bare):
                return Step(taken=False, open=False)
            report.in_stacks = True
        elif not _OPENS.match(bare) and not _SOFT.match(bare):
            return Step(taken=False, open=False)
        self._report = report
        cut = _torn_at(bare)
        if cut is not None and bare[:cut] in {"fatal error: ", "throw: "}:
            report.pending.append((line, bare[:cut], line[line.find(bare[:cut].encode()) + cut :]))
            return Step(taken=True, open=True)
        if not report.in_stacks:
            report.head.append(bare)
        return self._took(line, text)

    def _in_head(self, line: bytes, text: str) -> Step:
        report = self._report
        assert report is not None  # noqa: S101  (feed has asked)
        back: tuple[bytes, ...] = ()
        if report.pending:
            joined = self._join(line, text)
            if joined is not None:
                return joined
            back = self._release()
        bare = _without_stars(text.strip())
        if self._begins_stacks(bare, text):
            report.in_stacks, report.blank_before_stacks = True, report.blank
            return self._took(line, text, back)
        if _TRACE.match(text):
            return self._foreign(text, back)
        if _OPENS.match(bare) and not text[:1].isspace() and report.opened is not None:
            return self._finish(taken=False, back=back)
        if _DETAIL.match(bare) or _OPENS.match(bare):
            report.head.append(bare)
            return self._took(line, text, back)
        if report.opened is None:
            return self._finish(taken=False, back=back)
        return self._in_value(line, text, back)

    def _begins_stacks(self, bare: str, text: str) -> bool:
        report = self._report
        assert report is not None  # noqa: S101
        if bare.startswith(("goroutine ", "runtime stack:")):
            return report.stacks.take(text)
        # Go 1.0 to 1.2 begin the dump of a signal without a header; r60 put the place before the call.
        signalled = report.blank and any(line.startswith("PC=") for line in report.head)
        if signalled or ("+0x" in bare and (report.opened or "").startswith("throw: ")):
            return not _LOG_LINE.match(bare) and report.stacks.take(text)
        return False

    def _in_value(self, line: bytes, text: str, back: tuple[bytes, ...]) -> Step:
        """A line before the dump that may be a further line of the panic's value (at column 0 up to Go 1.22)."""
        report = self._report
        assert report is not None  # noqa: S101
        cut = _torn_at(text)
        if cut is not None and text[:cut].lstrip().startswith("goroutine "):
            return self._suspend(line, text, cut, back)
        if not report.panics or (cut == 0 and not text[:1].isspace()):
            return self._foreign(text, back)
        report.value.append(text)
        return self._took(line, text, back)

    # -- the stacks

    def _in_stacks(self, line: bytes, text: str) -> Step:
        report = self._report
        assert report is not None  # noqa: S101
        back: tuple[bytes, ...] = ()
        if report.pending:
            joined = self._join(line, text)
            if joined is not None:
                return joined
            back = self._release()
        bare = text.strip()
        if _TRACE.match(text):
            return self._foreign(text, back)
        if _OPENS.match(bare):
            if report.separated and bare.startswith("SIG"):  # GOTRACEBACK=crash: every thread prints its signal
                return self._took(line, text, back)
            return self._finish(taken=False, back=back)
        if _SOFT.match(bare) and _is_proof(bare):
            return self._finish(taken=False, back=back)
        if bare.startswith("goroutine ") and report.opened is None and (report.foreign or back):
            return self._finish(taken=False, back=back)
        report.separated |= bare.startswith("-----")
        if report.stacks.take(text) or self._take_stamped(text):
            report.foreign = 0
            return self._took(line, text, back)
        cut = _torn_at(text)
        if cut is not None and cut > 0:
            return self._suspend(line, text, cut, back)
        if cut is None and report.stacks.could_begin(text):
            return self._suspend(line, text, len(text), back)
        return self._foreign(text, back)

    def _take_stamped(self, text: str) -> bool:
        """A dump that went through a logger which puts the time in front of every line."""
        assert self._report is not None  # noqa: S101
        stamp = _STAMP.match(text)
        return stamp is not None and self._report.stacks.take(text[stamp.end() :])

    # -- torn and wrapped lines

    def _suspend(self, line: bytes, text: str, cut: int, back: tuple[bytes, ...]) -> Step:
        """Hold a line whose beginning may be the runtime's, until the next one shows whether it goes on there."""
        assert self._report is not None  # noqa: S101
        intruder = line[len(text[:cut].encode("utf-8", "surrogateescape")) :] if cut < len(text) else b""
        self._report.pending.append((line, text[:cut], intruder))
        return Step(taken=True, open=True, back=back)

    def _join(self, line: bytes, text: str) -> Step | None:
        """The line as the rest of what was torn off; None where it is not."""
        report = self._report
        assert report is not None  # noqa: S101
        torn = "".join(fragment for _, fragment, _ in report.pending)
        intruders = tuple(intruder for _, _, intruder in report.pending if intruder)
        if torn in {"fatal error: ", "throw: "}:
            return self._join_head(line, torn + text, intruders)
        took = report.stacks.joins(torn, text)
        if took:
            report.pending, report.foreign = [], 0
            if not report.in_stacks:
                report.in_stacks, report.blank_before_stacks = True, report.blank
            self._keep(line, torn + text)
            report.held = []
            return Step(taken=True, open=True, back=intruders)
        cut = _torn_at(text)
        if intruders and cut is not None and cut > 0 and len(report.pending) < MOST_TORN_PIECES:
            return self._suspend(line, text, cut, ())
        return None

    def _join_head(self, line: bytes, whole: str, intruders: tuple[bytes, ...]) -> Step | None:
        """`fatal error: {"level":…}` and `out of memory` on the next line: certain where the message is a known one."""
        report = self._report
        assert report is not None  # noqa: S101
        known = recognise(whole.strip(), "go")
        if known is None or _WEAK.match(known[0].signature.name):
            raw = report.pending.pop()[0]
            report.head.append(_text(raw).strip())
            self._took(raw, _text(raw))
            return None
        report.pending = []
        report.head.append(whole.strip())
        self._keep(line, whole)
        return Step(taken=True, open=True, back=intruders)

    def _release(self) -> tuple[bytes, ...]:
        """What was held of torn lines, as it came: it was the application's."""
        assert self._report is not None  # noqa: S101
        lines = tuple(raw for raw, _, _ in self._report.pending)
        self._report.pending = []
        self._report.foreign += len(lines)
        return lines

    # -- the ends

    def _took(self, line: bytes, text: str, back: tuple[bytes, ...] = ()) -> Step:
        report = self._report
        assert report is not None  # noqa: S101
        self._keep(line, text)
        if report.in_stacks:
            report.held = []
        else:
            report.held.append(line)
            report.held_bytes += len(line)
            if len(report.held) > MOST_HELD_LINES or report.held_bytes > MOST_HELD_BYTES:
                return self._finish(taken=True, back=back)
        return Step(taken=True, open=True, back=back)

    def _keep(self, line: bytes, text: str) -> None:
        report = self._report
        if report is not None and len(report.lines) < MOST_LINES_KEPT and (line.strip() or report.lines):
            report.lines.append(text.rstrip())

    def _foreign(self, text: str, back: tuple[bytes, ...]) -> Step:
        report = self._report
        assert report is not None  # noqa: S101
        report.foreign += 1
        if report.foreign > MOST_FOREIGN_LINES or _NEW_PROCESS.match(text):
            return self._finish(taken=False, back=back)
        return Step(taken=False, open=True, back=back)

    def _finish(self, *, taken: bool, back: tuple[bytes, ...] = (), at_end: bool = False) -> Step:
        report, self._report = self._report, None
        assert report is not None  # noqa: S101
        back += tuple(raw for raw, _, _ in report.pending)
        report.stacks.close()
        record = _record(report, at_end=at_end)
        if record is None:
            held = tuple(report.held)
            taken = taken and report.exit_code is None
            return Step(taken, open=False, back=held + back)
        return Step(taken, open=False, record=record, back=back)


_STARTS = re.compile(rb"[ \t>]*+(?:" + DeathReader.START + rb")")


def _text(line: bytes) -> str:
    quoted = _QUOTED.match(line)
    start = quoted.end() if quoted is not None else 0
    return line[start : start + MOST_LINE_BYTES].decode("utf-8", "surrogateescape").rstrip("\r")


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _without_stars(text: str) -> str:
    """`**fatal error: out of memory**`, as people paste it into an issue."""
    return text.strip("*").strip() if text.startswith("**") else text


def _is_proof(text: str) -> bool:
    """Does only the runtime print this? `panic: ` and an unknown `fatal error: ` anybody may print."""
    known = recognise(text, "go")
    return known is not None and not _WEAK.match(known[0].signature.name)


def _torn_at(text: str) -> int | None:
    """Where an application's line begins in this one; None where none surely does."""
    found = _LOG_LINE.search(text)
    return found.start() if found is not None else None


# ------------------------------------------------------------------------------------------- what a finished report says


def _record(report: _Report, *, at_end: bool) -> Death | Dump | None:
    """The death or the dump that was read; None where nothing of it is certain and the lines were the application's."""
    stacks = report.stacks
    has_stacks = bool(stacks.goroutines or stacks.runtime_stack or stacks.seen_runtime_stack)
    taken = [(line, found) for line in report.head if (found := recognise(line, "go")) is not None]
    if not taken:
        if not has_stacks:
            return None
        return _headless(report) if stacks.seen_runtime_stack else _dump(report)
    if has_stacks:
        return _dump(report) if _printed_by_application(report) else _death(report, taken, CERTAIN)
    if report.exit_code is not None:
        return _death(report, taken, CERTAIN)
    if any(not _WEAK.match(found[0].signature.name) for _, found in taken):
        return _death(report, taken, PROVED_BY_TEXT)
    if any(line.startswith(("[signal ", "PC=0x")) for line in report.head):
        return _death(report, taken, PROVED_BY_TEXT)
    return _death(report, taken, LAST_WORDS) if at_end and report.foreign == 0 else None


def _dump(report: _Report) -> Dump:
    text = report.head[0] if report.head else next(iter(report.lines), "")
    return Dump(_shown(text.strip()), tuple(report.stacks.goroutines))


def _headless(report: _Report) -> Death:
    """`runtime stack:` is printed by nothing but a fatal error, whose own line was lost."""
    details: dict[str, Any] = {"fault": "unknown", "confidence": HEADLESS, **_what_stacks_tell(report.stacks)}
    return Death(
        "runtime-fault", "go", _shown(report.lines[0].strip()), _shown_lines(report), details,
        tuple(report.stacks.goroutines), report.stacks.runtime_stack, report.stacks.truncated,
    )  # fmt: skip


def _death(report: _Report, taken: list[tuple[str, tuple[Known, dict[str, Any]]]], confidence: float) -> Death:
    opened = report.opened
    deciding = min(taken, key=lambda each: each[1][0].place)
    if report.panics:  # its value may quote anything
        deciding = next(each for each in taken if each[0] == opened)
        taken = [deciding]
    details: dict[str, Any] = {}
    for _, (_, facts) in [deciding, *taken]:
        details = {**facts, **details}
    details |= _signal(report.head)
    if report.panics:
        details |= _panic(report)
    if report.exit_code is not None:
        details["exit_code"] = report.exit_code
    cause = deciding[1][0].signature.cause
    details |= _what_stacks_tell(report.stacks)
    if cause == "go-out-of-memory":
        details |= _allocation(report.stacks, details.get("ask_bytes"))
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


# ------------------------------------------------------------------------------------------------ what the stacks say

_STANDARD = frozenset(
    "archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go"
    " hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort"
    " strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak golang.org".split()
)
_SIZE_ARGUMENT = {  # which argument of the runtime's functions is a number of bytes
    "runtime.mallocgc": 0, "runtime.mallocgcTiny": 0, "runtime.mallocgcSmallNoscan": 0, "runtime.mallocgcLarge": 0,
    "runtime.mallocgcSmallScanNoHeader": 0, "runtime.mallocgcSmallScanHeader": 0, "runtime.largeAlloc": 0,
    "runtime.(*mcache).allocLarge": 1, "runtime.rawbyteslice": 0, "runtime.rawstring": 0, "cnew": 1,
}  # fmt: skip
_CERTAIN_HEX = re.compile(r"0x([0-9a-f]{1,16})$")
LARGE_OBJECT_BYTES = 32 << 10
"""Larger objects get spans of their own (malloc.go, maxSmallSize)."""
LEAST_ASK_BYTES = 4 << 20
"""The heap grows by at least so much since Go 1.14 (mheap.go, grow): a larger ask is one large object."""

_SWISS = re.compile(r"internal/runtime/maps\.\(\*(?:table|Map)\)\.(?:rehash|split|grow|growToTable|growToSmall)$")
_CLASSIC = re.compile(r"(?:runtime\.)?(?:hashGrow|hash_grow|growWork\w*|evacuate\w*|hash_insert_internal)$")
_SLICE = re.compile(
    r"(?:runtime\.)?(?:growslice\w*|appendslice)$|bytes\.(?:growSlice|makeSlice|\(\*Buffer\)\.(?:grow|Grow|ReadFrom))$"
    r"|strings\.\(\*Builder\)\.(?:grow|Grow)$|slices\.(?:Grow|Insert|AppendSeq)"
)
_MAKE = re.compile(
    r"(?:runtime\.)?(?:make(?:slice|map|chan)\w*|newarray|c?newarray|rawbyteslice|rawstring\w*|concatstrings?\w*"
    r"|slicebytetostring|stringtoslice(?:byte|rune))$|internal/runtime/maps\.NewMap$|internal/bytealg\.MakeNoZero$"
)


def _guilty(stacks: Stacks) -> tuple[Frame, ...]:
    """The frames of the thread and the goroutine that asked for memory, innermost first."""
    first = stacks.goroutines[0].frames if stacks.goroutines else ()
    return stacks.runtime_stack + first


def _what_stacks_tell(stacks: Stacks) -> dict[str, Any]:
    told: dict[str, Any] = {"goroutines": stacks.count}
    first = stacks.goroutines[0] if stacks.goroutines else None
    frames = _application_frames(first) if first is not None else []
    if frames:
        told["frames"] = frames
    return told


def _application_frames(goroutine: Goroutine) -> list[str]:
    """The innermost calls of the application's own code and its libraries, as `function file:line`."""
    own = [frame for frame in goroutine.frames if _is_application(frame)]
    return [_shown(f"{frame.function} {frame.file}:{frame.line}") for frame in own[:MOST_FRAMES_TOLD]]


def _is_application(frame: Frame) -> bool:
    function = frame.function
    if function.startswith("golang.org/x/"):
        return True
    package = function.split("/", 1)[0].split(".", 1)
    first = package[0] if "/" not in function else function.split("/", 1)[0]
    return "." in function and first not in _STANDARD


def _allocation(stacks: Stacks, ask_bytes: int | None) -> dict[str, Any]:
    """The allocation that was refused: its size where a frame surely shows it, and what grew."""
    frames = _guilty(stacks)
    sizes = [size for frame in frames if (size := _size_bytes(frame)) is not None]
    told: dict[str, Any] = {"growth": _growth(frames, max(sizes, default=None), ask_bytes)}
    if sizes:
        told["size_bytes"] = max(sizes)
    refused = next(
        (_argument(frame, 1) for frame in frames if frame.function in {"runtime.sysMap", "runtime.SysMap"}), None
    )
    if refused is not None:
        told["refused_bytes"] = refused
    return told


def _size_bytes(frame: Frame) -> int | None:
    position = _SIZE_ARGUMENT.get(frame.function)
    return None if position is None else _argument(frame, position)


def _argument(frame: Frame, position: int) -> int | None:
    """An argument in hex; None where it is not certain (`0x36?`: since Go 1.18, a register that may be stale)."""
    arguments = frame.arguments.split(", ")
    found = _CERTAIN_HEX.match(arguments[position]) if position < len(arguments) else None
    return int(found[1], 16) if found is not None else None


def _growth(frames: tuple[Frame, ...], size_bytes: int | None, ask_bytes: int | None) -> str:
    """What grew, by the functions on the stack. A map or slice that grows in small steps is one of many."""
    functions = [frame.function for frame in frames]
    large = size_bytes is None or size_bytes > LARGE_OBJECT_BYTES
    if any(_SWISS.match(function) for function in functions):
        return "map-growth-swiss"
    if large and any(_CLASSIC.match(function) for function in functions):
        return "map-growth-classic"
    if large and any(_SLICE.match(function) for function in functions):
        return "slice-growth"
    if size_bytes is not None:
        return "big-make" if size_bytes >= LEAST_ASK_BYTES else "many-small-objects"
    if any(_MAKE.match(function) for function in functions):
        return "big-make"
    if ask_bytes is not None and functions:
        return "big-make" if ask_bytes > LEAST_ASK_BYTES else "many-small-objects"
    return "unknown"


# --------------------------------------------------------------------------- orchestrators, guards and shells, in a block

_LEAD = re.compile(  # what loggers put in front of a sentence: times, hosts, programs, levels, columns of a table
    r"\s+|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d[\d.,]{0,12})?(?:Z|[+-]\d\d:?\d\d)?\]?:?(?=\s)"
    r"|[^\W\d_]{3,10}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?=\s)|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?:\s+\d{1,10}){2} [VDIWEF](?=\s)"
    r"|\[ {0,12}\d{1,12}\.\d{6}\]|<\d{1,3}>|\d\d:\d\d:\d\d[\d.,]{0,12}(?=\s)|\d{10}(?:\.\d{1,9})?(?=\s)"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d{1,10} [\w.-]{1,80}:\d{1,6}\]"
    r'|(?:time|ts|t)="?[\w :.+-]{1,64}"?(?=\s)|(?:level|lvl)="?\w{1,10}"?(?=\s)'
    r"|##\[\w{1,12}\]|\[[\w/.: +-]{1,64}\]|\b(?:(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|alert)|OUT|Normal)\b:?(?=\s)"
    r"|[\w.-]{1,64} *\|(?=\s)|[\w./@()-]{1,128}(?:\[[\w./-]{1,64}\])?:(?=\s)|[\w.-]{1,64}(?= [\w./@-]{1,64}(?:\[\w{1,16}\])?: )"
    r"|[^\s\"=]{1,64}(?: [^\s\"=]{1,64}){0,2}(?=\s{2,}\S)|RequestId: \S{1,64}(?=\s)"
)
_VALUE_BEFORE = re.compile(r"[:=\"'(|>,\[]\s*$|^\s*$")
_VALUE_AFTER = re.compile(r"\s*(?:[\"'\\)\]},;|]|\.?\s*$)")


def find_report(text: bytes) -> list[Death]:
    """The deaths that orchestrators, guards and shells tell of in a block of text, in the order of the block.

    A sentence counts where it stands by itself, behind no more than what loggers put in front (its signature's
    `confidence`), or as a whole value inside a message, where its signature allows that (`inside`). What a message
    merely mentions is no death. Looks at the last 64 deaths of the block.
    """
    block = text.decode("utf-8", "replace")
    if _hints().search(block) is None:
        return []
    found: list[tuple[int, Death]] = []
    block = _find_several_lines(block, found)
    has_stacks = _GOROUTINE.search(block) is not None
    for hit in _hints().finditer(block):
        start = block.rfind("\n", 0, hit.start()) + 1
        if found and found[-1][0] == start:
            continue
        end = block.find("\n", hit.start())
        line = block[start : end if end >= 0 else None][:MOST_LINE_BYTES].rstrip("\r")
        death = _report_in_line(line)
        if death is not None and not (has_stacks and death.cause == "exit-status"):
            found.append((start, death))
    found.sort(key=lambda each: each[0])
    return [death for _, death in found[-MOST_DEATHS_FOUND:]]


_GOROUTINE = re.compile(r"^goroutine \d+ \[", re.MULTILINE)


@cache
def _reporters() -> tuple[Known, ...]:
    return tuple(known for known in signatures() if known.signature.source not in {"go", "kernel"})


@cache
def _hints() -> re.Pattern[str]:
    """One of the texts that a sentence needs."""
    needs = {need for known in _reporters() for need in known.signature.needs}
    return re.compile("|".join(re.escape(need) for need in sorted(needs, key=lambda need: (-len(need), need))))


def _find_several_lines(block: str, found: list[tuple[int, Death]]) -> str:
    """Take what runs over line ends out of the block (blanked, so that places stay) and into `found`."""
    for known in _reporters():
        if not known.signature.several_lines or not any(need in block for need in known.signature.needs):
            continue
        for match in list(known.regex.finditer(block)):
            start = block.rfind("\n", 0, match.start()) + 1
            end = block.find("\n", match.end())
            line = block[start : end if end >= 0 else None]
            confidence = _confidence(known.signature, line, match.start() - start, match.end() - start)
            if confidence is not None and "\0" not in match[0]:
                found.append((start, _told(known, match, match[0].strip(), confidence)))
                blank = re.sub(r"[^\n]", "\0", match[0])
                block = block[: match.start()] + blank + block[match.end() :]
    return block


def _report_in_line(line: str) -> Death | None:
    for known in _reporters():
        signature = known.signature
        if signature.several_lines or not any(need in line for need in signature.needs):
            continue
        match, start = _search(known, line)
        if match is None:
            continue
        confidence = _confidence(signature, line, start + match.start(), start + match.end())
        if confidence is not None:
            return _told(known, match, line.strip(), confidence)
    return None


def _search(known: Known, line: str) -> tuple[re.Match[str] | None, int]:
    """The sentence in the line; one that must begin it (`^`) may begin behind any part of what loggers put in front."""
    if "^" not in known.signature.pattern:
        return known.regex.search(line), 0
    for place in _leads(line):
        found = known.regex.match(line[place:])
        if found is not None:
            return found, place
    return known.regex.search(line), 0


def _leads(line: str) -> list[int]:
    """Where the sentence may begin: 0, and behind each thing that loggers put in front."""
    places, at = [0], 0
    while len(places) < 24:
        found = _LEAD.match(line, at)
        if found is None or found.end() == at:
            break
        at = found.end()
        places.append(at)
    return places


def _confidence(signature: Signature, line: str, start: int, end: int) -> float | None:
    """How sure the sentence makes us at this place of the line; None where it is only mentioned."""
    if start <= _leads(line)[-1]:
        return signature.confidence
    if signature.inside is None or not _VALUE_AFTER.match(line, end):
        return None
    return signature.inside if _VALUE_BEFORE.search(line[max(0, start - 8) : start]) else None


def _told(known: Known, found: re.Match[str], text: str, confidence: float) -> Death:
    signature = known.signature
    details = known.facts(found) | {"confidence": confidence, "signature": signature.name}
    lines = tuple(line.rstrip("\r") for line in text.split("\n")[:MOST_LINES_KEPT])
    return Death(signature.cause, signature.source, text, lines, details)
