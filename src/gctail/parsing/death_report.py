"""A crash report as far as it has been read, and the death or the dump that it is once it is whole."""

from __future__ import annotations

import re
from typing import Any

from gctail.parsing.allocations import allocation, what_stacks_tell
from gctail.parsing.dumps import Stacks
from gctail.parsing.signatures import Known, recognise
from gctail.records import Death, Dump

MOST_LINE_BYTES = 4096

CERTAIN, PROVED_BY_TEXT, LAST_WORDS, HEADLESS = 0.99, 0.8, 0.5, 0.6
"""Confidence: text and dump; text that only the runtime prints; `panic: ` as last words; a dump without its head."""

OPENS = re.compile(  # a line that says by itself that a process dies
    r"(?:panic|fatal error|throw): |SIG(?:QUIT|ABRT|SEGV|BUS|ILL|TRAP|FPE|SYS|EMT|STKFLT|XCPU|XFSZ): "
    r"|Exception 0x[0-9a-f]"
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
_FLAGS = re.compile(r" \[recovered(?:, repanicked)?\]")
_PRINTED_BY_APPLICATION = frozenset(
    ("runtime/debug.Stack", "runtime/debug.PrintStack", "runtime/debug.stack", "runtime/pprof.writeGoroutineStacks")
)
_WEAK = re.compile(r"panic|go-fatal-error|signal-")  # signatures of what anybody may print


class Report:
    """A report that is being read.

    `head`: what stands before the stacks, and `value` the further lines of a panic's value. `lines`: all of it, as far
    as it is kept. `held`: the same as bytes, while it may yet be the application's. `pending`: torn lines whose rest
    has not come, each with its beginning and the application's text behind that. `foreign`: how many lines in a row
    were no part of it.
    """

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
        self.separated = False  # by a row of dashes, behind which another thread prints its own
        self.exit_code: int | None = None
        self.pending: list[tuple[bytes, str, bytes]] = []

    @property
    def opened(self) -> str | None:
        """The line that says how: the first panic, fatal error or signal."""
        return next((line for line in self.head if OPENS.match(line)), None)

    @property
    def panics(self) -> bool:
        """It begins with a panic, whose value may quote anything."""
        opened = self.opened
        return opened is not None and opened.startswith("panic: ")


def is_proof(text: str) -> bool:
    """Only the runtime prints this. `panic: ` and an unknown `fatal error: ` anybody may print."""
    known = recognise(text, "go")
    return known is not None and not _WEAK.match(known[0].signature.name)


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_Told = tuple[str, tuple[Known, dict[str, Any]]]
"""A line of the head, the signature that took it, and its facts."""


def record_of(report: Report, *, at_end: bool) -> Death | Dump | None:
    """The death or the dump that was read; None where nothing of it is certain and the lines were the application's."""
    stacks = report.stacks
    has_stacks = bool(stacks.goroutines or stacks.runtime_stack or stacks.seen_runtime_stack)
    told = [(line, found) for line in report.head if (found := recognise(line, "go")) is not None]
    if has_stacks and (not told or _printed_by_application(report)):
        return _headless(report) if stacks.seen_runtime_stack and not told else _dump(report)
    confidence = CERTAIN if has_stacks or report.exit_code is not None else _proof(report, told, at_end=at_end)
    return _death(report, told, confidence) if told and confidence is not None else None


def _proof(report: Report, told: list[_Told], *, at_end: bool) -> float | None:
    """How sure a report without stacks makes us: GOTRACEBACK=none leaves none, and neither does a log that is cut."""
    if any(not _WEAK.match(known.signature.name) for _, (known, _) in told):
        return PROVED_BY_TEXT
    if any(line.startswith(("[signal ", "PC=0x")) for line in report.head):
        return PROVED_BY_TEXT
    return LAST_WORDS if at_end and report.foreign == 0 else None


def _dump(report: Report) -> Dump:
    text = next((line for line in report.lines if line.lstrip().startswith("goroutine ")), "")
    return Dump(_shown(text.strip()), tuple(report.stacks.goroutines))


def _headless(report: Report) -> Death:
    """`runtime stack:` is printed by nothing but a fatal error, whose own line was lost."""
    details: dict[str, Any] = {"fault": "unknown", "confidence": HEADLESS, **what_stacks_tell(report.stacks)}
    return Death(
        "runtime-fault", "go", _shown(report.lines[0].strip()), _shown_lines(report), details,
        tuple(report.stacks.goroutines), report.stacks.runtime_stack, report.stacks.truncated,
    )  # fmt: skip


def _death(report: Report, told: list[_Told], confidence: float) -> Death:
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


def _shown_lines(report: Report) -> tuple[str, ...]:
    return tuple(_shown(line) for line in report.lines)


def _printed_by_application(report: Report) -> bool:
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


def _panic(report: Report) -> dict[str, Any]:
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
