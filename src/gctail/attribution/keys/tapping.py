"""Takes the values of slots out of a log, by reading again the lines that may be of a suspect's template.

The text is read by the rules of `templates`, into a catalog of its own in which the slots are replaced by taps. Lines
that do not hold the longest fixed text of the template are passed over in bulk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from gctail.attribution.keys.sample import MOST_STRETCH, KeySample
from gctail.templates.catalog import Catalog
from gctail.templates.lines import Lines
from gctail.templates.multiline import joined
from gctail.templates.numbers import Value
from gctail.templates.slots import SlotTally, When
from gctail.templates.tally import Tally

LEAST_LITERAL = 4
FIRST_LINES = 256
"""So many lines are read twice: before, nobody knows which slots the template has."""
MOST_LINES = 1_000_000
"""What comes after them is passed over: they take four seconds."""
ENOUGH_LINES = 32
"""Lines in one passage from which a quicker way is looked for."""
LONGEST_BEFORE = 64
FIRST_STRETCH, NEXT_STRETCH = 64, 1.4
"""Lines until the first stretch is kept line by line, and by how much more until each next one."""
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;/()\[\]{}=-]+")
"""Characters that no wrapper escapes."""

TimeOf = Callable[[bytes], float | None]


class Tap(SlotTally):
    """Stands where a slot stood, and hands on what it would have counted."""

    __slots__ = ("sink",)

    def __init__(self, slot: SlotTally, sink: list[bytes]) -> None:
        super().__init__(slot.key, slot.name, slot.kind)
        self.sink = sink

    def add(self, values: Sequence[Value], when: When) -> None:
        """Values of some lines, in order."""
        del when
        self.sink += [_key(value) for value in values]

    def take(self, other: SlotTally) -> None:
        """What was counted elsewhere before does not matter here."""


class SlotReader:
    """Reads text again, and samples the keys of some slots of one template.

    `template` is its text with `<*>`, `slots` the names of the slots or their places (`#2`), `example` a line of it.
    """

    def __init__(self, template: str, slots: Sequence[str], example: str) -> None:
        self.samples = {slot: KeySample() for slot in slots}
        self.literal = literal_of(template, example)
        self._template = template.split()
        self._taken: dict[str, list[bytes]] = {slot: [] for slot in slots}
        self._catalog = Catalog()
        self._lines = Lines(self._catalog)
        self._known: tuple[int, int] | None = None
        self._quick: dict[str, re.Pattern[bytes]] = {}
        self._next_stretch = float(FIRST_STRETCH)
        self._tried = False

    @property
    def is_full(self) -> bool:
        """So many lines were read that more would say nothing new."""
        return any(sample.lines >= MOST_LINES for sample in self.samples.values())

    def read(self, text: bytes, now_s: float, wrapper: str | None = None, time_of: TimeOf | None = None) -> None:
        """Whole lines of the application; `time_of` is the Unix time that a line gives."""
        text, wrapper = joined(text, wrapper)
        if self.literal not in text or self.is_full:
            return
        lines = [line for line in text.split(b"\n") if self.literal in line]
        if self._known is None:
            self._lines.read(b"\n".join(lines[:FIRST_LINES]), wrapper, now_s)
            self._tap()
        if len(self._quick) < len(self.samples) and len(lines) >= ENOUGH_LINES and not self._tried:
            self._learn(lines[:FIRST_LINES], wrapper, now_s)
            lines = lines[FIRST_LINES:]
        lines_before = max(sample.lines for sample in self.samples.values())
        if time_of is not None and lines_before >= self._next_stretch and len(lines) > 1:
            self._next_stretch = lines_before * NEXT_STRETCH
            self._stretch(lines[:MOST_STRETCH], wrapper, now_s, time_of)
            lines = lines[MOST_STRETCH:]
        if len(self._quick) == len(self.samples):
            together = b"\n".join(lines)
            for slot, pattern in self._quick.items():
                self.samples[slot].add(pattern.findall(together), now_s)
            return
        self._lines.read(b"\n".join(lines), wrapper, now_s)
        self._hand_on(now_s)
        self._tap()

    def _learn(self, lines: list[bytes], wrapper: str | None, now_s: float) -> None:
        """Read some lines one by one, and find a pattern for each slot that finds the same in them."""
        self._tried = True
        found: dict[str, list[list[bytes]]] = {slot: [] for slot in self.samples}
        for line in lines:
            self._lines.read(line, wrapper, now_s)
            for slot, keys in self._taken.items():
                found[slot].append(list(keys))
            self._hand_on(now_s)
        for slot, told in found.items():
            pattern = quick_pattern(lines, told, self.literal)
            if pattern is not None:
                self._quick[slot] = pattern

    def _stretch(self, lines: list[bytes], wrapper: str | None, now_s: float, time_of: TimeOf) -> None:
        """Some lines one by one, each with its own time."""
        runs: dict[str, list[tuple[float, bytes]]] = {slot: [] for slot in self.samples}
        for line in lines:
            self._lines.read(line, wrapper, now_s)
            time_s = time_of(line)
            for slot, run in runs.items():
                run += [(time_s, key) for key in self._taken[slot] if time_s is not None]
            self._hand_on(now_s)
        for slot, run in runs.items():
            self.samples[slot].stretch(run)

    def _hand_on(self, now_s: float) -> None:
        for slot, keys in self._taken.items():
            self.samples[slot].add(keys, now_s)
            keys.clear()

    def _tap(self) -> None:
        """Put a tap into every slot of the template that has none: there are new ones after templates were merged."""
        if self._known == (known := (self._catalog.version, len(self._catalog.tallies))):
            return
        self._known = known
        for tally in self._catalog:
            for slot, key in self._places(tally):
                if not isinstance(tally.slots[key], Tap):
                    tally.slots[key] = Tap(tally.slots[key], self._taken[slot])

    def _places(self, tally: Tally) -> Iterator[tuple[str, str]]:
        """The wanted slots that this template has, each with its key there; none where it is another template.

        A slot without a name is known by its word: the same word may be fixed in one text, and a slot in the other.
        """
        if not is_like(self._template, tally):
            return
        for slot in self.samples:
            wanted = {slot} if not slot.startswith("#") else keys_at(self._template, int(slot[1:]) - 1)
            key = next((key for key, each in tally.slots.items() if wanted & {each.name or key}), None)
            if key is not None:
                yield slot, key


def keys_at(template: Sequence[str], hole: int) -> frozenset[str]:
    """The keys that a slot in this hole of a template has: by its word and its place in that, or as the whole word."""
    for place, word in enumerate(template):
        holes = word.count("<*>")
        if hole < holes:
            return frozenset({f"{place}.{hole}", *([str(place)] if word == "<*>" else [])})
        hole -= holes
    return frozenset()


def quick_pattern(lines: list[bytes], keys: list[list[bytes]], literal: bytes) -> re.Pattern[bytes] | None:
    """A pattern that finds in every line what the templates found there: the text before a key, and the sign behind.

    None where there is no such text: fields that come in another order, signs that vary. It is twenty times as fast.
    """
    pairs = [(line, found[0]) for line, found in zip(lines, keys, strict=True) if found and found[0]]
    if len(pairs) < ENOUGH_LINES // 2:
        return None
    before = [line[: line.find(key)][-LONGEST_BEFORE:] for line, key in pairs]
    behind = {line[line.find(key) + len(key) :][:1] for line, key in pairs}
    common = before[0]
    for each in before:
        while not each.endswith(common):
            common = common[1:]
    # with the sign before the literal, where there is one: "subscribed" stands in "unsubscribed", too
    at = max(0, common.rfind(literal) - 1) if literal in common else 0
    start = b"^" if at == 0 and all(line.startswith(common) for line, _ in pairs) else b""
    common = common[at:]
    if len(common) < LEAST_LITERAL or len(behind) != 1:
        return None
    sign = re.escape(behind.pop())
    pattern = re.compile(start + re.escape(common) + rb"([^" + sign + rb"\n]*+)" + (sign or rb"$"), re.MULTILINE)
    return pattern if all(pattern.findall(line) == found for line, found in zip(lines, keys, strict=True)) else None


def is_like(template: Sequence[str], tally: Tally) -> bool:
    """Whether a template has the words of another, where neither has a slot; fields behind the words do not count."""
    words = [word.replace(b"\0", b"<*>").decode("utf-8", "replace") for word in tally.words]
    rest = template[len(words) :]
    return (
        len(words) <= len(template)
        and all(ours == theirs or "<*>" in {ours, theirs} for ours, theirs in zip(template, words, strict=False))
        and all(word.endswith("=<*>") for word in rest)
    )


def literal_of(template: str, example: str) -> bytes:
    """The longest fixed text of a template, by which its lines are found; empty where none is long."""
    able = [
        piece
        for part in re.split(r"<\*>|\s+", template)
        for piece in _PLAIN.findall(part)
        if len(piece) >= LEAST_LITERAL and piece in example
    ]
    return max(able, key=len, default="").encode()


def _key(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value[1:-1] if value[:1] == b'"' == value[-1:] and len(value) > 1 else value
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else repr(value).encode()
