"""Writes the man page from the options themselves: python docs/man/make.py > docs/man/gctail.1."""

from __future__ import annotations

import argparse
import os
import re
from importlib import import_module

from argparse_manpage.manpage import Manpage

from gctail import __version__
from gctail.cli.options import COMMANDS, DESCRIPTION, reading_parser

HEAD = f'.TH GCTAIL 1 "" "gctail {__version__}" "User Commands"'
ABOUT = "finds out, from logs alone, why a Go service runs out of memory"


def page() -> str:
    """The page: reading first, then a section for every command."""
    os.environ["COLUMNS"] = "80"
    top = reading_parser()
    top.description = DESCRIPTION
    top.man_short_description = ABOUT  # type: ignore[attr-defined]
    commands = top.add_subparsers(title="commands")
    for name, about in COMMANDS.items():
        known = import_module(f"gctail.cli.{name}").parser()
        commands.add_parser(
            name, parents=[known], add_help=False, help=about, description=known.description, epilog=known.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
    return re.sub(r"\A\.TH .*", lambda _: HEAD, str(Manpage(top)))


if __name__ == "__main__":
    print(page())
