"""Messages of several lines, put together before anything is counted: indented lines belong to the line before.

    2026-11-27 21:31:42,676 [INFO] tile rendered and cached
        key: geo:4190e:17
        ms: 22

becomes `2026-11-27 21:31:42,676 [INFO] tile rendered and cached key=geo:4190e:17 ms=22`. A `name: value` is a field.
Other words become part of a message that begins with a time or a level, at most `MOST_PROSE` lines of them; below
other lines they stay lines. Frames of stacks go. Lines that begin alike, one below the other, are a list of things
that happened: each of them stays a line. An object of JSON over several lines becomes one line.

All of it is done by a few patterns over whole blocks. Looking for the first indented line costs 0.3 ns a byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gctail.parsing.bulk import RUNS, bare
from gctail.parsing.wrappers import unwrapped

MOST_PROSE = 4
"""Indented lines without a name that become part of a message."""
LONGEST_MESSAGE = 1024
"""Lines that are looked back for the beginning of a message."""
_INDENTED: dict[str | None, re.Pattern[bytes]] = {
    None: re.compile(rb"\n[ \t}]"),
    "docker-json": re.compile(rb'\{"log": ?"(?:[ }]|\\t)'),
    "cri": re.compile(rb" F [ \t}]"),
}
"""What stands in a block that has such lines, still in its wrapper: each begins with a literal, and is found fast."""
_INDENT = rb"\n[ \t]++"
_LEVEL = rb"(?:TRACE|DEBUG?|INFO|NOTICE|WARN(?:ING)?|ERROR?|FATAL?|PANIC|CRIT(?:ICAL)?|DBG|INF|WRN|FTL|TRC)\b"
_START = (
    rb"(?>(?:\x1b\[[\d;]*+m)*)(?:\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d?:\d\d:\d\d|1\d{9}|" + _LEVEL + rb"|(?i:" + _LEVEL
    + rb")[\]:\t|])|[IWEFD]\d{4} \d\d:|[A-Z][a-z]{2} [ \d]\d \d\d:|\d\d?/[A-Z][a-z]{2}/\d{4}"
    rb"|(?:time|ts|t|level|lvl)=|\{\"|[A-Za-z][\w.-]{0,31}+:? \d{4}/\d\d/\d\d )"
)  # fmt: skip
"""How a line begins that is no part of another."""
_FUNCTION = (
    rb"(?:created by |panic\()?[\w~./-]*+(?:\(\*?[\w\[\].\xc2\xb7\xe2\x80\xa6]++\))?[^\s(]*+(?:\([^\n]*\))?"
    rb"(?: in goroutine \d++)?"
)
_STACK = re.compile(
    rb"(?>\ngoroutine \d++ \[[^\]\n]*+\]:|)(?>(?:\n" + _FUNCTION + rb"\n[ \t]++[^\s:]+\.(?:go|s):\d++[^\n]*+)+)"
    rb"|(?>(?:(?>\nCaused by: [^\n]*+|\n[\w.$]+(?:Exception|Error):? [^\n]*+|)\n[ \t]++at [\w.$/<>\[\]-]++\([^\n]*+"
    rb"|\n[ \t]++\.\.\. \d++ (?:more|frames)[^\n]*+)+)"
)
_FRAME = re.compile(rb"\n[ \t]++(?:at |\.\.\. \d|[^\s:]+\.(?:go|s):\d)")
_OBJECT = re.compile(rb"\n\{(?>(?:\n[ \t]++[^\n]*+)+)\n\}(?=\n)")
_LIST = re.compile(rb"\n([ \t]++)(?:[-*+] )?(\w++)(?! ?+[:=])[^\n]*+(?>(?:\n\1(?:[-*+] )?\2(?!\w| ?+[:=])[^\n]*+)+)")
_NAME = rb"(?:[-*+] )?\"?([A-Za-z_][\w.@/-]{0,63}+)\"?[ \t]*+"
_ENDS = rb"[,;]?[ \t]*+(?=\n)"
_BARE = re.compile(rb"\n([ \t]++)" + _NAME + rb":[ \t]++(?![\w.:/@#+%~-]*+" + _ENDS + rb")([^\s\"{\[(][^\"\n]*+)(?=\n)")
_FIELD = re.compile(
    _INDENT + _NAME + rb"(?:=|:(?=[ \t]))[ \t]*+([\w.:/@#+%~-]++|\"[^\"\\\n]*+(?>(?:\\.[^\"\\\n]*+)*)\")" + _ENDS
)
_SIGNS = re.compile(
    rb"\n[ \t]++(?>\"?[\w.@/-]++\"?[ \t]*+[:=]?|)[ \t]*+[{}\[\]()]++" + _ENDS + rb"|(?<=[^\n])\n[}\])]++" + _ENDS
)
_BLANK = re.compile(_INDENT + rb"(?=\n)")
_OWN = re.compile(_INDENT + rb"(?=" + _START + rb")")
_LOST = re.compile(rb"\A(?>(?:" + _INDENT + rb"[^\n]++)+)")
_BELOW_OTHERS = re.compile(rb"\n(?!" + _START + rb")[^\s][^\n]*+(?>(?:" + _INDENT + rb"[^\n]++)+)")
_TOO_MUCH = re.compile(
    rb"\n([ \t]++[^\n]++(?:" + _INDENT + rb"[^\n]++){%d})(?>(?:" % (MOST_PROSE - 1) + _INDENT + rb"[^\n]++)+)"
)
_REST = re.compile(_INDENT)
_SPACES = (b" ", b"\t")
_GOES_ON = (*_SPACES, b"}")


def message_at(lines: Sequence[str], at: int) -> str:
    """The message that one of these lines belongs to, as one line."""
    begin = next((each for each in range(at, -1, -1) if not lines[each].startswith((" ", "\t"))), at)
    end = next((each for each in range(at + 1, len(lines)) if not lines[each].startswith((" ", "\t"))), len(lines))
    if end - begin == 1:
        return lines[at]
    text = "\n".join(lines[begin:end]).encode("utf-8", "surrogateescape")
    return joined(text + b"\n", None)[0].split(b"\n", 1)[0].decode("utf-8", "surrogateescape")


def end_of_message(text: bytes | bytearray, end: int) -> int:
    """Where, at or before `end`, a line ends with all that belongs to it: what follows is the beginning of another."""
    place = end
    for _ in range(LONGEST_MESSAGE):
        if place <= 0 or text[place : place + 1] not in _GOES_ON:
            break
        place = text.rfind(b"\n", 0, place - 1) + 1
    return place if place > 0 else end


def joined(block: bytes, wrapper: str | None) -> tuple[bytes, str | None]:
    """Whole lines with one line for each message, and the wrapper that they are in then: none where any was joined."""
    signs = _INDENTED.get(wrapper)
    if signs is None or (signs.search(block) is None and (wrapper is not None or block[:1] not in _SPACES)):
        return block, wrapper
    text = block if wrapper is None else b"\n".join(unwrapped_block(block, wrapper))
    return _joined(b"\n" + text.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n")[1:], None


def unwrapped_block(block: bytes, wrapper: str) -> list[bytes]:
    """The lines of a block without their wrapper."""
    if wrapper in RUNS:
        try:
            return bare(block, wrapper)
        except (ValueError, TypeError, KeyError):
            pass  # some of them are not what all others are
    lines = block.decode("utf-8", "surrogateescape").split("\n")
    return [line.encode("utf-8", "surrogateescape") for line in unwrapped(lines, wrapper)]


def _joined(text: bytes) -> bytes:
    """The same for text without a wrapper, with a newline before the first line and after the last one."""
    text = _OWN.sub(b"\n", _BLANK.sub(b"", text))
    if _FRAME.search(text):
        text = _STACK.sub(b"", text)
    if b"\n{\n" in text:
        text = _OBJECT.sub(lambda found: b"\n" + found[0].replace(b"\n", b""), text)
    lost = _LOST.match(text)
    if lost is not None:
        text = text[lost.end() :] if lost.end() < len(text) - 1 else _apart(lost) + b"\n"
    text = _LIST.sub(_apart, text)
    if any(opening in text for opening in (b"{\n", b"[\n", b"(\n")):
        text = _SIGNS.sub(b"", text)
    text = _FIELD.sub(rb" \1=\2", _BARE.sub(rb'\n\1\2: "\3"', text))  # in quotes, where it is not one word
    if _REST.search(text):
        text = _REST.sub(b" ", _TOO_MUCH.sub(rb"\n\1", _BELOW_OTHERS.sub(_apart, text)))
    return text


def _apart(found: re.Match[bytes]) -> bytes:
    """Lines that stay lines."""
    return _REST.sub(b"\n", found[0])
