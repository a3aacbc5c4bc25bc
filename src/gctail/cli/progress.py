"""A progress bar on standard error, only where a person looks at it, and only for work that takes a while."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

CELLS, AFTER_S, EVERY_S = 30, 0.5, 0.1


class Progress:
    """How much of some files has been read, as one line that is drawn over and wiped at the end."""

    def __init__(self, paths: list[str]) -> None:
        self.total = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))  # noqa: PTH113, PTH202
        self.shown = False
        self._on = sys.stderr is not None and sys.stderr.isatty() and self.total > 0
        self._read: dict[str, int] = {}
        self._begin_s = self._next_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def tell(self, path: str, count: int) -> None:
        """So many bytes of this file have been read."""
        if not self._on:
            return
        self._read[path] = count
        now_s = time.monotonic()
        if now_s < self._next_s or now_s - self._begin_s < AFTER_S:
            return
        self._next_s, self.shown = now_s + EVERY_S, True
        done = min(1.0, sum(self._read.values()) / self.total)
        left_s = (now_s - self._begin_s) * (1 - done) / max(done, 1e-9)
        bar = ("=" * round(CELLS * done)).ljust(CELLS)
        sys.stderr.write(f"\r[{bar}] {done:4.0%} of {self.total / (1 << 20):,.0f} MiB, {left_s:.0f} s left\x1b[K")
        sys.stderr.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
