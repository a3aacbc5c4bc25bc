"""Looking at `gctail scale run`: collections, the page of each process, and a configuration that is read again."""

import signal
import subprocess
import time
from urllib.request import urlopen

import pytest

from kafka_broker import free_ports
from kafka_storm import GCTAIL
from kafka_topics import COLLECTIONS, STARTED, ended, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def process(brokers, group, folder, *options):
    """A process with its page; gives it, and what asks for its metrics."""
    [port] = free_ports(1)
    command = [
        GCTAIL, "scale", "run", "--brokers", brokers, "--topic", group, "--group", group, "--start", "earliest",
        "--checkpoint", "1", "--session-timeout", "6", "--listen", f"127.0.0.1:{port}", *options,
    ]  # fmt: skip
    told = (folder / f"{port}.out").open("wb")
    STARTED.append(subprocess.Popen(command, stdout=told, stderr=subprocess.PIPE, cwd=folder))
    told.close()

    def metrics():
        try:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    return STARTED[-1], metrics, folder / f"{port}.out"


def value_of(metrics, name):
    """The one value of a metric that has no labels; -1 where it is not there yet."""
    return next((float(line.split()[1]) for line in metrics.splitlines() if line.startswith(f"{name} ")), -1.0)


def test_each_process_shows_the_services_that_are_judged_in_it_now(brokers, tmp_path):
    """With -v, each collection; SIGHUP brings other limits, and says what takes a new start; shares that move are gone."""
    names = [f"service-{number}".encode() for number in range(12)]
    write(brokers, "watched", [(name, line) for line in COLLECTIONS[:40] for name in names], 4)
    configuration = tmp_path / "gctail.toml"
    configuration.write_text('limit = "256MiB"\n')
    one, metrics, told = process(brokers, "watched", tmp_path, "-v", "--config", str(configuration))
    wait_for(lambda: value_of(metrics(), "gctail_services") == len(names))
    wait_for(lambda: told.read_bytes().count(b"gc 40") == len(names))
    assert 'gctail_input_lag_messages{partition="0",topic="watched"} 0' in metrics()

    configuration.write_text('limit = "300MiB"\n')
    one.send_signal(signal.SIGHUP)
    time.sleep(2)
    write(brokers, "watched", [(name, line) for line in COLLECTIONS[40:45] for name in names], 4)
    wait_for(lambda: metrics().count("} 3.145728e+08") == len(names))
    configuration.write_text('limit = "300MiB"\nenable = ["near-the-limit"]\n')
    one.send_signal(signal.SIGHUP)

    two, others, _ = process(brokers, "watched", tmp_path)
    wait_for(lambda: 0 < value_of(metrics(), "gctail_services") < len(names))
    write(brokers, "watched", [(name, line) for line in COLLECTIONS[45:50] for name in names], 4)
    wait_for(lambda: value_of(metrics(), "gctail_services") + value_of(others(), "gctail_services") == len(names))
    ended(two)
    said = ended(one)
    assert "the configuration was read again" in said
    assert "other rules take a new start of all processes" in said
