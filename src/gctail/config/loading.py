"""Finds the configuration file, reads it, and says where what is wrong in it stands."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct, field

from gctail.config.layers import PREFIX, Option, Value, WrongValue, from_file
from gctail.config.near import did_you_mean
from gctail.config.places import Path, line_of, places
from gctail.config.sections import SECTIONS
from gctail.errors import UsageError

NAME = "gctail.toml"
MOST_BYTES = 1 << 20


class Document(Struct, frozen=True):
    """A configuration file: what it says, and on which line."""

    path: str
    tables: dict[str, Any]
    lines: dict[Path, int] = field(default_factory=dict)

    def at(self, path: Path) -> str:
        """`gctail.toml:12`."""
        line = line_of(path, self.lines)
        return f"{self.path}:{line}" if line is not None else self.path


def find_file(given: str | None, environment: Mapping[str, str]) -> str | None:
    """The file in force: the one that is given, ./gctail.toml, or that of the user; None where there is none."""
    named = given or environment.get(PREFIX + "CONFIG")
    if named:
        return named
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", ""), ".config")  # noqa: PTH118
    for path in (NAME, os.path.join(home, "gctail", NAME)):  # noqa: PTH118 - pathlib costs 10 ms
        if os.path.isfile(path):  # noqa: PTH113
            return path
    return None


def read_document(path: str) -> Document:
    """The file as tables with their places. Raises UsageError where it cannot be read or is no TOML."""
    try:
        raw = FilePath(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}. Name another with --config FILE") from error
    if len(raw) > MOST_BYTES:
        raise UsageError(f"{path}: {len(raw)} bytes; a configuration has at most {MOST_BYTES}")
    try:
        text = raw.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is no UTF-8; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: this is no TOML: {error}") from None
    return Document(path, tables, places(text))


def option_values(
    document: Document, options: Sequence[Option], command: str, commands: Sequence[str]
) -> tuple[dict[str, Value], list[str]]:
    """What the file says about the options of a command: at its top, and stronger in the table of the command.

    `options` are the command's own (with its name as section) and the shared ones; `commands` the tables that other
    commands have. Returns the values, and a sentence for everything that cannot be used.
    """
    shared = {option.name: option for option in options if not option.section}
    own = {option.name: option for option in options if option.section}
    values: dict[str, Value] = {}
    problems: list[str] = []
    tops = {key: value for key, value in document.tables.items() if not isinstance(value, dict)}
    known = (*shared, *SECTIONS, "services", "sinks", "sources", "detectors", *commands)
    at_top = {name: option for name, option in shared.items() if name not in own}
    tables: list[tuple[Path, Mapping[str, Any], dict[str, Option]]] = [((), tops, at_top)]
    for key, value in document.tables.items():
        if key not in known:
            problems.append(f'{document.at((key,))}: there is no "{key}"{did_you_mean(key, known)}')
        elif isinstance(value, dict) and key in shared:
            problems.append(f"{document.at((key,))}: {key} is an option and no table")
    if isinstance(table := document.tables.get(command), dict):
        tables.append(((command,), table, {**shared, **own}))
    for path, table, allowed in tables:
        for key, value in table.items():
            option = allowed.get(key)
            if option is None:
                if path:
                    near = did_you_mean(key, allowed)
                    problems.append(f'{document.at((*path, key))}: [{command}] has no "{key}"{near}')
                continue
            try:
                usable = from_file(option, value)
            except WrongValue as error:
                problems.append(f"{document.at((*path, key))}: {key}: {error}")
                continue
            usable = beside(document.path, str(usable)) if option.is_path else usable
            values[key] = Value(usable, document.at((*path, key)))
    return values, problems


def beside(config: str, path: str) -> str:
    """A path that a configuration names, as seen from where that lies."""
    return os.path.join(os.path.dirname(config), os.path.expanduser(path))  # noqa: PTH111, PTH118, PTH120
