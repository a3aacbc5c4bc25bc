"""What is followed by pattern: files that appear later are found, and rotated ones are not taken for new."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatch, fnmatchcase
from itertools import takewhile

from gctail.sources.mark import is_compressed, opened
from gctail.sources.rotated import is_rotated, may_be_before

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
        self.skipped: dict[str, None] = {}
        """Compressed files that match a pattern: nobody writes to them."""
        self._exclude = list(exclude)
        self._due_s = 0.0

    def new(self, known: Collection[str], *, at_once: bool = False) -> list[str]:
        """What the patterns match now, without what is `known`, old, rotated files, and compressed ones."""
        found = self._scan(at_once=at_once)
        if not found:
            return []
        self.skipped = {path: None for path in self.skipped if path in found}
        names = {*known, *self.plain, *found}
        return [path for path in found if path not in known and path not in self.skipped and self._grows(path, names)]

    def name_of(self, path: str) -> str | None:
        """What a file that a pattern matched is called, by its absolute path: it need not be there any more."""
        for pattern in self.patterns:
            root = _root(pattern)
            directory = os.path.abspath(root)  # noqa: PTH100 - text in, text out
            inside = os.path.relpath(path, directory)
            name = os.path.join(root, inside)  # noqa: PTH118
            parts = pattern[len(root) :].split("/")
            if _matches(parts, inside.split("/")) and not self._is_excluded(name):
                return name
        return None

    def _grows(self, path: str, names: set[str]) -> bool:
        """It is a file that somebody may write to, as far as that can be seen."""
        if any(name in names and is_rotated(name, path) for name in may_be_before(path)):
            return False
        descriptor = opened(path)
        if descriptor is None:
            return False
        try:
            if is_compressed(descriptor):
                self.skipped[path] = None
                return False
        finally:
            os.close(descriptor)
        return True

    def _scan(self, *, at_once: bool) -> dict[str, None]:
        """What the patterns match now, in the order of the names; nothing where it is too early to look again."""
        began_s = time.monotonic()
        if not self.patterns or (began_s < self._due_s and not at_once):
            return {}
        found: dict[str, None] = {}
        for pattern in self.patterns:
            for path in sorted(glob.glob(pattern, recursive=True, include_hidden=False)):  # noqa: PTH207 - text
                if not self._is_excluded(path) and os.path.isfile(path):  # noqa: PTH113
                    found[path] = None
        now_s = time.monotonic()
        self._due_s = now_s + max(RESCAN_S, LEISURE * (now_s - began_s))
        return found

    def _is_excluded(self, path: str) -> bool:
        base = os.path.basename(path)  # noqa: PTH119 - text in, text out
        return any(fnmatch(path, pattern) or fnmatch(base, pattern) for pattern in self._exclude)


def is_pattern(name: str) -> bool:
    """The name is none of a file that is there, and has wildcards."""
    return glob.has_magic(name) and not os.path.lexists(name)


def _root(pattern: str) -> str:
    """The directories before the first part with a wildcard, as they are written."""
    return "".join(f"{part}/" for part in takewhile(lambda part: not glob.has_magic(part), pattern.split("/")))


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether `glob` would find the path, part by part."""
    if not pattern or not path:
        return not path and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(pattern[1:], path) or (not path[0].startswith(".") and _matches(pattern, path[1:]))
    hidden = path[0].startswith(".") and not pattern[0].startswith(".")
    return not hidden and fnmatchcase(path[0], pattern[0]) and _matches(pattern[1:], path[1:])
