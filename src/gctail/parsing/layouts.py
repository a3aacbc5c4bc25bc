"""How the runtime's lines are cut where they are torn: between the tokens, in the order of its `print` statements.

Source: gcMarkTermination in go/src/runtime/mgc.go, printScavTrace in mgcscavenge.go, startCycle and endCycle in
mgcpacer.go, schedtrace and doInit1 in proc.go; before 1.5 the same in mgc0.c, mheap.c and proc.c.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

WHOLE = rb"\d++"
WHOLES = rb"\d++(?>(?: \d++)*)"
TRUTH = rb"(?:\d++|true|false)"
TIME = rb"(?:0\.0\d\d|0\.[1-9]\d|[1-9]\.\d|\d++(?:\.\d*+)?)"
"""`fmtNSAsMS` prints two significant digits, and whole numbers from 10 ms on: where a time ends is known. The last
alternative is for what was cut inside a number."""
UPTIME = rb"\d++\.\d{3}"
FLOAT = rb"(?:NaN|[+-]Inf|[+-]?\d++(?:\.\d++)?(?:e[+-]\d++)?)"
SIGNED = rb"-?\d++"

# `#` is a whole number, `$` a time in ms, `§` an uptime, `~` any float, `&` a signed number, `*` a word, `^` a list of
# whole numbers, `¤` a truth, `♯` the sign #; `|` stands
# between tokens.
_HEAD = "gc |#| @|§|s |#|%|"
_CHECKED = _HEAD + " (checking for goroutine leaks)|: |"
_CLOCK_3, _CPU_5 = "$|+|$|+|$| ms clock, |", "$|+|$|/|$|/|$|+|$| ms cpu, |"
_TIMES_3, _TIMES_5 = _CLOCK_3 + _CPU_5, "$|+|$|+" + "|" + _CLOCK_3 + "$|+|$|+|" + _CPU_5
_HEAP = "#|->|#|->|#| MB, |#| MB goal, |"
_ROOTS = "#| MB stacks, |#| MB globals, |"
_PROCS = "#| P| (forced)"
_OLD_HEAD = "gc|#|(|#|): |#|+|#|+|#"
_OLD_UNSWEPT = _OLD_HEAD + "|+|#| us, |#| -> |#| MB, |#| (|#|-|#|) objects, |"
_OLD_SWEPT = " |#| -> |#| MB |#| -> |#| (|#|-|#|) objects"
_OLD_TAIL = "#|(|#|) handoff, |#|(|#|) steal, |#|/|#|/|#| yields"
_SWEEPS = "#|/|#|/|#| sweeps, |"
_SCVG = ("|#| MB released", "inuse: |#|, idle: |#|, sys: |#|, released: |#|, consumed: |#| (MB)")
_SCANNED = "#|+|#|+|#|=|#| objs, |#|+|#|=|#| spans"
_SCHED_HEADS = tuple(
    "SCHED |#|ms: gomaxprocs=|#| idleprocs=|#| threads=|#|" + spinning + " idlethreads=|#| runqueue=|#|"
    for spinning in (" spinningthreads=|#| needspinning=|#|", " spinningthreads=|#|", "")
)
_SCHED_TAILS = (
    " [ |^| ] schedticks=[ |^| ]",
    " [|^|]",
    " gcwaiting=|¤| nmidlelocked=|&| stopwait=|#| sysmonwait=|¤",
    " gcwaiting=|¤| nmidlelocked=|&| nmspinning=|#| stopwait=|#| sysmonwait=|¤",
)
_PACED = "pacer: |&|% CPU (|#| exp.) for |#|+|#|+|#| B work (|#| B exp.) in |#| B -> |#| B (∆goal |&|, cons/mark |~|)"
_PACED_TO_1_17 = (
    "pacer: H_m_prev=|#| h_t=|~| H_T=|#| h_a=|~| H_a=|#| h_g=|~| H_g=|&| u_a=|~| u_g=|~| W_a=|&| goalΔ=|~| actualΔ=|~| "
    "u_a/u_g=|~"
)

LAYOUTS: dict[bytes, tuple[str, ...]] = {
    b"gc ": (
        _HEAD + ": |" + _TIMES_3 + _HEAP + _ROOTS + _PROCS,
        _CHECKED + _TIMES_3 + _HEAP + _ROOTS + _PROCS,
        _HEAD + ": |" + _TIMES_3 + _HEAP + _PROCS,
        _HEAD + ": |" + _TIMES_5 + _HEAP + _PROCS,
        _HEAD.replace("gc |", "gc ♯|") + ": |" + _TIMES_5 + _HEAP + _PROCS,
    ),
    b"gc": (
        _OLD_UNSWEPT + "#| goroutines, |" + _SWEEPS + _OLD_TAIL,
        _OLD_UNSWEPT + _SWEEPS + _OLD_TAIL,
        _OLD_HEAD + "| ms, |" + _OLD_SWEPT[2:] + ", |" + _OLD_TAIL,
        _OLD_HEAD + "| ms |" + _OLD_SWEPT[2:] + " |#| handoff",
    ),
    b"scav ": (
        "scav |#| KiB work (bg), |#| KiB work (eager), |#| KiB now, |#|% util| (forced)",
        "scav |#| KiB work (bg), |#| KiB work (eager), |#| KiB now, |#|% util| [controller reset]",
        "scav |#| KiB work, |#| KiB total, |#|% util| (forced)",
        "scav |#| |#| KiB work, |#| KiB total, |#|% util| (forced)",
    ),
    b"scvg": (
        "scvg|&|: |#| MB released",
        "scvg|&|: " + _SCVG[1],
        "scvg: |#| MB released",
        "scvg: " + _SCVG[1],
        "scvg|&|: GC forced",
    ),
    b"forced scvg": ("forced |scvg: " + _SCVG[0], "forced |scvg: " + _SCVG[1]),
    b"pacer: ": (
        "pacer: assist ratio=|~| (scan |#| MB in |#|->|#| MB) workers=|&|+|~",
        "pacer: sweep done at heap size |#|MB; allocated |#|MB during sweep; swept |#| pages at |~| pages/byte",
        _PACED,
        _PACED_TO_1_17,
    ),
    b"init ": ("init |*| @|$| ms, |$| ms clock, |#| bytes, |#| allocs",),
    b"checkfinalizers: ": ("checkfinalizers: queue: |#| finalizers + |#| cleanups",),
    b"scan: ": ("scan: |total |" + _SCANNED, "scan: |class |#|B |" + _SCANNED, "scan: |class |L |" + _SCANNED),
    b"SCHED ": tuple(head + tail for head in _SCHED_HEADS for tail in _SCHED_TAILS),
}


START = re.compile(
    rb"gc (?=#?\d|$|\D)|gc(?=\d|$|scvg)|scav |forced scvg|scvg(?=-?\d|:|GC f|gc|\r?$)|pacer: |init |checkfinalizers: "
    rb"|scan: |SCHED "
)


CERTAIN = re.compile(
    rb"gc #?\d+ @|gc\d+\(\d+\): |scav \d+ |scvg-?\d+: |init \S+ @\d|SCHED \d+ms"
    rb"|pacer: (?:assist ratio=|sweep done|H_m_prev=|-?\d+% CPU)|scan: (?:total|class) "
)
"""A beginning that can only be the runtime's; anything shorter may be a word of the application."""


class Shape(NamedTuple):
    """One layout: what a text may be that stops after any of its tokens."""

    start: bytes
    so_far: re.Pattern[bytes]


@cache
def shapes(start: bytes) -> tuple[Shape, ...]:
    """The layouts of the lines that begin with `start`, compiled when the first torn line of the kind is met."""
    return tuple(Shape(start, _stops_anywhere(_tokens(layout))) for layout in LAYOUTS[start])


def _stops_anywhere(tokens: Sequence[bytes]) -> re.Pattern[bytes]:
    """A pattern for every beginning of the tokens: t1(?:t2(?:t3 …)?)?."""
    pattern = b""
    for token in reversed(tokens):
        pattern = token + (b"(?:" + pattern + b")?" if pattern else b"")
    return re.compile(pattern)


def starts_of(line: bytes) -> tuple[bytes, ...]:
    """The keys of `LAYOUTS` that a line begins with."""
    return tuple(name for name in LAYOUTS if line.startswith(name) and not (name == b"gc" and line.startswith(b"gc ")))


def _tokens(layout: str) -> tuple[bytes, ...]:
    """The tokens of a layout; a literal may also be cut between its words."""
    kinds = {"#": WHOLE, "$": TIME, "§": UPTIME, "~": FLOAT, "&": SIGNED, "*": rb"\S++", "^": WHOLES, "¤": TRUTH}
    pieces = re.findall(r"[#$§~&*^¤]|[^#$§~&*^¤|]+", layout)
    tokens: list[bytes] = []
    for piece in pieces:
        words = re.findall(r" *[^ ]+| +$", piece.replace("♯", "#"))
        tokens += [kinds[piece]] if piece in kinds else [re.escape(word.encode()) for word in words]
    return tuple(tokens)
