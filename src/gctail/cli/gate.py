"""`gctail gate`: fails a build whose soak test leaks, and says how small a leak the test could have shown."""

from __future__ import annotations

import argparse
import sys

from gctail.cli.colours import colour_option, palette_of
from gctail.cli.inputs import reading_of
from gctail.cli.options import choosing, new_parser
from gctail.cli.whole import read_whole
from gctail.cli.window import window
from gctail.engine import Engine
from gctail.errors import UsageError

POINTS = 1024
DESCRIPTION = """\
A leak gate for CI. Reads the log of a soak test and passes it or fails it, each service by itself:

  gctail gate soak.log                            fails where it leaks or died
  gctail gate soak.log --max-growth 5MiB/h        fails where it grows faster than that

A run that is too short to show the growth that is not allowed is undecided, which fails too, unless
--pass-undecided is given: a gate that cannot see must not say that all is well."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail gate`."""
    parser = new_parser("gctail gate", DESCRIPTION)
    parser.epilog = "Exit status: 0 passed; 1 failed or undecided; 2 when the input or the call cannot be used."
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    parser.add_argument("--max-growth", metavar="RATE", help="the growth of the live heap that is allowed: 5MiB/h")
    parser.add_argument("--warm-up", metavar="TIME", help="so much of the run is left out, 2m (its first fifth)")
    parser.add_argument("--pass-undecided", action="store_true", help="a run that shows too little passes")
    parser.add_argument("--limit", metavar="SIZE", help="the container's memory limit, such as 2GiB")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to say it (text)")
    colour_option(parser)
    choosing(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Read, judge, tell. Raises `UsageError` where a rate or a time makes no sense."""
    from gctail.cli.sizes import duration_option, rate_option, size_option
    from gctail.runs.gate import FAIL, PASS, gated

    allowed = rate_option("--max-growth", options.max_growth) if options.max_growth else None
    warm_up_s = duration_option("--warm-up", options.warm_up) if options.warm_up else None
    limit_mib = size_option("--limit", options.limit) if options.limit else None
    engine = Engine(limit_mib=limit_mib, only=options.service, window=window(options))
    reading = reading_of(options)
    read_whole(engine, reading, options.files, POINTS)
    told = [gated(each, allowed, warm_up_s) for each in engine.services.values() if each.collections or each.deaths]
    if reading.failed:
        raise UsageError("\ngctail: ".join(reading.failed))
    if not told:
        raise UsageError("gate: no garbage collections in this log: was the service started with GODEBUG=gctrace=1?")
    passing = {PASS} if not options.pass_undecided else {PASS, "undecided"}
    if options.output == "json":
        import msgspec

        from gctail.parsing.json_text import json_bytes

        results = {"passed": all(each.result in passing for each in told), "services": msgspec.to_builtins(told)}
        sys.stdout.buffer.write(json_bytes(results, indented=True) + b"\n")
    else:
        from gctail.sinks.gating import gated_text

        worst_first = sorted(told, key=lambda each: (each.result == PASS, each.result != FAIL))
        print("\n".join(gated_text(each, palette_of(options)) for each in worst_first))
    return 0 if all(each.result in passing for each in told) else 1
