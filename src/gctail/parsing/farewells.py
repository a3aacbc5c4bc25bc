"""Last words: how a process that ends on purpose, or gives up by itself, says so.

Only the last few lines count, and the words must be about the whole process: "stopped" of a worker is no farewell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from gctail.parsing.messages import read_message

LINES_LOOKED_AT = 40
LAST_OF_ALL = 3

_ASKED = re.compile(
    r"\b(?:received|caught|got|handling|trapped|on)\b.{0,24}\b(?:signal|SIGTERM|SIGINT|interrupt|termination)\b"
    r"|\bsignal\b.{0,24}\b(?:received|caught|terminated|interrupt)\b|\bSIG(?:TERM|INT)\b"
    r"|\b(?:terminated|interrupt) signal\b", re.IGNORECASE
)  # fmt: skip
_GOODBYE = re.compile(
    r"^(?:\W*)(?:(?:the )?(?:server|service|application|app|process|daemon|program|api|http server|grpc server|main)\s+"
    r"(?:has |was |is |has been )?(?:gracefully )?"
    r"(?:stopped|exited|exiting|terminated|shut ?down|down|closed|finished|done|stopping)"
    r"|(?:graceful(?:ly)? )?(?:shut ?down|shutting down|exit(?:ing|ed)?|stopped|stopping|(?:good-?)?bye"
    r"|terminat(?:ing|ed)|drain(?:ing|ed)?)"
    r"(?:\W|\b(?:now|server|service|app|application|gracefully|normally|cleanly|complete|done|(?:good-?)?bye)\b)*"
    r"|http: server closed|all (?:workers|connections|servers) (?:stopped|closed|drained)"
    r"|(?:graceful )?shutdown (?:complete|completed|finished|done).{0,40})\W*$", re.IGNORECASE
)  # fmt: skip
_LAST_WORDS = re.compile(r"^(?:[\w./-]{1,40}: )?(?:gracefully )?shut(?:ting)? down\b(?P<why>.{0,80})$", re.IGNORECASE)
"""The very last line only, with its component and its reason: `billing: shutting down: context canceled`."""
_WENT_WRONG = re.compile(r"fail|error|panic|fatal|cannot|unable|refused|denied|memory|work|conn|sess", re.IGNORECASE)
_FATAL = frozenset({"fatal", "panic"})
_GIVES_UP = re.compile(r"\b(?:giving up|bailing out|aborting|exiting|quitting|cannot continue)\W*$", re.IGNORECASE)
_EXIT = re.compile(r"\b(?:os\.Exit|log\.Fatal|exit(?:ing)? with (?:status|code) [1-9])", re.IGNORECASE)


class Farewell(Struct, frozen=True):
    """What the last words say. `kind` is asked (told to end, and ended), goodbye (ended by itself), fatal (gave up)."""

    kind: str
    lines: tuple[int, ...]
    """Which of the lines say so, in order."""
    confidence: float


def farewell(lines: list[str]) -> Farewell | None:
    """What the last lines of a process say about its end; None where they say nothing."""
    said: dict[str, int] = {}
    for at in range(max(0, len(lines) - LINES_LOOKED_AT), len(lines)):
        said |= dict.fromkeys(_kinds(lines[at], last=at == len(lines) - 1), at)
    asked, goodbye, fatal, gives_up = map(said.get, ("asked", "goodbye", "fatal", "gives-up"))
    near_end = len(lines) - LAST_OF_ALL
    if goodbye is not None and asked is not None:
        return Farewell("asked", tuple(sorted({asked, goodbye})), 0.95)
    if goodbye is not None and goodbye >= near_end:
        return Farewell("goodbye", (goodbye,), 0.85)
    if asked is not None:
        return Farewell("asked", (asked,), 0.8 if asked >= near_end else 0.6)
    if fatal is not None and fatal >= near_end:
        return Farewell("fatal", (fatal,), 0.8)
    if gives_up is not None:
        return Farewell("fatal", (gives_up,), 0.6)
    return None


def said_goodbye(lines: list[str]) -> bool:
    """Whether one of these lines says that the process was told to end, or ended by itself."""
    return any(kind in {"asked", "goodbye"} for line in lines for kind in _kinds(line, last=False))


def _kinds(line: str, *, last: bool) -> Iterator[str]:
    """What one line says of the end of its process."""
    message = read_message(line.encode("utf-8", "replace"))
    words = message.message.strip()[:300]
    if message.level in _FATAL or _EXIT.search(words):
        yield "fatal"
    if last and message.level in {*_FATAL, "error", None} and _GIVES_UP.search(words):
        yield "gives-up"
    if _ASKED.search(f"{words} {message.fields.get('signal', '')}"):
        yield "asked"
    if _GOODBYE.match(words) or (last and _ends_for_a_reason(words)):
        yield "goodbye"


def _ends_for_a_reason(words: str) -> bool:
    """Whether the last line of all is a goodbye with its reason, and the reason is no failure."""
    found = _LAST_WORDS.match(words)
    return found is not None and not _WENT_WRONG.search(found["why"])
