"""The commented configuration that gctail ships: every key with what it is and its default, made from the program."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from importlib import import_module
from textwrap import wrap

import msgspec

from gctail.cli.configuring import NOT_IN_A_FILE, options_of
from gctail.cli.options import COMMANDS, reading_parser
from gctail.cli.toml import toml
from gctail.config.sections import SECTIONS, ServiceSettings, Silence
from gctail.sinks.kinds import KINDS, settings_of

WIDTH = 118
HEAD = """\
# gctail.toml: every key, with its default or, where it has none, an example. Lines that begin with # are off.
#
# gctail reads ./gctail.toml, or ~/.config/gctail/gctail.toml, or the file of --config or GCTAIL_CONFIG. Stronger than
# the file is the environment (GCTAIL_LIMIT for limit, GCTAIL_ALERTS_SPOOL_MIB for spool_mib of [alerts]; lists are
# parted by `;`), stronger than that are flags. `gctail check` prints what is in force and where it comes from.
# Paths are meant from where this file lies. Send SIGHUP to a running gctail to have it read again.
"""
EXAMPLES = {
    "limit": "512MiB", "max_memory": "256MiB", "most_age_s": 3600, "silence": ["sat,sun 00:00-24:00"],
    "services": ["batch-*"], "kinds": ["leak"], "when": "22:00-06:00", "until": "2026-12-01T00:00:00Z",
    "pprof": "http://127.0.0.1:6060", "dir": "/var/lib/gctail/profiles",
    "rules": "rules.toml", "wrappers": "wrappers.toml", "deaths": "deaths.toml", "spool_dir": "/var/lib/gctail/spool",
    "why": "a batch that fills and empties", "enable": ["new-high"],
    "to": ["ops@example.com"], "sender": "gctail@example.com", "host": "mail.example.com", "port": 587,
    "user": "gctail",
    "command": ["/usr/local/bin/page-me", "--team", "payments"], "headers": {"X-Team": "payments"},
    "url": "https://alerts.example.com:9093", "url_file": "/run/secrets/webhook", "url_env": "WEBHOOK_URL",
    "token_file": "/run/secrets/token", "token_env": "ALERTS_TOKEN", "secret_file": "/run/secrets/hmac",
    "secret_env": "ALERTS_HMAC", "password_file": "/run/secrets/password", "password_env": "MAIL_PASSWORD",
    "routing_key_file": "/run/secrets/pagerduty", "routing_key_env": "PAGERDUTY_KEY", "ca_file": "/etc/ssl/my-ca.pem",
    "template_file": "message.json", "dashboard_uid": "gctail",
    "wrapper": "cri", "service": "checkout", "false_alarms": 0.1, "fail_over": 10.0, "partitions": 24,
}  # fmt: skip


def example() -> Iterator[str]:
    """The lines of the file."""
    yield from HEAD.splitlines()
    yield ""
    yield from _options(reading_parser(), "")
    for name in COMMANDS:
        parser = import_module(f"gctail.cli.{name}").parser()
        if any(action.dest == "config" for action in parser._actions):  # noqa: SLF001 - argparse has no other way
            lines = list(_options(parser, name))
            if lines:
                yield from ("", f"# {COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.", f"[{name}]", *lines)
    yield from _table('services."checkout-*"', ServiceSettings)
    for name, shape in SECTIONS.items():
        yield from _table(name, shape)
        if name == "alerts":
            yield from _table("alerts.silence", Silence, listed=True)
    for kind in KINDS:
        settings = settings_of(kind)
        if settings is not None:
            yield from _table(f"sinks.my-{kind}", settings, kind=kind)


def _options(parser: argparse.ArgumentParser, command: str) -> Iterator[str]:
    helps = {action.dest: action.help or "" for action in parser._actions}  # noqa: SLF001 - as above
    for option in options_of(parser, command):
        if option.section == command and option.name not in NOT_IN_A_FILE:
            told = helps[option.name] % {"default": option.default, "prog": "gctail"}
            yield from _key(option.name, told, option.default)


def _table(title: str, shape: type[msgspec.Struct], *, listed: bool = False, kind: str | None = None) -> Iterator[str]:
    """A table, all of it off where it is one of several that a user names."""
    off = "# " if listed or "." in title else ""
    yield ""
    about = inspect.cleandoc(shape.__doc__ or "").partition(": ")
    said = about[2] if about[0].startswith("`") else "".join(about)
    said = " ".join(said.split())
    yield from wrap(said[:1].upper() + said[1:], WIDTH, initial_indent="# ", subsequent_indent="# ")
    yield f"{off}[[{title}]]" if listed else f"{off}[{title}]"
    if kind is not None:
        yield f'# kind = "{kind}"'
    for each in msgspec.structs.fields(shape):
        about_key = _about(each)
        if about_key is not None:
            default = None if each.required else each.default
            if each.default_factory is not msgspec.NODEFAULT:
                default = each.default_factory()
            yield from _key(each.name, about_key, default)


def _about(field: msgspec.structs.FieldInfo) -> str | None:
    """What the key's annotation says of it."""
    for meta in getattr(field.type, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return None


def _key(name: str, about: str, default: object) -> Iterator[str]:
    value = default if default not in (None, "", [], {}) or isinstance(default, bool) else EXAMPLES.get(name, default)
    shown = f"# {name} = {toml('' if value is None else value)}"
    line = f"{shown.ljust(40)}  # {about}"
    if len(line) <= WIDTH:
        yield line
        return
    yield from wrap(about, WIDTH, initial_indent="# ", subsequent_indent="# ")
    yield shown
