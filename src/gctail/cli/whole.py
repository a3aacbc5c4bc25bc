"""Logs that are read to their ends before anything is said: what the commands that look back have in common."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from gctail.engine import Engine
from gctail.runners.local import Reading

if TYPE_CHECKING:
    from gctail.sinks.text import Palette


def read_whole(engine: Engine, reading: Reading, paths: list[str], points: int) -> None:
    """All that the files hold, with the course of each process in about `points` bins. Raises `UnreadableInput`."""
    engine.trace_points = points
    for events in reading.files(paths):
        for _ in engine.all(events):
            pass


def palette_of(options: argparse.Namespace) -> Palette:
    """Colours where a person looks and has not refused them."""
    from gctail.sinks.text import Palette

    return Palette(colour=not options.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty())
