"""What the older files of a name are called."""

from __future__ import annotations

import os
import re


def rotated_names(base: str) -> re.Pattern[str]:
    """What the older files of a name may be called."""
    stem, extension = os.path.splitext(base)  # noqa: PTH122 - text in, text out
    numbered = re.escape(base) + r"[._-](?:\d.*|old|prev.*)"  # logrotate: app.log.1, app.log-20261123
    dated = re.escape(stem) + r"[._-]\d.*" + re.escape(extension)  # lumberjack: app-2026-11-23T03-12-04.log(.gz)
    return re.compile(rf"(?:{numbered}|{dated})(?:\.(?:gz|zst|xz|bz2))?")


def is_rotated(name: str, path: str) -> bool:
    """A path that is called as the older files of a name are."""
    (directory, base), (other, older) = os.path.split(name), os.path.split(path)
    return directory == other and rotated_names(base).fullmatch(older) is not None


def may_be_before(path: str) -> list[str]:
    """The names of which `path` may be an older file: those that begin as it does, with or without its ending."""
    directory, base = os.path.split(path)
    ending = os.path.splitext(base)[1]  # noqa: PTH122 - text in, text out
    shorter = [base[:length] + more for length in range(1, len(base)) for more in dict.fromkeys(("", ending))]
    return [os.path.join(directory, name) for name in shorter]  # noqa: PTH118
