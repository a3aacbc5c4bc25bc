"""A Kafka for the tests of this folder: one that the environment names, or one that is started here, or none."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka_broker import Guard, Kafka, missing_programs
from kafka_topics import end_all


def _needed() -> None:
    if missing := missing_programs():
        needs = "a Kafka: set GCTAIL_TEST_KAFKA=host:port, or install java (17 or later) and mvn"
        pytest.skip(f"needs {needs} (missing: {', '.join(missing)})")


@pytest.fixture(scope="session")
def shared_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker that all tests share."""
    _needed()
    with Kafka(tmp_path_factory.mktemp("kafka"), guarded=True) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def brokers(request: pytest.FixtureRequest) -> str:
    """The address of a Kafka that all tests share; each uses topics and groups of its own."""
    given = os.environ.get("GCTAIL_TEST_KAFKA")
    return given or request.getfixturevalue("shared_kafka").servers


@pytest.fixture
def guard(shared_kafka: Kafka) -> Guard:
    """The listeners of the shared broker that want TLS and passwords."""
    assert shared_kafka.guard is not None
    return shared_kafka.guard


@pytest.fixture
def three_brokers(tmp_path: Path) -> Iterator[Kafka]:
    """A cluster of three that a test may hurt."""
    _needed()
    with Kafka(tmp_path / "kafka", 3) as kafka:
        yield kafka


@pytest.fixture
def report(gctail, brokers):
    """What `gctail kafka --until end` says of a topic, as JSON."""

    def run(topic, *options):
        done = gctail("kafka", "--brokers", brokers, "--topic", topic, "--until", "end", "--output", "json", *options)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run


@pytest.fixture(autouse=True)
def _no_process_is_left_behind() -> Iterator[None]:
    """Whatever becomes of a test."""
    yield
    end_all()
