"""Starts the command that `gctail run` watches: its environment, its signals, how it ended."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from gctail.errors import UsageError

FORWARDED = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGALRM", "SIGABRT")
FROM_TERMINAL = ("SIGINT", "SIGQUIT", "SIGWINCH")
"""A terminal sends these to the whole group in front, so the child has them already."""


def with_gctrace(environment: dict[str, str]) -> dict[str, str]:
    """The environment with `gctrace=1` merged into GODEBUG; a level that somebody has set above 0 stays.

    Of a setting that is given twice the runtime takes the last (parsegodebug in go/src/runtime/runtime1.go).
    """
    settings = [each for each in environment.get("GODEBUG", "").split(",") if each]
    traced = [each for each in settings if each.startswith("gctrace=")]
    if traced and traced[-1] != "gctrace=0":
        return environment
    others = [each for each in settings if not each.startswith("gctrace=")]
    return environment | {"GODEBUG": ",".join([*others, "gctrace=1"])}


def started(command: list[str], environment: dict[str, str], out: int, err: int) -> int:
    """Start the command with these outputs; its pid. Raises UsageError where it cannot be started."""
    python_ignores = [number for number in (signal.SIGPIPE, signal.SIGXFSZ) if number is not None]
    actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)]
    try:
        return os.posix_spawnp(
            command[0], command, environment, file_actions=actions, setsigmask=(), setsigdef=python_ignores
        )
    except FileNotFoundError as error:
        raise UsageError(f"run: {command[0]}: no such program here or in PATH") from error
    except OSError as error:
        raise UsageError(f"run: {command[0]}: cannot be started: {error.strerror}") from error


def hold_signals() -> None:
    """Signals that come before there is a child are kept for it: process 1 of a container would lose them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _forwarded())


def _forwarded() -> list[int]:
    return [number for name in FORWARDED if (number := getattr(signal, name, None)) is not None]


def forward_signals(child: int) -> None:
    """From now on signals that reach this process go to the child."""

    def forward(number: int, _frame: FrameType | None) -> None:
        if signal.Signals(number).name in FROM_TERMINAL and _in_front():
            return
        try:
            os.kill(child, number)
        except ProcessLookupError:
            return

    for number in _forwarded():
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _forwarded())


def _in_front() -> bool:
    """Whether this process is of the group that the terminal sends its signals to."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except (OSError, ValueError):
        return False


def exit_status(wait_status: int) -> int:
    """The status to end with: the child's, or 128 and the signal that killed it, as shells say it."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code
