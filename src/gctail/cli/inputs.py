"""What is read by a command: files, standard input, or `source:NAME`, a source that the configuration describes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from gctail.cli.wrapping import lexicon_of
from gctail.errors import UnreadableInput
from gctail.parsing.window import Room
from gctail.runners.local import SOURCE, Reading
from gctail.sources import Opened, open_input


def opener_of(options: argparse.Namespace) -> Callable[[str], Opened]:
    """What opens the inputs of a call: files, and the sources that its configuration describes."""

    def open_(path: str) -> Opened:
        if not path.startswith(SOURCE):
            return open_input(path)
        name = path.removeprefix(SOURCE)
        sources = options.settings.sources if options.settings is not None else {}
        if name not in sources:
            from gctail.config.near import did_you_mean

            near = did_you_mean(name, sources) or f"; a file of this name is ./{path}"
            raise UnreadableInput(f"{path}: the configuration has no [sources.{name}]{near}")
        from gctail.plugins import opened

        return opened(name, sources[name])

    return open_


def reading_of(options: argparse.Namespace, *, every_line: bool = False, room: Room | None = None) -> Reading:
    """The reading of a call. Raises UsageError where a file of wrappers or deaths cannot be used."""
    reading = Reading(
        service=options.service,
        wrapper=options.wrapper,
        every_line=every_line,
        room=room,
        lexicon=lexicon_of(options),
    )
    reading.open = opener_of(options)
    return reading


def has_source(paths: Iterable[str]) -> bool:
    """One of them is a source of the configuration, which is read as it comes."""
    return any(path.startswith(SOURCE) for path in paths)
