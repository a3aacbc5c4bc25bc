"""Formats, signatures and texts as data, with the samples that are their tests."""

from __future__ import annotations

from typing import Any


def shipped(name: str) -> bytes:
    """What a file that lies here holds.

    What loaded this package is asked for it. `importlib.resources` does the same, and loads archives and temporary
    files before (10 ms).
    """
    loader: Any = __spec__.loader
    found: bytes = loader.get_data(f"{__path__[0]}/{name}")
    return found
