"""One kill by the kernel: what its report has told so far, and the death that it is."""

from __future__ import annotations

import re
from typing import Any

from gctail.records import Death

MOST_TASKS_TOLD = 8
WITHOUT_KILLED_LINE = 0.9

_CONTAINER = re.compile(
    r"(?:docker|cri-containerd|crio|libpod|containerd)[-:/](?P<id>[0-9a-f]{12,64})|/(?P<bare>[0-9a-f]{64})(?:/|$)"
)
_POD = re.compile(r"pod(?P<uid>[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})")
_UNIT = re.compile(r"/(?P<unit>(?!user@)[^/]{1,255}\.service)(?:/|$)")

ANNOUNCED = ("kernel-chosen-cgroup", "kernel-chosen-global", "kernel-oom-kill-cgroup", "kernel-oom-kill-global")
KILLED = ("kernel-killed-cgroup", "kernel-killed-global", "freebsd-killed")


class Kill:
    """One kill, as far as it has been told.

    `names` are the signatures seen and `causes` what each says; `columns` and `tasks` are the table of processes, as
    (KiB, pid, name). `held`: lines that may yet be the application's. `backwards`: the log is newest-first.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.names: list[str] = []
        self.text = ""
        self.causes: dict[str, str] = {}
        self.lines: list[str] = []
        self.held: list[bytes] = []
        self.foreign = 0
        self.backwards = False
        self.columns: list[str] | None = None
        self.tasks: list[tuple[int, int, str]] = []

    @property
    def killed(self) -> bool:
        """The line came that says who was killed."""
        return any(name in KILLED for name in self.names)

    @property
    def announced(self) -> bool:
        """A line came that stands before that one: who is chosen, or who asked for memory."""
        return any(name in ANNOUNCED or name == "kernel-invoked" for name in self.names)


def kill_id(details: dict[str, Any]) -> str:
    """What is the same wherever one kill is told: pid, name and the sizes that only its `Killed process` line gives.

    Times are no help: dmesg's drift against the journal's by seconds to minutes. Without sizes pid and name remain.
    """
    parts = [details.get(key) for key in ("pid", "process", "total_vm_kib", "anon_rss_kib")]
    return "/".join("-" if part is None else str(part) for part in parts)


def death_of(kill: Kill) -> Death:
    """What a report that is over says."""
    details = dict(kill.facts)
    details |= _whose(str(details.get("cgroup") or details.get("oom_cgroup") or ""))
    if kill.tasks:
        top = sorted(set(kill.tasks), reverse=True)[:MOST_TASKS_TOLD]
        details["tasks"] = [{"pid": pid, "process": name, "rss_kib": rss} for rss, pid, name in top]
    details["kill_id"] = kill_id(details)
    details["confidence"] = _confidence(kill)
    return Death(_cause(kill), "kernel", kill.text, tuple(kill.lines), details)


def _cause(kill: Kill) -> str:
    """Whose memory ran out. `Killed process` alone, before 4.19, does not say: what else was told decides."""
    says = [name for name in kill.names if name not in {"kernel-reaped", "kernel-invoked"}]
    if kill.text.startswith(("Killed process", "killed process")):
        says = [name for name in says if name not in KILLED]
    causes = [kill.causes[name] for name in says]
    if causes:
        return causes[-1]
    limit = kill.facts.get("oom_cgroup")
    return "kernel-oom-kill-cgroup" if limit not in {None, "/"} else "kernel-oom-kill-global"


def _confidence(kill: Kill) -> float:
    if kill.killed:
        return 0.99
    if any(name in ANNOUNCED for name in kill.names):
        return WITHOUT_KILLED_LINE
    return 0.7 if "kernel-reaped" in kill.names else 0.4


def _whose(cgroup: str) -> dict[str, str]:
    """Container, pod and unit, as far as the control group's path names them."""
    told = {}
    container, pod, unit = _CONTAINER.search(cgroup), _POD.search(cgroup), _UNIT.search(cgroup)
    if container is not None:
        told["container_id"] = container["id"] or container["bare"]
    if pod is not None:
        told["pod_uid"] = pod["uid"].replace("_", "-")
    if unit is not None and container is None:
        told["unit"] = unit["unit"]
    return told
