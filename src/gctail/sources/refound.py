"""Finds the files of a place again: renamed, copied, compressed or truncated while nobody was looking.

What is certain comes first: a file with the old inode and the old content. A place whose file is gone is looked for in
the files that lie beside the name and were not there before: the copy that copytruncate made, or what logrotate has
compressed. What is left of those is new: it was created under the name, and rotated away, while nobody was looking.
"""

from __future__ import annotations

import os
import re

from msgspec import Struct

from gctail.sources.mark import Mark, Place, is_compressed, opened, plain_copy
from gctail.sources.opened import Opened

SECOND_NS = 10**9


class Refound(Struct):
    """The files to read on, the oldest first; whether the last one is what the name leads to; marks without a file."""

    files: list[Opened]
    is_current: bool
    lost: list[Mark]


class _Beside(Struct):
    """A file that lies beside the name and was not there before."""

    descriptor: int
    key: tuple[int, int]
    changed_ns: int


def refound(name: str, place: Place, inodes: dict[str, int], rotated: re.Pattern[str], now_s: float) -> Refound:
    """All files of `place` that can be found.

    `inodes` is what lies in the directory, `rotated` what old files of the name are called.
    """
    directory = os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
    by_inode = {inode: os.path.join(directory, entry) for entry, inode in inodes.items()}  # noqa: PTH118
    ordered: list[tuple[int, int, Opened]] = []  # by place in `place`, then by time
    lost: list[tuple[int, Mark]] = []
    is_current = False
    for number, mark in enumerate(place.files):
        file, current = _itself(name, by_inode, mark, now_s)
        is_current = is_current or current
        if file is not None:
            ordered.append((number, 0, file))
        else:
            lost.append((number, mark))
    known = {file.key for _, _, file in ordered}
    new: list[tuple[int, int, Opened]] = []
    for beside in _besides(name, [entry for entry in inodes if rotated.fullmatch(entry)], place, known):
        number, file = _taken(beside, lost, place, [file for _, _, file in ordered], now_s)
        if file is None or (number == len(place.files) and is_current):
            os.close(beside.descriptor)
        else:
            (ordered if number < len(place.files) else new).append((number, beside.changed_ns, file))
            lost = [each for each in lost if each[0] != number]
    files = [file for _, _, file in sorted([*ordered, *new], key=lambda each: each[:2])]
    return Refound(files, is_current, [mark for _, mark in lost if mark.position])


def _itself(name: str, by_inode: dict[int, str], mark: Mark, now_s: float) -> tuple[Opened | None, bool]:
    """The file itself, under the name or another one; and whether under the name."""
    for path in (name, by_inode.get(mark.inode)):
        descriptor = opened(path) if path is not None else None
        if descriptor is None:
            continue
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) == mark.key and (mark.holds(descriptor) or mark.is_cut(descriptor)):
            return Opened.at(descriptor, mark, now_s), path == name
        os.close(descriptor)
    return None, False


def _besides(name: str, rotated: list[str], place: Place, known: set[tuple[int, int]]) -> list[_Beside]:
    """The rotated files that were not there before, the oldest first; compressed ones as plain copies."""
    directory = os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
    seen = {(inode, changed_ns) for inode, changed_ns in place.seen}
    times_ns = {changed_ns for _, changed_ns in place.seen}
    found = []
    for entry in rotated:
        path = os.path.join(directory, entry)  # noqa: PTH118 - text in, text out
        descriptor = opened(path)
        if descriptor is None:
            continue
        status = os.fstat(descriptor)
        key, changed_ns = (status.st_dev, status.st_ino), status.st_mtime_ns
        old = key in known or (status.st_ino, changed_ns) in seen or _is_same(path, key, name)
        packed = not old and is_compressed(descriptor)
        if packed:
            os.close(descriptor)
            descriptor = plain_copy(path) if not _is_of(changed_ns, times_ns) else None
        if descriptor is not None and not old:
            found.append(_Beside(descriptor, key, changed_ns))
        elif descriptor is not None:
            os.close(descriptor)
    return sorted(found, key=lambda beside: beside.changed_ns)


def _is_of(changed_ns: int, times_ns: set[int]) -> bool:
    """Compressed since: gzip and the others keep the time of the plain file, some of them only its second."""
    if changed_ns % SECOND_NS:
        return changed_ns in times_ns
    return any(time_ns // SECOND_NS == changed_ns // SECOND_NS for time_ns in times_ns)


def _is_same(path: str, key: tuple[int, int], name: str) -> bool:
    """What is called as a rotated file is the very file that the name leads to (a link)."""
    try:
        status = os.stat(name)  # noqa: PTH116 - text in, text out
    except OSError:
        return False
    return key == (status.st_dev, status.st_ino) and path != name


def _taken(
    beside: _Beside, lost: list[tuple[int, Mark]], place: Place, found: list[Opened], now_s: float
) -> tuple[int, Opened | None]:
    """As what the file is to be read on: its place among the marks (their number for a new one), or None for a copy."""
    held = [(number, mark) for number, mark in lost if mark.position and mark.holds(beside.descriptor)]
    if held:
        number, mark = max(held, key=lambda each: each[1].position)
        return number, Opened.at(beside.descriptor, mark, now_s)
    closed = [
        mark for mark in place.closed if (mark.telling or mark.key == beside.key) and mark.holds(beside.descriptor)
    ]
    if closed:  # all of it was read, unless somebody wrote to it since
        mark = max(closed, key=lambda each: each.position)
        more = os.fstat(beside.descriptor).st_size > mark.position
        return -1, Opened.at(beside.descriptor, mark, now_s) if more else None
    if any(file.is_copied_in(beside.descriptor) for file in found):
        return -1, None
    return len(place.files), Opened(beside.descriptor, now_s)
