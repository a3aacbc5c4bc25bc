"""One line of text, taken apart: its head (time, level, caller), literal words, and typed slots.

This reads one line of each form with care; `forms` then reads all others of that form in bulk.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from gctail.parsing.drafts import CALLER, ROLES, normal_level
from gctail.parsing.pairs import end_of_bare
from gctail.parsing.prefaces import message_between, preface_of
from gctail.templates.mask import BETWEEN, DIGITS, KLOG_MESSAGE, NAMES, PAIRS, TOKEN, kind_of

MOST_BYTES = 4096
"""Of one line; the rest is not looked at."""
MOST_WORDS = 48
MOST_SLOTS = 24
HOLE = b"\0"
"""Stands for a slot in the words of a message."""
MOST_NAME_BYTES = 64
_NAMED = re.compile(rb", ([A-Za-z_]\w*)\Z|(?<![\w.-])([a-z]\w*_\w+|[a-z]+[A-Z]\w*)\Z")
_PAIRS_COLUMN = re.compile(rb'(?<=[,;]")([\w.-]{1,64}=[^"\n]*+)(?="(?:[,;]|\Z))')
_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"


class Slot(NamedTuple):
    """A variable in a line: what captures it (a name in `CAPTURES`), the kind of its value, the name of its field."""

    capture: str
    kind: str
    name: str


class Part(NamedTuple):
    """A piece of a line: fixed text, or the value of a slot. Head and fields are `hidden`: no part of the message."""

    text: bytes
    slot: Slot | None = None
    hidden: bool = False


class Sketch(NamedTuple):
    """One line taken apart. `shape` is the message in words, with `HOLE` where a slot is."""

    level: str | None
    parts: tuple[Part, ...]
    shape: tuple[bytes, ...]


def sketch(line: bytes) -> Sketch:
    """Take a line apart."""
    reading = _Reading(line)
    reading.head()
    reading.body()
    parts = tuple(reading.parts)
    return Sketch(reading.level, parts, shape_of(parts))


def shape_of(parts: tuple[Part, ...]) -> tuple[bytes, ...]:
    """The words of the message; of a line that has none, the names of its fields in order."""
    shown = b"".join(HOLE if part.slot else DIGITS.sub(HOLE, part.text) for part in parts if not part.hidden)
    words = tuple(shown.split(None, MOST_WORDS)[:MOST_WORDS])
    if words:
        return words
    names = sorted({part.slot.name for part in parts if part.slot and part.slot.kind != "skip"})
    return tuple(name.encode("utf-8", "replace") + b"=" + HOLE for name in names[:MOST_WORDS]) or (HOLE,)


@lru_cache(maxsize=2048)
def sketch_message(text: bytes, level: str | None) -> Sketch:
    """Take the message of a structured line apart, of which the rest is known."""
    reading = _Reading(text)
    reading.level = level
    reading.body()
    parts = tuple(reading.parts)
    return Sketch(level, parts, shape_of(parts))


class _Reading:
    """One line while it is taken apart."""

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.begin = 0
        self.level: str | None = None
        self.parts: list[Part] = []
        self.slots = 0
        self.klog = False

    def head(self) -> None:
        """Take off what the logger wrote before the message; the name of a logger is a field."""
        preface, at = preface_of(self.line), 0
        for field in preface.fields:
            value = self.line[field.begin : field.end]
            slot = Slot("word", "word", "logger") if field.name == "logger" else Slot("preface", "skip", field.name)
            self.parts += [Part(self.line[at : field.begin], hidden=True), Part(value, slot, hidden=True)]
            at = field.end
        if preface.end:
            self.parts.append(Part(self.line[at : preface.end], hidden=True))
        self.begin, self.level, self.klog = preface.end, preface.level, preface.klog

    def body(self) -> None:
        """Take the message and the fields apart."""
        line, begin, first = self.line, self.begin, len(self.parts)
        structured = False
        if self.klog and (said := KLOG_MESSAGE.match(line, begin)):
            self._message(begin, said.end())
            begin, structured = said.end(), True
        elif apart := message_between(line, begin):
            self.parts.append(Part(line[begin : apart[0]], hidden=True))
            self._message(*apart)
            begin, structured = self._columns(apart[1]), True
        if self._pairs(begin, len(line), inside=structured) or structured:
            for place in range(first, len(self.parts)):
                if place not in self.said:
                    self.parts[place] = self.parts[place]._replace(hidden=True)
        else:
            self._hide_trailing(first)
            self._hide_leading(first)

    said: range = range(0)
    """The parts that are the message of a structured line."""

    def _message(self, begin: int, end: int) -> None:
        """A message in a field of its own, with its quotes or without."""
        quoted = self.line[begin : begin + 1] == b'"'
        self.parts.append(Part(self.line[begin : begin + quoted], hidden=True))
        first = len(self.parts)
        self._pairs(begin + quoted, end - quoted, inside=True)
        self.said = range(first, len(self.parts))
        self.parts.append(Part(self.line[end - quoted : end], hidden=True))

    def _columns(self, begin: int) -> int:
        """Columns in quotes that hold pairs, behind the message: `,"order=54 state=paid"`; where the last one ends."""
        for column in _PAIRS_COLUMN.finditer(self.line, begin):
            self._pairs(begin, column.start(1), inside=True)
            self._pairs(column.start(1), column.end(1), inside=True)
            begin = column.end(1)
        return begin

    def _pairs(self, at: int, end: int, *, inside: bool) -> bool:
        """Put fixed text and slots on the list; whether one of them is a field that holds the message."""
        line, structured = self.line, False
        for found in TOKEN.finditer(line, at, end):
            kind = found.lastgroup or ""
            if kind == "plain" or found.start() < at:
                continue
            if self.slots == MOST_SLOTS:
                break
            (first, last), value = found.span(kind), found[kind]
            name = next(filter(None, found.group(*NAMES)), b"").decode("utf-8", "replace")
            self.parts.append(Part(line[at : found.start()]))
            role = ROLES.get(name) if name and not inside else None
            if role == "message" and not structured:
                structured = True
                self.parts.append(Part(line[found.start() : first], hidden=True))
                last = end_of_bare(line, first, last, end)
                self._message(first, last)
            elif role == "level" and self.level is None and (level := _level_of(value)):
                self.level = level
                self.parts.append(Part(line[found.start() : last], hidden=True))
            elif _is_head(role, value):
                self.parts.append(Part(line[found.start() : first], hidden=True))
                self.parts.append(Part(value, Slot(kind, "skip", name), hidden=True))
            else:
                self._slot(found.start(), first, kind, name or self._label(at, first), value)
            at = last
        self.parts.append(Part(line[at:end]))
        return structured

    def _slot(self, begin: int, first: int, kind: str, name: str, value: bytes) -> None:
        self.parts.append(Part(self.line[begin:first]))
        self.parts.append(Part(value, Slot(kind, kind_of(value) if kind in {*PAIRS, "quoted"} else kind, name)))
        self.slots += 1

    def _label(self, at: int, first: int) -> str:
        """The name that stands before a value and behind the one before: in `dev-7: 3s old` there is none."""
        return _label(self.line[max(at, first - MOST_NAME_BYTES) : first])

    def _hide_trailing(self, first: int) -> None:
        """Pairs at the end of a line, behind spaces or in a JSON object, are fields and no words of the message."""
        parts, place = self.parts, len(self.parts)
        while place > first:
            part = parts[place - 1]
            if part.slot:
                if part.slot.capture not in PAIRS:
                    break
                place -= 2  # with its name
            elif BETWEEN.fullmatch(part.text):
                place -= 1
            else:
                cut = len(part.text.rstrip(b" \t{"))
                if cut < len(part.text) and place < len(parts):
                    parts[place - 1 : place] = [Part(part.text[:cut]), Part(part.text[cut:])]
                break
        for each in range(max(place, first), len(parts)):
            parts[each] = parts[each]._replace(hidden=True)

    def _hide_leading(self, first: int) -> None:
        """Nor are pairs before the words: `key=k1 event=e1 record stored`, as some console writers have it."""
        parts, place = self.parts, first
        while place + 2 < len(parts) and not parts[place].hidden:
            if parts[place].text.lstrip().endswith((b"=", b":")) and _is_pair(parts[place + 1]):
                place += 2
            elif parts[place].slot is None and not parts[place].text.strip(b" \t[]"):
                place += 1
            else:
                break
        text = parts[place].text if place > first and place < len(parts) else b""
        rest = text.lstrip(b" \t]")
        if parts[place : place + 1] and not parts[place].hidden and len(rest) < len(text) and rest[:1].isalpha():
            parts[place : place + 1] = [Part(text[: len(text) - len(rest)]), Part(rest)]
            for each in range(first, place + 1):
                parts[each] = parts[each]._replace(hidden=True)


def _is_pair(part: Part) -> bool:
    return part.slot is not None and part.slot.capture in PAIRS


def _label(before: bytes) -> str:
    """The name that stands before a value, as in `queue: 77` and `status 200, took_ms 58`."""
    before = before.rstrip()
    if before[-1:] not in {b":", b"="}:
        found = _NAMED.search(before)
        return (found[1] or found[2]).decode() if found else ""
    before = before[:-1].rstrip()
    return before[len(before.rstrip(_NAME)) :].lstrip(b"0123456789.-").decode()


def _is_head(role: str | None, value: bytes) -> bool:
    """Whether a field tells when or where the line was written."""
    if role == "time":
        return kind_of(value) in {"time", "number"}
    return role == "caller" and CALLER.fullmatch(value.strip(b'"').decode("utf-8", "replace")) is not None


def _level_of(value: bytes) -> str | None:
    return normal_level(value.strip(b'"').decode("utf-8", "replace"))
