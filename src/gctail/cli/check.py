"""`gctail check`: is the configuration right, what is in force, and where did each value come from."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import msgspec

from gctail.cli.configuring import GROUPS, Configured, configurable, options_of
from gctail.cli.options import COMMANDS, new_parser, reading_parser
from gctail.cli.toml import toml, toml_key
from gctail.config.layers import Value
from gctail.config.sections import SECTIONS
from gctail.config.tables import Settings, unknown_variables, variables
from gctail.sinks.out import complain

DESCRIPTION = """\
Reads the configuration as every command would, and prints each value with the place it came from: the file and its
line, a variable of the environment, or the default. Nothing is sent and no log is read. Secrets are never shown.
Exit status: 0 when it can be used, 2 when something in it is wrong."""
ORIGIN_COLUMN = 52


def parser() -> argparse.ArgumentParser:
    """The options of `gctail check`."""
    parser = new_parser("gctail check", DESCRIPTION)
    parser.epilog = None
    parser.add_argument("--example", action="store_true", help="print a commented configuration with every key")
    configurable(parser, "file")  # read here, so that all that is wrong with it is told together
    return parser


def run(options: argparse.Namespace) -> int:
    """Print the configuration. Returns 2 where something in it is wrong."""
    from gctail.cli.checking import deep_problems, notes

    if options.example:
        from gctail.cli.example import example

        print("\n".join(example()))
        return 0
    reading, *others = _calls(["--config", options.file] if options.file is not None else [])
    problems = list(dict.fromkeys(problem for call in (reading, *others) for problem in call.problems))
    settings = reading.settings or Settings()
    if reading.document is None:
        print("# no configuration file: ./gctail.toml and ~/.config/gctail/gctail.toml are absent")
    else:
        print(f"# {reading.document.path}")
    for name, value in reading.values.items():
        _print(name, value)
    for call in others:
        _print_own(call)
    _print_tables(reading, settings)
    sys.stdout.flush()
    problems += deep_problems(settings, reading.values)
    known = [*_variables([reading, *others]), *variables(), "GCTAIL_CONFIG"]
    for note in (*notes(reading.values), *unknown_variables(os.environ, known)):
        complain(f"note: {note}")
    for problem in problems:
        complain(problem)
    return 2 if problems else 0


def _calls(given: list[str]) -> list[Configured]:
    """Every command that reads the configuration, as if it were called with no options; reading comes first."""
    reading = Configured(reading_parser, "", [*given, "-"])
    reading.read(os.environ, always=True)
    calls = [reading]
    for name in COMMANDS:
        command = import_module(f"gctail.cli.{name}")
        if name == "check" or not any(each.dest == "config" for each in command.parser()._actions):  # noqa: SLF001 - argparse has no other way
            continue
        call = Configured(partial(_undemanding, command.parser), name, given)
        call.read(os.environ, always=True)
        calls.append(call)
    return calls


def _undemanding(make: Callable[[], argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """A command's parser, content without what a real call has to give."""
    parser = make()
    for action in parser._actions:  # noqa: SLF001 - as above
        action.required = False
        if not action.option_strings:
            action.nargs, action.choices = "*", None
    return parser


def _variables(calls: list[Configured]) -> Iterator[str]:
    for call in calls:
        yield from (option.variable for option in options_of(call.parser(), call.command))


def _print_own(call: Configured) -> None:
    """The options that this command alone has, and those in its table that differ from the top of the file."""
    own = {option.name for option in options_of(call.parser(), call.command) if option.section}
    values = {name: value for name, value in call.values.items() if name in own}
    if values:
        print(f"\n[{call.command}]")
        for name, value in values.items():
            _print(name, value)


def _print_tables(call: Configured, settings: Settings) -> None:
    """What the tables hold, and which plugins are installed: of those that no table names nothing was loaded."""
    from gctail.plugins import installed, shown

    for name in SECTIONS:
        _print_table(name, getattr(settings, name), settings.origins)
    for name, each in settings.services.items():
        _print_table(f"services.{toml_key(name)}", each, settings.origins)
    tables = call.document.tables if call.document is not None else {}
    plugins: list[str] = []
    for group in GROUPS:
        kinds = {name: tables[group][name]["kind"] for name in getattr(settings, group)}
        for name, each in getattr(settings, group).items():
            _print_table(f"{group}.{toml_key(name)}", each, settings.origins, kinds[name])
        for point in installed(group):
            use = "in use" if point.name in kinds.values() else "not in use: nothing of it is loaded"
            plugins.append(f"# {group.removesuffix('s')} {shown(point)}: {use}")
    if plugins:
        print("\n".join(["", "# plugins that are installed", *plugins]))


def _print_table(title: str, table: msgspec.Struct, origins: dict[str, str], kind: str | None = None) -> None:
    print(f"\n[{title}]")
    path = title.replace('"', "")
    if kind is not None:
        _print("kind", Value(kind, origins.get(f"{path}.kind", "")))
    for each in msgspec.structs.fields(table):
        shown = getattr(table, each.name)
        _print(each.name, Value(_public(each.name, shown), origins.get(f"{path}.{each.name}", "default")))


def _public(name: str, value: Any) -> Any:  # noqa: ANN401 - any value of the configuration
    """What may be shown of a value: of an address only its scheme and host, where it may hold a key."""
    if isinstance(value, str) and (name == "url" or name.endswith("_url")) and "://" in value:
        scheme, _, rest = value.partition("://")
        host, slash, path = rest.rpartition("@")[2].partition("/")
        return f"{scheme}://{host}{slash}{'…' if path else ''}"
    return msgspec.to_builtins(value)


def _print(name: str, value: Value) -> None:
    shown = f"# {name} is not set" if value.value is None else f"{name} = {toml(value.value)}"
    print(f"{shown.ljust(ORIGIN_COLUMN)} # {value.origin}" if value.origin else shown)
