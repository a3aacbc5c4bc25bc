"""A Kafka for the tests of this folder: one that the environment names, or one that is started here, or none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka_broker import Kafka, missing_programs


def _needed() -> None:
    if missing := missing_programs():
        needs = "a Kafka: set GCTAIL_TEST_KAFKA=host:port, or install java (17 or later) and mvn"
        pytest.skip(f"needs {needs} (missing: {', '.join(missing)})")


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Kafka that all tests share; each uses topics and groups of its own."""
    given = os.environ.get("GCTAIL_TEST_KAFKA")
    if given:
        yield given
        return
    _needed()
    with Kafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka.servers


@pytest.fixture
def three_brokers(tmp_path: Path) -> Iterator[Kafka]:
    """A cluster of three that a test may hurt."""
    _needed()
    with Kafka(tmp_path / "kafka", 3) as kafka:
        yield kafka
