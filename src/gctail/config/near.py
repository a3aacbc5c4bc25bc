"""What somebody may have meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "severity"?`, or nothing where no known name is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1, 0.6)
    return f'; did you mean "{close[0]}"?' if close else ""
