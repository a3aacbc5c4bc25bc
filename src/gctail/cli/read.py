"""`gctail FILE…` and `gctail -f FILE…`: findings as they come, and a verdict per service at the end."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from gctail.cli.telling import Teller
from gctail.cli.window import window
from gctail.engine import Engine, report
from gctail.errors import UsageError
from gctail.rules import Plan, RuleError, load_rules
from gctail.runners.local import Reading

QUIET_S = 2.0
"""After so long without a byte, what is open in a followed file (a torn line, a crash report) is taken as it is."""


def run(options: argparse.Namespace) -> int:
    """Read, tell, and return the exit status."""
    limit_mib = _limit(options.limit)
    plan = _plan(options.rules, options.enable)
    engine = Engine(limit_mib=limit_mib, only=options.service, window=window(options), plan=plan)
    if options.false_alarms is not None and options.false_alarms <= 0:
        raise UsageError(f"--false-alarms {options.false_alarms:g}: none at all cannot be had; give a number above 0")
    engine.budget_per_day = options.false_alarms
    every_line = plan is not None and not {"lines", "errors"}.isdisjoint(plan.names)
    reading = Reading(service=options.service, wrapper=options.wrapper, every_line=every_line)
    teller = Teller(options, limit_mib, live=options.follow)
    try:
        if options.follow:
            _follow(options.files, reading, engine, teller)
        else:
            for events in reading.files(options.files):
                teller.tell(engine.all(events))
    except KeyboardInterrupt:
        teller.interrupted = True
    teller.findings(engine.conclude())
    teller.end(report(engine, reading.facts()))
    for failure in reading.failed:
        print(f"gctail: {failure}", file=sys.stderr)
    if reading.failed:
        return 2
    if teller.interrupted and not options.follow:
        return 130
    return 1 if teller.failed else 0


def _follow(paths: list[str], reading: Reading, engine: Engine, teller: Teller) -> None:
    """Read the files as they grow until somebody stops it."""
    from gctail.sources.follow import Follower, Idle

    follower = Follower(paths)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: follower.stop())
    quiet_since_s: dict[str, float] = {}
    for event in follower:
        if isinstance(event, Idle):
            for origin, scanner in reading.scanners.items():
                scanner.pause()
                if event.now_s - quiet_since_s.setdefault(origin, event.now_s) > QUIET_S:
                    scanner.rest()
                teller.tell(engine.all(scanner.take()))
            teller.findings(engine.advance(event.now_s))
            continue
        scanner = reading.scanner(event.origin)
        quiet_since_s.pop(event.origin, None)
        if event.after_cut_line:
            scanner.end_line()
        scanner.feed(event.data)
        teller.tell(engine.all(scanner.take()))
    for scanner in reading.scanners.values():
        scanner.flush()
        teller.tell(engine.all(scanner.take()))
    reading.notes += follower.notes


def _limit(text: str | None) -> float | None:
    if text is None:
        return None
    from gctail.parsing.quantities import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise UsageError(f"--limit {text}: {error}") from error


def _plan(path: str | None, enabled: list[str]) -> Plan | None:
    """The rules that a file holds, those named in `enabled` switched on beside those that are on by themselves."""
    if path is None:
        if enabled:
            raise UsageError(f"--enable {enabled[0]}: which file of rules? Give --rules FILE as well")
        return None
    try:
        rules = load_rules(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, RuleError) as error:
        raise UsageError(f"--rules {path}: {error}") from error
    unknown = set(enabled) - {rule.name for rule in rules}
    if unknown:
        known = ", ".join(rule.name for rule in rules)
        raise UsageError(f"--enable {min(unknown)}: {path} has no such rule; it has {known}")
    return Plan(replace(rule, enabled=rule.enabled or rule.name in enabled) for rule in rules)
