"""`gctail FILE…` and `gctail -f FILE…`: findings as they come, and a verdict per service at the end."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from gctail.cli.following import refuse_without_following
from gctail.cli.inputs import has_source, reading_of
from gctail.cli.judging import (
    alerts_of,
    changes_of,
    counts_lines,
    limit_of,
    limits_of,
    mining_of,
    plan_of,
    profiling_of,
)
from gctail.cli.reloading import Reloading
from gctail.cli.saying import Aside
from gctail.cli.sizes import size_option
from gctail.cli.telling import MANY, Teller
from gctail.cli.viewing import stay, views_of
from gctail.cli.window import window, window_of_growing
from gctail.engine import Engine, report
from gctail.errors import UsageError
from gctail.parsing.window import Room
from gctail.records import Finding, Passage, Sighting
from gctail.runners.go_source import Leads, go_source
from gctail.runners.local import Reading
from gctail.runners.terminal import end_at_once
from gctail.sinks import Sink
from gctail.sinks.out import complain

if TYPE_CHECKING:
    from gctail.cli.following import Followed
    from gctail.runners.alerts import Alerts
    from gctail.runners.diet import Diet
    from gctail.runners.profiling import Profiling
    from gctail.runners.views import Views
    from gctail.sinks.passing import PassingOn

DELIVER_S, CONCLUDE_S = 0.4, 0.3
"""Who has stopped it waits for two seconds at most: so long alerts are still delivered, and verdicts found."""


def run(options: argparse.Namespace) -> int:
    """Read, tell, and return the exit status."""
    _refuse(options)
    limit_mib = limit_of(options)
    plan = plan_of(options)
    meant = window_of_growing(options) if options.follow else window(options)
    engine = Engine(limit_mib=limit_mib, only=options.service, window=meant, plan=plan)
    engine.budget_per_day = options.false_alarms
    engine.hear_replicas()
    engine.mined.share = mining_of(options)
    room = Room() if options.follow else None  # many files are followed at once
    reading = reading_of(options, every_line=counts_lines(plan), room=room)
    views = views_of(options, engine, reading.facts)
    engine.limits = limits_of(options, limit_mib)
    live = options.follow or has_source(options.files)
    engine.over = not live and bool(options.files) and "-" not in options.files
    alerts = alerts_of(options) if live else []  # nobody is woken for a log that has ended
    profiling = profiling_of(options) if live else None
    others: list[Sink] = [*alerts, *([profiling] if profiling is not None else ())]
    teller = Teller(options, limit_mib, others=others, live=live)
    sitting = Sitting(reading, engine, teller, views, alerts)
    sitting.live = live
    sitting.profiling = profiling
    sitting.look_at_source(options)
    if options.pass_through:
        from gctail.sinks.passing import PassingOn

        sitting.passing = PassingOn(teller.console.put, terminal=sys.stdout.isatty())
    if options.max_memory is not None and options.follow:
        from gctail.runners.diet import Diet

        sitting.diet = Diet(size_option("--max-memory", options.max_memory), engine, complain)
    sitting.reloading = Reloading(
        options, [sitting.look_at_source, *changes_of(engine, teller, alerts)], sitting.aside.say
    )
    try:
        try:
            _sit(options, sitting)
        except KeyboardInterrupt:
            teller.interrupted = True
        sitting.conclude()
        teller.end(sitting.outcome, services=len(engine.services))
    finally:
        sitting.close()
    for failure in reading.failed:
        complain(failure)
    if views is not None:
        if not options.follow and not options.tui and not teller.interrupted:
            stay(views)
        views.close()
    if len(engine.services) > MANY and options.follow and not reading.failed:
        end_at_once(1 if teller.failed else 0)
    if reading.failed:
        return 2
    if teller.interrupted and not options.follow:
        return 130
    return 1 if teller.failed else 0


def _refuse(options: argparse.Namespace) -> None:
    """Raises UsageError where options do not go together, or cannot be."""
    if not options.follow:
        refuse_without_following(options)
    if options.follow and has_source(options.files):
        raise UsageError("-f goes with files: a source is read as it comes, to its end; leave it out")
    if options.pass_through and (options.output != "text" or options.tui):
        raise UsageError("--pass-through is for text at a terminal or in a pipe: leave out --output and --tui")
    if options.false_alarms is not None and not 0 < options.false_alarms < inf:
        raise UsageError(f"--false-alarms {options.false_alarms:g}: none at all cannot be had; give a number above 0")


class Sitting:
    """One reading, from its first byte to its last: what is read, who judges it, who tells it, who looks at it."""

    def __init__(
        self, reading: Reading, engine: Engine, teller: Teller, views: Views | None, alerts: Sequence[Alerts] = ()
    ) -> None:
        self.reading, self.engine, self.teller, self.views, self.alerts = reading, engine, teller, views, alerts
        if views is not None:
            views.facts = self.facts
        self._observed = engine.all if views is None else views.board.all
        self.live = False
        """What is read grows while it is read: a configuration may change meanwhile."""
        self._stopped = False
        self._followed: Followed | None = None
        self._read_up_s = time.monotonic()
        self.reloading: Reloading | None = None
        self.profiling: Profiling | None = None
        self.passing: PassingOn | None = None
        self.leads: Leads | None = None
        self._source_notes: list[str] = []
        self.diet: Diet | None = None
        self.aside = Aside(complain)

    def facts(self) -> dict[str, Any]:
        """What is known of the input while it is being read: how far behind the reading is, how the alerts fare."""
        told = self.reading.facts()
        told["services_ended"], told["services_closed"] = self.engine.retired, self.engine.closed
        if self._followed is not None:
            now_s, told["lag_bytes"] = time.monotonic(), self._followed.follower.lag_bytes
            if not told["lag_bytes"]:
                self._read_up_s = now_s
            told["lag_s"] = round(now_s - self._read_up_s, 3)
        for each in self.alerts:
            told["alerts"], told["alerts_dropped"] = each.health(), each.dropped
        return told

    def look_at_source(self, options: argparse.Namespace) -> None:
        """Read the program's source, if there is any, instead of what was read before. Raises `UnreadableInput`."""
        if options.source is not None:
            sources, notes = go_source(options.source)
            self.reading.notes += [note for note in notes if note not in self._source_notes]
            self.leads, self._source_notes = Leads(sources), notes
            self.teller.outputs.lead = self.leads.finding

    def outcome(self) -> dict[str, Any]:
        """The verdicts on all services, with the places in the source that their suspects lead to."""
        outcome = report(self.engine, self.reading.facts())
        return outcome if self.leads is None else self.leads.outcome(outcome)

    def hear(self, events: Iterable[Sighting | Passage]) -> None:
        """Judge, tell and show what was read."""
        self.teller.tell(self._observed(events if self.passing is None else self.passing.along(events)))
        if self.views is not None:
            self.views.tick()

    def found(self, findings: Sequence[Finding]) -> None:
        """Tell and show findings that time or the end has brought."""
        self.teller.findings(findings)
        if self.views is not None:
            self.views.board.found(findings)
            self.views.tick(at_once=bool(findings))

    def turn(self) -> None:
        """Between two events: what waits for room, a reload that somebody asked for, profiles that have come."""
        self.teller.console.settled(0.0)
        if self.reloading is not None:
            self.reloading.due()
        if self.diet is not None:
            self.diet.due()
        if self.profiling is not None and (taken := self.profiling.collected()):
            self.found(taken)

    def stop(self) -> None:
        """Read no more; may be called from a signal handler or another thread."""
        self._stopped = True
        for each in self.alerts:
            each.hasten(DELIVER_S)
        if self._followed is not None:
            self._followed.follower.stop()

    def read(self, paths: list[str]) -> None:
        """Read the files to their ends."""
        if self.views is None and self.passing is None and not self.teller.verbose:
            self._hurry(paths)
            return
        for events in self.reading.files(paths):
            self.hear(events)
            self.turn()
            if self._stopped:
                return

    def _hurry(self, paths: list[str]) -> None:
        """The same where nobody wants to see single collections."""
        for found in self.reading.bursts(paths):
            self.teller.tell(self.engine.all(found))
            self.turn()
            if self._stopped:
                return

    def follow(self, options: argparse.Namespace) -> None:
        """Read the files as they grow until somebody stops it."""
        from gctail.cli.following import Followed

        self._followed = Followed(options, self.engine, self.reading, self.teller.outputs, self)
        if self._stopped:
            self._followed.follower.stop()
        self._followed.following.run()

    def conclude(self) -> None:
        """Tell the leaks that no alarm has told; to whom has stopped it, as many as can be found in a moment.

        To him alone: the services live on, and nobody is to be woken, or calmed, because gctail was restarted.
        """
        until_s = time.monotonic() + CONCLUDE_S
        services = self.engine.conclusions() if self._stopped else iter([self.engine.conclude()])
        for findings in services:
            if self._stopped:
                self.teller.findings(findings, aloud=False)
            else:
                self.found(findings)
            if self._stopped and time.monotonic() > until_s:
                return

    def close(self) -> None:
        """All is told."""
        if self._followed is not None:
            self._followed.close()


def _at_terminal(sitting: Sitting, views: Views, read: Callable[[], None]) -> None:
    """Read behind the live view."""
    reload = sitting.reloading.ask if sitting.live and sitting.reloading is not None else lambda: None
    sitting.teller.console.silent = sitting.aside.waits = True
    views.terminal(read, sitting.stop, reload=reload, alone=sitting.close)
    sitting.teller.console.silent = False
    sitting.aside.rest()


def _sit(options: argparse.Namespace, sitting: Sitting) -> None:
    """Read, in front of the live view where one was asked for."""

    def read() -> None:
        if options.follow:
            sitting.follow(options)
        else:
            sitting.read(options.files)

    if sitting.views is not None and options.tui:
        _at_terminal(sitting, sitting.views, read)
        return
    for number in (signal.SIGTERM, signal.SIGINT) if options.follow else ():
        signal.signal(number, lambda *_: sitting.stop())
    if sitting.live and sitting.reloading is not None:
        sitting.reloading.listen()
    read()
