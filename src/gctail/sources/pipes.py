"""Pipes with more room than the 64 KiB that Linux gives them: who reads seldom waits, and reads more at once."""

from __future__ import annotations

from contextlib import suppress


def widen(pipe: int, size_bytes: int) -> None:
    """Give a pipe so much room where that can be had: on Linux, while this user has fewer pages in pipes than it may.

    Source: pipe(7), "Pipe capacity" and /proc/sys/fs/pipe-user-pages-soft.
    """
    with suppress(ImportError, OSError, AttributeError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size_bytes)
