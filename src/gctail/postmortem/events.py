"""What Kubernetes says of a death, as `kubectl get events,pods -o json` prints it.

Sources: core/v1 Event (reason, involvedObject, message, lastTimestamp) and ContainerStatus (state and lastState with
reason, exitCode, signal, startedAt, finishedAt), with the container's `resources.limits.memory`.
"""

from __future__ import annotations

from typing import Any

import orjson
from msgspec import Struct

from gctail.parsing.kernel import KernelReader
from gctail.parsing.quantities import parse_size
from gctail.parsing.reports import find_report
from gctail.parsing.times import parse_time
from gctail.records import Death, Sighting

MOST_REPORTS = 256
_EVENTS = {  # reasons of events that tell of a death, and what they mean
    "OOMKilling": "kernel-oom-kill-cgroup",
    "OOMKilled": "oom-killed-report",
    "SystemOOM": "kernel-oom-kill-global",
    "Evicted": "oom-killed-report",
    "Killing": "terminated",
    "Preempted": "terminated",
}


class Found(Struct):
    """The deaths that were told, the limits of containers (pod, container, MiB), and what is to be said of the file."""

    reports: list[Sighting] = []
    limits: list[tuple[str, str, float]] = []
    notes: list[str] = []


def is_events(head: bytes) -> bool:
    """Whether the file is JSON of kubectl's."""
    begin = head.lstrip()[:4096]
    return begin.startswith(b"{") and b'"apiVersion"' in begin and b'"kind"' in head


def read_events(data: bytes, origin: str) -> Found:
    """The deaths in it. What is no JSON, or says nothing of deaths, is noted and no error."""
    found = Found()
    try:
        whole = orjson.loads(data)
    except ValueError as error:
        found.notes.append(f"cannot be read as JSON: {error}")
        return found
    items = whole.get("items") if isinstance(whole, dict) else None
    for item in items if isinstance(items, list) else [whole]:
        if not isinstance(item, dict):
            continue
        if item.get("kind") == "Pod" or "containerStatuses" in _dict(item, "status"):
            _pod(item, data, origin, found)
        elif "involvedObject" in item or "regarding" in item:
            _event(item, data, origin, found)
    if not found.reports:
        found.notes.append("no container's death is told of in it")
    del found.reports[MOST_REPORTS:]
    return found


def _dict(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _event(item: dict[str, Any], data: bytes, origin: str, found: Found) -> None:
    about = _dict(item, "involvedObject") or _dict(item, "regarding")
    reason = str(item.get("reason") or "")
    message = str(item.get("message") or item.get("note") or "")
    cause = _EVENTS.get(reason)
    if cause is None or (reason == "Evicted" and "memory" not in message):
        return
    details: dict[str, Any] = {"confidence": 0.6 if reason == "Killing" else 0.9, "reason": reason}
    details |= _in_words(message)
    if about.get("kind") == "Pod":
        details["pod"] = str(about.get("name") or "")
        details["pod_uid"] = str(about.get("uid") or "")
        field = str(about.get("fieldPath") or "")
        if "{" in field:
            details["container"] = field.partition("{")[2].rstrip("}")
    when = next((str(item[key]) for key in ("lastTimestamp", "eventTime", "firstTimestamp") if item.get(key)), "")
    _tell(cause, f"{reason}: {message}", details, when, data, origin, found)


def _in_words(message: str) -> dict[str, Any]:
    """What the message of an event says in the words of a kernel or a kubelet: process, pid, sizes, reason."""
    reader, line = KernelReader(), message.encode("utf-8", "replace")
    deaths = find_report(line)
    if reader.starts(line):
        deaths += [step.record for step in (reader.feed(line), reader.flush()) if isinstance(step.record, Death)]
    told: dict[str, Any] = {}
    for death in deaths:
        told |= {key: value for key, value in death.details.items() if key not in {"confidence", "signature"}}
    return told


def _pod(item: dict[str, Any], data: bytes, origin: str, found: Found) -> None:
    meta, status = _dict(item, "metadata"), _dict(item, "status")
    pod, uid = str(meta.get("name") or ""), str(meta.get("uid") or "")
    why = str(status.get("message") or "")
    if status.get("reason") == "Evicted" and "memory" in why:
        details = {"pod": pod, "pod_uid": uid, "confidence": 0.9, "reason": "Evicted"}
        _tell("oom-killed-report", f"Evicted: {why}", details, "", data, origin, found)
    limits = {}
    for container in _dict(item, "spec").get("containers") or ():
        memory = _dict(_dict(container, "resources"), "limits").get("memory")
        if isinstance(memory, str):
            try:
                limits[str(container.get("name"))] = parse_size(memory)
            except ValueError:
                found.notes.append(f"memory limit {memory!r} of {container.get('name')} is no size")
    found.limits += [(pod, name, mib) for name, mib in limits.items()]
    for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        name = str(each.get("name") or "")
        for state in ("lastState", "state"):
            ended = _dict(_dict(each, state), "terminated")
            if ended:
                details = {"pod": pod, "pod_uid": uid, "container": name, "exit_code": ended.get("exitCode")}
                container_id = str(ended.get("containerID") or each.get("containerID") or "").rpartition("//")[2]
                details |= {"container_id": container_id} if container_id else {}
                details |= {"limit_mib": limits[name], "limit_source": "kubernetes"} if name in limits else {}
                _ended(ended, details, data, origin, found)


def _ended(ended: dict[str, Any], details: dict[str, Any], data: bytes, origin: str, found: Found) -> None:
    reason, code = str(ended.get("reason") or ""), ended.get("exitCode")
    cause = {137: "exit-137", 139: "signal-segv", 134: "signal-abort", 143: "terminated", 130: "terminated"}.get(
        code if isinstance(code, int) else -1, "exit-status"
    )
    if reason == "OOMKilled":
        cause = "oom-killed-report"
    elif code == 0:
        cause = "healthy-end"
    details |= {"confidence": 0.95, "reason": reason}
    text = f"container {details['container']} of pod {details['pod']} terminated: {reason}, exit code {code}"
    _tell(cause, text, details, str(ended.get("finishedAt") or ""), data, origin, found)


def _tell(  # noqa: PLR0913, PLR0917
    cause: str, text: str, details: dict[str, Any], when: str, data: bytes, origin: str, found: Found
) -> None:  # fmt: skip
    """One death. The words that are quoted are ours; the place is that of its time stamp in the file."""
    words = {key: value for key, value in details.items() if value is not None and value != ""}
    at = data.find(when.encode()) if when else -1
    offset = data.rfind(b"\n", 0, at) + 1 if at >= 0 else 0
    death = Death(cause, "orchestrator", text, (text,), words)
    found.reports.append(Sighting(death, "kubernetes", origin, offset, parse_time(when) if when else None))
