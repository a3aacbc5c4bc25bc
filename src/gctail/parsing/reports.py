"""What orchestrators, guards and shells say of a death, found in a block of text: the end of a log, or a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property

from gctail.parsing.signatures import Known, Signature, signatures
from gctail.parsing.text import plain
from gctail.records import Death

MOST_DEATHS_FOUND, MOST_LINES_KEPT = 64, 64
MOST_LINE_CHARACTERS = 4096

_TIMES = (  # times, levels and the brackets and bars that loggers put around names
    r"\s+|[+-]\d{4} UTC(?: m=[+-][\d.]{1,24})?(?=\s)"
    r"|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d[\d.,]{0,12})?(?:Z|[+-]\d\d:?\d\d)?\]?:?(?=\s)"
    r"|[^\W\d_]{3,10}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?=\s)"
    r"|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?:\s+\d{1,10}){2} [VDIWEF](?=\s)"
    r"|\[ {0,12}\d{1,12}\.\d{6}\]|<\d{1,3}>|\d\d:\d\d:\d\d[\d.,]{0,12}(?=\s)|\d{10}(?:\.\d{1,9})?(?=\s)"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d{1,10} [\w.-]{1,80}:\d{1,6}\]"
    r"|[\w./@-]{1,128}\[[\w./-]{1,64}\]:(?=\s)|[\w.-]{1,64}(?= [\w./@-]{1,128}\[[\w./-]{1,64}\]: )"
    r"|##\[\w{1,12}\]|\[[\w/.: +-]{1,64}\]|[\w.-]{1,64} *\|(?=\s)"
)
_NAMES = (  # fields of a logfmt line, hosts, programs, columns of a table
    r'|(?:time|ts|t)="?[\w :.+-]{1,64}"?(?=\s)|(?:level|lvl)="?\w{1,10}"?(?=\s)'
    r"|\b(?:(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|alert)|OUT|Normal)\b:?(?=\s)"
    r"|[\w./@()-]{1,128}(?:\[[\w./-]{1,64}\])?:(?=\s)|[\w.-]{1,64}(?= [\w./@-]{1,64}(?:\[\w{1,16}\])?: )"
    r"|[^\s\"=]{1,64}(?: [^\s\"=]{1,64}){0,2}(?=\s{2,}\S)|RequestId: \S{1,64}(?=\s)"
)
_LEAD, _PLAIN_LEAD = re.compile(_TIMES + _NAMES), re.compile(_TIMES)
_VALUE_BEFORE = re.compile(r"[:=\"'(|>,\[]\s*$|^\s*$")
_VALUE_AFTER = re.compile(r"\s*(?:[\"'\\)\]},;|]|\.?\s*$)")


class Reporters:
    """Everybody but Go and the kernel who tells of deaths: their sentences, in the order in which they are tried."""

    def __init__(self, known: Sequence[Known]) -> None:
        self.known = tuple(each for each in known if each.signature.source not in {"go", "kernel"})

    @cached_property
    def hints(self) -> re.Pattern[str]:
        """One of the texts that a sentence needs."""
        needs = {need for known in self.known for need in known.signature.needs}
        return re.compile("|".join(re.escape(need) for need in sorted(needs, key=lambda need: (-len(need), need))))

    def find(self, text: bytes) -> list[Death]:
        """The deaths that orchestrators, guards and shells tell of in a block of text, in the order of the block.

        A sentence counts where it stands by itself, behind no more than what loggers put in front (its signature's
        `confidence`), or as a whole value inside a message, where its signature allows that (`inside`). What a message
        merely mentions is no death. Looks at the last 64 deaths of the block.
        """
        if b"\x1b" in text:
            text = b"\n".join(plain(line) for line in text.split(b"\n"))
        block = text.decode("utf-8", "replace")
        if self.hints.search(block) is None:
            return []
        found: list[tuple[int, Death]] = []
        block = self._find_several_lines(block, found)
        has_stacks = _GOROUTINE.search(block) is not None
        read_to = -1
        for hit in self.hints.finditer(block):
            if hit.start() < read_to:
                continue
            start = block.rfind("\n", 0, hit.start()) + 1
            newline = block.find("\n", hit.start())
            read_to = newline if newline >= 0 else len(block)
            line = block[start : min(read_to, start + MOST_LINE_CHARACTERS)].rstrip("\r")
            death = self._in_line(line)
            if death is not None and not (has_stacks and death.cause == "exit-status"):
                found.append((start, death))
        found.sort(key=lambda each: each[0])
        return [death for _, death in found[-MOST_DEATHS_FOUND:]]

    def _find_several_lines(self, block: str, found: list[tuple[int, Death]]) -> str:
        """Take what runs over line ends out of the block (blanked, so that places stay) and into `found`."""
        for known in self.known:
            if not known.signature.several_lines or not any(need in block for need in known.signature.needs):
                continue
            for match in list(known.regex.finditer(block))[-MOST_DEATHS_FOUND:]:
                start = block.rfind("\n", 0, match.start()) + 1
                end = block.find("\n", match.end())
                line = block[start : end if end >= 0 else None]
                confidence = _confidence(known.signature, line, match.start() - start, match.end() - start)
                if confidence is not None and "\0" not in match[0]:
                    found.append((start, _told(known, match, match[0].strip(), confidence)))
                    blank = re.sub(r"[^\n]", "\0", match[0])
                    block = block[: match.start()] + blank + block[match.end() :]
        return block

    def _in_line(self, line: str) -> Death | None:
        for known in self.known:
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


_GOROUTINE = re.compile(r"^goroutine \d+ \[", re.MULTILINE)


@cache
def reporters() -> Reporters:
    """Those whose sentences gctail brings along."""
    return Reporters(signatures())


def find_report(text: bytes) -> list[Death]:
    """The deaths that those tell of in a block of text."""
    return reporters().find(text)


def _search(known: Known, line: str) -> tuple[re.Match[str] | None, int]:
    """The sentence in the line; one that must stand alone may begin behind any part of what loggers put in front."""
    if not known.signature.alone:
        return known.regex.search(line), 0
    for place in _leads(line, alone=True):
        found = known.regex.match(line[place:])
        if found is not None:
            return found, place
    return None, 0


def _leads(line: str, *, alone: bool = False) -> list[int]:
    """Where the sentence may begin: 0, and behind each thing that loggers put in front."""
    lead = _PLAIN_LEAD if alone else _LEAD
    places, at = [0], 0
    while len(places) < 24:
        found = lead.match(line, at)
        if found is None or found.end() == at:
            break
        at = found.end()
        places.append(at)
    return places


def _confidence(signature: Signature, line: str, start: int, end: int) -> float | None:
    """How sure the sentence makes us at this place of the line; None where it is only mentioned."""
    if signature.alone or start <= _leads(line)[-1]:
        return signature.confidence
    if signature.inside is None or not _VALUE_AFTER.match(line, end):
        return None
    return signature.inside if signature.field or _VALUE_BEFORE.search(line[max(0, start - 8) : start]) else None


def _told(known: Known, found: re.Match[str], text: str, confidence: float) -> Death:
    signature = known.signature
    details = known.facts(found) | {"confidence": confidence, "signature": signature.name}
    lines = tuple(line.rstrip("\r") for line in text.split("\n")[:MOST_LINES_KEPT])
    return Death(signature.cause, signature.source, text, lines, details)
