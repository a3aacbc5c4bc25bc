"""The ids of what was told: none is lost by a kill, those of another state are none of its business."""

import os
import resource
import signal

import pytest

from gctail.store.journal import Journal

IDS = [f"{number:016x}" for number in range(100)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db.told"


def ids(path, owner="mine", most=1000):
    return Journal(str(path), owner, most).ids


def test_what_was_told_is_known_after_a_kill(path):
    """Nobody closes anything."""
    Journal(str(path), "mine", 1000).add(IDS[:2])
    again = Journal(str(path), "mine", 1000)
    again.add(IDS[2:3])
    again.add(IDS[3:5])
    assert ids(path) == IDS[:5]


def test_whoever_deletes_the_state_forgets_what_was_told(path):
    """The new state has another mark."""
    Journal(str(path), "mine", 1000).add(IDS[:2])
    assert ids(path, "another") == []
    Journal(str(path), "another", 1000).add(IDS[2:4])
    assert ids(path, "another") == IDS[2:4]


def test_it_is_bounded(path):
    """The newest ones stay; when there are more than four times as many, the file is made anew."""
    journal = Journal(str(path), "mine", 10)
    longest = 0
    for each in IDS:
        journal.add([each])
        longest = max(longest, len(path.read_text().splitlines()))
    assert longest <= 43
    assert ids(path, most=10) == IDS[-10:]


def test_a_line_that_was_cut_off_is_no_id_and_spoils_none(path):
    """A full disk takes a part of a write."""
    Journal(str(path), "mine", 1000).add(IDS[:2])
    with path.open("a") as file:
        file.write("0123")
    journal = Journal(str(path), "mine", 1000)
    journal.add(IDS[2:4])
    assert ids(path) == IDS[:4]


def test_a_full_disk_is_said_and_nothing_that_was_there_is_lost(path):
    """And what could not be written may be added again when there is room."""
    journal = Journal(str(path), "mine", 1000)
    journal.add(IDS[:10])
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(OSError, match="full"):
            journal.add(IDS[10:20])
        with pytest.raises(OSError, match=r"full|too large"):
            journal.add(IDS[10:20])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert ids(path)[:10] == IDS[:10]
    journal.add(IDS[10:20])
    assert list(dict.fromkeys(ids(path))) == IDS[:20]
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208
    journal.close()
