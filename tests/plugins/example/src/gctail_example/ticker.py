"""A source: gctrace lines that nobody ever wrote."""

import time
from typing import Annotated

from gctail.plugins import Source, Struct, key

LINE = (
    "gc {0} @{0}.016s 9%: 0.018+1.6+0.004 ms clock, 0.14+0.12/1.2/0+0.035 ms cpu, {1}->{1}->{1} MB, {2} MB goal, 8 P\n"
)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many collections, and at which of them the source breaks off."""

    collections: Annotated[int, key("so many lines", ge=1)] = 60
    every_s: Annotated[float, key("seconds before each of them", ge=0)] = 0.0
    breaks_at: Annotated[int | None, key("where it fails (never)")] = None


def open_source(settings: Settings) -> Source:
    """Called when `source:NAME` is read."""
    return Ticker(settings)


class Ticker:
    """Fills the buffer that it is given with the next line, as a source that waits for its bytes does."""

    def __init__(self, settings: Settings) -> None:
        self.notes: list[str] = []
        self._settings, self._next = settings, 1

    def readinto(self, buffer: memoryview, /) -> int:
        """One line; 0 bytes at the end."""
        number = self._next
        if number == self._settings.breaks_at:
            raise ConnectionError("the ticker has stopped")
        if number > self._settings.collections:
            return 0
        self._next += 1
        time.sleep(self._settings.every_s)
        line = LINE.format(number, 3 + number, 2 * (3 + number)).encode()
        buffer[: len(line)] = line
        return len(line)

    def close(self) -> None:
        """Nothing is held."""
