"""The heap as an application tells it on one line: MemStats as JSON or as text, expvar, and what people print.

    {"level":"info","msg":"memory","heap_alloc":12582912,"next_gc":25165824,"num_gc":7,"goroutines":12}
    level=info msg=memory heap_alloc_mb=12 num_gc=7
    Alloc = 12 MiB	TotalAlloc = 340 MiB	Sys = 71 MiB	NumGC = 7
    runtime stats: 1.4 GiB RSS, 139 goroutines, 802 MiB/209 MiB/1.1 GiB GO alloc/idle/total, …    CockroachDB

What spans several lines is read in metrics_blocks.py.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from gctail.parsing.metrics_draft import QUANTITY, Draft
from gctail.parsing.metrics_names import is_size, meaning_of
from gctail.parsing.text import plain

if TYPE_CHECKING:
    from gctail.records import HeapSample

MOST_LINE_BYTES = 1 << 18
MOST_TEXT_CHARACTERS = 1 << 14
"""Of text that is no JSON; where somebody prints a whole MemStats, the sizes stand in front."""
MOST_PAIRS = 256
MOST_FIELDS = 4096
DEEPEST = 6
"""How deep the fields may lie in JSON: Beats log `monitoring.metrics.beat.memstats`."""
MOST_MESSAGES = 4

_TAIL = (
    rb"(?:[\w./ -]{0,32}+(?:[(\[][\w ]{1,12}+[)\]])?[\\\"']{0,2}+\s{0,4}+[:=]|/(?:idle/)?total"
    rb"|\w{0,16}+(?>(?: [a-z]{2,8}+){0,2}) \d)"
)
# Every line that tells of a heap has one of these: `Alloc =`, `"heap_inuse":`, `Heap (MB):`, `alloc/total`. One literal
# is searched ten times as fast as two, so they are looked for one after the other.
_ALLOC, _HEAP = re.compile(rb"lloc" + _TAIL).search, re.compile(rb"eap" + _TAIL).search
# heap_alloc=12   Heap Alloc: 12.5 MB   "heapAlloc":123   {Alloc:123 …   '/gc/heap/live:bytes': 123
_PAIR = re.compile(
    r"(?<![\w./-])(/?[A-Za-z][\w./-]{0,95}+(?>(?: [A-Za-z][\w-]{0,31}+){0,2})"
    r"(?::(?:bytes|gc-cycles|objects|percent|goroutines))?)(?: ?[(\[]([KMGkmg]i?[Bb]|[Bb]ytes|ms|ns)[)\]])?"
    r"[\"']?\s{0,8}+(?::=|=>|[:=])\s{0,8}+[\"']?" + QUANTITY.pattern
)
# heap alloc 12.5 MB, heap sys 20 MB, goroutines 4: only with a unit, as nothing else says that they belong together
_SPACED = re.compile(r"(?<![\w./-])([A-Za-z][\w.]{0,95}+(?: [a-z]{2,12}){0,2}?) " + QUANTITY.pattern)
_COCKROACH = re.compile(
    r"(?:(?P<rss>[\d.]{1,12} [KMGT]?i?B) RSS, )?(?P<goroutines>\d{1,12}) goroutines(?: \([^()]{0,64}\))?,? "
    r"(?P<alloc>[\d.]{1,12} [KMGT]?i?B)/(?:[\d.]{1,12} [KMGT]?i?B/)?(?P<sys>[\d.]{1,12} [KMGT]?i?B) G[Oo] alloc/"
)
_LEAVES = frozenset(("value", "gauge", "count", "counter"))
_MESSAGES = frozenset(("msg", "message", "log", "text", "@message", "event", "short_message", "MESSAGE"))


def parse_sample(line: bytes) -> HeapSample | None:
    """The heap that one line tells of, None where it tells of none. Never raises. 0.3 µs for most lines."""
    return None if _ALLOC(line) is None and _HEAP(line) is None else read_sample(line)


def may_be_sample(line: bytes) -> bool:
    """Whether the line looks as if it told of a heap."""
    return _ALLOC(line) is not None or _HEAP(line) is not None


def find_sample(buffer: bytes | bytearray, start: int, end: int) -> int | None:
    """The start of the first line from `start` to `end` (both at line starts) that may tell of a heap.

    The two searches run at 1.2 GB/s each.
    """
    found = [place for search in (_ALLOC, _HEAP) if (place := search(buffer, start, end)) is not None]
    return max(start, buffer.rfind(b"\n", start, min(place.start() for place in found)) + 1) if found else None


def read_sample(line: bytes) -> HeapSample | None:
    """As `parse_sample`, for a line that looks as if it told of a heap."""
    line = plain(line[:MOST_LINE_BYTES]).strip()
    draft = Draft()
    found = _json_of(line)
    if found is not None:
        _Walk(draft).read(found)
        if draft.has_heap:
            return draft.sample(_source(found))
    draft = Draft()
    read_text(draft, line.decode("utf-8", "replace"))
    return draft.sample("logged")


def read_json(found: dict[str, Any]) -> HeapSample | None:
    """The heap that a JSON object tells of."""
    draft = Draft()
    _Walk(draft).read(found)
    return draft.sample(_source(found))


def read_text(draft: Draft, text: str) -> int:
    """Put every pair of a text on the draft; how many names were known."""
    text = text[:MOST_TEXT_CHARACTERS].replace("\\t", " ").replace("\\n", " ").replace('\\"', '"')
    told = _COCKROACH.search(text) if " alloc/" in text else None
    if told is not None:
        for group, name in (("alloc", "HeapAlloc"), ("sys", "Sys"), ("rss", "rss"), ("goroutines", "goroutines")):
            if told[group]:
                draft.take(name, told[group])
        draft.exact = 0
    known = sum(draft.take(*pair) for pair in pairs(text))
    if not draft.has_heap:
        known += sum(draft.take(*pair) for pair in _spaced(text))
    return known


def pairs(text: str) -> list[tuple[str, float, str]]:
    """Names with numbers and their units, as far as a line has them, the names not known yet."""
    return [
        (name, float(whole.replace(",", "") + fraction + exponent), unit or name_unit)
        for name, name_unit, whole, fraction, exponent, unit in (
            found.groups("") for found in islice(_PAIR.finditer(text), MOST_PAIRS)
        )
    ]


def _spaced(text: str) -> list[tuple[str, float, str]]:
    """Names known to us with a number behind a blank: sizes that tell their unit, and counts."""
    found = []
    for name, whole, fraction, exponent, unit in (
        each.groups("") for each in islice(_SPACED.finditer(text), MOST_PAIRS)
    ):
        meaning = meaning_of(name)
        if meaning is not None and (unit or meaning.unit or not is_size(meaning.field)):
            found.append((name, float(whole.replace(",", "") + fraction + exponent), unit))
    return found


def known_pairs(text: str) -> list[tuple[str, float, str]]:
    """Those of them whose names are known."""
    return [pair for pair in pairs(text) if meaning_of(pair[0]) is not None]


def _json_of(line: bytes) -> dict[str, Any] | None:
    """The JSON object that the line is, or ends in, or that `"memstats": {…},` of expvar's output makes."""
    if line[:1] == b"{":
        text = line
    elif line[:1] == b'"':
        text = b"{" + line.rstrip(b",") + b"}"
    else:
        at = line.find(b'{"')
        if at < 0:
            return None
        text = line[at:]
    try:
        found = orjson.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _source(found: dict[str, Any]) -> str:
    """Who printed the JSON: expvar's handler, a dump of runtime/metrics, or the application."""
    memstats = found.get("memstats")
    if isinstance(memstats, dict) and "HeapAlloc" in memstats:
        return "expvar"
    if any(name.startswith(("/gc/", "/memory/classes/")) for name in islice(found, MOST_PAIRS)):
        return "runtime-metrics"
    return "logged"


class _Walk:
    """Goes through JSON and puts what it knows on a draft; the messages in it are looked at last."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.fields = 0
        self.messages: list[str] = []

    def read(self, found: dict[str, Any]) -> None:
        """All of an object."""
        self._object(found, "", 1)
        if not self.draft.has_heap:
            for text in self.messages[:MOST_MESSAGES]:
                read_text(self.draft, text)

    def _object(self, found: dict[str, Any], parent: str, depth: int) -> None:
        for key, value in found.items():
            self.fields += 1
            if self.fields > MOST_FIELDS:
                return
            if isinstance(value, dict):
                if depth < DEEPEST:
                    self._object(value, key, depth + 1)
            elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
                self._field(parent, key, value)

    def _field(self, parent: str, key: str, value: float | str) -> None:
        draft = self.draft
        if isinstance(value, str):
            if key in _MESSAGES:
                self.messages.append(value)
                return
            if not value[:1].isdigit():
                return
        if draft.take(f"{parent}.{key}", value) if parent and parent != "memstats" else draft.take(key, value):
            return
        if parent and key in _LEAVES:  # rcrowley's go-metrics: {"runtime.MemStats.HeapAlloc":{"value":123}}
            draft.take(parent, value)
