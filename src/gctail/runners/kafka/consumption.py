"""Reads from Kafka: alone, or as one of a group whose members take over from each other without losing anything.

One turn: poll, scan, tell the sinks. Now and then a checkpoint, written on another thread while the reading goes on.
When partitions are taken away, a last checkpoint is made first; when they come, their services come back from the state
topic, and each drops what its state already has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from kafka.errors import KafkaError

from gctail.engine import Engine
from gctail.kafka.client import POLL_RECORDS, Client, Moves
from gctail.kafka.lag import Facts, is_live, lag_of
from gctail.kafka.naming import Naming
from gctail.kafka.pace import Pace
from gctail.kafka.places import Message, Place
from gctail.kafka.progress import Progress
from gctail.kafka.reading import Reading, by_place, by_time
from gctail.parsing.reading import Event
from gctail.records import Finding
from gctail.rules import Plan
from gctail.runners.kafka.arrivals import Arrivals
from gctail.runners.kafka.checkpoints import Checkpoints
from gctail.runners.kafka.course import Course
from gctail.runners.kafka.link import Link
from gctail.service import Seen
from gctail.sinks import Sink

TICK_S = 1.0
READ_S = 0.25
"""So long at most is read between two looks at the group: rebalances and checkpoints do not wait longer."""
QUIET_S = 10.0
"""After so long without a message, what is open (a torn line, a crash report) is taken as it is.

Longer than for files: a broker that is lost can hold the second half of a crash report back for some seconds."""
SCATTERED = (
    "their order is restored by their time stamps as far as those tell; "
    "for certain order, and in a group of several consumers, key them by service (--rekey-to)"
)
MOST_WAITING = 1000
"""Findings, or dead letters, that wait for slow sinks before reading stops."""


class Onlooker(Protocol):
    """Who sees all that is read, beside the sinks."""

    def saw(self, event: Event, seen: Seen | None) -> None:
        """One event; None came of it where it is text, or nobody asked for it."""

    def found(self, findings: Sequence[Finding]) -> None:
        """What no record has brought, but time or the end."""

    def turn(self) -> None:
        """Between two readings, several times a second."""


class Consumption:
    """One consumer from its start to its end."""

    def __init__(  # noqa: PLR0913  (the parts it drives)
        self,
        course: Course,
        engine: Engine,
        naming: Naming,
        outputs: Sink,
        *,
        plan: Plan | None = None,
        tell: Callable[[str], None],
        onlooker: Onlooker | None = None,
        leaving: Callable[[], None] = lambda: None,
    ) -> None:
        """`tell` says a sentence to whoever watches; `leaving` is called at the end, with all services still there."""
        self.course, self.engine, self.outputs = course, engine, outputs
        self.facts = Facts(group=course.wanted.group)
        self._tell, self._onlooker, self._leaving = tell, onlooker, leaving
        self.progress = Progress()
        self.reading = Reading(
            naming,
            self.progress,
            self._take,
            wrapper=course.wrapper,
            year=time.gmtime().tm_year,
            every_line=course.every_line,
            lexicon=course.lexicon,
        )
        self.link = Link(course.wanted, tell, patient=course.end is None)
        self.checkpoints = Checkpoints(course, self.link, engine, self.reading, outputs=outputs)
        self.arrivals = Arrivals(
            course, self.link, engine, self.reading, self.checkpoints.states,
            writer=self.checkpoints.writer, plan=plan, tell=tell,
        )  # fmt: skip
        self._client: Client | None = None
        self._ends: dict[Place, int] = {}
        self._written_s: dict[Place, float] = {}
        self._next_tick_s = 0.0
        self._pace = Pace(READ_S, 100, POLL_RECORDS, 500)
        self._told_scattered = False

    def stop(self) -> None:
        """End after this turn; may be called from a signal handler."""
        self.link.stopped = True

    def run(self) -> None:
        """Read until stopped, or to the end that was asked for. Raises UnreadableInput where reading cannot go on."""
        client = self._client = self.link.connect(Moves(self.revoked, self.lost))
        if client is None:
            return
        try:
            while not self.link.stopped and not self._ended(client):
                self._turn(client)
            if self.course.end is not None:
                self.reading.close()
                self._tell_of_time(self.engine.conclude())
        finally:
            self._finish(client)

    def told(self) -> dict[str, object]:
        """Facts of the input, for the report."""
        return self.facts.told(self.reading.lines)

    # -- one turn

    def _turn(self, client: Client) -> None:
        most = POLL_RECORDS if self.reading.scattered else self._pace.size  # the more, the better they are merged
        polled = self.link.poll(client, most)
        arrived = client.take_arrived()
        if client.came_back() and self.progress.positions:
            self.lost(set(self.progress.positions))
            arrived = sorted(client.assignment())
        taken = self.progress.positions.keys() - client.assignment()
        if taken:  # the client does not always say so: seen with 3.0.12
            self.lost(taken)
        if arrived:
            self._welcome(client, arrived)
        now_s, begun_s, before = time.time(), time.monotonic(), self.reading.messages
        parts = by_place(polled)
        for place, messages in by_time(parts) if self.reading.scattered else parts:
            if place in self.progress.positions and place not in arrived:
                self._read(place, messages, now_s)
        self._pace.took(self.reading.messages - before, time.monotonic() - begun_s)
        self.checkpoints.refused(self.reading.sorting.take_poison())
        if time.monotonic() >= self._next_tick_s:
            self._next_tick_s = time.monotonic() + TICK_S
            self._tick(client, now_s)
        self.checkpoints.turn(client)
        self._press_back(client)
        if self._onlooker is not None:
            self._onlooker.turn()

    def _read(self, place: Place, messages: Sequence[Message], now_s: float) -> None:
        end = self._ends.get(place)
        if end is not None and messages[-1].offset >= end:
            messages = [message for message in messages if message.offset < end]
        if messages:
            self.reading.read(place, messages, now_s)
            self._written_s[place] = messages[-1].timestamp / 1000

    def _take(self, event: Event, place: Place) -> None:
        """One event: to its service, and what is found to the sinks."""
        seen = self.engine.observe(event)
        if self._onlooker is not None:
            self._onlooker.saw(event, seen)
        if seen is None:
            return
        if seen.sighting.service != event.service:  # a death that somebody else reported
            self.progress.touch(seen.sighting.service, place, event.offset, event.service)
        self._tell_sinks(seen.findings)

    def _tell_of_time(self, findings: Sequence[Finding]) -> None:
        """What no record has brought, but time or the end."""
        if self._onlooker is not None:
            self._onlooker.found(findings)
        self._tell_sinks(findings)

    def _tell_sinks(self, findings: Sequence[Finding]) -> None:
        if findings:
            self.outputs.take(findings)
            self.checkpoints.told(findings)
            self.facts.findings += len(findings)

    def _tick(self, client: Client, now_s: float) -> None:
        """Once a second: how far behind we are, and what silence means."""
        if not self.course.grouped:
            with suppress(KafkaError):
                client.look_for_partitions()
        self._count(client, now_s)
        if self.reading.scattered and not self._told_scattered:
            self._told_scattered = True
            self._tell(f"messages of {self.reading.scattered} come from several partitions: {SCATTERED}")
        if self.reading.broken is not None:
            self._tell(f"{self.reading.broken}: these lines were read one by one, and perhaps twice")
            self.reading.broken = None
        self.reading.rest(now_s, QUIET_S, self._caught_up)
        if all(map(self._caught_up, self.progress.positions)) and not client.paused:
            self._advance(now_s)

    def _count(self, client: Client, now_s: float) -> None:
        positions, facts, reading = self.progress.positions, self.facts, self.reading
        ends = {place: client.known_end(place) for place in sorted(positions)}
        facts.lag = dict(
            lag_of(place, positions[place], end, self._written_s.get(place), now_s)
            for place, end in ends.items()
            if end is not None  # of a partition that has just come nobody knows yet how much there is to read
        )
        sorting = reading.sorting
        facts.messages, facts.bytes, facts.tombstones = reading.messages, sorting.bytes, sorting.tombstones
        facts.poisoned = dict(sorting.poisoned)
        facts.saved, facts.restored = self.checkpoints.saved, self.arrivals.restored

    def _caught_up(self, place: Place) -> bool:
        lag = self.facts.lag.get(str(place))
        return lag is not None and not lag.messages

    def _advance(self, now_s: float) -> None:
        """Time has passed for services that are read as they write."""
        for name, known in self.progress.services.items():
            service = self.engine.services.get(name)
            current = service.current if service is not None else None
            if service is None or current is None:
                continue
            if is_live(current.last_time_s, now_s) and (findings := service.advance(now_s)):
                self.progress.touch(name, known.home, self.progress.positions.get(known.home, 0), known.lane)
                self._tell_sinks(findings)

    def _press_back(self, client: Client) -> None:
        """Sinks that cannot keep up stop the reading, not the membership."""
        waiting = self.checkpoints.waiting
        if waiting > MOST_WAITING and not client.paused:
            client.pause()
            self._tell(f"reading stops: {waiting} findings or dead letters wait for a sink that does not take them")
        elif client.paused and waiting <= MOST_WAITING // 2:
            client.resume()
            self._tell("reading goes on")
        self.facts.paused = client.paused

    # -- partitions that come and go

    def _welcome(self, client: Client, places: list[Place]) -> None:
        self.facts.rebalances += 1
        self.arrivals.welcome(client, places)
        if self.course.end is not None and not self.link.stopped:
            self._ends |= {place: self.course.end.offset(client, place) for place in places}
        if client.paused:
            client.pause()

    def revoked(self, places: set[Place]) -> None:
        """These partitions are taken away: a last checkpoint, while they are still ours."""
        if self._client is not None:
            self.checkpoints.all(self._client, places & self.progress.positions.keys())
        self.lost(places)

    def lost(self, places: set[Place]) -> None:
        """These partitions are others' by now: forget them."""
        for name in self.progress.leave(places):
            self.engine.let_go(name)
        self.checkpoints.forget(places)
        self.reading.leave(places)
        for place in places:
            self._written_s.pop(place, None)
            self._ends.pop(place, None)

    # -- the end

    def _ended(self, client: Client) -> bool:
        if self.course.end is None or not self._ends:
            return False
        return all(client.position(place) >= end for place, end in self._ends.items())

    def _finish(self, client: Client) -> None:
        """A last checkpoint, the last words, and everything is handed back."""
        with suppress(KafkaError):
            self._tick(client, time.time())
        self.checkpoints.all(client, set(self.progress.positions))
        self._count(client, time.time())
        self._leaving()
        client.close()
        self.checkpoints.close()
