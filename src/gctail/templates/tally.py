"""What is remembered of one template: how often it came in each bin, an example, and its slots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from msgspec import structs

from gctail.templates.courses import Template
from gctail.templates.grid import Course, Grid
from gctail.templates.numbers import Value, is_unit
from gctail.templates.routes import Route, is_address
from gctail.templates.sketch import HOLE, MOST_SLOTS
from gctail.templates.slots import Counts, SlotTally, Span, Spoken, When

MOST_EXAMPLE_BYTES = 400
MOST_ROUTED = 2
"""Variables of a template whose values are addresses, and whose routes are counted."""

Words = tuple[bytes, ...]


class Tally:
    """What is remembered of one template."""

    __slots__ = (
        "count", "example", "first_s", "last_s", "level", "now", "now_read", "read", "read_through", "refused",
        "rest", "resting", "slots", "total", "wild", "words",
    )  # fmt: skip

    def __init__(self, level: str | None, words: Words, example: bytes, now_s: float) -> None:
        self.level, self.words = level, words
        self.wild: frozenset[int] = frozenset()
        """Places of words that vary."""
        self.example = example[:MOST_EXAMPLE_BYTES]
        self.first_s = self.last_s = now_s
        self.total = 0
        self.count = Course("sum")
        self.read = Course("sum")
        """Of these lines, those that were read closely: only they have values."""
        self.now = self.now_read = 0
        self.read_through: tuple[int, int] | None = None
        """What was `so_far` when a line was passed over first; from then on not all of them are read."""
        self.rest = self.resting = 0
        """Blocks of lines that are not read in which nobody looks for new keys, and those of them that are to come."""
        self.slots: dict[str, SlotTally] = {}
        self.refused = 0
        """Values for which there was no slot any more, by this object."""

    def add(self, lines: int, now_s: float) -> None:
        """So many more lines, which are read closely."""
        self.count_unread(lines, now_s)
        self.now_read += lines

    def count_unread(self, lines: int, now_s: float) -> None:
        """So many more lines, of which nobody knows the values."""
        self.total += lines
        self.now += lines
        self.last_s = now_s

    def fill(self, key: str, name: str, kind: str, values: Sequence[Value], when: When) -> dict[int, Route]:
        """Values that a slot took in these lines; slots beyond the bound are not kept.

        Routes that wait for an example are handed back, by its place.
        """
        slot = self.slots.get(key)
        if slot is None:
            if len(self.slots) >= MOST_SLOTS:
                self.refused += len(values)
                return {}
            slot = self.slots[key] = SlotTally(key, name, kind, measured=not name and self._is_amount(key))
            if self.read_through is not None:
                slot.recur()
        if slot.routes is not None or (is_address(values[0]) and self.routed < MOST_ROUTED):
            return slot.add_routed(values, when)
        slot.add(values, when)
        return {}

    @property
    def routed(self) -> int:
        """Of how many variables the routes are told apart."""
        return sum(slot.routes is not None for slot in self.slots.values())

    @property
    def routes(self) -> int:
        """How many routes are told apart."""
        return sum(len(slot.routes.found) for slot in self.slots.values() if slot.routes is not None)

    def without_routes(self) -> None:
        """There is no room for them any more."""
        for slot in self.slots.values():
            if slot.routes is not None:
                slot.routes.close_for_good()

    def close(self, place: int, span: Span) -> None:
        """The open bin is complete."""
        if self.now:  # a course is as long as it has been written
            self.count.put(place, self.now)
            self.read.put(place, self.now_read)
            self.now = self.now_read = 0
        for slot in self.slots.values():
            slot.close(place, span)

    def halve(self) -> None:
        """The grid has merged neighbours."""
        self.count.halve()
        self.read.halve()
        for slot in self.slots.values():
            slot.halve()

    def takes(self, words: Words) -> bool:
        """Whether these words are the template's, but for those that vary."""
        return agree(words, self.words, self.wild)

    def widen(self, place: int) -> None:
        """Where a number stood a word stands as well: its slot is the whole word from now on."""
        self.wild |= {place}
        self._whole(place)

    def _whole(self, place: int) -> None:
        """What stood within a word is the slot that the word is from now on; of several the first."""
        for key in [key for key in self.slots if key.startswith(f"{place}.")]:
            slot = self.slots.pop(key)
            slot.key = str(place)
            self.slots.setdefault(slot.key, slot)

    def absorb(self, others: Sequence[Tally], words: Words, places: frozenset[int]) -> None:
        """Become the template of all these, which have the same words but in these places."""
        spoken = {at: [each.spoken(at) for each in (self, *others) if HOLE not in each.words[at]] for at in places}
        routes = {at: [each.route(at) for each in (self, *others) if each.has_route(at)] for at in places}
        passed = [each.read_through or each.so_far for each in (self, *others)]
        if any(each.read_through is not None for each in (self, *others)):
            self.read_through = sum(total for total, _ in passed), sum(read for _, read in passed)
        self.words, self.wild = words, places.union(self.wild, *(other.wild for other in others))
        for other in others:
            self.total += other.total
            self.now += other.now
            self.now_read += other.now_read
            self.last_s = max(self.last_s, other.last_s)
            self.count.take(other.count)
            self.read.take(other.read)
            for key, slot in other.slots.items():
                if key in self.slots:
                    self.slots[key].take(slot)
                elif len(self.slots) < MOST_SLOTS:
                    self.slots[key] = slot
        for place in sorted(places):
            self._whole(place)
            slot = self.slots.setdefault(str(place), SlotTally(str(place), "", "word"))
            for each in spoken[place]:
                slot.know(each)
            for each in routes[place]:
                slot.know_route(each)

    def spoken(self, place: int) -> Spoken:
        """What was said with the word in this place."""
        counts = Course("sum", self.count.values), Course("sum", self.read.values)
        return Spoken(self.words[place], self.total, self.first_s, self.last_s, *counts, self.now, self.now_read)

    def has_route(self, place: int) -> bool:
        """Whether an address stands there, with numbers in it."""
        return HOLE in self.words[place] and is_address(self.words[place])

    def route(self, place: int) -> Spoken:
        """What was said with the address in this place, as it stands in the example."""
        said = self.spoken(place)
        pattern = re.escape(said.word).replace(re.escape(HOLE), rb"[^\s/]{1,64}?") + rb"(?!\S)"
        found = re.search(pattern, self.example)
        return said._replace(word=found[0] if found else said.word.replace(HOLE, b"0"))

    @property
    def so_far(self) -> tuple[int, int]:
        """Lines until now, and those of them that were read."""
        return self.total, round(sum(self.read.values)) + self.now_read

    @property
    def share_since(self) -> float:
        """Of the lines since one was passed over first, the share that was read."""
        if self.read_through is None:
            return 1.0
        (total, read), (total_then, read_then) = self.so_far, self.read_through
        return (read - read_then) / max(total - total_then, 1)

    @property
    def id(self) -> str:
        """What names this template on every machine."""
        text = b" ".join((b"" if self.level is None else self.level.encode(), *self.words))
        return blake2b(text, digest_size=8).hexdigest()

    def as_shown(self) -> tuple[str, list[tuple[int, SlotTally]]]:
        """The text, and which of its holes each slot is, from 0: first those of the message, then the fields."""
        text = b" ".join(self.words).replace(HOLE, b"<*>").decode("utf-8", "replace")
        within: list[tuple[int, SlotTally]] = []
        fields: list[SlotTally] = []
        for key, slot in self.slots.items():
            hole = self._hole(key) if not slot.name else _hole_of(slot.name, text)
            if hole is None:
                fields.append(slot)
            else:
                within.append((hole, slot))
        holes = text.count("<*>")
        told = [*sorted(within, key=itemgetter(0)), *enumerate(fields, holes)]
        return " ".join([text, *(f"{slot.name}=<*>" for slot in fields)]), told

    def _is_amount(self, key: str) -> bool:
        """Whether the word behind a slot without a name is a unit."""
        place = key.rstrip("'").partition(".")[0]
        behind = self.words[int(place) + 1 : int(place) + 2] if place else ()
        return any(map(is_unit, behind))

    def _hole(self, key: str) -> int | None:
        """Which hole of the text a slot without a name is: it is known by its word, and its place in that.

        None for a field whose name is empty.
        """
        word, _, inside = key.rstrip("'").partition(".")
        if not word:
            return None
        return sum(each.count(HOLE) for each in self.words[: int(word)]) + int(inside or 0)

    def shown(self, grid: Grid, scale: list[float]) -> Template:
        """The template as a value; `scale`: how much more than were counted are the lines of each bin."""
        count, read = self.count.whole(grid.bins), self.read.whole(grid.bins)
        read_share = sum(read) / max(sum(count), 1.0)
        unread = [all_ * more / some if some else 1.0 for all_, some, more in zip(count, read, scale, strict=True)]
        whole = [each * factor for each, factor in zip(count, scale, strict=True)]
        text, slots = self.as_shown()
        counts = Counts(whole, read, unread, (read_share, self.share_since))
        found = Template(
            id=self.id,
            text=text,
            message=" ".join(b" ".join(self.words).replace(HOLE, b"").decode("utf-8", "replace").split()),
            level=self.level,
            total=self.total + round(sum(whole) - sum(count)),
            first_uptime_s=self.first_s,
            last_uptime_s=self.last_s,
            example=self.example.decode("utf-8", "replace"),
            count=whole,
            read_share=read_share,
            slots=tuple(slot.shown(counts, hole) for hole, slot in slots),
        )
        routes = tuple(self._routes(found, slots, counts))
        return structs.replace(found, routes=routes) if routes else found

    @staticmethod
    def _routes(template: Template, slots: Sequence[tuple[int, SlotTally]], counts: Counts) -> Iterator[Template]:
        """The lines of each route as templates of their own; `slots` with the holes of the text that they are."""
        for hole, slot in slots:
            for route, lines, keys in slot.shown_routes(counts, hole):
                name = route.name.decode("utf-8", "replace")
                yield structs.replace(
                    template,
                    total=route.total,
                    first_uptime_s=route.first_s,
                    last_uptime_s=route.last_s,
                    example=route.example.decode("utf-8", "replace") or template.example,
                    count=lines,
                    slots=(keys,),
                    route=f"{slot.name or f'#{hole + 1}'}={name}",
                )

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "level": self.level,
            "words": [word.decode("latin-1") for word in self.words],
            "wild": sorted(self.wild),
            "example": self.example.decode("latin-1"),
            "first_s": self.first_s,
            "last_s": self.last_s,
            "total": self.total,
            "count": self.count.state(),
            "read": self.read.state(),
            "now": self.now,
            "now_read": self.now_read,
            "read_through": self.read_through,
            "rest": self.rest,
            "resting": self.resting,
            "slots": [slot.state() for slot in self.slots.values()],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Tally:
        """The template that `state` was taken of."""
        words = tuple(word.encode("latin-1") for word in state["words"])
        tally = cls(state["level"], words, state["example"].encode("latin-1"), state["first_s"])
        through = state.get("read_through")
        tally.read_through = (through[0], through[1]) if through is not None else None
        tally.rest, tally.resting = state.get("rest", 0), state.get("resting", 0)
        tally.wild, tally.last_s = frozenset(state["wild"]), state["last_s"]
        tally.total, tally.now, tally.count = state["total"], state["now"], Course("sum", state["count"])
        # Before version 2 of a mine's state every line that was counted was read.
        tally.now_read, tally.read = state.get("now_read", tally.now), Course("sum", state.get("read", state["count"]))
        tally.slots = {slot["key"]: SlotTally.restore(slot) for slot in state["slots"]}
        return tally


def _hole_of(name: str, text: str) -> int | None:
    """Which hole of a text stands behind a name; None where none does."""
    found = re.search(re.escape(name) + r'"?\s*[:=\s]\s*<\*>', text)
    return text.count("<*>", 0, found.end()) - 1 if found else None


def agree(some: Words, others: Words, but: frozenset[int]) -> bool:
    """Whether two messages have the same words in all places but these."""
    return len(some) == len(others) and all(
        one == other or place in but for place, (one, other) in enumerate(zip(some, others, strict=True))
    )
