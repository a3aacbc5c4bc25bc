"""`gctail -f --tui` in a real terminal: a configuration that is read again, an end from outside, a terminal that is gone."""

import os
import shlex
import shutil
import signal
import subprocess
import time

import pytest


@pytest.fixture
def watched(tmp_path, root, gctail_program, terminal):
    """Follows a leaking log in the view; gives the screen, the process and the configuration."""
    shutil.copy(root / "samples/logs/unbounded-map-go1.27.log", tmp_path / "service.log")
    configuration = tmp_path / "gctail.toml"
    configuration.write_text('limit = "256MiB"\n')
    words = [gctail_program, "-f", "service.log", "--tui", "--config", configuration]
    shown = f"export XDG_STATE_HOME={tmp_path}/state; echo $$ > pid; {shlex.join(map(str, words))}; echo status $? > status; cat"
    terminal("new-session", "-d", "-x", "130", "-y", "30", f"cd {tmp_path}; sh -c {shlex.quote(shown)}")
    eventually(lambda: "limit 256M" in terminal("capture-pane", "-p"))
    children = (tmp_path / "pid").read_text().strip()
    found = subprocess.run(["pgrep", "-P", children], capture_output=True, text=True, check=True).stdout.split()
    return configuration, int(found[0])


def eventually(holds):
    until_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def test_a_hangup_reloads_behind_the_view(watched, terminal):
    """As without the view."""
    configuration, pid = watched
    configuration.write_text('limit = "300MiB"\n')
    os.kill(pid, signal.SIGHUP)
    eventually(lambda: "limit 300M" in terminal("capture-pane", "-p"))


def test_who_ends_it_from_outside_leaves_the_view_and_gets_the_verdict(watched, terminal, tmp_path):
    """The terminal is whole again, what was read is saved, and going on begins behind it."""
    _, pid = watched
    os.kill(pid, signal.SIGTERM)
    eventually((tmp_path / "status").exists)
    eventually(lambda: "LEAK" in terminal("capture-pane", "-p"))
    assert (tmp_path / "state").exists()


def test_a_terminal_that_is_gone_ends_the_reading_and_saves_it(watched, terminal, tmp_path, gctail_program):
    """Nothing hangs on, and the next one goes on from there."""
    _, pid = watched
    terminal("kill-server")

    def has_ended():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    eventually(has_ended)
    assert (tmp_path / "state").exists()
    again = subprocess.Popen(
        [gctail_program, "-f", "service.log"], env=os.environ | {"XDG_STATE_HOME": f"{tmp_path}/state"}, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert again.stderr is not None
        assert "going on from where it stopped" in again.stderr.readline()
    finally:
        again.terminate()
        again.communicate(timeout=60)
