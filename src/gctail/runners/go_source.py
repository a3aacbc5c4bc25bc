"""The Go source of the program that wrote a log, read where a suspect is to be led there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gctail.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from gctail.golang.source import Sources
    from gctail.records import Finding


def go_source(folder: str) -> tuple[Sources, list[str]]:
    """The source, and notes on what of it was not read. Raises `UnreadableInput` where there is none."""
    from gctail.golang.source import read_sources
    from gctail.sources.gofiles import GoFiles

    files = GoFiles(folder)
    sources = read_sources(files)
    if not sources.files:
        raise UnreadableInput(f"{folder}: there is no Go source in it")
    notes = [f"{folder}: {note}" for note in files.notes]
    return sources, [*notes, *(f"skipped {path}: {reason}" for path, reason in sources.skipped)]


def leading_to(sources: Sources) -> Callable[[Finding], Finding]:
    """What gives each suspect of a finding its `source`, so that who hears of it live can open the file."""
    from gctail.golang.source import source_of

    def led(finding: Finding) -> Finding:
        if not finding.suspects:
            return finding
        return replace(
            finding, suspects=tuple({**each, "source": source_of(sources, each)} for each in finding.suspects)
        )

    return led


def led_to_source(outcome: dict[str, Any], sources: Sources) -> dict[str, Any]:
    """The outcome of a reading, with `source` in each suspect: see `gctail.golang.source.source_of`."""
    from gctail.golang.source import source_of

    for service in outcome["services"]:
        for suspect in (*service["suspects"], *service["grows_with"]):
            suspect["source"] = source_of(sources, suspect)
    return outcome
