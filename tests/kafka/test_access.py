"""TLS and passwords, on a real Kafka that wants them."""

import json
import os

import pytest
from confluent_kafka.admin import AdminClient

from gctail.kafka.security import librdkafka_settings
from kafka_topics import write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

WAYS = [
    ("SSL", None),
    ("SASL_SSL", "PLAIN"),
    ("SASL_SSL", "SCRAM-SHA-512"),
    ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
]


@pytest.fixture
def secured(guard, tmp_path):
    """Makes a file for --security."""

    def make(protocol, mechanism, password=None):
        lines = [f"security.protocol = {protocol}"]
        if "SSL" in protocol:
            lines.append(f"ssl.ca.location = {guard.ca}")
        if mechanism is not None:
            lines += [f"sasl.mechanism = {mechanism}", f"sasl.username = {guard.USER}"]
            lines.append(f"sasl.password = {password or guard.PASSWORD}")
        path = tmp_path / "security.properties"
        path.write_text("# by the administrator\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    return make


@pytest.mark.parametrize("way", WAYS)
def test_gctail_gets_in_with_what_the_administrator_wrote(gctail, guard, brokers, secured, way):
    """TLS alone, a password over TLS, a password that is never sent; for both clients."""
    protocol, mechanism = way
    known = guard.addresses[protocol]
    write(brokers, f"guarded-{protocol}-{mechanism}", [b"line"] * 5)
    security = secured(protocol, mechanism)
    done = gctail(
        "kafka", "--brokers", known, "--security", security, "--topic", f"guarded-{protocol}-{mechanism}",
        "--until", "end", "--output", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["input"]["kafka"]["messages"] == 5
    admin = AdminClient({"bootstrap.servers": known, **librdkafka_settings(security, os.environ)})
    assert f"guarded-{protocol}-{mechanism}" in admin.list_topics(timeout=30).topics


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_one_sentence(gctail, guard, secured, mechanism):
    """No waiting mends it, so the program ends; and the password is not in what it says."""
    security = secured("SASL_SSL", mechanism, "wrong horse")
    done = gctail(
        "kafka", "--brokers", guard.addresses["SASL_SSL"], "--security", security, "--topic", "t", "--until", "end"
    )
    assert done.returncode == 2
    said = done.stderr.decode()
    assert "uthentication" in said
    assert "wrong horse" not in said
    assert "Traceback" not in said


def test_an_authority_that_nobody_trusts_is_told(gctail, guard, tmp_path):
    """Without the authority's certificate the broker is nobody we know."""
    path = tmp_path / "security.properties"
    path.write_text("security.protocol = SSL\n", encoding="utf-8")
    done = gctail(
        "kafka", "--brokers", guard.addresses["SSL"], "--security", str(path), "--topic", "t", "--until", "end"
    )
    assert done.returncode == 2
    assert "certificate" in done.stderr.decode().lower()
