"""What `gctail kafka` and `gctail scale` have in common: which messages are read, and by whom."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from gctail.cli.wrapping import wrapping

if TYPE_CHECKING:
    from gctail.kafka.starting import End, Start


def topics(group: argparse._ArgumentGroup) -> None:
    """Which topics, and how to get at them."""
    group.add_argument("--brokers", metavar="HOST:PORT,…", required=True, help="some of the brokers")
    group.add_argument("--topic", metavar="TOPIC", action="append", default=[], help="may be repeated")
    group.add_argument("--security", metavar="FILE", help="TLS, SASL: lines such as security.protocol = SASL_SSL")


def messages(group: argparse._ArgumentGroup) -> None:
    """From where to where, and whose a message is."""
    group.add_argument(
        "--start", metavar="WHERE",
        help="where the group has no offset yet: earliest, latest, a time, -2h, or TOPIC/PARTITION:OFFSET,… "
        "(latest; earliest with --until)",
    )  # fmt: skip
    group.add_argument("--until", metavar="WHERE", help="stop at a time, or at `end`: what is there now")
    group.add_argument(
        "--service-from", metavar="HOW", help="key, header:NAME, field:PATH or topic (the payload, else the key)"
    )
    wrapping(group)


def membership(group: argparse._ArgumentGroup) -> None:
    """How members of a group stand in for each other."""
    group.add_argument(
        "--session-timeout", metavar="SECONDS", type=float, default=10.0,
        help="after so long without a heartbeat the others take over (10)",
    )  # fmt: skip
    group.add_argument(
        "--at-least-once", action="store_true", help="without transactions, for brokers that do not allow them"
    )


def course_of(options: argparse.Namespace) -> tuple[Start, End | None]:
    """Where to begin and where to end. Raises UsageError."""
    from gctail.kafka.starting import parse_end, parse_start

    now_s = time.time()
    end = parse_end(options.until, now_s)
    return parse_start(options.start or ("latest" if end is None else "earliest"), now_s), end
