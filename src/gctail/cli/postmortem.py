"""`gctail postmortem LOG…`: what killed it, since when it was dying, who is suspected, what to do."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gctail.cli.colours import colour_option, palette_of
from gctail.cli.inputs import opener_of
from gctail.cli.judging import limit_of
from gctail.cli.options import choosing, new_parser
from gctail.cli.progress import Progress
from gctail.cli.window import window
from gctail.cli.wrapping import lexicon_of, taught
from gctail.engine import USUAL_MINING, Engine
from gctail.errors import UsageError
from gctail.palette import Palette
from gctail.parsing.json_text import json_bytes
from gctail.postmortem.as_json import case_json
from gctail.postmortem.certificate import Case
from gctail.postmortem.keyed import Looked
from gctail.postmortem.pen import Pen
from gctail.postmortem.proofs import kept
from gctail.postmortem.redaction import Redactor
from gctail.postmortem.text import case_text
from gctail.runners.autopsy import Autopsy
from gctail.runners.bundle import is_bundle
from gctail.runners.local import Reading
from gctail.runners.places import Places, is_pipe
from gctail.store.recorder import recorded

MOST_READ_TWICE_BYTES = 64 << 20
MOST_PROFILES = 2

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
    reading = read(options)
    try:
        _tell(reading, options)
    finally:
        reading.places.close()
    for failure in reading.failed:
        print(f"gctail: {failure}", file=sys.stderr)
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
        _bundle(case, reading, redactor, options)
    _print(case, options)


class Read(Struct):
    """What was read: the case, the places of its inputs, what failed, and the inputs by what they are."""

    case: Case
    places: Places
    failed: list[str]
    inputs: dict[str, str]
    """Origin to role: log, kernel, events or profile."""
    looked: list[Looked]
    """The keys of the suspects."""


def opened(options: argparse.Namespace) -> tuple[Case, list[str]]:
    """The case, and the inputs that could not be read."""
    found = read(options)
    found.places.close()
    return found.case, found.failed


def read(options: argparse.Namespace) -> Read:
    """Read logs, or a bundle. Where the limit is told only by the kernel, the logs are judged again, knowing it."""
    options.files = [path for file in options.files for path in (recorded(file) if Path(file).is_dir() else [file])]
    if len(options.files) == 1 and not is_pipe(options.files[0]) and is_bundle(options.files[0]):
        return _unpacked(options)
    found = _once(options, limit_of(options))
    limit = _found_limit(found.case)
    if options.limit is None and limit is not None and found.case.input.get("bytes", 0) <= MOST_READ_TWICE_BYTES:
        return _once(options, limit, found.places)
    return found


def _once(
    options: argparse.Namespace,
    limit_mib: float | None,
    places: Places | None = None,
    years: dict[str, int] | None = None,
    bundled: dict[str, str] | None = None,
) -> Read:
    engine = Engine(limit_mib=limit_mib, only=options.service, window=window(options))
    engine.mined.share = USUAL_MINING
    engine.hear_replicas()
    reading = Reading(service=options.service, wrapper=options.wrapper, lexicon=lexicon_of(options, bundled))
    reading.years = years or {}
    with Progress(options.files) as progress:
        autopsy = Autopsy(reading, engine, progress.tell, places or Places(opener_of(options)))
        autopsy.logs(options.files)
        for path in options.kernel_log:
            autopsy.kernel(readable(path, "--kernel-log", autopsy.places))
        for path in options.events:
            autopsy.events(readable(path, "--events", autopsy.places))
        for path in options.profile:
            autopsy.profile(readable(path, "--profile", autopsy.places))
        if options.source is not None:
            autopsy.source(options.source)
        engine.conclude()
        case = autopsy.case(limit_is_given=options.limit is not None)
    inputs = dict.fromkeys(options.files, "log")
    inputs |= dict.fromkeys(options.kernel_log, "kernel") | dict.fromkeys(options.events, "events")
    inputs |= dict.fromkeys(options.profile, "profile")
    return Read(case, autopsy.places, reading.failed, inputs, autopsy.looked)


def _found_limit(case: Case) -> float | None:
    """The limit that the kernel or the cluster told of the only service."""
    if len(case.certificates) != 1:
        return None
    memory = case.certificates[0].memory
    return memory.limit_mib if memory.limit_source in {"kernel", "kubernetes"} else None


def _unpacked(options: argparse.Namespace) -> Read:
    """Read a bundle as if its logs were here; where they are not whole, its own certificates count."""
    from gctail.runners.bundle import Opened

    bundle = Opened(options.files[0])
    manifest = bundle.manifest
    again = argparse.Namespace(**vars(options))
    again.files, again.kernel_log = bundle.inputs("log"), bundle.inputs("kernel") + options.kernel_log
    again.events = bundle.inputs("events") + options.events
    again.profile = (bundle.inputs("profile") + options.profile)[-MOST_PROFILES:]
    again.limit, again.service = options.limit or manifest.limit, options.service or manifest.service
    again.wrapper = options.wrapper or manifest.wrapper
    again.since, again.until = options.since or manifest.since, options.until or manifest.until
    years = {member.origin: member.year for member in manifest.members if member.year is not None}
    found = _once(again, limit_of(again), bundle.places, years, manifest.taught)
    limit = _found_limit(found.case)
    if again.limit is None and limit is not None:
        found = _once(again, limit, bundle.places, years, manifest.taught)
    if bundle.case is None:
        note = f"read from a bundle of {manifest.made_by}, whose certificate this version cannot read: judged anew"
        notes = [*found.case.input.get("notes", ()), note]
        found.case = replace(found.case, input={**found.case.input, "notes": notes})
        return found
    found.case = kept(found.case, bundle.case)
    same = verdicts(found.case) == verdicts(bundle.case)
    note = f"read from a bundle that {manifest.made_by} made; judged again here: "
    note += "the same verdict" if same else f"another verdict than then ({verdicts(bundle.case)})"
    case = found.case if bundle.whole else bundle.case
    if not bundle.whole:
        note += "; its logs are parts, so the certificates are those of the whole"
    notes = [*case.input.get("notes", ()), note]
    found.case = replace(case, input={**case.input, "notes": notes}, redacted=bundle.case.redacted)
    return found


def verdicts(case: Case) -> str:
    """Cause and verdict of every service, in words: what a bundle must reproduce."""
    told = [f"{each.service}: {each.cause.name}, {(each.verdict or {}).get('kind')}" for each in case.certificates]
    return "; ".join(sorted(told))


def _print(case: Case, options: argparse.Namespace) -> None:
    """To standard output: text, or JSON or Markdown where one of them is asked for."""
    if options.json:
        sys.stdout.write(case_json(case).decode() + "\n")
    elif options.markdown == "-":
        sys.stdout.write(_markdown(case))
    else:
        print(case_text(case, Pen(palette_of(options), lines=options.lines)))


def _markdown(case: Case) -> str:
    from gctail.report.ticket import ticket

    return "\n".join(ticket(each) for each in case.certificates)


def _write(case: Case, options: argparse.Namespace) -> None:
    """The files that were asked for."""
    from gctail import report

    if options.html is not None:
        save(options.html, report.html(case))
    if options.markdown not in {None, "-"}:
        save(options.markdown, _markdown(case).encode("utf-8", "backslashreplace"))
    if (options.svg or options.png) and not case.certificates:
        raise UsageError("no chart: there is no process in these logs")
    if options.svg is not None:
        save(options.svg, report.svg(case.certificates[0]))
    if options.png is not None:
        save(options.png, report.png(case.certificates[0]))


def save(path: str, data: bytes) -> None:
    """Write a file whole or not at all."""
    target = Path(path)
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as kept:
            kept.write(data)
        Path(kept.name).chmod(0o644)
        Path(kept.name).replace(target)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def _bundle(case: Case, reading: Read, redactor: Redactor | None, options: argparse.Namespace) -> None:
    import io

    import msgspec

    from gctail import report
    from gctail.runners.bundle import VERSION, Manifest, Writer

    kept = io.BytesIO()
    writer = Writer(kept, reading.places, redactor.data if redactor is not None else None)
    moments = [
        each.quote.offset for found in reading.case.certificates for each in found.moments if each.quote is not None
    ]
    for origin, role in reading.inputs.items():
        if role == "profile" and redactor is not None:
            print(f"gctail: {options.bundle}: without {origin}: a profile cannot be redacted", file=sys.stderr)
            continue
        shown = redactor.text(origin) if redactor is not None else origin
        writer.log(origin, role, moments, shown)
    if redactor is not None:
        case = replace(case, redacted=redactor.told())
    writer.text("case.json", json_bytes(msgspec.to_builtins(case)))
    writer.text("report.json", case_json(case))
    uncoloured = Pen(Palette(colour=False), lines=options.lines)
    writer.text("report.txt", case_text(case, uncoloured).encode("utf-8", "replace"))
    writer.text("report.md", _markdown(case).encode("utf-8", "backslashreplace"))
    writer.text("report.html", report.html(case))
    chosen = (options.limit, options.service, options.wrapper, options.since, options.until)
    writer.close(Manifest(VERSION, case.made_by, (), *chosen, taught(options)))
    save(options.bundle, kept.getvalue())
    if redactor is not None:
        told = ", ".join(f"{each.times} of kind {each.kind} ({each.distinct} different)" for each in redactor.told())
        print(f"gctail: {options.bundle}: replaced {told or 'nothing'}", file=sys.stderr)


def readable(path: str, option: str, places: Places) -> str:
    """The path, where there is something to read."""
    if path != "-" and not Path(places.path(path)).exists():
        raise UsageError(f"{option} {path}: there is no such file")
    return path
