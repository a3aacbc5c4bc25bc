"""The chart of one service: live heap, goal and limit over time, and where the forecast leads."""

from __future__ import annotations

from math import floor, log10

from msgspec import Struct
from rich.text import Text
from textual.widget import Widget

from gctail.parsing.text import show
from gctail.records import Forecast
from gctail.snapshot import Detail, Row
from gctail.traces import Bin
from gctail.tui.braille import Canvas
from gctail.tui.wording import size, span

LEFT = 7
"""Columns for the numbers at the left."""
TITLE = 44
"""Columns of what stands behind the name, at the most."""
DOTS = 4
"""Of a braille character, above each other."""
RANGES = (None, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 86400.0)
"""How much of the past can be shown, in seconds; None is all of it."""


class Extent(Struct, frozen=True):
    """What the chart shows: seconds of uptime across, MiB up."""

    begin_s: float
    end_s: float
    top_mib: float

    def x(self, canvas: Canvas, at_s: float) -> int:
        """The column of dots of a time."""
        return round((at_s - self.begin_s) / max(self.end_s - self.begin_s, 1e-9) * (canvas.width - 1))

    def y(self, canvas: Canvas, mib: float) -> int:
        """The row of dots of a size."""
        return round(mib / max(self.top_mib, 1e-9) * (canvas.height - 1))


class HeapChart(Widget):
    """Draws what it was last shown; `range_s` is how much of the past."""

    range_s: float | None = None
    marked_s: float | None = None
    """Uptime of the finding that is being looked at."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._row: Row | None = None
        self._detail: Detail | None = None

    def show(self, row: Row | None, detail: Detail | None) -> None:
        """Another service, or more of the same."""
        self._row, self._detail = row, detail
        self.refresh()

    def render(self) -> Text:
        """Title, chart, axis."""
        row, detail = self._row, self._detail
        colours = self.app.theme_variables
        if row is None:
            return Text("no collections yet: is the service started with GODEBUG=gctrace=1?", style="dim")
        if detail is None:
            return Text(f"{show(row.service, 60)}: …", style="dim")
        points = [(_clock(each), each) for each in detail.bins]
        width, height = self.size.width - LEFT, self.size.height - 2
        if not points or width < 10 or height < 2:
            return Text("not enough room, or too few collections, for a chart", style="dim")
        forecast = detail.verdict.forecast if detail.verdict is not None and detail.verdict.leak else None
        limit = row.limit_mib or (forecast.limit_mib if forecast is not None else None)
        extent = self._extent(points, forecast, limit)
        canvas = Canvas(width, height)
        if self.marked_s is not None:
            canvas.down(extent.x(canvas, self.marked_s), colours["accent"], every=2)
        if limit is not None:
            canvas.across(extent.y(canvas, limit), colours["error"], every=3)
        shown = [(at, each) for at, each in points if at >= extent.begin_s]
        _draw(canvas, extent, [(at, each.goal_mib) for at, each in shown], colours["warning"])
        _draw(canvas, extent, [(at, each.live_high_mib) for at, each in shown], colours["primary"])
        if forecast is not None and limit is not None and shown:
            last_s, last = shown[-1]
            _band(canvas, extent, (last_s, last.live_high_mib), forecast, colours["accent"])
        return self._framed(canvas, extent, limit)

    def _extent(self, points: list[tuple[float, Bin]], forecast: Forecast | None, limit: float | None) -> Extent:
        end_s = points[-1][0]
        begin_s = points[0][0] if self.range_s is None else max(points[0][0], end_s - self.range_s)
        seen = [each for at, each in points if at >= begin_s] or [points[-1][1]]
        top: float = max(max(each.live_high_mib, each.goal_mib or 0) for each in seen)
        if limit is not None and limit < 6 * top:
            top = max(top, limit)
        if forecast is not None and forecast.seconds is not None:
            end_s += min(forecast.seconds, 0.4 * max(end_s - begin_s, 1.0))
        return Extent(begin_s, max(end_s, begin_s + 1e-3), max(1.0, 1.05 * top))

    def _framed(self, canvas: Canvas, extent: Extent, limit: float | None) -> Text:
        """The drawing with its title and numbers."""
        colours = self.app.theme_variables
        row = self._row
        text = Text(no_wrap=True, overflow="crop")
        room = max(4, self.size.width - TITLE)
        text.append(f"{show(row.service, room) if row is not None else ''}  ", style="bold")
        text.append("live ", style=colours["primary"])
        text.append(f"{size(row.live_mib)}  " if row is not None else "")
        text.append("goal ", style=colours["warning"])
        text.append(f"{size(row.goal_mib)}  " if row is not None else "")
        text.append("limit ", style=colours["error"])
        text.append(size(limit))
        labels = _labels(extent, canvas)
        for number, runs in enumerate(canvas.lines()):
            label = labels.get(number, "")
            text.append("\n" + label.rjust(LEFT - 2) + " │", style="dim")
            for piece, colour in runs:
                text.append(piece, style=colour)
        left, right = _after_start(extent.begin_s), _after_start(extent.end_s)
        text.append("\n" + " " * (LEFT - 1) + "└" + left + right.rjust(canvas.columns - len(left)), style="dim")
        return text


def _labels(extent: Extent, canvas: Canvas) -> dict[int, str]:
    """Round sizes beside the lines of text in which they lie, every third line at most."""
    least = 3 * extent.top_mib / canvas.rows
    power = 10.0 ** floor(log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    sizes = [step * number for number in range(int(extent.top_mib / step) + 1)]
    return {canvas.rows - 1 - extent.y(canvas, mib) // DOTS: size(mib) for mib in sizes}


def _after_start(seconds: float) -> str:
    return f"+{span(seconds)}" if seconds >= 0.5 else "start"


def _clock(each: Bin) -> float:
    """Seconds of uptime; before Go 1.5 there is only the collection's number."""
    return each.uptime_s if each.uptime_s is not None else float(each.number)


def _draw(canvas: Canvas, extent: Extent, points: list[tuple[float, int | None]], colour: str) -> None:
    """Levels as steps: a level holds until the next collection."""
    before: tuple[int, int] | None = None
    for at_s, mib in points:
        if mib is None:
            continue
        x, y = extent.x(canvas, at_s), extent.y(canvas, mib)
        if before is not None:
            canvas.line(before[0], before[1], x, before[1], colour)
            canvas.line(x, before[1], x, y, colour)
        canvas.dot(x, y, colour)
        before = (x, y)


def _band(canvas: Canvas, extent: Extent, last: tuple[float, int], forecast: Forecast, colour: str) -> None:
    """From the last level to where the limit is met: at the earliest, most likely, at the latest."""
    x, y = extent.x(canvas, last[0]), extent.y(canvas, last[1])
    for seconds in (forecast.low, forecast.seconds, forecast.high):
        if seconds is not None:
            end = extent.x(canvas, last[0] + seconds)
            canvas.line(x, y, min(end, 50 * canvas.width), extent.y(canvas, forecast.limit_mib), colour)
