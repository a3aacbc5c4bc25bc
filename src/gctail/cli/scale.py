"""`gctail scale run`: the same judging on a distributed engine, in any number of processes on any machines."""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections import ChainMap
from typing import TYPE_CHECKING, Any, cast

from gctail.cli.configuring import configurable
from gctail.cli.options import judging, new_parser, telling
from gctail.cli.saying import say
from gctail.cli.topics import course_of, membership, messages, topics
from gctail.cli.viewing import listening
from gctail.cli.wrapping import lexicon_of
from gctail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.cli.telling import Teller
    from gctail.engine import Engine
    from gctail.records import Finding
    from gctail.runners.alerts import Alerts
    from gctail.runners.scale import Topology
    from gctail.service import Seen

MOST_MINED_KIB = 8 << 10
"""What may be known of the text of the services of one partition: that of some 50 usual ones, whichever process has it.

Their state is the largest, and is written ever again."""

DESCRIPTION = """\
Reads logs from Kafka topics in as many processes as it takes, on Quix Streams. Start the same command on as many
machines as you like, and stop any of them at any time: partitions, and the state of the services in them, move.

  gctail scale run --brokers k1:9092,k2:9092 --topic logs --group gctail --findings-topic findings

Lines are unwrapped and scanned where they come in; only records of the runtime, and a sample of the lines between them,
travel on to where their service is judged. So the topic need not be keyed by service. More: docs/scale.md.

  gctail scale run --brokers k1:9092 --topic logs --group last-night --start -8h --until end
                                                                  what is retained, and the verdicts"""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail scale`."""
    parser = new_parser("gctail scale", DESCRIPTION)
    parser.add_argument("do", choices=("run",), metavar="run", help="be one of the processes")
    reading = parser.add_argument_group("what to read")
    topics(reading)
    messages(reading)
    _working(parser.add_argument_group("how to work"))
    told = parser.add_argument_group("what to tell")
    told.add_argument("--findings-topic", metavar="TOPIC", help="where findings go (gctail-findings-GROUP)")
    told.add_argument("-v", "--verbose", action="store_true", help="a line for every collection that is judged here")
    telling(told)
    judging(told)
    listening(parser)
    configurable(parser)
    return parser


def _working(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--group", metavar="NAME", required=True, help="all processes of this group work together")
    group.add_argument(
        "--partitions", metavar="N", type=int, help="of the topic in which services meet, when it is made (the input's)"
    )
    group.add_argument(
        "--checkpoint", metavar="SECONDS", type=float, default=5.0, help="findings and state are written so often (5)"
    )
    group.add_argument(
        "--state-dir", metavar="DIR", help="keep a copy of the state here, so that a restart reads less; one a process"
    )
    membership(group)


def run(options: argparse.Namespace) -> int:
    """Work until stopped, and return the exit status."""
    if not options.topic:
        raise UsageError("scale: which topics? Give --topic TOPIC")
    _check_engine()
    from gctail.cli.judging import alerts_of, limit_of
    from gctail.cli.telling import Teller

    alerts = alerts_of(options) if options.until is None else []  # nobody is woken for what is long over
    teller = Teller(options, limit_of(options), others=alerts, live=True)
    looking = Looking(options, teller, alerts)
    topology = _topology(options, looking)
    looking.attend(topology)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: topology.stop())
    try:
        topology.run()
    finally:
        looking.close()
    teller.end(topology.report, services=topology.services)
    facts = topology.facts
    say(f"{facts.messages} messages were read, {facts.findings} findings were made by this process")
    return 1 if teller.failed else 0


class Looking:
    """Makes the engines, one a partition, and looks on: collections, the page, a configuration read again on SIGHUP."""

    def __init__(self, options: argparse.Namespace, teller: Teller, alerts: Sequence[Alerts]) -> None:
        from gctail.cli.judging import limit_of, limits_of, plan_of
        from gctail.cli.reloading import Reloading
        from gctail.cli.viewing import views_of
        from gctail.engine import Engine

        self.teller, self.alerts = teller, alerts
        self.plan = plan_of(options)
        self._limit_mib = limit_of(options)
        self._limits = limits_of(options, self._limit_mib)
        self._engines: Sequence[Engine] = ()
        self._all = Engine()  # shows the services of all of them
        self.views = views_of(options, self._all, dict)
        self._reloading = Reloading(options, [self._judge, teller.reload, self._alert], say)
        self._reloading.listen()

    def attend(self, topology: Topology) -> None:
        """This is what is to be looked at."""
        if self.views is not None:
            self.views.facts = topology.told

    def engine(self) -> Engine:
        """For one partition."""
        from gctail.engine import Engine

        made = Engine(limit_mib=self._limit_mib, plan=self.plan)
        made.limits, made.trace_points = self._limits, self._all.trace_points
        made.mined.share, made.mined.most_kib = 1.0, MOST_MINED_KIB
        return made

    def saw(self, seen: Seen) -> None:
        """What came of one record."""
        self.teller.cycle(seen)
        if self.views is not None:
            self.views.board.see(seen)

    def found(self, findings: Sequence[Finding]) -> None:
        """What time has brought."""
        if self.views is not None:
            self.views.board.found(findings)

    def turn(self, engines: Sequence[Engine]) -> None:
        """Between two readings."""
        self._engines = engines
        self._reloading.due()
        if self.views is not None:
            services = ChainMap(*(engine.services for engine in engines))
            self._all.services = cast("Any", services)  # nobody adds to them there
            self.views.tick()

    def close(self) -> None:
        """All is over."""
        if self.views is not None:
            self.views.close()

    def _judge(self, options: argparse.Namespace) -> None:
        """Limits are taken over at once. Rules are also what each process looks for in lines for all others."""
        from gctail.cli.judging import limit_of, limits_of, plan_of, watched

        limit_mib, plan = limit_of(options), plan_of(options)
        limits = limits_of(options, limit_mib)
        if watched(plan) != watched(self.plan):
            raise UsageError("other rules take a new start of all processes")
        self._limit_mib, self._limits = limit_mib, limits
        for engine in self._engines:
            engine.limit(limit_mib, limits)

    def _alert(self, options: argparse.Namespace) -> None:
        for each in self.alerts:
            each.reload_settings(options.settings)


def _check_engine() -> None:
    """Raises UsageError where the distributed engine is not there."""
    try:
        import gctail.runners.scale  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"quixstreams", "confluent_kafka"}:
            raise
        raise UsageError("scale: the engine is not installed: pip install 'gctail[scale]'") from error


def _topology(options: argparse.Namespace, looking: Looking) -> Topology:
    from gctail.kafka.naming import Naming
    from gctail.kafka.security import librdkafka_settings
    from gctail.runners.scale import Topology, Views, Wanted

    start, end = course_of(options)
    wanted = Wanted(
        servers=options.brokers,
        topics=tuple(options.topic),
        group=options.group,
        findings_topic=options.findings_topic or f"gctail-findings-{options.group}",
        start=start,
        end=end,
        exactly_once=not options.at_least_once,
        checkpoint_s=options.checkpoint,
        session_s=options.session_timeout,
        partitions=options.partitions,
        folder=options.state_dir,
        settings=librdkafka_settings(options.security, os.environ),
    )
    naming, year = Naming(options.service_from), time.gmtime().tm_year
    views = Views(naming, looking.plan, options.wrapper, year, say, lexicon_of(options))
    return Topology(wanted, views, looking.engine, looking.teller.outputs, say, onlooker=looking)
