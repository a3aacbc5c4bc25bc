"""JSON of whatever a log, or the name of a file, may bring: text that is no Unicode, whole numbers without end."""

from __future__ import annotations

from typing import Any

import orjson


def json_bytes(value: Any, *, indented: bool = False) -> bytes:  # noqa: ANN401 - JSON of any shape
    """The value as JSON, for people who look at it all the same `indented`; what JSON cannot hold is made `sane`."""
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indented else 0)
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return orjson.dumps(sane(value), option=option)


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
