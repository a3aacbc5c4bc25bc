"""Last words: how a process that ends on purpose, or gives up by itself, says so.

Only the last few lines count, and the words must be about the whole process: "stopped" of a worker is no farewell.
"""

from __future__ import annotations

import re

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
    r"|(?:graceful(?:ly)? )?(?:shut ?down|shutting down|exit(?:ing|ed)?|stopped|stopping|bye|goodbye|terminat(?:ing|ed)"
    r"|drain(?:ing|ed)?)(?:\W|\b(?:now|server|service|app|application|gracefully|normally|cleanly|complete|done)\b)*"
    r"|http: server closed|all (?:workers|connections|servers) (?:stopped|closed|drained)"
    r"|(?:graceful )?shutdown (?:complete|completed|finished|done).{0,40})\W*$", re.IGNORECASE
)  # fmt: skip
_FATAL = frozenset({"fatal", "panic"})
_EXIT = re.compile(r"\b(?:os\.Exit|log\.Fatal|exit(?:ing)? with (?:status|code) [1-9])", re.IGNORECASE)


class Farewell(Struct, frozen=True):
    """What the last words say. `kind` is asked (told to end, and ended), goodbye (ended by itself), fatal (gave up)."""

    kind: str
    lines: tuple[int, ...]
    """Which of the lines say so, in order."""
    confidence: float


def farewell(lines: list[str]) -> Farewell | None:
    """What the last lines of a process say about its end; None where they say nothing."""
    first = max(0, len(lines) - LINES_LOOKED_AT)
    asked = goodbye = fatal = None
    for at in range(first, len(lines)):
        message = read_message(lines[at].encode("utf-8", "replace"))
        words = message.message.strip()[:300]
        if message.level in _FATAL or _EXIT.search(words):
            fatal = at
        if _ASKED.search(f"{words} {message.fields.get('signal', '')}"):
            asked = at
        if _GOODBYE.match(words):
            goodbye = at
    near_end = len(lines) - LAST_OF_ALL
    if goodbye is not None and asked is not None:
        return Farewell("asked", tuple(sorted({asked, goodbye})), 0.95)
    if goodbye is not None and goodbye >= near_end:
        return Farewell("goodbye", (goodbye,), 0.85)
    if asked is not None:
        return Farewell("asked", (asked,), 0.8 if asked >= near_end else 0.6)
    if fatal is not None and fatal >= near_end:
        return Farewell("fatal", (fatal,), 0.8)
    return None
