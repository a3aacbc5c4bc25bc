"""The small pictures of RESULTS.md, as SVG by hand."""

from __future__ import annotations

from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 632, 320, 56, 16, 244, 44
COLOURS = ("#c2410c", "#1d4ed8", "#15803d", "#7e22ce", "#a16207", "#475569", "#be185d", "#0e7490")
Points = list[tuple[float, float]]


def picture(  # noqa: PLR0913
    where: Path | None, file: str, across: str, up: str, lines: dict[str, Points], *, dotted: Points
) -> None:
    """Lines over the unit square, each named at its right, into a directory, if any; `dotted` is for comparison."""
    if where is None:
        return

    def place(x: float, y: float) -> str:
        return f"{LEFT + x * (WIDTH - LEFT - RIGHT):.1f},{HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM):.1f}"

    def drawn(points: Points, style: str) -> str:
        return f'<polyline fill="none" {style} points="{" ".join(place(x, y) for x, y in points)}"/>'

    about = f'role="img" aria-label="{escape(up)} over {escape(across)}"'
    font = 'font-family="sans-serif" font-size="12" fill="#334155"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font} {about}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(tick, 0.0).split(",")[0], place(0.0, tick).split(",")[1]
        parts += [
            drawn([(0.0, tick), (1.0, tick)], 'stroke="#e2e8f0"'),
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:g}</text>',
            f'<text x="{LEFT - 6}" y="{float(y) + 4}" text-anchor="end">{tick:g}</text>',
        ]
    parts += [
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(across)}</text>',
        f'<text x="12" y="{HEIGHT - BOTTOM}" transform="rotate(-90 12 {HEIGHT - BOTTOM})">{escape(up)}</text>',
        drawn(dotted, 'stroke="#94a3b8" stroke-dasharray="3 4"'),
    ]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += [
            drawn(points, f'stroke="{colour}" stroke-width="{2.5 if number == 0 else 1.25}"'),
            f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 14 + 17 * number}" fill="{colour}">{escape(name)}</text>',
        ]
    (where / file).write_text("\n".join([*parts, "</svg>"]) + "\n")
