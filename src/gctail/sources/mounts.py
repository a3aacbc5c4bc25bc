"""Where inotify cannot be relied on: files that other machines write, or that lie in layers.

The kernel tells of writes that go through it; inotify(7), "Limitations and caveats". On NFS, SMB and FUSE others write
past it; on overlayfs a file of the lower layer is another file after the first write.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache

REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs", "overlay"})


def is_silent(path: str) -> bool:
    """Whether the file or directory lies on a filesystem of which inotify may miss writes."""
    with suppress(OSError):
        device = os.stat(path).st_dev  # noqa: PTH116 - text in, text out
        kind = _kinds().get(f"{os.major(device)}:{os.minor(device)}", "")
        return kind in REMOTE or kind.startswith("fuse")
    return False


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """Kinds of filesystems by device: the fields of proc_pid_mountinfo(5)."""
    kinds = {}
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:  # noqa: PTH123
        for line in mounts:
            before, _, after = line.partition(" - ")
            kinds[before.split()[2]] = after.split()[0]
    return kinds
