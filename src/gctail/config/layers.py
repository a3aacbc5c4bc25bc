"""Options laid over one another: default, file, environment, flag; and of each value, where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from gctail.config.near import did_you_mean

PREFIX = "GCTAIL_"
SEPARATOR = ";"
"""Between the values of a list in an environment variable; a window of silence has commas of its own."""
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class Option(Struct, frozen=True):
    """An option that a file or the environment may set as well as the command line.

    `check` raises ValueError with a sentence where a text makes no sense; `is_path` says that it names a file, which
    in a configuration is meant from where that file lies.
    """

    name: str
    kind: str
    """flag, number, whole, text, or list (of texts)."""
    flag: str
    default: Any = None
    choices: tuple[str, ...] = ()
    section: str = ""
    """The table that it stands in: of the command that alone has it, or none."""
    is_path: bool = False
    check: Callable[[str], object] | None = None

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + (f"{self.section}_" if self.section else "").upper() + self.name.upper()


class Value(Struct, frozen=True):
    """A value and its origin: `default`, `gctail.toml:3`, `GCTAIL_LIMIT`, or `--limit`."""

    value: Any
    origin: str = "default"


class WrongValue(ValueError):
    """A value cannot be used; the text says why and what would be right, not where it stands."""


def layered(
    options: Sequence[Option],
    in_file: Mapping[str, Value],
    environment: Mapping[str, str],
    flags: Mapping[str, Any],
) -> tuple[dict[str, Value], list[str]]:
    """Every option with its value in force, and a sentence for each value that cannot be used."""
    values: dict[str, Value] = {}
    problems: list[str] = []
    for option in options:
        value = Value(option.default)
        if option.name in in_file:
            value = in_file[option.name]
        if option.variable in environment:
            try:
                value = Value(from_text(option, environment[option.variable]), option.variable)
            except WrongValue as error:
                problems.append(f"{option.variable} (in the environment): {error}")
        if option.name in flags:
            value = Value(flags[option.name], option.flag)
        values[option.name] = value
    return values, problems


def from_text(option: Option, text: str) -> Any:  # noqa: ANN401 - as the option has it
    """The value that a variable of the environment writes. Raises WrongValue."""
    text = text.strip()
    if option.kind == "flag":
        if text.lower() not in (*TRUE, *FALSE):
            raise WrongValue(f'"{text}" is neither true nor false: write 1 or 0')
        return text.lower() in TRUE
    if option.kind in {"number", "whole"}:
        try:
            return float(text) if option.kind == "number" else int(text)
        except ValueError:
            raise WrongValue(f'"{text}" is no {"whole number" if option.kind == "whole" else "number"}') from None
    if option.kind == "list":
        parts = [part.strip() for part in text.split(SEPARATOR) if part.strip()]
        return [checked(option, part) for part in parts]
    return checked(option, text)


def from_file(option: Option, value: object) -> object:
    """The value that the file writes. Raises WrongValue."""
    kind = option.kind
    if kind == "flag":
        if not isinstance(value, bool):
            raise WrongValue(f"write true or false, not {shown(value)}")
        return value
    if kind in {"number", "whole"}:
        if isinstance(value, bool) or not isinstance(value, int if kind == "whole" else int | float):
            raise WrongValue(f"write a {'whole number' if kind == 'whole' else 'number'}, not {shown(value)}")
        return value
    if kind == "list":
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise WrongValue(f'write a list of texts such as ["…", "…"], not {shown(value)}')
        return [checked(option, each) for each in value]
    if not isinstance(value, str):
        raise WrongValue(f'write a text in quotes such as "{shown(value)}", not {shown(value)}')
    return checked(option, value)


def checked(option: Option, text: str) -> str:
    """The text, where the option takes it. Raises WrongValue."""
    if option.choices and text not in option.choices:
        near = did_you_mean(text, option.choices)
        raise WrongValue(f'"{text}" is none of {", ".join(option.choices)}{near}')
    if option.check is not None:
        try:
            option.check(text)
        except ValueError as error:
            raise WrongValue(str(error)) from None
    return text


def shown(value: object) -> str:
    """A value as TOML writes it, short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
