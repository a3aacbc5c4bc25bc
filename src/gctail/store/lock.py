"""One process at a time: a lock that the kernel takes back when its holder dies, however it dies."""

from __future__ import annotations

import os
from contextlib import suppress

from gctail.errors import UsageError


class Lock:
    """Held from the moment it is made until `release`; the file beside the state says which process holds it."""

    def __init__(self, path: str, what: str) -> None:
        """Take it. Raises UsageError at once where another process has it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            import fcntl

            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise UsageError(
                f"{what}: in use by {who}. Two gctails cannot share one state: stop that one, "
                "name another directory with --state, or read without one (--no-state)"
            ) from None
        except (ImportError, OSError):  # no such locks here: SQLite's own still keep the file whole
            return
        with suppress(OSError):  # a full disk: the number is for people only
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
