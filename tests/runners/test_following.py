"""`gctail -f` is stopped, killed and started again: it goes on where it was, and knows what it knew."""

import re
import resource
import sqlite3
import subprocess
import time

import pytest

from follow_storm import KILLED
from following import PROGRAM, Gctail, collections
from gctail.engine import Engine
from gctail.records import Sighting
from gctail.runners.following import Following
from gctail.runners.local import Reading
from gctail.sources import follow as looking
from gctail.sources import followed
from gctail.sources.follow import Follower
from gctail.store import Store


@pytest.fixture
def follow(tmp_path):
    """Makes followers of files in a directory of their own."""
    made = []

    def of(*names, **options):
        directory = tmp_path / options.get("state", "kept")
        directory.mkdir()
        made.append(Gctail(directory, *names))
        return made[-1]

    yield of
    for each in made:
        each.__exit__()


def add(path, data):
    with path.open("ab") as log:
        log.write(data)


def names(state):
    """The services that a state has, as `sqlite3` shows them while gctail runs."""
    database = sqlite3.connect(f"file:{state}?mode=ro", uri=True)
    try:
        return database.execute("SELECT name FROM services").fetchall()
    except sqlite3.OperationalError:  # it is being made
        return []
    finally:
        database.close()


def test_a_stop_and_a_start_lose_nothing_and_double_nothing(follow, tmp_path):
    """Collections before, between and after; each finding is told once, as if nobody had stopped it."""
    path = tmp_path / "pay.log"
    whole = collections(1, 300, grow=2.0)
    pieces = [whole[:9000], whole[9000:20000], whole[20000:]]  # cut in the middle of lines
    gctail = follow(path, "--limit", "1GiB")
    for piece in pieces:
        add(path, piece)
        gctail.start()
        assert gctail.stop() == 0
    assert gctail.knows()["pay"].ledger() == {"seen": 300, "missing": 0, "doubled": 0, "late": 0}
    ids = [finding["id"] for finding in gctail.told()]
    assert len(ids) == len(set(ids)) > 0
    other = follow(path, "--limit", "1GiB", state="other")
    other.start()
    other.stop()
    assert {finding["id"] for finding in other.told()} == set(ids)


def test_a_kill_at_any_time_loses_nothing_and_doubles_nothing(follow, tmp_path):
    """Nobody had the time to save anything: it goes on at the last checkpoint."""
    path = tmp_path / "pay.log"
    gctail = follow(path)
    for turn in range(4):
        add(path, collections(100 * turn + 1, 100 * turn + 99))
        gctail.start()
        add(path, collections(100 * turn + 100, 100 * turn + 100))
        gctail.kill()
    gctail.start()
    gctail.stop()
    assert gctail.knows()["pay"].ledger() == {"seen": 400, "missing": 0, "doubled": 0, "late": 0}


def test_two_gctails_on_one_state_are_told_so(follow, tmp_path):
    """The second one ends at once, says who has it, and what to do."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 3))
    first = follow(path)
    first.start()
    state = first.state
    second = subprocess.run(
        [PROGRAM, "-f", path, "--state", state.parent], capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 2
    assert second.stderr == (
        f"gctail: {state}: in use by process {first.child.pid}. Two gctails cannot share one state: stop "
        "that one, name another directory with --state, or read without one (--no-state)\n"
    )


@pytest.mark.parametrize("named", [[], ["--state", "home/state"]])
def test_without_a_place_for_the_state_it_reads_where_nobody_has_named_one(tmp_path, named):
    """A container whose user has no home: who only wants to see the log sees it; who relies on the state is refused."""
    (tmp_path / "home").write_bytes(b"")  # a file, in which there is no room for directories
    add(tmp_path / "pay.log", collections(1, 3))
    command, environment = [PROGRAM, "-f", "-v", "pay.log", *named], {"HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as gctail:
        said = gctail.stderr.readline()
        line = gctail.stdout.readline()
        gctail.terminate()
        gctail.communicate()
    assert "the state cannot be kept there: Not a directory" in said
    assert said.endswith(
        "--no-state)\n"
        if named
        else "goes on without one, and a restart begins anew. --state DIR names another place\n"
    )
    assert ("gc 1" in line, gctail.returncode) == ((False, 2) if named else (True, 0))


def test_a_damaged_state_is_put_aside_and_said_so(follow, tmp_path):
    """The log is then read from its beginning."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 50))
    gctail = follow(path)
    gctail.start()
    gctail.stop()
    state = gctail.state
    state.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 300)
    gctail.start()
    gctail.until(lambda: "begins anew" in gctail.complaints())
    gctail.stop()
    assert "kept as " in gctail.complaints()
    assert gctail.state.with_name("state.db.damaged-1").exists()
    assert gctail.knows()["pay"].collections == 50


def test_a_position_that_is_not_understood_is_named(follow, tmp_path):
    """The file is then begun like a new one."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 50))
    gctail = follow(path)
    gctail.start()
    gctail.stop()
    store = Store(str(gctail.state))
    store.put_position(str(path), {"version": 99})
    store.commit()
    store.close()
    gctail.start()
    gctail.until(lambda: "is not understood" in gctail.complaints())
    gctail.stop()
    assert gctail.complaints().startswith(
        f"gctail: {path}: how far it was read is not understood, and it is begun like a "
    )


def test_the_state_of_an_older_gctail_is_gone_on_from(follow, tmp_path):
    """It knew rotated files by inode and time alone; those that were there before are not read after the upgrade."""
    path, older = tmp_path / "pay.log", tmp_path / "pay.log.1"
    older.write_bytes(collections(1, 20))
    path.write_bytes(collections(21, 40))
    gctail = follow(path)
    gctail.start()
    assert gctail.stop() == 0
    store = Store(str(gctail.state))
    position = store.positions()[str(path)]
    assert position["place"]["seen"] == [[older.stat().st_ino, older.stat().st_mtime_ns, older.stat().st_size]]
    position["version"] = 1
    position["place"]["seen"] = [each[:2] for each in position["place"]["seen"]]
    del position["place"]["unsettled"]
    store.put_position(str(path), position)
    store.commit()
    store.close()
    older.rename(tmp_path / "pay.log.2")
    path.rename(older)
    path.write_bytes(collections(41, 60))
    gctail.start()
    assert gctail.stop() == 0
    assert gctail.knows()["pay"].ledger() == {"seen": 40, "missing": 0, "doubled": 0, "late": 0}
    assert "not understood" not in gctail.complaints()


def test_a_full_disk_is_told_once_and_costs_only_the_newest_checkpoint(follow, tmp_path):
    """Reading goes on; what was saved before still stands, and the next start reads on from there."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 100))
    gctail = follow(path)
    gctail.start()
    gctail.until(lambda: names(gctail.state) == [(b"pay",)])
    full = gctail.state.with_suffix(".db-wal").stat().st_size
    resource.prlimit(gctail.child.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    add(path, collections(101, 200, grow=0.5))
    gctail.until(lambda: "the state was not saved" in gctail.complaints())
    gctail.kill()
    assert gctail.complaints().count("the state was not saved") == 1
    gctail.start()
    gctail.stop()
    assert gctail.knows()["pay"].ledger()["seen"] == 200


def test_without_a_state_nothing_is_kept(follow, tmp_path):
    """`--no-state` reads the same log anew each time."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 300, grow=2.0))
    gctail = follow(path, "--limit", "1GiB")
    for _ in range(2):
        gctail.start("--no-state")
        before = len(gctail.told())
        gctail.until(lambda before=before: len(gctail.told()) > before)
        gctail.stop()
    ids = [finding["id"] for finding in gctail.told()]
    assert len(ids) == 2 * len(set(ids)) > 0
    assert not (gctail.directory / "state").exists()


def test_the_state_is_a_database_that_others_can_look_at(follow, tmp_path):
    """While gctail runs: `sqlite3 state.db 'select name from services'`."""
    path = tmp_path / "pay.log"
    add(path, collections(1, 50))
    gctail = follow(path)
    gctail.start()
    gctail.until(lambda: names(gctail.state) == [(b"pay",)])


def test_a_stop_tells_verdicts_but_not_of_ten_thousand_services(follow, tmp_path):
    """Of so many nobody reads them, and whoever stopped it would have to wait."""
    path = tmp_path / "all.log"
    for services in (3, 101):
        lines = collections(1, 3).splitlines(keepends=True)
        path.write_bytes(b"".join(b"service-%03d  | " % number + line for line in lines for number in range(services)))
        gctail = follow(path, "--output", "text", state=f"kept-{services}")
        gctail.start()
        assert gctail.stop() == 0
        told = (gctail.directory / "told.jsonl").read_text()
        assert told.count("too few collections to judge") == (3 if services == 3 else 0)
        assert len(gctail.knows()) == services
    assert told == "101 services: no verdict on each; what was found was told as it came\n"


def test_the_command_of_the_page_follows_names_and_patterns(tmp_path, root):
    """As it stands in docs/follow.md, but for the place of the logs."""
    block = re.search(r"```sh\n(.*?)\n```", (root / "docs" / "follow.md").read_text(), re.DOTALL)
    assert block is not None
    for name in ("checkout/pay.log", "pods/shop/cart/0.log"):
        log = tmp_path / name
        log.parent.mkdir(parents=True)
        log.write_bytes(collections(1, 3))
    command = ["bash", "-c", f"exec {block[1].replace('/var/log', str(tmp_path))}"]
    environment = {"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path / "state")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        while not any(path.read_text() for path in tmp_path.glob("state/gctail/follow/*.lock")):
            assert child.poll() is None, child.communicate()
            time.sleep(0.02)
        child.terminate()
        told, _ = child.communicate()
    assert child.returncode == 0
    assert told.count("too few collections to judge") == 2


class Listening:
    """A listener that judges, and ends it when so many collections have come."""

    def __init__(self, path, collections):
        self.engine, self.most = Engine(), collections
        self.following = Following(Follower([str(path)]), Reading(), self.engine, self, {})
        self.following.run()

    def hear(self, events):
        list(self.engine.all(events))

    def found(self, findings):
        pass

    def turn(self):
        if sum(service.collections for service in self.engine.services.values()) >= self.most:
            self.following.follower.stop()


def test_a_backlog_is_judged_by_its_own_time(tmp_path, monkeypatch):
    """A log of a day last week is judged as if it had been read then, however often time passes meanwhile."""
    monkeypatch.setattr(looking, "IDLE_S", 0.0)
    monkeypatch.setattr(looking, "TURN_S", 0.001)
    monkeypatch.setattr(followed, "TURN_CHUNKS", 1)
    monkeypatch.setattr(followed, "CHUNK_BYTES", 1 << 12)
    path = tmp_path / "pay.log"
    lines = []
    for number, line in enumerate(collections(1, 600).splitlines(keepends=True)):
        lines.append(f"time=2026-11-16T{number // 60:02d}:{number % 60:02d}:00Z level=info msg=served\n".encode())
        lines.append(line.replace(f"@{number + 1}.000s".encode(), f"@{60 * number}.000s".encode()))
    path.write_bytes(b"".join(lines))
    then, reading = Engine(), Reading()
    for events in reading.files([str(path)]):
        list(then.all(events))
    now = Listening(path, 600).engine
    judges = [engine.services["pay"].state()["epochs"][0]["judge"] for engine in (then, now)]
    assert judges[0] == judges[1]


class Asking:
    """A listener that asks once for the place in a file that was read, and then ends it."""

    def __init__(self, path):
        follower = Follower([str(path)])
        self.following = Following(follower, Reading(), Engine(), self, {})
        self.path, self.kills, self.turns, self.position = path, [], 0, None

    def hear(self, events):
        self.kills += [event.record.details["pid"] for event in events if isinstance(event, Sighting)]

    def found(self, findings):
        pass

    def turn(self):
        self.turns += 1
        if self.turns == 2:
            self.position = self.following.position(str(self.path))
            self.following.follower.stop()


@pytest.mark.parametrize(("open_s", "saved"), [(60.0, None), (0.0, 2)])
def test_what_is_open_for_long_is_closed_so_that_the_place_can_be_saved(tmp_path, monkeypatch, open_s, saved):
    """Each line of a kernel's log may begin a report that goes on: where they come all the time, one is always open."""
    monkeypatch.setattr("gctail.runners.following.OPEN_S", open_s)
    path = tmp_path / "kernel.log"
    path.write_text(KILLED.format(1.0, 1001, 1) + KILLED.format(2.0, 1002, 2))
    asking = Asking(path)
    asking.following.run()
    assert asking.kills == [1001, 1002]
    assert (asking.position and asking.position["scanner"]["lines"]) == saved
