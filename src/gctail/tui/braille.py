"""A drawing of dots: eight to a character cell, as Unicode's braille patterns have them (U+2800)."""

from __future__ import annotations

from collections.abc import Iterable

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = 0x2800


class Canvas:
    """`columns` by `rows` character cells, twice as many dots across and four times as many down.

    Every cell has one colour: that of what was drawn into it last.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height = 2 * columns, 4 * rows
        self._cells = [[0] * columns for _ in range(rows)]
        self._colours: list[list[str]] = [[""] * columns for _ in range(rows)]

    def dot(self, x: int, y: int, colour: str) -> None:
        """One dot, `y` upwards from 0; outside the canvas nothing is drawn."""
        if 0 <= x < self.width and 0 <= y < self.height:
            row = self.rows - 1 - y // 4
            self._cells[row][x // 2] |= DOTS[3 - y % 4][x % 2]
            self._colours[row][x // 2] = colour

    def line(self, x0: int, y0: int, x1: int, y1: int, colour: str) -> None:
        """A straight line, steps included."""
        steps = min(max(abs(x1 - x0), abs(y1 - y0), 1), 4 * (self.width + self.height))
        for step in range(steps + 1):
            self.dot(round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps), colour)

    def across(self, y: int, colour: str, every: int = 1) -> None:
        """A horizontal line, dotted where `every` is more than 1."""
        for x in range(0, self.width, every):
            self.dot(x, y, colour)

    def down(self, x: int, colour: str, every: int = 1) -> None:
        """A vertical line."""
        for y in range(0, self.height, every):
            self.dot(x, y, colour)

    def lines(self) -> Iterable[list[tuple[str, str]]]:
        """The rows from the top, each as runs of (text, colour)."""
        for cells, colours in zip(self._cells, self._colours, strict=True):
            runs: list[tuple[str, str]] = []
            for cell, colour in zip(cells, colours, strict=True):
                text = chr(BLANK + cell) if cell else " "
                if runs and runs[-1][1] == colour:
                    runs[-1] = (runs[-1][0] + text, colour)
                else:
                    runs.append((text, colour))
            yield runs
