"""A user's TOML file as values: what is wrong in it is said in words, with the place."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from gctail.errors import UsageError

T = TypeVar("T")

_SAID = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.?(?P<name>\w+)(?:\[(?P<number>\d+)\])?")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")


def decoded(toml: bytes, shape: type[T]) -> T:
    """The file as `shape`. Raises UsageError: `wrapper 2, sample 1: "text" is missing`."""
    try:
        return msgspec.toml.decode(toml, type=shape)
    except msgspec.ValidationError as problem:
        raise UsageError(_in_words(str(problem))) from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"byte {problem.start} is no UTF-8") from None
    except (msgspec.DecodeError, RecursionError) as problem:
        raise UsageError(f"this is no TOML: {problem}") from problem


def _in_words(said: str) -> str:
    found = _SAID.fullmatch(said)
    what, path = (found["what"], found["path"] or "") if found is not None else (said, "")
    steps = [step["name"] + (f" {int(step['number']) + 1}" if step["number"] else "") for step in _STEP.finditer(path)]
    if missing := _MISSING.match(what):
        what = f'"{missing["name"]}" is missing'
    elif unknown := _UNKNOWN.match(what):
        what = f'there is no key "{unknown["name"]}"'
    return ": ".join([*([", ".join(steps)] if steps else []), what])
