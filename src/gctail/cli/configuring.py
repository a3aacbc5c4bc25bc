"""Options from the configuration file and the environment, below what the command line says.

Whatever option a parser has may stand in the file: those of reading at its top, those that one command alone has in
the table of that command. Nobody has to list them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gctail.errors import UsageError

if TYPE_CHECKING:
    from gctail.config.layers import Option, Value
    from gctail.config.loading import Document
    from gctail.config.tables import Kinds, Settings

NOT_IN_A_FILE = frozenset(
    {"config", "since", "until", "follow", "last", "no_state", "tui", "help", "version", "dry_run", "to"}
)
"""What is meant for one call only."""
WITHOUT_TABLE = frozenset({"alert", "check", "explain", "completion", "man", "demo"})
"""Commands that have nothing to set in a file."""
PATHS = frozenset({"FILE", "DIR", "PATH"})
GROUPS = ("sinks", "sources", "detectors")
"""Tables of tables, each of a kind."""


def configurable(parser: argparse.ArgumentParser, dest: str = "config") -> None:
    """Let a command read the configuration: `parsed` in options.py then lays its values below the flags."""
    told = "the configuration (./gctail.toml, or ~/.config/gctail/gctail.toml)"
    parser.add_argument("--config", dest=dest, metavar="FILE", help=told)


def kinds_of(group: str, tables: Mapping[str, Any]) -> Kinds:
    """What a table of this group may be: gctail's own kinds, and those of plugins where there is a table."""
    from gctail.config.tables import Kinds
    from gctail.sinks.kinds import KINDS, settings_of

    own = list(KINDS) if group == "sinks" else []
    if not tables.get(group):
        return Kinds(own, lambda _: None)
    from gctail import plugins

    brought = [each.name for each in plugins.installed(group) if each.name not in own]
    return Kinds(
        [*own, *dict.fromkeys(brought)],
        lambda kind: settings_of(kind) if kind in own else plugins.settings_of(group, kind),
    )


class Configured:
    """The options of one call, with what the file and the environment say; `values` knows where each came from."""

    def __init__(self, parser: Callable[[], argparse.ArgumentParser], command: str, arguments: Sequence[str]) -> None:
        self.parser = parser
        self.command = command
        self._arguments = list(arguments)
        self.values: dict[str, Value] = {}
        self.document: Document | None = None
        self.problems: list[str] = []
        self.settings: Settings | None = None

    def read(self, environment: Mapping[str, str], *, always: bool = False) -> argparse.Namespace:
        """Parse, find the file, lay one over the other. What is wrong is in `problems`.

        Where neither a file nor a variable says anything, the values are traced only if `always`.
        """
        parser = self.parser()
        options = parser.parse_args(self._arguments)
        options.settings = None
        if not any(action.dest == "config" for action in parser._actions):  # noqa: SLF001 - argparse has no other way
            return options
        from gctail.config.loading import find_file, read_document
        from gctail.config.tables import Settings

        path = find_file(options.config, environment)
        if path is None and not always and not any(name.startswith("GCTAIL_") for name in environment):
            options.settings = self.settings = Settings()
            return options
        self.document = read_document(path) if path is not None else None
        flags = vars(_given(self.parser(), self._arguments))
        for name, value in self._layered(parser, environment, flags).items():
            setattr(options, name, value.value)
        options.settings = self.settings = self._settings(environment)
        return options

    def _layered(
        self, parser: argparse.ArgumentParser, environment: Mapping[str, str], flags: Mapping[str, Any]
    ) -> dict[str, Value]:
        from gctail.cli.options import COMMANDS
        from gctail.config.layers import layered
        from gctail.config.loading import option_values

        known = options_of(parser, self.command)
        in_file: dict[str, Value] = {}
        if self.document is not None:
            tables = [name for name in COMMANDS if name not in WITHOUT_TABLE]
            every = known if not self.command else [*known, *_missing(known)]
            in_file, self.problems = option_values(self.document, every, self.command, tables)
        self.values, wrong = layered(known, in_file, environment, flags)
        self.problems += wrong
        return self.values

    def _settings(self, environment: Mapping[str, str]) -> Settings:
        from gctail.config.tables import Tables

        named = self.document.tables if self.document is not None else {}
        tables = Tables(self.document, environment, {group: kinds_of(group, named) for group in GROUPS})
        found = tables.settings()
        self.problems += tables.problems
        return found


def configured(
    parser: Callable[[], argparse.ArgumentParser], command: str, arguments: Sequence[str]
) -> argparse.Namespace:
    """The options of a call. Raises UsageError for what is wrong with them, in whichever place.

    `options.settings` are the tables of the configuration (None where a command reads none), and `options.reread()`
    makes the same options anew from a file that has changed; `options.flags()` are those of the command line alone.
    """
    call = Configured(parser, command, arguments)
    options = call.read(os.environ)
    if call.problems:
        raise UsageError("\ngctail: ".join(call.problems))
    options.reread = lambda: configured(parser, command, arguments)
    options.flags = lambda: vars(_given(parser(), arguments))
    return options


def options_of(parser: argparse.ArgumentParser, command: str) -> list[Option]:
    """What of a command's options a file may set; those that reading has as well stand at the top of the file.

    One that takes other words than reading's (`--output sarif`) is the command's own.
    """
    from gctail.cli.options import reading_parser

    actions = [each for each in parser._actions if each.option_strings and each.dest not in NOT_IN_A_FILE]  # noqa: SLF001 - as above
    if not command:
        return [_option(action, "") for action in actions]
    reading = {action.dest: action.choices for action in reading_parser()._actions}  # noqa: SLF001 - as above
    own = [each.dest for each in actions if each.dest not in reading or reading[each.dest] != each.choices]
    return [_option(action, command if action.dest in own else "") for action in actions]


def _missing(known: Sequence[Option]) -> list[Option]:
    """The options of reading that this command does not have: they may stand in its file all the same."""
    from gctail.cli.options import reading_parser

    names = {option.name for option in known if not option.section}
    return [option for option in options_of(reading_parser(), "") if option.name not in names]


def _option(action: argparse.Action, section: str) -> Option:
    from gctail.config.layers import Option

    flag = max(action.option_strings, key=len)
    if action.nargs == 0:
        kind = "flag"
    elif isinstance(action.default, list) or action.nargs in {"*", "+"} or type(action).__name__ == "_AppendAction":
        kind = "list"
    else:
        kind = "number" if action.type is float else "whole" if action.type is int else "text"
    choices = tuple(map(str, action.choices)) if action.choices else ()
    is_path = action.metavar in PATHS
    return Option(action.dest, kind, flag, action.default, choices, section, is_path, _check(action.dest))


def _check(name: str) -> Callable[[str], object] | None:
    """What reads the values of an option whose text has a grammar of its own."""
    return {"limit": _size, "max_memory": _size, "silence": _window}.get(name)


def _size(text: str) -> object:
    from gctail.cli.sizes import size_above_0

    return size_above_0(text)


def _window(text: str) -> object:
    from gctail.sinks.silence import parse_silence

    return parse_silence(text)


def _given(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Only what stands on the command line: the same parse, with all defaults taken away."""
    for action in parser._actions:  # noqa: SLF001 - as above
        action.default = argparse.SUPPRESS
    return parser.parse_args(arguments)
