"""Sizes that a person gives on the command line: `512MiB`, `2GiB`."""

from __future__ import annotations

from gctail.errors import UsageError


def size_option(option: str, text: str) -> float:
    """MiB. Raises `UsageError` where the text is no size."""
    from gctail.parsing.quantities import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error
