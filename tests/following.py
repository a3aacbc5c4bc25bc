"""`gctail -f` in a process of its own, as tests start it, stop it, kill it, and ask what it knows."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from gctail.sources.follow import Follower, Idle
from gctail.store.plain import unpacked

PROGRAM = Path(sysconfig.get_path("scripts")) / "gctail"
GC = "gc {} @{:.3f}s 1%: 0.038+{:.2f}+0.007 ms clock, 0.07+0.16/0.05/0+0.014 ms cpu, {}->{}->{} MB, {} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
"""A collection as Go 1.19 and later print it."""


def collections(first: int, last: int, *, live: int = 30, grow: float = 0.0) -> bytes:
    """Collections of one process, one a second, the live heap growing by `grow` MiB each."""
    lines = []
    for number in range(first, last + 1):
        heap = live + int(grow * number)
        lines.append(GC.format(number, float(number), 0.3 + number % 7 / 100, heap * 2 - 1, heap * 2, heap, heap * 2))
    return "".join(lines).encode()


class Gctail:
    """One `gctail -f` over the same files and state, started as often as one likes; `told` is all it ever printed."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        self.directory, self.arguments = directory, [str(each) for each in arguments]
        self.child: subprocess.Popen[bytes] | None = None
        self._out = directory / "told.jsonl"
        self._err = directory / "complaints.txt"

    def start(self, *more: str) -> None:
        """Begin, or go on."""
        state = [] if "--no-state" in more else ["--state", str(self.directory / "state")]
        command = [str(PROGRAM), "-f", "--output", "jsonl", *state, *more, *self.arguments]
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self.child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        if state:
            self.until(self._has_the_state)

    @property
    def state(self) -> Path:
        """The file with the state."""
        return self.directory / "state" / "state.db"

    def _has_the_state(self) -> bool:
        lock = Path(f"{self.state}.lock")
        return self.child is not None and lock.exists() and lock.read_text().strip() == str(self.child.pid)

    def kill(self) -> None:
        """As the kernel does."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()

    def stop(self) -> int:
        """As systemd does; the exit status."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(60)

    def told(self) -> list[dict[str, Any]]:
        """All findings, in the order in which they were told."""
        return [json.loads(line) for line in self._out.read_bytes().splitlines() if line.startswith(b"{")]

    def complaints(self) -> str:
        """All that went to standard error."""
        return self._err.read_text()

    def until(self, ready: Any, within_s: float = 60.0) -> None:
        """Wait until `ready()`."""
        until_s = time.monotonic() + within_s
        while not ready():
            assert time.monotonic() < until_s, f"{self.complaints()}\n{self.told()[-3:]}"
            assert self.child is None or self.child.poll() is None, self.complaints()
            time.sleep(0.02)

    def knows(self) -> dict[str, Any]:
        """What the services that were kept say of themselves, by name."""
        from gctail.service import Service
        from gctail.store import Store

        store = Store(str(self.state))
        try:
            return {name: Service.restore(store.get(name) or {}) for name in store.services()}
        finally:
            store.close()

    def position(self, path: Path) -> Any:
        """Where the last checkpoint would go on in a file; None where it has none."""
        return self._kept("SELECT position FROM positions WHERE origin = ?", str(path).encode())

    def saved_ids(self) -> list[str]:
        """The ids of the findings of which the state knows that they were told."""
        with suppress(FileNotFoundError):
            return Path(f"{self.state}.told").read_text().splitlines()[1:]
        return []

    def _kept(self, query: str, key: object) -> Any:
        with suppress(sqlite3.Error):
            database = sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)
            try:
                row = database.execute(query, (key,)).fetchone()
            finally:
                database.close()
            return unpacked(row[0]) if row is not None else None
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child is not None and self.child.poll() is None:
            self.kill()


class Tail:
    """A follower in a thread of its own, and what came of it."""

    def __init__(self, *paths: str | Path, **options: Any) -> None:
        self.follower = Follower([str(path) for path in paths], **options)
        self.chunks, self.idles = [], []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for event in self.follower:
            with self._changed:
                (self.idles if isinstance(event, Idle) else self.chunks).append(event)
                self._changed.notify_all()

    def text(self, path: str | Path | None = None) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks if path is None or chunk.origin == str(path))

    def came(self, ready: Callable[[], bool]) -> bool:
        """Whether `ready()` came true in the time in which even a busy machine does anything."""
        with self._changed:
            return self._changed.wait_for(ready, 60)

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()`."""
        assert self.came(ready), self.text()

    def stop(self) -> bytes:
        """All text, the follower having come to its end."""
        self.follower.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.text()
