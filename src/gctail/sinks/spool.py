"""Findings that wait on this disk until they are delivered: bounded, and they survive the end of the process.

One SQLite file; in write-ahead mode a row is safe from kill -9 as soon as it is committed (0.1 ms), without waiting for
the disk. What was delivered is remembered by its id, so that a replay after a crash sends nothing twice.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from gctail.errors import UsageError
from gctail.records import SEVERITIES
from gctail.sinks.notices import Notice, packed, unpacked

MOST_REMEMBERED = 20_000
"""Ids of delivered findings per sink; a replay begins at the last checkpoint, seconds back."""
MOST_SPOOLS = 64
SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, id TEXT NOT NULL, severity INTEGER NOT NULL,
    at_s REAL NOT NULL, finding BLOB NOT NULL, UNIQUE (sink, id));
CREATE TABLE IF NOT EXISTS delivered (number INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, id TEXT NOT NULL,
    UNIQUE (sink, id));
"""


class Waiting(Struct, frozen=True):
    """A notice that waits; `number` counts them in the order in which they came."""

    number: int
    notice: Notice


class Spool:
    """The waiting notices of all sinks. May be used from several threads."""

    def __init__(self, path: str, most_bytes: int) -> None:
        """`path` is a file, or `:memory:`. Raises UsageError where it cannot be used; a damaged one is set aside."""
        self.path = path
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._link = _opened(path)
        self._bytes: int = self._link.execute("SELECT COALESCE(SUM(LENGTH(finding)), 0) FROM waiting").fetchone()[0]
        self.given_up = 0

    def put(self, notices: Iterable[tuple[str, Notice]]) -> int:
        """Keep notices for sinks (by name); returns how many were new. What is known already is left alone."""
        count = 0
        with self._lock, self._link:
            for sink, notice in notices:
                finding = notice.finding
                if self._link.execute(
                    "SELECT 1 FROM delivered WHERE sink = ? AND id = ?", (sink, finding.id)
                ).fetchone():
                    continue
                row = (sink, finding.id, SEVERITIES.index(finding.severity), notice.at_s, packed(finding))
                made = self._link.execute(
                    "INSERT OR IGNORE INTO waiting (sink, id, severity, at_s, finding) VALUES (?, ?, ?, ?, ?)", row
                )
                count += made.rowcount
                self._bytes += len(row[4]) if made.rowcount else 0
            self._give_up()
        return count

    def waiting(self, sink: str, most: int = 500) -> list[Waiting]:
        """The oldest notices of a sink."""
        with self._lock:
            rows = self._link.execute(
                "SELECT number, at_s, finding FROM waiting WHERE sink = ? ORDER BY number LIMIT ?", (sink, most)
            ).fetchall()
        return [Waiting(number, Notice(unpacked(raw), at_s)) for number, at_s, raw in rows]

    def delivered(self, sink: str, told: Sequence[Waiting]) -> None:
        """These have arrived (or never will): forget them, remember their ids."""
        with self._lock, self._link:
            for each in told:
                size = self._link.execute(
                    "SELECT LENGTH(finding) FROM waiting WHERE number = ?", (each.number,)
                ).fetchone()
                self._bytes -= size[0] if size else 0
                self._link.execute("DELETE FROM waiting WHERE number = ?", (each.number,))
                row = (sink, each.notice.finding.id)
                self._link.execute("INSERT OR IGNORE INTO delivered (sink, id) VALUES (?, ?)", row)
            self._link.execute(
                "DELETE FROM delivered WHERE sink = ? AND number <= (SELECT MAX(number) FROM delivered) - ?",
                (sink, MOST_REMEMBERED),
            )

    def counts(self) -> dict[str, int]:
        """How many wait for each sink."""
        with self._lock:
            return dict(self._link.execute("SELECT sink, COUNT(*) FROM waiting GROUP BY sink ORDER BY sink").fetchall())

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._link.close()

    def _give_up(self) -> None:
        """Over the bound: the least severe go first, of those the oldest; they are counted."""
        while self._bytes > self._most_bytes:
            rows = self._link.execute(
                "SELECT number, LENGTH(finding) FROM waiting ORDER BY severity, number LIMIT 64"
            ).fetchall()
            for number, size in rows:
                if self._bytes <= self._most_bytes:
                    return
                self._link.execute("DELETE FROM waiting WHERE number = ?", (number,))
                self._bytes -= size
                self.given_up += 1


class Room:
    """The directory of the spools: each gctail takes one that no other holds, and with it what was left in it."""

    def __init__(self, directory: str) -> None:
        """Raises UsageError where nothing can be written there."""
        self._held: int | None = None
        folder = Path(directory)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for number in range(MOST_SPOOLS):
                held = os.open(folder / f"alerts-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(held)
                    continue
                self._held, self.path = held, str(folder / f"alerts-{number}.sqlite")
                return
        except OSError as error:
            raise UsageError(f"alerts: spool_dir {directory}: {error.strerror}. Name another in [alerts]") from error
        raise UsageError(f"alerts: spool_dir {directory}: {MOST_SPOOLS} gctails use it already; name another")

    def close(self) -> None:
        """Let another have it."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _opened(path: str) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.DatabaseError:
        aside = Path(path).with_suffix(".damaged")
        Path(path).replace(aside)
        for rest in ("-wal", "-shm"):
            Path(path + rest).unlink(missing_ok=True)
    try:
        return _connected(path)
    except sqlite3.Error as error:
        raise UsageError(f"alerts: {path}: {error}. Name another spool_dir in [alerts]") from error


def _connected(path: str) -> sqlite3.Connection:
    link = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
    try:
        link.execute("PRAGMA journal_mode = WAL")
        link.execute("PRAGMA synchronous = NORMAL")
        link.executescript(SCHEMA)
    except BaseException:
        link.close()
        raise
    return link
