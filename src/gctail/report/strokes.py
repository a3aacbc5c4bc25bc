"""The few shapes that our pictures are made of: words, lines, curves, areas, in the colours of the light theme."""

from __future__ import annotations

from collections.abc import Sequence

from gctail.report.markup import Attribute, Markup, tag
from gctail.report.scales import Scale

Place = tuple[float, float]
COLOURS = {
    "paper": "#ffffff", "ink": "#1a1d21", "quiet": "#5f6873", "rule": "#e4e6e9", "live": "#0b62a8", "before": "#8fb4d6",
    "goal": "#9a6a00", "limit": "#c0341d", "forecast": "#7b4fa3", "warning": "#9a6a00", "info": "#5f6873",
    "critical": "#c0341d",
}  # fmt: skip
HEADING = "Inter SemiBold, Inter, system-ui, sans-serif"
"""The bold font under the name it has as a file, which is how resvg finds it."""


def words(place: Place, said: str, size: int, colour: str, anchor: str = "start") -> Markup:
    """Text at a place; from 20 px on it is a heading."""
    bold: dict[str, Attribute] = {"font_weight": 600, "font_family": HEADING} if size >= 20 else {}
    put = None if anchor == "start" else anchor
    return tag("text", said, x=place[0], y=place[1], font_size=size, fill=COLOURS[colour], text_anchor=put, **bold)


def line(begin: Place, end: Place, colour: str, width: float = 1.0, dash: str | None = None) -> Markup:
    """A straight line."""
    ends: dict[str, Attribute] = {"x1": begin[0], "y1": begin[1], "x2": end[0], "y2": end[1]}
    return tag("line", **ends, stroke=COLOURS[colour], stroke_width=width, stroke_dasharray=dash)


class Plane:
    """Where values stand on the picture."""

    def __init__(self, x: Scale, y: Scale) -> None:
        self.x, self.y = x, y

    def points(self, xs: Sequence[float], ys: Sequence[float | None]) -> list[str]:
        """What is known and inside, as SVG writes points; what is too high stands at the upper edge."""
        pairs = zip(xs, ys, strict=True)
        return [
            f"{self.x(at)},{self.y(min(value, self.y.high))}"
            for at, value in pairs
            if value is not None and at <= self.x.high
        ]

    def area(self, xs: Sequence[float], ys: Sequence[float | None], colour: str) -> Markup:
        """From a curve down to zero."""
        points = self.points(xs, ys)
        if not points:
            return Markup("")
        first, last = points[0].partition(",")[0], points[-1].partition(",")[0]
        return shape([f"{first},{self.y(0.0)}", *points, f"{last},{self.y(0.0)}"], colour, 0.1)


def curve(points: Sequence[str], colour: str, width: float, dash: str | None = None) -> Markup:
    """A line through points."""
    joined = Markup(" ".join(points))
    return tag(
        "polyline", points=joined, fill="none", stroke=COLOURS[colour], stroke_width=width, stroke_linejoin="round",
        stroke_dasharray=dash,
    )  # fmt: skip


def shape(points: Sequence[str], colour: str, opacity: float) -> Markup:
    """What the points enclose."""
    return tag("polygon", points=Markup(" ".join(points)), fill=COLOURS[colour], fill_opacity=opacity)
