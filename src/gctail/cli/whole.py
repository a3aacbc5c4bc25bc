"""Logs that are read to their ends before anything is said: what the commands that look back have in common."""

from __future__ import annotations

from gctail.engine import Engine
from gctail.runners.local import Reading


def read_whole(engine: Engine, reading: Reading, paths: list[str], points: int) -> None:
    """All that the files hold, with the course of each process in about `points` bins. Raises `UnreadableInput`."""
    engine.trace_points = points
    for events in reading.files(paths):
        for _ in engine.all(events):
            pass
