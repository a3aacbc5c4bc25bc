"""What the web shows of a snapshot, as plain values for JSON: services in order, one in detail, findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from gctail.parsing.causes import CAUSES
from gctail.records import Finding
from gctail.snapshot import URGENCY, Detail, Row, Snapshot, in_order, time_left_s
from gctail.traces import Bin
from gctail.web.course import course

MOST_ROWS = 500
"""Services in one answer; more are asked for with `offset`."""

BIN_COLUMNS = (*Bin.__struct_fields__, "alloc_rate_mib_per_s", "gc_cpu_share")


class Listed(Row, frozen=True):
    """A service in the table; `left_s`: so many seconds from `at_s` on its memory is forecast to last, or `None`."""

    left_s: float | None = None


class Services(msgspec.Struct, frozen=True):
    """A part of the table: `total` services match, `rows` are those from `offset` on."""

    version: int
    at_s: float
    services: int
    """All that were heard of."""
    critical: int
    warning: int
    """Of all: those with an open incident of this severity."""
    total: int
    offset: int
    rows: list[Listed]


class Asked(msgspec.Struct, frozen=True):
    """Which part of the table: services whose name or state holds `search`, at least as bad as `least`."""

    order: str = "worst"
    reverse: bool = False
    search: str = ""
    least: str | None = None
    offset: int = 0
    limit: int = 100


def services(snapshot: Snapshot, asked: Asked) -> Services:
    """The part of the table that was asked for."""
    everything = snapshot.rows.values()
    wanted, least = asked.search.casefold(), URGENCY[asked.least]
    rows = [
        row for row in everything
        if URGENCY[row.severity] >= least and (not wanted or wanted in row.service.casefold() or wanted in row.state)
    ]  # fmt: skip
    rows = in_order(rows, asked.order)
    if asked.reverse:
        rows.reverse()
    part = rows[asked.offset : asked.offset + max(1, min(asked.limit, MOST_ROWS))]
    return Services(
        snapshot.version, snapshot.at_s, len(everything), *_bad(everything), len(rows), asked.offset,
        [_listed(row, snapshot.at_s) for row in part],
    )  # fmt: skip


def _bad(rows: Iterable[Row]) -> tuple[int, int]:
    severities = [row.severity for row in rows]
    return severities.count("critical"), severities.count("warning")


def _listed(row: Row, now_s: float) -> Listed:
    left_s = time_left_s(row, now_s)
    shown_s = None if left_s is None else round(max(0.0, left_s), 1)
    return Listed(**msgspec.structs.asdict(row), left_s=shown_s)


def findings(snapshot: Snapshot, service: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """The last findings, the newest first, as `--output jsonl` has them."""
    told = [each for each in reversed(snapshot.findings) if service is None or each.service == service]
    return [finding_value(each) for each in told[:limit]]


def finding_value(finding: Finding) -> dict[str, Any]:
    """A finding with the names of the JSON contract."""
    from gctail.sinks.jsonl import finding_json

    value: dict[str, Any] = msgspec.json.decode(finding_json(finding))
    return value


def detail_value(row: Row, detail: Detail | None, now_s: float) -> dict[str, Any]:
    """One service: its row, and what is known beside it, once the board has gathered it."""
    value: dict[str, Any] = {"row": msgspec.to_builtins(_listed(row, now_s)), "detail": None}
    if detail is not None:
        value["detail"] = {
            "series": columns(detail.bins),
            "lines": msgspec.to_builtins(detail.lines),
            **_known(detail),
        }
    return value


def drawn(row: Row, detail: Detail | None, now_s: float) -> dict[str, Any]:
    """The same for the page: with the course as its charts want it; lines travel by themselves."""
    value: dict[str, Any] = {"row": msgspec.to_builtins(_listed(row, now_s)), "detail": None}
    if detail is not None:
        value["detail"] = {"course": course(row, detail), **_known(detail)}
    return value


def _known(detail: Detail) -> dict[str, Any]:
    return {
        "epoch": detail.epoch,
        "verdict": msgspec.to_builtins(detail.verdict),
        "findings": [finding_value(each) for each in reversed(detail.findings)],
        "suspects": list(detail.suspects),
        "death": detail.death,
        "ended": CAUSES.get(detail.death, detail.death) if detail.death is not None else None,
    }


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """What is known of the input: figures as they are, of the list of files only its length, the last notes."""
    told = {name: value for name, value in snapshot.facts.items() if isinstance(value, int | float | str)}
    files, notes = snapshot.facts.get("files", ()), snapshot.facts.get("notes", ())
    return {"version": snapshot.version, "at_s": snapshot.at_s, **told, "files": len(files), "notes": list(notes)[-20:]}


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
            "at_s": snapshot.at_s + left_s if left_s is not None else None,
            "seconds": max(0.0, left_s) if left_s is not None else None,
        },
        "suspects": list(suspects)[:3],
        "last_collection_s": row.last_time_s,
    }
