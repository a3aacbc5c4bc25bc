"""What the charts draw: the course of one process as plain JSON, in the words of `assets/charts.js`.

`x` is seconds since the process started; where the log gives no uptime it is seconds since the first collection, and
where it gives no times at all it is the number of the collection. Columns have the length of `x`, `null` is "not said".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gctail.attribution.wording import said
from gctail.parsing.causes import NO_DEATHS
from gctail.parsing.text import show
from gctail.postmortem.certificate import Certificate, Series, TemplateRate
from gctail.postmortem.charts import POINT_OF_NO_RETURN

SHORT_NAMES = {POINT_OF_NO_RETURN: "no collection in time from"}
"""Where a chart is too narrow for the whole name."""
MOST_MARKS = 40
MOST_RATES = 12
COLUMNS = {
    "number": "number", "collections": "collections", "offset": "offset", "before": "heap_end_mib",
    "low": "live_low_mib", "live": "live_high_mib", "goal": "goal_mib", "stacks": "stacks_mib",
    "alloc": "alloc_rate_mib_per_s", "cpu": "gc_cpu_share", "pause": "pause_max_ms", "pause_mean": "pause_mean_ms",
    "forced": "forced",
}  # fmt: skip


def course(certificate: Certificate, most_rows: int = 1024) -> dict[str, Any]:
    """The charts of one certificate. Where rows have to go, those with the highest heap stay."""
    series = certificate.series
    unit, axis = axis_of(series)
    rows = chosen(series, most_rows)
    shift = _shift(certificate, unit, series)
    return {
        "service": show(certificate.service, 200),
        "unit": unit,
        "x": [axis[row] for row in rows],
        "start_s": _start(certificate, unit, series),
        "end": _end(certificate, unit, axis, shift),
        "columns": {name: [getattr(series, field)[row] for row in rows] for name, field in COLUMNS.items()},
        "limits": [
            {"name": show(line.name, 80), "short": SHORT_NAMES.get(line.name, line.name), "mib": line.mib}
            for line in certificate.limits
        ],
        "band": _band(certificate) if unit == "uptime" else None,
        "marks": _marks(certificate, unit, series),
        "rates": [_rate(each) for each in _by_suspicion(certificate.rates)] if unit == "uptime" else [],
        "dead": certificate.cause.name not in NO_DEATHS,
    }


def axis_of(series: Series) -> tuple[str, list[float]]:
    """What the charts run along, and its value for each row, never falling."""
    for unit, column in (("uptime", series.uptime_s), ("time", series.time_s)):
        known = [value for value in column if value is not None]
        if column and len(known) == len(column):
            first = 0.0 if unit == "uptime" else known[0]
            return unit, _rising([value - first for value in known])
    return "collection", _rising([float(number) for number in series.number])


def chosen(series: Series, most: int) -> list[int]:
    """Rows that are shown: all, or of equal groups the one with the highest heap; the first and the last always."""
    count = len(series.number)
    if count <= most:
        return list(range(count))
    inner = range(1, count - 1)
    step = len(inner) / (most - 2)
    picked = [0]
    for at in range(most - 2):
        group = inner[int(at * step) : int((at + 1) * step)]
        if group:
            picked.append(max(group, key=lambda row: series.heap_end_mib[row]))
    return [*picked, count - 1]


def _rising(values: Sequence[float]) -> list[float]:
    highest, risen = float("-inf"), []
    for value in values:
        highest = max(highest, value)
        risen.append(round(highest, 3))
    return risen


def _start(certificate: Certificate, unit: str, series: Series) -> float | None:
    """Unix time of x = 0."""
    if unit == "time":
        return series.time_s[0]
    return certificate.start_s if unit == "uptime" else None


def _shift(certificate: Certificate, unit: str, series: Series) -> float | None:
    """What is taken from Unix times to get x, where uptime is not known."""
    return series.time_s[0] if unit == "time" else certificate.start_s


def _end(certificate: Certificate, unit: str, axis: list[float], shift: float | None) -> float | None:
    last = axis[-1] if axis else None
    if unit == "uptime":
        return certificate.end_uptime_s if certificate.end_uptime_s is not None else last
    if unit == "time" and certificate.end_s is not None and shift is not None:
        return certificate.end_s - shift
    return last


def _band(certificate: Certificate) -> dict[str, Any] | None:
    band = certificate.band
    if band is None or not band.uptime_s:
        return None
    return {"x": band.uptime_s, "low": band.low_mib, "likely": band.likely_mib, "high": band.high_mib}


def _marks(certificate: Certificate, unit: str, series: Series) -> list[dict[str, Any]]:
    """The moments of the story that have a place on the axis."""
    if unit == "collection":
        return []
    marks = []
    for at, moment in enumerate(certificate.moments):
        x = moment.uptime_s
        if unit == "time":
            first = series.time_s[0]
            x = moment.time_s - first if moment.time_s is not None and first is not None else None
        if x is not None:
            title, words = show(moment.title, 120), show(moment.text, 300)
            mark = {"x": round(x, 3), "kind": moment.kind, "title": title, "text": words, "severity": moment.severity}
            marks.append({**mark, "moment": at})
    return marks[-MOST_MARKS:]


def _by_suspicion(rates: Sequence[TemplateRate]) -> list[TemplateRate]:
    return sorted(rates, key=lambda each: (not each.suspect, -sum(each.per_s)))[:MOST_RATES]


def _rate(rate: TemplateRate) -> dict[str, Any]:
    return {
        "message": show(said({"message": rate.message, "template": rate.template}), 160),
        "example": show(rate.example, 400),
        "suspect": rate.suspect,
        "x": [round(value, 3) for value in rate.uptime_s],
        "per_s": [float(f"{value:.4g}") for value in rate.per_s],
    }
