"""Windows of silence: times of the day or week at which findings are not told as they come."""

from __future__ import annotations

import re
import time

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WRITTEN = re.compile(r"(?:(?P<days>[a-z]{3}(?:,[a-z]{3})*) +)?(?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)")
MINUTES_A_DAY = 1440


class Silence(Struct, frozen=True):
    """A window of every day, or of some days of the week, in UTC; minutes since midnight. It may end the next day."""

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, time_s: float) -> bool:
        """Whether the (Unix) time is inside."""
        at = time.gmtime(time_s)
        minute = at.tm_hour * 60 + at.tm_min
        if self.begin < self.end:
            return at.tm_wday in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return at.tm_wday in self.days
        return minute < self.end and (at.tm_wday - 1) % 7 in self.days


def parse_silence(text: str) -> Silence:
    """`22:00-06:00`, `sat,sun 00:00-24:00`. Raises ValueError with a sentence where it is none."""
    found = WRITTEN.fullmatch(text.strip().lower())
    days = (
        frozenset(DAYS.index(day) for day in found["days"].split(",") if day in DAYS)
        if found and found["days"]
        else None
    )
    known = found is not None and (found["days"] is None or len(days or ()) == len(set(found["days"].split(","))))
    minutes = [_minute(found[name]) for name in ("from", "to")] if found is not None else []
    if not known or None in minutes:
        raise ValueError(f'"{text}" is no window of time: write one in UTC, such as 22:00-06:00 or sat,sun 00:00-24:00')
    begin, end = (minute or 0 for minute in minutes)
    return Silence(days if days is not None else frozenset(range(7)), begin, end)


def _minute(text: str) -> int | None:
    hours, minutes = (int(part) for part in text.split(":"))
    at = hours * 60 + minutes
    return at if minutes < 60 and at <= MINUTES_A_DAY else None
