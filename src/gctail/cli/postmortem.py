"""`gctail postmortem LOG…`: what killed it, since when it was dying, who is suspected, what to do."""

from __future__ import annotations

import argparse
import secrets
import sys

from gctail import report
from gctail.cli.bundling import pack
from gctail.cli.case import MOST_PROFILES, Read, read
from gctail.cli.colours import colour_option, palette_of
from gctail.cli.files import save
from gctail.cli.options import choosing, new_parser
from gctail.errors import UsageError
from gctail.postmortem.as_json import case_json
from gctail.postmortem.certificate import Case
from gctail.postmortem.pen import Pen
from gctail.postmortem.redaction import Redactor
from gctail.postmortem.text import case_text
from gctail.sinks.out import complain

DESCRIPTION = """\
After a crash: what killed the service, since when it was dying, who is suspected, what to do.

  gctail postmortem service.log
  gctail postmortem service.log previous.log --kernel-log dmesg.txt --limit 512MiB

FILE is the log of the service that died; what follows are older logs of it, or those of other services."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail postmortem`."""
    parser = new_parser("gctail postmortem", DESCRIPTION)
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a log, - for standard input, or a directory that --record has filled"
    )
    parser.add_argument(
        "--kernel-log", metavar="FILE", action="append", default=[],
        help="what dmesg, dmesg -T or journalctl -k (text, json, export) printed; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--events", metavar="FILE", action="append", default=[],
        help="kubectl get events (or pods) -o json, or kubectl describe pod; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--profile", metavar="FILE", action="append", default=[],
        help="a heap profile, as /debug/pprof/heap gives it (binary, or text with ?debug=1); twice to see what grew",
    )  # fmt: skip
    parser.add_argument(
        "--source", metavar="DIR",
        help="the program's Go source: which call logs a suspect's line, and which maps it only fills (gctail[source])",
    )  # fmt: skip
    parser.add_argument("--limit", metavar="SIZE", help="the memory limit of the container, such as 512MiB or 2GiB")
    parser.add_argument("--html", metavar="FILE", help="the report as one page that works offline")
    parser.add_argument("--svg", metavar="FILE", help="the main chart of the worst service")
    parser.add_argument("--png", metavar="FILE", help="the same as pixels (needs gctail[png])")
    parser.add_argument(
        "--markdown", metavar="FILE", nargs="?", const="-", help="text for a ticket; to standard output without FILE"
    )
    parser.add_argument("--keys-csv", metavar="FILE", help="the keys of the suspects: how often each came, and when")
    parser.add_argument("--json", action="store_true", help="everything as one JSON object")
    parser.add_argument(
        "--redact", action="store_true",
        help="replace secrets, tokens, e-mail addresses, card numbers, IP addresses and user ids, and say how many",
    )  # fmt: skip
    parser.add_argument("--bundle", metavar="FILE", help="a .tar.gz that holds all it takes to see this elsewhere")
    parser.add_argument("--lines", metavar="N", type=int, default=20, help="so many of the last lines (20)")
    colour_option(parser)
    choosing(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Read everything, write the certificates, and return the exit status."""
    if len(options.profile) > MOST_PROFILES:
        raise UsageError(f"--profile: {len(options.profile)} were given; one is read, or two are compared")
    if options.lines < 0:
        raise UsageError(f"--lines {options.lines}: so many of the last lines are shown; 0 shows none")
    reading = read(options)
    try:
        _tell(reading, options)
    finally:
        reading.places.close()
    for failure in reading.failed:
        complain(failure)
    return 2 if reading.failed else 0


def _tell(reading: Read, options: argparse.Namespace) -> None:
    """In every form that was asked for; on standard output last, whose reader may have enough before the end."""
    redactor = Redactor(secrets.token_bytes(32)) if options.redact else None
    case = reading.case
    if redactor is not None:
        case = redactor.case(case)
    _write(case, options)
    if options.keys_csv is not None:
        from gctail.report.keys_csv import keys_csv

        save(options.keys_csv, keys_csv(reading.looked, redactor.text if redactor is not None else None))
    if options.bundle is not None:
        pack(case, reading, redactor, options)
    _print(case, options)


def _print(case: Case, options: argparse.Namespace) -> None:
    """To standard output: text, or JSON or Markdown where one of them is asked for."""
    if options.json:
        sys.stdout.write(case_json(case).decode() + "\n")
    elif options.markdown == "-":
        sys.stdout.write(report.markdown(case).decode())
    else:
        print(case_text(case, Pen(palette_of(options), lines=options.lines)))


def _write(case: Case, options: argparse.Namespace) -> None:
    """The files that were asked for."""
    if options.html is not None:
        save(options.html, report.html(case))
    if options.markdown not in {None, "-"}:
        save(options.markdown, report.markdown(case))
    if (options.svg or options.png) and not case.certificates:
        raise UsageError("no chart: there is no process in these logs")
    if options.svg is not None:
        save(options.svg, report.svg(case.certificates[0]))
    if options.png is not None:
        save(options.png, report.png(case.certificates[0]))
