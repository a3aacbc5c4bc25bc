"""The templates of one mine: found by the words of a message, merged where a word varies, bounded in number.

A word that takes `MANY` different values while all other words stay the same is a slot (a user's name); fewer are left
apart, for `cache hit` and `cache miss` are two things to say. Where so many kinds of lines begin alike that this does
not help, the likest are merged, as Drain does (He, Zhu, Zheng and Lyu, "Drain: an online log parsing approach with
fixed depth tree", 2017). When there are too many templates, the rarest are forgotten and counted as other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from gctail.templates.sketch import HOLE
from gctail.templates.slots import Span
from gctail.templates.tally import Tally, Words, agree

MOST_TEMPLATES = 512
MOST_ROUTES = 256
"""Of all templates."""
KEPT = 256
"""Templates that stay when there were too many."""
MANY = 6
"""Different words in one place that make it a slot."""
CROWDED = 24
"""Templates with the same level, length and first word, from which on the likest are merged."""
ALIKE = 0.6
"""Of the words of such templates, so many must be the same."""


class Catalog:
    """All templates of one mine. `version` grows when what was found before may be found elsewhere now."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str | None, Words], Tally] = {}
        self.version = 0
        self.lines = self.closed_lines = 0
        """Read so far: where the next one stands among all; and until the open bin began."""
        self.found = 0
        """Templates that were new, by this object."""
        self.forgotten = 0
        """Templates that had to make room."""
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
        self.found += 1
        holes, crowd = self._index(tally)
        many = MANY if len(words) > 2 else 2 * MANY  # `user created`, `user deleted`: so little text says too little
        place = next((each for each, hole in holes if self._siblings[hole] >= many), None)
        if place is None:
            place = self._spoken(tally)
        if place is not None:
            return self._merge(tally, frozenset({place}))
        if len(words) > 2 and crowd > CROWDED and (likest := self._likest(tally)):
            different = frozenset(
                each for each, (ours, theirs) in enumerate(zip(words, likest.words, strict=True)) if ours != theirs
            )
            return self._merge(tally, different)
        return tally

    def close(self, place: int, begin_s: float, end_s: float) -> None:
        """The open bin is complete. Of too many routes those of the rarest templates are told apart no longer."""
        routes, span = 0, Span(self.closed_lines, self.lines - self.closed_lines, begin_s, end_s)
        self.closed_lines = self.lines
        for tally in self:
            tally.close(place, span)
            routes += tally.routes
        for tally in sorted(self, key=lambda tally: tally.total) if routes > MOST_ROUTES else ():
            routes -= tally.routes
            tally.without_routes()
            if routes <= MOST_ROUTES:
                break

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

    def _spoken(self, tally: Tally) -> int | None:
        """Where a template has a slot and another one, which came before, has a word."""
        if HOLE not in tally.words or len(tally.words) < 2:
            return None
        places = [place for place, word in enumerate(tally.words) if word == HOLE]
        return next((place for place, hole in self._hashes(tally, places) if self._siblings.get(hole)), None)

    def _widen(self, tally: Tally, place: int) -> Tally:
        """Where a number stood a word stands as well."""
        tally.widen(place)
        self.version += 1
        self._reindex()
        return tally

    def _holes(self, tally: Tally) -> Iterator[tuple[int, int]]:
        """Each word that may become a slot, and what all templates have in common that differ in this word only."""
        if len(tally.words) > 1:
            yield from self._hashes(tally, [place for place, word in enumerate(tally.words) if HOLE not in word])

    @staticmethod
    def _hashes(tally: Tally, places: Iterable[int]) -> Iterator[tuple[int, int]]:
        """These places, and what all templates have in common that differ in the word there only."""
        hashes = [hash(each) for each in enumerate(tally.words)]
        together = sum(hashes)  # less one of them: all the others, each in its place
        for place in places:
            yield place, hash((tally.level, place, len(hashes), together - hashes[place]))

    def _index(self, tally: Tally) -> tuple[list[tuple[int, int]], int]:
        """Count a template; its holes, and how many templates begin as it does."""
        holes, siblings = [*self._holes(tally)], self._siblings
        for _, hole in holes:
            siblings[hole] = siblings.get(hole, 0) + 1
        crowd = (tally.level, len(tally.words), tally.words[0])
        self._crowds[crowd] = self._crowds.get(crowd, 0) + 1
        return holes, self._crowds[crowd]

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
        same = [other for other in self if other.level == tally.level and agree(other.words, words, places)]
        for other in same:
            del self.tallies[other.level, other.words]
        same.sort(key=lambda other: (other.first_s, other.words))
        merged = same[0]
        merged.absorb(same[1:], words, places)
        self.tallies[merged.level, words] = merged
        self.version += 1
        self._reindex()
        return merged

    def _forget(self) -> None:
        """Keep the most frequent templates, and of those that are equally rare the latest."""
        ranked = sorted(self, key=lambda tally: (-tally.total, -tally.last_s))
        self.forgotten += len(ranked[KEPT:])
        for tally in ranked[KEPT:]:
            del self.tallies[tally.level, tally.words]
        self.version += 1
        self._reindex()

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "tallies": [tally.state() for tally in self],
            "forgotten": self.forgotten,
            "lines": self.lines,
            "closed_lines": self.closed_lines,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Catalog:
        """The catalog that `state` was taken of."""
        catalog = cls()
        for each in state["tallies"]:
            tally = Tally.restore(each)
            catalog.tallies[tally.level, tally.words] = tally
        catalog.forgotten = state.get("forgotten", 0)
        catalog.lines, catalog.closed_lines = state.get("lines", 0), state.get("closed_lines", 0)  # since version 5
        catalog._reindex()
        return catalog
