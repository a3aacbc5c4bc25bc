"""`gctail kafka --tui` in a real terminal: what it shows, a configuration that is read again, a terminal that is gone."""

import os
import shlex
import signal

import pytest

from kafka import KafkaAdminClient
from kafka_topics import LEAK, command, committed_all, members_of, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


def test_the_view_reloads_and_ends_with_its_terminal(brokers, tmp_path, terminal):
    """SIGHUP reads the configuration again, as without the view. Without a terminal the member leaves its group."""
    write(brokers, "looked-on", [(b"checkout", line) for line in LEAK])
    configuration = tmp_path / "gctail.toml"
    configuration.write_text('limit = "256MiB"\n')
    words = command(brokers, "looked-on", "lookers", "--session-timeout", "120", "--config", configuration, "--tui")
    shown = shlex.join(map(str, words))
    terminal("new-session", "-d", "-x", "130", "-y", "30", f"cd {tmp_path}; echo $$ > pid; exec {shown}")

    def screen():
        return terminal("capture-pane", "-p")

    wait_for(lambda: "limit 256M" in screen())
    assert "checkout" in screen()
    configuration.write_text('limit = "300MiB"\n')
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGHUP)
    wait_for(lambda: "limit 300M" in screen())

    admin = KafkaAdminClient(bootstrap_servers=brokers)
    assert len(members_of(admin, "lookers")) == 1
    terminal("kill-server")
    wait_for(lambda: not members_of(admin, "lookers"), within_s=60)
    admin.close()


def test_who_ends_it_from_outside_leaves_the_view_and_gets_the_verdict(brokers, tmp_path, terminal):
    """As with `gctail -f --tui`: all is saved, and the terminal is whole again."""
    write(brokers, "ended-on", [(b"checkout", line) for line in LEAK])
    shown = shlex.join(map(str, command(brokers, "ended-on", "enders", "--tui")))
    said = f"sh -c 'echo $$ > pid; exec {shown}'; echo status $?; cat"
    terminal("new-session", "-d", "-x", "130", "-y", "30", f"cd {tmp_path}; {said}")
    wait_for(lambda: "checkout" in terminal("capture-pane", "-p") and committed_all(brokers, "ended-on", "enders"))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    wait_for(lambda: "status 0" in terminal("capture-pane", "-p"))
    assert "LEAK" in terminal("capture-pane", "-p")
