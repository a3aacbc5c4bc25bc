"""--wrapper, --wrappers and --deaths: how the lines of a log are wrapped, and in whose words a death is told."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gctail.cli.files import read_text
from gctail.errors import UsageError

if TYPE_CHECKING:
    from gctail.parsing.lexicon import Lexicon


def wrapping(parser: argparse._ActionsContainer) -> None:
    """The options, alike in all commands that read logs."""
    parser.add_argument("--wrapper", metavar="NAME", help="read the lines as wrapped like this (found out by itself)")
    parser.add_argument("--wrappers", metavar="FILE", help="know the wrappers of this file too (docs/plugins.md)")
    parser.add_argument("--deaths", metavar="FILE", help="know the deaths of this file too (docs/plugins.md)")


def lexicon_of(options: argparse.Namespace) -> Lexicon | None:
    """What the user's files add to what gctail knows; None where he gives none. Raises UsageError."""
    if options.wrappers is None and options.deaths is None:
        return None
    return read_lexicon(options.wrappers, options.deaths)


def read_lexicon(wrappers: str | None, deaths: str | None) -> Lexicon:
    """The same of two files. Raises UsageError that names the file and what is wrong in it."""
    from gctail.parsing import formats, own_deaths
    from gctail.parsing.lexicon import Lexicon

    return Lexicon(
        _read("--wrappers", wrappers, formats.with_own) if wrappers is not None else None,
        _read("--deaths", deaths, own_deaths.with_own) if deaths is not None else None,
    )


def _read(option: str, path: str, read: Callable[[bytes], Any]) -> Any:  # noqa: ANN401 - what `read` gives
    text = read_text(option, path)
    try:
        return read(text.encode())
    except UsageError as error:
        raise UsageError(f"{option} {path}: {error}") from error
