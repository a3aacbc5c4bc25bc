"""A part of a core for a process, by the kernel's control groups (version 1 or 2; needs the right to make one)."""

from __future__ import annotations

import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 50_000


class Quota:
    """Whatever is put into it gets at most that share of one core, all together."""

    def __init__(self, name: str, share: float) -> None:
        """Raises OSError where no group may be made."""
        old = ROOT / "cpu"
        self.path = (old if old.is_dir() else ROOT) / f"gctail-bench-{os.getpid()}-{name}"
        self.path.mkdir()
        quota_us = int(share * PERIOD_US)
        if old.is_dir():
            (self.path / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.path / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (self.path / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")

    def take(self, pid: int) -> None:
        """This process, with all its threads, from now on."""
        (self.path / "cgroup.procs").write_text(str(pid))

    def close(self) -> None:
        """The group is empty: remove it."""
        for _ in range(50):
            try:
                self.path.rmdir()
            except OSError:  # the last process is just going
                time.sleep(0.1)
            else:
                return
