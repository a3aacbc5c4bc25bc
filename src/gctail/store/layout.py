"""The tables of the state file, by version: every step makes the next version of the one before.

The number stands in SQLite's `user_version`. A file of an older gctail is brought up step by step, each in one
transaction; one of a newer gctail is refused, for nobody knows what it holds.
"""

from __future__ import annotations

import sqlite3

from gctail.errors import UsageError

APPLICATION_ID = 0x67637461
""""gcta", in SQLite's header: `file` shows it, and another program's database is not taken for ours."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE services (name BLOB PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE positions (origin BLOB PRIMARY KEY, position BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE facts (name TEXT PRIMARY KEY, fact BLOB NOT NULL) WITHOUT ROWID",
        f"PRAGMA application_id = {APPLICATION_ID}",
    ),
    (  # when a row was written, in Unix seconds, so that what nobody has asked for in a long time can go
        "ALTER TABLE services ADD COLUMN saved_s REAL NOT NULL DEFAULT 0",
        "ALTER TABLE positions ADD COLUMN saved_s REAL NOT NULL DEFAULT 0",
    ),
)
VERSION = len(STEPS)


def bring_up(database: sqlite3.Connection, path: str) -> None:
    """Make the tables, or those of an older version into these. Raises UsageError where the file is not for us."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != APPLICATION_ID:
        raise UsageError(f"{path}: a database of another program, no state. Name another directory with --state")
    if version > VERSION:
        raise UsageError(
            f"{path}: written by a newer gctail (version {version} of the state, this one knows {VERSION}). "
            "Run that one, or name another directory with --state"
        )
    for number, step in enumerate(STEPS[version:], version + 1):
        database.execute("BEGIN IMMEDIATE")
        for statement in step:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")
