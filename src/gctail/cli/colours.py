"""Colours on standard output, for every command that prints there: the option, and what it comes to."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from gctail.palette import Palette

if TYPE_CHECKING:
    from gctail.cli.options import Group


def colour_option(group: Group) -> None:
    """`--no-color`."""
    group.add_argument("--no-color", action="store_true", help="no colours; NO_COLOR in the environment does the same")


def palette_of(options: argparse.Namespace) -> Palette:
    """Colours where a person looks at standard output and has not refused them."""
    return Palette(colour=not options.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty())
