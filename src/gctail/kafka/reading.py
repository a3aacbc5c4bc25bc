"""Messages of many partitions become events of many services: sorted into lanes, scanned, and given their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby

from gctail.kafka.lanes import LANE_TAIL_BYTES, Lane, owner
from gctail.kafka.naming import Naming
from gctail.kafka.places import Message, Place
from gctail.kafka.progress import Progress
from gctail.kafka.sorting import Sorting
from gctail.kafka.states import Context
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.reading import Event
from gctail.parsing.scanner import Scanner
from gctail.parsing.window import Room

MOST_LANES = 20_000


class Reading:
    """The lanes of all partitions that are ours. `take` gets every event that no state has yet."""

    def __init__(  # noqa: PLR0913  (a small table of what the command line chose)
        self,
        naming: Naming,
        progress: Progress,
        take: Callable[[Event, Place], object],
        *,
        wrapper: str | None = None,
        year: int | None = None,
        every_line: bool = False,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.sorting, self.progress = Sorting(naming), progress
        self.lanes: dict[str, Lane] = {}
        self.messages = 0
        self.open: dict[str, set[str] | None] = {}
        self.record: Callable[[str, str, bytes], None] | None = None
        """Is given all lines, with the topic and the lane that they come from."""
        self.broken: str | None = None  # whose lines could not be read together, and why
        self.scattered: str | None = None  # a name whose messages come from several partitions
        self._take = take
        self._room = Room(LANE_TAIL_BYTES)
        self._scanner = partial(
            Scanner, wrapper=wrapper, year=year, every_line=every_line, room=self._room, lexicon=lexicon
        )
        self._boundaries: dict[Place, list[int]] = {}

    def arrive(self, place: Place) -> None:
        """A partition is ours; its services may be ahead of it."""
        self._boundaries[place] = self.progress.boundaries(place)

    def leave(self, places: set[Place]) -> None:
        """Partitions are ours no more."""
        for name in [name for name, lane in self.lanes.items() if lane.places and lane.places <= places]:
            del self.lanes[name]
            self.open.pop(name, None)
        for place in places:
            self._boundaries.pop(place, None)

    def context(self, name: str) -> Context:
        """What is to be kept of a lane."""
        lane = self.lanes.get(name)
        return Context(name) if lane is None else Context(name, lane.before.decode("latin-1"), lane.timed)

    def recall(self, place: Place, contexts: Iterable[Context]) -> None:
        """Lanes go on where they were when their services were saved."""
        for context in contexts:
            if context.lane not in self.lanes:
                lane = self._lane(context.lane, place)
                lane.before, lane.timed = context.before.encode("latin-1"), context.timed

    def read(self, place: Place, messages: Sequence[Message], now_s: float) -> None:
        """The next messages of one partition."""
        while messages:
            part = self._up_to_boundary(place, messages)
            messages = messages[len(part) :]
            for name, group in self.sorting.sorted(part).items():
                self._feed(name, place, group, now_s)
            self.progress.positions[place] = part[-1].offset + 1
            self.messages += len(part)

    def rest(self, now_s: float, quiet_s: float, caught_up: Callable[[Place], bool]) -> None:
        """What is open in lanes that have been silent for so long, with nothing left to read for them, ends."""
        for name in list(self.open):
            lane = self.lanes[name]
            if now_s - lane.last_fed_s > quiet_s and all(caught_up(Place(*place)) for place in lane.places):
                lane.rest(partial(self._found, lane))
                self._note_open(lane)

    def close(self) -> None:
        """The input has ended."""
        for lane in self.lanes.values():
            lane.close(partial(self._found, lane))

    @property
    def lines(self) -> int:
        """Lines of all lanes that are open."""
        return sum(lane.scanner.lines_read for lane in self.lanes.values())

    def _up_to_boundary(self, place: Place, messages: Sequence[Message]) -> Sequence[Message]:
        """A service that is ahead begins to take part between two chunks, never inside one."""
        boundaries = self._boundaries.get(place)
        while boundaries and boundaries[0] <= messages[0].offset:
            del boundaries[0]
        if not boundaries or messages[-1].offset < boundaries[0]:
            return messages
        return [message for message in messages if message.offset < boundaries[0]]

    def _feed(self, name: str, place: Place, group: Sequence[Message], now_s: float) -> None:
        lane = self._lane(name, place)
        lane.last_fed_s = now_s
        try:
            lines = lane.feed(group, partial(self._found, lane))
            if self.record is not None:
                self.record(place.topic, name, lines)
        except Exception as error:  # noqa: BLE001  (a line that breaks the reading must not end it for all services)
            self._one_by_one(name, place, group, error)
            lane = self.lanes[name]
        self._note_open(lane)

    def _one_by_one(self, name: str, place: Place, group: Sequence[Message], error: Exception) -> None:
        """Something in these messages broke the reading: find out which, read the others.

        In a lane of its own: where the broken one stands in its stream is not known.
        """
        self.broken = f"{name} in {place}: {type(error).__name__}: {error}"
        self.lanes.pop(name, None)
        for message in group:
            lane = self._lane(name, place)
            try:
                lane.feed([message], partial(self._found, lane))
            except Exception as own:  # noqa: BLE001
                del self.lanes[name]
                self.sorting.refuse(message, f"{type(own).__name__}: {own}")
        self._lane(name, place)
        if not self.sorting.poison:
            self.sorting.poisoned[f"once: {type(error).__name__}: {error}"] += 1

    def _lane(self, name: str, place: Place) -> Lane:
        lane = self.lanes.get(name)
        if lane is None:
            if len(self.lanes) >= MOST_LANES:
                idle = next((each for each in self.lanes if each not in self.open), next(iter(self.lanes)))
                gone = self.lanes.pop(idle)
                gone.close(partial(self._found, gone))
                self.open.pop(idle, None)
            lane = self.lanes[name] = Lane(name, self._scanner(str(place), name), decides=self.sorting.naming.decides)
        if place not in lane.places:
            lane.places.add(place)
            if len(lane.places) > 1:
                self.scattered = lane.name
        return lane

    def _note_open(self, lane: Lane) -> None:
        """Who has something unfinished is as dirty as where it began."""
        names = lane.open()
        was_open: set[str] | None = self.open.pop(lane.name, set())
        if names is None or names:
            self.open[lane.name] = names
        elif not was_open and was_open is not None:
            return
        for place in lane.places:
            first = lane.first_offset(Place(*place))
            self.progress.hold(Place(*place), lane.name, first if names is None else None)
            for name in names or ():
                if first is not None:
                    self.progress.touch(name, Place(*place), first, lane.name)

    def _found(self, lane: Lane, event: Event) -> None:
        topic, _, number = event.origin.partition("+")[0].rpartition("/")
        place = Place(topic, int(number))
        name = owner(event)
        if self.progress.is_new(name, place, event.offset):
            self.progress.touch(name, place, event.offset, lane.name)
            self._take(event, place)


def by_time(polled: Sequence[tuple[Place, Sequence[Message]]]) -> list[tuple[Place, Sequence[Message]]]:
    """The same messages in the order in which they were written, as runs of one partition each.

    Within a partition the order is Kafka's, whatever the time stamps say.
    """
    stamped = []
    for place, messages in polled:
        latest = -1
        for message in messages:
            latest = max(latest, message.timestamp)
            stamped.append((latest, place, message))
    stamped.sort(key=lambda each: each[:2])
    runs = [(place, [each[2] for each in run]) for place, run in groupby(stamped, key=lambda each: each[1])]
    return list(runs)


def by_place(polled: Mapping[Place, Sequence[Message]]) -> list[tuple[Place, Sequence[Message]]]:
    """What a poll brought, in an order that does not depend on chance."""
    return sorted(((Place(*place), messages) for place, messages in polled.items()), key=lambda pair: pair[0])
