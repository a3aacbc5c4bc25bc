"""Pods come and go, and so do their logs: what is deleted is read to its end, told, and then forgotten altogether."""

import shutil
import time
from pathlib import Path

import pytest

from following import collections
from gctail.engine import Engine
from gctail.parsing.window import Room
from gctail.runners.checkpoints import Checkpoints
from gctail.runners.following import Following, places
from gctail.runners.local import Reading
from gctail.runners.outputs import Outputs
from gctail.sources import follow, followed, names
from gctail.sources.follow import Follower
from gctail.store import Store

OUT_OF_MEMORY = b"fatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw({0x4a6c4e?, 0x0?})\n"


class Node:
    """A node's logs, followed in this thread; `script` is what happens meanwhile, and waits with `yield condition`."""

    def __init__(self, tmp_path, *patterns):
        self.logs, self.findings = tmp_path / "pods", []
        self.store = Store(str(tmp_path / "state.db"))
        known = self.store.positions()
        self.engine, self.reading = Engine(), Reading(room=Room())
        self.engine.tells_silence = True
        given = [str(self.logs / each) for each in patterns or ("*/*/*.log",)]
        self.follower = Follower(given, places=places(known))
        self.following = Following(self.follower, self.reading, self.engine, self, known)
        self.following.saving = Checkpoints(self.store, self.engine, Outputs([]), self.following, pytest.fail)
        for name in self.store.services():
            self.engine.wake(name)

    def play(self, script):
        self._script, self._until_s = script, time.monotonic() + 60
        self._ready = next(script)
        self.following.run()
        self.store.close()

    def turn(self):
        assert time.monotonic() < self._until_s, (self.engine.services.keys(), self.follower.names)
        if self._ready():
            self._ready = next(self._script, None)
            if self._ready is None:
                self._ready = lambda: False
                self.follower.stop()

    def hear(self, events):
        for seen in self.engine.all(events):
            self.findings += seen.findings

    def found(self, findings):
        self.findings += findings

    def log(self, pod):
        return self.logs / f"shop_{pod}_0123" / "app" / "0.log"

    def write(self, pod, text):
        path = self.log(pod)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            log.write(text)

    def delete(self, pod):
        shutil.rmtree(self.log(pod).parent.parent)

    def has_saved(self, count):
        return lambda: len(self.store.services()) == count and len(self.store.positions()) == count


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Deleted files are waited for three tenths of a second, not for a minute; looks come in quick succession."""
    monkeypatch.setattr(followed, "GONE_WAIT_S", 0.3)
    for module, each in ((names, "RESCAN_S"), (names, "LEISURE"), (follow, "LEISURE"), (follow, "LOOK_S")):
        monkeypatch.setattr(module, each, 0.05)
    (tmp_path / "pods").mkdir()
    return lambda *patterns: Node(tmp_path, *patterns)


def test_the_last_lines_of_a_pod_are_told_and_then_it_is_forgotten(node):
    """Also where the last line has no end."""
    pods = node()

    def script():
        pods.write("cart-1", collections(1, 20))
        pods.write("cart-2", collections(1, 20))
        yield pods.has_saved(2)
        pods.write("cart-1", OUT_OF_MEMORY + b"\ngoroutine 1 [running]:")
        pods.delete("cart-1")
        yield lambda: list(pods.engine.services) == ["cart-2/app"]
        yield pods.has_saved(1)

    pods.play(script())
    assert [(finding.service, finding.kind) for finding in pods.findings] == [("cart-1/app", "death")]
    assert pods.reading.facts()["lines"] == 40 + len(OUT_OF_MEMORY.splitlines()) + 2
    assert pods.follower.names == [str(pods.log("cart-2"))]


def test_lines_that_come_late_and_a_file_that_is_made_anew_keep_the_pod(node):
    """Whoever has the deleted file open may write to it; an editor makes the file anew."""
    pods = node()

    def script():
        pods.write("cart-1", collections(1, 20))
        yield pods.has_saved(1)
        late = pods.log("cart-1").open("ab", buffering=0)
        pods.delete("cart-1")
        late.write(collections(21, 25))
        late.close()
        yield lambda: pods.engine.services["cart-1/app"].collections == 25
        pods.write("cart-1", collections(26, 30))
        yield lambda: pods.engine.services["cart-1/app"].collections == 30
        waited_s = time.monotonic()
        yield lambda: time.monotonic() > waited_s + 1.0

    pods.play(script())
    assert pods.engine.services["cart-1/app"].ledger()["seen"] == 30
    assert pods.engine.retired == 0


def test_a_service_that_speaks_in_another_file_too_stays(node):
    """The container was started again: 0.log goes, 1.log is there."""
    pods = node()

    def script():
        pods.write("cart-1", collections(1, 20))
        yield lambda: "cart-1/app" in pods.engine.services
        pods.log("cart-1").with_name("1.log").write_bytes(collections(1, 7))
        yield lambda: pods.engine.services["cart-1/app"].collections == 27
        pods.log("cart-1").unlink()
        yield lambda: len(pods.follower.names) == 1
        yield lambda: len(pods.store.positions()) == 1

    pods.play(script())
    assert pods.engine.services["cart-1/app"].collections == 27
    assert pods.engine.retired == 0


def test_a_pod_that_was_deleted_while_gctail_was_down_is_forgotten_after_the_start(node):
    """What was kept of it goes from the state as well."""
    before = node()

    def first():
        before.write("cart-1", collections(1, 20))
        before.write("cart-2", collections(1, 20))
        yield before.has_saved(2)

    before.play(first())
    before.delete("cart-1")
    after = node()

    def second():
        yield after.has_saved(1)

    after.play(second())
    assert list(after.engine.services) == ["cart-2/app"]


def test_a_log_that_was_rotated_while_gctail_was_down_is_read_on_under_its_pattern(node):
    """Nothing has its name yet when gctail starts."""
    before = node("*.log")
    log = before.logs / "pay.log"

    def first():
        log.write_bytes(collections(1, 20))
        yield before.has_saved(1)

    before.play(first())
    with log.open("ab") as writer:
        writer.write(collections(21, 30))
    log.rename(log.with_name("pay.log.1"))
    after = node("*.log")

    def second():
        yield lambda: after.engine.services["pay"].collections == 30
        log.write_bytes(collections(31, 40))
        yield lambda: after.engine.services["pay"].collections == 40

    after.play(second())
    assert after.engine.services["pay"].ledger() == {"seen": 40, "missing": 0, "doubled": 0, "late": 0}


def test_silence_of_a_pod_whose_log_was_deleted_is_no_alarm(node, monkeypatch):
    """Two pods that never paused fall silent; one of them was deleted."""
    monkeypatch.setattr(followed, "GONE_WAIT_S", 3600.0)
    monkeypatch.setattr("gctail.pulse.LEAST_SILENT_S", 3.0)
    monkeypatch.setattr("gctail.pulse.TIMES_LONGEST", 1.0)
    monkeypatch.setattr("gctail.pulse.KNOWN_FOR", 0.0)
    monkeypatch.setattr("gctail.pulse.LEAST_BEATS", 2)
    pods = node()

    def script():
        for number in (1, 2):
            for pod in ("cart-1", "cart-2"):
                pods.write(pod, collections(number, number))
            yield (
                lambda number=number: (
                    [each.silence.pulse.beats for each in pods.engine.services.values()] == [number] * 2
                )
            )
        pods.delete("cart-1")
        yield lambda: pods.findings

    pods.play(script())
    assert [(finding.kind, finding.service) for finding in pods.findings] == [("silent", "cart-2/app")]


def test_after_hundreds_of_pods_nothing_is_left_of_those_that_are_gone(node):
    """Neither names nor watches, nor scanners, services, positions, or descriptors."""
    pods = node()
    waves, each = 4, 100

    def script():
        for wave in range(waves):
            called = [f"job-{wave}-{number}" for number in range(each)]
            for pod in called:
                pods.write(pod, collections(1, 3))
            yield lambda called=called: pods.engine.services.keys() >= {f"{pod}/app" for pod in called}
            for pod in called:
                pods.delete(pod)
        yield lambda: not pods.follower.names
        yield pods.has_saved(0)

    pods.play(script())
    assert pods.findings == []
    assert pods.engine.retired == waves * each
    assert pods.reading.facts()["lines"] == 3 * waves * each
    assert not pods.engine.services
    watches, following = vars(pods.follower._watches), vars(pods.following)
    left = {name: kept for held in (watches, following) for name, kept in held.items() if isinstance(kept, dict | set)}
    assert {name: len(kept) for name, kept in left.items() if kept} == {}
    assert len(list(Path("/dev/fd").iterdir())) < 50
