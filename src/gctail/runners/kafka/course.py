"""What the command line chose for one consumer."""

from __future__ import annotations

from msgspec import Struct

from gctail.kafka.client import Wanted
from gctail.kafka.starting import End, Start
from gctail.parsing.lexicon import Lexicon


class Course(Struct, frozen=True):
    """Which messages, from where to where, and where everything goes. Topics that are None are not written."""

    wanted: Wanted
    start: Start
    end: End | None = None
    findings_topic: str | None = None
    state_topic: str | None = None
    letters_topic: str | None = None
    transactional: bool = True
    wrapper: str | None = None
    every_line: bool = False
    lexicon: Lexicon | None = None

    @property
    def grouped(self) -> bool:
        """As a member of a group, with offsets and state."""
        return self.wanted.group is not None
