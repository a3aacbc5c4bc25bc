"""The black box: bounded, whole lines, there after `kill -9`, and read by `gctail postmortem`."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from following import Gctail
from gctail.errors import UsageError
from gctail.store.recorder import Recorder, recorded

LEAK = Path(__file__).parents[2] / "samples" / "logs" / "unbounded-map-go1.27.log"


def kept(directory: Path) -> bytes:
    """All that was recorded, in order."""
    return b"".join(Path(path).read_bytes() for path in recorded(str(directory)))


@given(
    pieces=st.lists(st.binary(max_size=80).map(lambda raw: raw.replace(b"\0", b"\n")), max_size=40),
    half=st.integers(10, 200),
)
def test_what_is_kept_is_the_end_of_what_came(tmp_path_factory, pieces, half):
    """Byte for byte, at least a half of the room and its last line, at most the room and one line."""
    place = tmp_path_factory.mktemp("box")
    recorder = Recorder(str(place), pytest.fail, each_bytes=2 * half)
    for piece in pieces:
        recorder.take("/var/log/a.log", "a", memoryview(piece))
    whole = b"".join(pieces)
    if not whole:
        return
    there = kept(place)
    assert whole.endswith(there)
    assert len(there) >= min(len(whole), half // 2) or len(there) >= len(whole) - whole.rfind(b"\n", 0, -1) - 1
    longest = max(map(len, whole.split(b"\n"))) + 1
    assert len(there) <= 2 * (half + longest + 80)


def test_a_file_ends_with_a_line(tmp_path):
    """So that reading one after the other tears nothing."""
    recorder = Recorder(str(tmp_path), pytest.fail, each_bytes=1000)
    for number in range(200):
        recorder.take("a", "a", b"line %d of many\nbegin" % number)
        recorder.take("a", "a", b" and end of %d\n" % number)
    first, second = (Path(path).read_bytes() for path in recorded(str(tmp_path)))
    assert first.endswith(b"\n")
    assert second.endswith(b"and end of 199\n")


def test_many_logs_have_a_bound_and_the_quietest_goes(tmp_path):
    """Only what the recorder has made itself is ever removed."""
    (tmp_path / "precious").mkdir()
    recorder = Recorder(str(tmp_path), pytest.fail, most_logs=3)
    for name in ("a", "b", "c", "a", "d"):
        recorder.take(f"/logs/{name}", name, b"hello\n")
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["a", "c", "d", "p"]
    again = Recorder(str(tmp_path), pytest.fail, most_logs=3)
    again.take("/logs/e", "e", b"hello\n")
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("name", ["../../etc/passwd", ".hidden", "", "a/b\0c", "x" * 500, "päss\u202e"])
def test_a_hostile_name_stays_inside(tmp_path, name):
    """Whatever a service is called."""
    Recorder(str(tmp_path), pytest.fail).take("origin", name, b"hello\n")
    [path] = recorded(str(tmp_path))
    assert Path(path).resolve().parent.parent == tmp_path.resolve()
    assert Path(path).stat().st_mode & 0o077 == 0


def test_what_was_recorded_before_is_gone_on_with(tmp_path):
    """A gctail that was killed and started again writes behind it."""
    for words in (b"before\n", b"after\n"):
        Recorder(str(tmp_path), pytest.fail).take("a", "a", words)
    assert kept(tmp_path) == b"before\nafter\n"


def test_a_disk_that_takes_nothing_is_told_once_and_reading_goes_on(tmp_path):
    """And told again when it works."""
    told = []
    recorder = Recorder(str(tmp_path / "box"), told.append)
    (tmp_path / "box").rmdir()
    (tmp_path / "box").write_text("in the way")
    for _ in range(3):
        recorder.take("a", "a", b"lost\n")
    (tmp_path / "box").unlink()
    (tmp_path / "box").mkdir()
    recorder.take("a", "a", b"kept and then removed\n")
    shutil.rmtree(tmp_path / "box")
    recorder.take("a", "a", b"lost\n")
    recorder.take("a", "a", b"kept\n")
    changed = ["nothing is recorded until that has changed", "recording again"]
    assert [text.rpartition(": ")[2] for text in told] == 2 * changed
    assert kept(tmp_path / "box") == b"kept\n"


def test_a_directory_that_cannot_be_is_said(tmp_path):
    """Before anything is read."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="give a directory that can be written"):
        Recorder(str(tmp_path / "file" / "box"), pytest.fail)
    with pytest.raises(UsageError, match="a directory without recorded logs in it"):
        recorded(str(tmp_path))


def test_after_kill_9_and_without_the_log_the_postmortem_still_tells(tmp_path, gctail):
    """gctail is killed, then the log is gone; what it recorded tells the whole story."""
    log = tmp_path / "checkout.log"
    log.write_bytes(LEAK.read_bytes())
    running = Gctail(tmp_path, "--record", tmp_path / "box", log)
    running.start()
    until_s = time.monotonic() + 60
    while not (tmp_path / "box").exists() or kept_bytes(tmp_path / "box") < log.stat().st_size:
        assert time.monotonic() < until_s
        time.sleep(0.05)
    running.kill()
    log.unlink()
    told = gctail("postmortem", str(tmp_path / "box"), "--limit", "256MiB").stdout.decode()
    assert "checkout" in told
    assert "129 MiB" in told
    assert kept(tmp_path / "box") == LEAK.read_bytes()


def kept_bytes(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*.log*"))


def test_gctail_run_records_what_its_service_said_last(tmp_path, gctail_program, gctail):
    """Also when everything is killed at once."""
    program = "import time\nfor n in range(50): print(f'level=INFO msg=served n={n}', flush=True)\ntime.sleep(60)"
    command = [
        gctail_program,
        "run",
        "--record",
        tmp_path / "box",
        "--service",
        "checkout",
        "--",
        sys.executable,
        "-c",
        program,
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until_s = time.monotonic() + 60
    while b"n=49" not in (kept(tmp_path / "box") if kept_bytes(tmp_path / "box") else b""):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert kept(tmp_path / "box").count(b"msg=served") == 50
    assert b"msg=served n=49" in gctail("postmortem", str(tmp_path / "box")).stdout
