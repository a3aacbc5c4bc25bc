"""Partitions that become ours: their services come back, and reading begins where their state ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from kafka.errors import KafkaError

from gctail.engine import Engine
from gctail.kafka.client import Client
from gctail.kafka.places import Place
from gctail.kafka.reading import Reading
from gctail.kafka.states import Kept, Living, States
from gctail.kafka.writing import NOTE, NotWritten, Writer, make_topic
from gctail.rules import Plan
from gctail.runners.kafka.course import Course
from gctail.runners.kafka.link import POLL_S, Link, sentence
from gctail.service import Service

ANSWER_S = 2.0
AGREE_S, OPEN_S = 20.0, 60.0
"""How long the state topic may differ from the group's offset until it counts as lost: without, and with a transaction
that is still open there (a broker ends that of a dead member after at most 20 s)."""


class Arrivals:
    """Welcomes partitions. `restored` counts the services that came back."""

    def __init__(  # noqa: PLR0913  (the parts it joins)
        self,
        course: Course,
        link: Link,
        engine: Engine,
        reading: Reading,
        states: States | None,
        *,
        writer: Writer | None,
        plan: Plan | None,
        tell: Callable[[str], None],
    ) -> None:
        self.course, self.link, self.engine, self.progress = course, link, engine, reading.progress
        self.reading = reading
        self.states, self.writer, self.plan = states, writer, plan
        self.restored = 0
        self._tell = tell
        self._new_topic = False  # we have made the state topic: nothing will appear in it

    def welcome(self, client: Client, places: list[Place]) -> None:
        """Begin in all of them, however long the brokers take; returns earlier only where we are stopped."""
        waiting, begun_s = places, time.monotonic()
        while waiting and not self.link.stopped:
            try:
                waiting = self._begin_all(client, waiting, time.monotonic() - begun_s)
            except KafkaError as error:
                self.link.trouble(sentence(error))
            if waiting:
                time.sleep(POLL_S)
        self._new_topic = False

    def _begin_all(self, client: Client, places: list[Place], waited_s: float) -> list[Place]:
        """Begin in these partitions; those are given back whose last transaction is not visible yet everywhere."""
        kept = self._kept(client, set(places))
        waiting = []
        for place in places:
            here = kept.get(place, Kept(None, "", {}))
            committed = self._committed(client, place, here)
            ours = self.course.transactional and committed is not None and committed[1].startswith(NOTE)
            differs = ours and committed is not None and committed[1] != here.note
            if differs and not self._new_topic and waited_s < (AGREE_S if here.whole else OPEN_S):
                waiting.append(place)
            else:
                self._begin(client, place, here, committed)
        return waiting

    def _committed(self, client: Client, place: Place, kept: Kept) -> tuple[int, str] | None:
        """The group's offset. Where a transaction keeps it open, the one whose it is, dead by now, is put to rest."""
        if not self.course.grouped:
            return None
        try:
            return client.committed(place, ANSWER_S)
        except KafkaError:
            token = kept.note.removeprefix(NOTE).strip().partition("-")[0]
            if self.writer is not None and self.course.transactional and token:
                with suppress(NotWritten):
                    self.writer.end_transaction_of(transactions_of(token))
            return client.committed(place)

    def _kept(self, client: Client, places: set[Place]) -> dict[Place, Kept]:
        """What the state topic has of these; it and the topics beside it are made where they are not there."""
        if self.states is None:
            return {}
        if not self.states.partitions:
            most = max(len(client.partitions(topic)) for topic in {place.topic for place in places})
            if not most:
                raise KafkaError("the brokers do not tell the partitions yet")
            self._new_topic = self.states.prepare(most)
            wanted = self.course.wanted
            for topic in (self.course.findings_topic, self.course.letters_topic):
                if topic is not None:
                    make_topic(wanted.servers, wanted.settings, topic, most)
        return self.states.restore(places)

    def _begin(self, client: Client, place: Place, kept: Kept, committed: tuple[int, str] | None) -> None:
        services, offset = kept.services, kept.offset
        for refusal in kept.refused:
            self._tell(f"{refusal}: this service begins anew")
        if committed is not None and not committed[1].startswith(NOTE):
            services, offset = {}, committed[0]
            self._tell(f"{place}: somebody has set the group's offset to {offset}: read from there, models begin anew")
        elif offset is None and committed is not None:
            offset = committed[0]
            self._tell(f"{place}: the state topic knows nothing of it: models begin anew at offset {offset}")
        if offset is None:
            offset = self.course.start.offset(client, place)
        oldest = client.beginning(place)
        if offset < oldest:
            self._tell(f"{place}: {oldest - offset} messages were deleted by the broker before they were read")
        offset = max(offset, oldest)
        if kept.newer:
            names = ", ".join(kept.newer[:5]) + (f" and {len(kept.newer) - 5} more" if len(kept.newer) > 5 else "")
            self._tell(f"a newer gctail has kept the state of {names}: it is left alone, and models begin anew here")
            self.progress.spare(place, kept.newer)
        adopted = self._adopt(services)
        self.progress.arrive(place, offset, {name: living.positions for name, living in adopted.items()})
        self.reading.arrive(place)
        self.reading.recall(place, (living.context for living in adopted.values()))
        client.seek(place, offset)

    def _adopt(self, services: Mapping[str, Living]) -> dict[str, Living]:
        """The services that came back."""
        adopted = {}
        for name, living in services.items():
            try:
                self.engine.adopt(Service.restore(living.state, self.plan))
            except (ValueError, KeyError, TypeError) as error:
                self._tell(f"the state of {name} cannot be used ({error}): it begins anew")
                continue
            adopted[name] = living
        self.restored += len(adopted)
        return adopted


def transactions_of(token: str) -> str:
    """The name of the transactions of one consumer; the token is its own, and stands in all its notes."""
    return f"gctail-{token}"
