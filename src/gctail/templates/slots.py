"""One variable of a template: its kind, its numbers in base units, and its different keys, per time bin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from gctail.templates.courses import Key, Part, Slot
from gctail.templates.distinct import Distinct
from gctail.templates.grid import ABSENT, Course
from gctail.templates.numbers import Numbers, Value, numbers_of
from gctail.templates.parts import Parts
from gctail.templates.recurrence import Recurrence
from gctail.templates.routes import Route, Routes, is_address

NOTHING: Mapping[str, Any] = MappingProxyType({})
METHODS = ("method", "http_method", "verb", "http.method", "request_method", "Method", "RequestMethod")

MEASURES = frozenset({"float", "duration", "size", "percent", "time"})
"""Kinds whose values are no keys: nobody files things under a duration."""
_MEASURED = re.compile(
    r"(?:\A|.*[._-])(?:[mun]?s|sec(?:onds?)?|millis|micros|nanos|bytes|size|len(?:gth)?|duration|took|elapsed|latency"
    r"|age|ttl|timeout|count|total|rows|goroutines|pending|depth|entries|items|percent|ratio"
    r"|cents|amount|price|cost|fee|balance|score|weight|k?wh|watts|volts|speed|temp(?:erature)?)"
    r"|[a-z]+(?:Ms|Us|Ns|Bytes|Size|Len|Count|Total|Seconds|Duration|Latency)"
)
"""Names of fields that measure something."""
_MANY = re.compile(r"(?:[\w.-]*[._-])?(?!series)[a-z]{3,}[a-hj-rtv-z]s")
"""Names of numbers that say how many: `edges`, `cache_hits`, but not `address` or `status`."""
NUMBERS = frozenset({"number", "int", "float", "duration", "size", "percent"})

UNDIVIDED = MEASURES | {"struct", "list"}
"""Kinds whose values are not counted each for itself."""
_MOST_NUMBER = 3e38  # what four bytes of a course can hold


class Counts(NamedTuple):
    """Lines of a template in each bin, those that were `read`, and for how many each of these stands.

    `shares` of all were read, and of those since the first that was not.
    """

    lines: Sequence[float]
    read: Sequence[float]
    stands_for: Sequence[float]
    shares: tuple[float, float]


class When(NamedTuple):
    """Seconds of uptime when some lines were read, where the last and the first stood among all, and their fields."""

    now_s: float
    line: int
    first_line: int
    beside: Mapping[str, Sequence[Any]] = NOTHING


class Span(NamedTuple):
    """The open bin: which of all lines is its first, how many it has, and from when to when it was (s of uptime)."""

    first_line: int
    lines: int
    begin_s: float
    end_s: float

    def when(self, line: int) -> float:
        """When a line of it was written, if they came evenly."""
        share = (line + 0.5 - self.first_line) / max(self.lines, 1)
        return self.begin_s + min(max(share, 0.0), 1.0) * (self.end_s - self.begin_s)


class Spoken(NamedTuple):
    """A word of a template that is a slot from now on: how often it was said, of which lines were read."""

    word: bytes
    total: int
    first_s: float
    last_s: float
    lines: Course
    read: Course
    now: int
    now_read: int


class SlotTally:
    """What is remembered of one slot. `key` is the name of its field, or its place in the message."""

    __slots__ = (
        "distinct", "first", "first_line", "first_s", "key", "kind", "last", "last_line", "last_s", "measured", "name",
        "new_keys", "now", "parts", "routes", "sums", "values", "whole_from",
    )  # fmt: skip

    def __init__(self, key: str, name: str, kind: str, *, measured: bool = False) -> None:
        self.key, self.name, self.kind = key, name, kind
        many = kind in {"int", "number"} and _MANY.fullmatch(name) is not None
        self.measured = measured or many or _MEASURED.fullmatch(name) is not None
        self.values = 0
        self.parts: Parts | None = None if kind in UNDIVIDED or self.measured else Parts()
        """Each of a few values over time; None where there are too many."""
        self.routes: Routes | None = None
        """Where its values are addresses."""
        self.whole_from: int | None = None
        """The bin from which on keys are taken of every line, though not every one is read."""
        self.distinct: Distinct | None = None
        self.new_keys = Course("sum")
        self.sums = Course("sum")
        self.first, self.first_s = Course("first"), Course("first")
        self.last, self.last_s = Course("last"), Course("last")
        """The first and the last number of each bin, and when it was told, s of uptime."""
        self.first_line = self.last_line = 0
        """Where these stood: lines are read form by form, and not one after the other."""
        self.now = [0.0, 0.0, ABSENT, ABSENT]  # of the open bin: new keys, sum, last, first

    def add(self, values: Sequence[Value], when: When) -> None:
        """Take in the values of some lines, in order."""
        self.values += len(values)
        if self.kind in NUMBERS:
            read = numbers_of(values)
            if read is None:
                self._mixed(values)
            else:
                self._numbers(read, when)
        if self.kind not in MEASURES and not (self.kind == "int" and self.measured):
            self._keys(values, when.now_s)

    def recur(self) -> None:
        """From now on not all lines are read: count how often keys come again."""
        if self.kind not in MEASURES and not self.measured:
            self.distinct = self.distinct or Distinct()
            self.distinct.recurrence = self.distinct.recurrence or Recurrence()

    def see(self, keys: Sequence[bytes], now_s: float) -> None:
        """Take in the keys of lines of which nothing else is read."""
        self.values += len(keys)
        self._keys(keys, now_s, divided=False)

    def add_routed(self, values: Sequence[Value], when: When) -> dict[int, Route]:
        """Take in addresses, route by route, with the methods beside them where there are some.

        A route that is new waits for an example: the line of the value at this place.
        """
        self.values += len(values)
        if self.routes is None:
            self.routes, self.parts = Routes(), None
        texts, beside = _as_bytes(values), when.beside
        methods = next((beside[each] for each in METHODS if each in beside), None) if beside else None
        owners = self.routes.owners(texts, methods, when.now_s)
        groups: dict[Route, list[bytes]] = {}
        if owners.count(owners[0]) == len(owners):
            groups[owners[0]] = texts  # type: ignore[assignment]
        else:
            groups = {owner: [] for owner in owners}
            for owner, text in zip(owners, texts, strict=True):
                groups[owner].append(text)
        for owner, theirs in groups.items():
            before = self.now[0]
            self._keys(theirs, when.now_s, divided=False)
            owner.add(len(theirs), self.now[0] - before, when.now_s)
        return {owners.index(owner): owner for owner in groups if owner.name and not owner.example}

    def _numbers(self, read: Numbers, when: When) -> None:
        numbers, scale, whole = read
        total, first, last, now = sum(numbers) * scale, numbers[0] * scale, numbers[-1] * scale, self.now
        if self.kind in {"number", "int"}:
            self.kind = "int" if whole else "float"
            self.parts = self.parts if whole else None
        if max(abs(total), abs(first), abs(last)) < _MOST_NUMBER:
            now[1] += total
            if when.line >= self.last_line:
                now[2], self.last_line = last, when.line
            if isnan(now[3]) or when.first_line < self.first_line:
                now[3], self.first_line = first, when.first_line

    def _mixed(self, values: Sequence[Value]) -> None:
        """Not all of these are numbers: it is a word if hardly any is."""
        numbers = sum(1 for value in values if numbers_of([value]) is not None)
        if numbers * 2 < len(values):
            self.kind = "word"

    def _keys(self, values: Sequence[Value], now_s: float, *, divided: bool = True) -> None:
        distinct = self.distinct
        if distinct is None:
            distinct = self.distinct = Distinct()
        first, size = values[0], len(values)
        parts = self.parts if divided else None
        if parts is None and distinct.many(size):  # hardly one comes twice: nobody has to count them
            self.now[0] += distinct.add_all(_as_bytes(values), now_s)
            return
        alone = values[-1] == first and values.count(first) == size
        counts = {first: size} if alone else Counter(values)
        keys, times = _as_bytes([*counts]), [*counts.values()]
        self.now[0] += distinct.add(keys, times.__getitem__, now_s)
        if parts is not None:
            parts.add(keys, times)
            self.parts = parts if parts.any else None

    def take(self, other: SlotTally) -> None:
        """Take in another slot that turned out to be the same."""
        self.values += other.values
        if other.distinct is not None:
            if self.distinct is None:
                self.distinct = other.distinct
            else:
                self.distinct.take(other.distinct)
        for ours, theirs in (
            (self.new_keys, other.new_keys), (self.sums, other.sums), (self.first, other.first),
            (self.first_s, other.first_s), (self.last, other.last), (self.last_s, other.last_s),
        ):  # fmt: skip
            ours.take(theirs)
        if self.routes is not None and other.routes is not None:
            self.routes.take(other.routes)
        if self.parts is not None and other.parts is not None:
            self.parts.take(other.parts)
        else:
            self.parts = None
        now, more = self.now, other.now
        first = more[3] if isnan(now[3]) else now[3]
        self.now = [now[0] + more[0], now[1] + more[1], now[2] if isnan(more[2]) else more[2], first]

    def know(self, spoken: Spoken) -> None:
        """A word that was a template of its own until now: it was new when that was."""
        if self.distinct is None:
            self.distinct = Distinct()
        self.values += spoken.total
        new = self.distinct.know(spoken.word, spoken.total, spoken.first_s, spoken.last_s)
        first_bin = next((place for place, lines in enumerate(spoken.lines.values) if lines), None)
        if first_bin is None:
            self.now[0] += new
        elif new:
            self.new_keys.put(first_bin, new)
        if is_address(spoken.word):
            self.know_route(spoken)
        if self.parts is not None:
            self.parts.know(spoken.word, spoken.lines, spoken.read, spoken.now, spoken.now_read)
            self.parts = self.parts if self.parts.any else None

    def know_route(self, spoken: Spoken) -> None:
        """An address that was a part of a template of its own until now."""
        self.routes, self.parts = self.routes or Routes(), None
        self.routes.know(spoken.word, spoken.lines, spoken.read, spoken.now, spoken.now_read)

    def close(self, place: int, span: Span) -> None:
        """The open bin is complete."""
        new, total, last, first = self.now
        if new:
            self.new_keys.put(place, new)
        if not isnan(last):
            self.sums.put(place, total)
            self.first.put(place, first)
            self.first_s.put(place, span.when(self.first_line))
            self.last.put(place, last)
            self.last_s.put(place, span.when(self.last_line))
        if new or not isnan(last):
            self.now = [0.0, 0.0, ABSENT, ABSENT]
        if self.parts is not None:
            self.parts.close(place)
            self.parts.forget()
            self.parts = self.parts if self.parts.any else None
        if self.routes is not None:
            self.routes.close(place)

    def halve(self) -> None:
        """The grid has merged neighbours."""
        for course in (self.new_keys, self.sums, self.first, self.first_s, self.last, self.last_s):
            course.halve()
        if self.parts is not None:
            self.parts.halve()
        if self.routes is not None:
            self.routes.halve()
        if self.whole_from is not None:
            self.whole_from //= 2

    def shown(self, counts: Counts, hole: int) -> Slot:
        """The slot as a value, where its template has so many lines; `hole` of the text is it."""
        lines, read, scale, shares = counts
        bins, distinct = len(lines), self.distinct
        new_keys = self._estimated(self.new_keys, scale, shares[1])
        numeric = bool(self.last.values)
        sums = [each * factor for each, factor in zip(self.sums.whole(bins), scale, strict=True)] if numeric else []
        return Slot(
            name=self.name,
            type="int" if self.kind == "number" else self.kind,
            values=self.values,
            distinct=max(distinct.count, sum(new_keys)) if distinct else 0.0,
            once=distinct.once if distinct else 0.0,
            new_keys=new_keys,
            sums=sums,
            last=self.last.whole(bins) if numeric else [],
            told=self._told(bins) if numeric else (),
            keys=tuple(
                Key(key.decode("utf-8", "replace"), count, first_s, last_s)
                for key, count, first_s, last_s in zip(
                    distinct.keys, distinct.counts, distinct.first_s, distinct.last_s, strict=True
                )
            )
            if distinct
            else (),
            whole=shares[0] >= 1.0 or self.whole_from is not None,
            parts=tuple(
                Part(value.decode("utf-8", "replace"), course)
                for value, course in (self.parts.shown(lines, read) if self.parts is not None else {}).items()
            ),
            hole=hole,
        )

    def _told(self, bins: int) -> tuple[tuple[float, float], ...]:
        """When a number was told, and what it was: the first one of each bin, and the last."""
        both = ((self.first_s, self.first), (self.last_s, self.last))
        told = {at: value for when, what in both for at, value in zip(when.whole(bins), what.whole(bins), strict=True)}
        return tuple((at, told[at]) for at in sorted(at for at in told if not isnan(at)))

    def shown_routes(self, counts: Counts, hole: int) -> Iterator[tuple[Route, list[float], Slot]]:
        """Each route of addresses, its lines over time, and the slot of its own keys."""
        lines, read, scale, shares = counts
        for route, count in self.routes.shown(lines, read) if self.routes is not None else ():
            new_keys = self._estimated(route.new_keys, scale, shares[1])
            yield (
                route,
                count,
                Slot(
                    name=self.name,
                    type=self.kind,
                    values=route.total,
                    distinct=sum(new_keys),
                    once=0.0,
                    new_keys=new_keys,
                    sums=[],
                    last=[],
                    keys=(),
                    whole=shares[0] >= 1.0,
                    hole=hole,
                ),
            )

    def _estimated(self, new_keys: Course, scale: Sequence[float], share: float) -> list[float]:
        """Keys that were new in each bin, of all lines; empty where the values are no keys."""
        if self.distinct is None or self.kind in MEASURES:
            return []
        times, whole_from = self.distinct.times(share), len(scale) if self.whole_from is None else self.whole_from
        return [
            new if factor <= 1.0 or at >= whole_from else new / (1.0 - (1.0 - 1.0 / factor) ** times)
            for at, (new, factor) in enumerate(zip(new_keys.whole(len(scale)), scale, strict=True))
        ]

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "key": self.key,
            "name": self.name,
            "kind": self.kind,
            "measured": self.measured,
            "values": self.values,
            "distinct": self.distinct.state() if self.distinct else None,
            "new_keys": self.new_keys.state(),
            "sums": self.sums.state(),
            "first": self.first.state(),
            "first_s": self.first_s.state(),
            "first_line": self.first_line,
            "last": self.last.state(),
            "last_s": self.last_s.state(),
            "last_line": self.last_line,
            "now": [None if isnan(value) else value for value in self.now],
            "whole_from": self.whole_from,
            "parts": self.parts.state() if self.parts is not None else None,
            "routes": self.routes.state() if self.routes is not None else None,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> SlotTally:
        """The slot that `state` was taken of."""
        slot = cls(state["key"], state["name"], state["kind"], measured=state.get("measured", False))
        slot.values, slot.whole_from = state["values"], state.get("whole_from")
        parts = state.get("parts")
        slot.parts = Parts.restore(parts) if parts and "courses" in parts else None  # another shape before version 3
        routes = state.get("routes")  # since version 4
        slot.routes = Routes.restore(routes) if routes else None
        slot.distinct = Distinct.restore(state["distinct"]) if state["distinct"] else None
        slot.new_keys, slot.sums = Course("sum", state["new_keys"]), Course("sum", state["sums"])
        slot.last = Course("last", state["last"])
        slot.last_s = Course("last", state.get("last_s", ()))  # since version 5, like the next
        slot.first, slot.first_s = (Course("first", state.get(name, ())) for name in ("first", "first_s"))
        slot.first_line, slot.last_line = state.get("first_line", 0), state.get("last_line", 0)
        slot.now = [ABSENT if value is None else value for value in state["now"]]
        return slot


def _as_bytes(values: Sequence[Value]) -> Sequence[bytes]:
    """Values as they are written, one by one only where a text has several lines."""
    kind = values[0].__class__
    if kind is bytes:
        texts: Sequence[bytes] = values  # type: ignore[assignment]
        if b'"' not in b"".join(texts):
            return texts
        return [text[1:-1] if text[:1] == b'"' else text for text in texts]
    if kind is int and set(map(type, values)) == {int}:  # three times as fast as `str`
        return orjson.dumps(values)[1:-1].split(b",")
    try:
        written = "\n".join(values)  # type: ignore[arg-type]
    except TypeError:
        written = "\n".join(map(str, values))
    found = written.encode("utf-8", "surrogatepass").split(b"\n")
    if len(found) == len(values):
        return [word.lower() for word in found] if kind is bool else found
    return [str(value).encode("utf-8", "surrogatepass") for value in values]
