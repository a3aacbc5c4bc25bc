"""The application: its topics, its two halves, and what happens when the engine gives up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from msgspec import Struct
from msgspec.structs import replace
from quixstreams import Application
from quixstreams.exceptions import QuixException
from quixstreams.kafka import ConnectionConfig
from quixstreams.models import TopicConfig
from quixstreams.state.exceptions import InvalidChangelogOffset, InvalidStoreChangelogOffset

from gctail.engine import Engine, report
from gctail.kafka.lag import Facts
from gctail.kafka.places import Place
from gctail.kafka.starting import End, Start
from gctail.runners.scale.beginning import begin
from gctail.runners.scale.ending import ends
from gctail.runners.scale.judging import Judging
from gctail.runners.scale.scanning import Extent, Scanning, Shuffle
from gctail.runners.scale.shares import NOBODY, Onlooker
from gctail.runners.scale.strips import Views
from gctail.runners.scale.trouble import Trouble
from gctail.runners.terminal import end_at_once
from gctail.sinks import Sink

AGAIN_S, LEAVING_S = 2.0, 40.0
TRANSACTION_MS = 20_000
"""After so long a broker ends the transaction of a process that died in it; until then nobody sees what comes after."""
METADATA_S = 5.0


class Wanted(Struct, frozen=True):
    """What to read, as whom, and where everything goes. `settings` are librdkafka's."""

    servers: str
    topics: tuple[str, ...]
    group: str
    findings_topic: str
    start: Start = Start("latest")
    end: End | None = None
    exactly_once: bool = True
    checkpoint_s: float = 5.0
    session_s: float = 10.0
    partitions: int | None = None
    folder: str | None = None
    settings: dict[str, str] = {}

    @property
    def packets_topic(self) -> str:
        """Where records and digests meet, keyed by service."""
        return f"gctail-packets-{self.group}"

    @property
    def letters_topic(self) -> str:
        """Where messages of no use go."""
        return f"gctail-dead-letters-{self.group}"


class Quiet(Application):
    """The engine, without its own handlers of signals: `Topology.stop` is told of them, also between two beginnings."""

    def _setup_signal_handlers(self) -> None:
        pass


class Topology:
    """One process of the application."""

    def __init__(  # noqa: PLR0913  (the parts it joins)
        self,
        wanted: Wanted,
        views: Views,
        engine: Callable[[], Engine],
        outputs: Sink,
        say: Callable[[str], None],
        *,
        onlooker: Onlooker = NOBODY,
    ) -> None:
        self.wanted, self.views, self.engine, self.outputs, self.say = wanted, views, engine, outputs, say
        self.onlooker = onlooker
        self.facts = Facts(group=wanted.group)
        self.lines = 0
        self._halves: tuple[Scanning, Judging] | None = None  # that work now
        self._engines: list[Engine] = []
        self._ends: dict[Place, int] = {}
        self._stopped = self._done = self._over = False
        self._trouble = Trouble(say)
        self._app: Application | None = None

    def stop(self) -> None:
        """Take a last checkpoint and end; may be called from a signal handler.

        The engine waits without end for brokers that do not take it. So after `LEAVING_S` the process ends without it,
        which is as if it were killed: what it did since the one before is done again by others.
        """
        if not self._stopped:
            self._stopped = True
            waiting = threading.Timer(LEAVING_S, self._give_up)
            waiting.daemon = True
            waiting.start()
        if self._app is not None:
            self._app.stop()

    def _give_up(self) -> None:
        if not self._over:
            self.say("Kafka: the brokers take no last checkpoint: others go on from the one before")
            end_at_once(0)

    def run(self) -> None:
        """Work until stopped. What the engine cannot go on after (a lost lease, a fenced producer) begins it anew."""
        try:
            self._run()
        finally:
            self._over = True

    def _run(self) -> None:
        with TemporaryDirectory(prefix="gctail-") as folder:
            while not self._stopped and not self._done:
                inputs = self._inputs()
                if self._stopped:
                    break
                try:
                    self._begin(inputs)
                    self._work(inputs, Path(self.wanted.folder or folder))
                except (InvalidStoreChangelogOffset, InvalidChangelogOffset):
                    self._forget()
                except (KafkaException, QuixException) as error:
                    if self._stopped:
                        break
                    self.say(f"Kafka: {sentence(error)}; beginning again at the last checkpoint")
                    time.sleep(AGAIN_S)

    def _forget(self) -> None:
        """What is kept here is newer than its topics, which somebody has deleted."""
        self.say(f"the topics of the state in {self.wanted.folder} are gone: it is deleted, and models begin anew")
        if self._app is not None:
            self._app.clear_state()  # type: ignore[no-untyped-call]

    def _begin(self, inputs: Mapping[str, tuple[int, int]]) -> None:
        """Where the group has no offsets, and is to begin anywhere but at an end of the partitions; where it ends."""
        wanted = self.wanted
        places = [Place(topic, number) for topic, (count, _) in inputs.items() for number in range(count)]
        if wanted.end is not None or wanted.start.kind not in {"earliest", "latest"}:
            begin(self._settings, wanted.group, wanted.start, places)
        if wanted.end is not None and not self._ends:
            self._ends = ends(self._settings, wanted.group, wanted.end, places)

    @property
    def _settings(self) -> dict[str, str]:
        """librdkafka's."""
        return {"bootstrap.servers": self.wanted.servers, **self.wanted.settings}

    def _work(self, inputs: Mapping[str, tuple[int, int]], folder: Path) -> None:
        wanted = self.wanted
        copies = max(each[1] for each in inputs.values())
        partitions = wanted.partitions or max(each[0] for each in inputs.values())
        app = self._application(folder)
        config = TopicConfig(partitions, copies, {"retention.ms": str(24 * 3600 * 1000)})
        packets = app.topic(wanted.packets_topic, "bytes", config=config)
        for name in (wanted.findings_topic, wanted.letters_topic):
            app.topic(name, "bytes", config=TopicConfig(partitions, copies))
        frames = {name: app.dataframe(app.topic(name, "bytes")) for name in wanted.topics}
        judged = app.dataframe(packets)
        topic, trouble = wanted.findings_topic, self._trouble
        judging = Judging(
            judged, self.engine, topic=topic, outputs=self.outputs, trouble=trouble, onlooker=self.onlooker,
            ends=bool(self._ends),
        )  # fmt: skip
        context, letters = judged.processing_context, wanted.letters_topic
        shuffle = Shuffle(context, wanted.packets_topic, partitions, letters, judging.by)
        extent = Extent(sum(each[0] for each in inputs.values()), self._ends)
        scanning = Scanning(frames, self.views, shuffle, extent=extent, trouble=trouble)
        for frame in frames.values():
            frame.sink(scanning)
        judged.sink(judging)
        tasks = judged.processing_context.dataframe_registry
        tasks.register_periodic_task(self._perhaps_stop)
        tasks.register_periodic_task(scanning.turn)
        tasks.register_periodic_task(judging.turn)
        if self._ends:
            tasks.register_periodic_task(lambda: self._perhaps_end(scanning, judging))
        self._app = app
        if self._stopped:
            return
        self._halves = scanning, judging
        try:
            app.run()
        finally:
            self._halves = None
            self._count(self.facts, scanning, judging)
            self.lines += scanning.lines
        self._engines = judging.engines()
        self._done = bool(self._ends)

    def _perhaps_stop(self) -> None:
        """The engine forgets that it was stopped while it was beginning."""
        if self._stopped and self._app is not None:
            self._app.stop()

    def _perhaps_end(self, scanning: Scanning, judging: Judging) -> None:
        """All that is ours is read to its end, and judged: a last checkpoint, and others may have the rest."""
        ours = scanning.shuffle.context.consumer.assignment()
        packets = self.wanted.packets_topic
        inputs = [Place(each.topic, each.partition) for each in ours if each.topic in self.wanted.topics]
        shares = [each.partition for each in ours if each.topic == packets]
        over = all(scanning.is_over(place) for place in inputs) and all(
            judging.is_over(number, inputs) for number in shares
        )
        if (inputs or shares) and over and self._app is not None:
            self._app.stop()

    @staticmethod
    def _count(facts: Facts, scanning: Scanning, judging: Judging) -> None:
        facts.messages += scanning.messages
        facts.findings += judging.findings
        facts.bytes += scanning.sorting.bytes
        facts.tombstones += scanning.sorting.tombstones
        for reason, count in scanning.sorting.poisoned.items():
            facts.poisoned[reason] = facts.poisoned.get(reason, 0) + count

    def told(self) -> dict[str, Any]:
        """Facts of the input so far, for who looks on."""
        facts, lines = replace(self.facts, poisoned={**self.facts.poisoned}), self.lines
        if self._halves is not None:
            scanning, judging = self._halves
            self._count(facts, scanning, judging)
            facts.lag, lines = scanning.lag(time.time()), lines + scanning.lines
        told = facts.told(lines)
        if self._trouble.told:
            told["trouble"] = "waiting for Kafka"
        return {**told, "messages": facts.messages, "lag_messages": facts.behind, "lag_s": facts.seconds}

    @property
    def services(self) -> int:
        """How many there are in this process at its end."""
        return sum(len(engine.services) for engine in self._engines)

    def report(self) -> dict[str, Any]:
        """The verdicts on the services that are in this process at its end."""
        gathered = self.engine()
        for engine in self._engines:
            gathered.services.update(engine.services)
        return report(gathered, self.facts.told(self.lines))

    def _application(self, folder: Path) -> Application:
        wanted = self.wanted
        session = {
            "session.timeout.ms": int(wanted.session_s * 1000),
            "heartbeat.interval.ms": max(100, int(wanted.session_s * 1000 / 4)),
            "fetch.queue.backoff.ms": 20,
        }
        producing = {"compression.type": "gzip", "linger.ms": 20}
        if wanted.exactly_once:
            producing["transaction.timeout.ms"] = TRANSACTION_MS
        return Quiet(
            ConnectionConfig.from_librdkafka_dict(self._settings),
            consumer_group=wanted.group,
            auto_offset_reset="latest" if wanted.start.kind == "latest" else "earliest",
            commit_interval=wanted.checkpoint_s,
            consumer_extra_config=session,
            producer_extra_config=producing,
            state_dir=folder,
            consumer_poll_timeout=0.1,
            loglevel=None,
            processing_guarantee="exactly-once" if wanted.exactly_once else "at-least-once",
            broker_availability_timeout=0,
        )

    def _inputs(self) -> dict[str, tuple[int, int]]:
        """Partitions and copies of each topic of the input, as soon as all are there."""
        told = False
        admin = AdminClient(self._settings, logger=logging.getLogger("confluent_kafka"))
        while not self._stopped:
            try:
                known = admin.list_topics(timeout=METADATA_S).topics
            except KafkaException as error:
                missing = f"{self.wanted.servers} does not answer ({sentence(error)})"
            else:
                there = {name: known[name].partitions for name in self.wanted.topics if name in known}
                if len(there) == len(self.wanted.topics):
                    return {name: (len(each), len(each[0].replicas)) for name, each in there.items()}
                missing = f"there is no topic {', '.join({*self.wanted.topics} - there.keys())} yet"
            if not told:
                self.say(f"Kafka: {missing}; waiting")
                told = True
            time.sleep(AGAIN_S)
        return {}


def sentence(error: Exception) -> str:
    """What librdkafka or the engine says, in one line."""
    told = error.args[0] if error.args else ""
    text = told.str() if isinstance(told, KafkaError) else str(error)
    return text.splitlines()[0][:300] if text else type(error).__name__
