"""`gctail scan`: maps, slices and caches of Go source that only grow, for people, for programs and for CI."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gctail.amounts import many
from gctail.cli.colours import colour_option, palette_of
from gctail.cli.options import new_parser
from gctail.errors import UnreadableInput
from gctail.palette import BOLD, DIM, Palette
from gctail.parsing.text import show
from gctail.records import SEVERITIES

if TYPE_CHECKING:
    from gctail.golang.source import Container, Sources
    from gctail.sources.gofiles import GoFiles

DESCRIPTION = """\
Lists long-lived maps, slices, lists and sync.Maps of Go source that are written again and again, and that nothing
deletes from, clears, replaces or bounds. Vendored, generated and test files are left out. Nothing is run or built.

critical: requests choose the keys · warning: likely · info: possible (who holds it, or who else has it, is not seen;
told in one line each). --all tells all others too, with the reason why they are let alone."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail scan`."""
    parser = new_parser("gctail scan", DESCRIPTION)
    parser.add_argument("folder", metavar="DIR", help="the folder of a Go module, or a file")
    parser.add_argument("--output", choices=("text", "json", "sarif"), default="text", help="how to say it (text)")
    parser.add_argument("--all", action="store_true", help="every container that was seen, those that are bounded too")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="never",
        metavar="SEVERITY",
        help="exit with 1 when something at least this severe is found: info, warning, critical (never)",
    )
    colour_option(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Read the folder, tell, and return the exit status."""
    from gctail.golang.source import read_sources
    from gctail.sources.gofiles import GoFiles

    files = GoFiles(options.folder)
    sources = read_sources(files)
    if not (sources.files or sources.skipped or sources.left_out or files.folders_left_out):
        raise UnreadableInput(f"scan {options.folder}: no Go source in it. Name the folder of the program")
    listed = sources.unbounded()
    if options.output == "text":
        print(_text(sources, listed, files, palette_of(options), everything=options.all))
    else:
        _print_json(options, sources, listed, files)
    worst = SEVERITIES.index(options.fail_on) if options.fail_on in SEVERITIES else len(SEVERITIES)
    return int(any(SEVERITIES.index(container.severity) >= worst for container in listed))


def _print_json(options: argparse.Namespace, sources: Sources, listed: list[Container], files: GoFiles) -> None:
    from gctail import __version__
    from gctail.golang.source import told
    from gctail.golang.source.sarif import sarif
    from gctail.parsing.json_text import json_bytes

    found: dict[str, Any]
    if options.output == "sarif":
        found = sarif(sources, listed, __version__)
    else:
        found = {
            "containers": [told(each) for each in (sources.containers if options.all else listed)],
            "input": {
                "files": sources.files,
                "bytes": sources.bytes,
                "log_calls": sources.log_calls(),
                "left_out": {**sources.left_out, **{f"{k}/": v for k, v in files.folders_left_out.items()}},
                "skipped": [{"file": path, "reason": reason} for path, reason in sources.skipped],
                "notes": files.notes,
            },
        }
    sys.stdout.buffer.write(json_bytes(found, indented=True) + b"\n")


def _text(sources: Sources, listed: list[Container], files: GoFiles, palette: Palette, *, everything: bool) -> str:
    blocks = [_block(container, palette) for container in listed if container.severity != "info"]
    possible = [_line(container) for container in listed if container.severity == "info"]
    if possible:
        blocks.append("\n".join([palette.paint("INFO      possible:", BOLD), *possible]))
    if not blocks:
        blocks = ["nothing that only grows was found"]
    if everything:
        rest = [each for each in sources.containers if each not in listed and each.verdict != "never-written"]
        blocks += ["\n".join(f"{_where(each)}  {show(each.name)}: {each.verdict} ({each.why})" for each in rest)]
    return "\n\n".join(block for block in [*blocks, _footer(sources, listed, files, palette)] if block)


def _block(container: Container, palette: Palette) -> str:
    from gctail.sinks.text import SEVERITY_COLOUR

    severity = palette.paint(container.severity.upper().ljust(8), SEVERITY_COLOUR[container.severity])
    name, typed = palette.paint(show(container.name, 80), BOLD), show(container.type, 60)
    lines = [f"{severity} {_where(container)}  {name}  {typed}", f"  {container.why}"]
    for place in container.writes[:4]:
        key = f"  key {show(place.key, 40)}" if place.key and container.kind not in {"slice", "list"} else ""
        lines.append(f"  written  {show(place.file)}:{place.line} in {show(place.function or 'an initialiser')}{key}")
    if len(container.writes) > 4:
        lines.append(f"           and in {len(container.writes) - 4} more places")
    said = {"request": "from requests", "parameter": "from callers that are not in these files"}
    keys = f"keys {said[container.keys]}" if container.keys in said else ""
    mutex = f"mutex {show(container.mutex)}" if container.mutex else ""
    about = " · ".join(part for part in (keys, mutex) if part)
    return "\n".join([*lines, f"  {about}"] if about else lines)


def _line(container: Container) -> str:
    write = next((each for each in container.writes if each.often not in {"never", "at the start only"}), None)
    by = f"  written in {show(write.function or 'an initialiser')} at {show(write.file)}:{write.line}" if write else ""
    unsure = container.why.partition("; ")[2].removeprefix("but ")
    why = f"; {show(unsure)}" if unsure else ""
    return f"  {_where(container)}  {show(container.name, 80)}  {show(container.type, 60)}{by}{why}"


def _where(container: Container) -> str:
    return f"{show(container.file, 200)}:{container.line}"


def _footer(sources: Sources, listed: list[Container], files: GoFiles, palette: Palette) -> str:
    left = [f"{count} {reason}" for reason, count in sources.left_out.items()]
    left += [f"{many(count, 'folder')} {name}" for name, count in files.folders_left_out.items()]
    parts = [
        f"read {many(sources.files, 'file')} ({many(sources.bytes, 'byte')}): {len(listed)} that only grow",
        f"{many(len(sources.containers), 'container')} seen",
        many(sources.log_calls(), "log call"),
    ]
    text = ", ".join(parts) + (f"; left out: {', '.join(left)}" if left else "")
    skipped = [f"skipped {show(path, 200)}: {show(reason)}" for path, reason in sources.skipped]
    return "\n".join([palette.paint(text, DIM), *skipped, *(f"note: {show(note)}" for note in files.notes)])
