"""The watching half of `gctail run`: takes a copy of the child's output, judges it, tells what it finds.

It loads nothing heavy until the child's output shows that there is something to judge. Where the pump has gone without
a word (killed), it passes the child's output on itself, so that the child notices nothing.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gctail.palette import Palette
from gctail.parsing.causes import OF_MEMORY
from gctail.runners.pump import DROPPED, ENDED, ERR, OUT, PIECE_BYTES, Pipes
from gctail.sources.cgroup import MemoryCgroup

if TYPE_CHECKING:
    from gctail.engine import Engine
    from gctail.parsing.scanner import Scanner
    from gctail.records import Finding
    from gctail.runners.views import Views
    from gctail.sinks.out import Out
    from gctail.store.recorder import Recorder

WORTH_A_LOOK = re.compile(rb"gc #?\d|^gc\d|out of memory|fatal error|goroutine \d|HeapAlloc|go_memstats|/gc/heap")
"""What the runtime writes, or a program says of its heap. A word too many only loads the models early."""
KEPT_BYTES = 1 << 18
"""Of each output before that: its end, which is read when there is something to judge, or when the child has died."""
STREAMS = {OUT: "stdout", ERR: "stderr"}
UNRECORDED = "gctail run --record DIR keeps the output, for gctail postmortem DIR"
TICK_S = 0.5
"""How often time passes, and somebody looks whether the pump stands still, while nothing comes."""


class Wishes(Struct, frozen=True):
    """What the user asked for: the service's name, its limit, and in which form things are told."""

    service: str
    limit_mib: float | None
    output: str
    colour: bool
    report: str
    """`death`: only when the child died of memory or leaks; `always`; `never`."""
    record: str | None = None
    """A directory for the black box."""


class Watcher:
    """Takes pieces of output and the end; writes findings to `out`, one text each."""

    def __init__(self, wishes: Wishes, out: Out, cgroup: MemoryCgroup | None = None) -> None:
        self.wishes = wishes
        self._out = out
        self._cgroup = cgroup if cgroup is not None else MemoryCgroup()
        self._kills_before = self._cgroup.oom_kills()
        self._kept: dict[bytes, bytes] = {OUT: b"", ERR: b""}
        self._engine: Engine | None = None
        self._scanners: dict[bytes, Scanner] = {}
        self._recorder = self._recording()
        self._views: Views | None = None
        self.dropped_bytes = 0
        self.findings = 0

    def show(self, views_of: Callable[[Engine, Callable[[], dict[str, Any]]], Views | None]) -> None:
        """Serve what `views_of` makes, from now on: models are loaded at once. Raises UsageError."""
        self._views = views_of(self._begin(), self._facts)

    def say(self, text: str) -> None:
        """One write for the whole text, so that lines of the command's do not come between."""
        with suppress(OSError):  # nobody is there to hear it
            self._out.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def tick(self) -> None:
        """Time has passed."""
        with suppress(OSError):
            self._out.push()
        if self._engine is None:
            return
        for scanner in self._scanners.values():
            scanner.pause()
        self._tell()
        self._found(self._engine.advance(time.time()))

    def take(self, name: bytes, piece: bytes) -> None:
        """A piece of one of the child's outputs."""
        if self._recorder is not None:
            stream = STREAMS[name]
            self._recorder.take(f"{self.wishes.service} {stream}", f"{self.wishes.service}.{stream}", piece)
        if self._engine is None:
            kept = self._kept[name] = self._kept[name] + piece
            if WORTH_A_LOOK.search(kept, max(0, len(kept) - len(piece) - 32)) is None:
                self._kept[name] = _whole_lines(kept[-KEPT_BYTES:]) if len(kept) > KEPT_BYTES else kept
                return
            self._begin()
            self._tell()
            return
        self._scanners[name].feed(piece)
        self._tell()

    def missed(self, count: int) -> None:
        """So many bytes could not be taken in time: the line that they belong to is not put together again."""
        self.dropped_bytes += count
        for scanner in self._scanners.values():
            scanner.end_line()

    def ended(self, wait_status: int | None) -> None:
        """The child has ended (with this wait status, where it is known): the last findings, and the certificate."""
        killed = wait_status is not None and os.WIFSIGNALED(wait_status)
        if self._engine is None:
            if not killed and self.wishes.report != "always":
                return
            self._begin()
            self._tell()
        for scanner in self._scanners.values():
            scanner.flush()
        self._tell()
        if killed and wait_status is not None:
            self._killed(os.WTERMSIG(wait_status))
        assert self._engine is not None  # noqa: S101 - begun above
        self._found(self._engine.conclude())
        self._report()
        with suppress(OSError):
            self._out.close()

    # -- what happens inside

    def _recording(self) -> Recorder | None:
        if self.wishes.record is None:
            return None
        from gctail.store.recorder import Recorder

        return Recorder(self.wishes.record, lambda text: self.say(f"gctail: {text}"))

    def _begin(self) -> Engine:
        """There is something to judge: load the models, read what was kept."""
        from gctail.engine import USUAL_MINING, Engine
        from gctail.parsing.scanner import Scanner

        limit_mib = self.wishes.limit_mib
        self._engine = Engine(limit_mib=limit_mib if limit_mib is not None else self._cgroup.limit_mib())
        self._engine.mined.share = USUAL_MINING
        for name, kept in self._kept.items():
            scanner = self._scanners[name] = Scanner(STREAMS[name], self.wishes.service)
            scanner.feed(kept)
        self._kept = {OUT: b"", ERR: b""}
        return self._engine

    def _tell(self) -> None:
        if self._engine is None:
            return
        observed = self._engine.all if self._views is None else self._views.board.all
        for scanner in self._scanners.values():
            for seen in observed(scanner.take()):
                self._told(seen.findings)
        if self._views is not None:
            self._views.tick()

    def _found(self, findings: list[Finding]) -> None:
        """What stands in no line: time, or the end, has brought it."""
        self._told(findings)
        if self._views is not None:
            self._views.board.found(findings)
            self._views.tick(at_once=bool(findings))

    def _told(self, findings: tuple[Finding, ...] | list[Finding]) -> None:
        from gctail.sinks.jsonl import finding_json
        from gctail.sinks.text import finding_line

        palette = Palette(colour=self.wishes.colour)
        for finding in findings:
            self.findings += 1
            if self.wishes.output == "jsonl":
                self.say(finding_json(finding).decode())
            elif finding.is_news:
                self.say(f"gctail: {finding_line(finding, palette)}")

    def _killed(self, number: int) -> None:
        """The child was killed by a signal: by the kernel, where it counted one more kill for want of memory."""
        from gctail.records import Death, Sighting

        kills = self._cgroup.oom_kills()
        if number != signal.SIGKILL or kills is None or kills <= (self._kills_before or 0):
            return
        text = f"the memory cgroup counted {kills - (self._kills_before or 0)} kill for want of memory (oom_kill)"
        limit_mib = self._cgroup.limit_mib()
        details = {"signal": "SIGKILL", **({"limit_kib": round(limit_mib * 1024)} if limit_mib is not None else {})}
        death = Death("kernel-oom-kill-cgroup", "kernel", text, (text,), details)
        assert self._engine is not None  # noqa: S101 - begun in `ended`
        offset = self._scanners[ERR].bytes_read
        seen = self._engine.observe(Sighting(death, self.wishes.service, "cgroup", offset))
        self._told(seen.findings if seen is not None else ())

    def _report(self) -> None:
        """The verdict, where it was asked for or the child died of memory."""
        from gctail.engine import report
        from gctail.sinks.text import report_text

        assert self._engine is not None  # noqa: S101 - begun in `ended`
        if self.wishes.output == "jsonl" or self.wishes.report == "never":
            return
        told = report(self._engine, self._facts())
        bad = any(
            (each["verdict"] is not None and each["verdict"].leak)
            or (each["death"] is not None and each["death"]["cause"] in OF_MEMORY)
            for each in told["services"]
        )
        if bad or self.wishes.report == "always":
            text = report_text(told, Palette(colour=self.wishes.colour))
            self.say("\n".join(f"gctail: {line}" if line else "gctail:" for line in text.splitlines()))

    def _facts(self) -> dict[str, Any]:
        """What was read so far."""
        scanners = self._scanners.values()
        notes = [f"{self.dropped_bytes:,} bytes came too fast to be watched"] if self.dropped_bytes else []
        from gctail.postmortem.brief import command

        record = self.wishes.record
        return {
            "files": list(STREAMS.values()),
            "story": f"the whole story: {command([record])}" if record else UNRECORDED,
            "bytes": sum(scanner.bytes_read for scanner in scanners),
            "lines": sum(scanner.lines_read for scanner in scanners),
            "notes": notes,
        }


def watch(end: socket.socket, watcher: Watcher, pipes: Pipes) -> None:
    """Take what the pump sends until the child has ended. Where the pump is gone, read the child's output itself."""
    pump = os.getppid()
    while True:
        if not select.select([end], [], [], TICK_S)[0]:
            watcher.tick()
            _stand_in(watcher, pipes, pump)
            continue
        try:
            message = end.recv(PIECE_BYTES + 64)
        except OSError:
            message = b""
        kind, rest = message[:1], message[1:]
        if kind == ENDED:
            watcher.ended(int(rest))
            return
        if kind == DROPPED:
            watcher.missed(int(rest))
        elif kind in STREAMS:
            watcher.take(kind, rest)
        else:
            break
    while pipes.ways:
        _pass_on(watcher, pipes)
    watcher.ended(None)


def _pass_on(watcher: Watcher, pipes: Pipes) -> None:
    """What the child has written, in the pump's place."""
    ready, _, _ = select.select(list(pipes.ways), [], [], TICK_S)
    for source in ready:
        name, piece = pipes.read(source)
        watcher.take(name, piece)
    if not ready:
        watcher.tick()


def _stand_in(watcher: Watcher, pipes: Pipes, pump: int) -> None:
    """Pass the child's output on for as long as the pump stands still (SIGSTOP): the child must not."""
    while pipes.ways and _stands_still(pump):
        _pass_on(watcher, pipes)


def _stands_still(pid: int) -> bool:
    """Whether somebody has stopped the process, as proc_pid_stat(5) says; not known of other systems."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return False
    return state == b"T"


def _whole_lines(text: bytes) -> bytes:
    """From the first beginning of a line on."""
    return text[text.find(b"\n") + 1 :]
