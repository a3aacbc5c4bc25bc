"""What the web shows of a snapshot, as plain values for JSON: services in order, one in detail, findings."""

from __future__ import annotations

from typing import Any

import msgspec

from gctail.board import Detail, Row, Snapshot, in_order, time_left_s
from gctail.records import Finding
from gctail.traces import Bin

MOST_ROWS = 500
"""Services in one answer; more are asked for with `offset`."""

BIN_COLUMNS = (*Bin.__struct_fields__, "alloc_rate_mib_per_s", "gc_cpu_share")


class Services(msgspec.Struct, frozen=True):
    """A part of the table: `total` services match, `rows` are those from `offset` on."""

    version: int
    at_s: float
    total: int
    offset: int
    rows: list[Row]


def services(
    snapshot: Snapshot, *, order: str = "worst", search: str = "", offset: int = 0, limit: int = 100
) -> Services:
    """The services whose name or state holds `search`, in one of `ORDERS`."""
    wanted = search.casefold()
    rows = [row for row in snapshot.rows.values() if wanted in row.service.casefold() or wanted in row.state]
    rows = in_order(rows, order)
    part = rows[offset : offset + max(1, min(limit, MOST_ROWS))]
    return Services(snapshot.version, snapshot.at_s, len(rows), offset, part)


def findings(snapshot: Snapshot, service: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """The last findings, the newest first, as `--output jsonl` has them."""
    told = [each for each in reversed(snapshot.findings) if service is None or each.service == service]
    return [finding_value(each) for each in told[:limit]]


def finding_value(finding: Finding) -> dict[str, Any]:
    """A finding with the names of the JSON contract."""
    from gctail.sinks.jsonl import finding_json

    value: dict[str, Any] = msgspec.json.decode(finding_json(finding))
    return value


def detail_value(row: Row, detail: Detail | None) -> dict[str, Any]:
    """One service: its row, and what is known beside it, once the board has gathered it."""
    value: dict[str, Any] = {"row": msgspec.to_builtins(row), "detail": None}
    if detail is not None:
        value["detail"] = {
            "epoch": detail.epoch,
            "verdict": msgspec.to_builtins(detail.verdict),
            "series": columns(detail.bins),
            "findings": [finding_value(each) for each in reversed(detail.findings)],
            "lines": msgspec.to_builtins(detail.lines),
            "suspects": list(detail.suspects),
            "death": detail.death,
        }
    return value


def columns(bins: tuple[Bin, ...]) -> dict[str, list[Any]]:
    """The course of a process by columns, oldest first; see `gctail.traces.Bin`."""
    return {name: [getattr(each, name) for each in bins] for name in BIN_COLUMNS}


def bloat(snapshot: Snapshot, row: Row) -> dict[str, Any]:
    """What a service would say of its own memory at a health endpoint, if it watched itself."""
    newest = next((each for each in reversed(snapshot.findings) if each.service == row.service and each.suspects), None)
    detail = snapshot.details.get(row.service)
    left_s = time_left_s(row, snapshot.at_s)
    suspects = detail.suspects if detail is not None else newest.suspects if newest is not None else ()
    return {
        "service": row.service,
        "status": "ok" if row.severity in {None, "info"} else "bloating" if row.state != "died" else "died",
        "state": row.state,
        "severity": row.severity,
        "leak_probability": row.probability,
        "growth_rate_mib_per_s": row.rate_mib_per_s,
        "heap_live_mib": row.live_mib,
        "heap_goal_mib": row.goal_mib,
        "limit_mib": row.limit_mib,
        "forecast": {
            "at_s": row.ends_at_s,
            "seconds": max(0.0, left_s) if left_s is not None else None,
        },
        "suspects": list(suspects)[:3],
        "last_collection_s": row.last_time_s,
    }
