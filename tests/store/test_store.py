"""The state file: whole or not there, whatever happens to the process, the disk and the file."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gctail.errors import UsageError
from gctail.store import NotSaved, Store
from gctail.store.file import KEPT_S
from gctail.store.layout import APPLICATION_ID, STEPS, VERSION


@pytest.fixture
def path(tmp_path):
    """Where a state file may be, in a directory that is not there yet."""
    return str(tmp_path / "state" / "gctail.db")


def test_what_was_committed_is_there_again(path):
    """Services, positions and facts, with names that are no Unicode."""
    store = Store(path)
    store.put("checkout", {"version": 1, "heap": [1, 2.5, None, "ü", b"\xff"]})
    store.put_position("\udcff.log", {"offset": 7})
    store.put_fact("told", ["a", "b"])
    store.commit()
    store.close()
    again = Store(path)
    assert again.services() == ["checkout"]
    assert again.get("checkout") == {"version": 1, "heap": [1, 2.5, None, "ü", b"\xff"]}
    assert (again.positions(), again.fact("told")) == ({"\udcff.log": {"offset": 7}}, ["a", "b"])
    assert (again.get("other"), again.fact("other"), again.notes) == (None, None, [])
    again.close()
    assert Path(path).stat().st_mode & 0o077 == 0  # the last lines of a log stand in it


def test_what_was_not_committed_never_was(path):
    """All or nothing: a state without its position would count lines twice."""
    store = Store(path)
    store.put("a", {"n": 1})
    store.put_position("log", 1)
    store.commit()
    store.put("a", {"n": 2})
    store.rollback()
    store.put("a", {"n": 3})
    store.close()
    again = Store(path)
    assert (again.get("a"), again.positions()) == ({"n": 1}, {"log": 1})
    again.drop("a")
    again.drop_position("log")
    again.commit()
    assert (again.services(), again.positions()) == ([], {})
    again.close()


def test_hostile_text_is_kept_escaped(path):
    """A lone surrogate and a number of 100 digits are no reason to lose the rest."""
    store = Store(path)
    store.put("a", {"text": "x\udcff", "n": 10**100})
    assert store.get("a") == {"text": "x\\udcff", "n": 1e100}
    store.close()


PROGRAM = """if True:
    import sys
    from gctail.store import Store
    store = Store(sys.argv[1])
    n = store.fact("n") or 0
    while True:
        n += 1
        for service in range(20):
            store.put(str(service), {"n": n, "text": "x" * 5000})
        store.put_position("log", n)
        store.put_fact("n", n)
        store.commit()
        print(n, flush=True)
"""


def test_a_kill_at_any_instant_leaves_one_whole_checkpoint(path):
    """Killed -9 ten times while it writes: every service, the position and the fact are of the same commit."""
    seen = 0
    for turn in range(10):
        with subprocess.Popen([sys.executable, "-c", PROGRAM, path], stdout=subprocess.PIPE) as writer:
            for _ in range(1 + 7 * turn):
                seen = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
        store = Store(path)
        n = store.fact("n")
        assert n >= seen
        assert {store.get(str(service))["n"] for service in range(20)} == {n}
        assert (store.positions(), store.notes) == ({"log": n}, [])
        store.close()


def test_two_gctails_on_one_state_are_told(path):
    """By whom it is held and what to do; and after the first has gone, the second can have it."""
    first = Store(path)
    with pytest.raises(UsageError) as refused:
        Store(path)
    assert str(refused.value) == (
        f"{path}: in use by process {os.getpid()}. Two gctails cannot share one state: stop that one, "
        "name another directory with --state, or read without one (--no-state)"
    )
    first.close()
    Store(path).close()


@pytest.mark.parametrize("damage", [b"x" * 40_000, b"SQLite format 3\0" + b"\xff" * 40_000, None])
def test_a_damaged_file_is_put_aside_and_said_so(path, damage):
    """Whatever it is that stands in it: the state begins anew, and the old file can still be looked at."""
    store = Store(path)
    for number in range(50):
        store.put(str(number), {"text": "x" * 3000})
    store.commit()
    store.close()
    content = Path(path).read_bytes()
    broken = damage or content[:8192] + bytes(4096) + b"\xff" * 30_000 + content[42_288:]
    Path(path).write_bytes(broken)
    again = Store(path)
    assert again.services() == []
    (note,) = again.notes
    assert note.startswith(f"{path}: damaged (")
    assert note.endswith(f"kept as {path}.damaged-1, and the state begins anew")
    assert Path(f"{path}.damaged-1").read_bytes() == broken
    again.put("a", {})
    again.commit()
    again.close()


def test_one_damaged_row_costs_one_service(path):
    """The others go on."""
    store = Store(path)
    store.put("good", {"n": 1})
    store.put("bad", {"n": 2})
    store.commit()
    store.close()
    database = sqlite3.connect(path)
    database.execute("UPDATE services SET state = x'c1' WHERE name = CAST('bad' AS BLOB)")
    database.commit()
    database.close()
    again = Store(path)
    assert (again.get("good"), again.get("bad")) == ({"n": 1}, None)
    assert again.notes == [f"{path}: state of bad cannot be read, and begins anew"]
    again.close()


def _database(path, version):
    Path(path).parent.mkdir()
    database = sqlite3.connect(path)
    for step in STEPS[:version]:
        for statement in step:
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {version}")
    return database


def test_an_older_file_is_brought_up(path):
    """It keeps what it knew."""
    database = _database(path, 1)
    database.execute("INSERT INTO facts VALUES ('told', x'9201a162')")
    database.commit()
    database.close()
    store = Store(path)
    assert (store.fact("told"), store.notes) == ([1, "b"], [])
    store.put("a", {"n": 1})
    store.commit()
    store.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_newer_file_is_refused(path):
    """Nobody here knows what it holds, so nothing of it is changed."""
    database = _database(path, 0)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    before = Path(path).read_bytes()
    with pytest.raises(UsageError) as refused:
        Store(path)
    assert str(refused.value) == (
        f"{path}: written by a newer gctail (version 99 of the state, this one knows {VERSION}). "
        "Run that one, or name another directory with --state"
    )
    assert Path(path).read_bytes() == before


def test_another_programs_database_is_let_alone(path):
    """A wrong --state must not write into somebody's data."""
    database = _database(path, 0)
    database.execute("CREATE TABLE customers (name)")
    database.commit()
    database.close()
    with pytest.raises(UsageError, match=r"a database of another program, no state\. Name another directory"):
        Store(path)


def test_a_place_where_nothing_can_be_kept_is_one_sentence(tmp_path):
    """What, where, what to do."""
    (tmp_path / "file").write_bytes(b"")
    path = f"{tmp_path}/file/state/gctail.db"
    with pytest.raises(UsageError) as refused:
        Store(path)
    assert str(refused.value) == (
        f"{path}: the state cannot be kept there: Not a directory. "
        "Name another directory with --state, or read without one (--no-state)"
    )


def _fill(store):
    for number in range(10_000):
        store.put(str(number), {"text": "x" * 5000})
        store.commit()


def test_a_full_disk_keeps_the_last_checkpoint_and_the_next_one_may_succeed(path):
    """Here the kernel's limit on the size of a file plays the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store(path)
    store.put("a", {"n": 1})
    store.commit()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        with pytest.raises(NotSaved, match=r"the state was not saved: .*\. Reading goes on, and saving is tried again"):
            _fill(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert store.get("a") == {"n": 1}
    store.put("a", {"n": 2})
    store.commit()
    store.close()
    again = Store(path)
    assert again.get("a") == {"n": 2}
    again.close()


def test_what_nobody_has_heard_of_for_a_month_is_forgotten(path):
    """Pods come and go; their names do not come back."""
    store = Store(path, now_s=1000.0)
    store.put("old", {})
    store.put_position("old.log", 1)
    store.commit(1000.0 + KEPT_S)
    store.put("young", {})
    store.commit()
    store.close()
    again = Store(path, now_s=1001.0 + KEPT_S)
    assert (again.services(), again.positions()) == (["young"], {})
    again.close()
