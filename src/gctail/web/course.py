"""The course of one living process, in the words that the report's charts understand (see `gctail.report.course`)."""

from __future__ import annotations

from typing import Any

from gctail.parsing.text import show
from gctail.postmortem.certificate import Series
from gctail.postmortem.charts import series
from gctail.records import Finding, Forecast
from gctail.report.course import COLUMNS, axis_of
from gctail.snapshot import Detail, Row

MOST_MARKS = 40
AHEAD = 0.4
"""The forecast is drawn so far into the future, as a share of the past that is shown."""
STEPS = 12


def course(row: Row, detail: Detail) -> dict[str, Any] | None:
    """What is drawn: the heap, its limit, the forecast, findings as marks; None before the first collection."""
    if not detail.bins:
        return None
    columns = series(list(detail.bins))
    unit, axis = axis_of(columns)
    forecast = detail.verdict.forecast if detail.verdict is not None and detail.verdict.leak else None
    band = _band(axis, columns, forecast) if unit == "uptime" and forecast is not None else None
    return {
        "service": show(row.service, 200),
        "unit": unit,
        "x": axis,
        "start_s": _start(columns, unit, axis),
        "end": max(axis[-1], band["x"][-1]) if band is not None else axis[-1],
        "columns": {name: list(getattr(columns, field)) for name, field in COLUMNS.items()},
        "limits": [{"name": "limit", "mib": row.limit_mib}] if row.limit_mib is not None else [],
        "band": band,
        "marks": _marks(detail, unit, columns),
        "rates": [],
        "dead": detail.death is not None,
    }


def _start(columns: Series, unit: str, axis: list[float]) -> float | None:
    """Unix time of x = 0."""
    time_s = columns.time_s[-1]
    return None if unit == "collection" or time_s is None else round(time_s - axis[-1], 3)


def _band(axis: list[float], columns: Series, forecast: Forecast) -> dict[str, Any] | None:
    """From the last level on: the slowest and the fastest way to the limit that is likely, and the likeliest."""
    begin_s, live_mib = axis[-1], columns.live_high_mib[-1]
    missing_mib = forecast.limit_mib - live_mib
    if not forecast.seconds or missing_mib <= 0:
        return None
    ahead_s = min(1.5 * forecast.seconds, AHEAD * max(begin_s - axis[0], 1.0))
    fast = missing_mib / (forecast.low or forecast.seconds / 2)
    slow = missing_mib / forecast.high if forecast.high else 0.0
    offsets = [ahead_s * step / STEPS for step in range(STEPS + 1)]
    ways = {"low": slow, "likely": missing_mib / forecast.seconds, "high": fast}
    drawn = {
        name: [round(min(forecast.limit_mib, live_mib + pace * each), 2) for each in offsets]
        for name, pace in ways.items()
    }
    return {"x": [round(begin_s + each, 3) for each in offsets], **drawn}


def _marks(detail: Detail, unit: str, columns: Series) -> list[dict[str, Any]]:
    """Where the growth began, and the findings of this process that have a place on the axis."""
    if unit == "collection":
        return []
    marks = []
    verdict = detail.verdict
    if unit == "uptime" and verdict is not None and verdict.leak and verdict.onset_uptime_s is not None:
        began = {"kind": "onset", "title": "growth begins", "text": "", "severity": "info", "moment": ""}
        marks.append({"x": round(verdict.onset_uptime_s, 3), **began})
    for finding in detail.findings:
        x = _place(finding, unit, columns)
        if x is None or finding.epoch != detail.epoch or finding.evidence.get("phase") in {"resolved", "verdict"}:
            continue
        title, words = finding.kind.replace("-", " "), show(finding.summary, 300)
        kind = "death" if finding.kind == "death" else "first-warning"
        mark = {"x": round(x, 3), "kind": kind, "title": title, "text": words, "severity": finding.severity}
        marks.append({**mark, "moment": finding.id})
    return sorted(marks[-MOST_MARKS:], key=lambda mark: float(mark["x"]))


def _place(finding: Finding, unit: str, columns: Series) -> float | None:
    if unit == "uptime":
        return finding.uptime_s
    first = columns.time_s[0]
    return finding.time_s - first if finding.time_s is not None and first is not None else None
