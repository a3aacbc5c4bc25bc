"""`gctail kafka`: reads logs from Kafka topics, alone or as one of a group of consumers."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gctail.cli.configuring import configurable
from gctail.cli.options import judging, mining, new_parser, telling
from gctail.cli.saying import Aside, say
from gctail.cli.topics import course_of, membership, messages, topics
from gctail.cli.viewing import viewing
from gctail.cli.wrapping import lexicon_of
from gctail.errors import UsageError
from gctail.records import Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gctail.cli.telling import Teller
    from gctail.engine import Engine
    from gctail.kafka.naming import Naming
    from gctail.parsing.reading import Event
    from gctail.records import Finding
    from gctail.runners.alerts import Alerts
    from gctail.runners.kafka import Consumption, Course
    from gctail.service import Seen

LEAVING_S = 40.0
"""What a last checkpoint, and leaving a group, may take where brokers are away."""
SWITCH_S = 0.0005
"""Writing and the heartbeat have threads of their own, which wait 5 ms for each step of theirs while reading works at
full speed, unless Python is told to switch sooner: a checkpoint of 5 MB took 4 s so, and takes 1 s now."""

DESCRIPTION = """\
Reads logs from Kafka topics and says what is wrong with the services that wrote them. A message may hold a line,
several lines, a piece of a torn line, or the JSON of Filebeat, Fluent Bit, Vector, Logstash or OTLP.

  gctail kafka --brokers k1:9092,k2:9092 --topic logs                           what comes from now on
  gctail kafka --brokers k1:9092 --topic logs --start -2h --until end           what the last two hours hold
  gctail kafka --brokers k1:9092 --topic logs --group gctail --findings-topic findings
                                                                                as one of a group of consumers

In a group, offsets are committed only after every sink has the findings and the state of the services is saved (in
the topic of --state-topic), so a consumer that dies is taken over without loss. More: docs/kafka.md."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail kafka`."""
    parser = new_parser("gctail kafka", DESCRIPTION)
    _where(parser.add_argument_group("what to read"))
    _together(parser.add_argument_group("in a group"))
    told = parser.add_argument_group("what to tell")
    told.add_argument("--findings-topic", metavar="TOPIC", help="write findings there too: JSON, key = service")
    told.add_argument("--rekey-to", metavar="TOPIC", help="only copy the messages there, keyed by service")
    told.add_argument("-v", "--verbose", action="store_true", help="a line for every collection as well")
    told.add_argument("--record", metavar="DIR", help="keep the last 8 MiB of each log here, for gctail postmortem DIR")
    telling(told)
    judging(told)
    mining(told)
    viewing(parser)
    configurable(parser)
    return parser


def _where(group: argparse._ArgumentGroup) -> None:
    topics(group)
    group.add_argument("--pattern", metavar="REGEX", help="topics by pattern; those that appear later, too")
    messages(group)


def _together(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--group", metavar="NAME", help="share the partitions with all consumers of this group")
    group.add_argument("--instance-id", metavar="NAME", help="stay the same member over a restart (static membership)")
    group.add_argument("--state-topic", metavar="TOPIC", help="where state is kept (gctail-state-GROUP)")
    group.add_argument("--dead-letters", metavar="TOPIC", help="for messages of no use (gctail-dead-letters-GROUP)")
    membership(group)


def run(options: argparse.Namespace) -> int:
    """Consume, and return the exit status."""
    course = _course(options)
    from gctail.cli.judging import alerts_of, counts_lines, limit_of, limits_of, mining_of, plan_of
    from gctail.cli.telling import Teller
    from gctail.engine import Engine, report
    from gctail.kafka.naming import Naming
    from gctail.runners.kafka import Consumption

    limit_mib = limit_of(options)
    plan = plan_of(options)
    naming = Naming(options.service_from)
    if options.rekey_to is not None:
        return _rekey(course, naming, options.rekey_to)
    engine = Engine(limit_mib=limit_mib, plan=plan)
    engine.mined.share = mining_of(options)
    engine.limits = limits_of(options, limit_mib)
    alerts = alerts_of(options) if course.end is None else []  # nobody is woken for what is long over
    teller = Teller(options, limit_mib, others=alerts, live=True)
    looking = Looking(options, engine, teller, alerts)
    consumption = Consumption(
        replace(course, every_line=counts_lines(plan)), engine, naming, teller.outputs, plan=plan,
        tell=looking.say, onlooker=looking, leaving=lambda: looking.end(lambda: report(engine, consumption.told())),
    )  # fmt: skip
    if options.record is not None:
        from gctail.store.recorder import Recorder

        recorder = Recorder(options.record, looking.say)
        consumption.reading.record = lambda topic, name, lines: recorder.take(f"{topic} {name}", name, lines)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumption.stop())
    sys.setswitchinterval(SWITCH_S)
    looking.around(consumption)
    return 1 if teller.failed else 0


class Looking:
    """Who looks on: a line for every collection, the live views, a configuration that is read again on SIGHUP."""

    def __init__(self, options: argparse.Namespace, engine: Engine, teller: Teller, alerts: Sequence[Alerts]) -> None:
        from gctail.cli.judging import changes_of
        from gctail.cli.reloading import Reloading
        from gctail.cli.viewing import views_of

        self.teller, self.alerts = teller, alerts
        self.views = views_of(options, engine, dict)
        self._aside = Aside(say, waits=options.tui)
        self._outcome: dict[str, Any] | None = None
        self.say = self._aside.say
        self._reloading = Reloading(options, changes_of(engine, teller, alerts), self.say)
        self._reloading.listen()

    def around(self, consumption: Consumption) -> None:
        """Let it read, in front of the views that were asked for."""
        if self.views is None:
            consumption.run()
            return
        self.views.facts = lambda: self._facts(consumption)
        if self._aside.waits:
            self.teller.console.silent = True
            asks, close = self._reloading.ask, self.teller.outputs.close
            self.views.terminal(consumption.run, consumption.stop, LEAVING_S, reload=asks, alone=close)
            self.teller.console.silent = False
            self._aside.rest()
            if (outcome := self._outcome) is not None:
                self.teller.end(lambda: outcome)
            self.views.close()
            return
        try:
            consumption.run()
        finally:
            self.views.close()

    def end(self, outcome: Callable[[], dict[str, Any]]) -> None:
        """The verdict; behind a view when that is closed. It is asked for now, while all services are still there."""
        if self._aside.waits:
            self._outcome = outcome()
        else:
            self.teller.end(outcome)

    def saw(self, event: Event, seen: Seen | None) -> None:
        """One event."""
        if seen is not None:
            self.teller.cycle(seen)
        if self.views is not None:
            board = self.views.board
            if isinstance(event, Passage):
                board.read(event)
            elif seen is not None:
                board.see(seen)

    def found(self, findings: Sequence[Finding]) -> None:
        """What time has brought."""
        if self.views is not None:
            self.views.board.found(findings)

    def turn(self) -> None:
        """Between two readings."""
        self._reloading.due()
        if self.views is not None:
            self.views.tick()

    def _facts(self, consumption: Consumption) -> dict[str, Any]:
        """What is known of the input while it is being read: how far behind the reading is, how the alerts fare."""
        told, facts = consumption.told(), consumption.facts
        told |= {"messages": facts.messages, "lag_messages": facts.behind, "lag_s": facts.seconds}
        if consumption.link.wrong is not None:
            told["trouble"] = "waiting for Kafka"
            told["notes"] = [*facts.remarks(), f"Kafka: {consumption.link.wrong}"]
        elif facts.paused:
            told["trouble"] = "reading stops: a sink takes nothing"
        for each in self.alerts:
            told["alerts"], told["alerts_dropped"] = each.health(), each.dropped
        return told


def _rekey(course: Course, naming: Naming, topic: str) -> int:
    """Copy messages under better keys instead of judging them."""
    from gctail.runners.kafka.rekeying import Rekeying

    rekeying = Rekeying(course, naming, topic, say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: rekeying.stop())
    rekeying.run()
    keyed, nameless = rekeying.copied["keyed"], rekeying.copied["nameless"]
    say(f"{keyed + nameless} messages copied to {topic}; {nameless} of them name no service and kept their key")
    return 0


def _course(options: argparse.Namespace) -> Course:
    if not options.topic and options.pattern is None:
        raise UsageError("kafka: which topics? Give --topic TOPIC or --pattern REGEX")
    if options.topic and options.pattern is not None:
        raise UsageError("kafka: --topic and --pattern: give one of them")
    if options.instance_id is not None and options.group is None:
        raise UsageError("--instance-id: only a member of a group can have one; give --group as well")
    try:
        from gctail.runners.kafka import Course
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "kafka":
            raise
        raise UsageError("kafka: the client is not installed: pip install 'gctail[kafka]'") from error
    from gctail.kafka.client import Wanted
    from gctail.kafka.security import load_security

    start, end = course_of(options)
    group = options.group
    wanted = Wanted(
        servers=options.brokers,
        topics=tuple(options.topic),
        pattern=options.pattern,
        group=group,
        instance=options.instance_id,
        session_s=options.session_timeout,
        reset="latest" if start.kind == "latest" else "earliest",
        settings=load_security(options.security, os.environ),
    )
    return Course(
        wanted=wanted,
        start=start,
        end=end,
        findings_topic=options.findings_topic,
        state_topic=options.state_topic or (f"gctail-state-{group}" if group else None),
        letters_topic=options.dead_letters or (f"gctail-dead-letters-{group}" if group else None),
        transactional=not options.at_least_once,
        wrapper=options.wrapper,
        lexicon=lexicon_of(options),
    )
