"""A program of the user's own: a list of arguments, never a shell; the findings come as JSON on its standard input."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Annotated as Key

import orjson
from msgspec import Struct

from gctail.parsing.json_text import json_bytes
from gctail.parsing.text import show
from gctail.sinks.letters import Letter, Undelivered
from gctail.sinks.notices import Notice, headline
from gctail.sinks.route import Route, key
from gctail.sinks.webhook import told

MOST_SAID_BYTES = 4096


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="command"):
    """A program of your own: the findings come as JSON on its standard input; it must exit with 0."""

    command: Key[list[str], key('the program and its arguments; no shell, so no "|" and no "$"')]


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:  # noqa: ARG001 - as all sinks
    """One call."""
    return [Call(tuple(settings.command), json_bytes(told(notices)), headline(notices))]


class Call(Struct, frozen=True):
    """A call of a program."""

    command: tuple[str, ...]
    body: bytes
    title: str

    def shown(self) -> str:
        """The arguments, and what comes on standard input."""
        body = orjson.dumps(orjson.loads(self.body), option=orjson.OPT_INDENT_2).decode()
        return f"run {list(self.command)} with this on its standard input:\n{body}"

    def send(self, timeout_s: float) -> None:
        """Run it to its end, for at most so long; then it and all that it started are killed."""
        if not self.command:
            raise Undelivered("command: give the program and its arguments")
        try:
            child = subprocess.Popen(  # noqa: S603 - the user's own program, by the user's configuration
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Undelivered(f"{show(self.command[0], 80)}: cannot be started: {error}") from error
        try:
            _, said = child.communicate(self.body, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise Undelivered(f"{show(self.command[0], 80)}: not done in {timeout_s:g} s, killed") from None
        except BrokenPipeError:
            said = b""
        if child.wait() != 0:
            last = show(said[-MOST_SAID_BYTES:].strip().rpartition(b"\n")[2], 200)
            why = f": {last}" if last else ""
            raise Undelivered(f"{show(self.command[0], 80)}: exit status {child.returncode}{why}")
