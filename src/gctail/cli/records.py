"""`gctail records`: every runtime record, one JSON object a line; what was read, on standard error."""

from __future__ import annotations

import argparse
import sys

from gctail.cli.inputs import reading_of
from gctail.cli.options import choosing, new_parser
from gctail.cli.window import window
from gctail.engine import Engine
from gctail.records import Passage
from gctail.sinks.jsonl import line_json, record_json
from gctail.sinks.out import complain


def parser() -> argparse.ArgumentParser:
    """The options of `gctail records`."""
    parser = new_parser("gctail records", "Prints every record of the runtime in the logs, one JSON object a line.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    parser.add_argument("--lines", action="store_true", help="the application's lines too, whole, as type `line`")
    choosing(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Print the records of all files. Exit status 2 where a file could not be read."""
    engine = Engine(only=options.service, window=window(options), judging=False)
    reading = reading_of(options, every_line=options.lines)
    out = sys.stdout.buffer
    interrupted = False
    try:
        for events in reading.files(options.files):
            told: list[bytes] = []
            for event in events:
                if isinstance(event, Passage):
                    told += line_json(event) if options.lines and engine.wanted(event) else ()
                    continue
                seen = engine.observe(event)
                if seen is not None:
                    told.append(record_json(seen))
            if told:
                out.write(b"\n".join(told) + b"\n")
        out.flush()
    except KeyboardInterrupt:
        interrupted = True
        out.flush()
    facts = reading.facts()
    application_lines = facts["lines"] - engine.runtime_lines
    counts: dict[str, int] = {}
    for service in engine.services.values():
        for kind, count in service.kinds.items():
            counts[kind] = counts.get(kind, 0) + count
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no records"
    complain(f"{facts['lines']} lines read: {kinds}; {application_lines} of the application")
    for note in facts["notes"]:
        complain(note)
    return 2 if reading.failed else 130 if interrupted else 0
