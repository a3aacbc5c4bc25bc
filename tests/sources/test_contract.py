"""What gctail -f promises, in 44 points: the union of what shippers promise, and of what their users reported.

Each point has a test that carries its number. Points about restarts and kills use the program itself; a storm by chance
is in runners/test_follow_storm.py, a play of all rotations by chance in test_followed.py.
"""

import gzip
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from following import Gctail, collections
from gctail.engine import Engine
from gctail.records import GcCycle, Passage, Sighting
from gctail.runners import following as runner
from gctail.runners.checkpoints import Checkpoints
from gctail.runners.following import Following
from gctail.runners.local import Reading
from gctail.runners.outputs import Outputs
from gctail.sources import followed
from gctail.sources.follow import Begin, Chunk, Follower, Idle
from gctail.sources.inputs import CHUNK_BYTES, read_chunks
from gctail.store import Store

NOT_APPLICABLE: dict[int, str] = {}
"""Points that gctail does not promise, and why."""


@pytest.fixture
def path(tmp_path):
    """A log that is not there yet."""
    return tmp_path / "app.log"


@pytest.fixture
def program(tmp_path):
    """Makes gctails over files, with a state of their own; none is left running."""
    made = []

    def of(*arguments):
        directory = tmp_path / "kept"
        directory.mkdir()
        made.append(Gctail(directory, *arguments))
        return made[-1]

    yield of
    for each in made:
        each.__exit__()


class Heard:
    """Follows in this thread, through scanners, until `ready`; keeps what the core would be told."""

    def __init__(self, *paths, **options) -> None:
        self.records, self.text = [], b""
        self.reading = Reading()
        self.follower = Follower([str(path) for path in paths], **options)
        self.following = Following(self.follower, self.reading, Engine(), self, {})
        self._ready = lambda: True

    def hear(self, events) -> None:
        for event in events:
            if isinstance(event, Passage):
                self.text += bytes(event.text)
            elif isinstance(event, Sighting):
                self.records.append(event.record)

    def found(self, findings) -> None:
        pass

    def turn(self) -> None:
        if self._ready():
            self.follower.stop()

    def until(self, ready, within_s=60.0) -> "Heard":
        until_s = time.monotonic() + within_s
        self._ready = lambda: ready(self) or time.monotonic() > until_s
        self.following.run()
        assert ready(self), (self.records, self.text[-200:])
        return self

    @property
    def numbers(self) -> list[int]:
        return [record.number for record in self.records if isinstance(record, GcCycle)]


def add(path: Path, data: bytes) -> None:
    with path.open("ab", buffering=0) as log:
        log.write(data)


def rotate(path: Path, number: int = 1) -> Path:
    return path.rename(path.with_name(f"{path.name}.{number}"))


# -- where reading begins


def test_01_existing_text_is_read_from_its_head(path, tail):
    add(path, b"one\ntwo\n")
    following = tail(path)
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_02_from_the_end_only_what_is_new(path, tail):
    add(path, b"old\n")
    following = tail(path, begin=Begin(last_lines=0))
    following.until(lambda: following.idles)
    add(path, b"new\n")
    following.until(lambda: following.text() == b"new\n")


def test_03_the_last_lines_an_unfinished_one_included(path, tail):
    add(path, b"".join(b"line %d\n" % number for number in range(30_000)) + b"unfinished")
    following = tail(path, begin=Begin(last_lines=3))
    assert following.stop() == b"line 29998\nline 29999\nunfinished"


@pytest.mark.parametrize("hour", [0, 7, 23])
def test_04_since_a_time(path, tail, hour):
    lines = [
        f"2026-11-23T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z request {second}\n  and its second line\n"
        for second in range(0, 86400, 7)
    ]
    add(path, "".join(lines).encode())
    since_s = 1795392000 + hour * 3600 + 1
    expected = [number for number in range(0, 86400, 7) if number >= hour * 3600 + 1]
    text = tail(path, begin=Begin(since_s=since_s)).stop().decode()
    assert [int(found) for found in re.findall(r"request (\d+)", text)] == expected
    assert text.startswith("2026-11-23T")


def test_04_since_a_time_in_a_log_without_times_is_all_of_it(path, tail):
    add(path, collections(1, 20))
    assert tail(path, begin=Begin(since_s=time.time())).stop() == collections(1, 20)


def test_05_a_file_that_is_found_later_is_read_from_its_head(tmp_path, tail):
    following = tail(tmp_path / "*.log", begin=Begin(last_lines=0))
    following.until(lambda: following.idles)
    add(tmp_path / "later.log", b"one\ntwo\n")
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_06_an_empty_file_waits_for_its_data(path, tail):
    path.touch()
    following = tail(path)
    following.until(lambda: len(following.idles) > 1)
    assert following.text() == b""
    add(path, b"data\n")
    following.until(lambda: following.text() == b"data\n")


# -- lines


def test_07_empty_lines_neither_stall_nor_are_read_again(path, tail):
    following = tail(path)
    for data in (b"\n\n\n", b"one\n", b"\n", b"two\n\n"):
        add(path, data)
        following.until(lambda data=data: following.text().endswith(data))
    assert following.stop() == b"\n\n\none\n\ntwo\n\n"


def test_08_a_last_line_without_a_newline_counts_after_a_while(path, monkeypatch):
    monkeypatch.setattr(runner, "QUIET_S", 0.1)
    monkeypatch.setattr(runner, "LAST_LINE_S", 0.3)
    add(path, collections(1, 2).removesuffix(b"\n"))
    stop = []
    heard = Heard(path).until(lambda heard: stop.append(heard.numbers == [1, 2]) or heard.numbers == [1, 2])
    assert stop[0] is False  # it was not told at once: the rest might have come
    assert heard.reading.scanners[str(path)].bytes_read == path.stat().st_size


def test_09_a_line_in_two_writes_is_one(path):
    line = collections(1, 1)
    add(path, line[:40])
    steps = [lambda: add(path, line[40:])]

    def ready(heard):
        if heard.reading.scanners and steps:
            steps.pop()()
        return bool(heard.numbers)

    assert Heard(path).until(ready).numbers == [1]


@pytest.mark.parametrize("shift", [-1, 0, 1, 60])
def test_10_a_line_that_is_split_at_the_buffers_edge(path, shift):
    first, second = collections(1, 1), collections(2, 2)
    padding = b"x" * (CHUNK_BYTES - len(first) - 1 - shift) + b"\n"
    add(path, first + padding + second)
    assert Heard(path).until(lambda heard: len(heard.numbers) == 2).numbers == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_11_a_character_that_is_split_at_the_buffers_edge(path, tail, encoding):
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    for shift in range(4):
        path.unlink(missing_ok=True)
        text = "a" * (shift + (CHUNK_BYTES - 8) // len("a".encode(encoding))) + "é🧨🧨🧨\nnext\n"
        add(path, (mark + text).encode(encoding))
        assert tail(path).stop().decode() == text


def test_12_a_line_that_is_too_long_costs_its_neighbours_nothing_and_is_counted(path):
    add(path, collections(1, 1) + b"y" * (3 << 20) + b"\n" + collections(2, 2))
    heard = Heard(path).until(lambda heard: len(heard.numbers) == 2)
    assert heard.reading.scanners[str(path)].long_lines == 1


# -- rotation


def test_13_renamed_and_created_anew(path, tail):
    add(path, b"one\n")
    following = tail(path)
    following.until(lambda: following.text() == b"one\n")
    rotate(path)
    add(path, b"two\n")
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_14_renamed_again_and_again_in_quick_succession(path, tail):
    following = tail(path)
    add(path, b"0\n")
    following.until(following.text)
    for number in range(1, 30):
        time.sleep(0.01)  # the grain of a filesystem's clock, by which the order of unseen files is known
        rotate(path, number)
        add(path, b"%d\n" % number)
    following.until(lambda: following.text() == b"".join(b"%d\n" % number for number in range(30)))


def test_15_what_is_written_late_to_the_renamed_file_is_read(path, tail):
    with path.open("ab", buffering=0) as old:
        old.write(b"old 0\n")
        following = tail(path)
        following.until(following.text)
        rotate(path)
        add(path, b"new\n")
        for number in range(1, 5):
            old.write(b"old %d\n" % number)
            following.until(lambda number=number: b"old %d\n" % number in following.text())
    assert sorted(following.stop().splitlines()) == [b"new", *(b"old %d" % number for number in range(5))]


def copytruncate(path: Path) -> Path:
    copy = path.with_name(f"{path.name}.1")
    copy.write_bytes(path.read_bytes())
    os.truncate(path, 0)
    return copy


def test_16_copytruncate_to_a_smaller_file(path, tail):
    with path.open("ab", buffering=0) as log:
        log.write(b"one, and a long line of it\n")
        following = tail(path)
        following.until(following.text)
        copytruncate(path)
        log.write(b"two\n")
        following.until(lambda: following.text().endswith(b"two\n"))
    assert following.stop() == b"one, and a long line of it\ntwo\n"


def test_17_copytruncate_under_a_writer_that_goes_on_at_its_old_offset(path, tail):
    """The hole of NULs in front is no text; a gigabyte of it costs nothing."""
    path.write_bytes(b"one\n")
    following = tail(path)
    following.until(lambda: following.text() == b"one\n")
    os.truncate(path, 0)
    with path.open("r+b", buffering=0) as log:
        log.seek(1 << 30)
        log.write(b"two\n")
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_18_truncated_and_grown_beyond_the_old_length_before_anybody_looked(path, tail):
    add(path, b"one\n" * 10)
    following = tail(path)
    following.until(lambda: following.text() == b"one\n" * 10)
    path.write_bytes(b"another\n" * 100)
    following.until(lambda: following.text() == b"one\n" * 10 + b"another\n" * 100)


def test_19_deleted_and_created_under_the_same_name(path, tail):
    add(path, b"one\n")
    following = tail(path)
    following.until(following.text)
    path.unlink()
    add(path, b"two\n")
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_20_a_deleted_file_is_read_to_its_end_and_given_back(path, tail, monkeypatch):
    monkeypatch.setattr(followed, "GONE_WAIT_S", 0.3)
    with path.open("ab", buffering=0) as log:
        log.write(b"one\n")
        following = tail(path)
        following.until(following.text)
        path.unlink()
        log.write(b"two\n")
    following.until(lambda: following.text() == b"one\ntwo\n")
    following.until(lambda: following.follower.open_files == 0)


def test_21_an_inode_that_is_given_out_again_is_a_new_file(path):
    """After a restart: the same inode, other content."""
    path.write_bytes(b"of the old file, which was read\n")
    first = Follower([str(path)])
    events = iter(first)
    assert b"".join(bytes(event.data) for event in until_idle(events)) == path.read_bytes()
    place = first.place(str(path), unfinished=False)
    first.close()
    inode = path.stat().st_ino
    path.write_bytes(b"of a new file, which begins otherwise and is longer than the old one was\n")
    assert path.stat().st_ino == inode
    second = Follower([str(path)], places={str(path): place})
    assert b"".join(bytes(event.data) for event in until_idle(iter(second))) == path.read_bytes()
    second.close()


def until_idle(events: Iterator[Chunk | Idle]) -> list[Chunk]:
    """What comes until time passes without anything."""
    chunks = []
    for event in events:
        if isinstance(event, Idle):
            return chunks
        chunks.append(Chunk(event.origin, event.offset, bytes(event.data), event.after_cut_line))
    return chunks


def test_22_files_with_identical_heads_are_told_apart(tmp_path, tail):
    """Two programs that begin with the same 5 KB, and go on alike for a while."""
    head = b"".join(b"starting up, step %d\n" % step for step in range(250))
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in paths:
        add(path, head)
    following = tail(tmp_path / "*.log")
    following.until(lambda: all(following.text(path) == head for path in paths))
    for path in paths:
        add(path, b"now %s\n" % path.name.encode())
    following.until(lambda: all(following.text(path).endswith(path.name.encode() + b"\n") for path in paths))
    assert len(following.stop()) == 2 * len(head) + 2 * len(b"now a.log\n")


def test_23_a_file_smaller_than_any_fingerprint_is_read_at_once(path, tail):
    add(path, b"x\n")
    following = tail(path)
    following.until(lambda: following.text() == b"x\n")


def test_24_a_file_that_is_moved_out_of_the_pattern_is_read_to_its_end(tmp_path, tail):
    path = tmp_path / "job.log"
    with path.open("ab", buffering=0) as log:
        log.write(b"one\n")
        following = tail(tmp_path / "*.log")
        following.until(following.text)
        path.rename(tmp_path / "archive")
        log.write(b"two\n")
        following.until(lambda: following.text() == b"one\ntwo\n")


def test_25_what_was_cut_off_without_a_copy_beside_it_is_said_to_be_lost(path):
    """Copied elsewhere by copytruncate: nobody can read it any more."""
    path.write_bytes(b"one, which was read\n")
    follower = Follower([str(path)])
    events = iter(follower)
    until_idle(events)
    place = follower.place(str(path), unfinished=False)
    follower.close()
    path.write_bytes(b"two\n")
    again = Follower([str(path)], places={str(path): place})
    assert [bytes(chunk.data) for chunk in until_idle(iter(again))] == [b"two\n"]
    [note] = again.notes
    assert note.startswith(f"{path}: the file that was read up to byte 20 is gone; what came after that in it, if ")
    again.close()


def test_26_a_link_that_is_set_to_another_file(tmp_path, tail):
    link = tmp_path / "current.log"
    add(tmp_path / "1", b"one\n")
    link.symlink_to("1")
    following = tail(link)
    following.until(lambda: following.text() == b"one\n")
    add(tmp_path / "2", b"two\n")
    link.unlink()
    link.symlink_to("2")
    following.until(lambda: following.text() == b"one\ntwo\n")


def test_27_patterns_over_directories_with_exceptions_and_nothing_twice(tmp_path, tail):
    for name in ("a/x.log", "a/b/y.log", "a/b/debug.log", "a/z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        add(tmp_path / name, name.encode() + b"\n")
    patterns = [tmp_path / "**" / "*.log", tmp_path / "a" / "*.log", tmp_path / "a" / "x.log"]
    following = tail(*patterns, exclude=["debug.*"])
    following.until(lambda: len(following.chunks) == 2)
    assert sorted(following.stop().split()) == [b"a/b/y.log", b"a/x.log"]


def test_28_a_file_that_cannot_be_opened_is_read_once_it_can(path, tail):
    """Said once; here a link to itself, which not even root can open."""
    following = tail(path)
    following.until(lambda: following.idles)
    path.symlink_to(path.name)
    following.until(lambda: any("cannot be followed" in note for note in following.follower.notes))
    path.unlink()
    add(path, b"at last\n")
    following.until(lambda: following.text() == b"at last\n")
    assert sum("cannot be followed" in note for note in following.follower.notes) == 1


def test_29_without_inotify_the_same_comes(tmp_path, tail):
    """The same play for both: growth, rotation, truncation, deletion."""
    texts = []
    for inotify in (True, False):
        path = tmp_path / f"{inotify}.log"
        following = tail(path, inotify=inotify)
        told = b""
        for deed in (lambda: None, lambda: rotate(path), lambda: os.truncate(path, 0), lambda: path.unlink()):  # noqa: B023, PLW0108
            add(path, b"%d\n" % len(told))
            told += b"%d\n" % len(told)
            following.until(lambda told=told: following.text() == told)  # noqa: B023
            deed()
        texts.append(following.stop())
    assert texts[0] == texts[1] != b""


# -- restarts


def seen(gctail: Gctail, service: str = "app") -> dict[str, int]:
    return gctail.knows()[service].ledger()


def once(count: int) -> dict[str, int]:
    return {"seen": count, "missing": 0, "doubled": 0, "late": 0}


def test_30_a_restart_goes_on(path, program):
    gctail = program(path)
    for first in (1, 51):
        add(path, collections(first, first + 49))
        gctail.start()
        assert gctail.stop() == 0
    assert seen(gctail) == once(100)


def test_31_rotated_while_gctail_was_down(path, program):
    gctail = program(path)
    add(path, collections(1, 50))
    gctail.start()
    gctail.stop()
    add(path, collections(51, 60))
    rotate(path)
    add(path, collections(61, 70))
    gctail.start()
    gctail.stop()
    assert seen(gctail) == once(70)


def test_32_copied_and_truncated_while_gctail_was_down(path, program):
    gctail = program(path)
    add(path, collections(1, 50))
    gctail.start()
    gctail.stop()
    add(path, collections(51, 60))
    copytruncate(path)
    add(path, collections(61, 70))
    gctail.start()
    gctail.stop()
    assert seen(gctail) == once(70)


def test_33_a_line_that_was_half_there_is_completed_once(path, program):
    gctail = program(path)
    text = collections(1, 50)
    add(path, text[:-70])
    gctail.start()
    gctail.stop()
    add(path, text[-70:])
    gctail.start()
    gctail.stop()
    assert seen(gctail) == once(50)


def test_34_a_checkpoint_is_whole_or_not_there(path, program):
    """Killed in the middle of writing, and at other times; tests/store has full disks, older versions and expiry."""
    gctail = program(path)
    for number in range(1, 4):
        add(path, collections(number * 20 - 19, number * 20))
        gctail.start()
        gctail.until(lambda: gctail.state.with_suffix(".db-wal").exists())
        gctail.kill()
    gctail.start()
    gctail.stop()
    assert seen(gctail) == once(60)


class SlowSink:
    """A sink whose other end has not answered yet."""

    name = "slow"

    def __init__(self) -> None:
        self.safe = False

    def take(self, findings) -> None:
        pass

    def settled(self, _within_s) -> bool:
        return self.safe

    def close(self) -> None:
        pass


def test_35_a_checkpoint_waits_until_the_sinks_have_what_came_before(path, tmp_path):
    """At least once: a crash before that reads it again."""
    add(path, collections(1, 30))
    store, sink = Store(str(tmp_path / "state.db")), SlowSink()
    heard = Heard(path)
    heard.following.saving = checkpoints = Checkpoints(
        store, heard.following.engine, Outputs([sink]), heard.following, print
    )
    asked = []

    def ready(heard):
        checkpoints.tend(float("inf"))
        asked.append((sink.safe, sorted(store.positions()) if not store._database.in_transaction else []))
        sink.safe = len(heard.numbers) == 30 and len(asked) > 20
        return bool(asked[-1][1])

    heard.until(ready)
    assert [positions for safe, positions in asked if not safe and positions] == []
    assert asked[-1] == (True, [str(path)])
    store.close()


# -- under load


def test_36_who_is_slow_loses_nothing_that_is_rotated_meanwhile(path, tmp_path):
    """Nobody takes anything for a while: files are rotated away twice, and a new one comes."""
    add(path, b"one\n")
    follower = Follower([str(tmp_path / "*.log")])
    events = iter(follower)
    assert bytes(next(events).data) == b"one\n"
    add(path, b"two\n")
    rotate(path)
    add(path, b"three\n")
    rotate(path, 2)
    add(path, b"four\n")
    add(tmp_path / "other.log", b"five\n")
    came: list[bytes] = []
    for event in events:
        came += [] if isinstance(event, Idle) else [bytes(event.data)]
        if len(came) == 4:
            follower.stop()
    assert sorted(came) == [b"five\n", b"four\n", b"three\n", b"two\n"]


def test_37_a_noisy_file_does_not_keep_a_quiet_one_waiting(tmp_path):
    noisy, quiet = tmp_path / "noisy.log", tmp_path / "quiet.log"
    add(noisy, b"noise, noise and nothing but noise\n" * 600_000)
    add(quiet, b"help\n")
    chunks = until_idle(iter(Follower([str(noisy), str(quiet)])))
    origins = [chunk.origin for chunk in chunks]
    assert origins.index(str(quiet)) <= followed.TURN_CHUNKS < len(origins) - 1


def test_38_the_oldest_first_where_that_is_wanted(tmp_path):
    paths = [tmp_path / name for name in ("c.log", "a.log", "b.log")]
    for age, path in enumerate(paths):
        add(path, path.name.encode() * 300_000)
        os.utime(path, (1_700_000_000 + age, 1_700_000_000 + age))
    chunks = until_idle(iter(Follower([str(tmp_path / "*.log")], oldest_first=True)))
    assert list(dict.fromkeys(chunk.origin for chunk in chunks)) == [str(path) for path in paths]
    assert [chunk.origin for chunk in chunks] == sorted(
        (chunk.origin for chunk in chunks), key=[str(path) for path in paths].index
    )


def test_39_what_is_old_is_left_alone_until_it_grows(tmp_path, tail):
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    add(old, b"long ago\n")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    add(new, b"today\n")
    following = tail(old, new, begin=Begin(ignore_older_s=3600.0))
    following.until(lambda: following.text() == b"today\n")
    add(old, b"again\n")
    following.until(lambda: following.text(old) == b"again\n")


def test_40_more_files_than_may_be_open(tmp_path, tail):
    """Also lines that are begun before their file is put to sleep, and finished later."""
    paths = [tmp_path / f"{number}.log" for number in range(12)]
    for path in paths:
        add(path, b"begun, ")
    following = tail(tmp_path / "*.log", most_open=3)
    following.until(lambda: all(following.text(path) == b"begun, " for path in paths))
    for path in paths:
        add(path, b"finished\n")
    following.until(lambda: all(following.text(path) == b"begun, finished\n" for path in paths))
    assert not any(chunk.after_cut_line for chunk in following.chunks)
    assert following.follower.open_files <= 4


# -- compressed, and time


def test_41_a_compressed_file_of_several_members_is_read_to_its_end(tmp_path):
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert b"".join(bytes(chunk.data) for chunk in read_chunks(str(path))) == b"one\ntwo\n"


def test_42_a_file_that_was_read_is_not_read_again_once_it_is_compressed(path, program, tmp_path):
    gctail = program(tmp_path / "app.log*")
    add(path, collections(1, 50))
    gctail.start()
    gctail.until(lambda: saved(gctail, path))
    old = rotate(path)
    add(path, collections(51, 60))
    gctail.stop()
    times = old.stat().st_mtime
    packed = old.with_name(f"{old.name}.gz")
    packed.write_bytes(gzip.compress(old.read_bytes()))
    os.utime(packed, (times, times))
    old.unlink()
    gctail.start()
    gctail.stop()
    assert seen(gctail) == once(60)


def saved(gctail: Gctail, path: Path) -> bool:
    """A checkpoint has all of the file."""
    found = gctail.position(path)
    return found is not None and found["place"]["delivered_bytes"] == path.stat().st_size


def test_43_rotated_twice_while_the_first_is_still_being_read(path):
    """The one in the middle is not skipped."""
    add(path, b"first\n" * 2_000_000)
    follower = Follower([str(path)])
    events = iter(follower)
    chunks = [next(events)]
    rotate(path)
    add(path, b"middle\n")
    rotate(path, 2)
    add(path, b"last\n")
    follower.stop()
    text = bytes(chunks[0].data) + b"".join(bytes(event.data) for event in events if isinstance(event, Chunk))
    assert text == b"first\n" * 2_000_000 + b"middle\nlast\n"


def test_44_a_clock_that_steps_is_no_reason_to_lose_or_to_repeat_anything(path, tail, monkeypatch):
    """An hour forward, a day back: files are read as they grow, by no clock that steps."""
    real, step_s = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + step_s[0])
    following = tail(path)
    for number, step in enumerate((0.0, 3600.0, -86400.0, 0.0)):
        step_s[0] = step
        add(path, b"%d\n" % number)
        following.until(lambda number=number: following.text().endswith(b"%d\n" % number))
    assert following.stop() == b"0\n1\n2\n3\n"


# -- the house


def test_every_point_of_the_contract_is_here():
    """A test of its own, or the reason why there is none."""
    numbers = {
        int(found) for found in re.findall(r"^def test_(\d\d)_", Path(__file__).read_text("utf-8"), re.MULTILINE)
    }
    assert sorted(numbers | NOT_APPLICABLE.keys()) == list(range(1, 45))
    assert numbers.isdisjoint(NOT_APPLICABLE)
