"""Finds the files of a place again: renamed, copied, compressed or truncated while nobody was looking.

What is certain comes first: a file with the old inode and the old content. A place whose file is gone is looked for in
the files that lie beside the name and were not there before: the copy that copytruncate made, or what logrotate has
compressed. What is left of those is new: it was created under the name, and rotated away, while nobody was looking.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from msgspec import Struct

from gctail.sources.mark import Key, Mark, Place, is_compressed, opened, plain_copy
from gctail.sources.opened import Opened

SECOND_NS = 10**9
NUMBERED = re.compile(r"\.(\d{1,4})(?:\.(?:gz|zst|xz|bz2))?\Z")
Age = tuple[int, int]
"""By which older files come first: the time of change, and where two have the same, the number in their names."""


def age(entry: str, changed_ns: int) -> Age:
    """The age of a rotated file: `app.log.2` was rotated away before `app.log.1`, whatever the clock's grain."""
    numbered = NUMBERED.search(entry)
    return changed_ns, -int(numbered[1]) if numbered is not None else 0


class Refound(Struct):
    """The files to read on, the oldest first; whether the name leads to one that was read; marks without a file."""

    files: list[Opened]
    is_current: bool
    lost: list[Mark]


class _Beside(Struct):
    """A file that lies beside the name; `is_old` says that it lay there before."""

    descriptor: int
    key: Key
    age: Age
    is_old: bool

    @property
    def changed_ns(self) -> int:
        """When somebody wrote to it last."""
        return self.age[0]


def refound(  # noqa: PLR0913  (where to look, and what is known already)
    name: str,
    place: Place,
    inodes: dict[str, int],
    rotated: re.Pattern[str],
    now_s: float,
    *,
    still_open: Mapping[Key, Opened],
) -> Refound:
    """All files of `place` that can be found.

    `inodes` is what lies in the directory, `rotated` what old files of the name are called. Some may be `still_open`.
    """
    directory = os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
    by_inode = {inode: os.path.join(directory, entry) for entry, inode in inodes.items()}  # noqa: PTH118
    ordered: list[tuple[int, Age, Opened]] = []  # by place in `place`, then by time
    lost: list[tuple[int, Mark]] = []
    is_current = False
    for number, mark in enumerate(place.files):
        file, current = still_open.get(mark.key), mark.key == _key(name)
        if file is None:
            file, current = _itself(name, by_inode, mark, rotated, now_s)
        is_current = is_current or (current and not mark.is_unread)
        if file is not None:
            ordered.append((len(place.files) + 1 if current else number, (0, 0), file))
        else:
            lost.append((number, mark))
    known = {file.key for _, _, file in ordered}
    new: list[tuple[int, Age, Opened]] = []
    for beside in _besides(name, [entry for entry in inodes if rotated.fullmatch(entry)], place, known):
        number, file = _taken(beside, lost, place, [file for _, _, file in ordered], now_s)
        if file is None or (number == len(place.files) and is_current):
            os.close(beside.descriptor)
        else:
            (ordered if number < len(place.files) else new).append((number, beside.age, file))
            lost = [each for each in lost if each[0] != number or file.is_unread]
    files = [file for _, _, file in sorted([*ordered, *new], key=lambda each: each[:2])]
    return Refound(files, is_current, [mark for _, mark in lost if not mark.is_unread])


def _itself(
    name: str, by_inode: dict[int, str], mark: Mark, rotated: re.Pattern[str], now_s: float
) -> tuple[Opened | None, bool]:
    """The file itself, under the name or another one; and whether under the name.

    Its inode may belong to another log by now. So under a name that says nothing, only its content proves it.
    """
    other = by_inode.get(mark.inode)
    if other is not None and not mark.telling and not rotated.fullmatch(os.path.basename(other)):  # noqa: PTH119
        other = None
    for path in (name, other):
        descriptor = opened(path) if path is not None else None
        if descriptor is None:
            continue
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) == mark.key and (mark.holds(descriptor) or mark.is_cut(descriptor)):
            return Opened.at(descriptor, mark, now_s), path == name
        os.close(descriptor)
    return None, False


def _besides(name: str, rotated: list[str], place: Place, known: set[Key]) -> list[_Beside]:
    """The rotated files, the oldest first; compressed ones, that were not there before, as plain copies."""
    directory = os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
    seen = {(inode, changed_ns) for inode, changed_ns in place.seen}
    ours = {mark.key for mark in place.files}  # emptied and rotated away since, it is a new file
    inodes = {mark.inode for mark in place.files}
    times_ns = {changed_ns for inode, changed_ns in place.seen if inode not in inodes}
    found = []
    for entry in rotated:
        path = os.path.join(directory, entry)  # noqa: PTH118 - text in, text out
        descriptor = opened(path)
        if descriptor is None:
            continue
        status = os.fstat(descriptor)
        key, changed_ns = (status.st_dev, status.st_ino), status.st_mtime_ns
        is_old = key not in ours and (status.st_ino, changed_ns) in seen
        if key in known or (path != name and key == _key(name)):
            os.close(descriptor)
            continue
        if is_compressed(descriptor):
            os.close(descriptor)
            descriptor = plain_copy(path) if not is_old and not is_of(changed_ns, times_ns) else None
        if descriptor is not None:
            found.append(_Beside(descriptor, key, age(entry, changed_ns), is_old))
    return sorted(found, key=lambda beside: beside.age)


def is_of(changed_ns: int, times_ns: set[int]) -> bool:
    """Compressed since: gzip and the others keep the time of the plain file, some of them only its second."""
    if changed_ns % SECOND_NS:
        return changed_ns in times_ns
    return any(time_ns // SECOND_NS == changed_ns // SECOND_NS for time_ns in times_ns)


def _key(name: str) -> Key | None:
    """Which file the name leads to; what is called as a rotated file may be the same one (a link)."""
    try:
        status = os.stat(name)  # noqa: PTH116 - text in, text out
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _taken(
    beside: _Beside, lost: list[tuple[int, Mark]], place: Place, found: list[Opened], now_s: float
) -> tuple[int, Opened | None]:
    """As what the file is to be read on: its place among the marks (their number for a new one), or None for a copy."""
    held = [
        (number, mark)
        for number, mark in lost
        if not mark.is_unread and (mark.telling or not beside.is_old) and mark.holds(beside.descriptor)
    ]
    if held:
        number, mark = max(held, key=lambda each: each[1].position)
        file = Opened.at(beside.descriptor, mark, now_s)
        file.is_copy = beside.key != mark.key
        return number, file
    if beside.is_old:
        return -1, None
    closed = [
        mark for mark in place.closed if (mark.telling or mark.key == beside.key) and mark.holds(beside.descriptor)
    ]
    if closed:  # all of it was read, unless somebody wrote to it since
        mark = max(closed, key=lambda each: each.position)
        more = os.fstat(beside.descriptor).st_size > mark.position
        return -1, Opened.at(beside.descriptor, mark, now_s) if more else None
    if any(file.is_copied_in(beside.descriptor) for file in found):
        return -1, None
    keys = [mark.key for mark in place.files]
    number = keys.index(beside.key) if beside.key in keys else len(keys)  # ours was emptied, and then rotated away
    for at, mark in lost:  # nothing was read of it yet, and then it was compressed
        if mark.is_unread and any(inode == mark.inode and is_of(beside.changed_ns, {ns}) for inode, ns in place.seen):
            number = at
    return number, Opened(beside.descriptor, now_s)
