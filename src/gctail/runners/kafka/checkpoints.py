"""Checkpoints: once all sinks have what they took, state, findings, dead letters and offsets go to Kafka as one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from uuid import uuid4

from kafka.errors import KafkaError
from msgspec import Struct

from gctail.engine import Engine
from gctail.kafka.client import Client
from gctail.kafka.letters import headers_of
from gctail.kafka.pace import Pace
from gctail.kafka.places import Place
from gctail.kafka.reading import Reading
from gctail.kafka.sorting import Poison
from gctail.kafka.states import Living, States
from gctail.kafka.writing import ATTEMPT_S, NOTE, NotWritten, Outgoing, Writer
from gctail.records import Finding
from gctail.runners.kafka.arrivals import transactions_of
from gctail.runners.kafka.course import Course
from gctail.runners.kafka.link import Link, sentence
from gctail.sinks import Sink
from gctail.sinks.jsonl import finding_json

CHECKPOINT_S = 5.0
FINDING_S = 0.3
"""A finding makes a checkpoint due after this long: what was told is saved before anything can be lost."""
SAVING_SHARE = 10
"""Saving takes at most one in so many seconds: with many services a round is longer, and so is a replay."""
WRITING_S = 1.0
"""So long one transaction should take: what does not fit into it comes with the next, the longest unsaved first."""
AGAIN_S = 1.0
GIVE_BACK_S = 20.0
"""How long partitions that are taken away may be held for their last checkpoint."""


class Saving(Struct):
    """A checkpoint on its way."""

    future: Future[float]
    positions: dict[str, dict[Place, int]]
    offsets: dict[Place, int]
    findings: list[Finding]
    letters: list[Poison]
    note: str
    begun_s: float
    bytes: int
    soon: bool = False  # only what a finding has made urgent
    more: bool = False  # not all that has changed had room in it


class Checkpoints:
    """Says what there is to save, has it written on another thread, and keeps the books of what became of it."""

    def __init__(
        self,
        course: Course,
        link: Link,
        engine: Engine,
        reading: Reading,
        *,
        outputs: Sink,
    ) -> None:
        self.course, self.link, self.engine = course, link, engine
        self.reading, self.progress, self.outputs = reading, reading.progress, outputs
        wanted = course.wanted
        writes = course.grouped or course.findings_topic is not None or course.letters_topic is not None
        self._token, self._count = uuid4().hex[:12], 0
        name = transactions_of(self._token) if course.grouped and course.transactional else None
        self.writer = Writer(wanted.servers, wanted.settings, name) if writes else None
        has_state = course.grouped and course.state_topic is not None
        self.states = States(wanted.servers, wanted.settings, course.state_topic or "") if has_state else None
        self.saved = 0
        self._findings: list[Finding] = []
        self._letters: list[Poison] = []
        self._unsettled = 0
        self._saving: Saving | None = None
        self._committed: dict[Place, int] = {}
        self._urgent: dict[str, None] = {}  # services of which something was told
        self._pace = Pace(WRITING_S, 1 << 18, 8 << 20, 1 << 20)  # bytes of state
        self._due_s = self._soon_s = 0.0

    @property
    def waiting(self) -> int:
        """Findings and dead letters that are not safe yet."""
        findings, letters = len(self._findings), len(self._letters)
        if self._saving is not None:
            findings, letters = findings + len(self._saving.findings), letters + len(self._saving.letters)
        return max(self._unsettled, findings, letters)

    def told(self, findings: Sequence[Finding]) -> None:
        """The sinks have taken these."""
        self._unsettled += len(findings)
        self._urgent.update(dict.fromkeys(finding.service for finding in findings))
        if self.course.findings_topic is not None:
            self._findings += findings

    def refused(self, letters: Sequence[Poison]) -> None:
        """These messages were of no use."""
        if self.course.letters_topic is not None:
            self._letters += letters

    # -- when

    def turn(self, client: Client) -> None:
        """Look at the checkpoint that is on its way, begin another where one is due."""
        if not self._over(client, 0.0):
            return
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._begin(client, None, 0.05)
        elif self.waiting and now_s >= self._soon_s:
            self._begin(client, None, 0.05, soon=True)

    def all(self, client: Client, places: set[Place]) -> None:
        """Save all there is to save of these partitions, as long as they may be held for it."""
        until_s = time.monotonic() + GIVE_BACK_S
        while time.monotonic() < until_s:
            if self._over(client, 0.5) and not self._begin(client, places, 1.0) and not self._unsettled:
                break

    def forget(self, places: set[Place]) -> None:
        """Partitions are others' by now: what was not written is found again, and written, by whoever has them.

        Nor does the checkpoint that is on its way say anything of them, should they be ours again when it is over.
        """
        for place in places:
            self._committed.pop(place, None)
        if places and (saving := self._saving) is not None:
            ours = self.progress.services
            saving.offsets = {place: at for place, at in saving.offsets.items() if place not in places}
            saving.positions = {name: at for name, at in saving.positions.items() if name in ours}
            saving.findings = [finding for finding in saving.findings if finding.service in ours]
        if self.states is not None:
            ours, here = self.progress.services, self.progress.positions
            self._urgent = {name: None for name in self._urgent if name in ours}
            self._findings = [finding for finding in self._findings if finding.service in ours]
            self._letters = [
                each for each in self._letters if Place(each.message.topic, each.message.partition) in here
            ]

    def close(self) -> None:
        """No more will be written."""
        if self.writer is not None:
            self.writer.close()

    # -- what

    def _begin(self, client: Client, places: set[Place] | None, within_s: float, *, soon: bool = False) -> bool:
        """Begin to save what has changed in these partitions (None: in all), once all sinks have what they took.

        What is urgent comes first, and alone where it is to be `soon`. False where nothing was to be saved.
        """
        if self._unsettled and not self.outputs.settled(within_s):
            return False
        self._unsettled = 0
        begun_s = time.monotonic()
        self._soon_s = begun_s + FINDING_S
        if not soon:
            self._due_s = begun_s + CHECKPOINT_S
        if self.writer is None:
            return False
        names: list[str] = []
        messages: list[Outgoing] = []
        more = False
        if self.states is not None:
            names, messages, more = self._changed(self.states, set() if soon else places)
        size = sum(len(each.value or b"") for each in messages)
        positions = {name: self.progress.positions_of(name) for name in names}
        self.progress.saving(names)
        for name in names:
            self._urgent.pop(name, None)
        findings, self._findings = self._ready()
        letters, self._letters = self._letters, []
        offsets = self._offsets(places, self.progress.homes(names))
        if not (names or offsets or findings or letters):
            return False
        self._count += 1
        note = f"{NOTE} {self._token}-{self._count}"
        if self.states is not None:
            messages += [self.states.place_record(place, offset, note) for place, offset in offsets.items()]
        messages += self._told(findings)
        topic = self.course.letters_topic or ""
        for each in letters:
            headers = headers_of(each.message, each.reason)
            messages.append(Outgoing(topic, each.message.key, each.message.value, headers))
        member = client.membership() if self.course.grouped else None
        future = self.writer.write(messages, offsets, member, note)
        self._saving = Saving(future, positions, offsets, findings, letters, note, begun_s, size, soon, more)
        return True

    def _ready(self) -> tuple[list[Finding], list[Finding]]:
        """Findings to write, and those that have to wait until the state of their service can be saved with them."""
        if self.states is None:
            return self._findings, []
        ready: list[Finding] = []
        waiting: list[Finding] = []
        for finding in self._findings:
            (waiting if self.progress.is_dirty(finding.service) else ready).append(finding)
        return ready, waiting

    def _changed(self, states: States, places: set[Place] | None) -> tuple[list[str], list[Outgoing], bool]:
        """The services to save, with their state, and whether more wait; not those in the middle of something."""
        blocked = self._blocked()
        names: list[str] = []
        messages: list[Outgoing] = []
        size = 0
        urgent = [name for name in self._urgent if self.progress.is_dirty(name)]
        for name in dict.fromkeys([*urgent, *self.progress.dirty(places)]):
            if size >= self._pace.size:
                return names, messages, True
            known = self.progress.services[name]
            if name in blocked or known.lane in blocked:
                continue
            service = self.engine.services.get(name)
            if service is None:
                self.progress.forget(name)
                continue
            living = Living(service.state(), self.progress.positions_of(name), self.reading.context(known.lane))
            messages.append(states.service_record(name, known.home, living))
            size += len(messages[-1].value or b"")
            names.append(name)
        return names, messages, False

    def _blocked(self) -> set[str]:
        """Services, and lanes, that hold something unfinished: their state would not have it."""
        blocked: set[str] = set()
        for lane, names in self.reading.open.items():
            blocked |= {lane} if names is None else names
        return blocked

    def _offsets(self, places: set[Place] | None, homes: set[Place]) -> dict[Place, int]:
        """From where a successor has to read, where that has changed, and wherever a service is saved that lives there.

        So a successor can see by the note beside the offset whether it sees all that was saved.
        """
        if not self.course.grouped:
            return {}
        asked = {*(self.progress.positions if places is None else places), *homes}
        known = {place: offset for place in sorted(asked) if (offset := self.progress.safe(place)) is not None}
        return {
            place: offset for place, offset in known.items() if place in homes or self._committed.get(place) != offset
        }

    def _told(self, findings: Sequence[Finding]) -> list[Outgoing]:
        topic = self.course.findings_topic or ""
        return [
            Outgoing(topic, finding.service.encode("utf-8", "surrogateescape"), finding_json(finding))
            for finding in findings
        ]

    # -- what became of it

    def _over(self, client: Client, within_s: float) -> bool:
        """Whether no checkpoint is on its way; what came of the last one is taken into the books."""
        saving = self._saving
        if saving is None:
            return True
        try:
            took_s = self._outcome(client, saving, within_s)
        except NotYet:
            return False
        except (NotWritten, KafkaError) as error:
            self._saving = None
            self.progress.unsaved()
            self._urgent.update(dict.fromkeys(saving.positions))
            self._findings, self._letters = saving.findings + self._findings, saving.letters + self._letters
            self.forget(set())
            self.link.trouble(f"a checkpoint was not written ({sentence(error)})")
            self._due_s = self._soon_s = time.monotonic() + AGAIN_S
            self._pace.took(saving.bytes, ATTEMPT_S)
            return True
        self._saving = None
        self.progress.saved(saving.positions)
        self._committed.update(saving.offsets)
        self.saved += len(saving.positions)
        self._pace.took(saving.bytes, took_s)
        self._soon_s = time.monotonic() + FINDING_S
        if not saving.soon:
            least_s = 0.0 if saving.more else CHECKPOINT_S
            self._due_s = saving.begun_s + max(least_s, SAVING_SHARE * took_s)
        return True

    def _outcome(self, client: Client, saving: Saving, within_s: float) -> float:
        """How long it took. Raises NotWritten or KafkaError where it was not written, NotYet where nobody knows yet."""
        try:
            took_s = saving.future.result(within_s)
        except NotWritten:
            if not self.course.transactional or not saving.offsets:
                raise
            try:
                committed = client.committed(next(iter(saving.offsets)))
            except KafkaError as error:
                raise NotYet from error
            if committed is None or committed[1] != saving.note:
                raise
            return ATTEMPT_S  # the brokers took it, only their answer was lost
        if self.course.grouped and not self.course.transactional and saving.offsets:
            client.commit(saving.offsets, saving.note)
        return took_s
