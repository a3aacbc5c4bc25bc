"""The black box: the last megabytes of every log that is read, on disk, for when the log itself is gone.

Each log has a directory with two plain files, `NAME.log.1` and `NAME.log`: when the second is full it becomes the
first, at the end of a line. What is written is the system's at once, so `kill -9` loses nothing; nothing waits for the
disk itself, so a machine that loses power may lose the last seconds. `gctail postmortem DIRECTORY` reads them, as does
`less`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable

from gctail.errors import UsageError

EACH_BYTES = 8 << 20
"""Of one log: minutes of a busy service, hours of a calm one."""
MOST_LOGS = 128
"""Beyond that the one that was silent for longest goes."""
OURS = re.compile(r".+-[0-9a-f]{12}")


class Recorder:
    """Writes what it is given, and never fails: a full disk is told through `complain`, once until it works again."""

    def __init__(
        self,
        directory: str,
        complain: Callable[[str], None],
        *,
        each_bytes: int = EACH_BYTES,
        most_logs: int = MOST_LOGS,
    ) -> None:
        """Raises UsageError where the directory cannot be used."""
        self.directory, self._complain = directory, complain
        self._half, self._most = each_bytes // 2, most_logs
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib costs 10 ms
            there = sorted(_directories(directory), key=lambda path: os.stat(path).st_mtime)  # noqa: PTH116
        except OSError as error:
            raise UsageError(f"--record {directory}: {error.strerror}: give a directory that can be written") from error
        self._logs: dict[str, int] = dict.fromkeys(there, -1)
        """Directory to the size of its newer file, -1 where that is not known yet; heard of last, last."""
        self._wrong = False

    def take(self, origin: str, name: str, data: bytes | memoryview) -> None:
        """More of the log `origin`, of the service `name`; whole lines or not."""
        place = _place(self.directory, origin, name)
        try:
            self._write(place, _safe(name), memoryview(data))
        except OSError as error:
            self._logs.pop(place, None)  # somebody may have removed its directory: it is made anew the next time
            if not self._wrong:
                sentence = "nothing is recorded until that has changed"
                self._complain(f"--record {self.directory}: {error.strerror}: {sentence}")
            self._wrong = True
            return
        if self._wrong:
            self._complain(f"--record {self.directory}: recording again")
        self._wrong = False

    def _write(self, place: str, name: str, data: memoryview) -> None:
        path = os.path.join(place, f"{name}.log")  # noqa: PTH118
        size = self._logs.pop(place, -1)
        if size < 0:
            os.makedirs(place, mode=0o700, exist_ok=True)  # noqa: PTH103
            size = os.stat(path).st_size if os.path.exists(path) else 0  # noqa: PTH110, PTH116
        self._logs[place] = size  # the last one now
        self._make_room()
        while size + len(data) > self._half:
            cut = _line_end(data, self._half - size)
            _append(path, data[:cut])
            os.replace(path, f"{path}.1")  # noqa: PTH105
            data, size = data[cut:], 0
            self._logs[place] = 0
        _append(path, data)
        self._logs[place] = size + len(data)

    def _make_room(self) -> None:
        while len(self._logs) > self._most:
            oldest = next(iter(self._logs))
            del self._logs[oldest]
            for path in _files(oldest):
                os.unlink(path)  # noqa: PTH108
            os.rmdir(oldest)  # noqa: PTH106


def recorded(directory: str) -> list[str]:
    """The files of all logs that were recorded there, of each the older one first. Raises UsageError for none."""
    try:
        found = [path for place in sorted(_directories(directory)) for path in _files(place)]
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}") from error
    if not found:
        raise UsageError(
            f"{directory}: a directory without recorded logs in it: give files, or what --record has written"
        )
    return found


def _directories(directory: str) -> list[str]:
    return [entry.path for entry in os.scandir(directory) if OURS.fullmatch(entry.name) and entry.is_dir()]


def _files(place: str) -> list[str]:
    """`NAME.log.1` before `NAME.log`, and nothing else that somebody may have put there."""
    names = sorted(os.listdir(place), reverse=True)  # noqa: PTH208
    return [os.path.join(place, name) for name in names if name.endswith((".log", ".log.1"))]  # noqa: PTH118


def _place(directory: str, origin: str, name: str) -> str:
    digest = hashlib.blake2b(origin.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    return os.path.join(directory, f"{_safe(name)}-{digest}")  # noqa: PTH118


def _safe(name: str) -> str:
    """A service's name as a file may be called."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-._@") else "_" for letter in name)
    return plain.lstrip(".")[:80] or "_"


def _line_end(data: memoryview, room: int) -> int:
    """Where to cut, so that a file ends with a line: at the last end that still has room, or at the first after it."""
    head = bytes(data[: max(0, room)])
    cut = head.rfind(b"\n") + 1
    return cut or (bytes(data).find(b"\n", len(head)) + 1) or len(data)


def _append(path: str, data: memoryview) -> None:
    """In one go, as far as the system takes it; opened anew each time, so that ten thousand logs are no open files."""
    if not data:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    size = os.fstat(descriptor).st_size
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        os.ftruncate(descriptor, size)  # the disk is full: half a line would spoil the next one
        raise
    finally:
        os.close(descriptor)
