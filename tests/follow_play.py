"""A play on followed names, from a seed: writers, whoever rotates their logs, and gctail take small steps in any order.

Nothing waits and nothing is left to chance but the seed: the clock is moved by hand, also that of the files. It moves
by less than a tick (4 ms, as in many kernels) as often as by more, so files have the same time of change, too. A fault
comes again whenever its seed is played, with what happened before it in `Play.told`.

The writer does what logrotate does, cut into its steps: older generations are renamed one by one; a copy grows before
the log is emptied; a compressed file has another time of change until it is whole, and the plain one goes last.
"""

from __future__ import annotations

import gzip
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from gctail.sources.followed import Followed
from gctail.sources.inputs import Chunk
from gctail.sources.listings import Listings
from gctail.sources.mark import Place

TICK_NS = 4 * 10**6
BEGIN_NS = 1_795_000_000 * 10**9
KEPT_GENERATIONS = 40
YOUNG_NS = 2 * 10**7


class Clock:
    """Nanoseconds since 1970; files get whole ticks."""

    def __init__(self) -> None:
        self.now_ns = BEGIN_NS

    def stamp(self, *files: Path | int) -> None:
        """They were changed just now."""
        ticks_ns = self.now_ns // TICK_NS * TICK_NS
        for file in files:
            with suppress(FileNotFoundError):
                os.utime(file, ns=(ticks_ns, ticks_ns))


class Writer:
    """Writes numbered lines to a log, and rotates it; `work` is what was begun, one step at each `next`."""

    def __init__(self, path: Path, chance: random.Random, clock: Clock, say: Callable[[str], None]) -> None:
        self.path, self.chance, self.clock, self.say = path, chance, clock, say
        self.file = path.open("ab", buffering=0)
        self.rest = b""  # of a line that was begun
        self.lines: list[bytes] = []
        self.work: list[Iterator[None]] = []

    def step(self) -> None:
        """A write, or a step of what was begun."""
        self.clock.now_ns += self.chance.choice((0, 0, 10**5, 10**6, 5 * 10**6, 10**7, 10**8))
        if self.work:
            if next(self.work[0], "done") == "done":
                self.work.pop(0)
            return
        deeds = (None, self.rotate, self.copytruncate, self.compress, self.rotate_twice)
        deed = self.chance.choices(deeds, (60, 4, 4, 3, 1))[0]
        if deed is None:
            self.write(self.chance.choice((1, 1, 3, 20, 60)))
        else:
            self.say(f"{deed.__name__} {self.path.name}")
            self.work.append(deed())

    def finish(self) -> None:
        """What was begun is done, and the last line has its end."""
        while self.work:
            self.step()
        self.write(0)

    def write(self, lines: int) -> None:
        """Some lines, the last one perhaps not to its end."""
        first = len(self.lines)
        for number in range(first, first + lines):  # the first bytes tell lines apart, as time stamps do
            self.lines.append(
                b"%d %s time=2026-11-23T03:00:00Z level=info msg=request took=12ms status=200"
                % (number, self.path.name.encode())
            )
        text = self.rest + b"".join(line + b"\n" for line in self.lines[first:])
        cut = len(text)
        if lines and self.chance.random() < 0.3:
            cut -= self.chance.randint(1, len(self.lines[-1]))
        text, self.rest = text[:cut], text[cut:]
        if text:
            self.file.write(text)
            self.clock.stamp(self.file.fileno())
        status = os.fstat(self.file.fileno())
        self.say(
            f"lines {first}..{len(self.lines) - 1} to {status.st_ino}, {status.st_size} bytes, open: {self.rest!r}"
        )

    def older(self, number: int, ending: str = "") -> Path:
        """What an older generation is called."""
        return self.path.with_name(f"{self.path.name}.{number}{ending}")

    def shift(self) -> Iterator[None]:
        """Every generation gets the next number, the oldest goes."""
        for number in range(KEPT_GENERATIONS, 0, -1):
            for ending in ("", ".gz"):
                older = self.older(number, ending)
                if older.exists():
                    older.unlink() if number == KEPT_GENERATIONS else older.rename(self.older(number + 1, ending))
                    self.clock.stamp(self.path.parent)
                    if self.chance.random() < 0.1:
                        yield

    def rotate(self) -> Iterator[None]:
        """Rename and create; the writer may go on in the old file for a while, from which a name leads to a new one."""
        yield from self.shift()
        self.path.rename(self.older(1))
        self.clock.stamp(self.path.parent)
        self.say("renamed")
        yield
        if self.chance.random() < 0.4:
            self.path.touch()
            self.clock.stamp(self.path, self.path.parent)
            yield
            for _ in range(self.chance.randint(1, 3)):
                self.write(self.chance.randint(0, 5))
                yield
        self.write(0)  # a line is finished where it was begun
        self.file.close()
        yield
        is_new = not self.path.exists()
        self.file = self.path.open("ab", buffering=0)
        if is_new:
            self.clock.stamp(self.path, self.path.parent)
        self.say(f"opened {os.fstat(self.file.fileno()).st_ino}")

    def rotate_twice(self) -> Iterator[None]:
        """Once more, before anybody may have looked."""
        for _ in range(2):
            yield from self.rotate()
            self.write(self.chance.randint(1, 9))
            yield

    def copytruncate(self) -> Iterator[None]:
        """A copy, and the log is emptied; perhaps under a writer that goes on at its old offset."""
        self.write(0)
        yield from self.shift()
        data = self.path.read_bytes()
        with self.older(1).open("wb", buffering=0) as copy:
            for piece in (b"", data[: len(data) // 2], data[len(data) // 2 :]):
                copy.write(piece)
                self.clock.stamp(self.older(1), self.path.parent)
                self.say(f"copying to {os.fstat(copy.fileno()).st_ino}")
                yield
        if self.chance.random() < 0.3:
            self.file.close()
            self.file = self.path.open("r+b", buffering=0)
            self.file.seek(0, os.SEEK_END)
        os.truncate(self.path, 0)
        self.clock.stamp(self.path)
        self.say("emptied")

    def compress(self) -> Iterator[None]:
        """An older generation, as logrotate's delaycompress does: not at once."""
        plain = self.older(self.chance.randint(2, 9))
        if not plain.exists() or self.clock.now_ns - plain.stat().st_mtime_ns < YOUNG_NS:
            return
        status, packed = plain.stat(), plain.with_name(f"{plain.name}.gz")
        with packed.open("wb") as raw:
            self.clock.stamp(packed, packed.parent)
            yield
            raw.write(gzip.compress(plain.read_bytes(), 1, mtime=0))
        self.clock.stamp(packed)
        yield
        os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
        yield
        plain.unlink()
        self.clock.stamp(self.path.parent)
        self.say(f"compressed {plain.name}")


class Reader:
    """What gctail does with one name: looks, reads, saves, dies, and goes on where it had saved."""

    def __init__(self, path: Path, chance: random.Random, clock: Clock, say: Callable[[str], None]) -> None:
        self.path, self.chance, self.clock, self.say = path, chance, clock, say
        self.text = b""
        self.cuts = 0
        self.saved: tuple[Place, bytes, int] | None = None
        self._begin()

    def _begin(self) -> None:
        self.listings = Listings()
        self.followed = Followed(str(self.path), self.listings, lambda *_: None, lambda *_: None)
        self.turn: Iterator[Chunk] | None = None

    @property
    def now_s(self) -> float:
        return self.clock.now_ns / 1e9

    def step(self) -> bool:
        """One thing that it does; whether it was killed."""
        self.clock.now_ns += self.chance.choice((10**6, 10**7, 10**8, 3 * 10**8, 10**9))
        deed = self.chance.choices(("look", "read", "both", "save", "kill"), (20, 40, 10, 8, 4))[0]
        if deed == "kill":
            self.say(f"killed {self.path.name}")
            self.followed.close()
            return True
        if deed == "save":
            self.save()
        if deed in ("look", "both") and self.turn is None:
            self.look()
        if deed in ("read", "both") or self.turn is not None:
            self.read(self.chance.choice((1, 2, 100)))
        return False

    def look(self) -> None:
        """See whether the name leads to another file."""
        self.listings.look_anew()
        self.followed.look(self.now_s)
        self._show("looked")

    def read(self, chunks: int, *, final: bool = False) -> None:
        """So many chunks of a turn, which may go on later."""
        if self.turn is None:
            self.turn = self.followed.pump(self.now_s, final=final)
        for _ in range(chunks):
            chunk = next(self.turn, None)
            if chunk is None:
                self.turn = None
                break
            assert chunk.offset == len(self.text) - self.cuts
            if chunk.after_cut_line:
                self.text, self.cuts = self.text + b"\n", self.cuts + 1
            self.text += bytes(chunk.data)
        self._show("read")

    def save(self) -> None:
        """A checkpoint, before the line that is not finished."""
        whole = self.text.rfind(b"\n") + 1
        place = self.followed.place(unfinished=len(self.text) > whole)
        self.saved = replace(place, delivered_bytes=whole - self.cuts), self.text[:whole], self.cuts
        self._show("saved")

    def start(self) -> None:
        """Go on at the last checkpoint."""
        assert self.saved is not None
        self._begin()
        place, self.text, self.cuts = self.saved
        self.followed.resume(place, self.now_s)
        self._show("goes on")

    def finish(self) -> None:
        """Read all that is there, as it is read when nobody writes any more."""
        while self.turn is not None:
            self.read(100)
        for _ in range(40):
            self.clock.now_ns += 5 * 10**8
            self.look()
            self.read(100)
        while self.turn is not None:
            self.read(100)
        self.look()
        self.read(1 << 20, final=True)

    def _show(self, what: str) -> None:
        files = ", ".join(f"{file.key[1]} to {file.position}" for file in self.followed.files)
        self.say(f"{self.path.name} {what}: {files}; {len(self.text)} bytes")


class Play:
    """Two logs in one directory, so that inodes go from one to the other; `told` is what happened."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.told: list[str] = []
        self.clock = Clock()
        self.chance = random.Random(seed)  # noqa: S311 - a play that can be repeated, no secret
        paths = [directory / "a.log", directory / "b.log"]
        self.writers = [Writer(path, self.chance, self.clock, self.told.append) for path in paths]
        self.readers = [Reader(path, self.chance, self.clock, self.told.append) for path in paths]

    def run(self, steps: int = 250) -> None:
        """Play, and let everybody finish."""
        for writer, reader in zip(self.writers, self.readers, strict=True):
            writer.write(1)
            reader.look()
            reader.read(100)
            reader.save()
        for _ in range(steps):
            if self.chance.random() < 0.55:
                self.chance.choice(self.writers).step()
                continue
            reader = self.chance.choice(self.readers)
            if reader.step():
                for _ in range(self.chance.choice((0, 0, 0, 3, 10, 40))):
                    self.chance.choice(self.writers).step()
                reader.start()
        for writer in self.writers:
            writer.finish()
        for reader in self.readers:
            reader.finish()

    def faults(self) -> list[str]:
        """What was lost, what came twice, and what was cut; none of either."""
        found = []
        for writer, reader in zip(self.writers, self.readers, strict=True):
            written, came = Counter(writer.lines), Counter(reader.text.splitlines())
            if written != came:
                found.append(
                    f"{writer.path.name}: lost {list(written - came)[:3]}, too much {list(came - written)[:3]}"
                )
            if reader.cuts:
                found.append(f"{writer.path.name}: {reader.cuts} lines were cut")
        return found

    def close(self) -> None:
        """Give all files back."""
        files: list[IO[bytes] | Followed] = [writer.file for writer in self.writers]
        for each in [*files, *(reader.followed for reader in self.readers)]:
            each.close()
