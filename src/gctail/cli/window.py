"""--since and --until: the part of a log that is meant."""

from __future__ import annotations

import argparse
import time

from gctail.engine import Window
from gctail.errors import UsageError
from gctail.parsing.times import find_time, parse_moment
from gctail.runners.local import SOURCE
from gctail.sources import last_bytes


def window(options: argparse.Namespace) -> Window | None:
    """The window of --since and --until; `-3h` and `03:12` count from the last time stamp of the (last) file."""
    if options.since is None and options.until is None:
        return None
    end_s = _end_of(options.files[-1])
    return Window(_moment("--since", options.since, end_s), _moment("--until", options.until, end_s))


def window_of_growing(options: argparse.Namespace) -> Window | None:
    """The same where files are followed: times count from now, and --since says where reading begins instead."""
    return Window(None, _moment("--until", options.until, time.time())) if options.until is not None else None


def _moment(option: str, text: str | None, end_s: float) -> float | None:
    if text is None:
        return None
    try:
        return parse_moment(text, end_s)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def _end_of(path: str) -> float:
    """The last time stamp of a log; now where it has none or is a pipe."""
    if path.startswith(SOURCE):
        return time.time()
    for line in reversed(last_bytes(path, 1 << 16).split(b"\n")):
        found = find_time(line[:4096])
        if found is not None:
            return found[0]
    return time.time()
