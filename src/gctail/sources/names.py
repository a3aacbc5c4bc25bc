"""What is followed by pattern: files that appear later are found, and rotated ones are not taken for new."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable
from fnmatch import fnmatch

RESCAN_S = 0.5
"""How often patterns are looked at anew."""
LEISURE = 400
"""A look at a large tree is followed by this many times as much time without one."""


class Names:
    """Names and patterns (`*`, `?`, `[…]`, and `**` for any directories), without those that `exclude` matches.

    A pattern in `exclude` is held against the whole path and against its last part.
    """

    def __init__(self, given: Iterable[str], exclude: Iterable[str] = ()) -> None:
        self.plain = [name for name in given if not is_pattern(name)]
        self.patterns = [name for name in given if is_pattern(name)]
        self._exclude = list(exclude)
        self._due_s = 0.0

    def scan(self, *, at_once: bool = False) -> list[str]:
        """What the patterns match now, in the order of the names; nothing where it is too early to look again."""
        began_s = time.monotonic()
        if not self.patterns or (began_s < self._due_s and not at_once):
            return []
        found: dict[str, None] = {}
        for pattern in self.patterns:
            for path in sorted(glob.glob(pattern, recursive=True, include_hidden=False)):  # noqa: PTH207 - text
                if not self._is_excluded(path) and os.path.isfile(path):  # noqa: PTH113
                    found[path] = None
        now_s = time.monotonic()
        self._due_s = now_s + max(RESCAN_S, LEISURE * (now_s - began_s))
        return list(found)

    def _is_excluded(self, path: str) -> bool:
        base = os.path.basename(path)  # noqa: PTH119 - text in, text out
        return any(fnmatch(path, pattern) or fnmatch(base, pattern) for pattern in self._exclude)


def is_pattern(name: str) -> bool:
    """The name is none of a file that is there, and has wildcards."""
    return glob.has_magic(name) and not os.path.lexists(name)
