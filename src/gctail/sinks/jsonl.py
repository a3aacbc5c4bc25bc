"""Records, findings and reports as JSON: the names that are promised to other programs."""

from __future__ import annotations

from typing import Any

import msgspec

from gctail.parsing.json_text import json_bytes
from gctail.parsing.messages import read_message
from gctail.parsing.times import rfc3339
from gctail.records import Finding, GcCycle, Passage
from gctail.service import Seen


def record_json(seen: Seen) -> bytes:
    """One runtime record as one line of JSON, without its newline."""
    sighting = seen.sighting
    record = sighting.record
    told: dict[str, Any] = {
        "type": type(record).__struct_config__.tag,
        "service": sighting.service,
        "origin": sighting.origin,
        "offset": sighting.offset,
        "time": _time(seen.time_s),
        "epoch": seen.epoch or None,
    }
    if sighting.stream is not None:
        told["stream"] = sighting.stream
    told.update(_cycle(record, seen) if isinstance(record, GcCycle) else _fields(record))
    told["mended"] = sighting.mended
    return json_bytes(told)


def _cycle(cycle: GcCycle, seen: Seen) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": cycle.number,
        "uptime_s": cycle.uptime_s,
        "gc_cpu_percent": cycle.gc_cpu_percent,
        "clock_ms": cycle.clock_ms,
        "cpu_ms": cycle.cpu_ms,
        "heap_start_mib": cycle.heap_start_mib,
        "heap_end_mib": cycle.heap_end_mib,
        "heap_marked_mib": cycle.heap_marked_mib,
        "heap_live_mib": cycle.heap_live_mib,
        "goal_mib": cycle.goal_mib,
        "stacks_mib": cycle.stacks_mib,
        "globals_mib": cycle.globals_mib,
        "procs": cycle.procs,
        "forced": cycle.forced,
        "leak_check": cycle.leak_check,
        "go": cycle.go,
        "pause_ms": round(cycle.pause_ms, 6),
    }
    for name in ("heap_prev_live_mib", "objects", "goroutines", "rest"):
        value = getattr(cycle, name)
        if value is not None:
            told[name] = value
    if seen.derived is not None:
        derived = msgspec.to_builtins(seen.derived)
        told.update({name: value for name, value in derived.items() if name not in told})
    return told


def _fields(record: Any) -> dict[str, Any]:  # noqa: ANN401  (any kind of record)
    told: dict[str, Any] = msgspec.to_builtins(record)
    told.pop("type", None)
    return told


def line_json(passage: Passage) -> list[bytes]:
    """The application's lines of a passage, each as one line of JSON, with what its own format says.

    `text` is the line as it was written; bytes that are no UTF-8 are escaped.
    """
    told = []
    offset = passage.offset
    for line in bytes(passage.text).split(b"\n")[:-1]:
        message = read_message(line)
        told.append(
            json_bytes(
                {
                    "type": "line",
                    "service": passage.service,
                    "origin": passage.origin,
                    "offset": offset,
                    "time": _time(passage.time_s if message.time_s is None else message.time_s),
                    "stream": passage.stream,
                    "text": line.decode("utf-8", "backslashreplace"),
                    "mended": passage.mended,
                    "format": message.format,
                    "level": message.level,
                    "message": message.message,
                    "fields": message.fields,
                }
            )
        )
        offset += len(line) + 1
    return told


def finding_json(finding: Finding) -> bytes:
    """One finding as one line of JSON, without its newline."""
    told = msgspec.to_builtins(finding)
    told["time"] = _time(told.pop("time_s"))
    return json_bytes({"type": "finding", **told})


def report_json(report: dict[str, Any]) -> bytes:
    """The outcome of a whole reading, indented for people who look at it all the same."""
    told = msgspec.to_builtins(report)
    for service in told["services"]:
        for finding in service["findings"]:
            finding["time"] = _time(finding.pop("time_s"))
        for part in (service["death"], service["heap"]):
            for name in [name for name in part or () if name.endswith("time_s") and name != "last_uptime_s"]:
                if name in {"time_s", "last_time_s"}:
                    part[name.removesuffix("_s")] = _time(part.pop(name))
    return json_bytes(told, indented=True)


def _time(time_s: float | None) -> str | None:
    return rfc3339(time_s) if time_s is not None else None
