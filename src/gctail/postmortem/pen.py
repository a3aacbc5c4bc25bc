"""What the text of a certificate is written with: escaped, folded at 80 columns, in colours or without."""

from __future__ import annotations

from gctail.palette import BOLD, Palette
from gctail.parsing.text import show
from gctail.parsing.widths import cut, wrapped

WIDTH = 80


class Pen:
    """Writes lines: escaped, wrapped, in colours or without."""

    def __init__(self, palette: Palette, lines: int = 10) -> None:
        self.paint, self.last_lines = palette.paint, lines

    def head(self, text: str) -> str:
        """A heading."""
        return self.paint(text, BOLD)

    def wrapped(self, text: str, first: str = "  ", rest: str | None = None) -> list[str]:
        """Text folded at 80 columns."""
        return wrapped(show(text, 2000), WIDTH, first, first if rest is None else rest) or [first.rstrip()]

    def cut(self, text: str, indent: str = "  ") -> str:
        """One line, shortened at the right."""
        return indent + cut(show(text[: 2 * WIDTH], 8 * WIDTH), WIDTH - len(indent))
