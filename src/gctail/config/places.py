"""On which line of a TOML text each key stands: the parser of the standard library does not say."""

from __future__ import annotations

import tomllib
from typing import Any

LONGEST_STATEMENT_LINES = 2000
"""A list or text over more lines than this has its place at its first line, and so has what follows in it."""

Path = tuple[str | int, ...]


def places(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key, by its path: `("sinks", "pager", "kind")`; lists count from 0.

    `text` has to be valid TOML. A statement is as many lines as it takes for them to be valid by themselves.
    """
    lines = text.splitlines()
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(lines):
        stripped = lines[at].strip()
        if not stripped or stripped.startswith("#"):
            at += 1
            continue
        statement, length = _statement(lines, at)
        if stripped.startswith("["):
            table = _table(statement, counts)
            found.setdefault(table, at + 1)
            if isinstance(table[-1], int):
                found.setdefault(table[:-1], at + 1)
        else:
            _note(statement, table, at + 1, found)
        at += length
    return found


def line_of(path: Path, found: dict[Path, int]) -> int | None:
    """The line of a path, or of the nearest thing around it that has one."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return None


def _statement(lines: list[str], at: int) -> tuple[dict[str, Any], int]:
    """What the statement that begins at this line says, and how many lines it has."""
    for length in range(1, min(LONGEST_STATEMENT_LINES, len(lines) - at) + 1):
        try:
            return tomllib.loads("\n".join(lines[at : at + length])), length
        except tomllib.TOMLDecodeError:
            continue
    return {}, 1


def _table(statement: dict[str, Any], counts: dict[Path, int]) -> Path:
    """The path of a header: `[a.b]`, or `[[a]]`, which is one more of its kind."""
    path: Path = ()
    here: Any = statement
    while isinstance(here, dict) and here:
        [(key, here)] = here.items()
        path = (*path, key)
        if isinstance(here, list):
            counts[path] = counts.get(path, -1) + 1
            return (*path, counts[path])
        if path in counts and here:  # `[a.b]` below `[[a]]` belongs to the last of them
            path = (*path, counts[path])
    return path


def _note(value: Any, path: Path, line: int, found: dict[Path, int]) -> None:  # noqa: ANN401 - any value of TOML
    """This line is the place of everything that the statement holds."""
    if path and not isinstance(value, dict):
        found.setdefault(path, line)
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        found.setdefault((*path, key), line)
        _note(each, (*path, key), line, found)
