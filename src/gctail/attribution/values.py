"""A suspect: a message of the log that grew with the heap, and what speaks for and against it."""

from __future__ import annotations

from msgspec import Struct


class Suspect(Struct, frozen=True):
    """One template, with that of its keys and numbers that the heap follows best.

    `kind` says what the heap follows: lines (their count), keys (values of `slot` that were never seen before), sum
    (of the numbers in `field`), or level (of the number in `field`: it is the size of what grows).
    """

    template: str
    """The message with its variables left out."""
    message: str
    """The literal text alone."""
    kind: str
    slot: str | None
    """The variable whose new values came as the heap grew."""
    field: str | None
    """The number that grew as the heap did, or whose sum did."""
    mib: float
    """Growth of the live heap that goes along with it, MiB."""
    share: float
    """The same as a share of all growth, 0 to 1."""
    p_value: float
    """The chance that a line which has nothing to do with the growth would follow its ups and downs as closely.

    Trends in time and the traffic of all lines are taken out first, and as many chances as there were candidates are
    allowed for. 1 where growth and line are both so even that nothing but their trend speaks.
    """
    correlation: float
    """Of the live heap and the running total (or level), from the onset on."""
    per_event_kib: float
    """KiB of live heap for each line, key, unit of the sum, or unit of the level."""
    events: int
    """Lines of this template since the onset."""
    distinct: int | None
    """Different values of `slot`, as estimated."""
    since_uptime_s: float
    """Seconds since the start of the process: when it began to grow with the heap."""
    group: int
    """Suspects with the same number cannot be told apart by this log."""
    example: str
    """A line of the log."""
    about_keys: str = ""
    """Why its keys are new, where the few that are kept say so."""
    only: str = ""
    """Of its lines, those with this value alone: `tenant=acme`."""
    only_share: float | None = None
    """So much of its lines since the onset are those."""
    less: str = ""
    """What takes back what these lines bring: the message of another line, or another value."""
    held_share: float | None = None
    """Of what these lines brought since the onset, so much was not taken back; None where nothing is known to do so."""
    pace: float | None = None
    """How fast it grows in the last third of the time since the onset, beside the first: 1 as fast, 0 no longer.

    What fills up slows down; what keeps for ever does not.
    """
    counter_evidence: tuple[str, ...] = ()
    """What speaks against it, or weakens it, in words."""
