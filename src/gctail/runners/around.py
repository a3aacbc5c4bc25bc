"""The lines around a finding, read again from the log in which it was found."""

from __future__ import annotations

from gctail.errors import UnreadableInput
from gctail.records import Finding
from gctail.sources import open_input

BEFORE_BYTES, AFTER_BYTES = 1 << 14, 1 << 13
MOST_BYTES = 1 << 28
"""Nobody waits for more to be read again."""


def lines_around(finding: Finding) -> list[str]:
    """Some lines before and after the place of a finding; a sentence where they cannot be had."""
    replay = finding.evidence.get("replay")
    origin = replay.get("origin") if isinstance(replay, dict) else None
    if not isinstance(origin, str) or not origin or origin == "-":
        return ["(this finding has no place in a file that could be read again)"]
    if finding.offset > MOST_BYTES:
        return [f"(byte {finding.offset:,} of {origin}: too far into it to be read again at once)"]
    try:
        text, begin = _read(origin, finding.offset)
    except UnreadableInput as error:
        return [f"({error})"]
    first = text.find(b"\n") + 1 if begin else 0
    last = text.rfind(b"\n") + 1 or len(text)  # what was cut off in the middle is left out
    return text[first:last].decode("utf-8", "replace").splitlines()


def _read(origin: str, offset: int) -> tuple[bytes, int]:
    """The bytes around an offset, and where they begin."""
    source = open_input(origin)
    buffer = bytearray(1 << 18)
    kept, at = b"", 0
    try:
        while at < offset + AFTER_BYTES and (count := source.readinto(buffer)):
            at += count
            kept = kept[-(BEFORE_BYTES + AFTER_BYTES) :] + bytes(buffer[:count])
    finally:
        source.close()
    begin = at - len(kept)
    first = max(begin, offset - BEFORE_BYTES)
    return kept[first - begin : offset + AFTER_BYTES - begin], first
