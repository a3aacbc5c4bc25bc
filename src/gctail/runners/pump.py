"""Passes on what a child process writes, byte for byte, and offers a copy to whoever watches.

Two processes share the work, so that neither a slow nor a dead gctail can block or break the child. The *pump* (this
process, small) reads the child's pipes, writes to where the child would have written, and offers a copy to the
*watcher* without ever waiting for it: what the watcher cannot take in time is dropped and counted. The watcher (a fork)
holds the same pipes open and reads them itself when the pump is gone.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections import deque

PIECE_BYTES = 1 << 16
MOST_WAITING_BYTES = 8 << 20
"""So much may wait for the watcher; what is more is dropped for it, and it is told how much."""
SOCKET_BYTES = 1 << 20
LINGER_S = 0.2
"""So long after the child's end its pipes are listened to: a grandchild may hold them open for ever."""

OUT, ERR = b"1", b"2"
DROPPED, ENDED = b"D", b"X"
"""The kinds of messages to the watcher: a piece of an output, how many bytes it missed, how the child ended."""


class Line:
    """The messages to the watcher: never waited for, bounded."""

    def __init__(self, end: socket.socket) -> None:
        self.end: socket.socket | None = end
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        end.settimeout(0.0)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)

    def offer(self, message: bytes) -> None:
        """Send it if the watcher keeps up."""
        if self.end is None:
            return
        if self._size > MOST_WAITING_BYTES:
            self._dropped += len(message) - 1
            return
        if self._dropped:
            self._put(DROPPED + b"%d" % self._dropped)
            self._dropped = 0
        self._put(message)
        self.push()

    def _put(self, message: bytes) -> None:
        self._waiting.append(message)
        self._size += len(message)

    def push(self) -> None:
        """Send what waits, as far as it goes without waiting."""
        while self._waiting and self.end is not None:
            try:
                self.end.send(self._waiting[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.close()
                return
            self._size -= len(self._waiting.popleft())

    @property
    def behind(self) -> bool:
        """Something waits for the watcher."""
        return bool(self._waiting)

    def finish(self, message: bytes, within_s: float) -> None:
        """The last message, for which the watcher is waited for, but not for ever."""
        if self.end is not None:
            if self._dropped:
                self._put(DROPPED + b"%d" % self._dropped)
            self._put(message)
            self.end.settimeout(within_s)
            self.push()
        self.close()

    def close(self) -> None:
        """The watcher is gone, or will hear no more."""
        if self.end is not None:
            self.end.close()
        self.end = None
        self._waiting.clear()


class Pipes:
    """The child's outputs: for each, where it comes from, what it is called, and where it goes on to."""

    def __init__(self, ways: dict[int, tuple[bytes, int]]) -> None:
        self.ways = ways
        self.lost_bytes = 0
        """What could not be written where it goes on to: the disk there is full, or failing."""

    def read(self, source: int) -> tuple[bytes, bytes]:
        """One piece, already passed on: its name and its bytes, which are empty at the end."""
        name, onward = self.ways[source]
        try:
            piece = os.read(source, PIECE_BYTES)
        except BlockingIOError:
            return name, b""
        try:
            self.lost_bytes += passed_on(onward, piece)
        except BrokenPipeError:
            piece = b""
        if not piece:
            del self.ways[source]
            os.close(source)  # where nobody reads on, the child is told so, as it would be without us
        return name, piece


def passed_on(onward: int, piece: bytes) -> int:
    """Write it, and return how many bytes of it could not be written.

    A full disk is none of the child's business: what it wrote to a pipe was taken. Raises BrokenPipeError where nobody
    reads any more.
    """
    view = memoryview(piece)
    while view:
        try:
            view = view[os.write(onward, view) :]
        except InterruptedError:
            continue
        except BlockingIOError:
            select.select([], [onward], [])
        except BrokenPipeError:
            raise
        except OSError:
            break
    return len(view)


def pump(pipes: Pipes, line: Line, child: int, watcher: int) -> tuple[int, bool]:
    """Pass everything on until the child has ended. Other children that end are reaped.

    Returns the child's wait status, and whether the watcher was there all the time.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    status: int | None = None
    try:
        while status is None:
            behind = [line.end] if line.end is not None and line.behind else []
            ready, _, _ = select.select([*pipes.ways, woken], behind, [], 1.0)
            _take(pipes, line, ready)
            if woken in ready:
                os.read(woken, 4096)
            status = reaped(child, watcher, line)
        while pipes.ways:
            ready, _, _ = select.select(list(pipes.ways), [], [], LINGER_S)
            if not ready:
                break
            _take(pipes, line, ready)
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(wake)
    return status, line.end is not None


def _take(pipes: Pipes, line: Line, ready: list[int]) -> None:
    line.push()
    for source in ready:
        if source in pipes.ways:
            name, piece = pipes.read(source)
            if piece:
                line.offer(name + piece)


def reaped(child: int, watcher: int, line: Line) -> int | None:
    """Reap what has ended, as process 1 of a container must; the child's wait status when it was among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found if found is not None else 0
        if pid == 0:
            return found
        if pid == child:
            found = status
        elif pid == watcher:
            line.close()
