"""What a log's silence says: a service that stops while the log goes on, and an error as the very last word."""

from __future__ import annotations

from gctail.parsing.messages import read_message
from gctail.postmortem.lives import Person
from gctail.postmortem.witness import Stream

MOST_LATEST = 16
LEAST_SILENCE_S, PACES = 30.0, 20.0
LOOKED_AT, MOST_ERRORS = 20, 2
_ERRORS = frozenset({"error", "fatal", "panic"})


def latest_of(everybody: list[Person]) -> list[Person]:
    """Those who were heard last of all: silence is measured against them."""
    known = [each for each in everybody if each.life.end_s is not None]
    return sorted(known, key=lambda each: each.life.end_s or 0.0)[-MOST_LATEST:]


def silence(person: Person, latest: list[Person]) -> float | None:
    """Seconds for which others went on in the same log after the last line of this process; None where they did not.

    Only others that were there before its end count: of logs that were put one behind the other the first always
    "falls silent".
    """
    end_s, pace_s = person.life.end_s, person.life.pace_s
    if end_s is None or not person.life.is_last:
        return None
    ends = [each.life.end_s or 0.0 for each in latest if _beside(each.stream, person.stream)]
    silent_s = max(ends, default=0.0) - end_s
    epoch = person.epoch
    if pace_s is None and epoch is not None and epoch.ledger.seen > 1 and person.life.start_s is not None:
        pace_s = (end_s - person.life.start_s) / epoch.ledger.seen
    return silent_s if silent_s > max(LEAST_SILENCE_S, PACES * (pace_s or 0.0)) else None


def _beside(other: Stream, stream: Stream) -> bool:
    """The other one stands in the same log, from before this one's end until after it."""
    if other is stream or other.first_offset is None or stream.origins.keys().isdisjoint(other.origins):
        return False
    return other.first_offset < stream.end_offset < other.end_offset


def ends_with_an_error(person: Person) -> bool:
    """The last thing it did is to write an error, or a line without a level where all others have one (log.Fatal)."""
    lines = person.lines[-LOOKED_AT:]
    if len(lines) < 4:
        return False
    run = person.stream.runs.get(person.life.epoch)
    at = lines[-1][2]
    if run is not None and at is not None and run.last_offset > at:
        return False
    levels = [read_message(text[:4096].encode("utf-8", "replace")).level for text, _, _ in lines]
    *before, last = levels
    errors = sum(level in _ERRORS for level in before)
    if last in _ERRORS:
        return errors <= MOST_ERRORS
    return last is None and None not in before
