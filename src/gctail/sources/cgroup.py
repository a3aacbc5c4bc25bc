"""The memory cgroup of this process: its limit, and how often the kernel has killed in it.

Version 2: memory.max and memory.events (Documentation/admin-guide/cgroup-v2.rst). Version 1: memory.limit_in_bytes and
memory.oom_control (Documentation/admin-guide/cgroup-v1/memory.rst), where "no limit" is a huge number.
"""

from __future__ import annotations

import re
from pathlib import Path

NO_LIMIT_BYTES = 1 << 60
ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


class MemoryCgroup:
    """Where this process is accounted. In a container the path of the host is not there; then its root is."""

    def __init__(self, root: Path = ROOT, membership: Path = MEMBERSHIP) -> None:
        self._places = _places(root, membership)

    def limit_mib(self) -> float | None:
        """The lowest limit from here up to the root, in MiB; None where there is none, or nobody says."""
        limits = [limit for place in self._places if (limit := _limit_bytes(place)) is not None]
        return min(limits) / (1 << 20) if limits else None

    def oom_kills(self) -> int | None:
        """How many processes the kernel has killed here for want of memory; None where it does not count them."""
        for place in self._places[:1]:
            for name in ("memory.events", "memory.oom_control"):
                found = re.search(r"^oom_kill (\d+)$", _text(place / name), re.MULTILINE)
                if found:
                    return int(found[1])
        return None


def _places(root: Path, membership: Path) -> list[Path]:
    """The folders of this process's memory cgroup and of those above it, the nearest first."""
    for line in _text(membership).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        base = root / "memory" if controllers else root
        if controllers not in {"", "memory"} or not base.is_dir():
            continue
        steps = [part for part in path.split("/") if part not in {"", ".."}]
        ways = [base.joinpath(*steps[:length]) for length in range(len(steps), -1, -1)]
        there = [way for way in ways if (way / "memory.max").exists() or (way / "memory.limit_in_bytes").exists()]
        if there:
            return there
    return []


def _limit_bytes(place: Path) -> int | None:
    text = (_text(place / "memory.max") or _text(place / "memory.limit_in_bytes")).strip()
    if not text.isdigit() or int(text) >= NO_LIMIT_BYTES:
        return None
    return int(text)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
