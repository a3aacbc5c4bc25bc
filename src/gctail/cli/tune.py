"""`gctail tune`: what GOGC and GOMEMLIMIT would have done to a process, by replaying its log through the pacer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gctail.cli.colours import colour_option, palette_of
from gctail.cli.inputs import reading_of
from gctail.cli.options import choosing, new_parser
from gctail.cli.whole import read_whole
from gctail.cli.window import window
from gctail.engine import Engine
from gctail.errors import UsageError
from gctail.sinks.out import complain

if TYPE_CHECKING:
    from gctail.runs.replay import Setting

POINTS = 2048
DESCRIPTION = """\
Replays the log through a model of Go's pacer, and says what other settings of GOGC and GOMEMLIMIT would have done:
how often it collects, the CPU that this takes, the highest memory, and whether the limit holds.

  gctail tune service.log --limit 2GiB"""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail tune`."""
    parser = new_parser("gctail tune", DESCRIPTION)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    parser.add_argument(
        "--limit", metavar="SIZE", required=True, help="the memory limit of the container, such as 2GiB"
    )
    parser.add_argument("--gogc", metavar="LIST", help="these values of GOGC, such as 50,100,off (50,100,200,400,off)")
    parser.add_argument("--gomemlimit", metavar="SIZE", help="this GOMEMLIMIT (90 %% of the limit)")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to say it (text)")
    colour_option(parser)
    choosing(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Replay the last process of every service. Raises `UsageError` where a size or a number makes no sense."""
    from gctail.cli.sizes import size_option

    limit_mib = size_option("--limit", options.limit)
    asked = _asked(options)
    engine = Engine(limit_mib=limit_mib, only=options.service, window=window(options))
    reading = reading_of(options)
    read_whole(engine, reading, options.files, POINTS)
    from gctail.sinks.tuning import Tuned, tuned, tuned_text

    services = [tuned(service, limit_mib, asked) for service in engine.services.values() if service.collections]
    for failure in reading.failed:
        complain(failure)
    if options.output == "json":
        _print_json(services)
    else:
        told = [tuned_text(each, palette_of(options)) for each in services if isinstance(each, Tuned)]
        print("\n\n".join(told) or "no garbage collections in this log: was it written with GODEBUG=gctrace=1?")
    return 2 if reading.failed else 0


def _asked(options: argparse.Namespace) -> list[Setting] | None:
    """The settings that were asked for by name; None: those that are worth trying."""
    from gctail.cli.sizes import size_option
    from gctail.runs.replay import Setting

    memory_limit = size_option("--gomemlimit", options.gomemlimit) if options.gomemlimit else None
    if options.gogc is None:
        return [Setting(each, memory_limit) for each in (50.0, 100.0, 200.0, None)] if memory_limit else None
    settings = []
    for word in options.gogc.split(","):
        try:
            gogc = None if word.strip() == "off" else float(word)
        except ValueError:
            gogc = -1.0
        if gogc is not None and not 1 <= gogc <= 100_000:
            raise UsageError(f"--gogc {options.gogc}: {word.strip()!r} is no GOGC; give numbers such as 50,100 or off")
        if gogc is None and memory_limit is None:
            raise UsageError("--gogc off without --gomemlimit never collects: give --gomemlimit as well")
        settings.append(Setting(gogc, memory_limit))
    return settings


def _print_json(services: list[Any]) -> None:
    from gctail.parsing.json_text import json_bytes

    told = [each.as_json() for each in services]
    sys.stdout.buffer.write(json_bytes({"services": told}, indented=True) + b"\n")
