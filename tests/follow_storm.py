"""A storm over followed files: a writer rotates, truncates and compresses from a seed; gctail is killed meanwhile.

Every service is one process that numbers its collections without a gap, so its ledger proves what of the log arrived:
nothing is missing, nothing is there twice. Kills that a kernel's log reports each have a pid of their own: all of them
come out of the sink, and stand once in what is kept.

A log that is removed is gone for whoever has not read it, and so is the oldest of forty generations: before such a
deed the writer waits until gctail has saved that it did.

What was told between the last checkpoint and a kill is told again, with the same id; what the checkpoint knows is not.
"""

from __future__ import annotations

import gzip
import os
import random
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Self

from following import GC, Gctail

KEPT_GENERATIONS = 40
DELAY_S = 3.0
KILLED = "[{:.6f}] Memory cgroup out of memory: Killed process {} (batch-{}) total-vm:2623712kB, anon-rss:506500kB, file-rss:1268kB, shmem-rss:4kB, UID:1000 pgtables:5104kB oom_score_adj:-998\n"


class Log:
    """One log and its writer, which keeps the file open as services do."""

    def __init__(self, path: Path, chance: random.Random, *, kernel: bool = False) -> None:
        self.path, self.chance, self.kernel = path, chance, kernel
        self.file = path.open("ab", buffering=0)
        self.number = self.written = self.lines = 0
        self.rest = b""  # of a line that was begun
        self.is_read = lambda: False  # and saved, all that was written

    def line(self) -> bytes:
        """The next thing it has to say."""
        if self.kernel:
            self.number += 1
            return KILLED.format(self.lines + 0.5, 1000 + self.number, self.number).encode()
        if self.chance.random() < 0.3:
            self.number += 1
            heap = 30 + self.number % 3
            return GC.format(self.number, self.number * 0.5, 0.3, heap * 2 - 1, heap * 2, heap, heap * 2).encode()
        return b'time=2026-11-23T03:00:00Z level=info msg="request processed" id=%d\n' % self.lines

    def write(self, lines: int) -> None:
        """Some lines, the last one perhaps not to its end."""
        parts = [self.rest]
        for _ in range(lines):
            parts.append(self.line())
            self.lines += 1
        text, self.rest = b"".join(parts), b""
        if lines and self.chance.random() < 0.3:
            cut = len(text) - self.chance.randint(1, len(parts[-1]) - 1)
            text, self.rest = text[:cut], text[cut:]
        for piece in self._pieces(text):
            self.file.write(piece)
        self.written += len(text)

    def _pieces(self, text: bytes) -> list[bytes]:
        """As the runtime prints: in several writes."""
        cuts = sorted(self.chance.randint(0, len(text)) for _ in range(self.chance.choice((0, 0, 1, 5))))
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    # -- what happens to it

    def shift(self) -> None:
        """Older generations get their next number; the oldest go, but not before they were read."""
        older = {int(path.suffixes[1][1:]): path for path in self.path.parent.glob(f"{self.path.name}.*")}
        for number in sorted(older, reverse=True):
            if number >= KEPT_GENERATIONS and self.is_read():
                older[number].unlink()
            else:
                ending = "".join(older[number].suffixes[2:])
                older[number].rename(self.path.with_name(f"{self.path.name}.{number + 1}{ending}"))

    def rotate(self) -> None:
        """Rename and create; the writer may go on in the old file for a while."""
        self.shift()
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        late = self.chance.random() < 0.4
        if late:
            self.path.touch()
            for _ in range(self.chance.randint(1, 3)):
                self.write(self.chance.randint(0, 5))
                time.sleep(self.chance.choice((0, 0, 0.01)))
        self.write(0)  # a line is finished where it was begun
        self.file.close()
        self.file = self.path.open("ab", buffering=0)

    def copytruncate(self) -> None:
        """A copy, and the file is cut to nothing; perhaps under a writer that goes on at its old offset."""
        self.write(0)
        self.shift()
        copy = self.path.with_name(f"{self.path.name}.1")
        copy.write_bytes(self.path.read_bytes())
        if self.chance.random() < 0.3:
            self.file.close()
            self.file = self.path.open("r+b", buffering=0)
            self.file.seek(0, os.SEEK_END)
        os.truncate(self.path, 0)

    def compress(self) -> None:
        """An older generation, as logrotate's delaycompress does: not at once."""
        plain = self.path.with_name(f"{self.path.name}.{self.chance.randint(2, 9)}")
        with suppress(FileNotFoundError):
            status = plain.stat()
            if time.time() - status.st_mtime < DELAY_S:
                return
            packed = plain.with_name(f"{plain.name}.gz")
            with plain.open("rb") as source, gzip.GzipFile(packed, "wb", compresslevel=1) as out:
                out.write(source.read())
            os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
            plain.unlink()

    def remove(self) -> None:
        """Delete, and make anew."""
        self.write(0)
        self.file.close()
        self.path.unlink()
        self.file = self.path.open("ab", buffering=0)


class Storm:
    """The logs, the gctail that follows them, and what is done to both."""

    def __init__(self, directory: Path, seed: int, *, services: int = 3) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a storm that can be repeated, no secret
        self.logs = [Log(directory / f"service-{number}.log", self.chance) for number in range(services)]
        self.logs.append(Log(directory / "kernel.log", self.chance, kernel=True))
        for log in self.logs:
            log.is_read = lambda log=log: self.saved_bytes(log) >= log.written
        more = ["--poll"] if self.chance.random() < 0.3 else []
        self.gctail = Gctail(directory, *more, *(log.path for log in self.logs))
        self.done: Counter[str] = Counter()
        self._kills: list[
            tuple[int, set[str]]
        ] = []  # how many findings were told before each, and the ids in its state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.gctail.__exit__(*error)
        for log in self.logs:
            log.file.close()

    def rage(self, *, seconds: float = float("inf"), kills: int = 1 << 30) -> None:
        """Until the time is over or gctail was killed so often; then gctail is stopped as systemd does it."""
        self.gctail.start()
        for log in self.logs:  # what is rotated away before gctail has ever looked is none of its business
            log.write(1)
        for log in self.logs:
            self.until_saved(log)
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and self.done["kill"] < kills:
            self.step()
            assert self.gctail.child is not None
            assert self.gctail.child.poll() is None, self.gctail.complaints()
        for log in self.logs:
            log.write(0)
        assert self.gctail.stop() == 0
        self.gctail.start()  # what was open then (a kill whose report may go on) is read again, and closed
        for log in self.logs:
            self.until_saved(log)
        assert self.gctail.stop() == 0

    def step(self) -> None:
        """One thing that happens."""
        log = self.chance.choice(self.logs)
        deeds = ("write", "rotate", "copytruncate", "compress", "remove", "double", "kill", "sleep")
        deed = self.chance.choices(deeds, weights=(60, 4, 3, 3, 0.7, 1, 1.5, 12))[0]
        self.done[deed] += 1
        if deed == "write":
            log.write(self.chance.randint(0, 1) if log.kernel else self.chance.randint(1, 60))
        elif deed == "sleep":
            time.sleep(self.chance.choice((0.001, 0.01, 0.05, 0.3)))
        elif deed == "double":
            for _ in range(2):
                log.rotate()
                log.write(self.chance.randint(1, 9))
        elif deed == "kill":
            self.kill()
        elif deed == "remove":
            self.until_saved(log)
            log.remove()
        else:
            getattr(log, deed)()

    def kill(self) -> None:
        """And start it again; meanwhile the logs go on, or not."""
        self.gctail.kill()
        self._kills.append((len(self.gctail.told()), set(self.gctail.saved_ids())))
        for _ in range(self.chance.choice((0, 0, 3, 12))):
            log = self.chance.choice(self.logs)
            deed = self.chance.choice((log.rotate, log.copytruncate, log.compress, lambda: None))
            deed()
            log.write(self.chance.randint(1, 9))
        self.gctail.start()

    def until_saved(self, log: Log) -> None:
        """Wait until what was written is in a checkpoint: then nobody needs it any more."""
        log.write(0)
        self.gctail.until(lambda: self.saved_bytes(log) >= log.written)

    def saved_bytes(self, log: Log) -> int:
        """How much of a log the last checkpoint covers."""
        position = self.gctail.position(log.path)
        return position["place"]["delivered_bytes"] if position is not None else 0

    # -- what must be true in the end

    def faults(self) -> list[str]:
        """What was lost, and what came twice; none of either."""
        known = self.gctail.knows()
        faults = []
        for log in self.logs:
            if self.saved_bytes(log) != log.written:
                faults.append(f"{log.path.name}: {log.written} bytes were written, {self.saved_bytes(log)} read")
            service = known.get(log.path.stem)
            if log.kernel or not log.number:
                continue
            ledger = service.ledger() if service is not None else {}
            once = {
                "seen": log.number - ledger.get("late", 0),
                "missing": 0,
                "doubled": 0,
                "late": ledger.get("late", 0),
            }
            if ledger != once:  # a line is late where its writer went on in a file that was rotated away
                faults.append(f"{log.path.name}: {log.number} collections were written: {ledger}")
        kernel = self.logs[-1]
        pids = [str(1000 + number) for number in range(1, kernel.number + 1)]
        told = Counter(
            str(finding["evidence"].get("pid")) for finding in self.gctail.told() if finding["kind"] == "death"
        )
        missing = [pid for pid in pids if not told[pid]]
        if missing:
            faults.append(f"kills that no sink heard of: {missing}")
        known_ids = self._told_though_known()
        if known_ids:
            faults.append(
                f"findings told again, though the state had them: {known_ids[:5]} and so on, {len(known_ids)}"
            )
        kept = {name: [str(each.record.details["pid"]) for each in service.deaths] for name, service in known.items()}
        mine = kept.pop("kernel", [])
        others = [pid for kills in kept.values() for pid in kills]  # of services that were alone when they were told
        last = [pid for pid in pids if pid not in others][-len(mine) :] if mine else []
        if mine != last or len(others) != len(set(others)):
            faults.append(f"kills as they are kept: {mine} and {others}, not {last}")
        return faults

    def _told_though_known(self) -> list[str]:
        """Ids of findings that were told after a kill, though the checkpoint before it says that they had been."""
        ids = [finding["id"] for finding in self.gctail.told()]
        again: dict[str, None] = {}
        for (first, known), (end, _) in pairwise([*self._kills, (len(ids), set())]):
            again |= dict.fromkeys(each for each in ids[first:end] if each in known)
        return list(again)

    @property
    def told_twice(self) -> int:
        """Findings that a sink got more than once; their ids tell."""
        ids = Counter(finding["id"] for finding in self.gctail.told())
        return sum(times - 1 for times in ids.values())
