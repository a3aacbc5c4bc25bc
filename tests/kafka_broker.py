"""A real Apache Kafka on loopback for tests: one broker or several, in KRaft mode, with their data in a temporary folder.

Needs `java` (17 or later) and `mvn`, which fetches the broker's jars once into its own cache (tests/kafka/pom.xml).
Every node is broker and controller in one process with a small heap; a first start takes about five seconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import zlib
from pathlib import Path
from typing import Self

POM = Path(__file__).parent / "kafka" / "pom.xml"
CLUSTER_ID = "Z2N0YWlsLXRlc3RzLTAwMQ"
JAVA = (
    "java", "-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Djava.net.preferIPv4Stack=true",
)  # fmt: skip
READY_WITHIN_S = 60


def missing_programs() -> list[str]:
    """What a broker needs and this machine lacks."""
    return [name for name in ("java", "mvn") if shutil.which(name) is None]


def jars() -> Path:
    """The folder with the broker's jars, filled by Maven when it is first asked for."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "gctail-tests" / f"kafka-{zlib.crc32(POM.read_bytes()):08x}"
    if not folder.is_dir():
        fresh = folder.with_name(f"{folder.name}-{os.getpid()}")
        command = ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"Maven could not fetch the Kafka broker: {done.stdout[-2000:]}")
        fresh.rename(folder)
    return folder


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Guard:
    """Listeners of a broker that want TLS, a password, or both; certificates are made by openssl."""

    USER, PASSWORD = "gctail", "open sesame"
    MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    PROTOCOLS = ("SSL", "SASL_SSL", "SASL_PLAINTEXT")

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self._identity = folder / "ca.pem", folder / "broker.pem"
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in zip(self.PROTOCOLS, free_ports(3), strict=True)}
        self._make_certificates(folder)

    def users(self) -> list[str]:
        """What formatting the storage is told of users whose passwords the broker keeps."""
        told = f"name={self.USER},password={self.PASSWORD}"
        return [word for name in self.MECHANISMS[1:] for word in ("--add-scram", f"{name}=[{told}]")]

    def settings(self, client: str, controller: str) -> dict[str, str]:
        """The broker's, in place of those for listeners that let everybody in."""
        listeners = {"PLAINTEXT": client, **self.addresses}
        told = [f"{name}://{address}" for name, address in listeners.items()]
        module = "org.apache.kafka.common.security"
        jaas = {
            "plain": f'{module}.plain.PlainLoginModule required user_{self.USER}="{self.PASSWORD}";',
            "scram-sha-256": f"{module}.scram.ScramLoginModule required;",
            "scram-sha-512": f"{module}.scram.ScramLoginModule required;",
        }
        return {
            "listeners": ",".join([*told, f"CONTROLLER://{controller}"]),
            "advertised.listeners": ",".join(told),
            "listener.security.protocol.map": ",".join(f"{name}:{name}" for name in listeners)
            + ",CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": ",".join(self.MECHANISMS),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._identity),
            **{
                f"listener.name.{name.lower()}.{mechanism}.sasl.jaas.config": line
                for name in ("SASL_SSL", "SASL_PLAINTEXT")
                for mechanism, line in jaas.items()
            },
        }

    def _make_certificates(self, folder: Path) -> None:
        """An authority, and a certificate of its own for the broker on loopback."""
        key, certificate, request, names = (folder / name for name in ("key.pem", "cert.pem", "request.pem", "names"))
        ca_key = folder / "ca-key.pem"
        names.write_text("subjectAltName=IP:127.0.0.1", encoding="utf-8")
        new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout"]
        sign = ["openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial"]
        for command in (
            [*new, ca_key, "-x509", "-subj", "/CN=authority of the tests", "-days", "2", "-out", self.ca],
            [*new, key, "-subj", "/CN=broker", "-out", request],
            [*sign, "-days", "2", "-extfile", names, "-out", certificate],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        self._identity.write_bytes(key.read_bytes() + certificate.read_bytes())


class Kafka:
    """A cluster that can be hurt: `kill` and `start` a node, and look at its log in `folder`."""

    def __init__(self, folder: Path, nodes: int = 1, *, guarded: bool = False, **settings: str | int) -> None:
        """`guarded` adds listeners with TLS and SASL (`guard`), one node only; `settings` are the broker's own."""
        self.folder = folder
        self.guard = Guard(folder) if guarded else None
        self.nodes = list(range(1, nodes + 1))
        self.settings = settings
        self.jars = jars()
        ports = free_ports(2 * nodes)
        self.ports, self.controllers = ports[:nodes], ports[nodes:]
        self.running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def servers(self) -> str:
        """What clients are given: every node, reachable or not."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def __enter__(self) -> Self:
        formatting = [self._format(node) for node in self.nodes]
        if any(each.wait() for each in formatting):
            raise RuntimeError(f"Kafka's storage could not be formatted: see {self.folder}")
        for node in self.nodes:
            self.start(node, wait=False)
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()
        self.running.clear()

    def start(self, node: int, *, wait: bool = True) -> None:
        """Start a node that does not run."""
        self.running[node] = self._java("kafka.Kafka", str(self._properties(node)), log=f"node-{node}.log")
        if wait:
            self.wait()

    def kill(self, node: int, how: signal.Signals = signal.SIGKILL) -> None:
        """End a node as a power cut does, or politely with SIGTERM."""
        process = self.running.pop(node)
        process.send_signal(how)
        process.wait()

    def wait(self) -> None:
        """Until every running node answers and knows of a leader."""
        from kafka.errors import KafkaError

        from kafka import KafkaAdminClient

        until_s = time.monotonic() + READY_WITHIN_S
        for node in self.running:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", self.ports[node - 1]), 1).close()
                    address = f"127.0.0.1:{self.ports[node - 1]}"
                    admin = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=2000)
                    try:
                        if len(admin.describe_cluster()["brokers"]) >= len(self.running):
                            break
                    finally:
                        admin.close()
                except (KafkaError, OSError):
                    pass
                if time.monotonic() > until_s or self.running[node].poll() is not None:
                    raise RuntimeError(f"Kafka node {node} did not come up: see {self.folder}")
                time.sleep(0.2)

    def _format(self, node: int) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = str(self._properties(node))
        users = self.guard.users() if self.guard is not None else ()
        return self._java(
            "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties, *users, log=f"format-{node}.log"
        )

    def _java(self, main: str, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            command = [*JAVA, "-cp", f"{self.jars}/*", main, *arguments]
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _properties(self, node: int) -> Path:
        path = self.folder / f"node-{node}.properties"
        copies = len(self.nodes)
        voters = ",".join(f"{each}@127.0.0.1:{self.controllers[each - 1]}" for each in self.nodes)
        client, controller = (f"127.0.0.1:{ports[node - 1]}" for ports in (self.ports, self.controllers))
        settings = {
            "process.roles": "broker,controller",
            "node.id": node,
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{client}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / f"data-{node}",
            "num.partitions": 1,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": min(2, copies),
            "default.replication.factor": copies,
            "min.insync.replicas": min(2, copies),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 500,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "log.cleaner.dedupe.buffer.size": 4 << 20,
            "controller.quorum.election.timeout.ms": 500,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "controlled.shutdown.enable": "true",
            **(self.guard.settings(client, controller) if self.guard is not None else {}),
            **self.settings,
        }
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        return path
