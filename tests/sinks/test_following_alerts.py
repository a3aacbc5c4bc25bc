"""`gctail -f` with a configuration sends alerts; `gctail alert test` tries the sinks; SIGHUP reads all again."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest


@pytest.fixture
def start(gctail_program, tmp_path):
    """Starts gctail in a directory of its own with no configuration but its own; ends it in the end."""
    children = []

    def begin(*arguments, **environment):
        rest = {name: value for name, value in os.environ.items() if not name.startswith("GCTAIL_")}
        child = subprocess.Popen(
            [gctail_program, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=rest | {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "none")} | environment,
        )  # fmt: skip
        children.append(child)
        return child

    yield begin
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()


def told(receiver):
    """What arrived."""
    return [each for _, _, body in receiver.requests for each in json.loads(body)["findings"]]


def test_following_sends_alerts_and_a_reload_sends_them_elsewhere(start, receiver, root, tmp_path):
    """A leak in a growing log; then a death, after the configuration has changed."""
    config = tmp_path / "gctail.toml"
    config.write_text(f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}/one"\n[services."*"]\nlimit = "256MiB"\n')
    log = tmp_path / "service.log"
    log.write_bytes((root / "samples/logs/unbounded-map-go1.27.log").read_bytes())
    child = start("-f", "service.log")
    receiver.wait(1)
    assert {each["service"] for each in told(receiver)} == {"service"}
    assert receiver.requests[0][0] == "/one"
    config.write_text(f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}/two"\nlimt = 3\n')
    child.send_signal(signal.SIGHUP)
    assert _line(child, "reload") == (
        'gctail: not reloaded, all stays as it was: gctail.toml:4: [sinks.hook] has no "limt"; there are '
    )
    config.write_text(f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}/two"\n')
    child.send_signal(signal.SIGHUP)
    assert _line(child, "read again") == "gctail: the configuration was read again\n"
    with log.open("ab") as more:
        more.write(b"fatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw({0x1?, 0x2?})\n\t/x/panic.go:1 +0x1\n\n"
                   b"goroutine 1 [running]:\nmain.main()\n\t/x/main.go:1 +0x1\n")  # fmt: skip
    # What the sinks of before had taken already may still arrive at the first address, at any time.
    until_s = time.monotonic() + 60
    while not (deaths := _addresses(receiver, "death")) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert deaths == ["/two"]
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0


def test_a_reload_reads_the_source_of_the_program_again(start, root, tmp_path):
    """A release was rolled out beside the log; where there is no source any more, the old one stays."""
    (tmp_path / "gctail.toml").write_text("")
    (tmp_path / "service.log").write_bytes(b"")
    source = tmp_path / "code"
    source.mkdir()
    (source / "main.go").write_bytes((root / "samples/gateway/main.go").read_bytes())
    child = start("-v", "-f", "service.log", "--source", "code")
    _listens(child)
    (source / "main.go").rename(source / "moved.go")
    child.send_signal(signal.SIGHUP)
    assert _line(child, "read again") == "gctail: the configuration was read again\n"
    (source / "moved.go").unlink()
    child.send_signal(signal.SIGHUP)
    said = "gctail: not reloaded, all stays as it was: code: there is no Go source in it\n"
    assert _line(child, "reload") == said


def _listens(child):
    """It takes signals for what they mean."""
    until_s, mask = time.monotonic() + 60, 1 << (signal.SIGHUP - 1)
    while time.monotonic() < until_s:
        status = Path(f"/proc/{child.pid}/status").read_text()
        if int(status.partition("SigCgt:")[2].split()[0], 16) & mask:
            return
        time.sleep(0.02)
    raise AssertionError("SIGHUP")


def _addresses(receiver, kind):
    """Where findings of this kind arrived."""
    return [
        path
        for path, _, body in receiver.requests
        if any(each["kind"] == kind for each in json.loads(body)["findings"])
    ]


def _line(child, part):
    """The next line on standard error that has this in it, without what comes after `there are`."""
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        line = child.stderr.readline()
        if part in line:
            return line if "there are " not in line else line.partition("there are ")[0] + "there are "
    raise AssertionError(part)


def test_a_stop_is_no_alarm(start, receiver, root, tmp_path):
    """A leak that is not sure enough for an alarm is told at the end to whom ended it: nobody is woken by a restart."""
    (tmp_path / "gctail.toml").write_text(
        f'[sinks.hook]\nkind = "webhook"\nseverity = "info"\nurl = "{receiver.url}"\n'
    )
    (tmp_path / "service.log").write_bytes((root / "samples/logs/unbounded-map-go1.27.log").read_bytes())
    child = start("-v", "-f", "service.log", "--false-alarms", "0.0001")
    assert any(" gc 131 " in line for line in iter(child.stdout.readline, ""))
    receiver.wait(1)
    child.send_signal(signal.SIGTERM)
    said, _ = child.communicate(timeout=60)
    assert "WARNING  service: " in said
    assert "service: LEAK" in said
    assert {each["evidence"]["phase"] for each in told(receiver)} == {"onset"}
    assert {each["kind"] for each in told(receiver)} == {"growing"}


def test_no_alerts_for_a_log_that_has_ended(start, receiver, root, tmp_path):
    """Reading an old log wakes nobody."""
    (tmp_path / "gctail.toml").write_text(f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}"\n')
    assert start(str(root / "samples/logs/unbounded-map-go1.27.log"), "--limit", "256MiB").wait(60) == 0
    assert receiver.requests == []


def test_alert_test_sends_to_every_sink_and_says_which_took_it(start, receiver, tmp_path):
    """The beginning and the end of an incident; status 1 where one did not take it."""
    (tmp_path / "gctail.toml").write_text(
        f'[sinks.good]\nkind = "webhook"\nurl = "{receiver.url}"\n[sinks.bad]\nkind = "slack"\nurl_file = "no-file"\n'
    )
    out, _ = (child := start("alert", "test")).communicate(timeout=60)
    assert child.returncode == 1
    assert out.splitlines() == ["good: taken", "bad: NOT taken: url: no-file: No such file or directory"]
    assert [each["state"] for each in told(receiver)] == ["firing", "resolved"]
    out, _ = (child := start("alert", "test", "--to", "good")).communicate(timeout=60)
    assert (child.returncode, out) == (0, "good: taken\n")
    _, said = (child := start("alert", "test", "--to", "god")).communicate(timeout=60)
    assert (child.returncode, said) == (2, 'gctail: alert test: there is no sink "god"; did you mean "good"?\n')


def test_a_dry_run_sends_nothing_and_shows_no_secret(start, receiver, tmp_path):
    """What would be sent, readable."""
    (tmp_path / "token").write_text("t0psecret")
    (tmp_path / "gctail.toml").write_text(
        f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}/in"\ntoken_file = "token"\nsecret_file = "token"\n'
    )
    out, _ = (child := start("alert", "test", "--dry-run")).communicate(timeout=60)
    assert (child.returncode, receiver.requests) == (0, [])
    assert "t0psecret" not in out
    assert f"POST {receiver.url}/in" in out
    assert "Gctail-Signature: v1=" in out
    out, _ = start("check").communicate(timeout=60)
    assert "t0psecret" not in out
    assert 'token_file = "token"' in out


def test_the_state_directory_of_systemd_holds_the_spool(start, receiver, root, tmp_path):
    """Where STATE_DIRECTORY is set, nothing is written to a home."""
    (tmp_path / "gctail.toml").write_text(f'[sinks.hook]\nkind = "webhook"\nurl = "{receiver.url}"\n')
    (tmp_path / "service.log").write_bytes((root / "samples/logs/unbounded-map-go1.27.log").read_bytes())
    child = start("-f", "service.log", STATE_DIRECTORY=str(tmp_path / "systemd"))
    receiver.wait(1)
    child.send_signal(signal.SIGTERM)
    child.wait(60)
    assert (tmp_path / "systemd/spool/alerts-0.sqlite").exists()
