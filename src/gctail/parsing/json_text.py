"""JSON of whatever a log, or the name of a file, may bring: text that is no Unicode, whole numbers without end."""

from __future__ import annotations

import re
from typing import Any

import orjson

# C1 controls, bidi marks and overrides, line and paragraph separators: JSON itself escapes only what is below a blank.
_UNSAFE = re.compile("[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def json_bytes(value: Any, *, indented: bool = False) -> bytes:  # noqa: ANN401 - JSON of any shape
    """The value as JSON, for people who look at it all the same `indented`; what JSON cannot hold is made `sane`.

    What would steer a terminal, or turn its text around, is escaped, which says the same to every reader of JSON.
    """
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indented else 0)
    try:
        written = orjson.dumps(value, option=option)
    except TypeError:
        written = orjson.dumps(sane(value), option=option)
    return written if written.isascii() else _UNSAFE.sub(_escape, written.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def sane(value: Any) -> Any:  # noqa: ANN401 - as above
    """The same with lone surrogates escaped, and whole numbers beyond 64 bits as floats."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {sane(str(key)): sane(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [sane(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value
