"""Finds the files of a place again: renamed, copied, compressed or truncated while nobody was looking.

What is certain comes first: a file with the old inode and the old content. A place whose file is gone is looked for in
the files that lie beside the name and were not there before: the copy that copytruncate made, or what logrotate has
compressed. What is left of those is new: it was created under the name, and rotated away, while nobody was looking.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from gctail.sources.beside import MISSED, Age, Beside, Signature, Surroundings, key_of
from gctail.sources.mark import Key, Mark, Place, opened
from gctail.sources.opened import Opened


class Refound(Struct):
    """The files to read on, the oldest first; whether the name leads to one that was read; marks without a file.

    `seen` are the files beside the name of which nothing is wanted; `unsettled` those of which that can be said only
    when they have changed, by name.
    """

    files: list[Opened]
    is_current: bool
    lost: list[Mark]
    seen: list[Signature]
    unsettled: dict[str, Signature]


class Fate(Enum):
    """Of a file that is not read on."""

    SEEN = "nothing is wanted of it, as long as it stays as it is"
    COPY = "what is in it is read in the file that it was copied from"
    UNREAD_COPY = "so it is as long as that file is not emptied"
    UNSETTLED = "so short that it may become a copy of another, or a log"


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
    search = _Search(name, place, now_s)
    search.find_themselves(inodes, rotated, still_open)
    around = Surroundings(name, filter(rotated.fullmatch, inodes), place.seen, {mark.key for mark in place.files})
    at_name = search.at_name()
    for beside in around.files({file.key for file in search.files}, also_old=search.may_be_old):
        fate = search.fate(beside, [*search.files, *at_name])
        if isinstance(fate, tuple):
            number, file = fate
            file.packed = beside.signature if file.key != beside.key else None
            search.take(number, file, beside.age)
            continue
        os.close(beside.descriptor)
        if fate is Fate.SEEN:
            around.seen.append(beside.signature)
        elif fate is not Fate.COPY:
            around.unsettled[beside.entry] = beside.signature if fate is Fate.UNSETTLED else MISSED
    for file in at_name:
        file.close()
    lost = [mark for _, mark in search.lost if not mark.is_unread]
    return Refound(search.files, search.is_current, lost, around.seen, around.unsettled)


class _Search:
    """What was found of a place so far, and the marks whose files were not."""

    def __init__(self, name: str, place: Place, now_s: float) -> None:
        self.name, self.place, self.now_s = name, place, now_s
        self.lost: list[tuple[int, Mark]] = []
        self.is_current = False
        self._found: list[tuple[int, Age, Opened]] = []  # by place among the marks, then by age

    @property
    def files(self) -> list[Opened]:
        """All that was found, the oldest first."""
        return [file for _, _, file in sorted(self._found, key=lambda each: each[:2])]

    @property
    def may_be_old(self) -> bool:
        """Whether what is lost may stand in files of which nothing was wanted before."""
        return any(mark.telling for _, mark in self.lost)

    def take(self, number: int, file: Opened, age: Age) -> None:
        """The file is found as that of the mark with this number; or as a new one, for which there is no mark."""
        self._found.append((number, age, file))
        self.lost = [each for each in self.lost if each[0] != number or file.is_unread]

    def find_themselves(
        self, inodes: dict[str, int], rotated: re.Pattern[str], still_open: Mapping[Key, Opened]
    ) -> None:
        """The files of which the inode is the same, and the content."""
        directory = os.path.dirname(self.name) or "."  # noqa: PTH120 - text in, text out
        by_inode = {inode: os.path.join(directory, entry) for entry, inode in inodes.items()}  # noqa: PTH118
        for number, mark in enumerate(self.place.files):
            file, current = still_open.get(mark.key), mark.key == key_of(self.name)
            if file is None:
                file, current = _itself(self.name, by_inode, mark, rotated, self.now_s)
            self.is_current = self.is_current or (current and not mark.is_unread)
            if file is not None:
                self._found.append((len(self.place.files) + 1 if current else number, (0, 0), file))
            else:
                self.lost.append((number, mark))

    def at_name(self) -> list[Opened]:
        """The file that the name leads to where it is not found yet: a copy may have been made of it already."""
        descriptor = opened(self.name)
        if descriptor is None:
            return []
        file = Opened(descriptor, self.now_s)
        if any(file.key == other.key for other in self.files):
            file.close()
            return []
        return [file]

    # -- what becomes of a file beside the name

    def fate(self, beside: Beside, others: list[Opened]) -> tuple[int, Opened] | Fate:
        """As what it is to be read on: its place among the marks (their number for a new one); or why it is not."""
        copied = [file.is_copied_in(beside.descriptor) for file in others]
        if True in copied:
            return Fate.UNREAD_COPY if others[copied.index(True)].is_unread else Fate.COPY
        closed = [
            mark
            for mark in self.place.closed
            if (mark.telling or mark.key == beside.key) and mark.holds(beside.descriptor)
        ]
        held = self._held(beside, is_read=beside.is_old or bool(closed))
        if held is not None:
            return held
        if beside.is_old:
            return Fate.SEEN
        if closed:
            return self._rest(beside, closed)
        return Fate.UNSETTLED if None in copied or not beside.signature[2] else self._new(beside)

    def _held(self, beside: Beside, *, is_read: bool) -> tuple[int, Opened] | None:
        """What is lost stands in it. A few bytes stand in many a file, also in such as are read."""
        held = [
            (number, mark)
            for number, mark in self.lost
            if not mark.is_unread and (mark.telling or not is_read) and mark.holds(beside.descriptor)
        ]
        if not held:
            return None
        number, mark = max(held, key=lambda each: each[1].position)
        file = Opened.at(beside.descriptor, mark, self.now_s)
        file.is_copy = beside.key != mark.key
        return number, file

    def _rest(self, beside: Beside, closed: list[Mark]) -> tuple[int, Opened] | Fate:
        """All of it was read, unless somebody wrote to it since."""
        mark = max(closed, key=lambda each: each.position)
        more = os.fstat(beside.descriptor).st_size > mark.position
        return (-1, Opened.at(beside.descriptor, mark, self.now_s)) if more else Fate.SEEN

    def _new(self, beside: Beside) -> tuple[int, Opened] | Fate:
        """As long as the name leads to what was read, nothing new was rotated away; unless it was, and is written now.

        Where it has a mark, nothing was read of it yet, or it was emptied and then rotated away.
        """
        keys = [mark.key for mark in self.place.files]
        number = keys.index(beside.key) if beside.key in keys else len(keys)
        if self.is_current and number == len(keys) and beside.signature[0] not in self.place.unsettled:
            return Fate.SEEN
        return number, Opened(beside.descriptor, self.now_s)


def _itself(
    name: str, by_inode: dict[int, str], mark: Mark, rotated: re.Pattern[str], now_s: float
) -> tuple[Opened | None, bool]:
    """The file itself, under the name or another one; and whether under the name.

    Its inode may belong to another file by now. So under a name that says nothing, only its content proves it; and
    where nothing was read of it, it is one of those that lie beside the name.
    """
    other = by_inode.get(mark.inode) if not mark.is_unread else None
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
