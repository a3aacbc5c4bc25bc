"""`--max-memory`: what this process may hold, kept by letting go of what is least useful, and saying so."""

from __future__ import annotations

import ctypes
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from gctail.engine import Engine
from gctail.errors import UsageError

EVERY_S = 0.5
NEAR = 0.85
"""From this share of the limit on something is let go: what is read next needs room as well."""
MORE = 1.01
"""What was let go of is used again before it goes back to the system, so it is enough if no more is held than then."""
LEAST_MIB = 96
"""The program and its models, before it has read a line, take about 80 MiB."""


STATM = Path("/proc/self/statm")


def held_mib() -> float:
    """The resident memory of this process."""
    pages = int(STATM.read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Diet:
    """Looks at the resident memory now and then; over the limit, has the engine shed a part of what it remembers."""

    def __init__(
        self, limit_mib: float, engine: Engine, say: Callable[[str], None], held: Callable[[], float] = held_mib
    ) -> None:
        """`held` tells how many MiB are held. Raises UsageError where the limit cannot be kept, or nobody tells."""
        if limit_mib < LEAST_MIB:
            raise UsageError(
                f"--max-memory: {limit_mib:.0f} MiB is too little; gctail alone takes nearly {LEAST_MIB} MiB"
            )
        if not STATM.exists():
            raise UsageError(f"--max-memory: this system does not tell how much memory is held (there is no {STATM})")
        self._limit_mib, self._engine, self._say, self._held = limit_mib, engine, say, held
        self._next_s = 0.0
        self._level_mib = NEAR * limit_mib
        self._given_up = False

    def due(self) -> None:
        """Look, if it is time."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        held = self._held()
        if held < self._level_mib:
            return
        shed = self._engine.shed()
        if shed is not None:
            _give_back()
            self._level_mib = max(NEAR * self._limit_mib, MORE * self._held())
            self._say(f"{held:.0f} MiB of {self._limit_mib:.0f} MiB are held: {shed}")
        elif not self._given_up and held > self._limit_mib:
            self._given_up = True
            self._say(f"{held:.0f} MiB are held, over --max-memory, and nothing is left to let go of")


def _give_back() -> None:
    """What was let go of goes back to the system, where the C library can be asked for that."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
