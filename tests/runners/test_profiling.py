"""Profiles are taken from a real Go service before it dies, and from nowhere else than the configuration says."""

import gzip
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest

from gctail.cli import main
from gctail.config.sections import Profiles
from gctail.records import Finding
from gctail.runners.kept import Kept, grown
from gctail.runners.profiling import Profiling, checked_address

SERVICE = """package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

var sessions = map[int][]byte{}

func remember(id int) { sessions[id] = make([]byte, 64<<10) }

func main() {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	os.WriteFile(os.Args[1], []byte(listener.Addr().String()), 0o600)
	go http.Serve(listener, nil)
	for id := 0; ; id++ {
		remember(id)
		if id%10 == 0 {
			fmt.Fprintf(os.Stderr, "level=info msg=\\"session stored\\" size=%d\\n", len(sessions))
		}
		time.Sleep(2 * time.Millisecond)
	}
}
"""


def finding(kind="leak", service="checkout", number=1, **evidence):
    return Finding(f"id{number}", kind, "critical", service, 1, None, 5.0, 100, "it leaks", evidence)


class Answers(http.server.BaseHTTPRequestHandler):
    """What a service answers, by path; counts what was asked."""

    bodies: ClassVar[dict] = {}
    asked: ClassVar[list] = []
    moved: ClassVar[dict] = {}

    def do_GET(self):
        self.asked.append(self.path)
        if self.path in self.moved:
            self.send_response(302)
            self.send_header("Location", self.moved[self.path])
            self.end_headers()
            return
        body = self.bodies.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def service(root):
    """A service that answers with real profiles of a program that leaks."""
    gateway = root / "samples" / "gateway"
    first, last = (gateway / f"gateway-go1.26-{when}.pb.gz" for when in ("before", "after"))
    handler = type("Fresh", (Answers,), {"asked": [], "bodies": {"/debug/pprof/heap": first.read_bytes()}, "moved": {}})
    handler.later = last.read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.address = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


def profiling(tmp_path, address, said=None, **settings):
    chosen = Profiles(**{"take": ["heap"], **settings})
    return Profiling(
        lambda name: address if name == "checkout" else None, chosen, str(tmp_path / "kept"), (said or []).append
    )


def outcome(taker, count=1):
    """What comes back, when it has."""
    found = []
    for _ in range(400):
        found += taker.collected()
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_finding_has_a_profile_taken_and_kept(tmp_path, service):
    taker = profiling(tmp_path, service.address)
    taker.take([finding()])
    (told,) = outcome(taker)
    assert (told.kind, told.severity, told.service) == ("profile", "info", "checkout")
    (path,) = told.evidence["files"].values()
    assert Path(path).read_bytes() == service.bodies["/debug/pprof/heap"]
    assert told.evidence["because_of"] == "id1"
    taker.close()


def test_the_second_profile_says_what_grew_since_the_first(tmp_path, service):
    taker = profiling(tmp_path, service.address, every_s=1)
    taker.take([finding()])
    outcome(taker)
    service.bodies["/debug/pprof/heap"] = service.later
    time.sleep(1.1)
    taker.take([finding(number=2)])
    (told,) = outcome(taker)
    assert told.evidence["grew"], told
    assert re.match(r"\+\d+ MiB at main\.", told.evidence["grew"][0])
    taker.close()


def test_it_is_not_asked_again_too_soon_unless_no_time_is_left(tmp_path, service):
    taker = profiling(tmp_path, service.address, every_s=300)
    taker.take([finding(), finding(number=2), finding(number=3, phase="update")])
    outcome(taker)
    assert len(service.asked) == 1
    taker._last_s["checkout"] -= 11
    taker.take([finding(number=4), finding("next-goal-over-limit", number=5)])
    (told,) = outcome(taker)
    assert told.evidence["because_of"] == "id5"
    taker.close()


def test_only_the_address_of_the_configuration_is_asked_and_no_redirect_is_followed(tmp_path, service):
    service.moved["/debug/pprof/heap"] = "/elsewhere"
    taker = profiling(tmp_path, service.address)
    taker.take([finding(service="http://evil.example"), finding(service="other")])
    taker.take([finding()])
    (told,) = outcome(taker)
    assert service.asked == ["/debug/pprof/heap"]
    assert "answered 302" in told.summary
    taker.close()


def test_what_is_resolved_or_of_another_kind_asks_nobody(tmp_path, service):
    taker = profiling(tmp_path, service.address)
    taker.take([finding(phase="resolved"), finding("step"), finding("death")])
    time.sleep(0.3)
    assert service.asked == []
    taker.close()


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"", "the answer is empty"), (b"x" * (2 << 20), "larger than 1 MiB"), (None, "answered 404")],
)
def test_what_cannot_be_kept_is_told_and_leaves_nothing_behind(tmp_path, service, body, says):
    service.bodies["/debug/pprof/heap"] = body
    taker = profiling(tmp_path, service.address, most_mib=1)
    taker.take([finding()])
    (told,) = outcome(taker)
    assert says in told.summary
    assert list((tmp_path / "kept").rglob("*.pb.gz")) == []
    taker.close()


def test_a_service_that_is_gone_is_told_in_a_sentence(tmp_path):
    taker = profiling(tmp_path, "http://127.0.0.1:9", timeout_s=2)
    taker.take([finding()])
    (told,) = outcome(taker)
    assert told.summary.startswith("no profile could be taken from http://127.0.0.1:9: heap: Connection refused")
    taker.close()


def test_the_first_and_the_last_are_kept(tmp_path):
    kept = Kept(tmp_path, 3)
    for number in range(6):
        kept.keep("a/b", "leak", "heap", b"%d" % number)
        time.sleep(0.002)
    assert [path.read_bytes() for path in kept.of("a/b", "heap")] == [b"0", b"4", b"5"]
    assert all(path.resolve().is_relative_to(tmp_path.resolve()) for path in kept.of("a/b", "heap"))


def test_names_of_services_do_not_leave_the_folder_and_do_not_meet(tmp_path):
    kept = Kept(tmp_path, 3)
    paths = [kept.keep(name, "../x", "heap", b"1") for name in ("../../etc", "a b", "a_b", "", "." * 300)]
    assert len({path.parent for path in paths}) == 5
    assert all(path.parent.parent == tmp_path for path in paths)


def test_what_is_no_profile_is_no_growth(tmp_path):
    for name in ("1.heap.pb.gz", "2.heap.pb.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"nothing"))
    with pytest.raises(ValueError, match=r".+"):
        grown(sorted(tmp_path.iterdir()))


@pytest.mark.parametrize("text", ["127.0.0.1:6060", "ftp://a", "http://", "http://a/?x=1", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused(text, tmp_path, capsys):
    with pytest.raises(ValueError, match="is no address of net/http/pprof"):
        checked_address(text)
    config = tmp_path / "gctail.toml"
    config.write_text(f'[services.a]\npprof = "{text}"\n')
    assert main(["check", "--config", str(config)]) == 2
    assert "pprof" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not on PATH: no real service to take a profile from")
def test_the_profile_of_a_real_service_is_there_before_it_dies(tmp_path, gctail_program):
    """The service leaks, gctail sees it and takes its heap; then the service is killed, and the profile is there."""
    (tmp_path / "main.go").write_text(SERVICE)
    (tmp_path / "go.mod").write_text("module leaky\n\ngo 1.21\n")
    subprocess.run(["go", "build", "-o", "leaky", "."], cwd=tmp_path, check=True, timeout=280)
    log, where = tmp_path / "leaky.log", tmp_path / "address"
    with log.open("wb") as stderr:
        environment = os.environ | {"GODEBUG": "gctrace=1"}
        leaky = subprocess.Popen([tmp_path / "leaky", where], stderr=stderr, env=environment)
    try:
        for _ in range(200):
            if where.exists() and where.read_text():
                break
            time.sleep(0.05)
        config = tmp_path / "gctail.toml"
        config.write_text(
            f'[profiles]\ndir = "kept"\ntake = ["heap", "goroutine"]\n[services.leaky]\npprof = "http://{where.read_text()}"\n'
        )
        command = [
            gctail_program,
            "-f",
            "--no-state",
            "--config",
            config,
            "--output",
            "jsonl",
            "--limit",
            "256MiB",
            log,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
            taken = next((told for line in following.stdout if (told := json.loads(line))["kind"] == "profile"), None)
            leaky.kill()
            following.send_signal(signal.SIGTERM)
            following.communicate(timeout=20)
    finally:
        leaky.kill()
        leaky.wait()
    assert taken["service"] == "leaky"
    assert set(taken["evidence"]["files"]) == {"heap", "goroutine"}
    (heap,) = (tmp_path / "kept").rglob("*.heap.pb.gz")
    assert main(["postmortem", str(log), "--profile", str(heap)]) in {0, 1}
