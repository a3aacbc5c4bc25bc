"""`gctail postmortem LOG…`: what killed it, since when it was dying, who is suspected, what to do."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gctail.cli.options import choosing, new_parser
from gctail.cli.progress import Progress
from gctail.cli.window import window
from gctail.engine import Engine
from gctail.errors import UsageError
from gctail.postmortem.certificate import Case
from gctail.postmortem.text import Pen, case_text
from gctail.runners.autopsy import Autopsy
from gctail.runners.local import Reading

DESCRIPTION = """\
After a crash: what killed the service, since when it was dying, who is suspected, what to do.

  gctail postmortem service.log
  gctail postmortem service.log previous.log --kernel-log dmesg.txt --limit 512MiB

FILE is the log of the service that died; what follows are older logs of it, or those of other services."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail postmortem`."""
    parser = new_parser("gctail postmortem", DESCRIPTION)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    parser.add_argument(
        "--kernel-log", metavar="FILE", action="append", default=[],
        help="what dmesg, dmesg -T or journalctl -k (text, json, export) printed; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--events", metavar="FILE", action="append", default=[],
        help="kubectl get events (or pods) -o json, or kubectl describe pod; may be repeated",
    )  # fmt: skip
    parser.add_argument("--limit", metavar="SIZE", help="the memory limit of the container, such as 512MiB or 2GiB")
    parser.add_argument("--json", action="store_true", help="everything as one JSON object")
    parser.add_argument("--lines", metavar="N", type=int, default=10, help="so many of the last lines (10)")
    parser.add_argument("--no-color", action="store_true", help="no colours; NO_COLOR in the environment does the same")
    choosing(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Read everything, write the certificates, and return the exit status."""
    case, failed = opened(options)
    colour = not options.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
    print(case_text(case, Pen(colour=colour, lines=options.lines)))
    for failure in failed:
        print(f"gctail: {failure}", file=sys.stderr)
    return 2 if failed else 0


def opened(options: argparse.Namespace) -> tuple[Case, list[str]]:
    """The case, and the inputs that could not be read."""
    engine = Engine(limit_mib=limit_of(options.limit), only=options.service, window=window(options))
    reading = Reading(service=options.service, wrapper=options.wrapper)
    with Progress(options.files) as progress:
        autopsy = Autopsy(reading, engine, progress.tell)
        autopsy.logs(options.files)
        for path in options.kernel_log:
            autopsy.kernel(readable(path, "--kernel-log"))
        for path in options.events:
            autopsy.events(readable(path, "--events"))
        engine.conclude()
        return autopsy.case(), reading.failed


def readable(path: str, option: str) -> str:
    """The path, where there is something to read."""
    if path != "-" and not Path(path).exists():
        raise UsageError(f"{option} {path}: there is no such file")
    return path


def limit_of(text: str | None) -> float | None:
    """MiB of --limit."""
    if text is None:
        return None
    from gctail.parsing.quantities import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise UsageError(f"--limit {text}: {error}") from error
