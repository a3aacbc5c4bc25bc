"""--wrapper, --wrappers and --deaths: how the lines of a log are wrapped, and in whose words a death is told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
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


def taught(options: argparse.Namespace) -> dict[str, str]:
    """The user's files as texts, by the names of their options. Raises UsageError where one cannot be read."""
    given = {name: getattr(options, name) for name in ("wrappers", "deaths")}
    return {name: read_text(f"--{name}", path) for name, path in given.items() if path is not None}


def lexicon_of(options: argparse.Namespace, bundled: Mapping[str, str] | None = None) -> Lexicon | None:
    """What the user's files add to what gctail knows, or else those of a bundle; None where there are none of either.

    Raises UsageError that names the file and what is wrong in it.
    """
    texts = {**(bundled or {}), **taught(options)}
    if not texts:
        return None
    from gctail.parsing import formats, own_deaths
    from gctail.parsing.lexicon import Lexicon

    ways: dict[str, Callable[[bytes], Any]] = {"wrappers": formats.with_own, "deaths": own_deaths.with_own}
    read = {}
    for name, text in texts.items():
        try:
            read[name] = ways[name](text.encode())
        except UsageError as error:
            raise UsageError(f"--{name} {getattr(options, name) or 'of the bundle'}: {error}") from error
    return Lexicon(**read)
