"""Who a process is, by what it says of itself: names, process ids, container, pod.

A kernel's report names a process by 15 characters and a number; whether that was ours must be read off the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

MOST_NAMES, MOST_PIDS = 16, 16
COMM_CHARACTERS = 15
"""The kernel cuts names so: TASK_COMM_LEN - 1 in include/linux/sched.h."""

_NAME = re.compile(  # how a process calls itself
    r'(?:^|[\s,{"\'])(?:service|app|application|svc|program|binary|_COMM|SYSLOG_IDENTIFIER'
    r"|container_name|_SYSTEMD_UNIT)"
    r'"?\s?[:=]\s?"?(?P<name>[\w./@-]{2,80})',
    re.IGNORECASE,
)
_HINT = re.compile(  # what may be its name, or that of a part of it
    r'(?:(?:^|[\s,{"\'])(?:component|process|cmd|container|unit|job)"?\s?[:=]\s?"?'
    r"|\b(?:starting|started|launching|running)\s+(?:(?:service|server|app|the)\s+)?)(?P<name>[a-z][\w./@-]{2,60})",
    re.IGNORECASE,
)
_PID = re.compile(r'(?:^|[\s,{"(\[])(?:(?:pid|PID|_PID|process_id|proc)"?\s?[:=]\s?"?|(?:pid|PID) )(?P<pid>\d{1,7})\b')
_KLOG = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +(?P<pid>\d{1,7}) [\w.-]+:\d+\]", re.MULTILINE)
_SYSLOG = re.compile(r"\s(?P<name>[\w./@-]{2,64})\[(?P<pid>\d{1,7})\]: ")
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_POD_SUFFIX = re.compile(r"(?:-(?:[bcdf-hj-np-tv-z2-9]{5,10}|\d{1,10})){1,2}")
"""What controllers append: apimachinery, util/rand, whose alphabet has no vowels."""
_COMMON = frozenset((  # words that are no name of anybody
    "service", "server", "main", "app", "application", "http", "grpc", "api", "the", "process", "on", "in", "at",
    "with", "for", "and", "from", "version", "listening", "collections", "go", "true", "false", "null", "run", "bin",
))  # fmt: skip


class Identity(Struct, frozen=True):
    """What is known of who a service is.

    `own` are names that the process gives itself or its wrapper gives it, `labels` what we call the log: a file's name
    is a weak hint. The pid of a container's own book-keeping (1, mostly) tells nothing.
    """

    labels: tuple[str, ...]
    own: tuple[str, ...]
    hints: tuple[str, ...]
    """Names that may be its own; they speak for it, and never against."""
    pids: tuple[int, ...]
    containers: tuple[str, ...]
    pods: tuple[str, ...]


def identity(service: str, head: bytes, origins: Iterable[str] = (), end: str = "") -> Identity:
    """Who the service is, by its label, where it was read (`origins`), and its first and last words."""
    first = head.decode("utf-8", "replace")
    text = f"{first}\n{end}"
    own = [found["name"] for found in _NAME.finditer(text)]
    hints = [found["name"] for found in _HINT.finditer(text)]
    syslog = list(_SYSLOG.finditer(text))
    own += [found["name"] for found in syslog]
    pids = [int(found["pid"]) for found in (*_PID.finditer(text), *_KLOG.finditer(text), *syslog)]
    paths = " ".join(origins)
    return Identity(
        labels=tuple(dict.fromkeys(part for part in (service, *service.split("/")) if part)),
        own=_names(own),
        hints=_names(hints),
        pids=tuple(dict.fromkeys(pid for pid in pids if pid > 1))[:MOST_PIDS],
        containers=tuple(dict.fromkeys(_HEX.findall(f"{paths} {first}")))[:4],
        pods=tuple(dict.fromkeys(_UID.findall(paths)))[:4],
    )


def _names(found: list[str]) -> tuple[str, ...]:
    bare = [name.rsplit("/", 1)[-1].removesuffix(".service").strip(".-") for name in found]
    return tuple(dict.fromkeys(name for name in bare if name and name.casefold() not in _COMMON))[:MOST_NAMES]


def is_generic(name: str) -> bool:
    """A name that says nothing: `main`, `server`, `app`."""
    return name.casefold() in _COMMON


def is_named(name: str, process: str) -> bool:
    """The kernel's name of a process is this name, cut at 15 characters or not."""
    mine, its = name.casefold().removesuffix(".service"), process.casefold().strip("()")
    return bool(its) and (mine == its or (len(its) == COMM_CHARACTERS and mine.startswith(its)))


def is_pod_of(name: str, pod: str) -> bool:
    """Kubernetes named the pod after this workload: `payments-6d9c7d9f4-kx2lm`, `payments-0`."""
    return len(name) > 2 and pod.startswith(f"{name}-") and _POD_SUFFIX.fullmatch(pod, len(name)) is not None


def is_like(name: str, process: str) -> bool:
    """The one name is part of the other: `payments-api-7d9f-x2` is a pod of `payments-api`."""
    mine, its = name.casefold(), process.casefold()
    if min(len(mine), len(its)) < 4:
        return False
    words = re.split(r"[/._\s]+", mine)
    return its in words or mine.startswith((its + "-", its + "_", its + ".")) or mine.endswith(("-" + its, "_" + its))
