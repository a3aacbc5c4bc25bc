"""The state file: one transaction holds everything that belongs together.

SQLite in WAL mode: a commit is whole or not there, whenever the process is killed. With synchronous=NORMAL it costs no
wait for the disk; after a power cut the last commits may be missing, and then a little is read again. Nothing is
locked against readers that look at the file with `sqlite3`, but a second gctail is told to stay away.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from gctail.errors import GctailError, UsageError
from gctail.store.layout import bring_up
from gctail.store.lock import Lock
from gctail.store.plain import packed, unpacked

KEPT_S = 30 * 86400.0
"""How long a service or an input that nobody has heard of is remembered."""

CHECKED_BYTES = 64 << 20
"""A larger file is not read as a whole when it is opened; damage is then met where it is."""


class NotSaved(GctailError):
    """A checkpoint could not be written (full disk, failing disk); the one before still stands."""


class NoPlace(UsageError):
    """Nothing can be kept there: a directory that cannot be written to, a disk that is full."""


class Store:
    """States by service, positions by origin, and facts about the whole, as plain data.

    What is put belongs to one transaction until `commit`, which writes all of it or nothing. Reading sees what was put.
    `notes` are sentences for the user: what was damaged, and what became of it.
    """

    def __init__(self, path: str, *, now_s: float | None = None) -> None:
        """Open or make the file. Raises NoPlace where nothing can be kept, UsageError where somebody else holds it.

        A damaged file is put aside under another name, and the state begins anew.
        """
        self.path = path
        self.notes: list[str] = []
        self._now_s = time.time() if now_s is None else now_s
        try:
            os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            self._lock = Lock(f"{path}.lock", path)
        except OSError as error:
            raise NoPlace(f"{path}: the state cannot be kept there: {error.strerror}. {_ELSEWHERE}") from error
        try:
            self._database = self._opened()
        except BaseException:
            self._lock.release()
            raise

    # -- services

    def services(self) -> list[str]:
        """The names of all services that have a state."""
        return [_name(key) for (key,) in self._rows("SELECT name FROM services ORDER BY name")]

    def get(self, service: str) -> dict[str, Any] | None:
        """The state that was put for a service last; None where there is none, or none that can be read."""
        state = self._value("SELECT state FROM services WHERE name = ?", _key(service), f"state of {service}")
        return state if isinstance(state, dict) else None

    def put(self, service: str, state: Any) -> None:  # noqa: ANN401 - plain data
        """Keep the state of a service. Raises NotSaved."""
        self._write("INSERT OR REPLACE INTO services VALUES (?, ?, ?)", _key(service), packed(state), self._now_s)

    def drop(self, service: str) -> None:
        """Forget a service. Raises NotSaved."""
        self._write("DELETE FROM services WHERE name = ?", _key(service))

    # -- positions

    def positions(self) -> dict[str, Any]:
        """The positions of all origins that have one."""
        found = {}
        for key, data in self._rows("SELECT origin, position FROM positions ORDER BY origin"):
            position = self._unpacked(data, f"position in {_name(key)}")
            if position is not None:
                found[_name(key)] = position
        return found

    def put_position(self, origin: str, position: Any) -> None:  # noqa: ANN401 - plain data
        """Keep the position in an origin (a file's name, a partition). Raises NotSaved."""
        row = _key(origin), packed(position), self._now_s
        self._write("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", *row)

    def drop_position(self, origin: str) -> None:
        """Forget an origin. Raises NotSaved."""
        self._write("DELETE FROM positions WHERE origin = ?", _key(origin))

    # -- facts

    def fact(self, name: str) -> Any:  # noqa: ANN401 - plain data
        """What was kept under a name that is neither a service nor an origin; None where nothing was."""
        return self._value("SELECT fact FROM facts WHERE name = ?", name, name)

    def put_fact(self, name: str, fact: Any) -> None:  # noqa: ANN401 - plain data
        """Keep a fact. Raises NotSaved."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, packed(fact))

    # -- the transaction

    def commit(self, now_s: float | None = None) -> None:
        """Make all that was put since the last time last. Raises NotSaved, and then none of it lasts."""
        self._now_s = time.time() if now_s is None else now_s
        if self._database.in_transaction:
            try:
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                self.rollback()
                raise NotSaved(self._why(error)) from error

    def rollback(self) -> None:
        """Forget what was put since the last commit."""
        with suppress(sqlite3.Error):
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def close(self) -> None:
        """Give the file back; what was not committed is not kept."""
        self.rollback()
        with suppress(sqlite3.Error):
            self._database.close()
        self._lock.release()

    def _write(self, statement: str, *values: object) -> None:
        try:
            if not self._database.in_transaction:
                self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(statement, values)
        except sqlite3.Error as error:
            self.rollback()
            raise NotSaved(self._why(error)) from error

    def _why(self, error: sqlite3.Error) -> str:
        return f"{self.path}: the state was not saved: {error}. Reading goes on, and saving is tried again"

    def _value(self, query: str, key: object, what: str) -> Any:  # noqa: ANN401 - plain data
        rows = self._rows(query, key)
        return self._unpacked(rows[0][0], what) if rows else None

    def _rows(self, query: str, *values: object) -> list[Any]:
        """What the file says; nothing where it is damaged at that place."""
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self.notes.append(f"{self.path}: damaged ({error}): what stood there begins anew")
            return []

    def _unpacked(self, data: bytes, what: str) -> Any:  # noqa: ANN401 - plain data
        try:
            return unpacked(data)
        except ValueError:
            self.notes.append(f"{self.path}: {what} cannot be read, and begins anew")
            return None

    # -- opening

    def _opened(self) -> sqlite3.Connection:
        """The database, brought up to this version; a damaged one is put aside and made anew."""
        try:
            return self._connected()
        except sqlite3.OperationalError as error:
            raise NoPlace(f"{self.path}: the state cannot be used: {error}. {_ELSEWHERE}") from error
        except sqlite3.DatabaseError as error:
            aside = self._put_aside()
            self.notes.append(f"{self.path}: damaged ({error}); kept as {aside}, and the state begins anew")
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, isolation_level=None, timeout=1.0, check_same_thread=False)
        try:
            _check(database, self.path)
            bring_up(database, self.path)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            for table in ("services", "positions"):
                database.execute(f"DELETE FROM {table} WHERE saved_s < ?", (self._now_s - KEPT_S,))  # noqa: S608
        except BaseException:
            database.close()
            raise
        os.chmod(self.path, 0o600)  # noqa: PTH101 - the last lines of a log stand in it
        return database

    def _put_aside(self) -> str:
        aside = next(name for name in _names_aside(self.path) if not os.path.exists(name))  # noqa: PTH110
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.rename(self.path + ending, aside + ending)  # noqa: PTH104
        return aside


def _check(database: sqlite3.Connection, path: str) -> None:
    """Raise DatabaseError where a file that is small enough to be read as a whole is damaged."""
    if os.path.getsize(path) <= CHECKED_BYTES:  # noqa: PTH202 - text in, text out
        (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            what = [line for line in str(answer).splitlines() if not line.startswith("***")]  # of which database
            raise sqlite3.DatabaseError((what or ["it is no whole database"])[0])


_ELSEWHERE = "Name another directory with --state, or read without one (--no-state)"


def _names_aside(path: str) -> Iterator[str]:
    number = 1
    while True:
        yield f"{path}.damaged-{number}"
        number += 1


def _key(name: str) -> bytes:
    """A name as it stands in the file: names of files need not be Unicode."""
    return name.encode("utf-8", "surrogateescape")


def _name(key: bytes) -> str:
    return bytes(key).decode("utf-8", "surrogateescape")
