"""What is known of how logs are wrapped and of how deaths are told, for whoever reads one."""

from __future__ import annotations

import re
from functools import cached_property

from gctail.parsing.formats import Formats, formats
from gctail.parsing.reports import Reporters, reporters

REPORTED = re.compile(
    rb"i(?:lled|ted(?:, code| with | \()|med out\. K|meout \(limit)"
    rb"|o(?:om|pp(?:ing|ed) \S+\.ser|r \d+ in |tection fault|be, will be)"
    rb"|OOM|1(?:37|43)|S(?:IG(?:KILL|ABRT)|ucceeded\.)|Terminated|VmRSS|R(?<!\wR)1[45]\b|v(?:icted|ated succ)"
)
"""A word that every sentence about a process's end has, for wrapped lines; the signatures decide.

Each begins with a letter or digit, by which the search leaps ahead: with a look back in front it takes three times as
long.
"""


class Lexicon:
    """Wrappers and sentences; what is not given is gctail's own, read when it is first asked for."""

    def __init__(self, wrappers: Formats | None = None, deaths: Reporters | None = None) -> None:
        self._wrappers, self._deaths = wrappers, deaths

    @property
    def formats(self) -> Formats:
        """The wrappers, in the order in which they are tried."""
        return self._wrappers or formats()

    @property
    def reporters(self) -> Reporters:
        """Who tells of deaths."""
        return self._deaths or reporters()

    @cached_property
    def reported(self) -> re.Pattern[bytes]:
        """Matches what stands in every line that may tell of a death."""
        if self._deaths is None:
            return REPORTED
        own = [each.signature for each in self._deaths.known if each not in reporters().known]
        needs = {need.encode() for signature in own for need in signature.needs}
        return re.compile(b"|".join([REPORTED.pattern, *map(re.escape, sorted(needs))]))
