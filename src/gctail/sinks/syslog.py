"""Syslog, RFC 5424: over UDP (RFC 5426), TCP or TLS with counted octets (RFC 6587, 5425), or a local socket."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from typing import Annotated as Key
from typing import Literal

from msgspec import Struct

from gctail.parsing.text import show
from gctail.parsing.times import rfc3339
from gctail.sinks.letters import Letter, Undelivered, said
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route, key

SEVERITIES = {"CRITICAL": 2, "WARNING": 4, "INFO": 6, "RESOLVED": 5}
FACILITIES = {"user": 1, "daemon": 3, **{f"local{number}": 16 + number for number in range(8)}}
ENTERPRISE = "32473"
"""The number that RFC 5612 sets aside for examples: gctail's makers have registered none of their own."""
MOST_DATAGRAM_BYTES = 2048
"""What every receiver of RFC 5424 should take (section 6.1)."""


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="syslog"):
    """Syslog, as RFC 5424 has it."""

    address: Key[str, key("HOST:PORT, or the path of a local socket")] = "/dev/log"
    transport: Key[Literal["udp", "tcp", "tls", "unix"], key("unix: a local socket")] = "unix"
    facility: Key[
        Literal["user", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
        key("user, daemon, or local0 to local7"),
    ] = "daemon"
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One message per finding, in one connection."""
    return [Messages(settings, tuple(line(settings, notice) for notice in notices))]


class Messages(Struct, frozen=True):
    """Lines for one receiver."""

    settings: Settings
    lines: tuple[bytes, ...]

    def shown(self) -> str:
        """The lines."""
        lines = (show(each, 2000) for each in self.lines)
        return "\n".join([f"syslog {self.settings.transport} {self.settings.address}", *lines])

    def send(self, timeout_s: float) -> None:
        """Send them. UDP tells nobody whether something arrived."""
        settings = self.settings
        try:
            with _connected(settings, timeout_s) as link:
                for each in self.lines:
                    if settings.transport in {"tcp", "tls"}:
                        link.sendall(b"%d %b" % (len(each), each))
                    else:
                        link.send(_cut(each))
        except OSError as error:
            raise Undelivered(f"{settings.transport} {settings.address}: {said(error)}") from error


def line(settings: Settings, notice: Notice) -> bytes:
    """`<26>1 2026-11-24T03:12:04.000Z host gctail 77 leak [gctail@32473 service="checkout" …] CRITICAL …`."""
    finding = notice.finding
    priority = FACILITIES[settings.facility] * 8 + SEVERITIES[notice.mark]
    named = {"service": finding.service, "kind": finding.kind, "id": finding.id, "incident": notice.incident,
             "severity": finding.severity, "state": notice.state}  # fmt: skip
    data = " ".join(f'{name}="{_value(value)}"' for name, value in named.items())
    name = "".join(letter for letter in finding.kind if letter.isascii() and letter.isprintable() and letter != " ")
    head = f"<{priority}>1 {rfc3339(round(notice.time_s, 3))} {socket.gethostname() or '-'} gctail {os.getpid()}"
    text = f"{notice.mark} {show(finding.service, 80)}: {notice.summary}"
    return f"{head} {name[:32] or '-'} [gctail@{ENTERPRISE} {data}] \ufeff{text}".encode("utf-8", "backslashreplace")


def _value(text: str) -> str:
    """A value of structured data: quotes, backslashes and closing brackets are escaped (RFC 5424, section 6.3.3)."""
    return show(text, 200).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _cut(message: bytes) -> bytes:
    """What fits into a datagram, whole characters."""
    return message[:MOST_DATAGRAM_BYTES].decode("utf-8", "ignore").encode()


def _connected(settings: Settings, timeout_s: float) -> socket.socket:
    if settings.transport == "unix":
        link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        link.settimeout(timeout_s)
        try:
            link.connect(settings.address)
        except OSError:
            link.close()
            raise
        return link
    host, _, port = settings.address.rpartition(":")
    if not host or not port.isdigit():
        raise Undelivered(f'address: "{settings.address}": write HOST:PORT, such as 10.0.0.3:514')
    host = host.strip("[]")
    if settings.transport == "udp":
        family, kind, number, _, where = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
        link = socket.socket(family, kind, number)
        link.settimeout(timeout_s)
        link.connect(where)
        return link
    plain = socket.create_connection((host, int(port)), timeout_s)
    if settings.transport == "tcp":
        return plain
    return ssl.create_default_context(cafile=settings.ca_file).wrap_socket(plain, server_hostname=host)
