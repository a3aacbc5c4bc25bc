"""`gctail diff`: two runs of a service compared, figure by figure."""

from __future__ import annotations

import argparse
import sys
from math import inf

from gctail.cli.colours import colour_option, palette_of
from gctail.cli.configuring import configurable
from gctail.cli.inputs import reading_of
from gctail.cli.options import new_parser
from gctail.cli.whole import read_whole
from gctail.cli.wrapping import wrapping
from gctail.engine import Engine
from gctail.errors import UnreadableInput, UsageError
from gctail.traces import Bin

POINTS = 1024
DESCRIPTION = """\
Compares the logs of two runs of a service, such as the version before and the one after: heap, allocation, CPU of the
collector, pauses. Over as long a time of both, without the warm-up; what is not sure is called so.

  gctail diff v1.log v2.log"""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail diff`."""
    parser = new_parser("gctail diff", DESCRIPTION)
    parser.epilog = "Exit status: 0; 1 where --fail-over says so; 2 when the input or the call cannot be used."
    parser.add_argument("before", metavar="BEFORE", help="the log to compare with, or - for standard input")
    parser.add_argument("after", metavar="AFTER", help="the log that is compared")
    parser.add_argument("--warm-up", metavar="TIME", help="so much of both is left out, such as 2m (the first fifth)")
    parser.add_argument(
        "--fail-over", metavar="PERCENT", type=float, help="exit with 1 where a figure is worse by more than this"
    )
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to say it (text)")
    colour_option(parser)
    parser.add_argument("--service", metavar="NAME", help="only this service")
    wrapping(parser)
    configurable(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Read both, compare, tell."""
    from gctail.cli.sizes import duration_option
    from gctail.runs.difference import WORSE, differences

    if options.fail_over is not None and not 0 <= options.fail_over < inf:
        raise UsageError(f"--fail-over {options.fail_over:g}: give a percentage of 0 or more")
    warm_up_s = duration_option("--warm-up", options.warm_up) if options.warm_up else None
    before, after = (_bins(path, options) for path in (options.before, options.after))
    try:
        changes = differences(before, after, warm_up_s)
    except ValueError as error:
        raise UsageError(f"diff {options.before} {options.after}: {error}") from error
    if options.output == "json":
        import msgspec

        from gctail.parsing.json_text import json_bytes

        told = {"before": options.before, "after": options.after, "changes": msgspec.to_builtins(changes)}
        sys.stdout.buffer.write(json_bytes(told, indented=True) + b"\n")
    else:
        from gctail.sinks.differing import differing_text

        print(differing_text(options.before, options.after, changes, palette_of(options)))
    worst = max((each.change or 0.0 for each in changes if each.verdict == WORSE), default=0.0)
    return int(options.fail_over is not None and 100 * worst > options.fail_over)


def _bins(path: str, options: argparse.Namespace) -> list[Bin]:
    """The course of the process of the log that collected most."""
    engine = Engine(only=options.service, judging=False)
    reading = reading_of(options)
    read_whole(engine, reading, [path], POINTS)
    if reading.failed:
        raise UnreadableInput("\ngctail: ".join(reading.failed))
    epochs = [epoch for service in engine.services.values() for epoch in service.epochs if epoch.trace is not None]
    busiest = max(epochs, key=lambda epoch: epoch.ledger.seen, default=None)
    if busiest is None or busiest.trace is None:
        raise UnreadableInput(f"{path}: no garbage collections: was the service started with GODEBUG=gctrace=1?")
    found: list[Bin] = busiest.trace.bins()
    return found
