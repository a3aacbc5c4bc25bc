"""`gctail alert test`: sends a test to every alert sink, or shows what would be sent."""

from __future__ import annotations

import argparse
import sys
import time

from gctail.cli.configuring import configurable
from gctail.cli.options import new_parser
from gctail.config.near import did_you_mean
from gctail.errors import UsageError
from gctail.records import Finding
from gctail.sinks.kinds import letters_of
from gctail.sinks.letters import Undelivered
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route

DESCRIPTION = """\
Sends a finding that says it is a test to the sinks of the configuration, at once and past every rule of routing, and
says of each whether it was taken; the end of the incident follows it. With --dry-run nothing is sent, and what would
be sent is printed, without its secrets. Exit status: 0 when all took it, 1 when one did not, 2 for bad usage."""
SUMMARY = "this is a test of gctail's alerts; nothing is wrong"


def parser() -> argparse.ArgumentParser:
    """The options of `gctail alert`."""
    parser = new_parser("gctail alert", DESCRIPTION)
    parser.epilog = None
    parser.add_argument("what", choices=("test",), metavar="test", help="the only thing to do so far")
    parser.add_argument("--to", metavar="NAME", action="append", default=[], help="only to this sink; may be repeated")
    parser.add_argument("--dry-run", action="store_true", help="send nothing, print what would be sent")
    configurable(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Send, or show. Returns 1 where a sink did not take the test."""
    sinks: dict[str, Route] = options.settings.sinks
    if not sinks:
        raise UsageError("alert test: the configuration names no sinks; write a table such as [sinks.my-slack]")
    for name in options.to:
        if name not in sinks:
            raise UsageError(f'alert test: there is no sink "{name}"{did_you_mean(name, sinks)}')
    now_s = time.time()
    failed = False
    for name in options.to or sinks:
        failed |= not (_show if options.dry_run else _send)(name, sinks[name], now_s)
    return 1 if failed else 0


def _tests(now_s: float) -> list[Notice]:
    """The beginning and the end of an incident of no service."""
    return [
        Notice(
            Finding(
                id=f"test-{now_s:.0f}-{phase}", kind="test", severity=severity, service="gctail-test", epoch=1,
                time_s=now_s, uptime_s=None, offset=0, summary=f"{SUMMARY} ({phase})",
                evidence={"phase": phase, "probability": 0.99, "heap_live_mib": 180.0, "limit_mib": 256.0},
                lines=('level=info msg="a line of a log" <b>&amp;</b> *not bold*',),
            ),
            now_s,
        )
        for phase, severity in (("onset", "critical"), ("resolved", "info"))
    ]  # fmt: skip


def _show(name: str, settings: Route, now_s: float) -> bool:
    try:
        shown = [letter.shown() for test in _tests(now_s) for letter in letters_of(settings)(settings, [test], now_s)]
    except Undelivered as error:
        print(f"== {name}: {error}")
        return False
    print(f"== {name}")
    print("\n\n".join(shown))
    return True


def _send(name: str, settings: Route, now_s: float) -> bool:
    try:
        for test in _tests(now_s):
            for letter in letters_of(settings)(settings, [test], now_s):
                letter.send(settings.timeout_s)
    except Undelivered as error:
        print(f"{name}: NOT taken: {error}")
        return False
    print(f"{name}: taken")
    sys.stdout.flush()
    return True
