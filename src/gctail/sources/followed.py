"""One name that is followed, and the files it leads to, one after the other, as they are rotated away."""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from gctail.sources.beside import Signature, have_changed, signatures
from gctail.sources.compressed import MAGIC_BYTES, format_of
from gctail.sources.inputs import CHUNK_BYTES, Chunk
from gctail.sources.listings import Listings
from gctail.sources.mark import FLAGS, Key, Mark, Place, opened
from gctail.sources.opened import Opened
from gctail.sources.refound import Refound, refound
from gctail.sources.rotated import rotated_names
from gctail.sources.starts import Start
from gctail.sources.whose_line import WhoseLine, Within

ROTATE_WAIT_S = 5.0
"""How long a file that lost its name is read on after its last growth, once its successor has grown.

Before that its writer has not noticed yet, and goes on writing to it, be it for days.
"""

GONE_WAIT_S = 60.0
"""How long a deleted file is read on after its last growth: while it is open it takes up its place on the disk."""

MOST_OPEN = 16
"""How many files of one name are read at once; the oldest is closed for the next."""

TURN_CHUNKS = 8
"""How much of one name is handed over before others have their turn: 2 MiB."""

FINAL_CHUNKS = 64
"""How much is handed over at the end: 16 MiB, and not for ever where the writer is faster than we."""

ANEW_BYTES = 1 << 14
"""So much the same is no accident: a shorter log may begin as its predecessor did."""

MOST_NOTES = 20
TRIES = 10
"""How often a directory is listed anew whose files were renamed while we opened them."""

MOST_CLOSED = 16
"""How many closed files are remembered, so that one that comes back, or a copy of it, is not read again."""

MOST_SEEN = 10_000
"""Rotated files beside a name that are known to be old; of more the rest may be read again after a restart."""


class Asleep(Struct, frozen=True):
    """Where a name without descriptors was left, and how its file looked: inode, size, time of change.

    `line_begin` is the same place, before the line that is not finished.
    """

    place: Place
    line_begin: Place
    within: Within | None
    signature: tuple[int, int, int] | None


class Followed:
    """A name, and the files under it that may still grow, the oldest first.

    An older file hands over whole lines only, and a file waits while another is within a line: lines of two files are
    never mixed. `opened` and `closing` are called with each file when it is opened and before it is closed.
    """

    def __init__(
        self,
        name: str,
        listings: Listings,
        opened: Callable[[str, Opened], None],
        closing: Callable[[Opened], None],
    ) -> None:
        self.name = name
        self.directory = os.path.dirname(name) or "."  # noqa: PTH120 - text in, text out
        self.files: list[Opened] = []
        self.notes: list[str] = []
        self.has_more = False
        self.is_idle = False
        """The last look found nothing to do: no `pump` is needed before the next one."""
        self.asleep: Asleep | None = None
        self._listings, self._opened, self._closing = listings, opened, closing
        self._listed: dict[str, int] | None = None  # what lay in the directory when rotated files were looked for
        self._seen: list[Signature] = []  # of those, the ones of which nothing is wanted
        self._unsettled: dict[str, Signature] = {}  # and those that have to be looked at again when they change
        self._closed: OrderedDict[Key, Mark] = OrderedDict()
        self._refused: tuple[Key | None, str] | None = None
        self._nameless = True  # nothing lies under the name at present
        self._gone_since_s: float | None = None
        self._line = WhoseLine(name)
        self._base = os.path.basename(name)  # noqa: PTH119
        self._stem = os.path.splitext(self._base)[0]  # noqa: PTH122
        self._rotated = rotated_names(self._base)

    @property
    def lag_bytes(self) -> int:
        """How much was written that was not handed over."""
        return sum(file.lag_bytes for file in self.files)

    @property
    def keys(self) -> set[Key]:
        """The files that this name leads to, or led to."""
        return {file.key for file in self.files} | {mark.key for mark in self._marks}

    @property
    def _marks(self) -> list[Mark]:
        """Of files that are not open any more."""
        return [*self._closed.values(), *(self.asleep.place.files if self.asleep is not None else ())]

    def has_file(self, key: Key, path: str) -> bool:
        """The file is one of those that this name leads to, or led to, under another name."""
        if any(file.key == key for file in self.files):
            return True
        known = [mark for mark in self._marks if mark.key == key and not mark.is_unread]
        descriptor = opened(path) if known else None
        if descriptor is None:
            return False
        try:
            return any(mark.holds(descriptor) for mark in known)
        finally:
            os.close(descriptor)

    @property
    def grew_s(self) -> float:
        """When something came from any of its files, on a clock that never steps."""
        return max((file.grew_s for file in self.files), default=0.0)

    @property
    def is_deleted(self) -> bool:
        """Nothing lies under the name, and what did was not renamed: somebody has deleted it."""
        return self._gone_since_s is not None and all(file.gone for file in self.files)

    def is_gone(self, now_s: float) -> bool:
        """It was deleted so long ago that neither late lines nor a new file are to be expected."""
        since_s = self._gone_since_s
        return since_s is not None and now_s - since_s >= GONE_WAIT_S and not self.files and self.asleep is None

    def look(self, now_s: float, start: Start | None = None) -> str | None:
        """See whether the name leads to another file than before; why it cannot be followed, or None.

        It is read from its beginning, or from where `start` says.

        The directory is listed before the name is looked at: what was created and rotated away after the listing is
        then missing in it, and will be recognised as new.
        """
        if self._listed is None:
            self._listed = self._listings.of(self.directory)
            self._seen = list(signatures(self.directory, self._rotated_in(self._listed)[:MOST_SEEN]))
        refusal, status = None, None
        try:
            status = os.stat(self.name)  # noqa: PTH116 - looked at several times a second
            if not self.files or self.files[-1].key != (status.st_dev, status.st_ino):
                refusal = self._turn(now_s, start)
        except OSError as error:
            if not self._nameless and self.files:
                self.files[-1].grew_s = now_s  # from now on it waits to be closed
            self._nameless = True
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                refusal = self._refuse(None, f"cannot be followed: {error.strerror}.")
            elif self._gone_since_s is None:
                self._gone_since_s = now_s
        else:
            self._nameless, self._gone_since_s = False, None
        if self._unsettled and have_changed(self.directory, self._unsettled):
            self._look_beside(now_s)
        self.is_idle = status is not None and len(self.files) == 1 and self.files[0].is_as_it_was(status)
        return refusal

    def pump(self, now_s: float, *, final: bool = False) -> Iterator[Chunk]:
        """What was added. `has_more` says that there was more than one turn allows.

        With `final`, everything that is there, also unfinished lines of older files.
        """
        turns = FINAL_CHUNKS if final else TURN_CHUNKS
        self.has_more = False
        self._is_preceded(now_s)
        # The newest file is read up to here only: what comes later may have been written after a line of an older one.
        end = self.files[-1].size if len(self.files) > 1 else None
        for file in list(self.files):
            whole_lines = file is not self.files[-1] and not file.is_copy and not final
            while self._line.may_speak(file, now_s, final=final):
                limit = CHUNK_BYTES
                if end is not None and file is self.files[-1]:
                    limit = min(limit, end - file.position)
                    if limit <= 0 and not file.is_emptied():
                        self.has_more = not file.is_read_up
                        break
                if file is self.files[-1] and self._is_preceded(now_s):  # while older files were read
                    self.has_more = True
                    return
                data = file.read(max(1, limit), whole_lines=whole_lines)
                if file.cut is not None:
                    self._look_beside(now_s)
                    self.look(now_s)
                    self.has_more = True
                    return
                if not data:
                    break
                file.grew_s = now_s
                yield from self._line.chunk(file, file.text(data))
                turns -= 1
                if turns <= 0:
                    self.has_more = True
                    return
            if file.is_copy and file is not self.files[-1] and file.is_read_up:
                self._pass_line(file)
        yield from self._close_quiet(now_s, final=final)

    def close(self) -> None:
        """Give all files back."""
        for file in self.files:
            self._closing(file)
            file.close()
        self.files.clear()

    # -- over restarts

    def place(self, *, unfinished: bool) -> Place:
        """How far everything was read; `unfinished` says that a last, unfinished line has to be read again."""
        if self.asleep is not None:
            return self.asleep.line_begin if unfinished else self.asleep.place
        in_line = self._line.owner if unfinished else None
        marks = [file.cut or file.mark(unfinished=file is in_line) for file in self.files]
        unsettled = [inode for inode, _, _ in self._unsettled.values() if inode]
        return Place(self._line.delivered_bytes, marks, list(self._closed.values()), self._seen, unsettled)

    def resume(self, place: Place, now_s: float, still_open: Iterable[Opened] = ()) -> None:
        """Go on at a place, wherever its files are by now; to be called before the first look."""
        found = self._found(place, now_s, still_open)
        self._seen, self._unsettled = found.seen[:MOST_SEEN], found.unsettled
        self._line.delivered_bytes = place.delivered_bytes
        for mark in place.closed:
            self._closed[mark.key] = mark
        for file in found.files:
            self.files.append(file)
            if file not in still_open:
                self._opened(self.name, file)
        for mark in found.lost:
            self._note(
                f"{self.name}: the file that was read up to byte {mark.position} is gone; "
                "what came after that in it, if anything, was not read"
            )
        if not found.is_current and self.files:
            self.files[-1].grew_s = now_s

    def _found(self, place: Place, now_s: float, still_open: Iterable[Opened]) -> Refound:
        """The files of a place; those that are `still_open` and were emptied meanwhile are given back."""
        for again in reversed(range(TRIES)):
            self._listed = self._listings.of(self.directory, afresh=True)
            whole = {file.key: file for file in still_open if not file.is_emptied()}
            found = refound(self.name, place, self._listed, self._rotated, now_s, still_open=whole)
            moved = self._listings.of(self.directory, afresh=True) != self._listed
            if not again or not (moved or any(file.is_emptied() for file in found.files)):
                break
            for file in found.files:  # they were renamed or emptied while we looked
                if file not in whole.values():
                    file.close()
        if moved:  # some of those that were seen before may have been passed over
            seen = set(found.seen)
            found.seen += [signature for signature in place.seen if signature not in seen]
        for file in still_open:
            if file not in found.files:
                self._closing(file)
                file.close()
        return found

    def sleep(self) -> None:
        """Give the descriptors back until the name is worth a look again: there are not enough of them for all."""
        signature = self._signature() if not self.lag_bytes else None  # with more to read it wakes again by itself
        self.asleep = Asleep(self.place(unfinished=False), self.place(unfinished=True), self._line.within(), signature)
        self.is_idle = False
        self.close()

    def is_worth_waking(self) -> bool:
        """Something has happened to the file that the name leads to since it was put to sleep."""
        return self.asleep is not None and self.asleep.signature != self._signature()

    def wake(self, now_s: float) -> None:
        """Find the files again, whatever has happened to them."""
        if self.asleep is not None:
            asleep, self.asleep = self.asleep, None
            self._find_again(asleep.place, asleep.within, now_s)

    def _look_beside(self, now_s: float) -> None:
        """Look for files in which there is something that nobody has read.

        Where a file was emptied (copytruncate) it may stand in a copy; and files may have been created under the name
        and rotated away before anybody looked.
        """
        place, within = self.place(unfinished=False), self._line.within()
        files, self.files = self.files, []
        self._find_again(place, within, now_s, files)

    def _find_again(self, place: Place, within: Within | None, now_s: float, still_open: Iterable[Opened] = ()) -> None:
        """Go on at a place, which may be inside a line."""
        self.resume(place, now_s, still_open)
        self._line.find(within, self.files)

    def _pass_line(self, copy: Opened) -> None:
        """A copy is read: the file that was emptied goes on."""
        self._line.goes_on_in(self.files[self.files.index(copy) + 1], copy)
        self._forget(copy)

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self.name)  # noqa: PTH116 - looked at several times a second
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _rotated_in(self, listing: dict[str, int]) -> list[str]:
        return [entry for entry in listing if entry.startswith(self._stem) and self._rotated.fullmatch(entry)]

    def _note(self, sentence: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(sentence)

    # -- which files

    def _turn(self, now_s: float, start: Start | None) -> str | None:
        """The name leads to another file: take it, and those that had the name in between."""
        descriptor = os.open(self.name, FLAGS)
        status = os.fstat(descriptor)
        key = (status.st_dev, status.st_ino)
        again = next((file for file in self.files if file.key == key), None)
        if again is not None:  # it was renamed, and then named back
            os.close(descriptor)
            self.files.remove(again)
            self.files.append(again)
            return None
        if reason := _unfit(descriptor, status):
            os.close(descriptor)
            return self._refuse(key, reason)
        self._refused = None
        if self.files:
            self.files[-1].grew_s = now_s  # from now on it waits to be closed
            self._look_beside(now_s)
        if any(file.key == key for file in self.files):  # it was rotated away while we looked
            os.close(descriptor)
        else:
            self._take(descriptor, key, now_s, start)
        return None

    def _refuse(self, key: Key | None, reason: str) -> str:
        """Say once for each file why it is not followed."""
        refused = f"{self.name}: {reason}"
        if (key, reason) != self._refused:
            self._note(refused)
        self._refused = key, reason
        return refused

    def _take(self, descriptor: int, key: Key, now_s: float, start: Start | None = None) -> None:
        known = self._closed.pop(key, None)
        if known is None and start is None:
            known = self._written_anew(descriptor)
        if known is not None and known.holds(descriptor):
            file = Opened.at(descriptor, known, now_s)
        else:
            file = Opened(descriptor, now_s, start)
        self.files.append(file)
        self._opened(self.name, file)

    def _written_anew(self, descriptor: int) -> Mark | None:
        """The file that had the name is gone, and this one has all that was read of it: an editor saved it."""
        if not self.files or self.files[-1].position < ANEW_BYTES:
            return None
        last = self.files[-1]
        return last.mark() if last.gone and last.is_read_up and last.matches(descriptor) else None

    def _is_preceded(self, now_s: float) -> bool:
        """Before anything is read of the present file: what was copied out of it before comes first."""
        if not self.files or not self.files[-1].is_unread:
            return False
        current, count = self.files[-1], len(self.files)
        if current.size or self._listings.of(self.directory) is not self._listed:
            self._look_beside(now_s)
        return len(self.files) > count

    def _close_quiet(self, now_s: float, *, final: bool) -> Iterator[Chunk]:
        """Close what will not grow any more, after its last, unfinished line."""
        over = [file for at, file in enumerate(self.files) if final or self._is_over(at, file, now_s)]
        for file in over:
            if self._line.may_speak(file, now_s, final=final):
                while data := file.read(CHUNK_BYTES):
                    yield from self._line.chunk(file, file.text(data))
                yield from self._line.chunk(file, file.decoder.flush())
                self._forget(file)

    def _is_over(self, at: int, file: Opened, now_s: float) -> bool:
        """Whether nobody writes to the file any more, as far as that can be seen from outside."""
        if at == len(self.files) - 1 and not self._nameless:
            return False
        quiet_s = now_s - file.grew_s
        succeeded = any(newer.position for newer in self.files[at + 1 :])
        return (
            (succeeded and quiet_s >= ROTATE_WAIT_S)
            or len(self.files) - at > MOST_OPEN
            or (quiet_s >= GONE_WAIT_S and file.gone)
        )

    def _forget(self, file: Opened) -> None:
        self.files = [other for other in self.files if other is not file]
        self._closing(file)
        self._closed[file.key] = file.mark()
        if file.is_read_up:
            self._seen.append(file.signature)
        file.close()
        if len(self._closed) > MOST_CLOSED:
            self._closed.popitem(last=False)


def _unfit(descriptor: int, status: os.stat_result) -> str | None:
    """Why this is nothing to follow, and what to do."""
    if stat.S_ISDIR(status.st_mode):
        return "a directory. Name the log files in it."
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file. A pipe is read without -f, and to its end."
    known = format_of(os.pread(descriptor, MAGIC_BYTES, 0))
    if known:
        return f"compressed ({known.name}), so it cannot be followed. Read it without -f."
    return None
