"""The main chart as SVG: heap before and after each collection, goal, limits, forecast, moments of the story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gctail.postmortem.certificate import Certificate
from gctail.report.course import course
from gctail.report.markup import Markup, join, tag
from gctail.report.scales import Scale, elapsed, ticks, time_ticks
from gctail.report.strokes import COLOURS, Plane, curve, line, shape, words
from gctail.report.wording import clock, mib

WIDE, HIGH = 1200, 640
LEFT, RIGHT, TOP, BOTTOM = 76, 1172, 156, 556
ROWS = 600
FAR = 3.0
"""A limit more than so many times above the heap is named, not drawn: the heap would be a flat line under it."""
LEGEND = (("live", "live heap"), ("before", "heap before a collection"), ("goal", "goal"), ("forecast", "forecast"))
SPOKEN = frozenset({"onset", "first-warning", "spike", "step", "spiral", "death"})


def picture(certificate: Certificate) -> bytes:
    """A file of its own."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + drawing(certificate).encode("utf-8", "replace") + b"\n"


def drawing(certificate: Certificate) -> Markup:
    """The `svg` element, also for a page without scripts."""
    told = course(certificate, ROWS)
    head = certificate.headline or (certificate.cause.title,)
    nothing = words((36, 160), "No collection of this process is in the log.", 15, "quiet")
    return tag(
        "svg",
        tag("title", f"{certificate.service}: {head[0]}"),
        tag("rect", width=WIDE, height=HIGH, fill=COLOURS["paper"]),
        words((36, 44), _cut(certificate.service, 120), 15, "quiet"),
        words((36, 76), _cut(head[0][:1].upper() + head[0][1:], 86), 24, "ink"),
        words((36, 102), _cut(head[1], 150), 14, "quiet") if len(head) > 1 else "",
        _plot(told) if told["x"] else nothing,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDE} {HIGH}",
        width=WIDE,
        height=HIGH,
        role="img",
        font_family="Inter, system-ui, sans-serif",
        class_="still",
    )


def _plot(told: dict[str, Any]) -> Markup:
    columns, band, xs = told["columns"], told["band"], told["x"]
    low = 0.0 if told["unit"] != "collection" else xs[0]
    right = max(told["end"] or 0.0, xs[-1])
    x = Scale(low, right + (right - low) * 0.01, LEFT, RIGHT)
    peak = max([1.0, *_known(columns["before"]), *_known(columns["goal"])])
    drawn = [level for level in told["limits"] if level["mib"] <= FAR * peak]
    y = Scale(0.0, max([peak, *(level["mib"] for level in drawn)]) * 1.04, BOTTOM, TOP)
    plane = Plane(x, y)
    return join(
        _levels(y),
        _times(told, x),
        _forecast(band, plane) if band else "",
        plane.area(xs, columns["live"], "live"),
        curve(plane.points(xs, columns["before"]), "before", 1.4),
        curve(plane.points(xs, columns["goal"]), "goal", 1.2, "5 4"),
        curve(plane.points(xs, columns["live"]), "live", 2.4),
        *(_limit(level, y) for level in drawn),
        _marks(told, x),
        _legend(told, [level for level in told["limits"] if level not in drawn]),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _levels(y: Scale) -> Markup:
    pieces = []
    for value in ticks(y.low, y.high, 6):
        pieces.append(line((LEFT, y(value)), (RIGHT, y(value)), "rule"))
        pieces.append(words((LEFT - 10, y(value) + 4), mib(value), 12, "quiet", "end"))
    return join(*pieces)


def _times(told: dict[str, Any], x: Scale) -> Markup:
    start = told["start_s"]
    if told["unit"] == "collection":
        marks = ticks(x.low, x.high, 8)
        return join(*(words((x(at), BOTTOM + 22), f"gc {at:.0f}", 12, "quiet", "middle") for at in marks))
    marks = time_ticks(x.low, x.high, 9)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    pieces = []
    for value in marks:
        pieces.append(line((x(value), BOTTOM), (x(value), BOTTOM + 5), "quiet"))
        pieces.append(words((x(value), BOTTOM + 22), elapsed(value, step), 12, "quiet", "middle"))
        if start is not None:
            pieces.append(words((x(value), BOTTOM + 39), clock(start + value), 12, "quiet", "middle"))
    said = "uptime" if start is None else "uptime and time of day (UTC)"
    return join(*pieces, words((RIGHT, BOTTOM + 60), said, 12, "quiet", "end"))


def _forecast(band: dict[str, Any], plane: Plane) -> Markup:
    upper, lower = plane.points(band["x"], band["high"]), plane.points(band["x"], band["low"])
    likely = curve(plane.points(band["x"], band["likely"]), "forecast", 1.2, "2 3")
    return join(shape(upper + lower[::-1], "forecast", 0.14), likely)


def _limit(level: dict[str, Any], y: Scale) -> Markup:
    at = y(level["mib"])
    dash = None if level["name"].endswith("limit") else "2 4"
    named = words((LEFT + 8, at - 6), f"{level['name']} {mib(level['mib'])}", 12, "limit")
    return join(line((LEFT, at), (RIGHT, at), "limit", 1.6, dash), named)


def _marks(told: dict[str, Any], x: Scale) -> Markup:
    """A line for each moment; the titles that find room beside those after them, the end first."""
    pieces: list[Markup] = []
    free = RIGHT + 30.0
    for mark in reversed([mark for mark in told["marks"] if mark["kind"] in SPOKEN]):
        at = min(x(mark["x"]), float(RIGHT))
        dead = mark["kind"] == "death"
        colour = "critical" if dead else mark["severity"] if mark["severity"] in COLOURS else "info"
        pieces.append(line((at, TOP - 14), (at, BOTTOM), colour, 1.6 if dead else 1.0, None if dead else "1 3"))
        title = _cut(mark["title"], 34)
        width = 6.4 * len(title)
        anchor, left = ("end", at - width) if at + width > RIGHT else ("start", at)
        if left + width < free:
            pieces.append(words((at, TOP - 20), title, 12, colour, anchor))
            free = left - 8
    return join(*pieces)


def _legend(told: dict[str, Any], far: list[dict[str, Any]]) -> Markup:
    pieces, at = [], float(LEFT)
    for colour, name in LEGEND:
        if told["band"] if colour == "forecast" else _known(told["columns"][colour]):
            pieces.append(tag("rect", x=at, y=HIGH - 20, width=18, height=4, fill=COLOURS[colour]))
            pieces.append(words((at + 24, HIGH - 14), name, 12, "quiet"))
            at += 44 + 6.6 * len(name)
    away = "; ".join(f"{level['name']} {mib(level['mib'])}, far above" for level in far)
    return join(*pieces, words((RIGHT, HIGH - 4), away, 12, "limit", "end") if away else "")


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"
