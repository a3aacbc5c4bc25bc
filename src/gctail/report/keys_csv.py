"""The sampled keys of suspects as CSV, for a spreadsheet or a script: how often each came, and when.

A key that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

from gctail.postmortem.keyed import Looked

COLUMNS = ("service", "message", "slot", "key", "count", "first_uptime_s", "last_uptime_s", "stands_for")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def keys_csv(looked: Iterable[Looked], redact: Callable[[str], str] | None = None) -> bytes:
    """One row a key, in the order of their first lines; `stands_for` is how many keys a sampled one stands for."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in looked:
        for seen in each.sample.seen:
            words = [each.service, each.message, each.slot, seen.key]
            told = [_harmless(redact(word) if redact is not None else word) for word in words]
            first_s, last_s = f"{seen.first_s:.3f}", f"{seen.last_s:.3f}"
            writer.writerow([*told, seen.count, first_s, last_s, each.sample.scale])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _harmless(word: str) -> str:
    return f"'{word}" if word.startswith(FORMULA) else word
