"""The Go source of the program that wrote a log, read where a suspect is to be led there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gctail.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gctail.golang.source import Sources
    from gctail.records import Finding

MOST_KNOWN = 256
"""Suspects whose places are remembered."""


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


class Leads:
    """Leads suspects to their places in the source; a suspect that is told again is not looked up again."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[tuple[object, ...], dict[str, Any] | None] = {}

    def place(self, suspect: Mapping[str, Any]) -> dict[str, Any] | None:
        """`source` of a suspect: see `gctail.golang.source.source_of`."""
        said = tuple(suspect.get(name) for name in ("message", "template", "example", "field"))
        if said not in self._known:
            from gctail.golang.source import source_of

            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[said] = source_of(self._sources, suspect)
        return self._known[said]

    def finding(self, finding: Finding) -> Finding:
        """The finding with the place of each suspect, so that who hears of it live can open the file."""
        if not finding.suspects:
            return finding
        return replace(finding, suspects=tuple({**each, "source": self.place(each)} for each in finding.suspects))

    def outcome(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """The outcome of a reading, with the place of each suspect."""
        for service in outcome["services"]:
            for suspect in (*service["suspects"], *service["grows_with"]):
                suspect["source"] = self.place(suspect)
        return outcome
