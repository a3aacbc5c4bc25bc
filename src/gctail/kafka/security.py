"""How to reach the brokers: the settings that an administrator already has in a file, in librdkafka's and Java's names.

Passwords come from that file or from the environment, never from the command line, where every user of the machine
could read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gctail.errors import UsageError

PASSWORD, USERNAME = "GCTAIL_KAFKA_PASSWORD", "GCTAIL_KAFKA_USERNAME"

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER")
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")

Settings = dict[str, str | bool]


def _word(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.upper() not in known:
            raise ValueError(f"use one of {', '.join(known)}")
        return text.upper()

    return read


def _identification(text: str) -> bool:
    """Java's `ssl.endpoint.identification.algorithm`: empty or none switches the check of the host's name off."""
    return text.lower() not in {"", "none"}


def _file(text: str) -> str:
    if not Path(text).is_file():
        raise ValueError("there is no such file")
    return text


KNOWN: dict[str, tuple[str, Callable[[str], str | bool]]] = {
    "security.protocol": ("security_protocol", _word(PROTOCOLS)),
    "sasl.mechanism": ("sasl_mechanism", _word(MECHANISMS)),
    "sasl.mechanisms": ("sasl_mechanism", _word(MECHANISMS)),
    "sasl.username": ("sasl_plain_username", str),
    "sasl.password": ("sasl_plain_password", str),
    "sasl.kerberos.service.name": ("sasl_kerberos_service_name", str),
    "ssl.ca.location": ("ssl_cafile", _file),
    "ssl.certificate.location": ("ssl_certfile", _file),
    "ssl.key.location": ("ssl_keyfile", _file),
    "ssl.key.password": ("ssl_password", str),
    "ssl.crl.location": ("ssl_crlfile", _file),
    "ssl.cipher.suites": ("ssl_ciphers", str),
    "ssl.endpoint.identification.algorithm": ("ssl_check_hostname", _identification),
    "client.id": ("client_id", str),
    "client.rack": ("client_rack", str),
}
"""What a settings file may say: the client's name for it, and how its value is read."""


def load_security(path: str | None, environment: Mapping[str, str]) -> Settings:
    """The client's settings out of a file of `name = value` lines and the environment. Raises UsageError."""
    settings: Settings = {}
    if path is not None:
        settings = _read(path)
    if environment.get(USERNAME):
        settings["sasl_plain_username"] = environment[USERNAME]
    if environment.get(PASSWORD):
        settings["sasl_plain_password"] = environment[PASSWORD]
    if "sasl_plain_username" in settings and "security_protocol" not in settings:
        settings["security_protocol"] = "SASL_SSL"  # who has a password does not want it sent in the clear
    if str(settings.get("security_protocol", "")).startswith("SASL"):
        settings.setdefault("sasl_mechanism", "PLAIN")
        _complete(settings, path)
    return settings


def librdkafka_settings(path: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The same in librdkafka's own names, for clients that are built on it. Raises UsageError."""
    names = {setting: name for name, (setting, _) in reversed(KNOWN.items())}
    settings = {names[setting]: value for setting, value in load_security(path, environment).items()}
    if (checks := settings.get("ssl.endpoint.identification.algorithm")) is not None:
        settings["ssl.endpoint.identification.algorithm"] = "https" if checks else "none"
    return {name: str(value) for name, value in settings.items()}


def _complete(settings: Settings, path: str | None) -> None:
    by_password = str(settings["sasl_mechanism"]).startswith(("PLAIN", "SCRAM"))
    for name, variable in (("sasl_plain_username", USERNAME), ("sasl_plain_password", PASSWORD)):
        if by_password and name not in settings:
            said = name.replace("sasl_plain_", "sasl.")
            raise UsageError(f"--security {path}: {said} is missing; put it there or into {variable}")


def _read(path: str) -> Settings:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--security {path}: {error}") from error
    settings: Settings = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith(("#", "!")):
            continue
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or name not in KNOWN:
            known = ", ".join(KNOWN)
            raise UsageError(f"--security {path}, line {number}: {name[:60]!r} is not known; known are {known}")
        setting, read = KNOWN[name]
        try:
            settings[setting] = read(value)
        except ValueError as error:
            shown = "" if "password" in name else f" {value[:80]!r}"
            raise UsageError(f"--security {path}, line {number}: {name}{shown}: {error}") from error
    return settings
