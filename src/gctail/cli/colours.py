"""Colours on standard output, for every command that prints there."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gctail.sinks.text import Palette


def coloured(options: argparse.Namespace) -> bool:
    """A person looks at standard output, and has not refused colours."""
    return not options.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def palette_of(options: argparse.Namespace) -> Palette:
    """The colours of standard output, or none."""
    from gctail.sinks.text import Palette

    return Palette(colour=coloured(options))
