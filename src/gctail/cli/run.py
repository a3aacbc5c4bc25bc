"""`gctail run -- COMMAND`: starts a service, passes its output on unchanged, and watches it."""

from __future__ import annotations

import argparse
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from gctail.cli.colours import colour_option
from gctail.cli.options import new_parser
from gctail.cli.sizes import size_option
from gctail.cli.viewing import listening, views_of
from gctail.errors import UsageError
from gctail.sources.pipes import widen

if TYPE_CHECKING:
    from gctail.runners.pump import Pipes
    from gctail.runners.watcher import Wishes

DESCRIPTION = """\
Starts COMMAND with gctrace=1 merged into GODEBUG, passes its standard output and standard error on, byte for byte,
and says on standard error what it finds, in lines that begin with `gctail: `. Signals go to the command; the exit
status is the command's (128 and the signal where one killed it). A slow or dead gctail never blocks it.

  gctail run -- ./checkout --port 8080
  gctail run --limit 512MiB --findings findings.log -- ./checkout
  gctail run --listen 127.0.0.1:9464 -- ./checkout

Without --limit, the limit of the memory cgroup is taken."""
READY = b"R"
"""What the watching half says first where the command waits for it."""
PIPE_BYTES = 1 << 20
"""So much the command may write while nobody takes it."""
WATCHED_END_S = 30.0
"""So long at most the last report is waited for after the command has ended."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail run`."""
    parser = new_parser("gctail run", DESCRIPTION)
    parser.usage = "gctail run [options] -- COMMAND [ARGUMENT ...]"
    parser.epilog = None
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program, and its arguments")
    parser.add_argument("--service", metavar="NAME", help="what to call the service (the program's name)")
    parser.add_argument("--limit", metavar="SIZE", help="the memory limit, such as 512MiB (that of the cgroup)")
    parser.add_argument("--output", choices=("text", "jsonl"), default="text", help="how to tell findings (text)")
    parser.add_argument("--findings", metavar="FILE", help="append findings to this file, not to standard error")
    parser.add_argument("--stdout", metavar="FILE", help="append the command's standard output to this file")
    parser.add_argument("--stderr", metavar="FILE", help="append the command's standard error to this file")
    parser.add_argument(
        "--record", metavar="DIR", help="keep the last 8 MiB of its output here, for gctail postmortem DIR"
    )
    parser.add_argument(
        "--report",
        choices=("death", "always", "never"),
        default="death",
        help="when the command has ended, tell the verdict: if it leaked or died of memory (death), always, or never",
    )
    listening(parser)
    colour_option(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Start the command, pass its output on, and return its exit status."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("run: which command? gctail run -- ./service --its-arguments")
    from gctail.runners import child as children
    from gctail.runners.pump import ENDED, ERR, OUT, Line, pump
    from gctail.runners.watcher import Wishes

    limit_mib = size_option("--limit", options.limit) if options.limit is not None else None
    out, err = _appended(options.stdout, 1), _appended(options.stderr, 2)
    told = _appended(options.findings, err)
    colour = not options.no_color and not os.environ.get("NO_COLOR") and os.isatty(told)
    service = options.service or os.path.basename(command[0])  # noqa: PTH119 - pathlib costs 10 ms
    wishes = Wishes(service, limit_mib, options.output, colour, options.report, options.record)
    if options.record is not None:
        from gctail.store.recorder import Recorder

        Recorder(options.record, lambda _: None)  # what is wrong with the directory is said before anything is started
    pipes, ends = _pipes(out, err)
    ours, theirs = _messages()
    children.hold_signals()
    watcher = os.fork()
    if watcher == 0:
        for each in {*ends.values(), ours.detach()}:
            os.close(each)
        _watch(options, wishes, theirs, pipes, told)
    theirs.close()
    if options.listen is not None and not ours.recv(1):  # it could not be had, which was said
        return os.waitstatus_to_exitcode(os.waitpid(watcher, 0)[1])
    pid = children.started(command, children.with_gctrace(dict(os.environ)), ends[OUT], ends[ERR])
    children.forward_signals(pid)
    for end in set(ends.values()):
        os.close(end)
    line = Line(ours)
    status, watched = pump(pipes, line, pid, watcher)
    if pipes.lost_bytes:
        _said(2, f"gctail: {pipes.lost_bytes:,} bytes of the command's output could not be written: a full disk?")
    if not watched:
        _said(err, "gctail: the watching part has ended; the output went on unwatched")
    line.finish(ENDED + b"%d" % status, WATCHED_END_S)
    _wait(watcher)
    return children.exit_status(status)


def _appended(path: str | None, otherwise: int) -> int:
    if path is None:
        return otherwise
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UsageError(f"run: {path}: cannot be written: {error.strerror}") from error


def _pipes(out: int, err: int) -> tuple[Pipes, dict[bytes, int]]:
    """A pipe for each output; one for both where they go to the same place, so that their order stays.

    Returns them, and the ends that the command writes to.
    """
    from gctail.runners.pump import ERR, OUT, Pipes

    there = [os.fstat(each) for each in (out, err)]
    source, end = _pipe()
    if os.path.samestat(*there):
        return Pipes({source: (ERR, err)}), {OUT: end, ERR: end}
    other_source, other_end = _pipe()
    return Pipes({source: (OUT, out), other_source: (ERR, err)}), {OUT: end, ERR: other_end}


def _pipe() -> tuple[int, int]:
    """A roomy pipe. Its reading end, which both halves have, waits for nobody."""
    source, end = os.pipe()
    os.set_blocking(source, False)
    widen(source, PIPE_BYTES)
    return source, end


def _messages() -> tuple[socket.socket, socket.socket]:
    """Two ends between which whole messages go; macOS has no SEQPACKET for local sockets."""
    for kind in (socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        try:
            return socket.socketpair(socket.AF_UNIX, kind)
        except OSError:
            continue
    raise UsageError("run: this system has no local sockets that keep messages whole; use COMMAND 2>&1 | gctail -")


def _watch(options: argparse.Namespace, wishes: Wishes, end: socket.socket, pipes: Pipes, told: int) -> None:
    """The forked half: watches until the command has ended, and never returns."""
    import signal

    from gctail.runners.watcher import Watcher, watch
    from gctail.sinks.out import Out

    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it ends when the command has ended
        out = Out(told, options.findings or "standard error", lambda text: _said(2, f"gctail: {text}"))
        watcher = Watcher(wishes, out)
        if options.listen is not None:
            watcher.show(lambda engine, facts: views_of(options, engine, facts))
            end.send(READY)
        watch(end, watcher, pipes)
        status = 0
    except UsageError as error:
        _said(2, f"gctail: {error}")
        status = 2
    finally:
        os._exit(status)


def _said(told: int, text: str) -> None:
    """One write for the whole text, so that lines of the command's do not come between."""
    from gctail.runners.pump import passed_on

    with suppress(BrokenPipeError):
        passed_on(told, text.encode("utf-8", "backslashreplace") + b"\n")


def _wait(watcher: int) -> None:
    """Until the watching half has told what it has to tell; not for ever."""
    import signal

    signal.signal(signal.SIGALRM, lambda *_: os.kill(watcher, signal.SIGKILL))
    signal.alarm(int(WATCHED_END_S))
    try:
        os.waitpid(watcher, 0)
    except ChildProcessError:
        return  # reaped before
    finally:
        signal.alarm(0)
