"""The follower at work: real files, real writers in other threads and processes, with inotify and without."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gctail.errors import UnreadableInput
from gctail.sources.follow import Begin, Follower, Idle
from gctail.sources.inotify import MODIFY, Inotify

BOTH_WAYS = pytest.mark.parametrize("inotify", [True, False], ids=["inotify", "polling"])


@BOTH_WAYS
def test_several_files_are_followed_at_once(tmp_path, tail, inotify):
    """Each under its own name, one of them not there yet."""
    here, later = tmp_path / "here.log", tmp_path / "later.log"
    here.write_bytes(b"one\n")
    following = tail(here, later, inotify=inotify)
    following.until(lambda: following.text(here) == b"one\n")
    later.write_bytes(b"two\n")
    with here.open("ab") as log:
        log.write(b"three\n")
    following.until(lambda: (following.text(here), following.text(later)) == (b"one\nthree\n", b"two\n"))
    assert following.follower.notes == [f"{later} is not there yet: waiting for it."]


@BOTH_WAYS
def test_a_follower_that_begins_at_the_end_tells_only_what_is_new(tmp_path, tail, inotify):
    """And reads from the beginning what appears later."""
    path, later = tmp_path / "app.log", tmp_path / "later.log"
    path.write_bytes(b"old\n")
    following = tail(path, later, begin=Begin(last_lines=0), inotify=inotify)
    later.write_bytes(b"later\n")
    with path.open("ab") as log:
        log.write(b"new\n")
    following.until(lambda: (following.text(path), following.text(later)) == (b"new\n", b"later\n"))


@BOTH_WAYS
def test_a_busy_writer_that_rotates_loses_no_line(tmp_path, tail, inotify):
    """2 000 lines in another process, in two writes each, rotated every 100, half of them late to the old file."""
    path = tmp_path / "app.log"
    program = """if True:
        import os, sys
        path = sys.argv[1]
        log = open(path, "ab", buffering=0)
        for n in range(2000):
            log.write(b"line %d " % n)
            log.write(b"of 2000\\n")
            if n % 100 == 49:
                os.rename(path, f"{path}.{n}")
                open(path, "ab").close()
            if n % 100 == 99:
                log.close()
                log = open(path, "ab", buffering=0)
    """
    following = tail(path, inotify=inotify)
    subprocess.run([sys.executable, "-c", program, path], check=True)
    expected = b"".join(b"line %d of 2000\n" % n for n in range(2000))
    following.came(lambda: len(following.text()) >= len(expected))
    assert sorted(following.stop().splitlines()) == sorted(expected.splitlines())


@BOTH_WAYS
def test_a_log_that_is_truncated_again_and_again_loses_nothing_that_was_read(tmp_path, tail, inotify):
    """copytruncate, each time after the follower had it all, and then longer than before."""
    path = tmp_path / "app.log"
    following = tail(path, inotify=inotify)
    expected = b""
    with path.open("ab", buffering=0) as log:
        for turn in range(3):
            os.truncate(path, 0)
            text = b"".join(b"turn %d line %d\n" % (turn, n) for n in range(100 * (turn + 1)))
            log.write(text)
            expected += text
            following.until(lambda expected=expected: following.text() == expected)
    assert following.stop() == expected


def test_a_line_comes_at_once_where_inotify_is(tmp_path, tail, monkeypatch):
    """Nobody waits for the next look: here that would be after a minute."""
    if Inotify.open() is None:
        pytest.skip("inotify is absent: not Linux")
    monkeypatch.setattr("gctail.sources.follow.LOOK_S", 60.0)
    monkeypatch.setattr("gctail.sources.follow.IDLE_S", 60.0)
    path = tmp_path / "app.log"
    path.write_bytes(b"before\n")
    following = tail(path)
    with path.open("ab", buffering=0) as log:
        for n in range(100):
            log.write(b"x")
            following.until(lambda n=n: len(following.text()) == n + 8)
        path.rename(tmp_path / "app.log.1")
        path.write_bytes(b"new\n")
        log.write(b"\n")
        following.until(lambda: following.text() == b"before\n" + b"x" * 100 + b"\nnew\n")
    assert not following.idles


@BOTH_WAYS
def test_time_passes_without_bytes(tmp_path, tail, inotify):
    """So that the caller can notice silence."""
    before_s = time.time()
    following = tail(tmp_path / "app.log", inotify=inotify)
    following.until(lambda: len(following.idles) >= 2)
    assert before_s <= following.idles[0].now_s < following.idles[1].now_s <= time.time()


@BOTH_WAYS
def test_time_passes_however_long_the_next_look_is_away(tmp_path, tail, monkeypatch, inotify):
    """Looks that cost much come seldom; what waits for time, as a checkpoint does, does not wait for them."""
    monkeypatch.setattr("gctail.sources.follow.LOOK_S", 60.0)
    monkeypatch.setattr("gctail.sources.follow.POLL_S", 60.0)
    monkeypatch.setattr("gctail.sources.follow.IDLE_S", 0.05)
    following = tail(tmp_path / "app.log", inotify=inotify)
    following.until(lambda: len(following.idles) >= 3)


def test_what_is_there_when_it_is_stopped_still_comes(tmp_path):
    """Last the unfinished line of a file that was rotated away; and all descriptors are given back."""
    path = tmp_path / "app.log"
    path.write_bytes(b"one\ntw")
    before = set(Path("/dev/fd").iterdir())
    follower = Follower([str(path)])
    path.rename(tmp_path / "app.log.1")
    path.write_bytes(b"three\n")
    follower.stop()
    chunks = [event for event in follower if not isinstance(event, Idle)]
    assert [(bytes(chunk.data), chunk.after_cut_line) for chunk in chunks] == [
        (b"one\n", False), (b"three\n", False), (b"tw", False)
    ]  # fmt: skip
    assert [chunk.offset for chunk in chunks] == [0, 4, 10]
    assert set(Path("/dev/fd").iterdir()) == before
    follower.stop()


def test_what_cannot_be_read_in_time_is_left_when_it_is_stopped(tmp_path, monkeypatch):
    """Hours behind, it does not go on reading: the place is known, and the next start goes on there."""
    monkeypatch.setattr("gctail.sources.follow.LAST_S", 0.0)
    path = tmp_path / "app.log"
    path.write_bytes(b"one\ntw")
    follower = Follower([str(path)])
    follower.stop()
    events = iter(follower)
    assert isinstance(next(events), Idle)
    assert follower.lag_bytes == 6
    assert follower.place(str(path), unfinished=False).files[0].position == 0
    assert list(events) == []


def test_two_names_of_one_file_are_followed_once(tmp_path, tail):
    """Overlapping patterns and links; the first name counts."""
    path, link = tmp_path / "app.log", tmp_path / "link.log"
    path.write_bytes(b"one\n")
    link.symlink_to(path)
    following = tail(path, link, path)
    following.until(lambda: following.text() == b"one\n")
    assert following.stop() == b"one\n"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkdir, "a directory. Name the log files in it."),
        (os.mkfifo, "not a regular file. A pipe is read without -f, and to its end."),
        (
            lambda path: path.write_bytes(b"\xfd7zXZ\x00"),
            "compressed (xz), so it cannot be followed. Read it without -f.",
        ),
    ],
)
def test_what_cannot_be_followed_is_told_at_once(tmp_path, make, told):
    """In one sentence, and nothing is left open."""
    path = tmp_path / "app.log"
    make(path)
    before = set(Path("/dev/fd").iterdir())
    with pytest.raises(UnreadableInput) as refused:
        Follower([str(path)])
    assert str(refused.value) == f"{path}: {told}"
    assert set(Path("/dev/fd").iterdir()) == before


def test_inotify_tells_which_file_was_written_to(tmp_path):
    """By the number of its watch; a file that is not there cannot be watched."""
    inotify = Inotify.open()
    if inotify is None:
        pytest.skip("inotify is absent: not Linux")
    path = tmp_path / "app.log"
    assert inotify.watch(str(path), MODIFY) is None
    path.touch()
    watch = inotify.watch(str(path), MODIFY)
    assert list(inotify.events()) == []
    path.write_bytes(b"x")
    assert {number for number, mask, _ in inotify.events() if mask & MODIFY} == {watch}
    inotify.unwatch(watch)
    inotify.close()


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_without_inotify_there_is_none(monkeypatch, error):
    """Another library or another system: the follower polls."""

    def no_library(*_, **__):
        raise error

    monkeypatch.setattr("ctypes.CDLL", no_library)
    assert Inotify.open() is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Inotify.open() is None


@BOTH_WAYS
def test_more_files_than_descriptors_are_read_all_the_same(tmp_path, tail, inotify):
    """40 files, 8 of them open at a time: what was there at first, and what is added while they are closed."""
    paths = [tmp_path / f"{number}.log" for number in range(40)]
    for path in paths:
        path.write_bytes(b"first\n")
    following = tail(tmp_path / "*.log", inotify=inotify, most_open=8)
    following.until(lambda: all(following.text(path) == b"first\n" for path in paths))
    for path in paths:
        with path.open("ab") as log:
            log.write(b"second\n")
    following.until(lambda: all(following.text(path) == b"first\nsecond\n" for path in paths))
    assert following.follower.open_files <= 9
