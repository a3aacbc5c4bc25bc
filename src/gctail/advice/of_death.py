"""What a report of a death calls for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_LIMIT_KIB = 1 << 50
"""The kernel prints 9007199254740988 kB where there is no limit."""


def limit_told_mib(details: Mapping[str, Any]) -> float | None:
    """The memory limit that a report names (MiB); None where it names none, or says that there is none."""
    kib = details.get("limit_kib")
    return kib / 1024 if isinstance(kib, int) and 0 < kib < NO_LIMIT_KIB else None


def told_by_death(details: Mapping[str, Any]) -> dict[str, object]:
    """The facts of one report; each is None where it does not tell them."""
    frames = details.get("frames")
    tasks = details.get("tasks") or [{}]
    other = tasks[0].get("process") if tasks[0].get("pid") != details.get("pid") else None
    return {
        "growth": details.get("growth"),
        "frame": str(frames[0]).split(" ", 1)[0] if frames else None,
        "runtime_error": details.get("runtime_error"),
        "fault": details.get("fault"),
        "message": str(details.get("message") or details.get("value") or "")[:120] or None,
        "threads": _number(details.get("threads")) or _number(details.get("limit")),
        "score_adj": _number(details.get("oom_score_adj")),
        "swap": bool(details.get("swap_usage_kib")) and details.get("swap_usage_kib") != details.get("usage_kib"),
        "biggest_other": other,
        "guard": details.get("guard"),
        "asked_to_end": bool(details.get("asked")),
    }


def _number(value: object) -> int | None:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None
