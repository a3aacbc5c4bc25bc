"""The templates of one mine: found by the words of a message, merged where a word varies, bounded in number.

A word that takes `MANY` different values while all other words stay the same is a slot (a user's name); fewer are left
apart, for `cache hit` and `cache miss` are two things to say. Where so many kinds of lines begin alike that this does
not help, the likest are merged, as Drain does (He, Zhu, Zheng and Lyu, "Drain: an online log parsing approach with
fixed depth tree", 2017). When there are too many templates, the rarest are forgotten and counted as other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from gctail.templates.courses import Template
from gctail.templates.grid import Course, Grid
from gctail.templates.sketch import HOLE, MOST_SLOTS
from gctail.templates.slots import SlotTally, Value

MOST_TEMPLATES = 512
KEPT = 256
"""Templates that stay when there were too many."""
MANY = 6
CROWDED = 24
"""Templates with the same level, length and first word, from which on the likest are merged."""
ALIKE = 0.6
MOST_EXAMPLE_BYTES = 400

Words = tuple[bytes, ...]


class Tally:
    """What is remembered of one template."""

    __slots__ = ("count", "example", "first_s", "last_s", "level", "now", "slots", "total", "wild", "words")

    def __init__(self, level: str | None, words: Words, example: bytes, now_s: float) -> None:
        self.level, self.words = level, words
        self.wild: frozenset[int] = frozenset()
        """Places of words that vary."""
        self.example = example[:MOST_EXAMPLE_BYTES]
        self.first_s = self.last_s = now_s
        self.total = 0
        self.count = Course("sum")
        self.now = 0
        self.slots: dict[str, SlotTally] = {}

    def add(self, lines: int, now_s: float) -> None:
        """So many more lines."""
        self.total += lines
        self.now += lines
        self.last_s = now_s

    def fill(self, key: str, name: str, kind: str, values: Sequence[Value], now_s: float) -> None:
        """Values that a slot took in these lines; slots beyond the bound are not kept."""
        slot = self.slots.get(key)
        if slot is None:
            if len(self.slots) >= MOST_SLOTS:
                return
            slot = self.slots[key] = SlotTally(key, name, kind)
        slot.add(values, now_s)

    def close(self, place: int) -> None:
        """The open bin is complete."""
        self.count.put(place, self.now)
        self.now = 0
        for slot in self.slots.values():
            slot.close(place)

    def halve(self) -> None:
        """The grid has merged neighbours."""
        self.count.halve()
        for slot in self.slots.values():
            slot.halve()

    def takes(self, words: Words) -> bool:
        """Whether these words are the template's, but for those that vary."""
        return _agree(words, self.words, self.wild)

    @property
    def first_bin(self) -> int | None:
        """The first closed bin that had such a line."""
        return next((place for place, lines in enumerate(self.count.values) if lines), None)

    @property
    def id(self) -> str:
        """What names this template on every machine."""
        text = b" ".join((b"" if self.level is None else self.level.encode(), *self.words))
        return blake2b(text, digest_size=8).hexdigest()

    def shown(self, grid: Grid, scale: list[float]) -> Template:
        """The template as a value."""
        text = b" ".join(self.words).replace(HOLE, b"<*>").decode("utf-8", "replace")
        named = [slot.name for slot in self.slots.values() if slot.name]
        fields = [name for name in named if not re.search(re.escape(name) + r'"?\s*[:=]\s*<\*>', text)]
        return Template(
            id=self.id,
            text=" ".join([text, *(f"{name}=<*>" for name in fields)]),
            message=" ".join(b" ".join(self.words).replace(HOLE, b"").decode("utf-8", "replace").split()),
            level=self.level,
            total=self.total,
            first_uptime_s=self.first_s,
            last_uptime_s=self.last_s,
            example=self.example.decode("utf-8", "replace"),
            count=[each * factor for each, factor in zip(self.count.whole(grid.bins), scale, strict=True)],
            slots=tuple(slot.shown(grid.bins, scale) for slot in self.slots.values()),
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
            "now": self.now,
            "slots": [slot.state() for slot in self.slots.values()],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Tally:
        """The template that `state` was taken of."""
        words = tuple(word.encode("latin-1") for word in state["words"])
        tally = cls(state["level"], words, state["example"].encode("latin-1"), state["first_s"])
        tally.wild, tally.last_s = frozenset(state["wild"]), state["last_s"]
        tally.total, tally.now, tally.count = state["total"], state["now"], Course("sum", state["count"])
        tally.slots = {slot["key"]: SlotTally.restore(slot) for slot in state["slots"]}
        return tally


class Catalog:
    """All templates of one mine. `version` grows when what was found before may be found elsewhere now."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str | None, Words], Tally] = {}
        self.version = 0
        self.forgotten = 0
        """Templates that made room for others."""
        self._siblings: dict[int, int] = {}
        self._wider: defaultdict[tuple[str | None, int], list[Tally]] = defaultdict(list)
        """Templates with several words that vary, by level and length."""
        self._crowds: dict[tuple[str | None, int, bytes], int] = {}

    def find(self, level: str | None, words: Words, example: bytes, now_s: float) -> Tally:
        """The template of a message with these words; a new one where there is none."""
        found = self.tallies.get((level, words)) or self._wild(level, words)
        if found is not None:
            return found
        if len(self.tallies) >= MOST_TEMPLATES:
            self._forget()
        tally = self.tallies[level, words] = Tally(level, words, example, now_s)
        crowd = self._index(tally)
        many = MANY if len(words) > 2 else 2 * MANY  # `user created`, `user deleted`: so little text says too little
        place = next((each for each, hole in self._holes(tally) if self._siblings[hole] >= many), None)
        if place is not None:
            return self._merge(tally, frozenset({place}))
        if len(words) > 2 and crowd > CROWDED and (likest := self._likest(tally)):
            different = frozenset(
                each for each, (ours, theirs) in enumerate(zip(words, likest.words, strict=True)) if ours != theirs
            )
            return self._merge(tally, different)
        return tally

    def __iter__(self) -> Iterator[Tally]:
        return iter(self.tallies.values())

    def _wild(self, level: str | None, words: Words) -> Tally | None:
        """A template that has a slot where this message has a word."""
        for place in range(len(words)) if len(words) > 1 else ():
            found = self.tallies.get((level, (*words[:place], HOLE, *words[place + 1 :])))
            if found is not None and (place in found.wild or found.words[place] == HOLE):
                return found if place in found.wild else self._widen(found, place)
        for tally in self._wider.get((level, len(words)), ()):
            if tally.takes(words):
                return tally
        return None

    def _widen(self, tally: Tally, place: int) -> Tally:
        """Where a number stood a word stands as well."""
        tally.wild |= {place}
        if len(tally.wild) == 2:
            self._wider[tally.level, len(tally.words)].append(tally)
        self.version += 1
        for key in [key for key in tally.slots if key.split(".")[0] == str(place) and "." in key]:
            slot = tally.slots.pop(key)
            slot.key = str(place)
            tally.slots.setdefault(slot.key, slot)
        return tally

    def _holes(self, tally: Tally) -> Iterator[tuple[int, int]]:
        """Each word that may become a slot, and what all templates have in common that differ in this word only."""
        words = tally.words
        for place, word in enumerate(words) if len(words) > 1 else ():
            if HOLE not in word:
                yield place, hash((tally.level, place, words[:place], words[place + 1 :]))

    def _index(self, tally: Tally) -> int:
        for _, hole in self._holes(tally):
            self._siblings[hole] = self._siblings.get(hole, 0) + 1
        crowd = (tally.level, len(tally.words), tally.words[0] if tally.words else b"")
        self._crowds[crowd] = self._crowds.get(crowd, 0) + 1
        return self._crowds[crowd]

    def _reindex(self) -> None:
        self._siblings, self._crowds = {}, {}
        self._wider.clear()
        for tally in self:
            self._index(tally)
            if len(tally.wild) > 1:
                self._wider[tally.level, len(tally.words)].append(tally)

    def _likest(self, tally: Tally) -> Tally | None:
        """The template that differs in the fewest words, if most of them agree."""
        words, best, best_alike = tally.words, None, ALIKE * len(tally.words)
        for other in self:
            if other.level == tally.level and len(other.words) == len(words) and other is not tally:
                if other.words[:1] != words[:1]:
                    continue
                alike = sum(map(bytes.__eq__, words, other.words))
                if alike > best_alike:
                    best, best_alike = other, alike
        return best

    def _merge(self, tally: Tally, places: frozenset[int]) -> Tally:
        """Make slots of the words in these places, and one template of all that agree in the others."""
        words = tuple(HOLE if each in places else word for each, word in enumerate(tally.words))
        same = [other for other in self if other.level == tally.level and _agree(other.words, words, places)]
        for other in same:
            del self.tallies[other.level, other.words]
        same.sort(key=lambda other: (other.first_s, other.words))
        merged = same[0]
        spoken = [(other.words, other.total, other.first_bin, other.first_s) for other in same]
        merged.words = words
        merged.wild = frozenset().union(places, *(other.wild for other in same))
        for other in same[1:]:
            merged.total += other.total
            merged.now += other.now
            merged.last_s = max(merged.last_s, other.last_s)
            merged.count.take(other.count)
            for key, slot in other.slots.items():
                if key in merged.slots:
                    merged.slots[key].take(slot)
                elif len(merged.slots) < MOST_SLOTS:
                    merged.slots[key] = slot
        for place in sorted(places):
            for key in [key for key in merged.slots if key.startswith(f"{place}.")]:
                del merged.slots[key]
            slot = merged.slots.setdefault(str(place), SlotTally(str(place), "", "word"))
            for theirs, total, first_bin, first_s in spoken:
                if HOLE not in theirs[place]:
                    slot.know(theirs[place], total, first_bin, first_s)
        self.tallies[merged.level, words] = merged
        self.version += 1
        self._reindex()
        return merged

    def _forget(self) -> None:
        """Keep the most frequent templates, and of those that are equally rare the latest."""
        ranked = sorted(self, key=lambda tally: (-tally.total, -tally.last_s))
        for tally in ranked[KEPT:]:
            del self.tallies[tally.level, tally.words]
            self.forgotten += 1
        self.version += 1
        self._reindex()

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "tallies": [tally.state() for tally in self],
            "forgotten": self.forgotten,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Catalog:
        """The catalog that `state` was taken of."""
        catalog = cls()
        for each in state["tallies"]:
            tally = Tally.restore(each)
            catalog.tallies[tally.level, tally.words] = tally
        catalog.forgotten = state["forgotten"]
        catalog._reindex()
        return catalog


def _agree(some: Words, others: Words, but: frozenset[int]) -> bool:
    """Whether two messages have the same words in all places but these."""
    return len(some) == len(others) and all(
        one == other or place in but for place, (one, other) in enumerate(zip(some, others, strict=True))
    )
