"""One partition of the input: its lanes, what is open in them, and what of it is kept.

What is open (a torn line, a crash report) cannot be kept as it is. So with a lane are kept: what it knew when nothing
was open the last time, and the messages since then, which are read again by whoever goes on. What it found in them is
held back until nothing is open any more.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any
from zlib import compress, decompress

import msgspec
from msgspec import Struct
from quixstreams.state import State

from gctail.kafka.lanes import LANE_TAIL_BYTES, Lane
from gctail.kafka.naming import Naming
from gctail.kafka.places import Place, Record
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.scanner import Scanner
from gctail.parsing.window import Room
from gctail.records import Sighting
from gctail.rules import Plan
from gctail.runners.scale.packets import Packet
from gctail.runners.scale.packing import Packing, Waiting
from gctail.runners.scale.stores import store_key

MOST_OPEN_BYTES = 1 << 19
"""Of a lane in which something is open for longer, that is closed as it is: what is kept must fit into a message."""
SLICE = 64
"""A lane is asked so often, in messages, whether nothing is open."""
MOST_LANES = 20_000
OPEN, CLOCK, LANE = "open", "clock", "lane"


class Views(Struct, frozen=True):
    """How the input is to be read, for all partitions."""

    naming: Naming
    plan: Plan | None
    wrapper: str | None
    year: int
    say: Callable[[str], None]
    lexicon: Lexicon | None = None

    @property
    def every_line(self) -> bool:
        """Rules ask for every line, so each is to be taken out of its wrapper."""
        return self.plan is not None and not {"lines", "errors"}.isdisjoint(self.plan.names)


class Memory(Struct, frozen=True):
    """A lane when nothing was open, the text that waited for a record, and the messages since."""

    lane: dict[str, Any] | None
    held: dict[str, Waiting]
    since: list[Record]


class Found(Struct, frozen=True):
    """What may travel on."""

    packets: list[Packet]
    rumours: list[Sighting]


class Way:
    """One lane on its way to packets."""

    def __init__(self, lane: Lane, plan: Plan | None, memory: Memory | None) -> None:
        self.lane, self.packing = lane, Packing(plan, memory.held if memory is not None else {})
        self.fed_s = time.monotonic()
        if memory is not None and memory.lane is not None:
            lane.resume(memory.lane)
        self.memory = memory or Memory(None, {}, [])
        self.open_bytes = 0
        if self.memory.since:
            lane.feed(self.memory.since, self.packing.add)
            self.open_bytes = sum(len(message.value or b"") for message in self.memory.since)

    def feed(self, messages: Sequence[Record]) -> Found:
        """The next messages of the lane, and what may travel on. Nothing, as long as something is open."""
        self.fed_s = time.monotonic()
        found = Found([], [])
        for start in range(0, len(messages), SLICE):
            part = messages[start : start + SLICE]
            self.lane.feed(part, self.packing.add)
            self.memory.since.extend(part)
            self.open_bytes += sum(len(message.value or b"") for message in part)
            if self.open_bytes > MOST_OPEN_BYTES:
                self.lane.rest(self.packing.add)
            if not self._is_open():
                self.settle(found)
        return found

    def rest(self) -> Found:
        """What is open does not go on."""
        found = Found([], [])
        self.lane.rest(self.packing.add)
        self.settle(found)
        return found

    def close(self) -> Found:
        """No more is read, for now."""
        found = Found([], [])
        self.lane.close(self.packing.add)
        self.packing.rest()
        self.settle(found)
        return found

    def settle(self, found: Found) -> None:
        """Nothing is open: what was found may go, and the messages need not be read again."""
        found.packets.extend(self.packing.packets())
        found.rumours.extend(self.packing.rumours)
        self.packing.rumours.clear()
        self.open_bytes = 0
        self.memory = Memory(self.lane.state(), self.packing.held(), [])

    def _is_open(self) -> bool:
        names = self.lane.open()
        return names is None or bool(names)

    @property
    def waits(self) -> bool:
        """Messages have come whose findings are held back."""
        return bool(self.memory.since)


class Strip:
    """One partition of the input."""

    def __init__(self, place: Place, views: Views, state: Callable[[], State[str, Any]]) -> None:
        self.place, self.views = place, views
        self.waiting: list[Record] = []
        self.clock_s: float = state().get(CLOCK, 0.0)
        self.read_s = self.clock_s
        self.fed_s = 0.0
        self.lines = 0
        self.over = False  # all is read that was to be read
        self._ways: dict[str, Way] = {}
        self._was_open: list[str] = state().get(OPEN, [])
        self._changed: dict[str, None] = {}
        self._new_clock = False
        self._state = state
        self._room = Room(LANE_TAIL_BYTES)
        for name in self._was_open:
            self._way(name)

    def feed(self, name: str, messages: Sequence[Record]) -> Found:
        """The next messages of one lane."""
        way = self._way(name)
        before = way.lane.scanner.lines_read
        found = way.feed(messages)
        self.lines += way.lane.scanner.lines_read - before
        return found

    def rest(self, quiet_s: float) -> list[Found]:
        """Lanes in which something is open and that have been silent for so long are closed."""
        until_s = time.monotonic() - quiet_s
        quiet = [name for name, way in self._ways.items() if way.waits and way.fed_s < until_s]
        return [self._way(name).rest() for name in quiet]

    def close(self) -> list[Found]:
        """What was to be read is read: nothing that is open goes on."""
        self.over = True
        return [self._way(name).close() for name in list(self._ways)]

    def forget(self, name: str) -> None:
        """The lane could not read its messages: it begins anew."""
        self._ways.pop(name, None)
        self._changed[name] = None

    def advance(self, clock_s: float) -> None:
        """All up to this Unix time is read. Said at once: a checkpoint in which no state has changed is given up."""
        self.clock_s, self._new_clock = clock_s, True
        self._state().set(CLOCK, clock_s)

    def save(self, state: State[str, Any]) -> bool:
        """Lay down what has changed."""
        changed = bool(self._changed) or self._new_clock
        for name in self._changed:
            way = self._ways.get(name)
            if way is None:
                state.delete(store_key(LANE, name))
            else:
                state.set_bytes(store_key(LANE, name), compress(msgspec.msgpack.encode(way.memory), 1))
        self._changed.clear()
        self._new_clock = False
        is_open = [name for name, way in self._ways.items() if way.waits]
        if is_open != self._was_open:
            state.set(OPEN, is_open)
            self._was_open = is_open
        while len(self._ways) > MOST_LANES:
            del self._ways[next(iter(self._ways))]
        return changed

    def _way(self, name: str) -> Way:
        """The lane, which is going to change."""
        self._changed[name] = None
        way = self._ways.pop(name, None) or self._recalled(name)
        self._ways[name] = way  # the last that was used is the last to be let go
        return way

    def _recalled(self, name: str) -> Way:
        kept = self._state().get_bytes(store_key(LANE, name))
        if kept is not None:
            try:
                return Way(self._lane(name), self.views.plan, msgspec.msgpack.decode(decompress(kept), type=Memory))
            except (ValueError, KeyError, TypeError, zlib.error) as error:
                self.views.say(f"what was open in {name} of {self.place} cannot be used ({error}): it begins anew")
        return Way(self._lane(name), self.views.plan, None)

    def _lane(self, name: str) -> Lane:
        views = self.views
        scanner = Scanner(
            str(self.place),
            name,
            wrapper=views.wrapper,
            year=views.year,
            every_line=views.every_line,
            room=self._room,
            lexicon=views.lexicon,
        )
        return Lane(name, scanner, decides=views.naming.decides)
